//! Leases and clients: who may write, and what they never see of each other.

use fondaco_model::{
    ActionState, InstallId,
    hear::LifecycleStep,
    run::{StateReads, StateWrites},
};
use fondaco_store::{
    ActionFilter, Backlog, Counter, Erasure, Forget, Go, Kept, Lease, Mode, Observed, Redo,
    RunCommit, RunView, Scope, ShadowState, ShopProgress, Stop, Store, StoreError, Whom,
};

use crate::samples::*;

pub async fn a_stale_epoch_is_refused_by_every_write(store: &dyn Store) {
    let (stale, install) = begin(store).await;
    let event = raise(store, &stale, "1").await;
    let number = store.accept(&stale, delivery("kept")).await.unwrap();
    propose(store, &stale, &install, vec![change_stock("a", "1", 1, 2)]).await;
    let fresh = store.lease(&stale.client, "another host").await.unwrap();
    assert!(fresh.epoch > stale.epoch);
    let before = store.backlog(&stale.client).await.unwrap();

    let a = action_id("a");
    let end = settlement("a", done(), Vec::new());
    let (dead, actions) = (all_dead(), all_actions());
    let schedule = "daily";
    let (scope, principal) = (Scope::Client, "anna".to_owned());
    let alert = new_alert("key", Scope::Client);
    let stop = Stop { scope, at: NOW, principal, reason: String::new() };
    let Stop { scope, at, principal, reason } = stop.clone();
    let go = Go { scope, at, principal, reason, forgive: true };
    let (identity, steps) = (identity("1.0.0"), vec![LifecycleStep::Installed]);
    let whom = Whom::Id("12".to_owned());
    let erasure = Erasure { shop: shop("milano"), whom, principal: "anna".to_owned() };
    let old_audit = Forget { kind: Kept::Audit, before: NOW, from: None };
    let refused = [
        store.accept(&stale, delivery("lost")).await.err(),
        store.bury(&stale, number, "stale").await.err(),
        store.observe(&stale, NOW, Observed::default()).await.err(),
        store.tick(&stale, NOW, &install, schedule, NOW).await.err(),
        store.begin_schedule(&stale, &install, schedule, NOW).await.err(),
        store.begin_lifecycle(&stale, NOW, &install, identity, steps).await.err(),
        store.install(&stale, &install).await.err(),
        store.note_present(&stale, NOW, &[]).await.err(),
        store.keep_nothing_for(&stale, &install).await.err(),
        store.commit_run(&stale, NOW, run(&install, event)).await.err(),
        store.pass(&stale, &install, event + 1).await.err(),
        store.begin(&stale, NOW, &a, "{}").await.err(),
        store.postpone(&stale, NOW, &a, NOW, "busy").await.err(),
        store.settle(&stale, end).await.err(),
        store.audit(&stale, NOW, act("stop")).await.err(),
        store.retry_deliveries(&stale, NOW, dead.clone(), act("retry")).await.err(),
        store.discard_deliveries(&stale, NOW, dead, act("retry")).await.err(),
        store.redo_actions(&stale, NOW, actions, Redo::Retry, act("retry")).await.err(),
        store.decide_action(&stale, NOW, &a, done(), act("retry")).await.err(),
        store.enter_mode(&stale, NOW, &install, Mode::Off, ShadowState::Keep).await.err(),
        store.stop(&stale, stop).await.err(),
        store.go(&stale, go).await.err(),
        store.pause_failing(&stale, NOW, run(&install, event), alert.clone()).await.err(),
        store.raise_alert(&stale, NOW, alert).await.err(),
        store.resolve_alert(&stale, NOW, "key", None).await.err(),
        store.erase(&stale, NOW, erasure).await.err(),
        store.mark_commit(&stale, NOW).await.err(),
        store.forget(&stale, NOW, old_audit).await.err(),
        store.release(&stale, NOW, act("release")).await.err(),
    ];
    for (nth, error) in refused.into_iter().enumerate() {
        assert!(
            matches!(&error, Some(StoreError::LeaseLost { client }) if *client == stale.client),
            "write {nth}: {error:?}"
        );
    }
    assert_eq!(store.backlog(&stale.client).await.unwrap(), before);
    assert_eq!(ready(store, NOW).await, ["a"]);

    // A client that was never leased has no epoch at all.
    let never = Lease { client: client("never"), epoch: 1 };
    let error = store.accept(&never, delivery("x")).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
}

