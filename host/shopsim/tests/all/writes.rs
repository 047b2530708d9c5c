//! What a write to the API does, and what it silently does not.

use fondaco_shopsim::{LedgerEvent, Writer};
use serde_json::{Value, json};

use crate::scene::{self, Receiver, get, put, subscribe};

#[tokio::test]
async fn a_quantity_is_absolute_and_entered_in_the_ledger() {
    let shop = scene::new_york().await;
    let answer = put(&shop, "/products/10", json!({ "stock_quantity": 7 })).await;
    assert_eq!((answer.status, &answer.body["stock_quantity"]), (200, &json!(7)));
    put(&shop, "/products/11/variations/12", json!({ "stock_quantity": "3" })).await;
    assert_eq!(shop.quantity("TEE-S-Red"), Some(3));
    let written: Vec<_> = shop.ledger().into_iter().map(|entry| entry.event).collect();
    let by = Writer::Api;
    assert_eq!(
        written,
        [
            LedgerEvent::StockWritten { sku: "MUG-1".to_owned(), before: 10, after: 7, by },
            LedgerEvent::StockWritten { sku: "TEE-S-Red".to_owned(), before: 5, after: 3, by },
        ]
    );
    let seen: Vec<_> = shop
        .requests()
        .into_iter()
        .map(|request| (request.method, request.path, request.body, request.status))
        .collect();
    let put = "PUT".to_owned();
    assert_eq!(
        seen,
        [
            (
                put.clone(),
                "/wp-json/wc/v3/products/10".to_owned(),
                json!({ "stock_quantity": 7 }),
                200
            ),
            (
                put,
                "/wp-json/wc/v3/products/11/variations/12".to_owned(),
                json!({ "stock_quantity": "3" }),
                200
            ),
        ]
    );
    shop.stop().await;
}

