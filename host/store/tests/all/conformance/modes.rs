//! Modes of installs: what is remembered, and the fork of the state in shadow.

use fondaco_model::{
    ActionEnd, ActionState, InstallId,
    run::{StateReads, StateWrites},
};
use fondaco_store::{
    CommitOutcome, InstallStanding, Lease, Mode, RunCommit, RunResult, ShadowState, Store,
    StoreError,
};

use crate::samples::*;

async fn enter(store: &dyn Store, lease: &Lease, install: &InstallId, mode: Mode) -> bool {
    store.enter_mode(lease, NOW, install, mode, ShadowState::Discard).await.unwrap()
}

async fn standing(store: &dyn Store, lease: &Lease, install: &InstallId) -> InstallStanding {
    store.install_standing(&lease.client, install).await.unwrap().unwrap()
}

/// Commits a run that writes.
async fn write(store: &dyn Store, lease: &Lease, install: &InstallId, entries: &[(&str, &str)]) {
    let last = store.backlog(&lease.client).await.unwrap().last_event;
    let event = raise(store, lease, &format!("for-{last}")).await;
    let entries = entries.iter();
    let writes: StateWrites = entries
        .map(|(key, value)| {
            let value = (*value != "-").then(|| (*value).to_owned());
            ((*key).to_owned(), value)
        })
        .collect();
    commit(store, lease, RunCommit { writes, ..run(install, event) }).await;
}

/// What a run reads now: keys and values.
async fn state(store: &dyn Store, lease: &Lease, install: &InstallId) -> Vec<(String, String)> {
    let view = store.view(&lease.client).await.unwrap();
    let listed = store.state_list(&view, install, "", None, 99).await.unwrap();
    for (key, value) in &listed {
        assert_eq!(store.state_get(&view, install, key).await.unwrap(), *value);
    }
    listed.into_iter().filter_map(|(key, value)| Some((key, value.value?))).collect()
}

fn entries(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub async fn a_mode_is_remembered_and_its_change_is_audited(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    assert_eq!(standing(store, &lease, &install).await, InstallStanding::default());
    assert_eq!(
        store.install_standing(&lease.client, &crate::samples::install("x")).await.unwrap(),
        None
    );
    for (mode, changes) in [
        (Mode::Live, true),
        (Mode::Live, false),
        (Mode::Paused, true),
        (Mode::Off, true),
        (Mode::Shadow, true),
        (Mode::Shadow, false),
    ] {
        assert_eq!(enter(store, &lease, &install, mode).await, changes, "{mode:?}");
        assert_eq!(standing(store, &lease, &install).await.mode, Some(mode));
    }
    let log = store.audit_log(&lease.client, None, 99).await.unwrap();
    let told: Vec<_> = log.iter().map(|entry| entry.act.detail.as_str()).collect();
    assert_eq!(
        told,
        [
            "off → shadow, as the client's file says; a fork of its state was made",
            "paused → off, as the client's file says",
            "live → paused, as the client's file says",
            "new → live, as the client's file says",
        ]
    );
    assert!(log.iter().all(|entry| entry.act.subject == "install stock-sync"));
    let stranger = crate::samples::install("stranger");
    let error = store.enter_mode(&lease, NOW, &stranger, Mode::Off, ShadowState::Keep).await;
    assert!(matches!(error, Err(StoreError::Missing { .. })), "{error:?}");
}

/// An install in shadow that had `a`, `b` and `c` live, and in shadow changed `a`, took `b` away,
/// left `c` and put in `d`.
async fn in_shadow(store: &dyn Store) -> (Lease, InstallId) {
    let (lease, install) = begin(store).await;
    enter(store, &lease, &install, Mode::Live).await;
    write(store, &lease, &install, &[("a", "1"), ("b", "1"), ("c", "1"), ("gone", "1")]).await;
    write(store, &lease, &install, &[("gone", "-")]).await;
    enter(store, &lease, &install, Mode::Shadow).await;
    let forked = standing(store, &lease, &install).await;
    assert_eq!(forked.fork_since, Some(NOW));
    let live = entries(&[("a", "1"), ("b", "1"), ("c", "1")]);
    assert_eq!(state(store, &lease, &install).await, live, "the fork begins as the state was");
    write(store, &lease, &install, &[("a", "2"), ("b", "-"), ("d", "2")]).await;
    let shadow = entries(&[("a", "2"), ("c", "1"), ("d", "2")]);
    assert_eq!(state(store, &lease, &install).await, shadow);
    (lease, install)
}

pub async fn a_fork_that_is_discarded_leaves_the_state_as_it_was(store: &dyn Store) {
    let (lease, install) = in_shadow(store).await;
    enter(store, &lease, &install, Mode::Live).await;
    let live = entries(&[("a", "1"), ("b", "1"), ("c", "1")]);
    assert_eq!(state(store, &lease, &install).await, live);
    assert_eq!(standing(store, &lease, &install).await.fork_since, None);
    // The next one begins with nothing of this one.
    enter(store, &lease, &install, Mode::Shadow).await;
    assert_eq!(state(store, &lease, &install).await, live);
}

pub async fn a_fork_that_is_kept_takes_the_place_of_the_state(store: &dyn Store) {
    let (lease, install) = in_shadow(store).await;
    let before = store.view(&lease.client).await.unwrap().commit;
    store.enter_mode(&lease, NOW, &install, Mode::Live, ShadowState::Keep).await.unwrap();
    let kept = entries(&[("a", "2"), ("c", "1"), ("d", "2")]);
    assert_eq!(state(store, &lease, &install).await, kept);
    let view = store.view(&lease.client).await.unwrap();
    assert_eq!(view.commit, before + 1, "in one commit");
    let commit = async |key: &str| store.state_get(&view, &install, key).await.unwrap().commit;
    assert_eq!(commit("a").await, view.commit);
    assert!(commit("c").await < before, "what is the same is not written again");
    // From here on it is a state like any other.
    write(store, &lease, &install, &[("a", "3")]).await;
    enter(store, &lease, &install, Mode::Shadow).await;
    let again = entries(&[("a", "3"), ("c", "1"), ("d", "2")]);
    assert_eq!(state(store, &lease, &install).await, again);
}

pub async fn a_fork_lasts_until_its_install_goes_live(store: &dyn Store) {
    let (lease, install) = in_shadow(store).await;
    for mode in [Mode::Paused, Mode::Off, Mode::Shadow] {
        enter(store, &lease, &install, mode).await;
    }
    let shadow = entries(&[("a", "2"), ("c", "1"), ("d", "2")]);
    assert_eq!(state(store, &lease, &install).await, shadow);
    enter(store, &lease, &install, Mode::Paused).await;
    store.enter_mode(&lease, NOW, &install, Mode::Live, ShadowState::Keep).await.unwrap();
    assert_eq!(state(store, &lease, &install).await, shadow);
}

pub async fn what_a_fork_read_is_checked_in_the_fork(store: &dyn Store) {
    let (lease, install) = in_shadow(store).await;
    let view = store.view(&lease.client).await.unwrap();
    let old = store.state_get(&view, &install, "a").await.unwrap().commit;
    write(store, &lease, &install, &[("a", "3")]).await;
    let new = store.view(&lease.client).await.unwrap().commit;
    let event = raise(store, &lease, "checked").await;
    let read = |commit| RunCommit {
        reads: StateReads { keys: [("a".to_owned(), commit)].into(), ranges: Vec::new() },
        ..run(&install, event)
    };
    let outcome = store.commit_run(&lease, NOW, read(old)).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Conflict { key: "a".to_owned() });
    let outcome = store.commit_run(&lease, NOW, read(new)).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
}

