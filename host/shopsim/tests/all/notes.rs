//! Notes of orders, and whom the shop mails.

use fondaco_shopsim::{Gateway, LedgerEvent, Product, Purchase, WooShop};
use serde_json::{Value, json};

use crate::likeness::{assert_like, assert_says};
use crate::scene::{self, Receiver, call, get, product, put, sample, subscribe};

fn texts(notes: &Value) -> Vec<String> {
    let notes = notes.as_array().unwrap().iter();
    notes.map(|note| note["note"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_shop_notes_what_it_does() {
    let before = product("BEFORE", "Before", "1.00", None);
    let mug = product("MUG-1", "Mug \"Ünïcode\" 漢字 & <b>", "19.99", Some(9));
    let tee = Product {
        variations: vec![product("TEE-S-Red", "S, Red", "25.00", Some(5))],
        ..product("TEE", "T-Shirt", "", None)
    };
    let shop = WooShop::start(scene::config("USD", vec![before, mug, tee])).await.unwrap();
    let lines = json!([
        { "product_id": 11, "quantity": 2 },
        { "product_id": 12, "variation_id": 13, "quantity": 1 },
    ]);
    let body = json!({ "status": "processing", "line_items": lines });
    let order = call(&shop, "POST", "/orders", Some(body)).await.body;
    let path = format!("/orders/{}", order["id"]);
    let line = order["line_items"][0]["id"].clone();
    let lines = json!([{ "id": line, "quantity": 1, "refund_total": "19.99" }]);
    let body = json!({ "api_refund": false, "line_items": lines });
    call(&shop, "POST", &format!("{path}/refunds"), Some(body)).await;
    put(&shop, &path, json!({ "status": "completed" })).await;
    let notes = get(&shop, &format!("{path}/notes")).await;
    assert_like(&notes, "woocommerce/order_notes");
    let mut ours = texts(&notes.body);
    let mut captured = texts(&sample("woocommerce/order_notes")["body"]);
    // What was written within one second may have been written within two here.
    ours.sort();
    captured.sort();
    assert_eq!(ours, captured);
    shop.stop().await;
}

#[tokio::test]
async fn a_note_is_kept_and_no_webhook_tells_of_it() {
    let shop = scene::rome().await;
    let receiver = Receiver::start().await;
    let order = shop.buy(&[("TAZZA", 1)]).unwrap().id;
    shop.quiet().await;
    subscribe(&shop, "order.updated", &receiver.url).await;
    let modified = get(&shop, &format!("/orders/{order}")).await.body["date_modified"].clone();
    let captured = sample("woocommerce-eur/marker_note");
    let path = format!("/orders/{order}/notes");
    let body = captured["request"]["body"].clone();
    let answer = call(&shop, "POST", &path, Some(body)).await;
    assert_like(&answer, "woocommerce-eur/marker_note");
    assert_says(&answer.body, &captured["body"], "marker_note");
    let location = format!("{}/wp-json/wc/v3{path}/{}", shop.url(), answer.body["id"]);
    assert_eq!(answer.header("location"), location);
    let one = get(&shop, &format!("{path}/{}", answer.body["id"])).await;
    assert_eq!(one.body, answer.body);

    put(&shop, &format!("/orders/{order}"), json!({ "status": "completed" })).await;
    shop.quiet().await;
    let told = receiver.deliveries().len();
    let body = json!({ "note": "Ready", "customer_note": true });
    call(&shop, "POST", &path, Some(body)).await;
    shop.quiet().await;
    assert_eq!(receiver.deliveries().len(), told);
    let listed = get(&shop, &path).await;
    assert_like(&listed, "woocommerce-eur/marker_notes_list");
    let customer = get(&shop, &format!("{path}?type=customer")).await.body;
    assert_eq!(texts(&customer), ["Ready"]);
    let added = shop.ledger().into_iter().filter_map(|entry| match entry.event {
        LedgerEvent::NoteAdded { text, to_customer, .. } => Some((text, to_customer)),
        _ => None,
    });
    let added: Vec<_> = added.collect();
    assert_eq!(added, [("EXT-NOTE-1".to_owned(), false), ("Ready".to_owned(), true)]);
    assert_eq!(get(&shop, "/orders/12345/notes").await.status, 404);
    assert_ne!(modified, Value::Null);
    shop.stop().await;
}

#[tokio::test]
async fn a_payment_by_card_is_noted_and_waits_for_nothing() {
    let products = [("TAZZA", "Tazza", 52), ("CAFFE", "Caffè", 71), ("LIBRO", "Libro", 88)];
    let products = products.map(|(sku, name, stock)| product(sku, name, "9.99", Some(stock)));
    let shop = WooShop::start(scene::config("EUR", products.to_vec())).await.unwrap();
    shop.set_gateway(Gateway::new("eurpay", "Carta (test)"));
    let lines = [("TAZZA", 3), ("CAFFE", 2), ("LIBRO", 1)];
    let purchase = Purchase {
        lines: lines.map(|(sku, units)| (sku.to_owned(), units)).to_vec(),
        payment_method: "eurpay".to_owned(),
        ..Purchase::default()
    };
    let id = shop.check_out(&purchase).unwrap().id;
    let order = get(&shop, &format!("/orders/{id}")).await.body;
    assert_eq!(order["transaction_id"], format!("TX-{id}"));
    assert_eq!(order["payment_method_title"], "Carta (test)");
    assert!(!order["date_paid"].is_null());
    let notes = texts(&get(&shop, &format!("/orders/{id}/notes")).await.body);
    let captured = texts(&sample("woocommerce-eur/refund_gateway_order_notes")["body"]);
    let captured: Vec<String> =
        captured.iter().map(|note| note.replace("TX-74", &format!("TX-{id}"))).collect();
    for note in &captured[..3] {
        assert!(notes.contains(note), "{note} is not in {notes:?}");
    }
    shop.stop().await;
}

/// The captured list of what was done and who was mailed of it, one after the other.
#[tokio::test]
async fn customers_are_mailed_as_captured() {
    let config = fondaco_shopsim::WooShopConfig {
        name: "Rig Shop".to_owned(),
        ..scene::config("EUR", vec![product("TAZZA", "Tazza", "9.99", Some(100))])
    };
    let shop = WooShop::start(config).await.unwrap();
    let captured =
        serde_json::from_slice::<Value>(&scene::bytes("woocommerce-eur/emails_by_api_write.json"))
            .unwrap();
    let mut order = 0;
    let mut seen = 0;
    for step in captured.as_array().unwrap() {
        let action = step["action"].as_str().unwrap();
        if action.starts_with("POST order_actions") {
            continue;
        }
        act(&shop, action, &mut order).await;
        let ledger = shop.ledger();
        let mailed: Vec<Value> = ledger[seen..]
            .iter()
            .filter_map(|entry| match &entry.event {
                LedgerEvent::Mailed { to, subject } => Some(json!([to, subject])),
                _ => None,
            })
            .collect();
        seen = ledger.len();
        let expected: Vec<Value> = step["sync"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mail| {
                let subject = mail[1].as_str().unwrap();
                let words = subject.split_inclusive('#').collect::<Vec<_>>();
                // The number of the order and the day are this shop's own.
                let subject = match (words.as_slice(), subject.split_once(" from ")) {
                    ([before, after], _) => {
                        let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
                        format!("{before}{order}{rest}")
                    }
                    (_, Some((before, _))) => format!("{before} from {}", today()),
                    _ => subject.to_owned(),
                };
                json!([mail[0], subject])
            })
            .collect();
        assert_eq!(mailed, expected, "{action}");
    }
    shop.stop().await;
}

fn today() -> String {
    let rome = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    rome.to_datetime(jiff::Timestamp::now()).strftime("%d/%m/%Y").to_string()
}

async fn act(shop: &WooShop, action: &str, order: &mut u64) {
    let path = format!("/orders/{order}");
    let post = async |path: String, body: Value| call(shop, "POST", &path, Some(body)).await;
    let words: Vec<&str> = action.split(' ').collect();
    match words.as_slice() {
        ["POST", "order", "with", ..] => {
            post("/customers".to_owned(), json!({ "email": "c1795412176@example.test" })).await;
        }
        ["POST", "order", status] => {
            let status = status.trim_start_matches("status=");
            let body = json!({
                "status": status,
                "billing": { "email": "mario@example.test" },
                "line_items": [{ "product_id": 10, "quantity": 1 }],
            });
            *order = post("/orders".to_owned(), body).await.body["id"].as_u64().unwrap();
        }
        ["PUT", "meta_data", ..] => {
            let meta = json!([{ "key": "k", "value": "v" }]);
            put(shop, &path, json!({ "meta_data": meta })).await;
        }
        ["POST", kind @ ("private" | "customer"), "note"] => {
            let body = json!({ "note": "n", "customer_note": *kind == "customer" });
            post(format!("{path}/notes"), body).await;
        }
        ["POST", "partial", "refund"] => {
            post(format!("{path}/refunds"), json!({ "amount": "1.00", "api_refund": false })).await;
        }
        ["POST", "full", "refund", ..] => {
            post(format!("{path}/refunds"), json!({ "amount": "8.99", "api_refund": false })).await;
        }
        ["PUT", "product", ..] => {
            put(shop, "/products/10", json!({ "stock_quantity": 50 })).await;
        }
        ["PUT", change, ..] => {
            let status = change.rsplit(['>', '=']).next().unwrap();
            put(shop, &path, json!({ "status": status })).await;
        }
        _ => panic!("what is {action}?"),
    }
}
