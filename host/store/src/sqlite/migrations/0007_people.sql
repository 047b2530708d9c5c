-- Each person's key, sealed with a key that is not in this file. Rows are only ever appended, and a
-- key that is destroyed is overwritten where it lies, with as many zeros. So none is ever moved, and
-- no page is left with a copy of it.
CREATE TABLE person_keys (
    number INTEGER PRIMARY KEY,
    data_key BLOB NOT NULL
) STRICT;

-- Who somebody is lies in `personal_values` and nowhere else, sealed with the person's own key. A
-- person whose row in `people` is gone is forgotten.
CREATE TABLE people (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    person TEXT NOT NULL,
    key_number INTEGER NOT NULL UNIQUE REFERENCES person_keys (number),
    PRIMARY KEY (client, shop, person)
) STRICT, WITHOUT ROWID;

-- `source`: `account`, or `order:` and its id. `email_tag`: a keyed hash to look addresses up by.
CREATE TABLE personal_values (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    person TEXT NOT NULL,
    source TEXT NOT NULL,
    since INTEGER NOT NULL,
    platform_version INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    email_tag BLOB,
    sealed BLOB NOT NULL,
    PRIMARY KEY (client, shop, person, source),
    FOREIGN KEY (client, shop, person) REFERENCES people (client, shop, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX personal_values_by_email ON personal_values (client, shop, email_tag);

-- Who was forgotten, and when: what is from before tells nothing of them again.
CREATE TABLE erased_people (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    person TEXT NOT NULL,
    erased_at INTEGER NOT NULL,
    PRIMARY KEY (client, shop, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased_emails (
    client TEXT NOT NULL,
    shop TEXT NOT NULL,
    email_tag BLOB NOT NULL,
    erased_at INTEGER NOT NULL,
    PRIMARY KEY (client, shop, email_tag)
) STRICT, WITHOUT ROWID;

-- Which key the rows are sealed with; nothing of the key itself.
CREATE TABLE host_key (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    mark BLOB NOT NULL
) STRICT;

-- A value about a person is in `sealed` and not in `value`.
ALTER TABLE state_rows ADD COLUMN about_shop TEXT;
ALTER TABLE state_rows ADD COLUMN about_person TEXT;
ALTER TABLE state_rows ADD COLUMN sealed BLOB;

CREATE INDEX state_rows_about ON state_rows (client, about_shop, about_person)
WHERE about_person IS NOT NULL;
