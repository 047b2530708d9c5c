//! Two shops that sell a thousand SKUs at fifty orders a second, with everything going wrong at once
//! between them and the host.
//!
//! What a shop sells is known to the other only some time later, when the host has heard of it and
//! has written there. Until then the other may sell the same piece again, unless enough is kept
//! back. Enough is the **bound of what is under way**: the most pieces of a SKU that one shop sells
//! within the longest time from a sale to the write on the other shop. Where the buffer is no
//! smaller than that, no piece may be sold that was not there.
//!
//! The time is made of two that are measured: from the sale, by the shop's ledger, to the event that
//! tells of it, and from the event to the end of the action it led to.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use fondaco::demo::{
    finish,
    stage::{self, Stage, StageOptions},
};
use fondaco_model::{Action, ActionEnd, Change, EntityKey, EventBody, ShopId, Timestamp};
use fondaco_shopsim::{
    Faults, KeyRights, LedgerEvent, Product, WooShop,
    customer::{Customer, CustomerOptions},
};
use fondaco_store::{ActionFilter, Store, sqlite::SqliteStore};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::{
    crashes::{self, account},
    scene,
};

/// SKUs of each shop.
const SKUS: usize = 1_000;
/// Pieces of each at first.
const PIECES: i64 = 120;
/// Pieces of each that a shop keeps back.
const BUFFER: u32 = 40;
/// Orders over both shops.
const ORDERS_PER_SECOND: f64 = 50.0;
/// For how long they come at first with nothing going wrong, which tells how fast the host itself is.
const CALM_FOR: Duration = Duration::from_secs(60);
/// For how long they come under all faults.
const SELLING_FOR: Duration = Duration::from_secs(300);
/// How far the shops' clocks are from the host's, each to another side: nearly as far as is borne.
const CLOCKS_OFF_BY: SignedDuration = SignedDuration::from_secs(8);
/// For what part of the time Milano lets the host neither read nor write, after the same time in
/// which it does.
const RIGHTS_LOST_PART: u32 = 15;
/// How long the shops may take to show the same once nobody buys any more.
const ALIGNED_WITHIN: Duration = Duration::from_secs(900);

/// All that can go wrong on the way.
fn faults() -> Faults {
    Faults { webhooks_delayed: 0.1, slow: 0.05, ..crashes::faults() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn a_thousand_skus_at_fifty_orders_a_second_under_all_faults() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = Stage::set(options()).await.unwrap();
    let mut host = scene::serve(&stage);
    aligned(&stage, "at first").await;
    let calm_until = sell(&stage).await;
    stage.shops().iter().for_each(|shop| shop.set_faults(Faults::default()));
    aligned(&stage, "in the end").await;
    crashes::stop(&mut host).await;
    for shop in stage.shops() {
        shop.quiet().await;
    }
    account::check(&stage, &account::Garbage::default()).await;
    let times = times(&stage, calm_until).await;
    let oversold = oversold(&stage, &times);
    assert!(
        oversold.is_empty(),
        "sold though not there, with a buffer that covers it: {oversold:?}"
    );
    stage.strike().await;
}

/// Orders over a shop of each platform. A Shopify shop on the standard plan takes about two writes or
/// readings of an order in a second.
const ORDERS_PER_SECOND_ON_EACH: f64 = 1.0;
/// SKUs of each of these shops.
const SKUS_ON_EACH: usize = 50;
/// For how long they come under all faults.
const SELLING_ON_EACH_FOR: Duration = Duration::from_secs(120);

/// The same over shops of every platform, as fast as the slowest of them bears.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn a_shop_of_each_platform_under_all_faults() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let StageOptions { ranges, .. } = options();
    let ranges = ranges.map(|range| range.into_iter().take(SKUS_ON_EACH).collect());
    let stage = Stage::set(StageOptions { ranges, ..options() }.on_every_platform()).await.unwrap();
    let mut host = scene::serve(&stage);
    aligned(&stage, "at first").await;
    let shops = stage.all();
    shops.iter().for_each(|shop| shop.set_faults(faults()));
    let orders_per_second = ORDERS_PER_SECOND_ON_EACH;
    let customer =
        Customer::new(shops.clone(), 23, CustomerOptions { orders_per_second, cancel_share: 0.1 });
    let enough = CancellationToken::new();
    let over = enough.clone();
    tokio::join!(customer.run(enough), async move {
        tokio::time::sleep(SELLING_ON_EACH_FOR).await;
        over.cancel();
    });
    shops.iter().for_each(|shop| shop.set_faults(Faults::default()));
    aligned(&stage, "in the end").await;
    crashes::stop(&mut host).await;
    for shop in &shops {
        shop.quiet().await;
    }
    account::check(&stage, &account::Garbage::default()).await;
    let missing: Vec<_> = finish::left(&stage).into_iter().filter(|(_, left)| *left < 0).collect();
    assert_eq!(missing, [], "sold though not there");
    stage.strike().await;
}

