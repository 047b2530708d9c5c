-- What each install was when it last began to work, and what it has yet to hear of its own life.
-- `event`: the step it hears now, with the page of it in `cursor`. `steps`: what comes after it, in
-- order.
CREATE TABLE lifecycles (
    client TEXT NOT NULL,
    install TEXT NOT NULL,
    identity TEXT NOT NULL,
    steps TEXT NOT NULL,
    event INTEGER,
    cursor TEXT,
    PRIMARY KEY (client, install),
    FOREIGN KEY (client, install) REFERENCES installs (client, install),
    CHECK (event IS NOT NULL OR cursor IS NULL)
) STRICT, WITHOUT ROWID;

-- Where each order stands in the history of its shop, and since which commit that is known. It keeps
-- its place, whatever the shop says later, so that history that is read in pages has each order once.
CREATE TABLE order_places (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    placed_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    since_commit INTEGER NOT NULL,
    PRIMARY KEY (client, shop, placed_at, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX order_places_by_id ON order_places (client, shop, id);

INSERT INTO order_places (client, shop, placed_at, id, since_commit)
SELECT client, shop, json_extract(entity, '$.order.head.value.placed_at'), id, min(commit_number)
FROM mirror_rows
WHERE kind = 'order' AND json_extract(entity, '$.order.head.is') = 'known'
GROUP BY client, shop, id;
