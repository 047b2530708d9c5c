//! The mirror: what is known of each entity, each row kept with the commit that wrote it.

use fondaco_model::{ClientId, Entity, EntityKey, EntityKind, Event, EventBody, ShopId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    client::ClientWrite,
    fault::{Fault, capped, corrupt, decode, encode},
    history, inbox, outbox, people, progress, shops, telling,
    writer::Verdict,
};
use crate::{MirrorRow, ObserveOutcome, Observed, ObservedRow, RunView};

/// Takes in an observation.
pub fn observe(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    observed: Observed,
) -> Result<Verdict<ObserveOutcome>, Fault> {
    write.belongs_to(observed.trace);
    for (fence, key) in &observed.masked {
        // The fence may have been lifted after it was asked for. Then nobody would read the entity
        // again, so the observation has to be compared anew.
        if !outbox::is_fenced(write.connection, &write.client, fence)? {
            return Ok(Verdict::Undo(ObserveOutcome::Moved));
        }
        mask(write, fence, key)?;
    }
    let Some(mut events) = take_rows(write, at, observed.rows)? else {
        return Ok(Verdict::Undo(ObserveOutcome::Moved));
    };
    let mut customers = people::observe(write, &observed.people)?;
    customers.extend(people::close(write, &observed.accounts_gone)?);
    if !observed.silent {
        for body in customers {
            events.push(write.raise(at, None, body)?);
        }
    }
    if let Some(delivery) = observed.delivery {
        telling::keep_delivery(write, at, delivery)?;
        inbox::remove(write, delivery)?;
    }
    if let Some((shop, progress)) = &observed.progress {
        progress::save(write, shop, progress)?;
    }
    if let Some(step) = &observed.step {
        shops::take_step(write, step)?;
    }
    Ok(Verdict::Keep(ObserveOutcome::Applied(events)))
}

/// Writes the rows that are different, and raises their changes. Nothing, if the mirror has moved
/// on from what one of them was made from.
pub fn take_rows(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    rows: Vec<ObservedRow>,
) -> Result<Option<Vec<Event>>, Fault> {
    let mut events = Vec::new();
    for row in rows {
        let current = newest(write, &row.key)?;
        let sequence = current.as_ref().map_or(0, |(sequence, _)| *sequence);
        if sequence != row.base_sequence {
            return Ok(None);
        }
        let entity = encode(&row.entity)?;
        if current.is_some_and(|(_, stored)| stored == entity) {
            continue;
        }
        let sequence = sequence + 1;
        insert(write, &row.key, sequence, &entity)?;
        keep_sku(write, &row.key, &row.entity)?;
        history::keep_place(write, &row.key, &row.entity)?;
        for change in row.changes {
            let body = EventBody::Changed { key: row.key.clone(), sequence, change };
            events.push(write.raise(at, row.caused_by.clone(), body)?);
        }
    }
    Ok(Some(events))
}

fn newest(write: &ClientWrite<'_>, key: &EntityKey) -> Result<Option<(u64, String)>, Fault> {
    let row = write
        .connection
        .prepare_cached(
            "SELECT sequence, entity FROM mirror_rows
             WHERE client = ?1 AND shop = ?2 AND kind = ?3 AND id = ?4
             ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row(
            params![write.client.as_str(), key.shop.as_str(), key.kind.as_str(), key.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(row)
}

fn insert(
    write: &mut ClientWrite<'_>,
    key: &EntityKey,
    sequence: u64,
    entity: &str,
) -> Result<(), Fault> {
    let commit = write.commit_number();
    write
        .connection
        .prepare_cached(
            "INSERT INTO mirror_rows (client, shop, kind, id, sequence, commit_number, entity)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            write.client.as_str(),
            key.shop.as_str(),
            key.kind.as_str(),
            key.id,
            sequence,
            commit,
            entity,
        ])?;
    Ok(())
}

fn keep_sku(write: &mut ClientWrite<'_>, key: &EntityKey, entity: &Entity) -> Result<(), Fault> {
    let Some(variant) = entity.as_variant() else {
        return Ok(());
    };
    let sku = variant.content.value().and_then(|content| content.sku.as_deref());
    let commit = write.commit_number();
    let client = write.client.as_str();
    write
        .connection
        .prepare_cached(
            "UPDATE variant_skus SET until_commit = ?4
             WHERE client = ?1 AND shop = ?2 AND id = ?3 AND until_commit IS NULL
                 AND sku IS NOT ?5",
        )?
        .execute(params![client, key.shop.as_str(), key.id, commit, sku])?;
    let Some(sku) = sku else { return Ok(()) };
    write
        .connection
        .prepare_cached(
            "INSERT INTO variant_skus (client, sku, shop, id, since_commit)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (
                 SELECT 1 FROM variant_skus
                 WHERE client = ?1 AND shop = ?3 AND id = ?4 AND until_commit IS NULL
             )
             ON CONFLICT (client, sku, shop, id, since_commit) DO UPDATE SET until_commit = NULL",
        )?
        .execute(params![client, sku, key.shop.as_str(), key.id, commit])?;
    Ok(())
}

fn mask(write: &ClientWrite<'_>, fence: &str, key: &EntityKey) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO masked_entities (client, target, shop, kind, id)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            write.client.as_str(),
            fence,
            key.shop.as_str(),
            key.kind.as_str(),
            key.id
        ])?;
    Ok(())
}

