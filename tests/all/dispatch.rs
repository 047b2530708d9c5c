//! Many runs of one install side by side, through the whole engine: nothing is lost, nothing is done
//! twice, and what a manifest asks about late and old events is heeded.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use fondaco_egress::{Egress, EgressConfig, EgressPolicy};
use fondaco_engine::{
    Engine,
    keep::Keeping,
    now,
    room::RoomBounds,
    setup::{ClientSetup, InstallSetup, Mode, ShadowState},
};
use fondaco_model::{
    Aspect, Change, ClientId, Entity, EntityKey, InstallId, Order, OrderChange, ShopId, Timestamp,
    Version,
    commerce::{LineKind, OrderHead, OrderLine, OrderState},
};
use fondaco_sandbox::{Grants, Module, Sandbox, SandboxConfig};
use fondaco_store::{
    Lease, ObserveOutcome, Observed, ObservedRow, Retention, RunRecord, RunResult, Store,
    spill::Spill, sqlite::SqliteStore,
};
use jiff::tz::TimeZone;

use crate::{
    scene::{self, until},
    workshop::with_manifest,
};

fn client() -> ClientId {
    ClientId::new("rossi").unwrap()
}

fn install() -> InstallId {
    InstallId::new("worker").unwrap()
}

fn key(id: &str) -> EntityKey {
    EntityKey::order(ShopId::new("milano").unwrap(), id)
}

/// An order of two pieces.
fn order(id: &str, version: u64) -> Entity {
    let version = Version::pushed(Timestamp(version));
    let head = OrderHead {
        number: id.to_owned(),
        state: OrderState::Processing,
        test: false,
        channel: "web".into(),
        placed_at: Timestamp(1_800_000_000_000),
        paid_at: None,
        customer: None,
        currency: "EUR".into(),
        prices_include_tax: true,
        total: "40".parse().unwrap(),
        presentment_total: None,
        total_tax: "7".parse().unwrap(),
        payment_method: None,
        shipping_country: None,
        campaign: None,
        codes: Vec::new(),
        charges: Vec::new(),
    };
    let line = OrderLine {
        id: "1".into(),
        kind: LineKind::Goods,
        variant: None,
        product: None,
        sku: Some("MUG".into()),
        title: "Tazza".into(),
        quantity: "2".parse().unwrap(),
        net: "33".parse().unwrap(),
        tax: "7".parse().unwrap(),
        discount: "0".parse().unwrap(),
        deductions: [].into(),
    };
    Entity::Order(Order {
        head: Aspect::known(version, head),
        lines: Aspect::known(version, vec![line]),
        ..Order::default()
    })
}

/// Raises an event about an order, whose row was written so often before.
async fn raise(
    store: &dyn Store,
    lease: &Lease,
    at: Timestamp,
    id: &str,
    written: u64,
    change: OrderChange,
) -> u64 {
    let row = ObservedRow {
        key: key(id),
        base_sequence: written,
        entity: order(id, 1 + written),
        changes: vec![Change::Order(BTreeSet::from([change]))],
        caused_by: None,
    };
    let observed = Observed { rows: vec![row], ..Observed::default() };
    match store.observe(lease, at, observed).await.unwrap() {
        ObserveOutcome::Applied(events) => events[0].number,
        ObserveOutcome::Moved => panic!("nobody else writes"),
    }
}

/// A store of which the install has heard nothing yet.
async fn store(folder: &Path) -> (Arc<SqliteStore>, Lease) {
    let store = SqliteStore::open(&folder.join("fondaco.db")).unwrap();
    let lease = store.lease(&client(), "test").await.unwrap();
    store.install(&lease, &install()).await.unwrap();
    (Arc::new(store), lease)
}

fn module(component: &Path) -> Module {
    let sandbox = Sandbox::new(SandboxConfig::default()).unwrap();
    sandbox.load(&std::fs::read(component).unwrap(), &Grants::all()).unwrap()
}

/// An engine that has nothing to do but to run the module: its client has no shops.
async fn engine(folder: &Path, store: &Arc<SqliteStore>, module: &Module) -> Engine {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let setup = InstallSetup {
        module: module.clone(),
        mode: Mode::Live,
        shadow_state: ShadowState::Discard,
        time_zone: TimeZone::UTC,
        settings: Arc::from("{}"),
        schedules: [].into(),
        egress: Arc::new(EgressPolicy::new(Vec::new(), [].into())),
    };
    let setup = ClientSetup {
        id: client(),
        name: "Rossi".into(),
        shops: [].into(),
        installs: [(install(), setup)].into(),
        wins: [].into(),
    };
    let egress = Egress::new(EgressConfig::default()).unwrap();
    let store: Arc<dyn Store> = Arc::clone(store) as _;
    let keeping = Keeping {
        retention: Retention::default(),
        spill: Spill::open(&folder.join("spill")).unwrap(),
        free_space: Arc::new(|| Ok(u64::MAX)),
        room: RoomBounds::default(),
    };
    Engine::start(vec![setup], store, egress, keeping, "test").await.unwrap()
}

