//! Installs, their cursors, their runs and their ticks.

use fondaco_model::{
    EventBody, StateTouched,
    http::{HttpAnswer, HttpRecord, HttpRequest},
    run::{Amounts, RunUse, StateReads, StateWrites},
};
use fondaco_store::{
    Ahead, CommitOutcome, InstallProgress, LastTick, RunCommit, RunRecord, RunResult, Store,
    StoreError,
};

use crate::samples::*;

fn at(event: u64) -> InstallProgress {
    InstallProgress { event, ahead: [].into() }
}

/// At an event, with pages of the next one.
fn at_page(event: u64, cursor: &str) -> InstallProgress {
    let again = Ahead::Again { cursor: cursor.to_owned() };
    InstallProgress { event, ahead: [(event + 1, again)].into() }
}

fn skipped() -> RunResult {
    RunResult::Skipped { reason: "it is old".to_owned() }
}

fn again(cursor: &str) -> RunResult {
    RunResult::Again { cursor: cursor.to_owned() }
}

pub async fn an_install_begins_at_the_last_event(store: &dyn Store) {
    let (lease, first) = begin(store).await;
    assert_eq!(store.install_progress(&lease.client, &first).await.unwrap(), Some(at(0)));
    raise(store, &lease, "1").await;
    raise(store, &lease, "2").await;
    let second = install("pricing");
    assert_eq!(store.install_progress(&lease.client, &second).await.unwrap(), None);
    assert_eq!(store.install(&lease, &second).await.unwrap(), at(2));
    raise(store, &lease, "3").await;
    assert_eq!(store.install(&lease, &second).await.unwrap(), at(2), "registered once");
    assert_eq!(store.install(&lease, &first).await.unwrap(), at(0));
}

pub async fn a_run_is_committed_once(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let event = raise(store, &lease, "1").await;
    let once = || RunCommit {
        writes: StateWrites::from([("k".to_owned(), Some("v".to_owned()))]),
        proposals: vec![change_stock("a", "1", 1, 2)],
        refused: vec![(alert("b"), "not granted".to_owned())],
        ..run(&install, event)
    };
    assert_eq!(commit(store, &lease, once()).await, 1);
    let view = store.view(&lease.client).await.unwrap();
    let backlog = store.backlog(&lease.client).await.unwrap();
    let outcome = store.commit_run(&lease, NOW, once()).await.unwrap();
    assert_eq!(outcome, CommitOutcome::AlreadyDone);
    assert_eq!(store.view(&lease.client).await.unwrap(), view);
    assert_eq!(store.backlog(&lease.client).await.unwrap(), backlog);
    assert_eq!(store.runs(&lease.client, None, 9).await.unwrap().len(), 1);
    assert_eq!(store.install_progress(&lease.client, &install).await.unwrap(), Some(at(event)));
    let value = store.state_get(&view, &install, "k").await.unwrap();
    assert_eq!((value.value.as_deref(), value.commit), (Some("v"), view.commit));
}

pub async fn pages_of_an_event_are_committed_once_each(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let event = raise(store, &lease, "1").await;
    let page = |called_with: Option<&str>, result| RunCommit {
        cursor: called_with.map(str::to_owned),
        result,
        ..run(&install, event)
    };
    let pages = [
        (None, again("p2"), at_page(0, "p2")),
        (Some("p2"), again("p3"), at_page(0, "p3")),
        (Some("p3"), RunResult::Done, at(event)),
    ];
    for (called_with, result, stands) in pages {
        commit(store, &lease, page(called_with, result.clone())).await;
        let now = store.install_progress(&lease.client, &install).await.unwrap();
        assert_eq!(now, Some(stands));
        // Committed again, since its answer was lost.
        let outcome = store.commit_run(&lease, NOW, page(called_with, result)).await.unwrap();
        assert_eq!(outcome, CommitOutcome::AlreadyDone);
        assert_eq!(store.install_progress(&lease.client, &install).await.unwrap(), now);
    }
    assert_eq!(store.runs(&lease.client, None, 9).await.unwrap().len(), 3);
}

pub async fn a_cursor_belongs_to_its_event(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    for order in ["1", "2", "3"] {
        raise(store, &lease, order).await;
    }
    commit(store, &lease, RunCommit { result: again("p2"), ..run(&install, 2) }).await;
    let stands = store.install_progress(&lease.client, &install).await.unwrap();
    assert_eq!(stands, Some(at_page(1, "p2")));
    // An install that is switched off in between lets go of its pages.
    commit(store, &lease, RunCommit { result: skipped(), ..run(&install, 2) }).await;
    assert_eq!(store.install_progress(&lease.client, &install).await.unwrap(), Some(at(2)));
}

pub async fn events_may_be_passed_over(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    for order in ["1", "2", "3", "4"] {
        raise(store, &lease, order).await;
    }
    commit(store, &lease, RunCommit { result: skipped(), ..run(&install, 2) }).await;
    let reason = "trapped".to_owned();
    commit(store, &lease, RunCommit { result: RunResult::Failed { reason }, ..run(&install, 4) })
        .await;
    assert_eq!(store.install_progress(&lease.client, &install).await.unwrap(), Some(at(4)));
    for event in 0..=4 {
        let outcome = store.commit_run(&lease, NOW, run(&install, event)).await.unwrap();
        assert_eq!(outcome, CommitOutcome::AlreadyDone);
    }
}

