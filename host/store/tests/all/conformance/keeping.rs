//! Retention and quarantine: what is forgotten, and what never is.

use std::future::Future as _;

use fondaco_model::{
    EventBody, InstallId, PersonKey, Timestamp,
    action::Shown,
    hear::LifecycleStep,
    run::{StateAbout, StateReads, StateWrites},
};
use fondaco_store::{
    Absence, ActionFilter, Forget, Kept, Lease, Observed, RunCommit, RunResult, RunView,
    Settlement, ShopProgress, Store, limits,
};

use crate::samples::*;

/// So much later that nothing of before is held any more.
const LATER: Timestamp = NOW.plus_ms(limits::VIEW_HELD_MS_MAX * 10);

async fn forget(store: &dyn Store, lease: &Lease, at: Timestamp, kinds: &[Kept]) -> u64 {
    forget_before(store, lease, at, at, kinds).await
}

/// Forgets all there is of some kinds from before a moment, and tells how many rows went.
pub async fn forget_before(
    store: &dyn Store,
    lease: &Lease,
    at: Timestamp,
    before: Timestamp,
    kinds: &[Kept],
) -> u64 {
    let mut rows = 0;
    for kind in kinds {
        let mut from = None;
        loop {
            let what = Forget { kind: *kind, before, from };
            let forgotten = store.forget(lease, at, what).await.unwrap();
            rows += forgotten.rows;
            from = forgotten.next;
            if from.is_none() {
                break;
            }
        }
    }
    rows
}

async fn stock(store: &dyn Store, lease: &Lease, base: u64, available: i64) -> u64 {
    let row = row(variant_key("1"), base, variant(Some("MUG"), available), vec![stock_change(0)]);
    observe(store, lease, rows(vec![row])).await[0].number
}

async fn pass(store: &dyn Store, lease: &Lease, install: &InstallId, event: u64) {
    let skipped = RunCommit {
        result: RunResult::Skipped { reason: "it is off".to_owned() },
        ..run(install, event)
    };
    commit(store, lease, skipped).await;
}

async fn write_state(
    store: &dyn Store,
    lease: &Lease,
    install: &InstallId,
    key: &str,
    value: Option<&str>,
) {
    let event = raise(store, lease, &format!("{key}-{value:?}")).await;
    let writes = StateWrites::from([(key.to_owned(), value.map(str::to_owned))]);
    commit(store, lease, RunCommit { writes, ..run(install, event) }).await;
}

pub async fn what_was_superseded_is_forgotten_and_the_newest_stays(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    for (base, available) in [(0, 5), (1, 4), (2, 3)] {
        let event = stock(store, &lease, base, available).await;
        pass(store, &lease, &install, event).await;
    }
    store.mark_commit(&lease, NOW).await.unwrap();
    assert_eq!(forget(store, &lease, LATER, &[Kept::MirrorRows]).await, 2);
    assert_eq!(forget(store, &lease, LATER, &[Kept::MirrorRows]).await, 0);
    let newest = store.mirror(&lease.client, &variant_key("1")).await.unwrap().unwrap();
    assert_eq!((newest.sequence, newest.entity), (3, variant(Some("MUG"), 3)));
    let view = store.view(&lease.client).await.unwrap();
    assert_eq!(store.variants_by_sku(&view, "MUG").await.unwrap().len(), 1);
    // And it is written on as before.
    stock(store, &lease, 3, 2).await;
}

pub async fn what_a_waiting_event_needs_is_kept(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let slow = crate::samples::install("slow");
    store.install(&lease, &slow).await.unwrap();
    let mut events = Vec::new();
    for (base, available) in [(0, 5), (1, 4), (2, 3)] {
        events.push(stock(store, &lease, base, available).await);
    }
    pass(store, &lease, &install, events[2]).await;
    pass(store, &lease, &slow, events[0]).await;
    store.mark_commit(&lease, NOW).await.unwrap();
    let kinds = [Kept::MirrorRows, Kept::Events, Kept::Runs];
    // The slow one waits for the second event: its row stays, and so does all that came with it.
    assert_eq!(forget(store, &lease, LATER, &kinds).await, 1, "the first event");
    let entity = store.entity_at(&lease.client, &variant_key("1"), 2).await.unwrap();
    assert_eq!(entity, Some(variant(Some("MUG"), 4)));
    let waiting = store.events(&lease.client, events[0], 9).await.unwrap();
    assert_eq!(waiting.len(), 2);
    pass(store, &lease, &slow, events[2]).await;
    store.mark_commit(&lease, NOW.plus_ms(1)).await.unwrap();
    // Two rows, two events, three runs.
    assert_eq!(forget(store, &lease, LATER, &kinds).await, 7);
}