pub async fn the_newest_lease_writes(store: &dyn Store) {
    let first = store.lease(&client("rossi"), "one").await.unwrap();
    let second = store.lease(&client("rossi"), "two").await.unwrap();
    let third = store.lease(&client("rossi"), "three").await.unwrap();
    assert!(first.epoch < second.epoch && second.epoch < third.epoch);
    assert_eq!(store.accept(&third, delivery("a")).await.unwrap(), 1);
    store.accept(&second, delivery("b")).await.unwrap_err();
    let ahead = Lease { epoch: third.epoch + 1, ..third };
    store.accept(&ahead, delivery("c")).await.unwrap_err();
}

/// Puts something of every kind into the store, for `rossi`.
async fn fill(store: &dyn Store) -> (Lease, InstallId, u64) {
    let (rossi, install) = begin(store).await;
    store.accept(&rossi, delivery("secret")).await.unwrap();
    let dead = store.accept(&rossi, delivery("dead")).await.unwrap();
    store.bury(&rossi, dead, "unreadable").await.unwrap();
    store.tick(&rossi, NOW, &install, "daily", NOW).await.unwrap();
    let steps = vec![LifecycleStep::Installed];
    store.begin_lifecycle(&rossi, NOW, &install, identity("1.0.0"), steps).await.unwrap();
    let writes = StateWrites::from([("k".to_owned(), Some("v".to_owned()))]);
    let proposals = vec![change_stock("a", "1", 1, 2)];
    let seen = row(variant_key("1"), 0, variant(Some("MUG"), 3), vec![stock_change(4)]);
    let progress = ShopProgress { orders_known_until: Some(NOW), ..ShopProgress::default() };
    let progress = Some((shop("milano"), progress));
    let observed = Observed { progress, ..rows(vec![seen]) };
    let event = observe(store, &rossi, observed).await[0].number;
    commit(store, &rossi, RunCommit { writes, proposals, ..run(&install, event) }).await;
    store.begin(&rossi, NOW, &action_id("a"), "{}").await.unwrap();
    (rossi, install, event)
}

pub async fn a_client_reads_nothing_of_another(store: &dyn Store) {
    let (_, install, event) = fill(store).await;
    store.lease(&client("bianchi"), "test").await.unwrap();
    let other = &client("bianchi");
    let view = RunView { client: other.clone(), commit: u64::MAX };
    assert_eq!(store.backlog(other).await.unwrap(), Backlog::default());
    assert!(store.deliveries(other, 0, 9).await.unwrap().is_empty());
    assert!(store.dead_deliveries(other, 9).await.unwrap().is_empty());
    assert_eq!(store.mirror(other, &variant_key("1")).await.unwrap(), None);
    assert_eq!(store.entity(&view, &variant_key("1")).await.unwrap(), None);
    assert_eq!(store.entity_at(other, &variant_key("1"), 1).await.unwrap(), None);
    assert!(store.variants_by_sku(&view, "MUG").await.unwrap().is_empty());
    assert!(store.skus(&view, None, 9).await.unwrap().is_empty());
    assert!(store.events(other, 0, 9).await.unwrap().is_empty());
    assert_eq!(store.event(other, event).await.unwrap(), None);
    assert_eq!(store.view(other).await.unwrap().commit, 0);
    assert_eq!(store.state_get(&view, &install, "k").await.unwrap().value, None);
    assert!(store.state_list(&view, &install, "", None, 9).await.unwrap().is_empty());
    assert!(store.ready(other, NOW, 9).await.unwrap().is_empty());
    assert!(store.sending(other).await.unwrap().is_empty());
    assert!(store.fences(other).await.unwrap().is_empty());
    assert!(store.runs(other, None, 9).await.unwrap().is_empty());
    assert!(store.runs(other, Some(&install), 9).await.unwrap().is_empty());
    let all = ActionFilter { limit: 9, ..ActionFilter::default() };
    assert!(store.actions(other, all).await.unwrap().is_empty());
    assert_eq!(store.action(other, &action_id("a")).await.unwrap(), None);
    let theirs = store.event(&client("rossi"), event).await.unwrap().unwrap().trace;
    assert!(!store.trace(&client("rossi"), theirs, 9).await.unwrap().is_empty());
    assert!(store.trace(other, theirs, 9).await.unwrap().is_empty());
    assert!(store.trace(other, trace(7), 9).await.unwrap().is_empty(), "deliveries");
    assert_eq!(store.run(other, &install, 1).await.unwrap(), None);
    assert!(store.run_times(other, &install, 9).await.unwrap().is_empty());
    assert_eq!(store.counted(other, &install, Counter::Actions, 0).await.unwrap(), 0);
    assert!(store.oldest_actions(other).await.unwrap().is_empty());
}

