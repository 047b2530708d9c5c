//! What orders do to the stock.

use fondaco_shopsim::{BuyError, LedgerEvent, Product, WooShop};
use serde_json::{Value, json};

use crate::scene::{self, get, product, put, sample};

fn reduced(order: &Value) -> Option<String> {
    let meta = order["line_items"][0]["meta_data"].as_array().unwrap();
    let entry = meta.iter().find(|entry| entry["key"] == "_reduced_stock")?;
    Some(entry["value"].as_str().unwrap().to_owned())
}

/// One order led through the statuses of the captured one, in its order.
#[tokio::test]
async fn each_status_does_what_was_observed() {
    let shop = scene::rome().await;
    let captured = sample("woocommerce-eur/stock_onhold_bacs")["body"].clone();
    shop.put_order(captured, true).unwrap();
    assert_eq!(shop.quantity("TAZZA"), Some(98), "matched by SKU");
    for (status, name) in [
        ("processing", "stock_transition_processing_19752"),
        ("completed", "stock_transition_completed_19756"),
        ("cancelled", "stock_transition_cancelled_19759"),
        ("processing", "stock_transition_processing_19763"),
        ("pending", "stock_transition_pending_19766"),
        ("cancelled", "stock_transition_cancelled_19769"),
        ("failed", "stock_transition_failed_19772"),
        ("on-hold", "stock_transition_on-hold_19775"),
        ("trash", "stock_transition_trash_19778"),
    ] {
        assert!(shop.set_order_status(96, status));
        let captured = &sample(&format!("woocommerce-eur/{name}"))["body"];
        let ours = get(&shop, "/orders/96").await.body;
        assert_eq!(ours["status"], captured["status"], "{name}");
        assert_eq!(reduced(&ours), reduced(captured), "{name}");
        for field in ["needs_payment", "is_editable", "total"] {
            assert_eq!(ours[field], captured[field], "{name}: {field}");
        }
        for field in ["date_paid", "date_completed"] {
            assert_eq!(ours[field].is_null(), captured[field].is_null(), "{name}: {field}");
        }
        let out = i64::from(reduced(captured).is_some()) * 2;
        assert_eq!(shop.quantity("TAZZA"), Some(100 - out), "{name}");
    }
    assert!(!shop.set_order_status(12345, "processing"));
    shop.stop().await;
}

#[tokio::test]
async fn failed_and_refunded_leave_what_is_out() {
    let shop = scene::new_york().await;
    for status in ["failed", "refunded"] {
        let before = shop.quantity("MUG-1").unwrap();
        let order = shop.buy(&[("MUG-1", 1)]).unwrap().id;
        let answer = put(&shop, &format!("/orders/{order}"), json!({ "status": status })).await;
        assert_eq!(answer.body["status"], status);
        assert_eq!(reduced(&answer.body).as_deref(), Some("1"));
        assert_eq!(shop.quantity("MUG-1"), Some(before - 1));
        let refunds = answer.body["refunds"].as_array().unwrap();
        assert_eq!(refunds.len(), usize::from(status == "refunded"));
    }
    shop.stop().await;
}

#[tokio::test]
async fn refunds_are_listed_with_their_dates() {
    let shop = scene::new_york().await;
    let order = shop.buy(&[("MUG-1", 1)]).unwrap().id;
    let path = format!("/orders/{order}/refunds");
    assert_eq!(get(&shop, &path).await.body, json!([]));
    let order = put(&shop, &format!("/orders/{order}"), json!({ "status": "refunded" })).await.body;
    let listed = get(&shop, &path).await.body;
    let [refund] = &listed.as_array().unwrap()[..] else { panic!("one refund in {listed}") };
    let captured = sample("woocommerce/refund_list")["body"][0].take();
    let names =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(refund), names(&captured));
    assert_eq!(refund["id"], order["refunds"][0]["id"]);
    assert_eq!(refund["amount"], order["total"]);
    assert_eq!(refund["date_created_gmt"], order["date_modified_gmt"]);
    assert_eq!(get(&shop, "/orders/12345/refunds").await.status, 404);
    shop.stop().await;
}

#[tokio::test]
async fn an_order_is_what_was_bought() {
    let shop = scene::new_york().await;
    let placed = shop.buy(&[("MUG-1", 2), ("tee-s-red", 1), ("MUG-1", 1), ("NS", 4)]).unwrap();
    let line = |sku: &str, title: &str, quantity| (sku.to_owned(), title.to_owned(), quantity);
    assert_eq!(
        placed.lines,
        [
            line("MUG-1", "Mug \"Ünïcode\" 漢字 & <b>", 3),
            line("TEE-S-Red", "T-Shirt - S, Red", 1),
            line("NS", "nostock", 4),
        ]
    );
    assert_eq!(placed.number, placed.id.to_string());
    assert_eq!(shop.quantity("MUG-1"), Some(7));
    assert_eq!(shop.quantity("TEE-S-Red"), Some(4));
    assert_eq!(shop.quantity("NS"), None);
    let sold: Vec<_> = shop
        .ledger()
        .into_iter()
        .filter_map(|entry| match entry.event {
            LedgerEvent::Sold { order, sku, quantity } => Some((order, sku, quantity)),
            _ => None,
        })
        .collect();
    let id = placed.id;
    assert_eq!(sold, [(id, "MUG-1".to_owned(), 3), (id, "TEE-S-Red".to_owned(), 1)]);
    let order = get(&shop, &format!("/orders/{id}")).await.body;
    let items = order["line_items"].as_array().unwrap();
    assert_eq!((&items[1]["product_id"], &items[1]["variation_id"]), (&json!(11), &json!(12)));
    assert_eq!((&items[0]["product_id"], &items[0]["variation_id"]), (&json!(10), &json!(0)));
    shop.stop().await;
}

