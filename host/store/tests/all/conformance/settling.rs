//! Actions on their way: begun, put back, settled; and the fences that stand meanwhile.

use fondaco_model::{ActionEnd, ActionState, EventBody, Timestamp, event::Cause};
use fondaco_store::{
    Lease, ObserveOutcome, Observed, ObservedRow, SendingAction, SettleOutcome, Store,
};

use crate::samples::*;

async fn start(store: &dyn Store, lease: &Lease, name: &str) -> bool {
    store.begin(lease, NOW, &action_id(name), "the request").await.unwrap()
}

/// An observation of these variants that a fence has masked.
fn masked(target_of: &str, variants: &[&str]) -> Observed {
    let masked = variants.iter().map(|id| (target(target_of), variant_key(id))).collect();
    Observed { masked, ..Observed::default() }
}

pub async fn begin_puts_up_a_fence_once(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![change_stock("a", "1", 8, 10), alert("b")];
    propose(store, &lease, &install, proposals).await;
    assert!(start(store, &lease, "a").await);
    assert!(!start(store, &lease, "a").await, "it waits no more");
    assert!(start(store, &lease, "b").await);
    assert_eq!(store.fences(&lease.client).await.unwrap(), [target("1")]);
    let a = store.action(&lease.client, &action_id("a")).await.unwrap().unwrap();
    assert_eq!((a.state, a.attempts), (ActionState::Sending, 1));
    store.settle(&lease, settlement("a", done(), Vec::new())).await.unwrap();
    assert!(store.fences(&lease.client).await.unwrap().is_empty());
    assert!(!start(store, &lease, "a").await, "it has ended");
}

pub async fn two_are_never_sent_to_one_target(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    start(store, &lease, "a").await;
    propose(store, &lease, &install, vec![change_stock("b", "1", 7, 8)]).await;
    assert!(!start(store, &lease, "b").await);
    store.settle(&lease, settlement("a", done(), Vec::new())).await.unwrap();
    assert!(start(store, &lease, "b").await);
}

pub async fn what_is_being_sent_tells_its_request(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![change_stock("a", "1", 8, 10), change_stock("b", "2", 8, 10), alert("c")];
    propose(store, &lease, &install, proposals).await;
    let later = NOW.plus_ms(5);
    for (name, at) in [("b", NOW), ("a", later)] {
        store.begin(&lease, at, &action_id(name), &format!("request {name}")).await.unwrap();
    }
    let sending = store.sending(&lease.client).await.unwrap();
    let told: Vec<_> = sending
        .iter()
        .map(|SendingAction { action, began_at, request }| {
            (action.id.as_str(), *began_at, request.as_str())
        })
        .collect();
    assert_eq!(told, [("a", later, "request a"), ("b", NOW, "request b")]);
}

pub async fn one_that_was_put_back_waits_until_then(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    let postpone = async |until: Timestamp| {
        store.postpone(&lease, NOW, &action_id("a"), until, "busy").await.unwrap()
    };
    assert!(postpone(NOW.plus_ms(99)).await.is_empty(), "it is not being sent");
    assert_eq!(ready(store, NOW).await, ["a"]);
    start(store, &lease, "a").await;
    postpone(NOW.plus_ms(10)).await;
    postpone(NOW.plus_ms(99)).await;
    assert!(store.fences(&lease.client).await.unwrap().is_empty());
    assert!(store.sending(&lease.client).await.unwrap().is_empty());
    assert_eq!(ready(store, NOW.plus_ms(9)).await, [""; 0]);
    assert_eq!(ready(store, NOW.plus_ms(10)).await, ["a"]);
    start(store, &lease, "a").await;
    let a = store.action(&lease.client, &action_id("a")).await.unwrap().unwrap();
    assert_eq!((a.state, a.attempts), (ActionState::Sending, 2));
    assert!(outcomes(store, 0).await.is_empty());
}

pub async fn one_that_was_put_back_gives_way_to_a_newer_one(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    start(store, &lease, "a").await;
    propose(store, &lease, &install, vec![change_stock("b", "1", 7, 8)]).await;
    let last = store.backlog(&lease.client).await.unwrap().last_event;
    store.postpone(&lease, NOW, &action_id("a"), NOW.plus_ms(10), "busy").await.unwrap();
    assert_eq!(outcomes(store, last).await, [("a".to_owned(), ActionEnd::Superseded)]);
    let ready = store.ready(&lease.client, NOW, 9).await.unwrap();
    assert_eq!(ready.len(), 1);
    assert_eq!(ready[0].action.kind, change_stock("b", "1", 7, 10).kind);
    assert!(store.fences(&lease.client).await.unwrap().is_empty());
}

pub async fn putting_back_returns_what_was_masked(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    start(store, &lease, "a").await;
    observe(store, &lease, masked("1", &["5", "4", "5"])).await;
    let postpone =
        async || store.postpone(&lease, NOW, &action_id("a"), NOW, "busy").await.unwrap();
    assert_eq!(postpone().await, [variant_key("4"), variant_key("5")]);
    assert!(postpone().await.is_empty());
}