#[tokio::test]
async fn metadata_is_replaced_by_its_key_and_shown() {
    let shop = scene::new_york().await;
    let write = async |path: &str, key: &str, value: &str| {
        put(&shop, path, json!({ "meta_data": [{ "key": key, "value": value }] })).await
    };
    for path in ["/products/10", "/products/11/variations/12"] {
        let first = write(path, "_mark", "one").await.body["meta_data"][0].clone();
        write(path, "other", "two").await;
        let shown = write(path, "_mark", "three").await.body["meta_data"].clone();
        assert_eq!(shown.as_array().unwrap().len(), 2, "{shown}");
        assert_eq!((&shown[0]["id"], &shown[0]["value"]), (&first["id"], &json!("three")));
        assert_eq!(get(&shop, path).await.body["meta_data"], shown);
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_the_shop_passes_over_in_silence() {
    let shop = scene::new_york().await;
    for (path, body, field, expected) in [
        ("/products/14", json!({ "stock_quantity": 5 }), "stock_quantity", Value::Null),
        ("/products/10", json!({ "price": "1.00" }), "price", json!("19.99")),
        ("/products/10", json!({ "no_such_field": 1 }), "price", json!("19.99")),
        ("/products/11", json!({ "regular_price": "9.00" }), "regular_price", json!("")),
        ("/products/10", json!({ "regular_price": "12,50" }), "regular_price", json!("1250")),
        ("/products/10", json!({ "regular_price": "abc" }), "purchasable", json!(false)),
        ("/products/10", json!({ "regular_price": "-5" }), "price", json!("-5")),
        ("/products/10", json!({ "regular_price": "1.005" }), "price", json!("1.005")),
    ] {
        let answer = put(&shop, path, body.clone()).await;
        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(answer.body[field], expected, "{body}");
    }
    for body in [json!({ "stock_quantity": 1.5 }), json!({ "regular_price": 12 })] {
        assert_eq!(put(&shop, "/products/10", body.clone()).await.status, 400, "{body}");
    }
    assert_eq!(shop.quantity("MUG-1"), Some(10));
    shop.stop().await;
}

#[tokio::test]
async fn a_sale_above_the_regular_price_is_dropped() {
    let shop = scene::new_york().await;
    let body = json!({ "regular_price": "20.00", "sale_price": "15.00" });
    let answer = put(&shop, "/products/10", body).await;
    assert_eq!((&answer.body["price"], &answer.body["on_sale"]), (&json!("15.00"), &json!(true)));
    let answer = put(&shop, "/products/10", json!({ "regular_price": "12.00" })).await;
    assert_eq!(answer.body["sale_price"], "");
    assert_eq!(answer.body["price"], "12.00");
    shop.stop().await;
}

#[tokio::test]
async fn a_relative_change_is_taken_and_is_not_atomic() {
    let shop = scene::new_york().await;
    let answer = put(&shop, "/products/10", json!({ "inventory_delta": -3 })).await;
    assert_eq!(answer.body["stock_quantity"], 7);
    put(&shop, "/products/10", json!({ "stock_quantity": 100 })).await;
    let at_once = (0..20).map(|_| {
        let shop = shop.clone();
        tokio::spawn(
            async move { put(&shop, "/products/10", json!({ "inventory_delta": -1 })).await },
        )
    });
    for change in at_once.collect::<Vec<_>>() {
        assert_eq!(change.await.unwrap().status, 200);
    }
    let left = shop.quantity("MUG-1").unwrap();
    assert!((80..100).contains(&left), "{left}");
    let moved: i64 = shop
        .ledger()
        .iter()
        .map(|entry| match &entry.event {
            LedgerEvent::StockWritten { before, after, .. } => after - before,
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(10 + moved, left);
    shop.stop().await;
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_told_as_well() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "product.updated", &receiver.url).await;
    put(&shop, "/products/10", json!({ "stock_quantity": 10 })).await;
    shop.quiet().await;
    let told = |what: &str| ("product.updated".to_owned(), what.to_owned());
    assert_eq!(receiver.told(), [told("10")]);
    // Saving a variation saves its product with it.
    put(&shop, "/products/11/variations/12", json!({})).await;
    shop.quiet().await;
    assert_eq!(receiver.told(), [told("10"), told("12"), told("11")]);
    shop.stop().await;
}

#[tokio::test]
async fn the_merchants_own_correction_is_told() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "product.updated", &receiver.url).await;
    assert!(shop.set_quantity("MUG-1", 42));
    assert!(!shop.set_quantity("NS", 1), "nobody counts these");
    assert!(!shop.set_quantity("nothing", 1));
    shop.quiet().await;
    assert_eq!(receiver.deliveries()[0].json()["stock_quantity"], 42);
    let written = LedgerEvent::StockWritten {
        sku: "MUG-1".to_owned(),
        before: 10,
        after: 42,
        by: Writer::Merchant,
    };
    assert_eq!(shop.ledger()[0].event, written);
    assert_eq!(get(&shop, "/products/10").await.body["stock_quantity"], 42);
    shop.stop().await;
}

#[tokio::test]
async fn no_secret_is_kept_with_a_request_or_shown() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "order.created", &receiver.url).await;
    let shown = format!("{:?} {shop:?}", shop.requests());
    assert!(shown.contains("order.created"));
    assert!(!shown.contains("rig-secret"), "{shown}");
    let config = format!("{:?}", scene::config("USD", Vec::new()));
    assert!(!config.contains(scene::SECRET), "{config}");
    assert!(!get(&shop, "/webhooks/1").await.text.contains("secret"));
    shop.stop().await;
}

#[tokio::test]
async fn a_slow_shop_is_slow() {
    let shop = scene::new_york().await;
    let latency = std::time::Duration::from_millis(80);
    shop.set_latency(latency);
    let began = std::time::Instant::now();
    assert_eq!(get(&shop, "/products/10").await.status, 200);
    assert!(began.elapsed() >= latency);
    shop.stop().await;
}
