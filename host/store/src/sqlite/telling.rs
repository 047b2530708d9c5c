//! What is told of a client's work: a trace's whole story, and figures.

use fondaco_model::{ClientId, InstallId, ShopId, Timestamp, TraceId};
use rusqlite::{Connection, Row, params};

use super::{
    client::ClientWrite,
    fault::{Fault, capped, corrupt, decode, stored},
    outbox,
};
use crate::{
    Counter, DeliveryPlace, OldestAction, RunRecord, RunTime, TraceStory, TracedDelivery,
    limits::COUNTER_HOURS_KEPT, telling::hour_of,
};

/// Everything under a trace's id.
pub fn trace(
    connection: &Connection,
    client: &ClientId,
    trace: &TraceId,
    limit: u32,
) -> Result<TraceStory, Fault> {
    let of_trace = params![client.as_str(), trace.bytes(), limit];
    let events = connection
        .prepare_cached(
            "SELECT number, event FROM events WHERE client = ?1 AND trace = ?2
             ORDER BY number LIMIT ?3",
        )?
        .query_and_then(of_trace, |row| {
            let number: u64 = row.get(0)?;
            decode(&row.get::<_, String>(1)?, || format!("event {number}"))
        })?
        .collect::<Result<_, Fault>>()?;
    let runs = connection
        .prepare_cached(
            "SELECT install, number, record FROM runs WHERE client = ?1 AND trace = ?2
             ORDER BY commit_number LIMIT ?3",
        )?
        .query_and_then(of_trace, record)?
        .collect::<Result<_, Fault>>()?;
    let actions = concat!(
        "SELECT ",
        outbox::action_columns!(),
        " FROM actions WHERE client = ?1 AND trace = ?2 ORDER BY number LIMIT ?3"
    );
    let actions = connection
        .prepare_cached(actions)?
        .query_and_then(of_trace, |row| outbox::action_of(client, row))?
        .collect::<Result<_, Fault>>()?;
    let deliveries = deliveries(connection, client, trace)?;
    Ok(TraceStory { deliveries, events, runs, actions })
}

/// A run's record, of a row with its install, number and record.
pub fn record(row: &Row<'_>) -> Result<RunRecord, Fault> {
    let (install, number): (String, u64) = (row.get(0)?, row.get(1)?);
    decode(&row.get::<_, String>(2)?, || format!("run {number} of install `{install}`"))
}

/// The deliveries of a trace. Only people ask for one, so the inbox has no index for it, which every
/// delivery would pay for.
fn deliveries(
    connection: &Connection,
    client: &ClientId,
    trace: &TraceId,
) -> Result<Vec<TracedDelivery>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number, shop, topic, received_at, done_at, NULL FROM past_deliveries
         WHERE client = ?1 AND trace = ?2
         UNION ALL
         SELECT number, shop, topic, received_at, NULL, reason FROM dead_deliveries
         WHERE client = ?1 AND trace = ?2
         UNION ALL
         SELECT number, shop, topic, received_at, NULL, NULL FROM deliveries
         WHERE client = ?1 AND trace = ?2
         ORDER BY 1",
    )?;
    let rows = statement.query_and_then(params![client.as_str(), trace.bytes()], |row| {
        let number = row.get(0)?;
        let shop = ShopId::new(row.get::<_, String>(1)?)
            .map_err(|error| corrupt(format!("the shop of delivery {number}"), error))?;
        let (done_at, reason) = (row.get::<_, Option<u64>>(4)?, row.get::<_, Option<String>>(5)?);
        let place = match (done_at, reason) {
            (Some(at), _) => DeliveryPlace::Done { at: Timestamp(at) },
            (None, Some(reason)) => DeliveryPlace::Dead { reason },
            (None, None) => DeliveryPlace::Waiting,
        };
        let received_at = Timestamp(row.get(3)?);
        Ok(TracedDelivery { number, shop, topic: row.get(2)?, received_at, place })
    })?;
    rows.collect()
}

/// When the last delivery of each topic came from a shop. Only people ask, so there is no index.
pub fn last_deliveries(
    connection: &Connection,
    client: &ClientId,
    shop: &ShopId,
) -> Result<Vec<(String, Timestamp)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT topic, max(received_at) FROM (
             SELECT topic, received_at FROM past_deliveries WHERE client = ?1 AND shop = ?2
             UNION ALL
             SELECT topic, received_at FROM dead_deliveries
             WHERE client = ?1 AND shop = ?2 AND site IS NULL
             UNION ALL
             SELECT topic, received_at FROM deliveries WHERE client = ?1 AND shop = ?2)
         GROUP BY topic ORDER BY topic",
    )?;
    let last = |row: &Row<'_>| Ok((row.get(0)?, Timestamp(row.get(1)?)));
    let rows = statement.query_map([client.as_str(), shop.as_str()], last)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One run.
