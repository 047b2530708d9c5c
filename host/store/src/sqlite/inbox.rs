//! The inbox: what came from the shops and is not worked in yet. Bodies name people, so they lie
//! here sealed, as do those of dead deliveries.

use fondaco_model::{ClientId, ShopId, Timestamp, TraceId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    client::ClientWrite,
    fault::{Fault, capped, corrupt, stored},
    vault::Vault,
    writer::Verdict,
};
use crate::{DeadDelivery, Delivery, Lease, NewDelivery, StoreError, limits};

/// Puts a delivery in, whose body is sealed already. Shops wait for this, so there is no savepoint: if the last statement fails,
/// all that is left is a number that was not used. And there is no `RETURNING`, for which SQLite
/// makes a table each time: it took as long as all the rest together.
pub fn accept(
    connection: &Connection,
    lease: Lease,
    delivery: &NewDelivery,
) -> Result<Verdict<u64>, Fault> {
    let last = connection
        .prepare_cached("SELECT last_delivery FROM clients WHERE client = ?1 AND epoch = ?2")?
        .query_row(params![lease.client.as_str(), lease.epoch], |row| row.get::<_, u64>(0))
        .optional()?;
    let Some(last) = last else {
        return Err(StoreError::LeaseLost { client: lease.client }.into());
    };
    let number = last + 1;
    connection
        .prepare_cached("UPDATE clients SET last_delivery = ?2 WHERE client = ?1")?
        .execute(params![lease.client.as_str(), number])?;
    connection
        .prepare_cached(
            "INSERT INTO deliveries (client, number, shop, topic, received_at, body, trace)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            lease.client.as_str(),
            number,
            delivery.shop.as_str(),
            delivery.topic,
            stored(delivery.received_at),
            delivery.body,
            delivery.trace.bytes(),
        ])?;
    Ok(Verdict::Keep(number))
}

/// The oldest deliveries; fewer if they are large.
pub fn deliveries(
    connection: &Connection,
    vault: &Vault,
    client: &ClientId,
    after: u64,
    limit: u32,
) -> Result<Vec<Delivery>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number, shop, topic, received_at, trace, body FROM deliveries
         WHERE client = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
    )?;
    let mut rows = statement.query(params![client.as_str(), capped(after), limit])?;
    let mut deliveries = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let Delivered { number, shop, topic, received_at, trace } = delivered(row)?;
        let body: Vec<u8> = row.get(5)?;
        bytes += body.len();
        if bytes > limits::DELIVERIES_BYTES_MAX && !deliveries.is_empty() {
            break;
        }
        let body = vault.open_body(client, &shop, &topic, body)?;
        let delivery = NewDelivery { shop, topic, received_at, trace, body };
        deliveries.push(Delivery { number, delivery });
    }
    Ok(deliveries)
}

/// Keeps a delivery apart that another site sent, whose body is sealed already, and forgets the
/// oldest of those where there are too many.
pub fn keep_apart(
    write: &ClientWrite<'_>,
    delivery: &NewDelivery,
    site: &str,
) -> Result<u64, Fault> {
    let client = write.client.as_str();
    let number: u64 = write
        .connection
        .prepare_cached(
            "UPDATE clients SET last_delivery = last_delivery + 1 WHERE client = ?1
             RETURNING last_delivery",
        )?
        .query_row([client], |row| row.get(0))?;
    let NewDelivery { shop, topic, received_at, trace, body } = delivery;
    let reason = format!("`{site}` sent it, which is not the shop but a copy of it");
    write
        .connection
        .prepare_cached(
            "INSERT INTO dead_deliveries
                 (client, number, shop, topic, received_at, trace, body, reason, site)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            client,
            number,
            shop.as_str(),
            topic,
            stored(*received_at),
            trace.bytes(),
            body,
            reason,
            site,
        ])?;
    write
        .connection
        .prepare_cached(
            "DELETE FROM dead_deliveries WHERE client = ?1 AND number IN (
                 SELECT number FROM dead_deliveries
                 WHERE client = ?1 AND shop = ?2 AND site IS NOT NULL
                 ORDER BY number DESC LIMIT -1 OFFSET ?3)",
        )?
        .execute(params![client, shop.as_str(), limits::FOREIGN_DELIVERIES_KEPT_MAX])?;
    Ok(number)
}

/// Takes a delivery out, because it was worked in.
pub fn remove(write: &ClientWrite<'_>, delivery: u64) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached("DELETE FROM deliveries WHERE client = ?1 AND number = ?2")?
        .execute(params![write.client.as_str(), capped(delivery)])?;
    Ok(())
}

/// Takes a delivery out and keeps it with the reason. One that is not in the inbox is left alone.
pub fn bury(write: &ClientWrite<'_>, delivery: u64, reason: &str) -> Result<Verdict<()>, Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO dead_deliveries
                 (client, number, shop, topic, received_at, trace, body, reason)
             SELECT client, number, shop, topic, received_at, trace, body, ?3 FROM deliveries
             WHERE client = ?1 AND number = ?2",
        )?
        .execute(params![write.client.as_str(), capped(delivery), reason])?;
    remove(write, delivery)?;
    Ok(Verdict::Keep(()))
}

/// The dead deliveries, newest first.
pub fn dead_deliveries(
    connection: &Connection,
    client: &ClientId,
    limit: u32,
) -> Result<Vec<DeadDelivery>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number, shop, topic, received_at, trace, reason, site FROM dead_deliveries
         WHERE client = ?1 ORDER BY number DESC LIMIT ?2",
    )?;
    let rows = statement.query_and_then(params![client.as_str(), limit], |row| {
        let Delivered { number, shop, topic, received_at, trace } = delivered(row)?;
        let (reason, site) = (row.get(5)?, row.get(6)?);
        Ok(DeadDelivery { number, shop, topic, received_at, trace, reason, site })
    })?;
    rows.collect()
}

/// The bodies of a shop's dead deliveries.
pub fn dead_bodies(
    connection: &Connection,
    vault: &Vault,
    client: &ClientId,
    shop: &ShopId,
) -> Result<Vec<(u64, Vec<u8>)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number, topic, body FROM dead_deliveries WHERE client = ?1 AND shop = ?2",
    )?;
    let rows = statement.query_and_then([client.as_str(), shop.as_str()], |row| {
        let topic: String = row.get(1)?;
        Ok((row.get(0)?, vault.open_body(client, shop, &topic, row.get(2)?)?))
    })?;
    rows.collect()
}

/// Deletes a dead delivery.
pub fn delete_dead(write: &ClientWrite<'_>, number: u64) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached("DELETE FROM dead_deliveries WHERE client = ?1 AND number = ?2")?
        .execute(params![write.client.as_str(), capped(number)])?;
    Ok(())
}

/// What both tables tell of a delivery.
struct Delivered {
    number: u64,
    shop: ShopId,
    topic: String,
    received_at: Timestamp,
    trace: TraceId,
}

fn delivered(row: &Row<'_>) -> Result<Delivered, Fault> {
    let number = row.get(0)?;
    let shop = ShopId::new(row.get::<_, String>(1)?)
        .map_err(|error| corrupt(format!("the shop of delivery {number}"), error))?;
    let (received_at, trace) = (Timestamp(row.get(3)?), TraceId::of_random(row.get(4)?));
    Ok(Delivered { number, shop, topic: row.get(2)?, received_at, trace })
}
