//! Installs that are registered and not in their client's file.

use fondaco_model::{ClientId, InstallId, Timestamp};
use rusqlite::{Connection, params};

use super::{
    client::ClientWrite,
    fault::{Fault, corrupt, encode, stored},
    writer::Verdict,
};
use crate::Absence;

/// Those that were not there when that was last noted.
pub fn list(connection: &Connection, client: &ClientId) -> Result<Vec<Absence>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT install, absent_since, last_event, missed_from FROM installs
         WHERE client = ?1 AND absent_since IS NOT NULL ORDER BY install",
    )?;
    let rows = statement.query_and_then([client.as_str()], |row| {
        let install = InstallId::new(row.get::<_, String>(0)?)
            .map_err(|error| corrupt("an install's name".to_owned(), error))?;
        let (since, event, missed_from) = (Timestamp(row.get(1)?), row.get(2)?, row.get(3)?);
        Ok(Absence { install, since, event, missed_from })
    })?;
    rows.collect()
}

/// Notes which installs are in the client's file.
pub fn note(
    write: &ClientWrite<'_>,
    at: Timestamp,
    present: &[InstallId],
) -> Result<Verdict<()>, Fault> {
    let (client, present) = (write.client.as_str(), encode(&present)?);
    // What one was to hear of itself may be forgotten; then it begins anew.
    let begun_anew = write
        .connection
        .prepare_cached(
            "DELETE FROM lifecycles AS life WHERE client = ?1 AND event IS NOT NULL
                 AND install IN (SELECT install FROM installs
                                 WHERE client = ?1 AND missed_from IS NOT NULL
                                     AND install IN (SELECT value FROM json_each(?2)))
                 AND NOT EXISTS (SELECT 1 FROM events
                                 WHERE client = ?1 AND number = life.event)",
        )?
        .execute(params![client, present])?;
    let back = write
        .connection
        .prepare_cached(
            "UPDATE installs SET absent_since = NULL, missed_from = NULL
             WHERE client = ?1 AND absent_since IS NOT NULL
                 AND install IN (SELECT value FROM json_each(?2))",
        )?
        .execute(params![client, present])?;
    let gone = write
        .connection
        .prepare_cached(
            "UPDATE installs SET absent_since = ?3
             WHERE client = ?1 AND absent_since IS NULL
                 AND install NOT IN (SELECT value FROM json_each(?2))",
        )?
        .execute(params![client, present, stored(at)])?;
    Ok(if begun_anew + back + gone > 0 { Verdict::Keep(()) } else { Verdict::Undo(()) })
}

/// Keeps nothing any more for the sake of an absent install. Says whether something was.
pub fn keep_nothing_for(
    write: &ClientWrite<'_>,
    install: &InstallId,
) -> Result<Verdict<bool>, Fault> {
    let changed = write
        .connection
        .prepare_cached(
            "UPDATE installs SET missed_from = last_event + 1
             WHERE client = ?1 AND install = ?2
                 AND absent_since IS NOT NULL AND missed_from IS NULL",
        )?
        .execute([write.client.as_str(), install.as_str()])?;
    Ok(if changed > 0 { Verdict::Keep(true) } else { Verdict::Undo(false) })
}

/// Events up to this one are forgotten: those that nothing is kept for go on after it.
pub fn pass(write: &ClientWrite<'_>, until: u64) -> Result<(), Fault> {
    let so_far = params![write.client.as_str(), until];
    write
        .connection
        .prepare_cached(
            "DELETE FROM events_ahead WHERE client = ?1 AND event <= ?2
                 AND install IN (SELECT install FROM installs
                                 WHERE client = ?1 AND missed_from IS NOT NULL)",
        )?
        .execute(so_far)?;
    write
        .connection
        .prepare_cached(
            "UPDATE installs SET last_event = ?2
             WHERE client = ?1 AND missed_from IS NOT NULL AND last_event < ?2",
        )?
        .execute(so_far)?;
    Ok(())
}
