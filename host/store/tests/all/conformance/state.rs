//! The state of installs, and conflicts about it.

use fondaco_model::{
    InstallId,
    run::{StateRange, StateReads, StateWrites},
};
use fondaco_store::{CommitOutcome, Lease, RunCommit, RunView, Store};

use crate::samples::*;

fn writes(entries: &[(&str, Option<&str>)]) -> StateWrites {
    entries.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect()
}

/// Commits a run that writes; returns what a run would see afterwards.
async fn write(
    store: &dyn Store,
    lease: &Lease,
    install: &InstallId,
    entries: &[(&str, Option<&str>)],
) -> RunView {
    let last = store.backlog(&lease.client).await.unwrap().last_event;
    let event = raise(store, lease, &format!("for-{last}")).await;
    let run = RunCommit { writes: writes(entries), ..run(install, event) };
    commit(store, lease, run).await;
    store.view(&lease.client).await.unwrap()
}

/// Commits a run that has read.
async fn check(
    store: &dyn Store,
    lease: &Lease,
    install: &InstallId,
    reads: StateReads,
) -> CommitOutcome {
    let last = store.backlog(&lease.client).await.unwrap().last_event;
    let event = raise(store, lease, &format!("for-{last}")).await;
    let run = RunCommit { reads, writes: writes(&[("written", Some("w"))]), ..run(install, event) };
    store.commit_run(lease, NOW, run).await.unwrap()
}

fn key_read(key: &str, commit: u64) -> StateReads {
    StateReads { keys: [(key.to_owned(), commit)].into(), ranges: Vec::new() }
}

fn range_read(after: Option<&str>, until: Option<&str>, seen: &[(&str, u64)]) -> StateReads {
    let range = StateRange {
        prefix: "k/".to_owned(),
        after: after.map(str::to_owned),
        until: until.map(str::to_owned),
        seen: seen.iter().map(|(key, commit)| ((*key).to_owned(), *commit)).collect(),
    };
    StateReads { keys: [].into(), ranges: vec![range] }
}

fn conflict(key: &str) -> CommitOutcome {
    CommitOutcome::Conflict { key: key.to_owned() }
}

pub async fn values_are_read_as_of_a_view(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let before = store.view(&lease.client).await.unwrap();
    let first = write(store, &lease, &install, &[("k", Some("1")), ("other", Some(""))]).await;
    let second = write(store, &lease, &install, &[("k", Some("2"))]).await;
    let third = write(store, &lease, &install, &[("k", None)]).await;
    let last = write(store, &lease, &install, &[("k", Some("3"))]).await;
    let expected = [
        (&before, None, 0),
        (&first, Some("1"), first.commit),
        (&second, Some("2"), second.commit),
        (&third, None, 0),
        (&last, Some("3"), last.commit),
    ];
    for (view, value, commit) in expected {
        let found = store.state_get(view, &install, "k").await.unwrap();
        assert_eq!((found.value.as_deref(), found.commit), (value, commit));
        let listed = store.state_list(view, &install, "k", None, 9).await.unwrap();
        assert_eq!(listed.len(), usize::from(value.is_some()));
    }
    let empty = store.state_get(&last, &install, "other").await.unwrap();
    assert_eq!((empty.value.as_deref(), empty.commit), (Some(""), first.commit));
    let stranger = crate::samples::install("pricing");
    assert_eq!(store.state_get(&last, &stranger, "k").await.unwrap().value, None);
}

