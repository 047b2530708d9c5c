//! What the engine makes of the disk: events that wait in a store are handled by a guest that writes
//! one value of its state, from the event to the run's commit.
//!
//! - `engine.events-per-second`, and `engine.events-ratio` of it to a raw loop that writes the same
//!   rows into the same tables with the same guarantee, as many runs in each transaction as an
//!   install has under way.
//! - `engine.contention-ratio`: all runs read and write one key, against none meeting another. Runs
//!   that meet are done one after the other, each with a commit of its own, so this cannot be much
//!   more than one over the number of runs under way.
//! - `engine.recording-ratio`: the raw loop with the runs' records against without them. The engine
//!   has no switch for it, and must not.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use fondaco_egress::{Egress, EgressConfig, EgressPolicy};
use fondaco_engine::{
    Engine, limits,
    setup::{ClientSetup, InstallSetup, Mode, ShadowState},
};
use fondaco_model::{Change, ClientId, Entity, EntityKey, InstallId, OrderChange, Timestamp};
use fondaco_sandbox::{Grants, Input, Module, Sandbox, SandboxConfig};
use fondaco_store::{Observed, ObservedRow, Store, sqlite::SqliteStore};
use jiff::tz::TimeZone;
use tokio::runtime::Runtime;

use crate::{
    Bound, Figure,
    fixture::{component, order_call},
    intake::keeping,
    median,
};

/// Events of a turn.
const EVENTS: u64 = 4_000;
/// Events that are taken in with one commit, before the measurement.
const EVENTS_TOGETHER: u64 = 500;
/// Turns of each side.
const TURNS: usize = 3;
/// How often it is looked whether all are handled.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Events per second that must be reached.
const RATE_BOUND: f64 = 500.0;
/// The ratio to the raw loop that must be reached. The engine takes some 0.3 ms of a processor for an
/// event, whatever the disk; the loop takes next to none, so the faster a disk syncs the lower this is.
const RATIO_BOUND: f64 = 0.2;
/// The ratio of runs that meet to runs that do not that must be reached.
const CONTENTION_BOUND: f64 = 0.08;
/// The ratio of the raw loop with records to the one without that must be reached.
const RECORDING_BOUND: f64 = 0.6;

/// Reads a key that nobody writes and writes one that nobody reads.
const APART: &str = r#"{"steps": [["get-silently", "read"], ["set", "written", "12"]]}"#;
/// Reads and writes one key.
const TOGETHER: &str = r#"{"steps": [["get-silently", "both"], ["set", "both", "12"]]}"#;

pub fn rate() -> Figure {
    let module = module();
    let rates: Vec<_> = (0..TURNS).map(|_| engine_rate(&module, APART).0).collect();
    let rate = median(rates);
    Figure {
        value: rate,
        unit: "1/s",
        bound: Bound::AtLeast(RATE_BOUND),
        detail: format!("{EVENTS} events, {} runs under way", limits::RUNS_PER_INSTALL_MAX),
    }
}

pub fn ratio() -> Figure {
    let module = module();
    let (mut engine, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let (rate, record) = engine_rate(&module, APART);
        engine.push(rate);
        raw.push(raw_rate(Some(&record)));
    }
    compare(("events/s", engine), ("raw runs/s", raw), RATIO_BOUND)
}

pub fn contention() -> Figure {
    let module = module();
    let (mut together, mut apart) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        together.push(engine_rate(&module, TOGETHER).0);
        apart.push(engine_rate(&module, APART).0);
    }
    compare(("events/s on one key", together), ("on none", apart), CONTENTION_BOUND)
}

pub fn recording() -> Figure {
    let (_, record) = engine_rate(&module(), APART);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        with.push(raw_rate(Some(&record)));
        without.push(raw_rate(None));
    }
    compare(("raw runs/s recorded", with), ("not recorded", without), RECORDING_BOUND)
}

fn compare((what, these): (&str, Vec<f64>), (than, those): (&str, Vec<f64>), bound: f64) -> Figure {
    let (these, those) = (median(these), median(those));
    Figure {
        value: these / those,
        unit: "ratio",
        bound: Bound::AtLeast(bound),
        detail: format!("{these:.0} {what}, {those:.0} {than}"),
    }
}

fn client() -> ClientId {
    ClientId::new("rossi").unwrap()
}

fn install() -> InstallId {
    InstallId::new("bench").unwrap()
}

fn module() -> Module {
    let sandbox = Sandbox::new(SandboxConfig::default()).unwrap();
    sandbox.load(&component("probe"), &Grants::all()).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")).unwrap()
}

