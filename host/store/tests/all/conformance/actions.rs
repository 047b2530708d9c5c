//! Proposals become actions: superseded, refused, ready, listed.

use fondaco_model::{Action, ActionEnd, ActionState, action::Shown};
use fondaco_store::{ActionFilter, Lease, RunCommit, Store};

use crate::samples::*;

async fn get(store: &dyn Store, name: &str) -> Action {
    store.action(&client("rossi"), &action_id(name)).await.unwrap().unwrap()
}

async fn end(store: &dyn Store, lease: &Lease, name: &str, end: ActionEnd) {
    store.settle(lease, settlement(name, end, Vec::new())).await.unwrap();
}

fn superseded(name: &str) -> (String, ActionEnd) {
    (name.to_owned(), ActionEnd::Superseded)
}

pub async fn a_proposal_waits_and_is_ready(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let event = propose(store, &lease, &install, vec![change_stock("a", "1", 1, 2)]).await;
    let proposal = change_stock("a", "1", 1, 2);
    let expected = Action {
        id: proposal.id,
        number: 1,
        trace: store.event(&lease.client, event).await.unwrap().unwrap().trace,
        client: lease.client.clone(),
        install,
        event,
        kind: proposal.kind,
        terms: proposal.terms,
        state: ActionState::Waiting,
        end: None,
        attempts: 0,
        proposed_at: NOW,
        tried_since: NOW,
        next_try: None,
        last_reason: None,
        shown: Shown::default(),
        ended_at: None,
    };
    assert_eq!(get(store, "a").await, expected);
    let ready = store.ready(&lease.client, NOW, 9).await.unwrap();
    assert_eq!(ready.len(), 1);
    assert_eq!((&ready[0].action, &ready[0].after_failed), (&expected, &None));
    assert!(store.fences(&lease.client).await.unwrap().is_empty());
}

pub async fn what_a_person_wishes_is_proposed_with_its_entry_in_the_audit_log(store: &dyn Store) {
    let (lease, module) = begin(store).await;
    let align = install("align");
    propose(store, &lease, &module, vec![change_stock("a", "1", 1, 9)]).await;
    let last = store.backlog(&lease.client).await.unwrap().last_event;
    let wish = async |proposals| {
        store.propose(&lease, NOW, &align, proposals, Some(act("align"))).await.unwrap();
    };
    let both = || vec![change_stock("b", "1", 5, 1), change_stock("c", "2", 5, 2)];
    wish(both()).await;
    // It takes the place of what waited, and is decided on what that was.
    assert_eq!(ready(store, NOW).await, ["b", "c"]);
    assert_eq!(decided_on(&get(store, "b").await.kind), decimal(9));
    assert_eq!(outcomes(store, last).await, [superseded("a")]);
    let proposed = get(store, "c").await;
    assert_eq!((&proposed.install, proposed.event), (&align, last));
    assert_eq!(proposed.trace, get(store, "b").await.trace, "they belong together");
    assert_ne!(proposed.trace, get(store, "a").await.trace);
    // Said again, it is not done twice.
    wish(both()).await;
    assert_eq!(ready(store, NOW).await, ["b", "c"]);
    assert_eq!(acts(store).await, ["align", "align"]);
    // Its outcomes wait for nobody, so that nothing is kept because of them.
    end(store, &lease, "b", done()).await;
    let stands = store.install_progress(&lease.client, &align).await.unwrap().unwrap();
    assert!(stands.event > store.backlog(&lease.client).await.unwrap().last_event);
}

pub async fn a_newer_one_takes_the_place_and_the_value_before(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let other = crate::samples::install("pricing");
    store.install(&lease, &other).await.unwrap();
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    propose(store, &lease, &other, vec![change_stock("b", "1", 7, 9)]).await;
    let last = propose(store, &lease, &install, vec![change_stock("c", "1", 10, 7)]).await;
    propose(store, &lease, &install, vec![change_stock("d", "2", 1, 5)]).await;
    // The shop still shows what the first was decided on. That the last one would write just that
    // is seen when it is carried out.
    let c = get(store, "c").await;
    assert_eq!(decided_on(&c.kind), decimal(10));
    assert_eq!(c.kind, change_stock("c", "1", 10, 10).kind);
    assert_eq!(decided_on(&get(store, "d").await.kind), decimal(5), "another target");
    assert_eq!(ready(store, NOW).await, ["c", "d"]);
    assert_eq!(outcomes(store, 0).await, [superseded("a"), superseded("b")]);
    let a = get(store, "a").await;
    assert_eq!(
        (a.state, a.end, a.ended_at),
        (ActionState::Ended, Some(ActionEnd::Superseded), Some(NOW))
    );
    // Each outcome is for the install that proposed it.
    let events = store.events(&lease.client, 0, 99).await.unwrap();
    let to: Vec<_> = events.iter().filter_map(|event| event.body.addressee()).collect();
    assert_eq!(to, [&install, &other]);
    assert!(events.iter().all(|event| event.caused_by.is_none()));
    assert!(last > 0);
}

