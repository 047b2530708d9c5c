//! `store.growth-bytes-per-1000-orders`: how much the database's file grows by a thousand orders
//! that take the whole road: webhooks, the mirror, events, runs of `stock-sync`, its writes to the
//! other shop, and their outcomes. And `host.idle-resident-bytes`: what the host's process keeps in
//! memory when it has nothing to do.

use std::time::Duration;

use fondaco::demo::{finish::agreed, stage::Stage};
use fondaco_shopsim::{Customer, CustomerOptions};
use tokio::process::Child;

use crate::{Bound, Figure, stage};

/// Orders that are placed.
const ORDERS: u32 = 1_000;
/// How many in a second: as many as the simulated shops tell of one by one.
const ORDERS_PER_SECOND: f64 = 50.0;
/// Bytes that a thousand orders may take.
const GROWTH_BOUND: f64 = 60e6;
/// Bytes that an idle host may have in memory.
const IDLE_BOUND: f64 = 150e6;
/// How long things may take to come to rest.
const QUIET_WITHIN: Duration = Duration::from_secs(300);

pub fn bytes_per_1000_orders() -> Figure {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (stage, host) = at_rest().await;
        let before = file_bytes(&stage);
        let options = CustomerOptions { orders_per_second: ORDERS_PER_SECOND, cancel_share: 0.1 };
        let customer = Customer::new(stage.shops().to_vec(), 3, options);
        let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / ORDERS_PER_SECOND));
        for _ in 0..ORDERS {
            pace.tick().await;
            customer.step().unwrap();
        }
        stage::until(QUIET_WITHIN, async || agreed(&stage) && stage::is_quiet(&stage).await).await;
        let after = file_bytes(&stage);
        let events = stage::client(&stage).await.unwrap().events;
        stage::stop(host).await;
        stage.strike().await;
        Figure {
            value: (after - before) as f64 * 1_000.0 / f64::from(ORDERS),
            unit: "bytes",
            bound: Bound::AtMost(GROWTH_BOUND),
            detail: format!(
                "{ORDERS} orders on two shops, {events} events: from {:.1} to {:.1} MiB",
                before as f64 / f64::from(1 << 20),
                after as f64 / f64::from(1 << 20)
            ),
        }
    })
}

pub fn idle_bytes() -> Figure {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (stage, host) = at_rest().await;
        let resident = resident_bytes(host.id().unwrap());
        stage::stop(host).await;
        stage.strike().await;
        Figure {
            value: resident as f64,
            unit: "bytes",
            bound: Bound::AtMost(IDLE_BOUND),
            detail: format!(
                "{:.1} MiB with one client, two shops and stock-sync, imported and at rest",
                resident as f64 / f64::from(1 << 20)
            ),
        }
    })
}

/// A host that has brought the shops into step and has nothing to do.
async fn at_rest() -> (Stage, Child) {
    let stage = stage::set().await;
    let host = stage::serve(&stage);
    stage::until(QUIET_WITHIN, async || agreed(&stage) && stage::is_quiet(&stage).await).await;
    (stage, host)
}

/// The size of the database once everything is moved out of the write-ahead log.
fn file_bytes(stage: &Stage) -> u64 {
    let path = stage.folder().join("data/fondaco.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    // A row: whether it was busy, and how many pages there were and were moved.
    let moved: (i64, i64, i64) = database
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(moved.0, 0, "the log could not be moved");
    std::fs::metadata(&path).unwrap().len()
}

/// What of a process is in memory.
fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes * 1024
}
