//! People: who somebody is, what is about them, and that both can be forgotten.

use std::collections::BTreeMap;

use fondaco_model::{
    Person, PersonKey, PersonSource, Timestamp, Version,
    run::{StateReads, StateWrites},
};
use fondaco_store::{
    CommitOutcome, Erased, Erasure, Lease, Observed, RunCommit, RunView, Store, Whom,
};

use crate::samples::*;

/// Observes somebody, by an order that was placed at [`NOW`].
async fn see(store: &dyn Store, lease: &Lease, id: &str, order: &str, email: &str) {
    see_at(store, lease, id, order, email, NOW).await;
}

async fn see_at(
    store: &dyn Store,
    lease: &Lease,
    id: &str,
    order: &str,
    email: &str,
    placed_at: Timestamp,
) {
    let people = vec![seen(id, order, email, placed_at)];
    observe(store, lease, Observed { people, ..Observed::default() }).await;
}

async fn email(store: &dyn Store, lease: &Lease, id: &str) -> Option<String> {
    let key = PersonKey::new(shop("milano"), id);
    let person = store.person(&lease.client, &key, None).await.unwrap();
    person.and_then(|person| person.email)
}

fn by_email(email: &str) -> Whom {
    Whom::Email(email.into())
}

fn by_id(id: &str) -> Whom {
    Whom::Id(id.to_owned())
}

async fn erase(store: &dyn Store, lease: &Lease, whom: Whom, at: Timestamp) -> Erased {
    let erasure = Erasure { shop: shop("milano"), whom, principal: "anna".to_owned() };
    store.erase(lease, at, erasure).await.unwrap()
}

async fn held(store: &dyn Store, lease: &Lease, whom: Whom) -> Vec<String> {
    let held = store.held(&lease.client, &shop("milano"), &whom).await.unwrap();
    held.into_iter().map(|held| held.key.id).collect()
}

pub async fn the_newest_of_each_source_is_kept(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let key = PersonKey::new(shop("milano"), "12");
    let mut one = seen("12", "1", "first@example.test", NOW);
    let observe_version = async |version: Version, email: &str| {
        let mut seen = seen("12", "1", email, NOW);
        seen.version = version;
        observe(store, &lease, Observed { people: vec![seen], ..Observed::default() }).await;
    };
    one.version = Version::pushed(Timestamp(5));
    observe(store, &lease, Observed { people: vec![one], ..Observed::default() }).await;
    observe_version(Version::pushed(Timestamp(4)), "older@example.test").await;
    observe_version(Version::pushed(Timestamp(5)), "tie@example.test").await;
    assert_eq!(email(store, &lease, "12").await.as_deref(), Some("first@example.test"));
    observe_version(Version::read(Timestamp(5), Timestamp(9)), "read@example.test").await;
    assert_eq!(email(store, &lease, "12").await.as_deref(), Some("read@example.test"));

    // Another order is another source; the newest tells who they are, the oldest since when.
    let mut other = seen("12", "2", "second@example.test", NOW.plus_ms(10));
    other.version = Version::pushed(Timestamp(6));
    observe(store, &lease, Observed { people: vec![other], ..Observed::default() }).await;
    let newest = store.person(&lease.client, &key, None).await.unwrap().unwrap();
    assert_eq!(newest.email.as_deref(), Some("second@example.test"));
    assert_eq!(newest.since, NOW);
    let source = PersonSource::Order("1".to_owned());
    let first = store.person(&lease.client, &key, Some(&source)).await.unwrap().unwrap();
    assert_eq!(first.email.as_deref(), Some("read@example.test"));
    let unseen = PersonSource::Account;
    assert_eq!(store.person(&lease.client, &key, Some(&unseen)).await.unwrap(), None);
    assert_eq!(email(store, &lease, "13").await, None);
}

pub async fn what_did_not_happen_tells_of_nobody(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let stale = row(variant_key("1"), 7, variant(None, 1), Vec::new());
    let people = vec![seen("12", "1", "mario@example.test", NOW)];
    let observed = Observed { people, rows: vec![stale], ..Observed::default() };
    store.observe(&lease, NOW, observed).await.unwrap();
    assert_eq!(email(store, &lease, "12").await, None);
}

pub async fn somebody_is_found_by_id_and_by_address(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    see(store, &lease, "12", "1", "mario@example.test").await;
    see(store, &lease, "guest:2", "2", "Mario@Example.test ").await;
    see(store, &lease, "13", "3", "mario@example.test").await;
    see(store, &lease, "guest:4", "4", "maria@example.test").await;
    assert_eq!(held(store, &lease, by_email("MARIO@example.test")).await, ["12", "13", "guest:2"]);
    // By id: another account with the same address is somebody else.
    assert_eq!(held(store, &lease, by_id("12")).await, ["12", "guest:2"]);
    assert_eq!(held(store, &lease, by_id("14")).await, [""; 0]);
    assert_eq!(held(store, &lease, by_email("m@example.test")).await, [""; 0]);
    let other = store.held(&lease.client, &shop("torino"), &by_id("12")).await.unwrap();
    assert!(other.is_empty());
}