pub async fn one_run_can_supersede_itself(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![change_stock("a", "1", 8, 10), alert("x"), change_stock("b", "1", 6, 8)];
    propose(store, &lease, &install, proposals).await;
    assert_eq!(ready(store, NOW).await, ["x", "b"]);
    assert_eq!(decided_on(&get(store, "b").await.kind), decimal(10));
    assert_eq!(outcomes(store, 0).await, [superseded("a")]);
    let run = &store.runs(&lease.client, None, 1).await.unwrap()[0];
    assert_eq!(run.actions, [action_id("a"), action_id("x"), action_id("b")]);
}

pub async fn one_that_is_being_sent_is_not_superseded(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    assert!(store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap());
    propose(store, &lease, &install, vec![change_stock("b", "1", 7, 8)]).await;
    assert_eq!(get(store, "a").await.state, ActionState::Sending);
    assert_eq!(decided_on(&get(store, "b").await.kind), decimal(8));
    assert_eq!(ready(store, NOW).await, [""; 0], "its target is being written");
    propose(store, &lease, &install, vec![change_stock("c", "1", 6, 7)]).await;
    assert_eq!(decided_on(&get(store, "c").await.kind), decimal(8));
    assert_eq!(outcomes(store, 0).await, [superseded("b")]);
    end(store, &lease, "a", done()).await;
    assert_eq!(ready(store, NOW).await, ["c"]);
}

pub async fn refunds_of_one_order_take_nobodys_place_and_are_sent_one_at_a_time(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![refund("a", "7", 3), refund("b", "7", 4), refund("c", "8", 5)];
    propose(store, &lease, &install, proposals).await;
    assert_eq!(ready(store, NOW).await, ["a", "b", "c"]);
    assert!(store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap());
    assert_eq!(ready(store, NOW).await, ["c"]);
    assert!(!store.begin(&lease, NOW, &action_id("b"), "{}").await.unwrap());
    // It is a fence around the order, though no newer one could take its place.
    let fence = refund("a", "7", 3).kind.exclusive().unwrap();
    assert_eq!(store.fences(&lease.client).await.unwrap(), [fence]);
    end(store, &lease, "a", done()).await;
    assert_eq!(ready(store, NOW).await, ["b", "c"]);
    assert!(store.fences(&lease.client).await.unwrap().is_empty());
}

