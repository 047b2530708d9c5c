//! The audit log. An entry is written in the transaction of what it tells, so that neither is there
//! without the other.

use fondaco_model::{ClientId, Timestamp};
use rusqlite::{Connection, params};

use super::{
    client::ClientWrite,
    fault::{Fault, capped, stored},
};
use crate::{Act, AuditEntry};

/// Writes an entry.
pub fn record(write: &ClientWrite<'_>, at: Timestamp, act: &Act) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO audit_log (client, number, at, principal, what, subject, detail)
             SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM audit_log
             WHERE client = ?1",
        )?
        .execute(params![
            write.client.as_str(),
            stored(at),
            act.principal,
            act.what,
            act.subject,
            act.detail,
        ])?;
    Ok(())
}

/// The entries before a number, newest first.
pub fn log(
    connection: &Connection,
    client: &ClientId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<AuditEntry>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number, at, principal, what, subject, detail FROM audit_log
         WHERE client = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
    )?;
    let before = before.map_or(i64::MAX, capped);
    let rows = statement.query_map(params![client.as_str(), before, limit], |row| {
        let act = Act {
            principal: row.get(2)?,
            what: row.get(3)?,
            subject: row.get(4)?,
            detail: row.get(5)?,
        };
        Ok(AuditEntry { number: row.get(0)?, at: Timestamp(row.get(1)?), act })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
