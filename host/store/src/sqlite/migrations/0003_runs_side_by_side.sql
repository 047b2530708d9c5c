-- What an install has done beyond its cursor, since an event need not wait for one about another
-- thing. `cursor` is null if the event is done; otherwise its module is to be called again with it.
CREATE TABLE events_ahead (
    client TEXT NOT NULL,
    install TEXT NOT NULL,
    event INTEGER NOT NULL,
    cursor TEXT,
    PRIMARY KEY (client, install, event),
    FOREIGN KEY (client, install) REFERENCES installs (client, install)
) STRICT, WITHOUT ROWID;

INSERT INTO events_ahead (client, install, event, cursor)
SELECT client, install, last_event + 1, cursor FROM installs WHERE cursor IS NOT NULL;

ALTER TABLE installs DROP COLUMN cursor;