pub async fn what_does_not_exist_is_refused(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let stranger = crate::samples::install("stranger");
    let a = action_id("a");
    let settlement = settlement("a", done(), Vec::new());
    let errors = [
        (store.commit_run(&lease, NOW, run(&install, 1)).await.err(), "event 1"),
        (store.commit_run(&lease, NOW, run(&stranger, 1)).await.err(), "install `stranger`"),
        (store.pass(&lease, &stranger, 1).await.err(), "install `stranger`"),
        (store.pass(&lease, &install, 1).await.err(), "event 1"),
        (store.tick(&lease, NOW, &stranger, "daily", NOW).await.err(), "install `stranger`"),
        (store.postpone(&lease, NOW, &a, NOW, "busy").await.err(), "action a"),
        (store.settle(&lease, settlement).await.err(), "action a"),
    ];
    for (error, missing) in errors {
        assert!(
            matches!(&error, Some(StoreError::Missing { what, .. }) if what == missing),
            "{missing}: {error:?}"
        );
    }
    assert!(!store.begin(&lease, NOW, &a, "{}").await.unwrap());
    assert_eq!(store.view(&lease.client).await.unwrap().commit, 0);
}

pub async fn records_come_newest_first(store: &dyn Store) {
    let (lease, first) = begin(store).await;
    let second = install("pricing");
    store.install(&lease, &second).await.unwrap();
    raise(store, &lease, "1").await;
    raise(store, &lease, "2").await;
    let used = RunUse { used: Amounts::of(|resource| resource as u64 + 7), ..RunUse::default() };
    let log = vec!["one".to_owned(), "two".to_owned()];
    let proposals = vec![change_stock("a", "1", 1, 2)];
    let refused = vec![(alert("b"), "no".to_owned())];
    let answer = HttpAnswer {
        status: 200,
        headers: Vec::new(),
        body: vec![0xff, b'a'],
        url: "https://api.example.com/".to_owned(),
    };
    let request = HttpRequest { url: answer.url.clone(), headers: Vec::new() };
    let http = vec![HttpRecord { request, result: Ok(answer) }];
    let reads = StateReads { keys: [("absent".to_owned(), 0)].into(), ..StateReads::default() };
    let writes = [("key".to_owned(), Some("value".to_owned()))].into();
    let state = RunCommit { reads, writes, conflicts: 2, ..run(&first, 1) };
    let full = RunCommit { used, http, log, proposals, refused, ..state };
    commit(store, &lease, full.clone()).await;
    assert_eq!(commit(store, &lease, run(&second, 1)).await, 1, "each install counts its own");
    assert_eq!(commit(store, &lease, run(&first, 2)).await, 2);
    let all = store.runs(&lease.client, None, 9).await.unwrap();
    let which: Vec<_> = all.iter().map(|run| (run.install.as_str(), run.number)).collect();
    assert_eq!(which, [("stock-sync", 2), ("pricing", 1), ("stock-sync", 1)]);
    let expected = RunRecord {
        number: 1,
        install: first.clone(),
        event: 1,
        coalesced: Vec::new(),
        began_at: NOW,
        result: RunResult::Done,
        shadow: false,
        used,
        http: full.http,
        log: full.log,
        actions: vec![action_id("a"), action_id("b")],
        trace: store.event(&lease.client, 1).await.unwrap().unwrap().trace,
        committed_at: Some(NOW),
        conflicts: 2,
        touched: StateTouched {
            read: vec![("absent".to_owned(), 0)],
            written: vec!["key".to_owned()],
            ..StateTouched::default()
        },
        signals: Vec::new(),
    };
    assert_eq!(all[2], expected);
    assert_eq!(store.runs(&lease.client, Some(&second), 9).await.unwrap(), all[1..2]);
    assert_eq!(store.runs(&lease.client, Some(&first), 1).await.unwrap(), all[..1]);
    assert_eq!(store.runs(&lease.client, None, 2).await.unwrap(), all[..2]);
}

pub async fn a_tick_is_raised_once_and_not_before_the_last_is_handled(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let tick = async |schedule: &str, due: u64| {
        store.tick(&lease, NOW, &install, schedule, NOW.plus_ms(due)).await.unwrap()
    };
    let last =
        async |schedule: &str| store.last_tick(&lease.client, &install, schedule).await.unwrap();
    let due = |due: u64, waits| Some(LastTick { due_at: NOW.plus_ms(due), waits });
    assert_eq!(last("daily").await, None);
    assert!(tick("daily", 10).await);
    assert!(!tick("daily", 10).await, "the same");
    assert!(!tick("daily", 20).await, "the last is not handled");
    assert!(tick("hourly", 20).await, "another schedule");
    assert_eq!(last("daily").await, due(10, true));
    let event = store.event(&lease.client, 1).await.unwrap().unwrap();
    let (schedule, due_at) = ("daily".to_owned(), NOW.plus_ms(10));
    assert_eq!(event.body, EventBody::Tick { install: install.clone(), schedule, due_at });

    commit(store, &lease, run(&install, 1)).await;
    assert_eq!(last("daily").await, due(10, false));
    assert!(!tick("daily", 10).await, "the same, handled");
    assert!(!tick("daily", 5).await, "an earlier one");
    assert!(tick("daily", 30).await);
    assert_eq!(last("daily").await, due(30, true));
    assert_eq!(last("hourly").await, due(20, true));
    assert_eq!(store.backlog(&lease.client).await.unwrap().last_event, 3);
}
