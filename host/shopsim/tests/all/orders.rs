//! Orders that are made, changed and deleted through the API, and how the stock follows.

use fondaco_shopsim::{LedgerEvent, WooShop};
use serde_json::{Value, json};

use crate::likeness::{assert_like, assert_says, assert_shape};
use crate::scene::{self, Answer, Receiver, call, get, product, put, sample, subscribe};

async fn shop() -> WooShop {
    let tazza = product("TAZZA", "Tazza", "9.99", Some(100));
    WooShop::start(scene::config("EUR", vec![tazza])).await.unwrap()
}

async fn order(shop: &WooShop, status: &str, quantity: i64) -> Answer {
    let lines = json!([{ "product_id": 10, "quantity": quantity }]);
    call(shop, "POST", "/orders", Some(json!({ "status": status, "line_items": lines }))).await
}

fn reduced(order: &Value) -> Option<String> {
    let meta = order["line_items"][0]["meta_data"].as_array()?;
    let entry = meta.iter().find(|entry| entry["key"] == "_reduced_stock")?;
    Some(entry["value"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn each_status_begins_as_captured() {
    let shop = shop().await;
    let mut left = 100;
    for status in
        ["pending", "processing", "on-hold", "completed", "cancelled", "failed", "refunded"]
    {
        let answer = order(&shop, status, 2).await;
        let name = format!("woocommerce-eur/stock_order_{status}");
        let captured = sample(&name);
        assert_like(&answer, &name);
        assert_eq!(reduced(&answer.body), reduced(&captured["body"]), "{status}");
        for field in ["status", "total", "needs_payment", "is_editable", "needs_processing"] {
            assert_eq!(answer.body[field], captured["body"][field], "{status}: {field}");
        }
        for field in ["date_paid", "date_completed"] {
            let (ours, theirs) = (&answer.body[field], &captured["body"][field]);
            assert_eq!(ours.is_null(), theirs.is_null(), "{status}: {field}");
        }
        let refunds = |order: &Value| order["refunds"].as_array().unwrap().len();
        assert_eq!(refunds(&answer.body), refunds(&captured["body"]), "{status}");
        left -= i64::from(reduced(&answer.body).is_some()) * 2;
        assert_eq!(shop.quantity("TAZZA"), Some(left), "{status}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn nobody_looks_at_the_stock_and_nobody_knows_an_order_again() {
    let shop = shop().await;
    let first = order(&shop, "processing", 150).await;
    assert_eq!((first.status, shop.quantity("TAZZA")), (201, Some(-50)));
    let again = order(&shop, "processing", 150).await;
    assert_ne!(first.body["id"], again.body["id"]);
    assert_eq!(shop.quantity("TAZZA"), Some(-200));
    shop.stop().await;
}

#[tokio::test]
async fn a_lines_quantity_changes_and_the_stock_follows_but_no_amount() {
    let shop = shop().await;
    let made = order(&shop, "processing", 2).await.body;
    let (path, line) = (format!("/orders/{}", made["id"]), made["line_items"][0]["id"].clone());
    for (quantity, name) in [(1, "stock_edit_qty_down"), (4, "stock_edit_qty_up")] {
        let body = json!({ "line_items": [{ "id": line, "quantity": quantity }] });
        let answer = put(&shop, &path, body).await;
        let captured = &sample(&format!("woocommerce-eur/{name}"))["body"];
        assert_shape(&answer.body, captured, name);
        for field in ["total", "cart_tax"] {
            assert_eq!(answer.body[field], captured[field], "{name}: {field}");
        }
        let (ours, theirs) = (&answer.body["line_items"][0], &captured["line_items"][0]);
        for field in ["quantity", "price", "total", "subtotal"] {
            assert_eq!(ours[field], theirs[field], "{name}: {field}");
        }
        assert_eq!(reduced(&answer.body), reduced(captured), "{name}");
        assert_eq!(shop.quantity("TAZZA"), Some(100 - quantity), "{name}");
    }
    for (change, name) in [
        (json!({ "quantity": 0 }), "stock_edit_remove_line"),
        (json!({ "product_id": null }), "stock_edit_remove_line_null"),
    ] {
        let made = order(&shop, "processing", 2).await.body;
        let left = shop.quantity("TAZZA").unwrap();
        let mut gone = change;
        gone["id"] = made["line_items"][0]["id"].clone();
        let path = format!("/orders/{}", made["id"]);
        let answer = put(&shop, &path, json!({ "line_items": [gone] })).await;
        let captured = &sample(&format!("woocommerce-eur/{name}"))["body"];
        for field in ["line_items", "tax_lines", "total", "cart_tax", "status", "needs_processing"]
        {
            assert_eq!(answer.body[field], captured[field], "{name}: {field}");
        }
        assert_eq!(shop.quantity("TAZZA"), Some(left + 2), "{name}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_line_without_an_id_is_one_more() {
    let shop = shop().await;
    let made = order(&shop, "processing", 1).await.body;
    let path = format!("/orders/{}", made["id"]);
    let body = json!({ "line_items": [{ "product_id": 10, "quantity": 3 }] });
    let answer = put(&shop, &path, body).await.body;
    assert_eq!(answer["line_items"].as_array().unwrap().len(), 2);
    assert_eq!(answer["total"], "39.96");
    assert_eq!(shop.quantity("TAZZA"), Some(96));
    shop.stop().await;
}

#[tokio::test]
async fn the_flag_that_stock_is_out_is_believed_and_not_shown() {
    let shop = shop().await;
    let name = "woocommerce-eur/stock_order_created_with_order_flag_meta";
    let mut body = sample(name)["request"]["body"].clone();
    body["line_items"][0]["product_id"] = json!(10);
    let answer = call(&shop, "POST", "/orders", Some(body)).await;
    assert_like(&answer, name);
    assert_eq!(answer.body["meta_data"], json!([]));
    assert_eq!((reduced(&answer.body), shop.quantity("TAZZA")), (None, Some(100)));
    shop.stop().await;
}

/// Units refunded without being put back come back with the cancellation all the same.
#[tokio::test]
async fn a_cancellation_restores_what_refunds_left_out() {
    let shop = shop().await;
    let made = order(&shop, "processing", 3).await.body;
    let path = format!("/orders/{}", made["id"]);
    let line = &made["line_items"][0]["id"];
    for (restock, name, left) in [
        (true, "stock_after_partial_refund_restock", 98),
        (false, "stock_after_partial_refund_no_restock", 98),
    ] {
        let lines = json!([{ "id": line, "quantity": 1, "refund_total": "8.19" }]);
        let body = json!({ "api_refund": false, "api_restock": restock, "line_items": lines });
        call(&shop, "POST", &format!("{path}/refunds"), Some(body)).await;
        let ours = get(&shop, &path).await.body;
        let captured = &sample(&format!("woocommerce-eur/{name}"))["body"];
        assert_eq!(reduced(&ours), reduced(captured), "{name}");
        assert_eq!(shop.quantity("TAZZA"), Some(left), "{name}");
    }
    let cancelled = put(&shop, &path, json!({ "status": "cancelled" })).await.body;
    let captured = &sample("woocommerce-eur/stock_after_partial_then_cancel")["body"];
    let keys = |order: &Value| -> Vec<Value> {
        let meta = order["line_items"][0]["meta_data"].as_array().unwrap().iter();
        meta.map(|entry| json!([entry["key"], entry["value"]])).collect()
    };
    assert_eq!(keys(&cancelled), keys(captured));
    assert_eq!(shop.quantity("TAZZA"), Some(100));
    shop.stop().await;
}

#[tokio::test]
async fn metadata_is_added_changed_and_taken_away() {
    let shop = shop().await;
    let made = order(&shop, "pending", 1).await.body;
    let path = format!("/orders/{}", made["id"]);
    let write = async |entry: Value| {
        put(&shop, &path, json!({ "meta_data": [entry] })).await.body["meta_data"].clone()
    };
    let first = write(json!({ "key": "_mark", "value": { "a": 1 } })).await;
    assert_eq!(first[0]["value"], json!({ "a": 1 }));
    let changed = write(json!({ "id": first[0]["id"], "value": "two" })).await;
    assert_eq!(changed, json!([{ "id": first[0]["id"], "key": "_mark", "value": "two" }]));
    let again = write(json!({ "key": "_mark", "value": "three" })).await;
    assert_eq!(
        (again[0]["id"].clone(), again[0]["value"].clone()),
        (first[0]["id"].clone(), json!("three"))
    );
    assert_eq!(write(json!({ "key": "_mark", "value": null })).await, json!([]));
    let written = shop.ledger().into_iter().filter(|entry| {
        matches!(&entry.event, LedgerEvent::OrderMetadataWritten { key, .. } if key == "_mark" || key.is_empty())
    });
    assert_eq!(written.count(), 4);
    shop.stop().await;
}

#[tokio::test]
async fn a_date_that_is_sent_is_passed_over() {
    let shop = shop().await;
    let made = order(&shop, "pending", 1).await.body;
    let body = sample("woocommerce-eur/date_paid_local_in_dst_gap")["request"]["body"].clone();
    let answer = put(&shop, &format!("/orders/{}", made["id"]), body).await;
    assert_eq!((answer.status, &answer.body["date_paid"]), (200, &Value::Null));
    let body = json!({ "currency": "CHF" });
    assert_eq!(put(&shop, &format!("/orders/{}", made["id"]), body).await.status, 501);
    shop.stop().await;
}

#[tokio::test]
async fn the_trash_is_told_and_the_end_is_not() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    for topic in ["order.deleted", "order.updated"] {
        subscribe(&shop, topic, &receiver.url).await;
    }
    let make = async || {
        let lines = json!([{ "product_id": 10, "quantity": 1 }]);
        let body = json!({ "status": "processing", "line_items": lines });
        call(&shop, "POST", "/orders", Some(body)).await.body
    };
    let (trashed, forced) = (make().await, make().await);
    shop.quiet().await;
    let told = receiver.deliveries().len();
    let path = format!("/orders/{}", trashed["id"]);
    let answer = call(&shop, "DELETE", &path, None).await;
    assert_like(&answer, "woocommerce/order_trash");
    assert_eq!(answer.body["status"], "processing", "as it was");
    let there = get(&shop, &path).await;
    assert_like(&there, "woocommerce/order_get_trashed");
    let captured = &sample("woocommerce/order_get_trashed")["body"];
    assert_eq!(there.body["status"], captured["status"]);
    let said = |order: &Value| {
        let mut meta = order["meta_data"].clone();
        meta[1]["value"] = json!(null);
        meta
    };
    assert_says(&said(&there.body), &said(captured), "order_get_trashed");
    shop.quiet().await;
    assert_eq!(receiver.deliveries().len(), told + 1);
    assert_eq!(receiver.deliveries()[told].json(), json!({ "id": trashed["id"] }));

    let path = format!("/orders/{}?force=true", forced["id"]);
    let answer = call(&shop, "DELETE", &path, None).await;
    assert_like(&answer, "woocommerce/order_force_delete");
    shop.quiet().await;
    assert_eq!(receiver.deliveries().len(), told + 1, "nobody is told");
    assert_eq!(get(&shop, &format!("/orders/{}", forced["id"])).await.status, 404);
    assert_eq!(shop.quantity("MUG-1"), Some(8), "neither gives anything back");
    let ids = get(&shop, "/orders?_fields=id&per_page=100").await;
    assert_eq!(ids.body, json!([]), "neither is listed");
    shop.stop().await;
}
