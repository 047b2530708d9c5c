//! How far comparing shops with the mirror has come, and since when nothing was heard of them.

use fondaco_model::{ClientId, ShopId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    client::ClientWrite,
    fault::{Fault, capped, decode, encode, stored},
    writer::Verdict,
};
use crate::{ListedKind, Reconciliation, ReconciliationStep};

/// The comparison of a shop.
pub fn reconciliation(
    connection: &Connection,
    client: &ClientId,
    shop: &ShopId,
) -> Result<Option<Reconciliation>, Fault> {
    let json = connection
        .prepare_cached(
            "SELECT reconciliation FROM reconciliations WHERE client = ?1 AND shop = ?2",
        )?
        .query_row([client.as_str(), shop.as_str()], |row| row.get::<_, String>(0))
        .optional()?;
    json.map(|json| decode(&json, || format!("the reconciliation of shop `{shop}`"))).transpose()
}

/// Takes a step of a comparison.
pub fn take_step(write: &ClientWrite<'_>, step: &ReconciliationStep) -> Result<(), Fault> {
    let (client, shop) = (write.client.as_str(), step.shop.as_str());
    for (kind, id) in &step.listed {
        write
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO reconciliation_listed (client, shop, kind, id)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![client, shop, kind.as_str(), id])?;
    }
    write
        .connection
        .prepare_cached(
            "INSERT INTO reconciliations (client, shop, reconciliation) VALUES (?1, ?2, ?3)
             ON CONFLICT (client, shop) DO UPDATE SET reconciliation = excluded.reconciliation",
        )?
        .execute(params![client, shop, encode(&step.reconciliation)?])?;
    Ok(())
}

/// What is known of a kind and was not seen listed.
pub fn unlisted(
    connection: &Connection,
    client: &ClientId,
    shop: &ShopId,
    kind: ListedKind,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, Fault> {
    let (client, shop, after) = (client.as_str(), shop.as_str(), after.unwrap_or_default());
    let id = |row: &Row<'_>| row.get(0);
    let part = match kind {
        ListedKind::Variant => "$.variant.content.is",
        ListedKind::Order => "$.order.head.is",
        ListedKind::Customer => {
            let mut statement = connection.prepare_cached(ACCOUNTS)?;
            let rows = statement.query_map(params![client, shop, after, limit], id)?;
            return Ok(rows.collect::<rusqlite::Result<_>>()?);
        }
    };
    let mut statement = connection.prepare_cached(MIRRORED)?;
    let rows = statement.query_map(params![client, shop, after, limit, kind.as_str(), part], id)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const MIRRORED: &str = "SELECT id FROM mirror_rows AS this
     WHERE client = ?1 AND shop = ?2 AND kind = ?5 AND id > ?3
         AND NOT EXISTS (
             SELECT 1 FROM reconciliation_listed AS listed
             WHERE listed.client = this.client AND listed.shop = this.shop
                 AND listed.kind = this.kind AND listed.id = this.id)
         AND sequence = (
             SELECT max(sequence) FROM mirror_rows AS newest
             WHERE newest.client = this.client AND newest.shop = this.shop
                 AND newest.kind = this.kind AND newest.id = this.id)
         AND entity ->> ?6 = 'known'
     ORDER BY id LIMIT ?4";

const ACCOUNTS: &str = "SELECT person FROM personal_values AS this
     WHERE client = ?1 AND shop = ?2 AND person > ?3 AND source = 'account' AND gone = 0
         AND NOT EXISTS (
             SELECT 1 FROM reconciliation_listed AS listed
             WHERE listed.client = this.client AND listed.shop = this.shop
                 AND listed.kind = 'customer' AND listed.id = this.person)
     ORDER BY person LIMIT ?4";

/// Forgets some of what was seen listed; says how many.
pub fn forget_listed(
    write: &ClientWrite<'_>,
    shop: &ShopId,
    limit: u32,
) -> Result<Verdict<u64>, Fault> {
    let forgotten = write
        .connection
        .prepare_cached(
            "DELETE FROM reconciliation_listed WHERE (client, shop, kind, id) IN (
                 SELECT client, shop, kind, id FROM reconciliation_listed
                 WHERE client = ?1 AND shop = ?2 LIMIT ?3)",
        )?
        .execute(params![write.client.as_str(), shop.as_str(), limit])?;
    Ok(Verdict::Keep(forgotten as u64))
}

/// Puts off what waits for a shop; says how many actions that are.
pub fn put_off(
    write: &ClientWrite<'_>,
    shop: &ShopId,
    until: Timestamp,
    reason: &str,
) -> Result<Verdict<u64>, Fault> {
    let put_off = write
        .connection
        .prepare_cached(
            "UPDATE actions SET due_at = ?3, last_reason = ?4
             WHERE client = ?1 AND state = 'waiting' AND due_at < ?3
                 AND json_extract(kind, '$.shop') = ?2",
        )?
        .execute(params![write.client.as_str(), shop.as_str(), stored(until), reason])?;
    Ok(Verdict::Keep(put_off as u64))
}

/// Notes since when nothing was heard of a shop; says whether that is new.
pub fn note_silence(
    write: &mut ClientWrite<'_>,
    shop: &ShopId,
    since: Option<Timestamp>,
) -> Result<Verdict<bool>, Fault> {
    let known = silent_since(write.connection, &write.client, shop, u64::MAX)?;
    if known == since {
        return Ok(Verdict::Undo(false));
    }
    let commit = write.commit_number();
    write
        .connection
        .prepare_cached(
            "INSERT INTO shop_silences (client, shop, commit_number, since)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![write.client.as_str(), shop.as_str(), commit, since.map(stored)])?;
    Ok(Verdict::Keep(true))
}

/// Since when nothing was heard of a shop, as of a commit.
pub fn silent_since(
    connection: &Connection,
    client: &ClientId,
    shop: &ShopId,
    commit: u64,
) -> Result<Option<Timestamp>, Fault> {
    let since = connection
        .prepare_cached(
            "SELECT since FROM shop_silences
             WHERE client = ?1 AND shop = ?2 AND commit_number <= ?3
             ORDER BY commit_number DESC LIMIT 1",
        )?
        .query_row(params![client.as_str(), shop.as_str(), capped(commit)], |row| {
            row.get::<_, Option<u64>>(0)
        })
        .optional()?;
    Ok(since.flatten().map(Timestamp))
}
