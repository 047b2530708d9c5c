//! The mirror, its events, and how far reading a shop has come.

use fondaco_model::{Entity, EntityKey, EventBody, event::Cause};
use fondaco_store::{
    MirrorRow, ObserveOutcome, Observed, ObservedRow, RunView, ShopProgress, Store,
};

use crate::samples::*;

pub async fn a_row_is_written_and_raises_its_changes(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    assert_eq!(store.mirror(&lease.client, &variant_key("1")).await.unwrap(), None);
    let first = row(variant_key("1"), 0, variant(None, 5), Vec::new());
    assert!(observe(store, &lease, rows(vec![first])).await.is_empty());
    let changes = vec![stock_change(5), stock_change(6)];
    let second = row(variant_key("1"), 1, variant(None, 4), changes.clone());
    let events = observe(store, &lease, rows(vec![second])).await;
    let view = store.view(&lease.client).await.unwrap();
    for ((event, change), number) in events.iter().zip(changes).zip(1..) {
        assert_eq!((event.number, event.commit, event.observed_at), (number, view.commit, NOW));
        let key = variant_key("1");
        assert_eq!(event.body, EventBody::Changed { key, sequence: 2, change });
    }
    assert_eq!(events.len(), 2);
    let now = store.mirror(&lease.client, &variant_key("1")).await.unwrap().unwrap();
    assert_eq!(now, MirrorRow { sequence: 2, entity: variant(None, 4) });
    for (sequence, entity) in [(1, Some(variant(None, 5))), (2, Some(now.entity)), (3, None)] {
        let key = variant_key("1");
        assert_eq!(store.entity_at(&lease.client, &key, sequence).await.unwrap(), entity);
    }
}

pub async fn events_are_read_in_lots(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let changes = vec![stock_change(5), stock_change(6)];
    let seen = row(variant_key("1"), 0, variant(None, 4), changes);
    let events = observe(store, &lease, rows(vec![seen])).await;
    assert_eq!(store.events(&lease.client, 0, 9).await.unwrap(), events);
    assert_eq!(store.events(&lease.client, 1, 9).await.unwrap(), events[1..]);
    assert_eq!(store.events(&lease.client, 0, 1).await.unwrap(), events[..1]);
    assert!(store.events(&lease.client, 2, 9).await.unwrap().is_empty());
    assert_eq!(store.event(&lease.client, 2).await.unwrap().as_ref(), events.last());
    assert_eq!(store.event(&lease.client, 3).await.unwrap(), None);
}

pub async fn the_same_again_writes_nothing(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let first = || row(variant_key("1"), 0, variant(None, 5), vec![stock_change(6)]);
    assert_eq!(observe(store, &lease, rows(vec![first()])).await.len(), 1);
    let view = store.view(&lease.client).await.unwrap();
    // Committed a second time, since its answer was lost.
    let outcome = store.observe(&lease, NOW, rows(vec![first()])).await.unwrap();
    assert_eq!(outcome, ObserveOutcome::Moved);
    // Compared again by then, the same is no change.
    let same = row(variant_key("1"), 1, variant(None, 5), vec![stock_change(6)]);
    assert!(observe(store, &lease, rows(vec![same])).await.is_empty());
    assert_eq!(store.mirror(&lease.client, &variant_key("1")).await.unwrap().unwrap().sequence, 1);
    assert_eq!(store.view(&lease.client).await.unwrap(), view);
}