pub fn run(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
    number: u64,
) -> Result<Option<RunRecord>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT install, number, record FROM runs
         WHERE client = ?1 AND install = ?2 AND number = ?3",
    )?;
    let mut rows = statement
        .query_and_then(params![client.as_str(), install.as_str(), capped(number)], record)?;
    rows.next().transpose()
}

/// The times of an install's last runs, newest first.
pub fn run_times(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
    limit: u32,
) -> Result<Vec<RunTime>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT record ->> '$.used.used.wall-ms', record ->> '$.result.result' = 'failed'
         FROM runs WHERE client = ?1 AND install = ?2
             AND record ->> '$.result.result' <> 'skipped'
         ORDER BY number DESC LIMIT ?3",
    )?;
    let rows = statement.query_map(params![client.as_str(), install.as_str(), limit], |row| {
        let microseconds = row.get::<_, Option<u64>>(0)?.unwrap_or(0);
        Ok(RunTime { microseconds, failed: row.get(1)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Counts something of an install, in this commit.
pub fn count(
    write: &ClientWrite<'_>,
    at: Timestamp,
    install: &InstallId,
    counter: Counter,
    count: u64,
) -> Result<(), Fault> {
    if count == 0 {
        return Ok(());
    }
    let (client, install, counter) = (write.client.as_str(), install.as_str(), counter.as_str());
    let hour = hour_of(at);
    write
        .connection
        .prepare_cached(
            "INSERT INTO install_counters (client, install, counter, hour, count)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (client, install, counter, hour)
             DO UPDATE SET count = count + excluded.count",
        )?
        .execute(params![client, install, counter, hour, capped(count)])?;
    write
        .connection
        .prepare_cached(
            "DELETE FROM install_counters
             WHERE client = ?1 AND install = ?2 AND counter = ?3 AND hour < ?4",
        )?
        .execute(params![client, install, counter, hour.saturating_sub(COUNTER_HOURS_KEPT)])?;
    Ok(())
}

/// What was counted of an install since an hour.
pub fn counted(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
    counter: Counter,
    since_hour: u64,
) -> Result<u64, Fault> {
    let count = connection
        .prepare_cached(
            "SELECT coalesce(sum(count), 0) FROM install_counters
             WHERE client = ?1 AND install = ?2 AND counter = ?3 AND hour >= ?4",
        )?
        .query_row(
            params![client.as_str(), install.as_str(), counter.as_str(), capped(since_hour)],
            |row| row.get(0),
        )?;
    Ok(count)
}

/// The oldest action for each shop that has not ended.
pub fn oldest_actions(
    connection: &Connection,
    client: &ClientId,
) -> Result<Vec<OldestAction>, Fault> {
    // With `min`, the other columns are those of the row that has it.
    let mut statement = connection.prepare_cached(
        "SELECT shop, install, min(proposed_at) FROM (
             SELECT kind ->> '$.shop' AS shop, install, proposed_at FROM actions
             WHERE client = ?1 AND state = 'waiting'
             UNION ALL
             SELECT kind ->> '$.shop' AS shop, install, proposed_at FROM actions
             WHERE client = ?1 AND state = 'sending'
         ) WHERE shop IS NOT NULL GROUP BY shop ORDER BY shop",
    )?;
    let rows = statement.query_and_then([client.as_str()], |row| {
        let what = || "an action's shop or install".to_owned();
        let shop = ShopId::new(row.get::<_, String>(0)?).map_err(|error| corrupt(what(), error))?;
        let install =
            InstallId::new(row.get::<_, String>(1)?).map_err(|error| corrupt(what(), error))?;
        Ok(OldestAction { shop, install, proposed_at: Timestamp(row.get(2)?) })
    })?;
    rows.collect()
}

/// Keeps of a delivery that was worked in what its trace begins with.
pub fn keep_delivery(write: &ClientWrite<'_>, at: Timestamp, number: u64) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO past_deliveries
                 (client, trace, number, shop, topic, received_at, done_at)
             SELECT client, trace, number, shop, topic, received_at, ?3 FROM deliveries
             WHERE client = ?1 AND number = ?2",
        )?
        .execute(params![write.client.as_str(), capped(number), stored(at)])?;
    Ok(())
}
