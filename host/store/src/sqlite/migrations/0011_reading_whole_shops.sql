-- An account that its shop no longer has: nothing is told by it any more, and what is older than
-- its end does not bring it back.
ALTER TABLE personal_values ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;

-- Since when nothing was heard of a shop, as of each commit; NULL: it was heard of again.
CREATE TABLE shop_silences (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    commit_number INTEGER NOT NULL,
    since INTEGER,
    PRIMARY KEY (client, shop, commit_number)
) STRICT, WITHOUT ROWID;

-- How far comparing all that a shop has with the mirror has come, and what it saw on the shop.
CREATE TABLE reconciliations (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    reconciliation TEXT NOT NULL,
    PRIMARY KEY (client, shop)
) STRICT, WITHOUT ROWID;

CREATE TABLE reconciliation_listed (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (client, shop, kind, id)
) STRICT, WITHOUT ROWID;
