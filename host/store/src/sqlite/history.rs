//! The orders of a shop as a new install hears of them: in the order in which they were placed, as
//! they were when it began, some at a time.

use fondaco_model::{
    ClientId, Entity, EntityKey, Timestamp,
    hear::{BackfillRange, OrderPlace},
};
use rusqlite::{Connection, Row, params};

use super::{
    client::ClientWrite,
    fault::{Fault, capped, stored},
    mirror,
};
use crate::{RunView, limits};

/// Notes where an order stands in its shop's history, once that is known.
pub fn keep_place(
    write: &mut ClientWrite<'_>,
    key: &EntityKey,
    entity: &Entity,
) -> Result<(), Fault> {
    let Some(head) = entity.as_order().and_then(|order| order.head.value()) else {
        return Ok(());
    };
    let commit = write.commit_number();
    write
        .connection
        .prepare_cached(
            "INSERT INTO order_places (client, shop, placed_at, id, since_commit)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            write.client.as_str(),
            key.shop.as_str(),
            stored(head.placed_at),
            key.id,
            commit,
        ])?;
    Ok(())
}

/// Finds where a page that begins after an order ends, and whether there is another one.
pub fn take_page(write: &ClientWrite<'_>, range: &mut BackfillRange) -> Result<(), Fault> {
    let (placed_at, id) = begins(range);
    let mut statement = write.connection.prepare_cached(
        "SELECT placed_at, id FROM order_places
         WHERE client = ?1 AND shop = ?2 AND (placed_at, id) > (?3, ?4) AND since_commit <= ?5
         ORDER BY placed_at, id LIMIT ?6",
    )?;
    // One more than a page tells whether there is another.
    let limit = limits::BACKFILL_ORDERS_MAX + 1;
    let of_page = params![
        write.client.as_str(),
        range.shop.as_str(),
        placed_at,
        id,
        capped(range.as_of),
        limit
    ];
    let mut places =
        statement.query_map(of_page, place)?.collect::<rusqlite::Result<Vec<OrderPlace>>>()?;
    range.last = places.len() <= limits::BACKFILL_ORDERS_MAX;
    places.truncate(limits::BACKFILL_ORDERS_MAX);
    range.until = places.pop();
    Ok(())
}

/// The orders of a page, as they were as of its commit.
pub fn orders(
    connection: &Connection,
    client: ClientId,
    range: &BackfillRange,
) -> Result<Vec<(EntityKey, Entity)>, Fault> {
    let Some(until) = &range.until else {
        return Ok(Vec::new());
    };
    let (placed_at, id) = begins(range);
    let mut statement = connection.prepare_cached(
        "SELECT id FROM order_places
         WHERE client = ?1 AND shop = ?2 AND (placed_at, id) > (?3, ?4)
             AND (placed_at, id) <= (?5, ?6) AND since_commit <= ?7
         ORDER BY placed_at, id",
    )?;
    let of_page = params![
        client.as_str(),
        range.shop.as_str(),
        placed_at,
        id,
        stored(until.placed_at),
        until.id,
        capped(range.as_of),
    ];
    let ids = statement
        .query_map(of_page, |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    let view = RunView { client, commit: range.as_of };
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids {
        let key = EntityKey::order(range.shop.clone(), id);
        if let Some(row) = mirror::as_of(connection, &view, &key)? {
            orders.push((key, row.entity));
        }
    }
    Ok(orders)
}

/// The place that a page begins after; the first one begins after all that could be.
fn begins(range: &BackfillRange) -> (i64, &str) {
    range.after.as_ref().map_or((-1, ""), |after| (stored(after.placed_at), after.id.as_str()))
}

fn place(row: &Row<'_>) -> rusqlite::Result<OrderPlace> {
    Ok(OrderPlace { placed_at: Timestamp(row.get(0)?), id: row.get(1)? })
}
