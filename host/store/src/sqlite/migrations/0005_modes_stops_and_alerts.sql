-- `mode`: what the install was last brought up as; absent until it was. `fork_since`: since when it
-- has a fork of its state. `failures`: runs in a row that failed for good.
-- While it has a fork, that lies in `state_rows` under `<install>/shadow`, which is no install's name.
ALTER TABLE installs ADD COLUMN mode TEXT CHECK (mode IN ('off', 'shadow', 'live', 'paused'));
ALTER TABLE installs ADD COLUMN fork_since INTEGER;
ALTER TABLE installs ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;

-- What is stopped now. `scope`: `client`, `shop <shop>` or `install <install>`.
CREATE TABLE stops (
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    at INTEGER NOT NULL,
    principal TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (client, scope)
) STRICT, WITHOUT ROWID;

-- The host's own alerts. Texts are JSON, English and Italian.
CREATE TABLE alerts (
    client TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    key TEXT NOT NULL,
    severity TEXT NOT NULL,
    about TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    resolved_at INTEGER,
    PRIMARY KEY (client, number)
) STRICT, WITHOUT ROWID;

-- The same alert is open once.
CREATE UNIQUE INDEX alerts_open ON alerts (client, key) WHERE resolved_at IS NULL;