pub async fn a_row_that_has_moved_on_stops_everything(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let number = store.accept(&lease, delivery("a")).await.unwrap();
    raise(store, &lease, "1").await;
    let view = store.view(&lease.client).await.unwrap();
    for (base, moved) in [(0, "is there"), (2, "is not there yet")] {
        let observed = Observed {
            delivery: Some(number),
            rows: vec![
                row(variant_key("1"), 0, variant(Some("MUG"), 5), vec![stock_change(6)]),
                row(order_key("1"), base, order("1b"), vec![placed()]),
            ],
            progress: Some((shop("milano"), ShopProgress { imported: true, ..Default::default() })),
            ..Observed::default()
        };
        let outcome = store.observe(&lease, NOW, observed).await.unwrap();
        assert_eq!(outcome, ObserveOutcome::Moved, "{moved}");
    }
    assert_eq!(store.mirror(&lease.client, &variant_key("1")).await.unwrap(), None);
    assert!(store.skus(&view, None, 9).await.unwrap().is_empty());
    assert_eq!(store.deliveries(&lease.client, 0, 9).await.unwrap().len(), 1);
    assert!(!store.shop_progress(&lease.client, &shop("milano")).await.unwrap().imported);
    assert_eq!(store.view(&lease.client).await.unwrap(), view);
    assert_eq!(store.backlog(&lease.client).await.unwrap().last_event, 1);
}

pub async fn an_entity_may_come_twice(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let twice = |second_base| {
        rows(vec![
            row(order_key("1"), 0, order("1"), vec![placed()]),
            row(order_key("1"), second_base, order("1b"), vec![placed()]),
        ])
    };
    let outcome = store.observe(&lease, NOW, twice(0)).await.unwrap();
    assert_eq!(outcome, ObserveOutcome::Moved);
    let events = observe(store, &lease, twice(1)).await;
    let sequences: Vec<_> = events
        .iter()
        .map(|event| match event.body {
            EventBody::Changed { sequence, .. } => sequence,
            _ => 0,
        })
        .collect();
    assert_eq!(sequences, [1, 2]);
    let view = store.view(&lease.client).await.unwrap();
    assert_eq!(store.entity(&view, &order_key("1")).await.unwrap(), Some(order("1b")));
}

pub async fn a_view_shows_what_was(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let key = variant_key("1");
    let before = store.view(&lease.client).await.unwrap();
    let mut views = Vec::new();
    for base in 0..4 {
        let entity = variant(None, 10 - i64::try_from(base).unwrap());
        observe(store, &lease, rows(vec![row(key.clone(), base, entity, Vec::new())])).await;
        views.push(store.view(&lease.client).await.unwrap());
    }
    assert_eq!(store.entity(&before, &key).await.unwrap(), None);
    for (view, available) in views.iter().zip([10, 9, 8, 7]) {
        assert_eq!(store.entity(view, &key).await.unwrap(), Some(variant(None, available)));
    }
}

/// Shop and id of each variant.
type Holders = &'static [(&'static str, &'static str)];

async fn holders(store: &dyn Store, view: &RunView, sku: &str) -> Vec<(String, String)> {
    let found = store.variants_by_sku(view, sku).await.unwrap();
    found
        .into_iter()
        .map(|(key, entity)| {
            let content = entity.as_variant().unwrap().content.value().unwrap().clone();
            assert_eq!(content.sku.as_deref(), Some(sku), "{key} does not have it");
            (key.shop.to_string(), key.id)
        })
        .collect()
}