pub async fn a_client_knows_no_progress_of_another(store: &dyn Store) {
    let (_, install, _) = fill(store).await;
    let other = &client("bianchi");
    let milano = shop("milano");
    assert_eq!(store.shop_progress(other, &milano).await.unwrap(), ShopProgress::default());
    assert_eq!(store.orders_known_until(other, &milano, u64::MAX).await.unwrap(), None);
    assert_eq!(store.last_tick(other, &install, "daily").await.unwrap(), None);
    assert_eq!(store.lifecycle(other, &install).await.unwrap(), None);
    let all = history(u64::MAX, None, Some(("9", NOW)), true);
    assert!(store.past_orders(other, &all).await.unwrap().is_empty());
    assert_eq!(store.install_progress(other, &install).await.unwrap(), None);
}

pub async fn a_client_writes_beside_another(store: &dyn Store) {
    let (rossi, install, _) = fill(store).await;
    let bianchi = store.lease(&client("bianchi"), "test").await.unwrap();
    assert_eq!(store.accept(&bianchi, delivery("own")).await.unwrap(), 1);
    // What it does to the other's things by their names, it does to nothing.
    assert!(!store.begin(&bianchi, NOW, &action_id("a"), "{}").await.unwrap());
    store.bury(&bianchi, 2, "not its own").await.unwrap();
    let redone = store.retry_deliveries(&bianchi, NOW, all_dead(), act("retry")).await.unwrap();
    assert!(redone.done.is_empty());
    let redone = store.discard_deliveries(&bianchi, NOW, all_dead(), act("discard")).await.unwrap();
    assert!(redone.done.is_empty());
    assert_eq!(store.dead_deliveries(&rossi.client, 9).await.unwrap().len(), 1);
    store.settle(&bianchi, settlement("a", done(), Vec::new())).await.unwrap_err();
    store.install(&bianchi, &install).await.unwrap();
    let event = raise(store, &bianchi, "1").await;
    assert_eq!(event, 1, "each client counts its own events");
    let reads = StateReads { keys: [("k".to_owned(), 0)].into(), ..StateReads::default() };
    let proposals = vec![change_stock("a", "1", 5, 6)];
    commit(store, &bianchi, RunCommit { reads, proposals, ..run(&install, event) }).await;
    let theirs = store.action(&rossi.client, &action_id("a")).await.unwrap().unwrap();
    let own = store.action(&bianchi.client, &action_id("a")).await.unwrap().unwrap();
    assert_eq!((decided_on(&theirs.kind), decided_on(&own.kind)), (decimal(2), decimal(6)));
    assert_eq!((theirs.state, own.state), (ActionState::Sending, ActionState::Waiting));
    assert_eq!(store.fences(&rossi.client).await.unwrap(), [target("1")]);
}