/// Takes the entities that a fence has masked, so that they are read again.
pub fn take_masked(write: &ClientWrite<'_>, fence: &str) -> Result<Vec<EntityKey>, Fault> {
    let of_fence = [write.client.as_str(), fence];
    let keys = write
        .connection
        .prepare_cached(
            "SELECT shop, kind, id FROM masked_entities WHERE client = ?1 AND target = ?2
             ORDER BY shop, kind, id",
        )?
        .query_and_then(of_fence, entity_key)?
        .collect::<Result<Vec<_>, Fault>>()?;
    write
        .connection
        .prepare_cached("DELETE FROM masked_entities WHERE client = ?1 AND target = ?2")?
        .execute(of_fence)?;
    Ok(keys)
}

fn entity_key(row: &Row<'_>) -> Result<EntityKey, Fault> {
    let shop = shop(row, 0)?;
    let id: String = row.get(2)?;
    let kind: String = row.get(1)?;
    let kind = match kind.as_str() {
        "variant" => EntityKind::Variant,
        "order" => EntityKind::Order,
        other => {
            return Err(corrupt(
                format!("the kind of entity {id}"),
                format!("there is no {other}"),
            ));
        }
    };
    Ok(EntityKey { shop, kind, id })
}

fn shop(row: &Row<'_>, column: usize) -> Result<ShopId, Fault> {
    ShopId::new(row.get::<_, String>(column)?)
        .map_err(|error| corrupt("a shop's name".to_owned(), error))
}

/// What the mirror has of an entity now.
pub fn current(
    connection: &Connection,
    client: &ClientId,
    key: &EntityKey,
) -> Result<Option<MirrorRow>, Fault> {
    let latest = RunView { client: client.clone(), commit: u64::MAX };
    as_of(connection, &latest, key)
}

/// What the mirror had of an entity as of a commit.
pub fn as_of(
    connection: &Connection,
    view: &RunView,
    key: &EntityKey,
) -> Result<Option<MirrorRow>, Fault> {
    let row = connection
        .prepare_cached(
            "SELECT sequence, entity FROM mirror_rows
             WHERE client = ?1 AND shop = ?2 AND kind = ?3 AND id = ?4 AND commit_number <= ?5
             ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row(
            params![
                view.client.as_str(),
                key.shop.as_str(),
                key.kind.as_str(),
                key.id,
                capped(view.commit),
            ],
            |row| Ok((row.get(0)?, row.get::<_, String>(1)?)),
        )
        .optional()?;
    let Some((sequence, json)) = row else {
        return Ok(None);
    };
    let entity = decode(&json, || format!("row {sequence} of {key}"))?;
    Ok(Some(MirrorRow { sequence, entity }))
}

/// What the mirror had of an entity in one of its rows.
pub fn entity_at(
    connection: &Connection,
    client: &ClientId,
    key: &EntityKey,
    sequence: u64,
) -> Result<Option<Entity>, Fault> {
    let json = connection
        .prepare_cached(
            "SELECT entity FROM mirror_rows
             WHERE client = ?1 AND shop = ?2 AND kind = ?3 AND id = ?4 AND sequence = ?5",
        )?
        .query_row(
            params![
                client.as_str(),
                key.shop.as_str(),
                key.kind.as_str(),
                key.id,
                capped(sequence)
            ],
            |row| row.get::<_, String>(0),
        )
        .optional()?;
    json.map(|json| decode(&json, || format!("row {sequence} of {key}"))).transpose()
}

/// The variants that had an SKU as of a commit.
pub fn variants_by_sku(
    connection: &Connection,
    view: &RunView,
    sku: &str,
) -> Result<Vec<(EntityKey, Entity)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT shop, id FROM variant_skus
         WHERE client = ?1 AND sku = ?2 AND since_commit <= ?3
             AND (until_commit IS NULL OR until_commit > ?3)
         ORDER BY shop, id",
    )?;
    let keys = statement
        .query_and_then(params![view.client.as_str(), sku, capped(view.commit)], |row| {
            Ok(EntityKey::variant(shop(row, 0)?, row.get::<_, String>(1)?))
        })?
        .collect::<Result<Vec<_>, Fault>>()?;
    let mut variants = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(row) = as_of(connection, view, &key)? {
            variants.push((key, row.entity));
        }
    }
    Ok(variants)
}

/// The SKUs that any variant had as of a commit.
pub fn skus(
    connection: &Connection,
    view: &RunView,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, Fault> {
    let sql = match after {
        None => {
            "SELECT DISTINCT sku FROM variant_skus
             WHERE client = ?1 AND ?2 IS NULL AND since_commit <= ?3
                 AND (until_commit IS NULL OR until_commit > ?3)
             ORDER BY sku LIMIT ?4"
        }
        Some(_) => {
            "SELECT DISTINCT sku FROM variant_skus
             WHERE client = ?1 AND sku > ?2 AND since_commit <= ?3
                 AND (until_commit IS NULL OR until_commit > ?3)
             ORDER BY sku LIMIT ?4"
        }
    };
    let mut statement = connection.prepare_cached(sql)?;
    let as_of = capped(view.commit);
    let rows = statement
        .query_map(params![view.client.as_str(), after, as_of, limit], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
