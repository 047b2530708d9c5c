//! What is stopped: nothing of it is begun, and it goes on in order.

use fondaco_model::InstallId;
use fondaco_store::{
    Act, Go, Lease, Mode, NewAlert, RunCommit, RunResult, Scope, ShadowState, Stop, Store,
};

use crate::samples::*;

fn stop(scope: Scope, reason: &str) -> Stop {
    Stop { scope, at: NOW, principal: "anna".to_owned(), reason: reason.to_owned() }
}

fn go(scope: Scope) -> Go {
    let (principal, reason) = ("bruno".to_owned(), "checked".to_owned());
    Go { scope, at: NOW, principal, reason, forgive: false }
}

/// Two installs with an action each on the shop `torino`, and one with an alert.
async fn three_waiting(store: &dyn Store) -> (Lease, InstallId, InstallId) {
    let (lease, first) = begin(store).await;
    let second = install("pricing");
    store.install(&lease, &second).await.unwrap();
    propose(store, &lease, &first, vec![change_stock("a", "1", 8, 10), alert("b")]).await;
    propose(store, &lease, &second, vec![change_stock("c", "2", 8, 10)]).await;
    (lease, first, second)
}

pub async fn what_is_stopped_is_not_begun_and_goes_on_in_order(store: &dyn Store) {
    let (lease, first, _) = three_waiting(store).await;
    let cases = [
        (Scope::Client, vec![]),
        (Scope::Shop(shop("torino")), vec!["b"]),
        (Scope::Shop(shop("milano")), vec!["a", "b", "c"]),
        (Scope::Install(first), vec!["c"]),
    ];
    for (scope, expected) in cases {
        assert!(store.stop(&lease, stop(scope.clone(), "")).await.unwrap());
        assert_eq!(ready(store, NOW).await, expected, "{scope}");
        for name in ["a", "b", "c"].into_iter().filter(|name| !expected.contains(name)) {
            // Whoever saw it ready before it was stopped comes too late.
            assert!(!store.begin(&lease, NOW, &action_id(name), "{}").await.unwrap(), "{scope}");
        }
        assert!(store.go(&lease, go(scope.clone())).await.unwrap());
        assert_eq!(ready(store, NOW).await, ["a", "b", "c"], "{scope}");
    }
    for name in ["a", "b", "c"] {
        assert!(store.begin(&lease, NOW, &action_id(name), "{}").await.unwrap());
    }
}

pub async fn what_expires_while_it_is_stopped_is_told_when_it_goes_on(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let soon = NOW.plus_ms(10);
    propose(store, &lease, &install, vec![expiring(change_stock("a", "1", 8, 10), soon)]).await;
    store.stop(&lease, stop(Scope::Client, "")).await.unwrap();
    assert_eq!(ready(store, soon).await, [""; 0]);
    store.go(&lease, go(Scope::Client)).await.unwrap();
    assert_eq!(ready(store, soon).await, ["a"]);
}

pub async fn what_is_on_its_way_may_end(store: &dyn Store) {
    let (lease, _, _) = three_waiting(store).await;
    store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap();
    store.stop(&lease, stop(Scope::Client, "")).await.unwrap();
    assert_eq!(store.sending(&lease.client).await.unwrap().len(), 1);
    store.postpone(&lease, NOW, &action_id("a"), NOW, "busy").await.unwrap();
    assert_eq!(ready(store, NOW).await, [""; 0], "it is not begun again");
}

pub async fn actions_of_a_paused_install_wait(store: &dyn Store) {
    let (lease, first, _) = three_waiting(store).await;
    let discard = ShadowState::Discard;
    store.enter_mode(&lease, NOW, &first, Mode::Paused, discard).await.unwrap();
    assert_eq!(ready(store, NOW).await, ["c"]);
    store.enter_mode(&lease, NOW, &first, Mode::Live, discard).await.unwrap();
    assert_eq!(ready(store, NOW).await, ["a", "b", "c"]);
}

