//! Retention: rows that nobody can ask for any more are forgotten, a few at a time.
//!
//! What is too old is looked for beside the writer, in a bounded stretch of the table, and then
//! deleted by key in one short job. That is safe because what was too old once stays so: a row that
//! was superseded stays superseded, and the commit up to which nobody reads any more only grows.
//! Only an ended action can be needed again, by one that is proposed to come after it; so actions
//! are looked for within the job itself.
//!
//! Pages that become free are used again by what is written next, so the file stops growing; it
//! does not shrink, except in a backup.

use fondaco_model::{ClientId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value};

use self::walks::{Start, Walk};
use super::{
    absences,
    client::ClientWrite,
    fault::{Fault, capped, corrupt, stored},
    writer::Verdict,
};
use crate::{Forget, Forgotten, Kept, Lease, StoreError, limits};

mod walks;

/// Where a walk begins: after all of these.
fn start_of(walk: &Walk) -> Vec<Value> {
    let least = |start: &Start| match start {
        Start::Text => Value::Text(String::new()),
        Start::Number => Value::Integer(i64::MIN),
    };
    walk.start.iter().map(least).collect()
}

/// Whether a kind is told by the commit up to which nobody reads any more, and not by a time of its
/// own.
const fn by_commit(kind: Kept) -> bool {
    match kind {
        Kept::MirrorRows
        | Kept::StateRows
        | Kept::Skus
        | Kept::Watermarks
        | Kept::Events
        | Kept::Runs => true,
        Kept::Actions
        | Kept::DeadDeliveries
        | Kept::PastDeliveries
        | Kept::Audit
        | Kept::CommitMarks => false,
    }
}

/// What was found in one stretch of a table.
#[derive(Debug, Default)]
pub struct Found {
    keys: Vec<Vec<Value>>,
    next: Option<String>,
}

impl Found {
    /// What is told if there is nothing to delete.
    pub fn nothing(self) -> Result<Forgotten, Self> {
        if self.keys.is_empty() { Ok(Forgotten { rows: 0, next: self.next }) } else { Err(self) }
    }
}

/// Notes which commit is the last now.
pub fn mark(write: &ClientWrite<'_>, at: Timestamp) -> Result<Verdict<()>, Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO commit_marks (client, at, commit_number) VALUES (?1, ?2, ?3)
             ON CONFLICT (client, at) DO UPDATE SET commit_number = excluded.commit_number",
        )?
        .execute(rusqlite::params![write.client.as_str(), stored(at), write.last_commit()])?;
    Ok(Verdict::Keep(()))
}

/// The commit that nobody reads as of an earlier one than: no run that is under way, no event that
/// an install has not passed. None, if nothing is old enough.
fn horizon(
    connection: &Connection,
    client: &ClientId,
    at: Timestamp,
    before: Timestamp,
) -> Result<Option<u64>, Fault> {
    let before = before.min(at.minus_ms(limits::VIEW_HELD_MS_MAX));
    let marked = connection
        .prepare_cached(
            "SELECT commit_number FROM commit_marks WHERE client = ?1 AND at <= ?2
             ORDER BY at DESC LIMIT 1",
        )?
        .query_row(rusqlite::params![client.as_str(), stored(before)], |row| row.get::<_, u64>(0))
        .optional()?;
    let waiting = connection
        .prepare_cached(
            "SELECT commit_number FROM events WHERE client = ?1
                 AND number > (SELECT min(last_event) FROM installs
                               WHERE client = ?1 AND missed_from IS NULL)
             ORDER BY number LIMIT 1",
        )?
        .query_row([client.as_str()], |row| row.get::<_, u64>(0))
        .optional()?;
    // An event is heard with the orders known as of the commit before its own.
    let waiting = waiting.map_or(u64::MAX, |commit| commit.saturating_sub(1));
    Ok(marked.map(|marked| marked.min(waiting)))
}