pub async fn a_client_finds_nobody_of_another(store: &dyn Store) {
    let (rossi, _) = begin(store).await;
    let bianchi = store.lease(&client("bianchi"), "test").await.unwrap();
    see(store, &rossi, "12", "1", "mario@example.test").await;
    assert_eq!(email(store, &bianchi, "12").await, None);
    assert_eq!(held(store, &bianchi, by_id("12")).await, [""; 0]);
    assert_eq!(held(store, &bianchi, by_email("mario@example.test")).await, [""; 0]);
    // The same shop name, id and address: what one forgets the other keeps.
    see(store, &bianchi, "12", "1", "mario@example.test").await;
    let erased = erase(store, &bianchi, by_email("mario@example.test"), NOW.plus_ms(1)).await;
    assert_eq!(erased.people, ["12"]);
    assert_eq!(email(store, &rossi, "12").await.as_deref(), Some("mario@example.test"));
    see(store, &rossi, "guest:9", "9", "mario@example.test").await;
    assert!(email(store, &rossi, "guest:9").await.is_some());
    let theirs = store.audit_log(&rossi.client, None, 9).await.unwrap();
    assert!(theirs.is_empty(), "{theirs:?}");
}

pub async fn whoever_is_forgotten_stays_forgotten(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let later = NOW.plus_ms(100);
    see(store, &lease, "12", "1", "mario@example.test").await;
    see(store, &lease, "guest:2", "2", "mario@example.test").await;
    see(store, &lease, "13", "3", "lucia@example.test").await;
    let erased = erase(store, &lease, by_id("12"), later).await;
    assert_eq!(
        (&erased.people[..], &erased.orders[..]),
        (&["12", "guest:2"].map(str::to_owned)[..], &["1", "2"].map(str::to_owned)[..])
    );
    assert_eq!((erased.values, erased.state_values, erased.log_cleared), (2, 0, true));
    for gone in ["12", "guest:2"] {
        assert_eq!(email(store, &lease, gone).await, None, "{gone}");
    }
    assert_eq!(email(store, &lease, "13").await.as_deref(), Some("lucia@example.test"));

    // Orders from before are observed again and again, by whatever way.
    see(store, &lease, "12", "1", "mario@example.test").await;
    see_at(store, &lease, "12", "7", "other@example.test", later).await;
    see(store, &lease, "guest:2", "2", "").await;
    // One that was never seen, of a guest with the same address.
    see(store, &lease, "guest:5", "5", "Mario@example.test").await;
    for gone in ["12", "guest:2", "guest:5"] {
        assert_eq!(email(store, &lease, gone).await, None, "{gone}");
    }
    assert_eq!(held(store, &lease, by_email("mario@example.test")).await, [""; 0]);
    let nobody = erase(store, &lease, by_id("12"), later).await;
    assert_eq!(nobody, Erased { log_cleared: true, ..Erased::default() });

    // Who buys again is a customer again, and what was before still is not told.
    see_at(store, &lease, "12", "8", "mario@example.test", later.plus_ms(1)).await;
    assert_eq!(email(store, &lease, "12").await.as_deref(), Some("mario@example.test"));
    see(store, &lease, "12", "1", "mario@example.test").await;
    let held = store.held(&lease.client, &shop("milano"), &by_id("12")).await.unwrap();
    assert_eq!(held[0].seen.len(), 1);
}

pub async fn forgetting_is_told_in_the_audit_log_by_id_alone(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    see(store, &lease, "12", "1", "mario@example.test").await;
    see(store, &lease, "guest:2", "2", "mario@example.test").await;
    erase(store, &lease, by_email("mario@example.test"), NOW.plus_ms(1)).await;
    let log = store.audit_log(&lease.client, None, 9).await.unwrap();
    let told: Vec<_> = log
        .iter()
        .map(|entry| {
            (entry.act.principal.as_str(), entry.act.what.as_str(), entry.act.subject.as_str())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("anna", "erase-person", "customer guest:2 on milano"),
            ("anna", "erase-person", "customer 12 on milano"),
        ]
    );
    assert!(!format!("{log:?}").to_lowercase().contains("mario"), "{log:?}");
}

/// Commits a run that writes values, some of them about a customer of Milano.
async fn note(store: &dyn Store, lease: &Lease, entries: &[(&str, &str, Option<&str>)]) {
    let install = install("stock-sync");
    let last = store.backlog(&lease.client).await.unwrap().last_event;
    let event = raise(store, lease, &format!("for-{last}")).await;
    let writes =
        entries.iter().map(|(key, value, _)| ((*key).to_owned(), Some((*value).to_owned())));
    let about = entries.iter().filter_map(|(key, _, person)| {
        Some(((*key).to_owned(), PersonKey::new(shop("milano"), (*person)?)))
    });
    let (writes, about): (StateWrites, BTreeMap<_, _>) = (writes.collect(), about.collect());
    commit(store, lease, RunCommit { writes, about, ..run(&install, event) }).await;
}