pub async fn a_refused_proposal_is_recorded_and_told(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    let event = raise(store, &lease, "1").await;
    let refused = vec![(change_stock("b", "1", 0, 8), "too large a change".to_owned())];
    commit(store, &lease, RunCommit { refused, ..run(&install, event) }).await;
    let reason = ActionEnd::Refused { reason: "too large a change".to_owned() };
    let b = get(store, "b").await;
    assert_eq!((b.state, b.end, b.attempts), (ActionState::Ended, Some(reason.clone()), 0));
    assert_eq!(outcomes(store, 0).await, [("b".to_owned(), reason)]);
    let told = store.events(&lease.client, event, 9).await.unwrap().remove(0);
    match told.body {
        fondaco_model::EventBody::Outcome { kind, key, .. } => {
            assert_eq!((kind.as_str(), key.as_deref()), ("change-stock", Some("key-b")));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(ready(store, NOW).await, ["a"], "it takes nobody's place");
}

pub async fn the_same_action_again_is_passed_over(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    let event = raise(store, &lease, "1").await;
    let again = RunCommit {
        proposals: vec![change_stock("a", "1", 7, 9)],
        refused: vec![(change_stock("a", "1", 7, 9), "no".to_owned())],
        ..run(&install, event)
    };
    commit(store, &lease, again).await;
    assert_eq!(get(store, "a").await.kind, change_stock("a", "1", 8, 10).kind);
    assert_eq!(ready(store, NOW).await, ["a"]);
    assert!(outcomes(store, 0).await.is_empty());
}

pub async fn one_comes_after_another_that_is_done(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let last = after(alert("c"), &["a", "b"]);
    let proposals = vec![change_stock("a", "1", 8, 10), change_stock("b", "2", 8, 10), last];
    propose(store, &lease, &install, proposals).await;
    assert_eq!(ready(store, NOW).await, ["a", "b"]);
    end(store, &lease, "a", done()).await;
    assert_eq!(ready(store, NOW).await, ["b"]);
    store.begin(&lease, NOW, &action_id("b"), "{}").await.unwrap();
    assert_eq!(ready(store, NOW).await, [""; 0]);
    end(store, &lease, "b", done()).await;
    assert_eq!(ready(store, NOW).await, ["c"]);
}

pub async fn one_is_told_when_what_it_comes_after_failed(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![
        change_stock("a", "1", 8, 10),
        change_stock("b", "2", 8, 10),
        after(alert("c"), &["a", "b"]),
        after(alert("d"), &["nowhere"]),
    ];
    propose(store, &lease, &install, proposals).await;
    end(store, &lease, "b", ActionEnd::Failed { reason: "410".to_owned() }).await;
    let ready = store.ready(&lease.client, NOW, 9).await.unwrap();
    let told: Vec<_> = ready
        .iter()
        .map(|ready| (ready.action.id.as_str(), ready.after_failed.as_ref().map(|id| id.as_str())))
        .collect();
    // `c` is told at once, though `a` is not done either.
    assert_eq!(told, [("a", None), ("c", Some("b")), ("d", Some("nowhere"))]);
}

pub async fn an_expired_one_is_ready_whatever_it_waits_for(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let soon = NOW.plus_ms(10);
    let proposals = vec![
        change_stock("a", "1", 8, 10),
        expiring(after(alert("b"), &["a"]), soon),
        expiring(change_stock("c", "2", 8, 10), soon),
    ];
    propose(store, &lease, &install, proposals).await;
    for name in ["a", "c"] {
        store.begin(&lease, NOW, &action_id(name), "{}").await.unwrap();
    }
    let never = fondaco_model::Timestamp(u64::MAX);
    store.postpone(&lease, NOW, &action_id("c"), never, "down").await.unwrap();
    assert_eq!(ready(store, NOW.plus_ms(9)).await, [""; 0]);
    assert_eq!(ready(store, soon).await, ["b", "c"]);
}

pub async fn ready_is_limited_and_oldest_first(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let names = ["d", "b", "c", "a"];
    let proposals = names.map(alert).to_vec();
    propose(store, &lease, &install, proposals).await;
    assert_eq!(ready(store, NOW).await, names);
    let two = store.ready(&lease.client, NOW, 2).await.unwrap();
    let two: Vec<_> = two.iter().map(|ready| ready.action.id.as_str()).collect();
    assert_eq!(two, ["d", "b"]);
    assert!(store.ready(&lease.client, NOW, 0).await.unwrap().is_empty());
    assert_eq!(ready(store, NOW).await, names, "asking changes nothing");
}

pub async fn actions_are_listed_newest_first(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let first = vec![change_stock("a", "1", 8, 10), change_stock("b", "2", 8, 10)];
    let first = propose(store, &lease, &install, first).await;
    propose(store, &lease, &install, vec![alert("c")]).await;
    end(store, &lease, "a", done()).await;
    store.begin(&lease, NOW, &action_id("b"), "{}").await.unwrap();
    let list = async |open_only, event, limit| -> Vec<String> {
        let filter = ActionFilter { open_only, event, limit, ..ActionFilter::default() };
        let actions = store.actions(&lease.client, filter).await.unwrap();
        actions.into_iter().map(|action| action.id.to_string()).collect()
    };
    assert_eq!(list(false, None, 9).await, ["c", "b", "a"]);
    assert_eq!(list(false, None, 2).await, ["c", "b"]);
    assert_eq!(list(true, None, 9).await, ["c", "b"]);
    assert_eq!(list(true, None, 1).await, ["c"]);
    assert_eq!(list(false, Some(first), 9).await, ["b", "a"]);
    assert_eq!(list(true, Some(first), 9).await, ["b"]);
    assert_eq!(list(false, Some(99), 9).await, [""; 0]);
    for open_only in [false, true] {
        let of = async |install| {
            let install = Some(install);
            let filter = ActionFilter { install, open_only, limit: 9, ..ActionFilter::default() };
            store.actions(&lease.client, filter).await.unwrap().len()
        };
        let all = list(open_only, None, 9).await.len();
        assert_eq!(of(install.clone()).await, all);
        assert_eq!(of(crate::samples::install("another")).await, 0);
    }
    assert_eq!(store.action(&lease.client, &action_id("x")).await.unwrap(), None);
}
