//! The host's own alerts: each open once under its key.

use fondaco_model::{ClientId, Timestamp, action::Severity};
use rusqlite::{Connection, Row, params};

use super::{
    audit,
    client::ClientWrite,
    fault::{Fault, corrupt, decode, encode, stored},
    writer::Verdict,
};
use crate::{Act, Alert, NewAlert, Scope, control::ScopeError};

/// Opens an alert; one that is open under its key gets the newer words. Says whether it was opened.
pub fn raise(write: &ClientWrite<'_>, at: Timestamp, alert: &NewAlert) -> Result<bool, Fault> {
    let client = write.client.as_str();
    let severity = alert.severity.as_str();
    let about = alert.about.to_string();
    let (title, text) = (encode(&alert.title)?, encode(&alert.text)?);
    let renewed = write
        .connection
        .prepare_cached(
            "UPDATE alerts SET severity = ?3, about = ?4, title = ?5, text = ?6
             WHERE client = ?1 AND key = ?2 AND resolved_at IS NULL",
        )?
        .execute(params![client, alert.key, severity, about, title, text])?;
    if renewed > 0 {
        return Ok(false);
    }
    write
        .connection
        .prepare_cached(
            "INSERT INTO alerts (client, number, at, key, severity, about, title, text)
             SELECT ?1, coalesce(max(number), 0) + 1, ?7, ?2, ?3, ?4, ?5, ?6 FROM alerts
             WHERE client = ?1",
        )?
        .execute(params![client, alert.key, severity, about, title, text, stored(at)])?;
    Ok(true)
}

/// Resolves the open alert with a key. Says whether there was one.
pub fn resolve(write: &ClientWrite<'_>, at: Timestamp, key: &str) -> Result<bool, Fault> {
    let resolved = write
        .connection
        .prepare_cached(
            "UPDATE alerts SET resolved_at = ?3
             WHERE client = ?1 AND key = ?2 AND resolved_at IS NULL",
        )?
        .execute(params![write.client.as_str(), key, stored(at)])?;
    Ok(resolved > 0)
}

/// Resolves an alert; at a person's wish, that is in the audit log.
pub fn resolve_for(
    write: &ClientWrite<'_>,
    at: Timestamp,
    key: &str,
    by: Option<String>,
) -> Result<Verdict<bool>, Fault> {
    if !resolve(write, at, key)? {
        return Ok(Verdict::Undo(false));
    }
    if let Some(principal) = by {
        let (what, subject) = ("resolve-alert".to_owned(), key.to_owned());
        audit::record(write, at, &Act { principal, what, subject, detail: String::new() })?;
    }
    Ok(Verdict::Keep(true))
}

/// The alerts, newest first.
pub fn alerts(
    connection: &Connection,
    client: &ClientId,
    open_only: bool,
    limit: u32,
) -> Result<Vec<Alert>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number, at, resolved_at, key, severity, about, title, text FROM alerts
         WHERE client = ?1 AND (NOT ?2 OR resolved_at IS NULL) ORDER BY number DESC LIMIT ?3",
    )?;
    let rows = statement.query_and_then(params![client.as_str(), open_only, limit], alert_of)?;
    rows.collect()
}

fn alert_of(row: &Row<'_>) -> Result<Alert, Fault> {
    let number: u64 = row.get(0)?;
    let what = |part: &str| format!("the {part} of alert {number}");
    let severity: String = row.get(4)?;
    let severity = Severity::ALL.into_iter().find(|known| known.as_str() == severity);
    let about: Scope = row
        .get::<_, String>(5)?
        .parse()
        .map_err(|error: ScopeError| corrupt(what("subject"), error))?;
    Ok(Alert {
        number,
        at: Timestamp(row.get(1)?),
        resolved_at: row.get::<_, Option<u64>>(2)?.map(Timestamp),
        alert: NewAlert {
            key: row.get(3)?,
            severity: severity.ok_or_else(|| corrupt(what("severity"), "there is no such"))?,
            about,
            title: decode(&row.get::<_, String>(6)?, || what("title"))?,
            text: decode(&row.get::<_, String>(7)?, || what("text"))?,
        },
    })
}
