-- Who did what to a client's work. Entries are never changed.
CREATE TABLE audit_log (
    client TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    principal TEXT NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (client, number)
) STRICT, WITHOUT ROWID;
