//! What goes wrong with webhooks and requests when a test asks for it, and what the ledger says of
//! it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fondaco_shopsim::{
    Faults, LedgerEvent, RequestFault, WebhookFault, WooShop, WooShopConfig, Writer,
};
use serde_json::json;

use crate::scene::{self, KEY, Receiver, SECRET, client, put, subscribe};

/// A shop with these faults, that has one webhook and has drawn nothing yet.
async fn shop(faults: Faults, receiver: &Receiver) -> WooShop {
    let shop = scene::new_york().await;
    subscribe(&shop, "product.updated", &receiver.url).await;
    shop.set_faults(faults);
    shop
}

/// Has the shop tell of a product so many times, each with another quantity. The queue makes one of
/// several that wait, so each has met its fate before the next comes.
async fn tell(shop: &WooShop, times: usize) {
    for told in 1..=times {
        shop.set_quantity("MUG-1", i64::try_from(told).unwrap());
        while disturbed(shop).len() < told {
            tokio::task::yield_now().await;
        }
    }
    shop.quiet().await;
}

/// The quantities that were told, in the order they came.
fn quantities(receiver: &Receiver) -> Vec<i64> {
    let deliveries = receiver.deliveries();
    let told = deliveries.iter().map(|got| got.json()["stock_quantity"].as_i64().unwrap());
    told.collect()
}

fn disturbed(shop: &WooShop) -> Vec<WebhookFault> {
    let of = |event| match event {
        LedgerEvent::WebhookDisturbed { fault, .. } => Some(fault),
        _ => None,
    };
    shop.ledger().into_iter().filter_map(|entry| of(entry.event)).collect()
}

#[tokio::test]
async fn a_lost_webhook_never_comes_and_is_no_failure() {
    let receiver = Receiver::start().await;
    let shop = shop(Faults { webhooks_lost: 1.0, ..Faults::default() }, &receiver).await;
    tell(&shop, 9).await;
    assert_eq!(quantities(&receiver), [0_i64; 0]);
    assert_eq!(disturbed(&shop), [WebhookFault::Lost; 9]);
    shop.set_faults(Faults::default());
    shop.set_quantity("MUG-1", 10);
    shop.quiet().await;
    assert_eq!(quantities(&receiver), [10], "nine failures would have disabled it");
    shop.stop().await;
}

#[tokio::test]
async fn a_repeated_webhook_comes_twice_as_it_was() {
    let receiver = Receiver::start().await;
    let shop = shop(Faults { webhooks_repeated: 1.0, ..Faults::default() }, &receiver).await;
    tell(&shop, 2).await;
    let mut told = quantities(&receiver);
    told.sort_unstable();
    assert_eq!(told, [1, 1, 2, 2]);
    let deliveries = receiver.deliveries();
    let of_one: Vec<_> =
        deliveries.iter().filter(|got| got.json()["stock_quantity"] == 1).collect();
    assert_eq!(of_one[0].body, of_one[1].body);
    let id = "x-wc-webhook-delivery-id";
    assert_eq!(of_one[0].header(id), of_one[1].header(id));
    shop.stop().await;
}

#[tokio::test]
async fn a_reordered_webhook_comes_behind_later_ones_with_what_it_was_to_tell() {
    let receiver = Receiver::start().await;
    let faults = Faults { webhooks_reordered: 1.0, ..Faults::default() };
    let shop = shop(faults, &receiver).await;
    shop.set_quantity("MUG-1", 1);
    while disturbed(&shop).is_empty() {
        tokio::task::yield_now().await;
    }
    shop.set_faults(Faults::default());
    for quantity in 2..=6 {
        shop.set_quantity("MUG-1", quantity);
        while !quantities(&receiver).contains(&quantity) {
            tokio::task::yield_now().await;
        }
    }
    shop.quiet().await;
    let told = quantities(&receiver);
    assert_eq!(told.len(), 6);
    assert_ne!(told[0], 1, "{told:?}");
    let others: Vec<_> = told.iter().copied().filter(|quantity| *quantity != 1).collect();
    assert_eq!(others, [2, 3, 4, 5, 6]);
    shop.stop().await;
}

