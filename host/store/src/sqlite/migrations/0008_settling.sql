-- Traces: 16 bytes that a delivery, its events, their runs and their actions have in common. What
-- was there before belongs to nothing but itself.
ALTER TABLE deliveries ADD COLUMN trace BLOB NOT NULL DEFAULT x'';
UPDATE deliveries SET trace = randomblob(16);
ALTER TABLE dead_deliveries ADD COLUMN trace BLOB NOT NULL DEFAULT x'';
UPDATE dead_deliveries SET trace = randomblob(16);

ALTER TABLE events ADD COLUMN trace BLOB NOT NULL DEFAULT x'';
UPDATE events SET trace = randomblob(16);
UPDATE events SET event = json_set(event, '$.trace', lower(hex(trace)));
CREATE INDEX events_by_trace ON events (client, trace, number);

ALTER TABLE runs ADD COLUMN trace BLOB NOT NULL DEFAULT x'';
UPDATE runs SET trace = coalesce(
    (SELECT trace FROM events
     WHERE events.client = runs.client AND events.number = runs.record ->> '$.event'),
    randomblob(16)
);
UPDATE runs SET record = json_set(record, '$.trace', lower(hex(trace)));
CREATE INDEX runs_by_trace ON runs (client, trace, commit_number);

-- Deliveries that were worked in, without their bodies: a trace begins with one.
CREATE TABLE past_deliveries (
    client TEXT NOT NULL,
    trace BLOB NOT NULL,
    number INTEGER NOT NULL,
    shop TEXT NOT NULL,
    topic TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    done_at INTEGER NOT NULL,
    PRIMARY KEY (client, trace, number)
) STRICT, WITHOUT ROWID;

-- `tried_since`: it was proposed then, or a person retried it. `exclusive`: of those that have the
-- same, one is being sent at a time. `shown`: what the shop showed before and after.
ALTER TABLE actions ADD COLUMN trace BLOB NOT NULL DEFAULT x'';
UPDATE actions SET trace = coalesce(
    (SELECT trace FROM events
     WHERE events.client = actions.client AND events.number = actions.event),
    randomblob(16)
);
ALTER TABLE actions ADD COLUMN tried_since INTEGER NOT NULL DEFAULT 0;
UPDATE actions SET tried_since = proposed_at;
ALTER TABLE actions ADD COLUMN shown TEXT NOT NULL DEFAULT '{}';
ALTER TABLE actions ADD COLUMN exclusive TEXT;
UPDATE actions SET exclusive = target;
CREATE UNIQUE INDEX actions_sending_exclusive ON actions (client, exclusive)
WHERE state = 'sending' AND exclusive IS NOT NULL;
CREATE INDEX actions_by_trace ON actions (client, trace, number);
CREATE INDEX actions_by_target ON actions (client, target, number) WHERE target IS NOT NULL;
-- Those that a person has to decide on are few, and counted often.
CREATE INDEX actions_unknown ON actions (client, number) WHERE ending ->> '$.end' = 'unknown';

-- What was counted of an install in each hour since 1970, in the commit of what is counted.
CREATE TABLE install_counters (
    client TEXT NOT NULL,
    install TEXT NOT NULL,
    counter TEXT NOT NULL,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (client, install, counter, hour),
    FOREIGN KEY (client, install) REFERENCES installs (client, install)
) STRICT, WITHOUT ROWID;
