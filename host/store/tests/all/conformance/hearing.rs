//! What installs hear besides changes: signals, what became of them, the history before them.

use fondaco_model::{
    Entity, Event, EventBody, InstallId, Timestamp,
    hear::{LifecycleStep, Signal},
    run::StateReads,
};
use fondaco_store::{
    CommitOutcome, InstallProgress, LastTick, Lease, LifecycleProgress, RunCommit, RunResult,
    Store, StoreError, limits::BACKFILL_ORDERS_MAX,
};

use crate::samples::*;

fn signal(id: &str) -> Signal {
    Signal {
        id: id.to_owned(),
        name: "low".to_owned(),
        shop: Some(shop("milano")),
        payload: "{\"sku\":\"MUG\"}".to_owned(),
        hops: 1,
    }
}

pub async fn a_signal_is_raised_once_with_its_run(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let event = raise(store, &lease, "1").await;
    let run = || RunCommit { signals: vec![signal("a"), signal("b")], ..run(&install, event) };

    let reads = StateReads { keys: [("k".to_owned(), 7)].into(), ..StateReads::default() };
    let conflict = store.commit_run(&lease, NOW, RunCommit { reads, ..run() }).await.unwrap();
    assert_eq!(conflict, CommitOutcome::Conflict { key: "k".to_owned() });
    assert!(store.events(&lease.client, event, 9).await.unwrap().is_empty(), "it is done again");

    commit(store, &lease, run()).await;
    let outcome = store.commit_run(&lease, NOW, run()).await.unwrap();
    assert_eq!(outcome, CommitOutcome::AlreadyDone);
    let raised = store.events(&lease.client, event, 9).await.unwrap();
    let bodies: Vec<_> = raised.iter().map(|event| event.body.clone()).collect();
    let sent = |id| EventBody::Signal { sender: install.clone(), signal: signal(id) };
    assert_eq!(bodies, [sent("a"), sent("b")]);
    let record = &store.runs(&lease.client, None, 9).await.unwrap()[0];
    assert_eq!(record.signals, [raised[0].number, raised[1].number]);
}

