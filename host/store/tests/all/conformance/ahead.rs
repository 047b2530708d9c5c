//! What an install has done of events beyond its cursor.

use fondaco_store::{Ahead, CommitOutcome, InstallProgress, Lease, RunCommit, RunResult, Store};

use crate::samples::*;

/// A run of an event, when every event up to another is done or passed by.
fn run_of(event: u64, passed: u64) -> RunCommit {
    RunCommit { passed, ..run(&install("stock-sync"), event) }
}

fn again(run: RunCommit, cursor: &str) -> RunCommit {
    RunCommit { result: RunResult::Again { cursor: cursor.to_owned() }, ..run }
}

async fn stands(store: &dyn Store, lease: &Lease) -> (u64, Vec<(u64, Option<String>)>) {
    let progress = store.install_progress(&lease.client, &install("stock-sync")).await.unwrap();
    let InstallProgress { event, ahead } = progress.unwrap();
    let told = |ahead| match ahead {
        Ahead::Done => None,
        Ahead::Again { cursor } => Some(cursor),
    };
    (event, ahead.into_iter().map(|(event, ahead)| (event, told(ahead))).collect())
}

async fn begin_with(store: &dyn Store, events: u64) -> Lease {
    let (lease, _) = begin(store).await;
    for event in 1..=events {
        raise(store, &lease, &event.to_string()).await;
    }
    lease
}

async fn was_done(store: &dyn Store, lease: &Lease, run: RunCommit) -> bool {
    store.commit_run(lease, NOW, run).await.unwrap() == CommitOutcome::AlreadyDone
}

pub async fn what_is_done_ahead_is_kept_until_the_cursor_passes_it(store: &dyn Store) {
    let lease = begin_with(store, 6).await;
    commit(store, &lease, run_of(4, 0)).await;
    commit(store, &lease, run_of(2, 0)).await;
    assert_eq!(stands(store, &lease).await, (0, vec![(2, None), (4, None)]));
    for event in [2, 4] {
        assert!(was_done(store, &lease, run_of(event, 0)).await, "{event}");
    }
    let progress = store.install_progress(&lease.client, &install("stock-sync")).await.unwrap();
    assert_eq!(progress.unwrap().behind(6), 4);

    // The cursor goes on over what was done, as far as there is no gap.
    commit(store, &lease, run_of(1, 0)).await;
    assert_eq!(stands(store, &lease).await, (2, vec![(4, None)]));
    // The third is none that it hears.
    commit(store, &lease, run_of(5, 4)).await;
    assert_eq!(stands(store, &lease).await, (5, vec![]));
    for event in 1..=5 {
        assert!(was_done(store, &lease, run_of(event, 5)).await, "{event}");
    }
    commit(store, &lease, run_of(6, 0)).await;
    assert_eq!(stands(store, &lease).await, (6, vec![]), "the cursor never goes back");
}

pub async fn each_event_has_its_own_pages(store: &dyn Store) {
    let lease = begin_with(store, 3).await;
    let with = |run: RunCommit, cursor: &str| RunCommit { cursor: Some(cursor.to_owned()), ..run };
    commit(store, &lease, again(run_of(1, 0), "one-2")).await;
    commit(store, &lease, again(run_of(3, 0), "three-2")).await;
    let pages =
        |one: &str, three: &str| vec![(1, Some(one.to_owned())), (3, Some(three.to_owned()))];
    assert_eq!(stands(store, &lease).await, (0, pages("one-2", "three-2")));
    assert!(was_done(store, &lease, run_of(3, 0)).await, "its first page");
    assert!(was_done(store, &lease, with(run_of(3, 0), "one-2")).await, "a page of another");
    assert!(was_done(store, &lease, with(run_of(2, 0), "two-2")).await, "a page that never was");
    commit(store, &lease, again(with(run_of(3, 0), "three-2"), "three-3")).await;
    assert_eq!(stands(store, &lease).await, (0, pages("one-2", "three-3")));
    commit(store, &lease, with(run_of(1, 2), "one-2")).await;
    assert_eq!(stands(store, &lease).await, (2, vec![(3, Some("three-3".to_owned()))]));
    commit(store, &lease, with(run_of(3, 2), "three-3")).await;
    assert_eq!(stands(store, &lease).await, (3, vec![]));
}

pub async fn a_run_stands_for_earlier_events(store: &dyn Store) {
    let lease = begin_with(store, 6).await;
    let of_three = |run| RunCommit { coalesced: vec![4, 2], ..run };
    commit(store, &lease, again(of_three(run_of(5, 0)), "p2")).await;
    assert_eq!(stands(store, &lease).await, (0, vec![(5, Some("p2".to_owned()))]));
    let last = RunCommit { cursor: Some("p2".to_owned()), ..of_three(run_of(5, 0)) };
    commit(store, &lease, last).await;
    assert_eq!(stands(store, &lease).await, (0, vec![(2, None), (4, None), (5, None)]));
    for event in [2, 4, 5] {
        assert!(was_done(store, &lease, run_of(event, 0)).await, "{event}");
    }
    commit(store, &lease, run_of(1, 0)).await;
    assert_eq!(stands(store, &lease).await, (2, vec![(4, None), (5, None)]));
    commit(store, &lease, RunCommit { coalesced: vec![3], ..run_of(6, 2) }).await;
    assert_eq!(stands(store, &lease).await, (6, vec![]));
    let runs = store.runs(&lease.client, None, 9).await.unwrap();
    let told: Vec<_> = runs.into_iter().map(|run| (run.event, run.coalesced)).collect();
    assert_eq!(told, [(6, vec![3]), (1, vec![]), (5, vec![4, 2]), (5, vec![4, 2])]);
}

pub async fn what_is_not_heard_is_passed_by(store: &dyn Store) {
    let lease = begin_with(store, 6).await;
    let install = install("stock-sync");
    commit(store, &lease, run_of(4, 0)).await;
    let before = store.view(&lease.client).await.unwrap();
    store.pass(&lease, &install, 2).await.unwrap();
    assert_eq!(stands(store, &lease).await, (2, vec![(4, None)]));
    store.pass(&lease, &install, 1).await.unwrap();
    assert_eq!(stands(store, &lease).await, (2, vec![(4, None)]), "the cursor never goes back");
    store.pass(&lease, &install, 3).await.unwrap();
    assert_eq!(stands(store, &lease).await, (4, vec![]));
    store.pass(&lease, &install, 6).await.unwrap();
    assert_eq!(stands(store, &lease).await, (6, vec![]));
    assert_eq!(store.view(&lease.client).await.unwrap(), before, "nothing else is written");
    assert_eq!(store.runs(&lease.client, None, 9).await.unwrap().len(), 1, "it is no run");
}

pub async fn a_tick_that_was_handled_ahead_is_handled(store: &dyn Store) {
    let lease = begin_with(store, 1).await;
    let install = install("stock-sync");
    let tick = async |due: u64| {
        store.tick(&lease, NOW, &install, "daily", NOW.plus_ms(due)).await.unwrap()
    };
    assert!(tick(10).await);
    commit(store, &lease, again(run_of(2, 0), "p2")).await;
    assert!(!tick(20).await, "a page of it is not all of it");
    let rest = RunCommit { cursor: Some("p2".to_owned()), ..run_of(2, 0) };
    commit(store, &lease, rest).await;
    assert_eq!(stands(store, &lease).await, (0, vec![(2, None)]));
    assert!(tick(20).await);
}