/// Events handled per second, and the record of one run.
fn engine_rate(module: &Module, settings: &str) -> (f64, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = folder();
    let path = folder.path().join("fondaco.db");
    let runtime = Runtime::new().unwrap();
    let rate = runtime.block_on(async {
        let store = filled(&path).await;
        let egress = Egress::new(EgressConfig::default()).unwrap();
        let began = Instant::now();
        let setups = vec![setup(module, settings)];
        let shared: Arc<dyn Store> = Arc::clone(&store) as _;
        let engine = Engine::start(setups, shared, egress, keeping(&path), "bench");
        let engine = engine.await.unwrap();
        loop {
            let progress = store.install_progress(&client(), &install()).await.unwrap();
            if progress.unwrap().event == EVENTS {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let took = began.elapsed();
        assert!(engine.stop().await);
        store.close().await;
        EVENTS as f64 / took.as_secs_f64()
    });
    let connection = rusqlite::Connection::open(&path).unwrap();
    let written: u64 =
        connection.query_row("SELECT count(*) FROM state_rows", [], |row| row.get(0)).unwrap();
    assert_eq!(written, EVENTS, "every run has written");
    let record =
        connection.query_row("SELECT record FROM runs LIMIT 1", [], |row| row.get(0)).unwrap();
    (rate, record)
}

/// A store with an install that has heard nothing, and events of as many orders.
async fn filled(path: &Path) -> Arc<SqliteStore> {
    let store = SqliteStore::open(path).unwrap();
    let lease = store.lease(&client(), "bench").await.unwrap();
    store.install(&lease, &install()).await.unwrap();
    let call = order_call(&client(), &Arc::from("{}"));
    let Input::Order { key, order, .. } = call.input else { unreachable!("it hears of an order") };
    for first in (0..EVENTS).step_by(usize::try_from(EVENTS_TOGETHER).unwrap()) {
        let row = |number: u64| ObservedRow {
            key: EntityKey::order(key.shop.clone(), number.to_string()),
            base_sequence: 0,
            entity: Entity::Order(order.clone()),
            changes: vec![Change::Order([OrderChange::Placed].into())],
            caused_by: None,
        };
        let rows = (first..first + EVENTS_TOGETHER).map(row).collect();
        let observed = Observed { rows, ..Observed::default() };
        store.observe(&lease, Timestamp(1_800_000_000_000), observed).await.unwrap();
    }
    Arc::new(store)
}

/// A client with the module and no shop, so that nothing else works.
fn setup(module: &Module, settings: &str) -> ClientSetup {
    let setup = InstallSetup {
        module: module.clone(),
        mode: Mode::Live,
        shadow_state: ShadowState::Discard,
        time_zone: TimeZone::UTC,
        settings: Arc::from(settings),
        schedules: [].into(),
        egress: Arc::new(EgressPolicy::new(Vec::new(), [].into())),
    };
    ClientSetup {
        id: client(),
        name: "Rossi".into(),
        shops: [].into(),
        installs: [(install(), setup)].into(),
        wins: [].into(),
    }
}

/// Runs' rows written per second by a bare connection.
fn raw_rate(record: Option<&str>) -> f64 {
    let folder = folder();
    let path = folder.path().join("raw.db");
    Runtime::new().unwrap().block_on(async {
        let store = filled(&path).await;
        store.close().await;
    });
    let mut connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    let began = Instant::now();
    let mut runs = 0_u64;
    while runs < EVENTS {
        let transaction = connection.transaction().unwrap();
        for _ in 0..limits::RUNS_PER_INSTALL_MAX {
            runs += 1;
            write_run(&transaction, runs, record);
        }
        transaction.commit().unwrap();
    }
    runs as f64 / began.elapsed().as_secs_f64()
}

fn write_run(transaction: &rusqlite::Transaction<'_>, run: u64, record: Option<&str>) {
    let run = i64::try_from(run).unwrap();
    // The commits of the events are before those of the runs.
    let commit = run + i64::try_from(EVENTS).unwrap();
    let write = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        transaction.prepare_cached(sql).unwrap().execute(values).unwrap();
    };
    write(
        "INSERT INTO state_rows (client, install, key, commit_number, value)
         VALUES ('rossi', 'bench', 'written', ?1, '12')",
        &[&commit],
    );
    write(
        "UPDATE installs SET last_event = ?1, last_run = ?1
         WHERE client = 'rossi' AND install = 'bench'",
        &[&run],
    );
    if let Some(record) = record {
        write(
            "INSERT INTO runs (client, install, number, commit_number, record)
             VALUES ('rossi', 'bench', ?1, ?2, ?3)",
            &[&run, &commit, &record],
        );
    }
    write("UPDATE clients SET last_commit = ?1 WHERE client = 'rossi'", &[&commit]);
}
