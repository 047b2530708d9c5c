//! Events, and the ticks of schedules that are raised as such.

use fondaco_model::{ClientId, Event, EventBody, InstallId, Timestamp, TraceId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    ahead,
    client::ClientWrite,
    fault::{Fault, capped, decode, stored},
    writer::Verdict,
};
use crate::{Ahead, LastTick};

/// The events after a number, oldest first.
pub fn events(
    connection: &Connection,
    client: &ClientId,
    after: u64,
    limit: u32,
) -> Result<Vec<Event>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number, event FROM events WHERE client = ?1 AND number > ?2
         ORDER BY number LIMIT ?3",
    )?;
    let rows = statement.query_and_then(params![client.as_str(), capped(after), limit], |row| {
        let number: u64 = row.get(0)?;
        decode(&row.get::<_, String>(1)?, || format!("event {number}"))
    })?;
    rows.collect()
}

/// One event.
pub fn event(
    connection: &Connection,
    client: &ClientId,
    number: u64,
) -> Result<Option<Event>, Fault> {
    let json = connection
        .prepare_cached("SELECT event FROM events WHERE client = ?1 AND number = ?2")?
        .query_row(params![client.as_str(), capped(number)], |row| row.get::<_, String>(0))
        .optional()?;
    json.map(|json| decode(&json, || format!("event {number}"))).transpose()
}

/// What an event belongs to; nothing if there is no such event.
pub fn trace(write: &ClientWrite<'_>, number: u64) -> Result<Option<TraceId>, Fault> {
    let trace = write
        .connection
        .prepare_cached("SELECT trace FROM events WHERE client = ?1 AND number = ?2")?
        .query_row(params![write.client.as_str(), capped(number)], |row| row.get(0))
        .optional()?;
    Ok(trace.map(TraceId::of_random))
}

/// Raises a tick, unless the last one was due as late or is not handled yet.
pub fn tick(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    install: InstallId,
    schedule: String,
    due_at: Timestamp,
) -> Result<Verdict<bool>, Fault> {
    let last = last(write.connection, &write.client, &install, &schedule)?;
    let (last_due_at, event) = last.map_or((None, 0), |(due_at, event)| (Some(due_at), event));
    let is_handled = ahead::is_done(write, &install, event)?;
    if !is_handled || last_due_at >= Some(due_at) {
        return Ok(Verdict::Undo(false));
    }
    let body = EventBody::Tick { install: install.clone(), schedule: schedule.clone(), due_at };
    let event = write.raise(at, None, body)?;
    write
        .connection
        .prepare_cached(
            "INSERT INTO ticks (client, install, schedule, due_at, event)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (client, install, schedule)
             DO UPDATE SET due_at = excluded.due_at, event = excluded.event",
        )?
        .execute(params![
            write.client.as_str(),
            install.as_str(),
            schedule,
            stored(due_at),
            event.number,
        ])?;
    Ok(Verdict::Keep(true))
}

/// Notes the moment that a schedule counts from, unless there is one or it has ticked.
pub fn begin(
    write: &ClientWrite<'_>,
    install: &InstallId,
    schedule: &str,
    from: Timestamp,
) -> Result<Verdict<()>, Fault> {
    if ahead::cursor(write.connection, &write.client, install)?.is_none() {
        return Err(write.missing(format!("install `{install}`")));
    }
    // No event has the number 0, so there is none that waits to be handled.
    write
        .connection
        .prepare_cached(
            "INSERT INTO ticks (client, install, schedule, due_at, event)
             VALUES (?1, ?2, ?3, ?4, 0) ON CONFLICT DO NOTHING",
        )?
        .execute(params![write.client.as_str(), install.as_str(), schedule, stored(from)])?;
    Ok(Verdict::Keep(()))
}

/// The last tick of a schedule, and whether it waits to be handled.
pub fn last_tick(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
    schedule: &str,
) -> Result<Option<LastTick>, Fault> {
    let last = last(connection, client, install, schedule)?;
    let stands = ahead::stands(connection, client, install)?.unwrap_or_default();
    let is_done = |event| event <= stands.event || stands.ahead.get(&event) == Some(&Ahead::Done);
    Ok(last.map(|(due_at, event)| LastTick { due_at, waits: !is_done(event) }))
}

/// When the last tick of a schedule was due, and its event.
fn last(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
    schedule: &str,
) -> Result<Option<(Timestamp, u64)>, Fault> {
    let last = connection
        .prepare_cached(
            "SELECT due_at, event FROM ticks
             WHERE client = ?1 AND install = ?2 AND schedule = ?3",
        )?
        .query_row(params![client.as_str(), install.as_str(), schedule], |row| {
            Ok((Timestamp(row.get(0)?), row.get(1)?))
        })
        .optional()?;
    Ok(last)
}