pub async fn skus_are_exact_as_of_a_view(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let on = |shop_name: &str, id: &str| EntityKey::variant(shop(shop_name), id);
    let mut views = vec![store.view(&lease.client).await.unwrap()];
    let steps: [(EntityKey, u64, Entity); 7] = [
        (on("torino", "2"), 0, variant(Some("MUG"), 1)),
        (on("milano", "1"), 0, variant(Some("MUG"), 1)),
        (on("milano", "1"), 1, variant(Some("MUG"), 2)),
        (on("milano", "1"), 2, variant(Some("CUP"), 2)),
        (on("torino", "2"), 1, deleted_variant()),
        (on("milano", "1"), 3, variant(Some("MUG"), 2)),
        (on("milano", "3"), 0, variant(Some("mug"), 2)),
    ];
    for (key, base, entity) in steps {
        observe(store, &lease, rows(vec![row(key, base, entity, Vec::new())])).await;
        views.push(store.view(&lease.client).await.unwrap());
    }
    // For each view: who has MUG, and which SKUs there are.
    let expected: [(Holders, &[&str]); 8] = [
        (&[], &[]),
        (&[("torino", "2")], &["MUG"]),
        (&[("milano", "1"), ("torino", "2")], &["MUG"]),
        (&[("milano", "1"), ("torino", "2")], &["MUG"]),
        (&[("torino", "2")], &["CUP", "MUG"]),
        (&[], &["CUP"]),
        (&[("milano", "1")], &["MUG"]),
        (&[("milano", "1")], &["MUG", "mug"]),
    ];
    for (view, (mug, skus)) in views.iter().zip(expected) {
        let mug: Vec<_> =
            mug.iter().map(|(shop, id)| ((*shop).to_owned(), (*id).to_owned())).collect();
        assert_eq!(holders(store, view, "MUG").await, mug, "as of {}", view.commit);
        assert_eq!(store.skus(view, None, 9).await.unwrap(), skus, "as of {}", view.commit);
    }
    let last = views.last().unwrap();
    assert_eq!(store.skus(last, Some("MUG"), 9).await.unwrap(), ["mug"]);
    assert_eq!(store.skus(last, None, 1).await.unwrap(), ["MUG"]);
    assert!(store.skus(last, Some("mug"), 9).await.unwrap().is_empty());
}

pub async fn progress_is_kept_and_its_watermark_by_commit(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let milano = shop("milano");
    let none = store.shop_progress(&lease.client, &milano).await.unwrap();
    assert_eq!(none, ShopProgress::default());
    let mut commits = vec![(0, None)];
    for (order, known_until) in [("1", None), ("2", Some(NOW)), ("3", Some(NOW.plus_ms(5)))] {
        let progress = ShopProgress {
            imported: true,
            connected_at: NOW,
            import_cursor: Some(order.to_owned()),
            orders_known_until: known_until,
            catalogue_known_until: Some(NOW),
        };
        let rows = vec![row(order_key(order), 0, self::order(order), vec![placed()])];
        let observed = Observed {
            rows,
            progress: Some((milano.clone(), progress.clone())),
            ..Observed::default()
        };
        let events = observe(store, &lease, observed).await;
        commits.push((events[0].commit, known_until));
        assert_eq!(store.shop_progress(&lease.client, &milano).await.unwrap(), progress);
    }
    raise(store, &lease, "4").await;
    commits.push((store.view(&lease.client).await.unwrap().commit, Some(NOW.plus_ms(5))));
    for (commit, known_until) in commits {
        let known = store.orders_known_until(&lease.client, &milano, commit).await.unwrap();
        assert_eq!(known, known_until, "as of {commit}");
        let other = store.orders_known_until(&lease.client, &shop("torino"), commit).await;
        assert_eq!(other.unwrap(), None);
    }
}

pub async fn events_are_numbered_across_everything(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    raise(store, &lease, "1").await;
    store.tick(&lease, NOW, &install, "daily", NOW).await.unwrap();
    let refused = vec![(alert("a"), "no".to_owned())];
    commit(store, &lease, fondaco_store::RunCommit { refused, ..run(&install, 1) }).await;
    raise(store, &lease, "2").await;
    let events = store.events(&lease.client, 0, 9).await.unwrap();
    let numbers: Vec<_> = events.iter().map(|event| (event.number, event.commit)).collect();
    assert_eq!(numbers, [(1, 1), (2, 2), (3, 3), (4, 4)]);
}

pub async fn an_event_keeps_its_cause(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let cause = Cause { action: action_id("a"), install };
    let row = ObservedRow {
        caused_by: Some(cause.clone()),
        ..row(order_key("1"), 0, order("1"), vec![placed()])
    };
    let events = observe(store, &lease, rows(vec![row])).await;
    assert_eq!(events[0].caused_by, Some(cause));
    assert_eq!(store.events(&lease.client, 0, 1).await.unwrap(), events);
}