pub async fn an_install_that_is_gone_for_long_holds_nothing_back(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let gone = crate::samples::install("gone");
    store.install(&lease, &gone).await.unwrap();
    let first = stock(store, &lease, 0, 5).await;
    pass(store, &lease, &gone, first).await;
    let mut events = vec![first];
    for (base, available) in [(1, 4), (2, 3)] {
        events.push(stock(store, &lease, base, available).await);
    }
    pass(store, &lease, &install, events[2]).await;
    store.mark_commit(&lease, NOW).await.unwrap();
    let present = [install.clone()];
    store.note_present(&lease, NOW, &present).await.unwrap();
    store.note_present(&lease, NOW.plus_ms(5), &present).await.unwrap();
    let absence =
        |event, missed_from| Absence { install: gone.clone(), since: NOW, event, missed_from };
    let absences = async || store.absences(&lease.client).await.unwrap();
    assert_eq!(absences().await, [absence(first, None)], "since it was first noted");
    assert_eq!(absences().await[0].missed(), None);
    assert_eq!(forget(store, &lease, LATER, &[Kept::Events]).await, 1, "the first event");

    // It is kept for no longer, and nothing has to be forgotten at once.
    assert!(store.keep_nothing_for(&lease, &gone).await.unwrap());
    assert!(!store.keep_nothing_for(&lease, &gone).await.unwrap());
    assert!(!store.keep_nothing_for(&lease, &install).await.unwrap(), "it is not absent");
    assert_eq!(absences().await, [absence(first, Some(first + 1))]);
    assert_eq!(absences().await[0].missed(), None);
    assert_eq!(forget(store, &lease, LATER, &[Kept::Events]).await, 2);
    assert_eq!(absences().await, [absence(events[2], Some(first + 1))]);
    assert_eq!(absences().await[0].missed(), Some(first + 1..=events[2]));

    // Back, it goes on with what is kept.
    store.note_present(&lease, LATER, &[install, gone.clone()]).await.unwrap();
    assert!(absences().await.is_empty());
    let next = stock(store, &lease, 3, 2).await;
    let stands = store.install_progress(&lease.client, &gone).await.unwrap().unwrap();
    assert_eq!(stands.event, events[2]);
    pass(store, &lease, &gone, next).await;
}

pub async fn what_an_install_was_to_hear_of_itself_begins_anew_if_it_is_forgotten(
    store: &dyn Store,
) {
    let (lease, install) = begin(store).await;
    let gone = crate::samples::install("gone");
    store.install(&lease, &gone).await.unwrap();
    let steps = vec![LifecycleStep::Installed];
    store.begin_lifecycle(&lease, NOW, &gone, identity("1.0.0"), steps).await.unwrap();
    let event = stock(store, &lease, 0, 5).await;
    pass(store, &lease, &install, event).await;
    store.mark_commit(&lease, NOW).await.unwrap();
    store.note_present(&lease, NOW, std::slice::from_ref(&install)).await.unwrap();
    store.note_present(&lease, NOW, &[install.clone(), gone.clone()]).await.unwrap();
    assert!(store.lifecycle(&lease.client, &gone).await.unwrap().is_some(), "it is kept");
    store.note_present(&lease, NOW, std::slice::from_ref(&install)).await.unwrap();
    store.keep_nothing_for(&lease, &gone).await.unwrap();
    assert_eq!(forget(store, &lease, LATER, &[Kept::Events]).await, 2);
    store.note_present(&lease, LATER, &[install, gone.clone()]).await.unwrap();
    assert_eq!(store.lifecycle(&lease.client, &gone).await.unwrap(), None);
}

pub async fn what_a_run_under_way_reads_is_kept(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let event = stock(store, &lease, 0, 5).await;
    pass(store, &lease, &install, event).await;
    store.mark_commit(&lease, NOW).await.unwrap();
    let view = store.view(&lease.client).await.unwrap();
    let event = stock(store, &lease, 1, 4).await;
    pass(store, &lease, &install, event).await;
    store.mark_commit(&lease, NOW.plus_ms(1)).await.unwrap();
    // Whatever is asked for, it is not old enough yet.
    let soon = NOW.plus_ms(limits::VIEW_HELD_MS_MAX);
    let gone = forget(store, &lease, soon, &Kept::ALL[..6]).await;
    assert_eq!(gone, 2, "the first event and its run");
    let seen = store.entity(&view, &variant_key("1")).await.unwrap();
    assert_eq!(seen, Some(variant(Some("MUG"), 5)));
}

