//! How far reading each shop has come, and until when its orders were complete as of each commit.

use fondaco_model::{ClientId, ShopId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    client::ClientWrite,
    fault::{Fault, capped, decode, encode, stored},
};
use crate::ShopProgress;

/// How far reading a shop has come.
pub fn load(
    connection: &Connection,
    client: &ClientId,
    shop: &ShopId,
) -> Result<ShopProgress, Fault> {
    let json = connection
        .prepare_cached("SELECT progress FROM shop_progress WHERE client = ?1 AND shop = ?2")?
        .query_row([client.as_str(), shop.as_str()], |row| row.get::<_, String>(0))
        .optional()?;
    match json {
        Some(json) => decode(&json, || format!("the progress of shop `{shop}`")),
        None => Ok(ShopProgress::default()),
    }
}

/// Saves it.
pub fn save(
    write: &mut ClientWrite<'_>,
    shop: &ShopId,
    progress: &ShopProgress,
) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO shop_progress (client, shop, progress) VALUES (?1, ?2, ?3)
             ON CONFLICT (client, shop) DO UPDATE SET progress = excluded.progress",
        )?
        .execute(params![write.client.as_str(), shop.as_str(), encode(progress)?])?;
    let known = orders_known_until(write.connection, &write.client, shop, u64::MAX)?;
    if known == progress.orders_known_until {
        return Ok(());
    }
    let commit = write.commit_number();
    write
        .connection
        .prepare_cached(
            "INSERT INTO order_watermarks (client, shop, commit_number, known_until)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            write.client.as_str(),
            shop.as_str(),
            commit,
            progress.orders_known_until.map(stored),
        ])?;
    Ok(())
}

/// Until when a shop's orders were complete as of a commit.
pub fn orders_known_until(
    connection: &Connection,
    client: &ClientId,
    shop: &ShopId,
    commit: u64,
) -> Result<Option<Timestamp>, Fault> {
    let known = connection
        .prepare_cached(
            "SELECT known_until FROM order_watermarks
             WHERE client = ?1 AND shop = ?2 AND commit_number <= ?3
             ORDER BY commit_number DESC LIMIT 1",
        )?
        .query_row(params![client.as_str(), shop.as_str(), capped(commit)], |row| {
            row.get::<_, Option<u64>>(0)
        })
        .optional()?;
    Ok(known.flatten().map(Timestamp))
}