async fn behind(store: &SqliteStore) -> u64 {
    let last_event = store.backlog(&client()).await.unwrap().last_event;
    let progress = store.install_progress(&client(), &install()).await.unwrap();
    progress.unwrap().behind(last_event)
}

async fn until_done(store: &SqliteStore) {
    until("every event is handled", async || behind(store).await == 0).await;
}

/// The runs, oldest first.
async fn runs(store: &SqliteStore) -> Vec<RunRecord> {
    let mut runs = store.runs(&client(), None, u32::MAX).await.unwrap();
    runs.reverse();
    runs
}

#[tokio::test]
async fn runs_that_all_write_one_key_lose_nothing_and_do_nothing_twice() {
    const ORDERS: u64 = 300;
    let folder = tempfile::tempdir().unwrap();
    let (store, lease) = store(folder.path()).await;
    for id in 0..ORDERS {
        raise(&*store, &lease, now(), &id.to_string(), 0, OrderChange::Placed).await;
    }
    // Adds each order to one tally.
    let module = module(&scene::plugins().join("order-worker.wasm"));
    for part in 1..4 {
        // Stopped in the middle of its work, it goes on where it was.
        let engine = engine(folder.path(), &store, &module).await;
        until("a part is handled", async || behind(&store).await <= ORDERS - ORDERS * part / 4)
            .await;
        assert!(engine.stop().await);
    }
    let engine = engine(folder.path(), &store, &module).await;
    until_done(&store).await;
    assert!(engine.stop().await);
    let view = store.view(&client()).await.unwrap();
    let tally = store.state_get(&view, &install(), "tally").await.unwrap().value.unwrap();
    let millionths = |units: u64| (units * 1_000_000).to_string();
    let expected = [ORDERS.to_string(), millionths(2 * ORDERS), millionths(33 * ORDERS)].join(" ");
    assert_eq!(tally, expected);
    let heard: BTreeSet<_> = runs(&store).await.iter().map(|run| run.event).collect();
    assert_eq!(heard.len() as u64, ORDERS);
    assert_eq!(runs(&store).await.len() as u64, ORDERS);
}

/// `noop` with another way to hear of orders.
fn noop_with(folder: &Path, subscription: &str) -> Module {
    let file = folder.join("noop.wasm");
    with_manifest(&scene::plugins().join("noop.wasm"), &file, |manifest| {
        format!("{manifest}\n[subscriptions.on-order]\n{subscription}\n")
    });
    module(&file)
}

#[tokio::test]
async fn of_several_events_about_one_order_only_the_last_is_delivered_when_it_is_time() {
    let wait = Duration::from_millis(1_500);
    let folder = tempfile::tempdir().unwrap();
    let module = noop_with(folder.path(), "coalesce = \"1500ms\"");
    let (store, lease) = store(folder.path()).await;
    let (first, long_ago) = (now(), now().minus_ms(60_000));
    raise(&*store, &lease, first, "a", 0, OrderChange::Placed).await;
    raise(&*store, &lease, long_ago, "b", 0, OrderChange::Placed).await;
    raise(&*store, &lease, first, "a", 1, OrderChange::Paid).await;
    raise(&*store, &lease, first, "a", 2, OrderChange::State).await;
    raise(&*store, &lease, long_ago, "b", 1, OrderChange::Paid).await;
    let running = engine(folder.path(), &store, &module).await;
    until("the order that has waited is heard", async || behind(&store).await <= 3).await;
    // What waits is not forgotten.
    assert!(running.stop().await);
    let running = engine(folder.path(), &store, &module).await;
    until_done(&store).await;
    assert!(running.stop().await);
    let mut runs = runs(&store).await;
    runs.sort_by_key(|run| run.event);
    let told: Vec<_> = runs.iter().map(|run| (run.event, run.coalesced.clone())).collect();
    assert_eq!(told, [(4, vec![1, 3]), (5, vec![2])]);
    let due = first.plus_ms(u64::try_from(wait.as_millis()).unwrap());
    assert!(runs[0].began_at >= due, "{:?} is before {due:?}", runs[0].began_at);
}

#[tokio::test]
async fn an_event_that_is_too_old_is_skipped_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (store, lease) = store(folder.path()).await;
    let module = noop_with(folder.path(), "max-age = \"1h\"");
    raise(&*store, &lease, now().minus_ms(2 * 3_600_000), "a", 0, OrderChange::Placed).await;
    raise(&*store, &lease, now(), "b", 0, OrderChange::Placed).await;
    let engine = engine(folder.path(), &store, &module).await;
    until_done(&store).await;
    assert!(engine.stop().await);
    let mut runs = runs(&store).await;
    runs.sort_by_key(|run| run.event);
    let [old, new] = &*runs else { panic!("two runs: {runs:?}") };
    let RunResult::Skipped { reason } = &old.result else { panic!("{old:?}") };
    assert!(reason.contains("wants none older than 3600s"), "{reason}");
    assert_eq!(new.result, RunResult::Done);
}