/// Looks through one stretch of a table for what is too old.
pub fn find(
    connection: &Connection,
    lease: &Lease,
    at: Timestamp,
    what: &Forget,
) -> Result<Found, Fault> {
    let client = &lease.client;
    let held = connection
        .prepare_cached("SELECT 1 FROM clients WHERE client = ?1 AND epoch = ?2")?
        .exists(rusqlite::params![client.as_str(), lease.epoch])?;
    if !held {
        return Err(StoreError::LeaseLost { client: client.clone() }.into());
    }
    let bound = if by_commit(what.kind) {
        match horizon(connection, client, at, what.before)? {
            Some(commit) => capped(commit),
            None => return Ok(Found::default()),
        }
    } else {
        stored(what.before)
    };
    let walk = Walk::of(what.kind);
    let mut from = match &what.from {
        Some(from) => key_of(from)?,
        None => start_of(walk),
    };
    let scanned_max = match what.kind {
        Kept::Actions => limits::FORGOTTEN_ROWS_MAX,
        _ => limits::LOOKED_THROUGH_ROWS_MAX,
    };
    let mut parameters = vec![Value::Text(client.to_string()), bound.into(), scanned_max.into()];
    parameters.extend(from.iter().cloned());
    let mut statement = connection.prepare_cached(walk.find)?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let (mut keys, mut scanned, mut full) = (Vec::new(), 0, false);
    while let Some(row) = rows.next()? {
        let columns = walk.start.len();
        let too_old = row.get::<_, Option<bool>>(columns)?.unwrap_or(false);
        if !too_old && walk.by_age {
            return Ok(Found { keys, next: None });
        }
        scanned += 1;
        from = (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        if too_old {
            keys.push(from.clone());
        }
        full = i64::try_from(keys.len()).is_ok_and(|found| found == limits::FORGOTTEN_ROWS_MAX);
        if full {
            break;
        }
    }
    let next = (full || scanned == scanned_max).then(|| text_of(&from));
    Ok(Found { keys, next })
}

/// Deletes what was found.
pub fn forget(
    write: &ClientWrite<'_>,
    lease: &Lease,
    at: Timestamp,
    what: &Forget,
    found: Found,
) -> Result<Verdict<Forgotten>, Fault> {
    let found = match what.kind {
        Kept::Actions => find(write.connection, lease, at, what)?,
        _ => found,
    };
    let mut statement = write.connection.prepare_cached(Walk::of(what.kind).delete)?;
    let mut rows = 0;
    if let (Kept::Events, Some([Value::Integer(last)])) =
        (what.kind, found.keys.last().map(Vec::as_slice))
    {
        absences::pass(write, u64::try_from(*last).unwrap_or_default())?;
    }
    for key in found.keys {
        let client = Value::Text(write.client.to_string());
        rows += statement.execute(params_from_iter(std::iter::once(client).chain(key)))? as u64;
    }
    Ok(Verdict::Keep(Forgotten { rows, next: found.next }))
}

/// A key as text, for whoever hands it back.
fn text_of(key: &[Value]) -> String {
    let part = |value: &Value| match value {
        Value::Integer(number) => serde_json::Value::from(*number),
        Value::Text(text) => serde_json::Value::from(text.as_str()),
        Value::Null | Value::Real(_) | Value::Blob(_) => serde_json::Value::Null,
    };
    serde_json::Value::from_iter(key.iter().map(part)).to_string()
}

fn key_of(text: &str) -> Result<Vec<Value>, Fault> {
    let wrong = || corrupt("where to go on forgetting".to_owned(), format!("`{text}` is no key"));
    let parts: Vec<serde_json::Value> = serde_json::from_str(text).map_err(|_| wrong())?;
    let value = |part: serde_json::Value| match part {
        serde_json::Value::String(text) => Ok(Value::Text(text)),
        other => other.as_i64().map(Value::Integer).ok_or_else(wrong),
    };
    parts.into_iter().map(value).collect()
}
