-- Every key begins with the client. Numbers are counted per client and never used twice, so they
-- are kept in the client's row and not taken from the largest one there is.
-- `commit_number` is the client's commit that wrote a row; rows that have one are never changed, so
-- that what was true as of a commit can be read later.
-- Times are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE clients (
    client TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    owner TEXT NOT NULL,
    last_delivery INTEGER NOT NULL DEFAULT 0,
    last_commit INTEGER NOT NULL DEFAULT 0,
    last_event INTEGER NOT NULL DEFAULT 0,
    last_action INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- With a rowid, since a body of a few kilobytes then lies in one page with its row.
CREATE TABLE deliveries (
    client TEXT NOT NULL,
    number INTEGER NOT NULL,
    shop TEXT NOT NULL,
    topic TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (client, number)
) STRICT;

CREATE TABLE dead_deliveries (
    client TEXT NOT NULL,
    number INTEGER NOT NULL,
    shop TEXT NOT NULL,
    topic TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (client, number)
) STRICT;

CREATE TABLE mirror_rows (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    commit_number INTEGER NOT NULL,
    entity TEXT NOT NULL,
    PRIMARY KEY (client, shop, kind, id, sequence)
) STRICT;

-- Which variants had an SKU, and from which commit up to (not including) which. A row of the mirror
-- is written with every sale, an SKU hardly ever changes: looked up here, it costs the same however
-- often its variant was sold.
CREATE TABLE variant_skus (
    client TEXT NOT NULL,
    sku TEXT NOT NULL,
    shop TEXT NOT NULL,
    id TEXT NOT NULL,
    since_commit INTEGER NOT NULL,
    until_commit INTEGER,
    PRIMARY KEY (client, sku, shop, id, since_commit)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX variant_skus_now ON variant_skus (client, shop, id)
WHERE until_commit IS NULL;

CREATE TABLE shop_progress (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    progress TEXT NOT NULL,
    PRIMARY KEY (client, shop)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_watermarks (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    commit_number INTEGER NOT NULL,
    known_until INTEGER,
    PRIMARY KEY (client, shop, commit_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE masked_entities (
    client TEXT NOT NULL,
    target TEXT NOT NULL,
    shop TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (client, target, shop, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    client TEXT NOT NULL,
    number INTEGER NOT NULL,
    commit_number INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (client, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE installs (
    client TEXT NOT NULL REFERENCES clients (client),
    install TEXT NOT NULL,
    last_event INTEGER NOT NULL,
    cursor TEXT,
    last_run INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (client, install)
) STRICT, WITHOUT ROWID;

CREATE TABLE ticks (
    client TEXT NOT NULL,
    install TEXT NOT NULL,
    schedule TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (client, install, schedule),
    FOREIGN KEY (client, install) REFERENCES installs (client, install)
) STRICT, WITHOUT ROWID;

-- A value of null: the key was deleted.
CREATE TABLE state_rows (
    client TEXT NOT NULL,
    install TEXT NOT NULL,
    key TEXT NOT NULL,
    commit_number INTEGER NOT NULL,
    value TEXT,
    PRIMARY KEY (client, install, key, commit_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    client TEXT NOT NULL,
    install TEXT NOT NULL,
    number INTEGER NOT NULL,
    commit_number INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (client, install, number),
    FOREIGN KEY (client, install) REFERENCES installs (client, install)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX runs_by_commit ON runs (client, commit_number);

-- `due_at`: until then it was put back, or until it expires if that is earlier.
CREATE TABLE actions (
    client TEXT NOT NULL,
    action TEXT NOT NULL,
    number INTEGER NOT NULL,
    install TEXT NOT NULL,
    event INTEGER NOT NULL,
    target TEXT,
    kind TEXT NOT NULL,
    terms TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'ended')),
    attempts INTEGER NOT NULL DEFAULT 0,
    proposed_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL DEFAULT 0,
    last_reason TEXT,
    began_at INTEGER,
    request TEXT,
    ending TEXT,
    ended_at INTEGER,
    PRIMARY KEY (client, action),
    FOREIGN KEY (client, install) REFERENCES installs (client, install),
    CHECK (state <> 'sending' OR (began_at IS NOT NULL AND request IS NOT NULL)),
    CHECK ((state = 'ended') = (ending IS NOT NULL AND ended_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX actions_by_number ON actions (client, number);
CREATE INDEX actions_by_event ON actions (client, event, number);
CREATE INDEX actions_waiting ON actions (client, number, due_at) WHERE state = 'waiting';
CREATE INDEX actions_sending ON actions (client, number) WHERE state = 'sending';
-- One on its way to a target and one behind it: a newer one takes that one's place.
CREATE UNIQUE INDEX actions_waiting_by_target ON actions (client, target)
WHERE state = 'waiting' AND target IS NOT NULL;
CREATE UNIQUE INDEX actions_sending_by_target ON actions (client, target)
WHERE state = 'sending' AND target IS NOT NULL;

-- Written by whoever asks whether the store can be written to.
CREATE TABLE write_probe (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    count INTEGER NOT NULL
) STRICT;

INSERT INTO write_probe (only, count) VALUES (1, 0);
