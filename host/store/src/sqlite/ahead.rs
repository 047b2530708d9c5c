//! How far an install has come: its cursor, and what it has done beyond it.

use std::collections::BTreeMap;

use fondaco_model::{ClientId, InstallId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{client::ClientWrite, fault::Fault, writer::Verdict};
use crate::{Ahead, InstallProgress};

/// Where an install stands; nothing if it was never registered.
pub fn stands(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
) -> Result<Option<InstallProgress>, Fault> {
    let Some(event) = cursor(connection, client, install)? else {
        return Ok(None);
    };
    let ahead = connection
        .prepare_cached(
            "SELECT event, cursor FROM events_ahead WHERE client = ?1 AND install = ?2",
        )?
        .query_map([client.as_str(), install.as_str()], |row| Ok((row.get(0)?, told(row.get(1)?))))?
        .collect::<rusqlite::Result<BTreeMap<_, _>>>()?;
    Ok(Some(InstallProgress { event, ahead }))
}

/// The event up to which an install is done with all.
pub fn cursor(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
) -> Result<Option<u64>, Fault> {
    let event = connection
        .prepare_cached("SELECT last_event FROM installs WHERE client = ?1 AND install = ?2")?
        .query_row([client.as_str(), install.as_str()], |row| row.get(0))
        .optional()?;
    Ok(event)
}

/// What an install has done of an event beyond its cursor.
pub fn of(
    write: &ClientWrite<'_>,
    install: &InstallId,
    event: u64,
) -> Result<Option<Ahead>, Fault> {
    let ahead = write
        .connection
        .prepare_cached(
            "SELECT cursor FROM events_ahead WHERE client = ?1 AND install = ?2 AND event = ?3",
        )?
        .query_row(params![write.client.as_str(), install.as_str(), event], |row| row.get(0))
        .optional()?;
    Ok(ahead.map(told))
}

fn told(cursor: Option<String>) -> Ahead {
    cursor.map_or(Ahead::Done, |cursor| Ahead::Again { cursor })
}

/// Whether an install is done with an event.
pub fn is_done(write: &ClientWrite<'_>, install: &InstallId, event: u64) -> Result<bool, Fault> {
    let cursor = cursor(write.connection, &write.client, install)?
        .ok_or_else(|| write.missing(format!("install `{install}`")))?;
    Ok(event <= cursor || of(write, install, event)? == Some(Ahead::Done))
}

/// Keeps what was done of an event beyond the cursor.
fn keep(
    write: &ClientWrite<'_>,
    install: &InstallId,
    event: u64,
    cursor: Option<&str>,
) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO events_ahead (client, install, event, cursor) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (client, install, event) DO UPDATE SET cursor = excluded.cursor",
        )?
        .execute(params![write.client.as_str(), install.as_str(), event, cursor])?;
    Ok(())
}

/// What a commit has done of the events.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Every event up to this one is done with or passed by.
    pub passed: u64,
    /// Events that are done, in their order; they may be beyond.
    pub done: &'a [u64],
    /// An event that is to be called again, with its cursor; it is beyond.
    pub again: Option<(u64, &'a str)>,
}

/// Takes a step, and moves the cursor over all that is done without a gap.
pub fn advance(
    write: &ClientWrite<'_>,
    install: &InstallId,
    cursor: u64,
    step: Step<'_>,
) -> Result<(), Fault> {
    let mut passed = step.passed.max(cursor);
    for event in step.done {
        if *event == passed + 1 {
            passed = *event;
        } else if *event > passed {
            keep(write, install, *event, None)?;
        }
    }
    if let Some((event, cursor)) = step.again {
        keep(write, install, event, Some(cursor))?;
    }
    while of(write, install, passed + 1)? == Some(Ahead::Done) {
        passed += 1;
    }
    if passed == cursor {
        return Ok(());
    }
    let so_far = params![write.client.as_str(), install.as_str(), passed];
    write
        .connection
        .prepare_cached(
            "DELETE FROM events_ahead WHERE client = ?1 AND install = ?2 AND event <= ?3",
        )?
        .execute(so_far)?;
    write
        .connection
        .prepare_cached("UPDATE installs SET last_event = ?3 WHERE client = ?1 AND install = ?2")?
        .execute(so_far)?;
    Ok(())
}

/// Moves an install's cursor past events that it does not hear.
pub fn pass(
    write: &ClientWrite<'_>,
    install: &InstallId,
    until: u64,
) -> Result<Verdict<()>, Fault> {
    let cursor = cursor(write.connection, &write.client, install)?
        .ok_or_else(|| write.missing(format!("install `{install}`")))?;
    if until <= cursor {
        return Ok(Verdict::Undo(()));
    }
    if until > write.last_event() {
        return Err(write.missing(format!("event {until}")));
    }
    advance(write, install, cursor, Step { passed: until, done: &[], again: None })?;
    Ok(Verdict::Keep(()))
}