pub async fn settling_raises_changes_then_the_outcome(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let event = propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    start(store, &lease, "a").await;
    let cause = Cause { action: action_id("a"), install };
    let seen = ObservedRow {
        caused_by: Some(cause.clone()),
        ..row(variant_key("1"), 0, variant(Some("MUG"), 8), vec![stock_change(10)])
    };
    let end = ActionEnd::Done { ids: vec!["42".to_owned()] };
    let outcome = store.settle(&lease, settlement("a", end.clone(), vec![seen])).await.unwrap();
    let SettleOutcome::Settled { masked, events } = outcome else { panic!("{outcome:?}") };
    assert!(masked.is_empty());
    assert_eq!(events, store.events(&lease.client, event, 9).await.unwrap());
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].commit, events[1].commit);
    assert!(matches!(&events[0].body, EventBody::Changed { sequence: 1, .. }));
    assert_eq!(events[0].caused_by, Some(cause));
    assert_eq!(super::super::samples::outcome(&events[1]), Some(("a", &end)));
    assert_eq!(events[1].caused_by, None);
    let view = store.view(&lease.client).await.unwrap();
    assert_eq!(store.skus(&view, None, 9).await.unwrap(), ["MUG"]);
    let a = store.action(&lease.client, &action_id("a")).await.unwrap().unwrap();
    assert_eq!((a.state, a.end, a.ended_at), (ActionState::Ended, Some(end), Some(NOW)));
}

pub async fn settling_twice_does_nothing(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    start(store, &lease, "a").await;
    store.settle(&lease, settlement("a", done(), Vec::new())).await.unwrap();
    let view = store.view(&lease.client).await.unwrap();
    let seen = row(variant_key("1"), 0, variant(None, 8), vec![stock_change(10)]);
    let again = settlement("a", ActionEnd::Expired, vec![seen]);
    assert_eq!(store.settle(&lease, again).await.unwrap(), SettleOutcome::AlreadyDone);
    assert_eq!(store.view(&lease.client).await.unwrap(), view);
    assert_eq!(outcomes(store, 0).await, [("a".to_owned(), done())]);
    let none = store.postpone(&lease, NOW, &action_id("a"), NOW, "late").await.unwrap();
    assert!(none.is_empty());
    let a = store.action(&lease.client, &action_id("a")).await.unwrap().unwrap();
    assert_eq!(a.end, Some(done()));
}

pub async fn settling_on_a_mirror_that_moved_does_nothing(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    start(store, &lease, "a").await;
    let other = row(variant_key("2"), 0, variant(Some("CUP"), 1), vec![stock_change(2)]);
    let moved = row(variant_key("1"), 3, variant(Some("MUG"), 8), vec![stock_change(10)]);
    let view = store.view(&lease.client).await.unwrap();
    let outcome = store.settle(&lease, settlement("a", done(), vec![other, moved])).await;
    assert_eq!(outcome.unwrap(), SettleOutcome::Moved);
    assert_eq!(store.view(&lease.client).await.unwrap(), view);
    assert_eq!(store.mirror(&lease.client, &variant_key("2")).await.unwrap(), None);
    assert_eq!(store.fences(&lease.client).await.unwrap(), [target("1")]);
    assert!(outcomes(store, 0).await.is_empty());
}

pub async fn settling_returns_what_was_masked(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![change_stock("a", "1", 8, 10), change_stock("b", "2", 8, 10)];
    propose(store, &lease, &install, proposals).await;
    start(store, &lease, "a").await;
    start(store, &lease, "b").await;
    observe(store, &lease, masked("1", &["1"])).await;
    observe(store, &lease, masked("1", &["1", "7"])).await;
    observe(store, &lease, masked("2", &["2"])).await;
    for (name, expected) in
        [("a", vec![variant_key("1"), variant_key("7")]), ("b", vec![variant_key("2")])]
    {
        match store.settle(&lease, settlement(name, done(), Vec::new())).await.unwrap() {
            SettleOutcome::Settled { masked, .. } => assert_eq!(masked, expected),
            other => panic!("{other:?}"),
        }
    }
}

pub async fn a_fence_that_is_gone_masks_nothing(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    let observed = || Observed {
        rows: vec![row(variant_key("9"), 0, variant(None, 1), Vec::new())],
        ..masked("1", &["1"])
    };
    let outcome = store.observe(&lease, NOW, observed()).await.unwrap();
    assert_eq!(outcome, ObserveOutcome::Moved);
    start(store, &lease, "a").await;
    store.settle(&lease, settlement("a", done(), Vec::new())).await.unwrap();
    let outcome = store.observe(&lease, NOW, observed()).await.unwrap();
    assert_eq!(outcome, ObserveOutcome::Moved);
    assert_eq!(store.mirror(&lease.client, &variant_key("9")).await.unwrap(), None);
}

pub async fn ending_one_that_waits_leaves_the_fence_of_another(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    start(store, &lease, "a").await;
    propose(store, &lease, &install, vec![change_stock("b", "1", 7, 8)]).await;
    observe(store, &lease, masked("1", &["1"])).await;
    for (name, end, expected) in
        [("b", ActionEnd::Expired, vec![]), ("a", done(), vec![variant_key("1")])]
    {
        assert_eq!(store.fences(&lease.client).await.unwrap(), [target("1")]);
        match store.settle(&lease, settlement(name, end, Vec::new())).await.unwrap() {
            SettleOutcome::Settled { masked, .. } => assert_eq!(masked, expected),
            other => panic!("{other:?}"),
        }
    }
}

pub async fn the_backlog_counts_what_is_open(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![change_stock("a", "1", 8, 10), change_stock("b", "2", 8, 10), alert("c")];
    let event = propose(store, &lease, &install, proposals).await;
    start(store, &lease, "a").await;
    let backlog = store.backlog(&lease.client).await.unwrap();
    assert_eq!((backlog.actions, backlog.last_event), (3, event));
    store.settle(&lease, settlement("a", done(), Vec::new())).await.unwrap();
    let backlog = store.backlog(&lease.client).await.unwrap();
    assert_eq!((backlog.actions, backlog.last_event), (2, event + 1));
    assert_eq!(store.backlog(&client("nobody")).await.unwrap(), fondaco_store::Backlog::default());
}