#[tokio::test]
async fn the_till_refuses_and_changes_nothing() {
    let shop = scene::new_york().await;
    let out =
        |wanted, available| BuyError::OutOfStock { sku: "TEE-S-Red".to_owned(), wanted, available };
    for (cart, reason) in [
        (vec![("MUG-1", 1), ("TEE-S-Red", 6)], out(6, 5)),
        (vec![("TEE-S-Red", 3), ("MUG-1", 1), ("TEE-S-Red", 3)], out(6, 5)),
        (vec![("MUG-1", 1), ("nothing", 1)], BuyError::UnknownSku("nothing".to_owned())),
        (vec![("TEE", 1)], BuyError::NotForSale("TEE".to_owned())),
        (vec![("MUG-1", 0)], BuyError::Quantity { sku: "MUG-1".to_owned(), quantity: 0 }),
        (vec![], BuyError::Empty),
    ] {
        assert_eq!(shop.buy(&cart), Err(reason));
    }
    assert_eq!(shop.quantity("MUG-1"), Some(10));
    assert!(shop.ledger().is_empty());
    assert_eq!(get(&shop, "/orders").await.body, json!([]));
    shop.stop().await;
}

#[tokio::test]
async fn variations_can_share_their_products_stock() {
    let felpa = Product {
        variations: vec![product("F-S", "S", "30.00", None), product("F-M", "M", "30.00", None)],
        ..product("FELPA", "Felpa", "", Some(5))
    };
    let shop = WooShop::start(scene::config("EUR", vec![felpa])).await.unwrap();
    assert_eq!(shop.quantity("F-S"), Some(5));
    let order = shop.buy(&[("F-S", 2)]).unwrap();
    let shown = get(&shop, &format!("/orders/{}", order.id)).await.body;
    let captured = &sample("woocommerce-eur/stock_parent_managed")["body"];
    assert_eq!(reduced(&shown), reduced(captured));
    assert_eq!(shown["line_items"][0]["total"], captured["line_items"][0]["total"]);
    assert_eq!(shop.quantity("F-M"), Some(3));
    assert_eq!(shop.quantities().into_iter().collect::<Vec<_>>(), [("FELPA".to_owned(), 3)]);
    let together = shop.buy(&[("F-S", 2), ("F-M", 2)]);
    assert!(matches!(together, Err(BuyError::OutOfStock { wanted: 4, available: 3, .. })));
    let variation = get(&shop, "/products/10/variations/11").await.body;
    assert_eq!(variation["manage_stock"], "parent");
    assert_eq!(variation["stock_quantity"], 3);
    shop.set_order_status(order.id, "cancelled");
    assert_eq!(shop.quantity("FELPA"), Some(5));
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_at_once_take_twenty() {
    let shop = WooShop::start(scene::config("USD", vec![product("X", "X", "1.00", Some(100))]))
        .await
        .unwrap();
    let buyers: Vec<_> = (0..20)
        .map(|_| {
            let shop = shop.clone();
            tokio::task::spawn_blocking(move || shop.buy(&[("X", 1)]).unwrap().id)
        })
        .collect();
    let mut orders = std::collections::BTreeSet::new();
    for buyer in buyers {
        orders.insert(buyer.await.unwrap());
    }
    assert_eq!(orders.len(), 20);
    assert_eq!(shop.quantity("X"), Some(80));
    let cancelled: Vec<_> = orders
        .into_iter()
        .map(|order| {
            let shop = shop.clone();
            tokio::spawn(async move {
                put(&shop, &format!("/orders/{order}"), json!({ "status": "cancelled" })).await
            })
        })
        .collect();
    for cancelled in cancelled {
        assert_eq!(cancelled.await.unwrap().status, 200);
    }
    assert_eq!(shop.quantity("X"), Some(100));
    shop.stop().await;
}

/// A product that says so notes on the line how many units are not there.
#[tokio::test]
async fn units_that_are_not_there_are_noted_as_captured() {
    let bo = product("BO-notify", "BO-notify", "10.00", Some(1));
    let shop = WooShop::start(scene::config("EUR", vec![bo])).await.unwrap();
    put(&shop, "/products/10", json!({ "backorders": "notify" })).await;
    let order = shop.buy(&[("BO-notify", 3)]).unwrap().id;
    let ours = get(&shop, &format!("/orders/{order}")).await.body;
    let captured = &sample("woocommerce-eur/stock_backorder_notify")["body"];
    let meta = |order: &Value| -> Vec<Value> {
        let meta = order["line_items"][0]["meta_data"].as_array().unwrap().iter();
        meta.map(|entry| json!([entry["key"], entry["value"], entry["display_key"]])).collect()
    };
    assert_eq!(meta(&ours), meta(captured));
    let product = get(&shop, "/products/10").await.body;
    let captured = &sample("woocommerce-eur/stock_backorder_product_notify")["body"];
    for field in ["stock_quantity", "stock_status", "backorders", "backordered"] {
        assert_eq!(product[field], captured[field], "{field}");
    }
    shop.stop().await;
}
