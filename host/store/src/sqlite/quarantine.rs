//! Which clients are in quarantine after a restore, or were.

use fondaco_model::{ClientId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{audit, client::ClientWrite, fault::Fault, writer::Verdict};
use crate::{Act, Quarantine};

/// The quarantine of a client, if it is in one or was.
pub fn of(connection: &Connection, client: &ClientId) -> Result<Option<Quarantine>, Fault> {
    let quarantine = connection
        .prepare_cached(
            "SELECT since, backup_taken_at, released_event FROM quarantines WHERE client = ?1",
        )?
        .query_row([client.as_str()], |row| {
            let (since, backup_taken_at) = (Timestamp(row.get(0)?), Timestamp(row.get(1)?));
            Ok(Quarantine { since, backup_taken_at, released_event: row.get(2)? })
        })
        .optional()?;
    Ok(quarantine)
}

/// Ends the quarantine of a client. Says whether it was in one.
pub fn release(write: &ClientWrite<'_>, at: Timestamp, act: &Act) -> Result<Verdict<bool>, Fault> {
    let released = write
        .connection
        .prepare_cached(
            "UPDATE quarantines SET released_event = ?2
             WHERE client = ?1 AND released_event IS NULL",
        )?
        .execute(params![write.client.as_str(), write.last_event()])?;
    if released == 0 {
        return Ok(Verdict::Undo(false));
    }
    audit::record(write, at, act)?;
    Ok(Verdict::Keep(true))
}