#[tokio::test]
async fn a_reordered_webhook_that_nothing_follows_comes_all_the_same() {
    let receiver = Receiver::start().await;
    let shop = shop(Faults { webhooks_reordered: 1.0, ..Faults::default() }, &receiver).await;
    tell(&shop, 1).await;
    assert_eq!(quantities(&receiver), [1]);
    shop.stop().await;
}

#[tokio::test]
async fn a_delayed_webhook_lets_the_others_pass() {
    let receiver = Receiver::start().await;
    let faults = Faults {
        webhooks_delayed: 1.0,
        webhook_delay: Duration::from_millis(1500),
        ..Faults::default()
    };
    let shop = shop(faults, &receiver).await;
    shop.set_quantity("MUG-1", 1);
    while disturbed(&shop).is_empty() {
        tokio::task::yield_now().await;
    }
    shop.set_faults(Faults::default());
    shop.set_quantity("MUG-1", 2);
    shop.quiet().await;
    assert_eq!(quantities(&receiver), [2, 1]);
    shop.stop().await;
}

/// A write of which no answer may come.
async fn write(shop: &WooShop, quantity: i64) -> Result<reqwest::Response, reqwest::Error> {
    client()
        .put(format!("{}/wp-json/wc/v3/products/10", shop.url()))
        .header("x-forwarded-proto", "https")
        .basic_auth(KEY, Some(SECRET))
        .json(&json!({ "stock_quantity": quantity }))
        .send()
        .await
}

fn written(shop: &WooShop) -> Vec<i64> {
    let of = |event| match event {
        LedgerEvent::StockWritten { after, by: Writer::Api, .. } => Some(after),
        _ => None,
    };
    shop.ledger().into_iter().filter_map(|entry| of(entry.event)).collect()
}

fn request_faults(shop: &WooShop) -> Vec<RequestFault> {
    let of = |event| match event {
        LedgerEvent::RequestDisturbed { fault, .. } => Some(fault),
        _ => None,
    };
    shop.ledger().into_iter().filter_map(|entry| of(entry.event)).collect()
}

#[tokio::test]
async fn a_connection_cut_before_leaves_no_effect() {
    let shop = scene::new_york().await;
    shop.set_faults(Faults { cut_before: 1.0, ..Faults::default() });
    assert!(write(&shop, 3).await.is_err());
    let reading = client().get(format!("{}/wp-json/wc/v3/products", shop.url())).send().await;
    assert!(reading.is_err());
    assert_eq!(written(&shop), [0_i64; 0]);
    assert_eq!(request_faults(&shop), [RequestFault::CutBefore; 2]);
    assert!(shop.requests().is_empty());
    shop.stop().await;
}

#[tokio::test]
async fn a_connection_cut_after_leaves_its_effect() {
    let shop = scene::new_york().await;
    shop.set_faults(Faults { cut_after: 1.0, ..Faults::default() });
    assert!(write(&shop, 3).await.is_err());
    assert_eq!((written(&shop), shop.quantity("MUG-1")), (vec![3], Some(3)));
    assert_eq!(shop.requests()[0].fault, Some(RequestFault::CutAfter));
    // A reading has no effect to be cut off from.
    assert_eq!(scene::get(&shop, "/products/10").await.status, 200);
    shop.stop().await;
}

#[tokio::test]
async fn a_late_effect_comes_after_the_connection_was_cut() {
    let shop = scene::new_york().await;
    let delay = Duration::from_secs(2);
    shop.set_faults(Faults { late_effect: 1.0, effect_delay: delay, ..Faults::default() });
    assert!(write(&shop, 3).await.is_err());
    let [RequestFault::LateEffect(late)] = request_faults(&shop)[..] else {
        panic!("{:?}", request_faults(&shop));
    };
    assert!(late < delay);
    shop.quiet().await;
    assert_eq!((written(&shop), shop.quantity("MUG-1")), (vec![3], Some(3)));
    let at = |wanted: fn(&LedgerEvent) -> bool| {
        shop.ledger().into_iter().find(|entry| wanted(&entry.event)).unwrap().at
    };
    let cut = at(|event| matches!(event, LedgerEvent::RequestDisturbed { .. }));
    let effect = at(|event| matches!(event, LedgerEvent::StockWritten { .. }));
    assert!(effect.duration_since(cut).unsigned_abs() >= late - Duration::from_millis(2));
    shop.stop().await;
}

