//! What is stopped, and installs that the host pauses because they keep failing.

use fondaco_model::{ClientId, Timestamp};
use rusqlite::{Connection, params};

use super::{
    alerts, audit,
    client::ClientWrite,
    fault::{Fault, corrupt, stored},
    modes, runs,
    writer::Verdict,
};
use crate::{Act, Go, NewAlert, RunCommit, Scope, Stop, control::ScopeError};

/// Whether an action has to wait, as SQL about one row of `actions` of the client `?1`: what it
/// belongs to is stopped, or its install is paused. That the whole client is stopped does not
/// depend on the row, so it is looked up once.
macro_rules! held {
    ($row:literal) => {
        concat!(
            "(EXISTS (SELECT 1 FROM stops WHERE client = ?1 AND scope = 'client')
              OR EXISTS (SELECT 1 FROM stops WHERE client = ?1 AND scope IN (
                  'install ' || ",
            $row,
            ".install, 'shop ' || json_extract(",
            $row,
            ".kind, '$.shop')))
              OR EXISTS (SELECT 1 FROM installs AS paused WHERE paused.client = ?1
                  AND paused.install = ",
            $row,
            ".install AND paused.mode = 'paused'))"
        )
    };
}
pub(super) use held;

/// Stops something, unless it is stopped already.
pub fn stop(write: &ClientWrite<'_>, stop: &Stop) -> Result<Verdict<bool>, Fault> {
    let stopped = write
        .connection
        .prepare_cached(
            "INSERT INTO stops (client, scope, at, principal, reason) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            write.client.as_str(),
            stop.scope.to_string(),
            stored(stop.at),
            stop.principal,
            stop.reason,
        ])?;
    if stopped == 0 {
        return Ok(Verdict::Undo(false));
    }
    let Stop { scope, at, principal, reason } = stop;
    audit::record(write, *at, &act("stop", scope, principal, reason))?;
    Ok(Verdict::Keep(true))
}

/// Lifts a stop, if there is one, and resolves the alerts about why there was.
pub fn go(write: &ClientWrite<'_>, go: &Go) -> Result<Verdict<bool>, Fault> {
    let lifted = write
        .connection
        .prepare_cached("DELETE FROM stops WHERE client = ?1 AND scope = ?2")?
        .execute(params![write.client.as_str(), go.scope.to_string()])?;
    if lifted == 0 {
        return Ok(Verdict::Undo(false));
    }
    let Go { scope, at, principal, reason, forgive } = go;
    if let Scope::Install(install) = scope {
        if *forgive {
            modes::forgive(write, install)?;
        }
        alerts::resolve(write, *at, &NewAlert::failing_key(install))?;
    }
    audit::record(write, *at, &act("go", scope, principal, reason))?;
    Ok(Verdict::Keep(true))
}

fn act(what: &str, scope: &Scope, principal: &str, reason: &str) -> Act {
    Act {
        principal: principal.to_owned(),
        what: what.to_owned(),
        subject: scope.to_string(),
        detail: reason.to_owned(),
    }
}

/// What is stopped.
pub fn stops(connection: &Connection, client: &ClientId) -> Result<Vec<Stop>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT scope, at, principal, reason FROM stops WHERE client = ?1 ORDER BY scope",
    )?;
    let rows = statement.query_and_then([client.as_str()], |row| {
        let scope: String = row.get(0)?;
        let scope =
            scope.parse().map_err(|error: ScopeError| corrupt("a stop".to_owned(), error))?;
        let (at, principal, reason) = (Timestamp(row.get(1)?), row.get(2)?, row.get(3)?);
        Ok(Stop { scope, at, principal, reason })
    })?;
    rows.collect()
}

/// Records a run that failed without moving its install's cursor, and stops the install.
pub fn pause_failing(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    run: RunCommit,
    alert: &NewAlert,
) -> Result<Verdict<bool>, Fault> {
    let scope = Scope::Install(run.install.clone());
    if !runs::record_unmoved(write, at, run)? {
        return Ok(Verdict::Undo(false));
    }
    alerts::raise(write, at, alert)?;
    // What the module said is in its run alone. A person's own stop stays theirs.
    let reason = "it keeps failing".to_owned();
    stop(write, &Stop { scope, at, principal: Act::HOST.to_owned(), reason })?;
    Ok(Verdict::Keep(true))
}