pub async fn what_is_proposed_in_shadow_goes_nowhere(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let other = crate::samples::install("pricing");
    store.install(&lease, &other).await.unwrap();
    propose(store, &lease, &other, vec![change_stock("live", "1", 8, 10)]).await;
    enter(store, &lease, &install, Mode::Shadow).await;
    let event = raise(store, &lease, "1").await;
    let before = store.backlog(&lease.client).await.unwrap();
    let proposals = vec![change_stock("a", "1", 7, 9), alert("b")];
    let refused = vec![(change_stock("c", "2", 0, 9), "too much".to_owned())];
    commit(store, &lease, RunCommit { proposals, refused, ..run(&install, event) }).await;

    assert_eq!(ready(store, NOW).await, ["live"], "it takes nobody's place");
    assert_eq!(store.backlog(&lease.client).await.unwrap(), before, "and nobody hears of it");
    for (name, objection) in [("a", None), ("b", None), ("c", Some("too much".to_owned()))] {
        let action = store.action(&lease.client, &action_id(name)).await.unwrap().unwrap();
        assert_eq!(action.state, ActionState::Ended);
        assert_eq!(action.end, Some(ActionEnd::Shadow { objection }));
        assert!(!store.begin(&lease, NOW, &action_id(name), "{}").await.unwrap());
    }
    let record = &store.runs(&lease.client, Some(&install), 1).await.unwrap()[0];
    assert!(record.shadow && record.actions.len() == 3);
    let live = &store.runs(&lease.client, Some(&other), 1).await.unwrap()[0];
    assert!(!live.shadow);
    // What comes after something that went nowhere can never be done.
    propose(store, &lease, &other, vec![after(alert("d"), &["a"])]).await;
    let ready = store.ready(&lease.client, NOW, 9).await.unwrap();
    assert_eq!(ready[1].after_failed, Some(action_id("a")));
}

pub async fn failures_are_counted_in_a_row(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let failed = || RunResult::Failed { reason: "no".to_owned() };
    let again = RunResult::Again { cursor: "1".to_owned() };
    let cases = [
        (failed(), 1),
        (failed(), 2),
        (RunResult::Skipped { reason: "it is off".to_owned() }, 2),
        (RunResult::Done, 0),
        (failed(), 1),
        (again, 0),
    ];
    for (number, (result, expected)) in cases.into_iter().enumerate() {
        let event = raise(store, &lease, &number.to_string()).await;
        commit(store, &lease, RunCommit { result, ..run(&install, event) }).await;
        assert_eq!(standing(store, &lease, &install).await.failures, expected, "{number}");
    }
}
