//! The account of a trial: what the shops' own ledgers say, against what the host has on disk.

use std::collections::{BTreeMap, BTreeSet};

use fondaco::demo::stage::Stage;
use fondaco_model::{
    ActionEnd, ActionKind, Change, Entity, EntityKey, EventBody, OrderChange, ShopId,
    commerce::OrderState,
};
use fondaco_shopsim::{AnyShop, LedgerEvent, Writer};
use fondaco_store::{ActionFilter, RunResult, Store, sqlite::SqliteStore};

use crate::scene;

/// Deliveries that nothing can be made of, as the test sent them.
#[derive(Debug, Default)]
pub struct Garbage {
    pub sent: u64,
    /// Those that were answered with 2xx.
    pub answered: u64,
}

/// What each number of a stock was written how often: by shop, SKU and number.
type Writes = BTreeMap<(String, String, String), usize>;

/// Holds the host's file against the ledgers. The host must have ended, in order.
pub async fn check(stage: &Stage, garbage: &Garbage) {
    let path = stage.folder().join("data/fondaco.db");
    accepted_is_kept(stage, &path, garbage);
    let store = SqliteStore::open(&path).unwrap();
    told_is_known(stage, &store).await;
    orders_are_placed_once(stage, &store).await;
    events_are_run_once(&store).await;
    writes_are_made_once(stage, &store).await;
    store.close().await;
}

/// Every delivery that was answered with 2xx has a number, and none waits.
fn accepted_is_kept(stage: &Stage, path: &std::path::Path, garbage: &Garbage) {
    let database = rusqlite::Connection::open(path).unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap();
    let numbered = count("SELECT last_delivery FROM clients");
    let waiting = count("SELECT count(*) FROM deliveries");
    let dead = count("SELECT count(*) FROM dead_deliveries");
    let taken = |event: &LedgerEvent| matches!(event, LedgerEvent::WebhookSent { .. });
    let shops = stage.all();
    let ledgers = shops.iter().flat_map(AnyShop::ledger);
    let answered = ledgers.filter(|entry| taken(&entry.event)).count() as u64;
    println!("{answered} webhooks answered, {numbered} numbered, {dead} dead of {garbage:?}");
    assert!(numbered >= answered + garbage.answered, "a delivery that was answered is gone");
    assert_eq!(waiting, 0, "deliveries wait");
    assert!((garbage.answered..=garbage.sent).contains(&dead), "{dead} dead of {garbage:?}");
}

/// What a delivery of a WooCommerce shop was about that was answered with 2xx is in the mirror. One of
/// Shopify tells only what to read, and its orders are looked at below.
async fn told_is_known(stage: &Stage, store: &SqliteStore) {
    for shop in stage.shops() {
        let id = ShopId::new(shop.name()).unwrap();
        let mut told = BTreeSet::new();
        for entry in shop.ledger() {
            if let LedgerEvent::WebhookSent { topic, resource, .. } = entry.event {
                told.insert((topic.starts_with("order."), resource.to_string()));
            }
        }
        for (is_order, resource) in told {
            let key = match is_order {
                true => EntityKey::order(id.clone(), resource),
                false => EntityKey::variant(id.clone(), resource),
            };
            let row = store.mirror(&scene::client(), &key).await.unwrap();
            assert!(row.is_some(), "{key} was told and is not known");
        }
    }
}