pub async fn stops_are_kept_and_audited_and_the_first_one_stays(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let scopes = [Scope::Client, Scope::Install(install), Scope::Shop(shop("milano"))];
    for scope in &scopes {
        assert!(store.stop(&lease, stop(scope.clone(), "stock count")).await.unwrap());
        let later = Stop { principal: "bruno".to_owned(), ..stop(scope.clone(), "me too") };
        assert!(!store.stop(&lease, later).await.unwrap());
    }
    let expected = scopes.clone().map(|scope| stop(scope, "stock count"));
    assert_eq!(store.stops(&lease.client).await.unwrap(), expected);
    store.lease(&client("bianchi"), "test").await.unwrap();
    assert!(store.stops(&client("bianchi")).await.unwrap().is_empty());

    let [all, install, milano] = scopes;
    assert!(store.go(&lease, go(milano.clone())).await.unwrap());
    assert!(!store.go(&lease, go(milano)).await.unwrap(), "it is not stopped");
    let left = [stop(all, "stock count"), stop(install, "stock count")];
    assert_eq!(store.stops(&lease.client).await.unwrap(), left);
    let log = store.audit_log(&lease.client, None, 99).await.unwrap();
    let told = log.iter().map(|entry| {
        let Act { principal, what, subject, detail } = &entry.act;
        format!("{principal}: {what} {subject}: {detail}")
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "bruno: go shop milano: checked",
            "anna: stop shop milano: stock count",
            "anna: stop install stock-sync: stock count",
            "anna: stop client: stock count",
        ]
    );
}

fn failing(install: &InstallId) -> NewAlert {
    let key = NewAlert::failing_key(install);
    new_alert(&key, Scope::Install(install.clone()))
}

fn failed(install: &InstallId, event: u64) -> RunCommit {
    let result = RunResult::Failed { reason: "no".to_owned() };
    RunCommit { result, log: vec!["last words".to_owned()], ..run(install, event) }
}

pub async fn a_failing_install_is_paused_before_the_event_it_failed_on(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let rossi = &lease.client;
    for name in ["1", "2", "3"] {
        raise(store, &lease, name).await;
    }
    commit(store, &lease, failed(&install, 1)).await;
    let paused = async |event| {
        store.pause_failing(&lease, NOW, failed(&install, event), failing(&install)).await.unwrap()
    };
    assert!(!paused(1).await, "the install is past it");
    assert!(store.stops(rossi).await.unwrap().is_empty());
    assert!(paused(2).await);

    assert_eq!(store.install_progress(rossi, &install).await.unwrap().unwrap().event, 1);
    let runs = store.runs(rossi, Some(&install), 9).await.unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!((runs[0].number, runs[0].event), (2, 2), "its run is recorded");
    assert_eq!(runs[0].log, ["last words"]);
    let stops = store.stops(rossi).await.unwrap();
    let by_host = Stop {
        principal: Act::HOST.to_owned(),
        ..stop(Scope::Install(install.clone()), "it keeps failing")
    };
    assert_eq!(stops, [by_host]);
    let open = async || store.alerts(rossi, true, 9).await.unwrap();
    assert_eq!(open().await[0].alert, failing(&install));

    // Two runs at a time may both be one too many.
    assert!(paused(2).await);
    assert_eq!((store.stops(rossi).await.unwrap().len(), open().await.len()), (1, 1));

    let failures =
        async || store.install_standing(rossi, &install).await.unwrap().unwrap().failures;
    let scope = Scope::Install(install.clone());
    store.go(&lease, go(scope.clone())).await.unwrap();
    assert!(open().await.is_empty(), "the alert goes with its cause");
    assert_eq!(failures().await, 1, "what was set aside still counts");
    assert!(paused(2).await);
    store.go(&lease, Go { forgive: true, ..go(scope) }).await.unwrap();
    assert_eq!(failures().await, 0);
    assert_eq!(commit(store, &lease, run(&install, 2)).await, 5, "numbers have no gaps");
}

pub async fn a_persons_stop_stays_theirs_when_the_host_pauses_as_well(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    raise(store, &lease, "1").await;
    let by_anna = stop(Scope::Install(install.clone()), "stock count");
    store.stop(&lease, by_anna.clone()).await.unwrap();
    let paused =
        store.pause_failing(&lease, NOW, failed(&install, 1), failing(&install)).await.unwrap();
    assert!(paused);
    assert_eq!(store.stops(&lease.client).await.unwrap(), [by_anna]);
    assert_eq!(store.alerts(&lease.client, true, 9).await.unwrap().len(), 1);
}