pub async fn a_schedule_counts_from_when_it_was_begun(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let begin =
        async |from: u64| store.begin_schedule(&lease, &install, "daily", NOW.plus_ms(from)).await;
    let last = async || store.last_tick(&lease.client, &install, "daily").await.unwrap();
    let due = |due: u64, waits| Some(LastTick { due_at: NOW.plus_ms(due), waits });
    begin(10).await.unwrap();
    begin(20).await.unwrap();
    assert_eq!(last().await, due(10, false), "it was begun once");
    assert!(!store.tick(&lease, NOW, &install, "daily", NOW.plus_ms(10)).await.unwrap());
    assert!(store.tick(&lease, NOW, &install, "daily", NOW.plus_ms(30)).await.unwrap());
    begin(40).await.unwrap();
    assert_eq!(last().await, due(30, true), "it has ticked");
    let stranger = crate::samples::install("stranger");
    let error = store.begin_schedule(&lease, &stranger, "daily", NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
}

async fn progress(store: &dyn Store, install: &InstallId) -> LifecycleProgress {
    store.lifecycle(&client("rossi"), install).await.unwrap().unwrap()
}

/// The step an install is to hear now, with its event.
async fn step(store: &dyn Store, install: &InstallId) -> Option<(u64, LifecycleStep)> {
    let number = progress(store, install).await.event?;
    let event: Event = store.event(&client("rossi"), number).await.unwrap().unwrap();
    match event.body {
        EventBody::Lifecycle { install: addressee, step } if addressee == *install => {
            Some((number, step))
        }
        other => panic!("{other:?}"),
    }
}

async fn begin_life(store: &dyn Store, lease: &Lease, version: &str, steps: &[LifecycleStep]) {
    let install = install("stock-sync");
    let begun = store.begin_lifecycle(lease, NOW, &install, identity(version), steps.to_vec());
    begun.await.unwrap();
}

/// A run of a step of the install's life.
fn run_of_life(install: &InstallId, event: u64) -> RunCommit {
    RunCommit { lifecycle: true, ..run(install, event) }
}

pub async fn an_install_hears_of_itself_ahead_of_all_else(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    assert_eq!(store.lifecycle(&lease.client, &install).await.unwrap(), None);
    let waiting = raise(store, &lease, "1").await;
    begin_life(store, &lease, "1.0.0", &[LifecycleStep::Installed, LifecycleStep::Live]).await;

    let (first, installed) = step(store, &install).await.unwrap();
    assert_eq!(installed, LifecycleStep::Installed);
    let last_event = store.backlog(&lease.client).await.unwrap().last_event;
    assert_eq!(last_event, first, "one step at a time");
    assert_eq!(commit(store, &lease, run_of_life(&install, first)).await, 1);
    let again = store.commit_run(&lease, NOW, run_of_life(&install, first)).await.unwrap();
    assert_eq!(again, CommitOutcome::AlreadyDone);
    let (second, live) = step(store, &install).await.unwrap();
    assert_eq!(live, LifecycleStep::Live);
    let stands = store.install_progress(&lease.client, &install).await.unwrap();
    let here = Some(InstallProgress { event: waiting - 1, ..InstallProgress::default() });
    assert_eq!(stands, here, "what waits is still to be heard");

    let failed = RunResult::Failed { reason: "broken".to_owned() };
    commit(store, &lease, RunCommit { result: failed, ..run_of_life(&install, second) }).await;
    assert_eq!(step(store, &install).await, None);
    assert_eq!(commit(store, &lease, run(&install, waiting)).await, 3, "runs are counted on");

    let stranger = crate::samples::install("stranger");
    let identity = identity("1.0.0");
    let error = store.begin_lifecycle(&lease, NOW, &stranger, identity, vec![]).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
}

pub async fn what_is_new_comes_before_what_waits(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let upgraded = LifecycleStep::Upgraded { version: "1.0.0".to_owned(), state_schema: 1 };
    begin_life(store, &lease, "1.0.0", &[LifecycleStep::Installed, LifecycleStep::Live]).await;
    begin_life(store, &lease, "2.0.0", std::slice::from_ref(&upgraded)).await;
    begin_life(store, &lease, "2.0.0", &[]).await;
    assert_eq!(progress(store, &install).await.identity, identity("2.0.0"));
    for expected in [LifecycleStep::Installed, upgraded, LifecycleStep::Live] {
        let (event, step) = step(store, &install).await.unwrap();
        assert_eq!(step, expected);
        commit(store, &lease, run_of_life(&install, event)).await;
    }
    assert_eq!(step(store, &install).await, None);
    begin_life(store, &lease, "2.0.0", &[LifecycleStep::SettingsChanged]).await;
    assert_eq!(step(store, &install).await.unwrap().1, LifecycleStep::SettingsChanged);
}

pub async fn a_step_may_have_pages(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    begin_life(store, &lease, "1.0.0", &[LifecycleStep::Installed]).await;
    let (event, _) = step(store, &install).await.unwrap();
    let again = RunResult::Again { cursor: "p2".to_owned() };
    let first = RunCommit { result: again, ..run_of_life(&install, event) };
    commit(store, &lease, first.clone()).await;
    let after = progress(store, &install).await;
    assert_eq!((after.event, after.cursor.as_deref()), (Some(event), Some("p2")));
    let outcome = store.commit_run(&lease, NOW, first).await.unwrap();
    assert_eq!(outcome, CommitOutcome::AlreadyDone);
    let second = RunCommit { cursor: Some("p2".to_owned()), ..run_of_life(&install, event) };
    commit(store, &lease, second).await;
    assert_eq!(step(store, &install).await, None);
}

/// The numbers of orders.
fn numbers(orders: &[(fondaco_model::EntityKey, Entity)]) -> Vec<String> {
    let number = |entity: &Entity| entity.as_order()?.head.value().map(|head| head.number.clone());
    orders.iter().filter_map(|(_, entity)| number(entity)).collect()
}

pub async fn history_comes_in_pages_as_of_the_beginning(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let last = BACKFILL_ORDERS_MAX + 3;
    let placed = |nth: usize| Timestamp(NOW.0 - 1_000 * u64::try_from(nth).unwrap());
    let seen = async |id: &str, base, number: &str, at| {
        observe(
            store,
            &lease,
            rows(vec![row(order_key(id), base, order_placed_at(number, at), vec![])]),
        )
        .await;
    };
    // The newest are observed first; the last two were placed in the same second.
    for nth in 1..last {
        seen(&nth.to_string(), 0, &format!("n{nth}"), placed(nth)).await;
    }
    seen("twin", 0, "twin", placed(last - 1)).await;
    // Another shop, another kind of thing, and an order of which nothing is known.
    observe(store, &lease, rows(vec![row(variant_key("9"), 0, variant(None, 1), vec![])])).await;
    let nothing = Entity::unknown(fondaco_model::EntityKind::Order);
    observe(store, &lease, rows(vec![row(order_key("blank"), 0, nothing, vec![])])).await;

    let whole = LifecycleStep::Backfill(history(0, None, None, false));
    begin_life(store, &lease, "1.0.0", &[whole]).await;
    // What comes later is no history, and history is told as it was.
    seen("late", 0, "late", placed(2)).await;
    seen("1", 1, "n1-changed", placed(1)).await;

    let mut all = Vec::new();
    let mut pages = Vec::new();
    while let Some((event, LifecycleStep::Backfill(range))) = step(store, &install).await {
        let orders = store.past_orders(&lease.client, &range).await.unwrap();
        pages.push((orders.len(), range.last));
        all.extend(numbers(&orders));
        commit(store, &lease, run_of_life(&install, event)).await;
    }
    assert_eq!(pages, [(BACKFILL_ORDERS_MAX, false), (3, true)]);
    let mut expected: Vec<_> = (1..last).rev().map(|nth| format!("n{nth}")).collect();
    expected.insert(1, "twin".to_owned());
    assert_eq!(all, expected);

    // A shop without orders has one page, which is its last.
    let elsewhere = fondaco_model::hear::BackfillRange {
        shop: shop("torino"),
        ..history(0, None, None, false)
    };
    begin_life(store, &lease, "1.0.0", &[LifecycleStep::Backfill(elsewhere)]).await;
    let Some((_, LifecycleStep::Backfill(range))) = step(store, &install).await else {
        panic!("there is no page")
    };
    assert_eq!((range.last, &range.until), (true, &None));
    assert!(store.past_orders(&lease.client, &range).await.unwrap().is_empty());
}