/// Every order is known as it is, and was news once.
async fn orders_are_placed_once(stage: &Stage, store: &SqliteStore) {
    let mut placed: BTreeMap<EntityKey, usize> = BTreeMap::new();
    for event in store.events(&scene::client(), 0, u32::MAX).await.unwrap() {
        if let EventBody::Changed { key, change: Change::Order(changes), .. } = event.body
            && changes.contains(&OrderChange::Placed)
        {
            *placed.entry(key).or_default() += 1;
        }
    }
    let mut known = 0;
    for shop in stage.all() {
        let id = ShopId::new(shop.name()).unwrap();
        let mut cancelled: BTreeMap<u64, bool> = BTreeMap::new();
        for entry in shop.ledger() {
            match entry.event {
                LedgerEvent::Sold { order, .. } => {
                    cancelled.entry(order).or_default();
                }
                LedgerEvent::Restored { order, .. } => {
                    cancelled.insert(order, true);
                }
                _ => {}
            }
        }
        for (order, cancelled) in cancelled {
            let key = EntityKey::order(id.clone(), order.to_string());
            let row = store.mirror(&scene::client(), &key).await.unwrap();
            let Some(Entity::Order(order)) = row.map(|row| row.entity) else {
                panic!("{key} is not known");
            };
            let state = order.head.value().map(|head| head.state);
            assert_eq!(state == Some(OrderState::Cancelled), cancelled, "{key} is {state:?}");
            assert_eq!(placed.get(&key), Some(&1), "{key} was not news once");
            known += 1;
        }
    }
    assert_eq!(placed.len(), known, "orders that no shop has were news");
}

/// Each page of each event was committed once for an install.
async fn events_are_run_once(store: &SqliteStore) {
    let mut ended = BTreeSet::new();
    for run in store.runs(&scene::client(), None, u32::MAX).await.unwrap() {
        if let RunResult::Failed { reason } = &run.result {
            panic!("the run of event {} failed: {reason}", run.event);
        }
        if !matches!(run.result, RunResult::Again { .. }) {
            let (install, event) = (run.install, run.event);
            assert!(ended.insert((install, event)), "event {event} was handled twice");
        }
    }
}

/// On Magento what lies in a source is written. What is sold just before goes off what can be sold
/// all the same, so writes are counted by SKU there, whatever number they came to.
const SALABLE: &str = "any";

/// Every write in the shops' ledgers is that of an action which ended as one that may have written,
/// and no action wrote twice.
async fn writes_are_made_once(stage: &Stage, store: &SqliteStore) {
    let magento = stage.magento().map(|shop| shop.name().to_owned());
    let counted_by = |shop: &str, number: String| {
        if magento.as_deref() == Some(shop) { SALABLE.to_owned() } else { number }
    };
    let view = store.view(&scene::client()).await.unwrap();
    let mut skus = BTreeMap::new();
    for sku in store.skus(&view, None, u32::MAX).await.unwrap() {
        for (key, _) in store.variants_by_sku(&view, &sku).await.unwrap() {
            skus.insert((key.shop, key.id), sku.clone());
        }
    }
    let mut may_have_written = Writes::new();
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let all = ActionFilter { limit: u32::MAX, ..ActionFilter::default() };
    for action in store.actions(&scene::client(), all).await.unwrap() {
        let end = action.end.unwrap_or_else(|| panic!("action {} has not ended", action.id));
        let ActionKind::ChangeStock { shop, variant, available, .. } = action.kind else {
            continue;
        };
        *ends.entry(end.as_str().to_owned()).or_default() += 1;
        if matches!(end, ActionEnd::Done { .. } | ActionEnd::Unknown { .. }) {
            let sku = skus[&(shop.clone(), variant)].clone();
            let number = counted_by(shop.as_str(), available.to_string());
            *may_have_written.entry((shop.to_string(), sku, number)).or_default() += 1;
        }
    }
    println!("changes of stock: {ends:?}");
    let mut written = Writes::new();
    for shop in stage.all() {
        for entry in shop.ledger() {
            if let LedgerEvent::StockWritten { sku, after, by: Writer::Api, .. } = entry.event {
                let number = counted_by(shop.name(), after.to_string());
                let what = (shop.name().to_owned(), sku, number);
                *written.entry(what).or_default() += 1;
            }
        }
    }
    for (what, times) in written {
        let allowed = may_have_written.get(&what).copied().unwrap_or_default();
        assert!(times <= allowed, "{what:?} was written {times} times by {allowed} actions");
    }
}
