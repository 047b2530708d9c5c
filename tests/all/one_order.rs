//! The road of one order: a captured delivery, posted as it was, ends with the right write on the
//! other shop, once.

use std::collections::BTreeMap;

use fondaco::demo::stage::{Stage, StageOptions};
use fondaco_shopsim::woocommerce::Product;
use serde_json::{Value, json};

use crate::scene::{self, until, until_quiet};

fn product(sku: &str, stock: i64) -> Product {
    Product {
        sku: Some(sku.to_owned()),
        title: sku.to_owned(),
        price: "19.99".to_owned(),
        stock: Some(stock),
        ..Product::default()
    }
}

/// A product with one variation.
fn with_variation(sku: &str, stock: i64) -> Product {
    Product {
        sku: None,
        stock: None,
        variations: vec![product(sku, stock)],
        ..product("T-Shirt", 0)
    }
}

/// Two shops with the SKUs of the captured order, of which each has ten and five.
async fn stage() -> Stage {
    let range = || vec![product("MUG-1", 10), with_variation("TEE-S-Red", 5)];
    let kitchen = StageOptions::kitchen(scene::plugins(), 7);
    let options = StageOptions { ranges: [range(), range()], webhooks: false, ..kitchen };
    Stage::set(options).await.unwrap()
}

/// The delivery `webhook_order_updated`, as it was captured.
async fn post_captured(stage: &Stage) -> reqwest::StatusCode {
    let meta: Value =
        serde_json::from_slice(&scene::sample("webhook_order_updated.meta.json")).unwrap();
    let mut request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("http://{}/hooks/bottega/milano", stage.address()))
        .body(scene::sample("webhook_order_updated.body"));
    for header in meta["headers"].as_array().unwrap() {
        let (name, value) = (header[0].as_str().unwrap(), header[1].as_str().unwrap());
        // The connection's own headers are made anew for this connection.
        if !["Host", "Connection", "Content-Length", "Accept-Encoding"].contains(&name) {
            request = request.header(name, value);
        }
    }
    request.send().await.unwrap().status()
}

/// The stock writes that a shop has received, by path.
fn writes(stage: &Stage, shop: usize) -> BTreeMap<String, Vec<Value>> {
    let mut writes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for request in stage.shops()[shop].requests() {
        if request.method == "PUT" {
            writes.entry(request.path).or_default().push(request.body);
        }
    }
    writes
}

#[tokio::test]
async fn a_captured_order_lowers_the_other_shop_once() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    until_quiet(&host).await;
    assert!(writes(&stage, 0).is_empty() && writes(&stage, 1).is_empty());

    // Milano has sold: its stock is what the captured order left, and it knows the order.
    let order: Value =
        serde_json::from_slice(&scene::sample("webhook_order_updated.body")).unwrap();
    stage.shops()[0].put_order(order, true);
    for _ in 0..3 {
        assert_eq!(post_captured(&stage).await, 200);
    }

    let torino = &stage.shops()[1];
    until("Torino has one less of each", async || {
        torino.quantity("MUG-1") == Some(9) && torino.quantity("TEE-S-Red") == Some(4)
    })
    .await;
    until_quiet(&host).await;
    // Two mugs were ordered and one came back into stock, so one is gone.
    let writes_on_torino = writes(&stage, 1);
    assert_eq!(writes_on_torino.len(), 2, "{writes_on_torino:?}");
    for (path, bodies) in &writes_on_torino {
        let expected = if path.contains("/variations/") { 4 } else { 9 };
        let [body] = bodies.as_slice() else { panic!("{path} was written more than once") };
        assert_eq!(body["stock_quantity"], json!(expected), "{path}");
        assert_eq!(body["meta_data"][0]["key"], json!("_fondaco_stock_write"), "{path}");
    }
    assert!(writes(&stage, 0).is_empty(), "the shop that sold needs no write");

    // What was found by asking again changes nothing either.
    let before = host.store.backlog(&scene::client()).await.unwrap().last_event;
    assert_eq!(post_captured(&stage).await, 200);
    until_quiet(&host).await;
    assert_eq!(writes(&stage, 1), writes_on_torino);
    let after = host.store.events(&scene::client(), before, 100).await.unwrap();
    let orders = after.iter().filter(|event| event.body.hook() == Some("on-order"));
    assert_eq!(orders.count(), 0, "a delivery that was seen before raises nothing");
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_sale_and_its_cancellation_leave_both_shops_as_they_were() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    let aligned = milano.quantities();
    until("the shops are aligned", async || torino.quantities() == aligned).await;

    let order = torino.buy(&[("MOKA-3", 3)]).unwrap();
    until("Milano has three less", async || milano.quantity("MOKA-3") == Some(97)).await;
    torino.set_order_status(order.id, "cancelled");
    until("Milano has them back", async || milano.quantity("MOKA-3") == Some(100)).await;
    until_quiet(&host).await;
    assert_eq!(torino.quantities(), aligned);
    assert_eq!(milano.quantities(), aligned);
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_merchants_own_correction_reaches_the_other_shop() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    until("the shops are aligned", async || torino.quantity("GREM") == Some(75)).await;
    until_quiet(&host).await;
    torino.set_quantity("GREM", 60);
    until("Milano follows", async || milano.quantity("GREM") == Some(60)).await;
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn an_order_whose_webhook_was_lost_is_found_by_asking() {
    let range = || vec![product("MUG-1", 10)];
    let kitchen = StageOptions::kitchen(scene::plugins(), 7);
    let options = StageOptions { ranges: [range(), range()], webhooks: false, ..kitchen };
    let stage = Stage::set(options).await.unwrap();
    let host = scene::host(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    milano.buy(&[("MUG-1", 4)]).unwrap();
    until("Torino has four less", async || torino.quantity("MUG-1") == Some(6)).await;
    host.stop().await;
    stage.strike().await;
}
