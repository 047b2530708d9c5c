//! Dead deliveries and actions: retried, discarded, decided on; and all of it in the audit log.

use fondaco_model::{Action, ActionEnd, ActionState, Timestamp};
use fondaco_store::{
    ActionSelection, DeadSelection, Lease, NewDelivery, Redo, Scope, Store, limits,
};

use crate::samples::*;

/// Accepts a delivery of a shop and sets it aside.
async fn dead(store: &dyn Store, lease: &Lease, shop_name: &str, body: &str) -> u64 {
    let delivery = NewDelivery { shop: shop(shop_name), ..delivery(body) };
    let number = store.accept(lease, delivery).await.unwrap();
    store.bury(lease, number, "unreadable").await.unwrap();
    number
}

async fn dead_numbers(store: &dyn Store) -> Vec<u64> {
    let dead = store.dead_deliveries(&client("rossi"), 9_999).await.unwrap();
    dead.into_iter().map(|delivery| delivery.number).collect()
}

pub async fn a_dead_delivery_goes_back_into_the_inbox(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    dead(store, &lease, "milano", "a").await;
    assert_eq!(store.accept(&lease, delivery("waiting")).await.unwrap(), 2);
    let redone = store.retry_deliveries(&lease, NOW, all_dead(), act("retry")).await.unwrap();
    assert_eq!((redone.done, redone.left, redone.more), (vec![1], vec![], false));
    assert!(dead_numbers(store).await.is_empty());
    // It comes after what waits, under a number of its own, and is the same otherwise.
    let inbox = store.deliveries(&lease.client, 0, 9).await.unwrap();
    let numbers: Vec<_> = inbox.iter().map(|delivery| delivery.number).collect();
    assert_eq!(numbers, [2, 3]);
    assert_eq!(inbox[1].delivery, delivery("a"));
    assert_eq!(store.accept(&lease, delivery("next")).await.unwrap(), 4);
    assert_eq!(acts(store).await, ["retry"]);

    let again = store.retry_deliveries(&lease, NOW, all_dead(), act("retry")).await.unwrap();
    assert!(again.done.is_empty());
    assert_eq!(acts(store).await, ["retry"], "nothing was done, so nothing is told");
    store.bury(&lease, 3, "still unreadable").await.unwrap();
    assert_eq!(dead_numbers(store).await, [3]);
}

pub async fn what_another_site_sent_is_kept_apart_for_good(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let alert = || new_alert("foreign/milano", Scope::Shop(shop("milano")));
    let keep = async |body: &str| {
        store.keep_apart(&lease, delivery(body), "copy.test", alert()).await.unwrap()
    };
    assert_eq!(keep("a").await, 1);
    assert_eq!(store.accept(&lease, delivery("b")).await.unwrap(), 2);
    store.bury(&lease, 2, "unreadable").await.unwrap();
    let dead = store.dead_deliveries(&lease.client, 9).await.unwrap();
    let sites: Vec<_> = dead.iter().map(|dead| (dead.number, dead.site.as_deref())).collect();
    assert_eq!(sites, [(2, None), (1, Some("copy.test"))]);
    assert!(dead[1].reason.contains("copy.test"), "{dead:?}");
    let open = store.alerts(&lease.client, true, 9).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].alert, alert());

    let redone = store.retry_deliveries(&lease, NOW, all_dead(), act("retry")).await.unwrap();
    assert_eq!(redone.done, [2]);
    assert_eq!(redone.left[0].0, 1);
    let inbox = store.deliveries(&lease.client, 0, 9).await.unwrap();
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].delivery, delivery("b"));
    let discarded = store.discard_deliveries(&lease, NOW, all_dead(), act("discard")).await;
    assert_eq!(discarded.unwrap().done, [1]);
}

pub async fn of_what_other_sites_send_the_newest_is_kept(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    dead(store, &lease, "milano", "of the shop itself").await;
    let most = u64::from(limits::FOREIGN_DELIVERIES_KEPT_MAX);
    for number in 0..most + 3 {
        let alert = new_alert("foreign/milano", Scope::Shop(shop("milano")));
        let body = number.to_string();
        store.keep_apart(&lease, delivery(&body), "copy.test", alert).await.unwrap();
    }
    let numbers = dead_numbers(store).await;
    assert_eq!(numbers.len() as u64, most + 1);
    assert_eq!(&numbers[numbers.len() - 2..], [5, 1]);
    assert_eq!(store.alerts(&lease.client, true, 9).await.unwrap().len(), 1);
}