async fn noted(store: &dyn Store, lease: &Lease) -> Vec<(String, String)> {
    let view = RunView { client: lease.client.clone(), commit: u64::MAX };
    let listed = store.state_list(&view, &install("stock-sync"), "", None, 99).await.unwrap();
    listed.into_iter().map(|(key, value)| (key, value.value.unwrap())).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub async fn a_value_about_somebody_goes_with_them(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    see(store, &lease, "12", "1", "mario@example.test").await;
    see(store, &lease, "13", "2", "lucia@example.test").await;
    note(store, &lease, &[("a", "never read again", None)]).await;
    note(
        store,
        &lease,
        &[("a", "likes blue", Some("12")), ("b", "likes red", Some("13")), ("c", "plain", None)],
    )
    .await;
    let before = [("a", "likes blue"), ("b", "likes red"), ("c", "plain")];
    assert_eq!(noted(store, &lease).await, pairs(&before));
    let held = store.held(&lease.client, &shop("milano"), &by_id("12")).await.unwrap();
    let state = &held[0].state[0];
    assert_eq!((state.key.as_str(), state.value.as_str()), ("a", "likes blue"));

    let erased = erase(store, &lease, by_id("12"), NOW.plus_ms(1)).await;
    assert_eq!(erased.state_values, 1);
    // Not what was there before them either.
    assert_eq!(noted(store, &lease).await, pairs(&[("b", "likes red"), ("c", "plain")]));
    let view = RunView { client: lease.client.clone(), commit: u64::MAX };
    let gone = store.state_get(&view, &install("stock-sync"), "a").await.unwrap();
    assert_eq!((gone.value, gone.commit), (None, 0));
    // Of somebody who is not there, nothing is kept.
    note(store, &lease, &[("d", "too late", Some("12"))]).await;
    note(store, &lease, &[("b", "now plain", None)]).await;
    assert_eq!(noted(store, &lease).await, pairs(&[("b", "now plain"), ("c", "plain")]));
}

pub async fn what_a_run_read_of_somebody_forgotten_is_a_conflict(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    see(store, &lease, "12", "1", "mario@example.test").await;
    note(store, &lease, &[("a", "likes blue", Some("12"))]).await;
    let view = store.view(&lease.client).await.unwrap();
    let read = store.state_get(&view, &install, "a").await.unwrap();
    assert_eq!(read.value.as_deref(), Some("likes blue"));
    let event = raise(store, &lease, "next").await;
    erase(store, &lease, by_id("12"), NOW.plus_ms(1)).await;
    let keys = [("a".to_owned(), read.commit)].into();
    let reads = StateReads { keys, ..StateReads::default() };
    let outcome = store.commit_run(&lease, NOW, RunCommit { reads, ..run(&install, event) }).await;
    assert_eq!(outcome.unwrap(), CommitOutcome::Conflict { key: "a".to_owned() });
}

pub async fn dead_deliveries_that_name_somebody_go_with_them(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let bodies = [
        r#"{"id":1,"billing":{"email":"MARIO@example.test"},"x"#,
        r#"{"id":2,"customer_id":12,"x"#,
        r#"{"id":3,"customer_id":123,"billing":{"email":"lucia@example.test"},"x"#,
    ];
    for body in bodies {
        let number = store.accept(&lease, delivery(body)).await.unwrap();
        store.bury(&lease, number, "it breaks off").await.unwrap();
    }
    see(store, &lease, "12", "1", "mario@example.test").await;
    let erased = erase(store, &lease, by_id("12"), NOW.plus_ms(1)).await;
    assert_eq!(erased.dead_deliveries, [1, 2]);
    let left = store.dead_deliveries(&lease.client, 9).await.unwrap();
    assert_eq!(left.iter().map(|dead| dead.number).collect::<Vec<_>>(), [3]);
}

pub async fn nothing_of_a_person_is_shown(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    see(store, &lease, "12", "1", "mario@example.test").await;
    note(store, &lease, &[("a", "likes blue", Some("12"))]).await;
    let held = store.held(&lease.client, &shop("milano"), &by_id("12")).await.unwrap();
    let Person { email, .. } = &held[0].seen[0].1;
    assert_eq!(email.as_deref(), Some("mario@example.test"));
    let shown = format!("{held:?} {:?}", by_email("mario@example.test"));
    for text in ["mario", "blue", "Garibaldi"] {
        assert!(!shown.contains(text), "{shown}");
    }
}