pub async fn nothing_is_forgotten_before_its_time(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    for (base, available) in [(0, 5), (1, 4)] {
        let event = stock(store, &lease, base, available).await;
        pass(store, &lease, &install, event).await;
    }
    // No moment was noted yet, so nobody knows how old anything is.
    assert_eq!(forget(store, &lease, LATER, &Kept::ALL[..6]).await, 0);
    store.mark_commit(&lease, LATER).await.unwrap();
    assert_eq!(forget(store, &lease, LATER, &Kept::ALL[..6]).await, 0);
}

pub async fn a_deleted_key_goes_after_what_it_hid(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    for value in [Some("1"), Some("2"), None] {
        write_state(store, &lease, &install, "gone", value).await;
    }
    write_state(store, &lease, &install, "kept", Some("v")).await;
    store.mark_commit(&lease, NOW).await.unwrap();
    let kinds = [Kept::StateRows];
    assert_eq!(forget(store, &lease, LATER, &kinds).await, 2, "what it hid");
    let view = store.view(&lease.client).await.unwrap();
    let value = store.state_get(&view, &install, "gone").await.unwrap();
    assert_eq!((value.value, value.commit), (None, 0));
    assert_eq!(forget(store, &lease, LATER, &kinds).await, 1, "then itself");
    let all = store.state_list(&view, &install, "", None, 9).await.unwrap();
    assert_eq!(all.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["kept"]);
    // Whoever read that it is not there still finds it so.
    let reads = StateReads { keys: [("gone".to_owned(), 0)].into(), ..StateReads::default() };
    let event = raise(store, &lease, "last").await;
    commit(store, &lease, RunCommit { reads, ..run(&install, event) }).await;
}

pub async fn what_is_known_about_a_person_is_no_deleted_key(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let anna = PersonKey::new(shop("milano"), "12");
    let people = vec![seen("12", "17", "anna@rossi.example", NOW)];
    let observed = Observed { people, ..Observed::default() };
    store.observe(&lease, NOW, observed).await.unwrap();
    let event = raise(store, &lease, "about").await;
    let writes = StateWrites::from([("about".to_owned(), Some("likes blue".to_owned()))]);
    let about = StateAbout::from([("about".to_owned(), anna)]);
    commit(store, &lease, RunCommit { writes, about, ..run(&install, event) }).await;
    store.mark_commit(&lease, NOW).await.unwrap();
    forget(store, &lease, LATER, &[Kept::StateRows]).await;
    let view = store.view(&lease.client).await.unwrap();
    let kept = store.state_get(&view, &install, "about").await.unwrap().value;
    assert_eq!(kept.as_deref(), Some("likes blue"));
}

pub async fn that_deliveries_were_worked_in_is_forgotten_after_a_time(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let number = store.accept(&lease, delivery("one")).await.unwrap();
    let observed = Observed { delivery: Some(number), ..Observed::default() };
    store.observe(&lease, NOW, observed).await.unwrap();
    assert_eq!(forget(store, &lease, NOW, &[Kept::PastDeliveries]).await, 0);
    assert_eq!(forget(store, &lease, LATER, &[Kept::PastDeliveries]).await, 1);
}

pub async fn old_skus_and_watermarks_go(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    for (base, sku) in [(0, "A"), (1, "B"), (2, "B")] {
        let known = Some(NOW.plus_ms(base));
        let progress = ShopProgress { orders_known_until: known, ..ShopProgress::default() };
        let progress = Some((shop("milano"), progress));
        let available = i64::try_from(base).unwrap();
        let seen = row(variant_key("1"), base, variant(Some(sku), available), Vec::new());
        observe(store, &lease, Observed { progress, ..rows(vec![seen]) }).await;
    }
    let event = raise(store, &lease, "1").await;
    pass(store, &lease, &install, event).await;
    store.mark_commit(&lease, NOW).await.unwrap();
    assert_eq!(forget(store, &lease, LATER, &[Kept::Skus]).await, 1);
    assert_eq!(forget(store, &lease, LATER, &[Kept::Watermarks]).await, 2);
    let view = store.view(&lease.client).await.unwrap();
    assert_eq!(store.skus(&view, None, 9).await.unwrap(), ["B"]);
    let known = store.orders_known_until(&lease.client, &shop("milano"), view.commit).await;
    assert_eq!(known.unwrap(), Some(NOW.plus_ms(2)));
}