pub async fn dead_deliveries_are_selected_by_number_and_shop(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    for name in ["milano", "torino", "milano", "torino", "milano"] {
        dead(store, &lease, name, "x").await;
    }
    let discard = async |numbers, of: Option<&str>| {
        let which = DeadSelection { numbers, shop: of.map(shop) };
        store.discard_deliveries(&lease, NOW, which, act("discard")).await.unwrap().done
    };
    assert_eq!(discard(2..=4, Some("milano")).await, [3]);
    assert_eq!(discard(9..=99, None).await, [0; 0]);
    assert_eq!(discard(4..=5, None).await, [4, 5]);
    assert_eq!(discard(0..=u64::MAX, Some("torino")).await, [2]);
    assert_eq!(dead_numbers(store).await, [1]);
    assert!(store.deliveries(&lease.client, 0, 9).await.unwrap().is_empty());
}

pub async fn so_many_are_taken_at_once(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let most = u64::from(limits::REDONE_AT_ONCE_MAX);
    for _ in 0..most + 2 {
        dead(store, &lease, "milano", "x").await;
    }
    let first = store.retry_deliveries(&lease, NOW, all_dead(), act("retry")).await.unwrap();
    assert_eq!((first.done.len() as u64, first.more), (most, true));
    let second = store.retry_deliveries(&lease, NOW, all_dead(), act("retry")).await.unwrap();
    assert_eq!((second.done, second.more), (vec![most + 1, most + 2], false));
    assert_eq!(store.backlog(&lease.client).await.unwrap().deliveries, most + 2);
}

async fn get(store: &dyn Store, name: &str) -> Action {
    store.action(&client("rossi"), &action_id(name)).await.unwrap().unwrap()
}

async fn end(store: &dyn Store, lease: &Lease, name: &str, end: ActionEnd) {
    store.settle(lease, settlement(name, end, Vec::new())).await.unwrap();
}

fn failed() -> ActionEnd {
    ActionEnd::Failed { reason: "410".to_owned() }
}

async fn redo(store: &dyn Store, lease: &Lease, which: ActionSelection, redo: Redo) -> Vec<String> {
    let redone = store.redo_actions(lease, NOW, which, redo, act("redo")).await.unwrap();
    redone.done.iter().map(ToString::to_string).collect()
}

pub async fn what_surely_had_no_effect_is_tried_again(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let proposals = names.map(|name| change_stock(name, name, 8, 10)).to_vec();
    propose(store, &lease, &install, proposals).await;
    store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap();
    end(store, &lease, "a", failed()).await;
    end(store, &lease, "b", ActionEnd::Refused { reason: "no".to_owned() }).await;
    end(store, &lease, "c", ActionEnd::Expired).await;
    end(store, &lease, "d", done()).await;
    end(store, &lease, "e", ActionEnd::Stale { found: decimal(3).into() }).await;
    end(store, &lease, "f", ActionEnd::Unknown { detail: "?".to_owned() }).await;
    store.begin(&lease, NOW, &action_id("g"), "{}").await.unwrap();
    let later = NOW.plus_ms(1_000);
    let redone =
        store.redo_actions(&lease, later, all_actions(), Redo::Retry, act("retry")).await.unwrap();
    assert_eq!(redone.done, [action_id("a"), action_id("b"), action_id("c")]);
    assert_eq!(ready(store, later).await, ["a", "b", "c", "h"]);
    let a = get(store, "a").await;
    assert_eq!((a.state, &a.end, a.ended_at), (ActionState::Waiting, &None, None));
    assert_eq!((a.attempts, a.proposed_at, a.tried_since), (0, NOW, later));
    // It ends once more, and its module is told once more.
    let told = store.backlog(&lease.client).await.unwrap().last_event;
    assert!(store.begin(&lease, later, &a.id, "{}").await.unwrap());
    end(store, &lease, "a", done()).await;
    assert_eq!(outcomes(store, told).await, [("a".to_owned(), done())]);
    assert_eq!(acts(store).await, ["retry"]);
}

pub async fn what_a_newer_action_writes_is_not_tried_again(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    end(store, &lease, "a", failed()).await;
    propose(store, &lease, &install, vec![change_stock("b", "1", 7, 10)]).await;
    let retry = async || {
        store.redo_actions(&lease, NOW, all_actions(), Redo::Retry, act("retry")).await.unwrap()
    };
    let redone = retry().await;
    assert!(redone.done.is_empty());
    assert_eq!(redone.left[0].0, action_id("a"));
    assert!(redone.left[0].1.contains("action b"), "{:?}", redone.left);
    assert_eq!(ready(store, NOW).await, ["b"]);
    // Of two that failed only the newer one has something to say.
    end(store, &lease, "b", failed()).await;
    assert_eq!(retry().await.done, [action_id("b")]);
    assert_eq!(acts(store).await, ["retry"]);
}