pub async fn a_listing_is_in_the_order_of_bytes(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let keys = ["k/b", "k/a", "k/Z", "k/é", "k", "k0", "j/z", "k/", "k/a/1"];
    let entries: Vec<_> = keys.iter().map(|key| (*key, Some("v"))).collect();
    write(store, &lease, &install, &entries).await;
    let view = write(store, &lease, &install, &[("k/b", None)]).await;
    let list = async |prefix: &str, after: Option<&str>, limit| -> Vec<String> {
        let listed = store.state_list(&view, &install, prefix, after, limit).await.unwrap();
        listed.into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(list("k/", None, 9).await, ["k/", "k/Z", "k/a", "k/a/1", "k/é"]);
    assert_eq!(list("k/", Some("k/a"), 9).await, ["k/a/1", "k/é"]);
    assert_eq!(list("k/", Some("k/b"), 9).await, ["k/é"]);
    assert_eq!(list("k/", Some("a"), 2).await, ["k/", "k/Z"]);
    assert_eq!(list("k/", Some("z"), 9).await, [""; 0]);
    assert_eq!(list("k/", None, 0).await, [""; 0]);
    assert_eq!(list("x", None, 9).await, [""; 0]);
    assert_eq!(list("", None, 99).await.len(), keys.len() - 1);
}

pub async fn a_key_that_changed_is_a_conflict(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let old = write(store, &lease, &install, &[("k", Some("1"))]).await;
    let new = write(store, &lease, &install, &[("k", Some("2"))]).await;
    let view = store.view(&lease.client).await.unwrap();
    let outcome = check(store, &lease, &install, key_read("k", old.commit)).await;
    assert_eq!(outcome, conflict("k"));
    let written = store.state_get(&view, &install, "written").await.unwrap();
    assert_eq!(written.value, None, "a conflict writes nothing");
    let outcome = check(store, &lease, &install, key_read("k", new.commit)).await;
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
}

pub async fn an_absent_key_that_came_is_a_conflict(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let outcome = check(store, &lease, &install, key_read("k", 0)).await;
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    write(store, &lease, &install, &[("k", Some("1"))]).await;
    assert_eq!(check(store, &lease, &install, key_read("k", 0)).await, conflict("k"));
}

pub async fn a_deleted_key_is_as_if_it_had_never_been(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let view = write(store, &lease, &install, &[("k", Some("1"))]).await;
    write(store, &lease, &install, &[("k", None)]).await;
    let outcome = check(store, &lease, &install, key_read("k", view.commit)).await;
    assert_eq!(outcome, conflict("k"));
    let outcome = check(store, &lease, &install, key_read("k", 0)).await;
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    let outcome = check(store, &lease, &install, range_read(None, None, &[])).await;
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
}

pub async fn a_phantom_in_a_range_is_a_conflict(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let entries = [("k/a", Some("1")), ("k/c", Some("1")), ("l", Some("1"))];
    let commit = write(store, &lease, &install, &entries).await.commit;
    let all = || range_read(None, None, &[("k/a", commit), ("k/c", commit)]);
    let outcome = check(store, &lease, &install, all()).await;
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    // A neighbour outside of the range is none.
    write(store, &lease, &install, &[("j", Some("1")), ("k0", Some("1"))]).await;
    let outcome = check(store, &lease, &install, all()).await;
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");

    write(store, &lease, &install, &[("k/b", Some("1"))]).await;
    assert_eq!(check(store, &lease, &install, all()).await, conflict("k/b"));
    write(store, &lease, &install, &[("k/b", None), ("k/d", Some("1"))]).await;
    assert_eq!(check(store, &lease, &install, all()).await, conflict("k/d"));
    write(store, &lease, &install, &[("k/d", None), ("k/c", Some("2"))]).await;
    assert_eq!(check(store, &lease, &install, all()).await, conflict("k/c"));
    write(store, &lease, &install, &[("k/a", None)]).await;
    assert_eq!(check(store, &lease, &install, all()).await, conflict("k/a"));
}

pub async fn a_key_that_left_a_range_is_a_conflict(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let entries = [("k/a", Some("1")), ("k/b", Some("1")), ("k/c", Some("1"))];
    let commit = write(store, &lease, &install, &entries).await.commit;
    let seen = [("k/a", commit), ("k/b", commit), ("k/c", commit)];
    for (gone, left) in [("k/c", 3), ("k/b", 2), ("k/a", 1)] {
        write(store, &lease, &install, &[(gone, None)]).await;
        let read = range_read(None, None, &seen[..left]);
        assert_eq!(check(store, &lease, &install, read).await, conflict(gone));
    }
}

pub async fn a_range_that_was_cut_off_ends_there(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let entries = [("k/a", Some("1")), ("k/b", Some("1")), ("k/c", Some("1"))];
    let commit = write(store, &lease, &install, &entries).await.commit;
    let first = || range_read(None, Some("k/b"), &[("k/a", commit), ("k/b", commit)]);
    let rest = || range_read(Some("k/b"), None, &[("k/c", commit)]);
    write(store, &lease, &install, &[("k/d", Some("1"))]).await;
    let outcome = check(store, &lease, &install, first()).await;
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    assert_eq!(check(store, &lease, &install, rest()).await, conflict("k/d"));
    write(store, &lease, &install, &[("k/d", None), ("k/aa", Some("1"))]).await;
    assert_eq!(check(store, &lease, &install, first()).await, conflict("k/aa"));
    let outcome = check(store, &lease, &install, rest()).await;
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
}
