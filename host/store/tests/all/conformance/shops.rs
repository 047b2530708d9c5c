//! Shops: comparing them with the mirror, their silence, and what waits for one that is down.

use std::collections::BTreeMap;

use fondaco_model::{
    Aspect, Entity, EventBody, Order, Person, PersonKey, PersonSeen, PersonSource, Timestamp,
    Version, care::CustomerChange, person::AccountGone,
};
use fondaco_store::{
    Drift, Lease, ListedKind, Observed, Reconciliation, ReconciliationStep, RunCommit, Store,
};

use crate::samples::*;

fn step(position: Option<&str>, listed: &[(ListedKind, &str)]) -> Observed {
    let listed = listed.iter().map(|(kind, id)| (*kind, (*id).to_owned())).collect();
    let reconciliation = Reconciliation {
        began_at: NOW,
        ended_at: position.is_none().then_some(NOW),
        position: position.map(str::to_owned),
        compared: 2,
        drift: BTreeMap::from([(ListedKind::Order, Drift { gone: 1, ..Drift::default() })]),
    };
    let step = Some(ReconciliationStep { shop: shop("milano"), reconciliation, listed });
    Observed { step, ..Observed::default() }
}

async fn unlisted(store: &dyn Store, lease: &Lease, kind: ListedKind) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (client, milano) = (&lease.client, shop("milano"));
        let page = store.unlisted(client, &milano, kind, after.as_deref(), 2).await.unwrap();
        after = page.last().cloned();
        all.extend(page);
        if after.is_none() {
            return all;
        }
    }
}

pub async fn what_no_list_named_is_found(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    for id in ["1", "2", "3", "10"] {
        raise(store, &lease, id).await;
    }
    // One that is gone already.
    let head = Aspect::deleted(Version::pushed(Timestamp(9)));
    let gone = Entity::Order(Order { head, ..Order::default() });
    let gone = row(order_key("3"), 1, gone, Vec::new());
    observe(store, &lease, rows(vec![gone])).await;
    assert_eq!(unlisted(store, &lease, ListedKind::Order).await, ["1", "10", "2"]);
    observe(store, &lease, step(Some("a"), &[(ListedKind::Order, "10")])).await;
    // The same id of another kind is another thing.
    observe(store, &lease, step(Some("b"), &[(ListedKind::Variant, "2")])).await;
    assert_eq!(unlisted(store, &lease, ListedKind::Order).await, ["1", "2"]);
    let standing = store.reconciliation(&lease.client, &shop("milano")).await.unwrap().unwrap();
    assert_eq!((standing.position.as_deref(), standing.drifted()), (Some("b"), 1));
    observe(store, &lease, step(None, &[])).await;
    let standing = store.reconciliation(&lease.client, &shop("milano")).await.unwrap().unwrap();
    assert_eq!(standing.ended_at, Some(NOW));
    assert_eq!(store.forget_listed(&lease, &shop("milano"), 1).await.unwrap(), 1);
    assert_eq!(store.forget_listed(&lease, &shop("milano"), 9).await.unwrap(), 1);
    assert_eq!(store.forget_listed(&lease, &shop("milano"), 9).await.unwrap(), 0);
    assert_eq!(unlisted(store, &lease, ListedKind::Order).await, ["1", "10", "2"]);
    assert_eq!(store.reconciliation(&lease.client, &shop("torino")).await.unwrap(), None);
}

pub async fn silence_is_known_as_of_each_commit(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let milano = shop("milano");
    let note = async |since: Option<u64>| {
        store.note_silence(&lease, &milano, since.map(Timestamp)).await.unwrap()
    };
    let known = async |commit: u64| {
        store.silent_since(&lease.client, &milano, commit).await.unwrap().map(|since| since.0)
    };
    assert!(!note(None).await, "nothing new");
    raise(store, &lease, "1").await;
    let before = store.view(&lease.client).await.unwrap().commit;
    assert!(note(Some(5)).await);
    assert!(!note(Some(5)).await, "nothing new");
    let silent = store.view(&lease.client).await.unwrap().commit;
    assert!(note(None).await);
    let after = store.view(&lease.client).await.unwrap().commit;
    assert_eq!(
        (known(before).await, known(silent).await, known(after).await),
        (None, Some(5), None)
    );
    assert_eq!(store.silent_since(&lease.client, &shop("torino"), silent).await.unwrap(), None);
}

