//! `recovery.ready-seconds` and `recovery.caught-up-seconds`: a host is killed while a hundred
//! thousand events wait for a module; how long the next one takes to its first run, and until none
//! waits any more.

use std::{
    collections::BTreeSet,
    sync::OnceLock,
    time::{Duration, Instant},
};

use fondaco::demo::{
    finish::agreed,
    stage::{CLIENT, Stage},
};
use fondaco_model::{Change, ClientId, Entity, EntityKey, OrderChange, ShopId, Timestamp};
use fondaco_store::{ObserveOutcome, Observed, ObservedRow, Store, sqlite::SqliteStore};

use crate::{Bound, Figure, fixture, stage};

/// Events that wait.
const EVENTS: u64 = 100_000;
/// How many are raised in one commit.
const BATCH: u64 = 500;
/// How long everything may take before the bench gives up.
const WITHIN: Duration = Duration::from_secs(1_200);
/// Seconds to the first run.
const READY_BOUND: f64 = 5.0;
/// Seconds until none waits.
const CAUGHT_UP_BOUND: f64 = 300.0;

/// What both rows tell, measured once.
struct Recovery {
    ready: Duration,
    caught_up: Duration,
    handled: u64,
}

pub fn ready() -> Figure {
    let Recovery { ready, .. } = measured();
    Figure {
        value: ready.as_secs_f64(),
        unit: "s",
        bound: Bound::AtMost(READY_BOUND),
        detail: format!("from the start of the process to its first run, {EVENTS} events waiting"),
    }
}

pub fn caught_up() -> Figure {
    let Recovery { caught_up, handled, .. } = measured();
    let seconds = caught_up.as_secs_f64();
    Figure {
        value: seconds,
        unit: "s",
        bound: Bound::AtMost(CAUGHT_UP_BOUND),
        detail: format!(
            "{handled} events of one install, {:.0} a second",
            *handled as f64 / seconds
        ),
    }
}

fn measured() -> &'static Recovery {
    static MEASURED: OnceLock<Recovery> = OnceLock::new();
    MEASURED.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(measure())
    })
}

async fn measure() -> Recovery {
    let stage = stage::set().await;
    let host = stage::serve(&stage);
    stage::until(WITHIN, async || agreed(&stage) && stage::is_quiet(&stage).await).await;
    stage::stop(host).await;
    raise(&stage).await;
    let mut killed = stage::serve(&stage);
    let before = stage_run(&stage).await;
    stage::until(WITHIN, async || stage::last_run(&stage).await > Some(before)).await;
    killed.kill().await.unwrap();

    let began = Instant::now();
    let host = stage::serve(&stage);
    let before = stage_run(&stage).await;
    stage::until(WITHIN, async || stage::last_run(&stage).await > Some(before)).await;
    let ready = began.elapsed();
    let behind = async || {
        let client = stage::client(&stage).await;
        client.map(|client| client.installs.iter().map(|install| install.behind).sum::<u64>())
    };
    let handled = behind().await.unwrap_or_default();
    stage::until(WITHIN, async || behind().await == Some(0)).await;
    let caught_up = began.elapsed();
    stage::stop(host).await;
    stage.strike().await;
    Recovery { ready, caught_up, handled }
}

/// The number of the last run, as soon as the host says it.
async fn stage_run(stage: &Stage) -> u64 {
    let mut last = None;
    stage::until(WITHIN, async || {
        last = stage::last_run(stage).await;
        last.is_some()
    })
    .await;
    last.unwrap_or_default()
}

/// Raises events of orders that no shop has; each is one line of an SKU that none has either, so
/// that nothing is written to a shop because of them.
async fn raise(stage: &Stage) {
    let store = SqliteStore::open(&stage.folder().join("data/fondaco.db")).unwrap();
    let lease = store.lease(&ClientId::new(CLIENT).unwrap(), "bench").await.unwrap();
    let shop = ShopId::new(stage.shops()[0].name()).unwrap();
    let order = fixture::order(1);
    let moment = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    for batch in 0..EVENTS / BATCH {
        let row = |number: u64| ObservedRow {
            key: EntityKey::order(shop.clone(), (1_000_000 + batch * BATCH + number).to_string()),
            base_sequence: 0,
            entity: Entity::Order(order.clone()),
            changes: vec![Change::Order(BTreeSet::from([OrderChange::Placed]))],
            caused_by: None,
        };
        let observed = Observed { rows: (0..BATCH).map(row).collect(), ..Observed::default() };
        let outcome = store.observe(&lease, Timestamp(moment), observed).await.unwrap();
        assert!(matches!(outcome, ObserveOutcome::Applied(_)));
    }
    store.close().await;
}