#[tokio::test]
async fn a_slow_request_is_answered_all_the_same() {
    let shop = scene::new_york().await;
    let slowness = Duration::from_millis(100);
    shop.set_faults(Faults { slow: 1.0, slowness, ..Faults::default() });
    let began = Instant::now();
    assert_eq!(put(&shop, "/products/10", json!({ "stock_quantity": 3 })).await.status, 200);
    assert!(began.elapsed() >= slowness);
    assert_eq!(shop.requests()[0].fault, Some(RequestFault::Slow));
    shop.stop().await;
}

#[tokio::test]
async fn a_throttled_request_is_told_when_to_come_again() {
    let shop = scene::new_york().await;
    let retry_after = Duration::from_secs(7);
    shop.set_faults(Faults { throttled: 1.0, retry_after, ..Faults::default() });
    let answer = put(&shop, "/products/10", json!({ "stock_quantity": 3 })).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "7"));
    assert_eq!(written(&shop), [0_i64; 0]);
    assert_eq!(shop.requests()[0].status, 429);
    shop.stop().await;
}

#[tokio::test]
async fn a_broken_shop_answers_with_either_status_and_does_nothing() {
    let shop = scene::new_york().await;
    shop.set_faults(Faults { broken: 1.0, ..Faults::default() });
    let mut statuses = Vec::new();
    for quantity in 0..20 {
        statuses.push(write(&shop, quantity).await.unwrap().status().as_u16());
    }
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [500, 503]);
    assert_eq!(written(&shop), [0_i64; 0]);
    shop.stop().await;
}

/// The fates of a hundred webhooks, and of a hundred writes among so many readings.
async fn fates(seed: u64, readings: usize) -> (Vec<WebhookFault>, Vec<RequestFault>) {
    let config = WooShopConfig { seed, ..scene::config("USD", scene::products()) };
    let shop = WooShop::start(config).await.unwrap();
    let receiver = Receiver::start().await;
    subscribe(&shop, "product.updated", &receiver.url).await;
    shop.set_faults(Faults {
        webhooks_lost: 0.3,
        webhooks_repeated: 0.3,
        cut_before: 0.1,
        cut_after: 0.1,
        late_effect: 0.1,
        effect_delay: Duration::from_millis(10),
        throttled: 0.1,
        broken: 0.1,
        ..Faults::default()
    });
    for quantity in 0..100 {
        for _ in 0..readings {
            let _ = client().get(format!("{}/wp-json/wc/v3/products/10", shop.url())).send().await;
        }
        let _ = write(&shop, quantity).await;
        shop.quiet().await;
    }
    let writes = shop.ledger().into_iter().filter_map(|entry| match entry.event {
        LedgerEvent::RequestDisturbed { method, fault, .. } if method == "PUT" => Some(fault),
        _ => None,
    });
    let fates = (disturbed(&shop), writes.collect());
    shop.stop().await;
    fates
}

#[tokio::test]
async fn the_same_seed_has_the_same_fates_and_about_the_shares_asked_for() {
    let (webhooks, writes) = fates(5, 0).await;
    assert_eq!((webhooks.clone(), writes.clone()), fates(5, 1).await);
    assert_ne!((webhooks, writes.clone()), fates(6, 0).await);
    assert!((30..=70).contains(&writes.len()), "half of a hundred: {}", writes.len());
    let mut counts = BTreeMap::new();
    for fault in writes {
        let word = format!("{fault:?}");
        let kind = word.split('(').next().unwrap().to_owned();
        *counts.entry(kind).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 5, "{counts:?}");
}

#[test]
fn nothing_goes_wrong_unless_it_is_asked_for() {
    let Faults { webhooks_lost, webhooks_repeated, webhooks_reordered, .. } = Faults::default();
    let Faults { webhooks_delayed, cut_before, cut_after, late_effect, .. } = Faults::default();
    let Faults { slow, throttled, broken, .. } = Faults::default();
    let shares = [
        webhooks_lost,
        webhooks_repeated,
        webhooks_reordered,
        webhooks_delayed,
        cut_before,
        cut_after,
        late_effect,
        slow,
        throttled,
        broken,
    ];
    assert_eq!(shares, [0.0; 10]);
}