pub async fn what_waits_for_a_shop_is_put_off_together(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let event = raise(store, &lease, "1").await;
    let mut elsewhere = change_stock("elsewhere", "1", 14, 12);
    let fondaco_model::ActionKind::ChangeStock { shop: whose, .. } = &mut elsewhere.kind else {
        panic!("a change of stock");
    };
    *whose = shop("milano");
    let proposals =
        vec![change_stock("one", "1", 14, 12), change_stock("two", "2", 14, 12), elsewhere];
    let commit = RunCommit { proposals, ..run(&install, event) };
    store.commit_run(&lease, NOW, commit).await.unwrap();
    let until = NOW.plus_ms(5_000);
    assert_eq!(store.put_off(&lease, &shop("torino"), until, "it is down").await.unwrap(), 2);
    assert_eq!(store.put_off(&lease, &shop("torino"), until, "it is down").await.unwrap(), 0);
    let ready = async |at: Timestamp| {
        let ready = store.ready(&lease.client, at, 9).await.unwrap();
        ready.into_iter().map(|ready| ready.action.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ready(NOW).await, ["elsewhere"]);
    assert_eq!(ready(until).await.len(), 3);
    let put_off = store.action(&lease.client, &action_id("one")).await.unwrap().unwrap();
    assert_eq!(
        (put_off.next_try, put_off.last_reason.as_deref()),
        (Some(until), Some("it is down"))
    );
    assert_eq!(put_off.attempts, 0, "it was not tried");
}

fn account(id: &str, email: &str, version: u64) -> PersonSeen {
    let person = Person { email: Some(email.to_owned()), ..Person::nobody(NOW) };
    PersonSeen {
        key: PersonKey::new(shop("milano"), id),
        source: PersonSource::Account,
        version: Version::pushed(Timestamp(version)),
        person,
    }
}

/// What the customers' events tell, oldest first.
async fn heard(store: &dyn Store, lease: &Lease) -> Vec<(String, CustomerChange)> {
    let events = store.events(&lease.client, 0, 99).await.unwrap();
    let mut heard = Vec::new();
    for event in events {
        if let EventBody::Customer { customer, changes } = event.body {
            heard.extend(changes.into_iter().map(|change| (customer.id.clone(), change)));
        }
    }
    heard
}

pub async fn what_is_different_about_accounts_is_raised(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let see = async |seen: PersonSeen, silent: bool| {
        observe(store, &lease, Observed { people: vec![seen], silent, ..Observed::default() })
            .await;
    };
    // A first import tells nothing.
    see(account("1", "a@example.test", 1), true).await;
    see(account("2", "b@example.test", 1), false).await;
    see(account("2", "b@example.test", 2), false).await;
    see(account("1", "c@example.test", 2), false).await;
    see(account("1", "old@example.test", 1), false).await;
    // An order's word of a customer is the order's.
    see(seen("2", "7", "order@example.test", NOW), false).await;
    see(seen("guest:8", "8", "guest@example.test", NOW), false).await;
    let gone = |version| AccountGone {
        key: PersonKey::new(shop("milano"), "1"),
        version: Version::pushed(Timestamp(version)),
    };
    let close = async |gone: AccountGone| {
        observe(store, &lease, Observed { accounts_gone: vec![gone], ..Observed::default() }).await;
    };
    close(gone(1)).await;
    close(gone(3)).await;
    close(gone(4)).await;
    // Late words from before do not bring it back.
    see(account("1", "late@example.test", 2), false).await;
    let key = PersonKey::new(shop("milano"), "1");
    assert_eq!(store.person(&lease.client, &key, None).await.unwrap(), None);
    assert_eq!(unlisted(store, &lease, ListedKind::Customer).await, ["2"]);
    use CustomerChange::{Created, Deleted, Other};
    let expected = [("2", Created), ("1", Other), ("1", Deleted)];
    assert_eq!(heard(store, &lease).await, expected.map(|(id, change)| (id.to_owned(), change)));
    see(account("1", "new@example.test", 9), false).await;
    assert_eq!(heard(store, &lease).await.last(), Some(&("1".to_owned(), Created)));
}