pub async fn one_that_is_tried_again_takes_the_place_of_an_older_one(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap();
    propose(store, &lease, &install, vec![change_stock("b", "1", 7, 8)]).await;
    end(store, &lease, "b", failed()).await;
    store.postpone(&lease, NOW, &action_id("a"), NOW, "busy").await.unwrap();
    let told = store.backlog(&lease.client).await.unwrap().last_event;
    assert_eq!(redo(store, &lease, all_actions(), Redo::Retry).await, ["b"]);
    assert_eq!(ready(store, NOW).await, ["b"]);
    assert_eq!(decided_on(&get(store, "b").await.kind), decimal(10), "what `a` was decided on");
    assert_eq!(outcomes(store, told).await, [("a".to_owned(), ActionEnd::Superseded)]);
}

pub async fn an_expiry_that_has_passed_is_lifted(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let (soon, late) = (NOW.plus_ms(10), NOW.plus_ms(1_000));
    let proposals = vec![
        expiring(change_stock("a", "1", 8, 10), soon),
        expiring(change_stock("b", "2", 8, 10), late),
    ];
    propose(store, &lease, &install, proposals).await;
    end(store, &lease, "a", ActionEnd::Expired).await;
    end(store, &lease, "b", failed()).await;
    let now = NOW.plus_ms(50);
    store.redo_actions(&lease, now, all_actions(), Redo::Retry, act("retry")).await.unwrap();
    let expiry = async |name: &str| get(store, name).await.terms.expires_at;
    assert_eq!((expiry("a").await, expiry("b").await), (None, Some(late)));
}

pub async fn what_waits_is_discarded_with_the_reason(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![change_stock("a", "1", 8, 10), change_stock("b", "2", 8, 10), alert("c")];
    propose(store, &lease, &install, proposals).await;
    store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap();
    let reason = || "the season is over".to_owned();
    let of = |name| ActionSelection { shop: Some(shop(name)), ..all_actions() };
    let discard = || Redo::Discard { reason: reason() };
    assert_eq!(redo(store, &lease, of("milano"), discard()).await, [""; 0]);
    assert_eq!(redo(store, &lease, of("torino"), discard()).await, ["b"], "`a` is being sent");
    let refused = ActionEnd::Refused { reason: reason() };
    assert_eq!(get(store, "b").await.end, Some(refused.clone()));
    assert_eq!(outcomes(store, 0).await, [("b".to_owned(), refused)]);
    assert_eq!(store.fences(&lease.client).await.unwrap(), [target("1")]);
    let by =
        |name| ActionSelection { install: Some(crate::samples::install(name)), ..all_actions() };
    assert_eq!(redo(store, &lease, by("pricing"), discard()).await, [""; 0]);
    assert_eq!(redo(store, &lease, by("stock-sync"), discard()).await, ["c"]);
    let number = ActionSelection { numbers: 1..=2, ..all_actions() };
    assert_eq!(redo(store, &lease, number, Redo::Retry).await, ["b"]);
    assert_eq!(acts(store).await, ["redo"; 3]);
}

pub async fn what_is_unknown_is_decided_once(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![change_stock("a", "1", 8, 10), change_stock("b", "2", 8, 10)];
    propose(store, &lease, &install, proposals).await;
    let unknown = ActionEnd::Unknown { detail: "?".to_owned() };
    end(store, &lease, "a", unknown.clone()).await;
    assert_eq!(store.backlog(&lease.client).await.unwrap().actions_unknown, 1);
    let decide = async |name: &str, end| {
        let at = Timestamp(NOW.0 + 7);
        store.decide_action(&lease, at, &action_id(name), end, act("settle")).await.unwrap()
    };
    assert!(!decide("b", done()).await, "it waits");
    assert!(decide("a", failed()).await);
    assert!(!decide("a", done()).await, "it is decided");
    let a = get(store, "a").await;
    assert_eq!((a.end, a.ended_at), (Some(failed()), Some(NOW.plus_ms(7))));
    let told = [("a".to_owned(), unknown), ("a".to_owned(), failed())];
    assert_eq!(outcomes(store, 0).await, told);
    assert_eq!(store.backlog(&lease.client).await.unwrap().actions_unknown, 0);
    assert_eq!(acts(store).await, ["settle"]);
    assert_eq!(redo(store, &lease, all_actions(), Redo::Retry).await, ["a"]);
    let missing =
        store.decide_action(&lease, NOW, &action_id("x"), done(), act("settle")).await.unwrap_err();
    assert!(missing.to_string().contains("action x"), "{missing}");
}