fn options() -> StageOptions {
    let product = |number: usize| Product {
        sku: Some(format!("SKU-{number:04}")),
        title: format!("Something for the kitchen, number {number}"),
        price: "19.90".to_owned(),
        stock: Some(PIECES),
        ..Product::default()
    };
    let range = || (0..SKUS).map(product).collect();
    let kitchen = StageOptions::kitchen(scene::plugins(), 23);
    let clocks_ahead = [CLOCKS_OFF_BY, -CLOCKS_OFF_BY];
    StageOptions { ranges: [range(), range()], buffer: BUFFER, clocks_ahead, ..kitchen }
}

async fn aligned(stage: &Stage, when: &str) {
    let began = std::time::Instant::now();
    let aligned = tokio::time::timeout(ALIGNED_WITHIN, async {
        while !(finish::agreed(stage) && crashes::nothing_waits(stage).await) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    assert!(aligned.await.is_ok(), "the shops do not show what is left, {when}");
    println!("the shops show the same, {when}, after {:.1} s", began.elapsed().as_secs_f64());
}

/// Lets a customer buy, first in a calm and then under all faults; returns when the calm was over.
async fn sell(stage: &Stage) -> Timestamp {
    let options = CustomerOptions { orders_per_second: ORDERS_PER_SECOND, cancel_share: 0.1 };
    let customer = Customer::new(stage.shops().to_vec(), 23, options);
    let enough = CancellationToken::new();
    let over = enough.clone();
    let milano = &stage.shops()[0];
    let (_, calm_until) = tokio::join!(customer.run(enough), async move {
        tokio::time::sleep(CALM_FOR).await;
        let calm_until = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap();
        stage.shops().iter().for_each(|shop| shop.set_faults(faults()));
        tokio::time::sleep(SELLING_FOR / RIGHTS_LOST_PART).await;
        assert!(milano.set_rights(stage::KEY, KeyRights::Lost));
        tokio::time::sleep(SELLING_FOR / RIGHTS_LOST_PART).await;
        assert!(milano.set_rights(stage::KEY, KeyRights::ReadWrite));
        tokio::time::sleep(SELLING_FOR - SELLING_FOR / RIGHTS_LOST_PART * 2).await;
        over.cancel();
        Timestamp(calm_until)
    });
    calm_until
}

/// How long it takes until a sale is known, in milliseconds.
struct Times {
    /// The longest from a sale to its event.
    to_event_max: u64,
    /// The longest from an event to the end of an action it led to.
    to_push_max: u64,
}

/// Works them out from the host's file, and prints them.
async fn times(stage: &Stage, calm_until: Timestamp) -> Times {
    let store = SqliteStore::open(&stage.folder().join("data/fondaco.db")).unwrap();
    let sold = sold_at(stage);
    let mut to_event = Vec::new();
    let mut orders = HashMap::new();
    for event in store.events(&scene::client(), 0, u32::MAX).await.unwrap() {
        if let EventBody::Changed { key, change: Change::Order(_), .. } = &event.body {
            orders.insert(event.number, event.observed_at);
            if let Some(sold) = sold.get(key).filter(|sold| event.observed_at >= **sold) {
                // The first event of an order tells of its sale; later ones of its cancellation.
                to_event.push((key.clone(), event.observed_at.0 - sold.0));
            }
        }
    }
    let mut first = HashMap::new();
    for (key, took) in to_event {
        first.entry(key).or_insert(took);
    }
    let all = ActionFilter { limit: u32::MAX, ..ActionFilter::default() };
    let actions = store.actions(&scene::client(), all).await.unwrap();
    store.close().await;
    let pushed = |action: &Action| {
        let done = matches!(action.end, Some(ActionEnd::Done { .. }));
        let ended = action.ended_at.filter(|_| done)?;
        Some(ended.0.saturating_sub(orders.get(&action.event)?.0))
    };
    let is_calm = |action: &&Action| action.ended_at.is_some_and(|ended_at| ended_at < calm_until);
    told("from a sale to its event", first.values().copied().collect());
    let calm = actions.iter().filter(is_calm);
    told(
        "from an event to the end of its write, while nothing went wrong",
        calm.filter_map(pushed).collect(),
    );
    let to_push: Vec<_> = actions.iter().filter_map(pushed).collect();
    let to_push_max = told("from an event to the end of its write", to_push);
    Times { to_event_max: first.values().copied().max().unwrap_or_default(), to_push_max }
}

/// Prints what is within these times; returns the longest.
fn told(what: &str, mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    assert!(!times.is_empty(), "nothing was measured {what}");
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{what}: p50 {} ms, p99 {} ms, longest {} ms, of {}",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    );
    at(1.0)
}

/// When each order was placed, by the shops' ledgers.
fn sold_at(stage: &Stage) -> HashMap<EntityKey, Timestamp> {
    let mut sold = HashMap::new();
    for shop in stage.shops() {
        let id = ShopId::new(shop.name()).unwrap();
        for entry in shop.ledger() {
            if let LedgerEvent::Sold { order, .. } = entry.event {
                let key = EntityKey::order(id.clone(), order.to_string());
                let at = u64::try_from(entry.at.as_millisecond()).unwrap();
                sold.entry(key).or_insert(Timestamp(at));
            }
        }
    }
    sold
}

/// The SKUs of which more was sold than there was, though what was under way was covered.
fn oversold(stage: &Stage, times: &Times) -> Vec<(String, i64, i64)> {
    let window = times.to_event_max + times.to_push_max;
    let under_way = under_way(stage, window);
    let covered = under_way.values().filter(|pieces| **pieces <= i64::from(BUFFER)).count();
    let most = under_way.values().max().copied().unwrap_or_default();
    let left = finish::left(stage);
    let scarce = left.values().filter(|left| **left <= i64::from(BUFFER)).count();
    let missing = left.values().filter(|left| **left < 0).count();
    println!(
        "under way within {window} ms: at most {most} pieces of a SKU; the buffer of {BUFFER} covers \
         {covered} of {} SKUs; {scarce} were sold out, {missing} oversold",
        under_way.len()
    );
    assert!(covered * 2 > SKUS, "the buffer covers too few SKUs for the test to tell anything");
    let bad = left.into_iter().filter(|(_, left)| *left < 0);
    bad.map(|(sku, left)| (under_way.get(&sku).copied().unwrap_or_default(), sku, left))
        .filter(|(pieces, ..)| *pieces <= i64::from(BUFFER))
        .map(|(pieces, sku, left)| (sku, left, pieces))
        .collect()
}

/// The most pieces of each SKU that one shop sold within so many milliseconds.
fn under_way(stage: &Stage, window: u64) -> BTreeMap<String, i64> {
    let mut most = BTreeMap::new();
    for shop in stage.shops() {
        for (sku, sales) in sales(shop) {
            let (mut first, mut pieces, mut top) = (0, 0, 0);
            for (at, quantity) in &sales {
                pieces += quantity;
                while at - sales[first].0 > window {
                    pieces -= sales[first].1;
                    first += 1;
                }
                top = top.max(pieces);
            }
            let entry = most.entry(sku).or_insert(0);
            *entry = top.max(*entry);
        }
    }
    most
}

/// When how many pieces of each SKU were sold on a shop, in order.
fn sales(shop: &WooShop) -> BTreeMap<String, Vec<(u64, i64)>> {
    let mut sales: BTreeMap<String, Vec<(u64, i64)>> = BTreeMap::new();
    for entry in shop.ledger() {
        if let LedgerEvent::Sold { sku, quantity, .. } = entry.event {
            let at = u64::try_from(entry.at.as_millisecond()).unwrap();
            sales.entry(sku).or_default().push((at, quantity));
        }
    }
    sales
}
