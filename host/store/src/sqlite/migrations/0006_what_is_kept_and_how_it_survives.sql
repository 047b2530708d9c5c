-- Which commit was a client's last at some moment, noted from time to time: rows have the number of
-- their commit and no time, and what is kept is kept for a time.
CREATE TABLE commit_marks (
    client TEXT NOT NULL,
    at INTEGER NOT NULL,
    commit_number INTEGER NOT NULL,
    PRIMARY KEY (client, at)
) STRICT, WITHOUT ROWID;

-- Clients of a restored database, and the last event there was when a person released each.
CREATE TABLE quarantines (
    client TEXT NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    backup_taken_at INTEGER NOT NULL,
    released_event INTEGER
) STRICT, WITHOUT ROWID;

-- In a backup: when it was taken. Empty in a database that is at work.
CREATE TABLE backup_stamp (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    taken_at INTEGER NOT NULL
) STRICT;
