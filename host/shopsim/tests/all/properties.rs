//! The ledger explains every quantity, whatever is done to a shop.

use std::collections::BTreeMap;

use fondaco_shopsim::{Faults, Gateway, LedgerEvent, Product, WooShop};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::scene::{self, Receiver, call, product, put, subscribe};

const STATUSES: [&str; 8] =
    ["pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "trash"];

#[derive(Debug, Clone)]
enum Step {
    Buy(Vec<(usize, i64)>),
    Status(usize, usize),
    ByHand(usize, i64),
    ByApi(usize, i64),
    Counting(bool),
}

const SKUS: [&str; 5] = ["A", "B", "V-1", "V-2", "MANY"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::collection::vec((0..SKUS.len(), 1_i64..4), 1..4).prop_map(Step::Buy),
        4 => (0_usize..20, 0..STATUSES.len()).prop_map(|(order, status)| Step::Status(order, status)),
        1 => (0..SKUS.len(), -3_i64..30).prop_map(|(sku, to)| Step::ByHand(sku, to)),
        1 => (0_usize..2, -3_i64..30).prop_map(|(sku, to)| Step::ByApi(sku, to)),
        1 => any::<bool>().prop_map(Step::Counting),
    ];
    prop::collection::vec(step, 1..40)
}

async fn shop() -> WooShop {
    let products = vec![
        product("A", "A", "9.99", Some(10)),
        Product { backorders: true, ..product("B", "B", "3.00", Some(2)) },
        Product {
            variations: vec![
                product("V-1", "one", "5.00", Some(6)),
                product("V-2", "two", "5.00", None),
            ],
            ..product("V", "V", "", Some(8))
        },
        product("MANY", "Many", "1.00", Some(1000)),
    ];
    WooShop::start(scene::config("EUR", products)).await.unwrap()
}

async fn run(shop: &WooShop, steps: Vec<Step>) {
    let mut orders = Vec::new();
    for step in steps {
        match step {
            Step::Buy(cart) => {
                let cart: Vec<_> =
                    cart.into_iter().map(|(sku, quantity)| (SKUS[sku], quantity)).collect();
                orders.extend(shop.buy(&cart).ok().map(|order| order.id));
            }
            Step::Status(order, status) => {
                if let Some(order) = orders.get(order) {
                    shop.set_order_status(*order, STATUSES[status]);
                }
            }
            Step::ByHand(sku, to) => {
                shop.set_quantity(SKUS[sku], to);
            }
            Step::ByApi(product, to) => {
                let path = format!("/products/{}", 10 + product);
                put(shop, &path, json!({ "stock_quantity": to })).await;
            }
            Step::Counting(counts) => {
                put(shop, "/products/10", json!({ "manage_stock": counts })).await;
            }
        }
    }
}

/// What the ledger says each quantity should be.
fn explained(mut quantities: BTreeMap<String, i64>, shop: &WooShop) -> BTreeMap<String, i64> {
    let mut sequence = 0;
    for entry in shop.ledger() {
        sequence += 1;
        assert_eq!(entry.sequence, sequence);
        match entry.event {
            LedgerEvent::Sold { sku, quantity, .. } => {
                *quantities.entry(sku).or_default() -= quantity;
            }
            LedgerEvent::Restored { sku, quantity, .. } => {
                *quantities.entry(sku).or_default() += quantity;
            }
            LedgerEvent::StockWritten { sku, before, after, .. } => {
                let known = quantities.entry(sku).or_default();
                assert_eq!(*known, before);
                *known += after - before;
            }
            _ => {}
        }
    }
    quantities
}

/// A write that a host may send, with a number that chooses what it is about.
#[derive(Debug, Clone)]
enum Sent {
    Order(i64),
    Status(usize, usize),
    Refund(usize, i64),
    Note(usize),
    Price(i64),
    Coupon(u32),
    Buy(usize, i64),
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let one = prop_oneof![
        (1_i64..4).prop_map(Sent::Order),
        (0_usize..8, 0..STATUSES.len()).prop_map(|(order, status)| Sent::Status(order, status)),
        (0_usize..8, 0_i64..2000).prop_map(|(order, cents)| Sent::Refund(order, cents)),
        (0_usize..8).prop_map(Sent::Note),
        (1_i64..9000).prop_map(Sent::Price),
        (0_u32..4).prop_map(Sent::Coupon),
        (0..SKUS.len(), 1_i64..3).prop_map(|(sku, units)| Sent::Buy(sku, units)),
    ];
    prop::collection::vec(one, 1..25)
}

/// Sends these to a new shop in which a third goes wrong, and returns its ledger without moments.
async fn ledger_of(sent: &[Sent]) -> Vec<LedgerEvent> {
    let shop = shop().await;
    shop.set_gateway(Gateway::new("card", "Card"));
    let receiver = Receiver::start().await;
    for topic in ["order.created", "order.updated", "product.updated"] {
        subscribe(&shop, topic, &receiver.url).await;
    }
    shop.set_faults(Faults { broken: 0.2, webhooks_lost: 0.3, ..Faults::default() });
    let mut orders = Vec::new();
    for one in sent {
        let order = |index: usize| orders.get(index).copied().unwrap_or(999_u64);
        let post = async |path: String, body: Value| call(&shop, "POST", &path, Some(body)).await;
        match one {
            Sent::Order(units) => {
                let lines = json!([{ "product_id": 10, "quantity": units }]);
                let body = json!({ "payment_method": "card", "line_items": lines });
                orders.extend(post("/orders".to_owned(), body).await.body["id"].as_u64());
            }
            Sent::Status(at, status) => {
                let path = format!("/orders/{}", order(*at));
                put(&shop, &path, json!({ "status": STATUSES[*status] })).await;
            }
            Sent::Refund(at, cents) => {
                let amount = format!("{}.{:02}", cents / 100, cents % 100);
                post(format!("/orders/{}/refunds", order(*at)), json!({ "amount": amount })).await;
            }
            Sent::Note(at) => {
                post(format!("/orders/{}/notes", order(*at)), json!({ "note": "n" })).await;
            }
            Sent::Price(cents) => {
                let price = format!("{}.{:02}", cents / 100, cents % 100);
                put(&shop, "/products/11", json!({ "regular_price": price })).await;
            }
            Sent::Coupon(number) => {
                let body = json!({ "code": format!("c{number}"), "amount": "5" });
                post("/coupons".to_owned(), body).await;
            }
            Sent::Buy(sku, units) => {
                orders.extend(shop.buy(&[(SKUS[*sku], *units)]).ok().map(|order| order.id));
            }
        }
        shop.quiet().await;
    }
    let ledger = shop.ledger().into_iter().map(|entry| entry.event).collect();
    shop.stop().await;
    ledger
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_same_seed_and_the_same_requests_make_the_same_ledger(sent in sent()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert_eq!(ledger_of(&sent).await, ledger_of(&sent).await);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn opening_less_sold_plus_restored_plus_written_is_the_quantity(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shop = shop().await;
            let opening = shop.quantities();
            run(&shop, steps).await;
            let mut explained = explained(opening, &shop);
            let quantities = shop.quantities();
            // What is not counted any more was written down to nothing first.
            explained.retain(|sku, quantity| *quantity != 0 || quantities.contains_key(sku));
            assert_eq!(explained, quantities);
            shop.stop().await;
        });
    }
}