pub async fn an_open_action_keeps_what_it_comes_after(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let proposals = vec![alert("first"), after(alert("second"), &["first"]), alert("other")];
    propose(store, &lease, &install, proposals).await;
    for name in ["first", "other"] {
        let end = Settlement {
            action: action_id(name),
            end: done(),
            at: NOW,
            shown: Shown::default(),
            rows: Vec::new(),
        };
        store.settle(&lease, end).await.unwrap();
    }
    let names = async || {
        let all = ActionFilter { limit: 9, ..ActionFilter::default() };
        let actions = store.actions(&lease.client, all).await.unwrap();
        let names = actions.into_iter().map(|action| action.id.to_string());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let kinds = [Kept::Actions];
    assert_eq!(forget(store, &lease, NOW, &kinds).await, 0, "they ended just now");
    assert_eq!(forget(store, &lease, LATER, &kinds).await, 1);
    assert_eq!(names().await, ["first".to_owned(), "second".to_owned()].into());
    assert_eq!(ready(store, LATER).await, ["second"]);
    let end = Settlement {
        action: action_id("second"),
        end: done(),
        at: NOW,
        shown: Shown::default(),
        rows: Vec::new(),
    };
    store.settle(&lease, end).await.unwrap();
    assert_eq!(forget(store, &lease, LATER, &kinds).await, 2);
}

pub async fn dead_deliveries_and_audit_entries_go_after_their_time(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let number = store.accept(&lease, delivery("dead")).await.unwrap();
    store.accept(&lease, delivery("waiting")).await.unwrap();
    store.bury(&lease, number, "not JSON").await.unwrap();
    for what in ["stop", "go"] {
        store.audit(&lease, NOW, act(what)).await.unwrap();
    }
    let kinds = [Kept::DeadDeliveries, Kept::Audit];
    assert_eq!(forget(store, &lease, NOW, &kinds).await, 0);
    // The newest entry stays, so that no number comes twice.
    assert_eq!(forget(store, &lease, LATER, &kinds).await, 2);
    store.audit(&lease, LATER, act("go")).await.unwrap();
    let log = store.audit_log(&lease.client, None, 9).await.unwrap();
    assert_eq!(log.iter().map(|entry| entry.number).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(store.deliveries(&lease.client, 0, 9).await.unwrap().len(), 1);
}

pub async fn a_batch_is_small_and_the_next_goes_on(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let entries = u64::try_from(limits::FORGOTTEN_ROWS_MAX).unwrap() * 2 + 10;
    let mut writes: Vec<_> =
        (0..entries).map(|_| Box::pin(store.audit(&lease, NOW, act("stop")))).collect();
    std::future::poll_fn(|context| {
        writes.retain_mut(|write| write.as_mut().poll(context).map(Result::unwrap).is_pending());
        if writes.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    let mut from = None;
    let mut batches = Vec::new();
    loop {
        let what = Forget { kind: Kept::Audit, before: LATER, from };
        let forgotten = store.forget(&lease, LATER, what).await.unwrap();
        batches.push(forgotten.rows);
        from = forgotten.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(batches, [500, 500, 9]);
}

pub async fn a_client_forgets_nothing_of_another(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    for (base, available) in [(0, 5), (1, 4)] {
        let event = stock(store, &lease, base, available).await;
        pass(store, &lease, &install, event).await;
    }
    store.audit(&lease, NOW, act("stop")).await.unwrap();
    store.audit(&lease, NOW, act("go")).await.unwrap();
    store.mark_commit(&lease, NOW).await.unwrap();
    let other = store.lease(&client("bianchi"), "test").await.unwrap();
    store.mark_commit(&other, NOW).await.unwrap();
    assert_eq!(forget(store, &other, LATER, &Kept::ALL).await, 0);
    let events = store.events(&lease.client, 0, 9).await.unwrap();
    let is_stock = |body: &EventBody| matches!(body, EventBody::Changed { .. });
    assert!(events.len() == 2 && events.iter().all(|event| is_stock(&event.body)));
    let view = RunView { client: lease.client.clone(), commit: 1 };
    assert!(store.entity(&view, &variant_key("1")).await.unwrap().is_some());
}

pub async fn nobody_is_in_quarantine_unless_restored(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    assert_eq!(store.quarantine(&lease.client).await.unwrap(), None);
    assert!(!store.release(&lease, NOW, act("release")).await.unwrap());
    assert!(store.audit_log(&lease.client, None, 9).await.unwrap().is_empty());
}
