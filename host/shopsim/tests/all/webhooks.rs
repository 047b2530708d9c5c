//! How webhooks leave, and how they are lost.

use base64::Engine as _;
use fondaco_shopsim::{LedgerEvent, WooShop, WooShopConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;

use crate::scene::{self, Receiver, call, get, put, sample, subscribe};

fn told(topic: &str, what: &str) -> (String, String) {
    (topic.to_owned(), what.to_owned())
}

/// The signatures of the captured deliveries hold with the same check, so it is the right one.
#[tokio::test]
async fn the_raw_body_is_signed() {
    let verify = |signature: &str, body: &[u8]| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"rig-secret").unwrap();
        mac.update(body);
        let signature = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
        mac.verify_slice(&signature).is_ok()
    };
    let body = scene::bytes("woocommerce/webhook_order_updated.body");
    let meta: serde_json::Value =
        serde_json::from_slice(&scene::bytes("woocommerce/webhook_order_updated.meta.json"))
            .unwrap();
    let headers = meta["headers"].as_array().unwrap();
    let signature = headers.iter().find(|header| header[0] == "X-WC-Webhook-Signature").unwrap();
    assert!(verify(signature[1].as_str().unwrap(), &body));

    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "order.created", &receiver.url).await;
    shop.buy(&[("MUG-1", 1)]).unwrap();
    shop.quiet().await;
    let delivery = &receiver.deliveries()[0];
    assert!(verify(delivery.header("x-wc-webhook-signature"), &delivery.body));
    assert!(delivery.body.is_ascii(), "names are escaped");
    let rewritten = serde_json::to_vec(&delivery.json()).unwrap();
    assert!(!verify(delivery.header("x-wc-webhook-signature"), &rewritten));
    assert_eq!(delivery.header("x-wc-webhook-source"), format!("{}/", shop.url()));
    shop.stop().await;
}

#[tokio::test]
async fn a_checkout_is_told_in_the_observed_order() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    for topic in ["order.created", "order.updated"] {
        subscribe(&shop, topic, &receiver.url).await;
    }
    shop.buy(&[("MUG-1", 1)]).unwrap();
    shop.quiet().await;
    assert_eq!(
        receiver.told(),
        [
            told("order.updated", "checkout-draft"),
            told("order.updated", "processing"),
            told("order.created", "processing"),
        ]
    );
    let draft = receiver.deliveries()[0].json();
    assert_eq!(draft["billing"]["email"], "");
    assert_eq!(draft["line_items"][0]["meta_data"], json!([]));
    let placed = receiver.deliveries()[2].json();
    assert!(placed["billing"]["email"].as_str().unwrap().ends_with("@example.test"));
    shop.stop().await;
}

/// Nothing leaves between two steps without an await on this runtime of one thread, so what is
/// queued in between is known.
#[tokio::test]
async fn the_same_thing_waiting_twice_is_told_once_as_it_is_then() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    for topic in ["order.created", "order.updated", "product.updated"] {
        subscribe(&shop, topic, &receiver.url).await;
    }
    let order = shop.buy(&[("MUG-1", 1)]).unwrap().id;
    shop.set_order_status(order, "completed");
    shop.set_quantity("MUG-1", 50);
    shop.quiet().await;
    assert_eq!(
        receiver.told(),
        [
            told("order.updated", "checkout-draft"),
            told("product.updated", "10"),
            told("order.updated", "completed"),
            told("order.created", "completed"),
        ]
    );
    assert_eq!(receiver.deliveries()[1].json()["stock_quantity"], 50);
    let ids: std::collections::BTreeSet<_> = receiver
        .deliveries()
        .iter()
        .map(|delivery| delivery.header("x-wc-webhook-delivery-id").to_owned())
        .collect();
    assert_eq!(ids.len(), 4, "each delivery has its own id");
    shop.stop().await;
}

#[tokio::test]
async fn the_trash_is_told_with_the_id_alone() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "order.deleted", &receiver.url).await;
    let order = shop.buy(&[("MUG-1", 1)]).unwrap().id;
    shop.set_order_status(order, "trash");
    shop.quiet().await;
    let captured = scene::bytes("woocommerce/webhook_order_deleted.body");
    let captured: serde_json::Value = serde_json::from_slice(&captured).unwrap();
    assert_eq!(captured.as_object().unwrap().keys().collect::<Vec<_>>(), ["id"]);
    assert_eq!(receiver.deliveries()[0].json(), json!({ "id": order }));
    shop.stop().await;
}

fn lost(shop: &WooShop) -> usize {
    let is_lost = |event: &LedgerEvent| matches!(event, LedgerEvent::WebhookLost { .. });
    shop.ledger().iter().filter(|entry| is_lost(&entry.event)).count()
}

#[tokio::test]
async fn the_seventh_failure_in_a_row_disables_for_good() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    let failing = format!("{}/status/500", receiver.url);
    let webhook = subscribe(&shop, "product.updated", &failing).await;
    let path = format!("/webhooks/{webhook}");
    for failure in 1..=7 {
        assert_eq!(get(&shop, &path).await.body["status"], "active", "before {failure}");
        shop.set_quantity("MUG-1", failure);
        shop.quiet().await;
    }
    assert_eq!(get(&shop, &path).await.body["status"], "disabled");
    assert_eq!((receiver.deliveries().len(), lost(&shop)), (7, 7));
    shop.set_quantity("MUG-1", 8);
    shop.quiet().await;
    assert_eq!(receiver.deliveries().len(), 7, "nothing leaves any more");

    // Setting it active again does not forget the failures: the next one is enough.
    let answer = put(&shop, &path, json!({ "status": "active" })).await;
    assert_eq!(answer.body["status"], "active");
    shop.set_quantity("MUG-1", 9);
    shop.quiet().await;
    assert_eq!(get(&shop, &path).await.body["status"], "disabled");
    let disabled = LedgerEvent::WebhookDisabled { webhook };
    assert_eq!(shop.ledger().iter().filter(|entry| entry.event == disabled).count(), 2);

    let deleted = call(&shop, "DELETE", &path, None).await;
    assert_eq!(deleted.body["code"], "woocommerce_rest_trash_not_supported");
    assert_eq!(call(&shop, "DELETE", &format!("{path}?force=true"), None).await.status, 200);
    assert_eq!(get(&shop, &path).await.status, 404);
    shop.stop().await;
}

#[tokio::test]
async fn a_redirect_counts_as_taken_and_is_not_followed() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "product.updated", &format!("{}/status/301", receiver.url)).await;
    shop.set_quantity("MUG-1", 1);
    shop.quiet().await;
    assert_eq!(receiver.deliveries().len(), 1);
    let sent =
        LedgerEvent::WebhookSent { topic: "product.updated".to_owned(), resource: 10, status: 301 };
    assert_eq!(shop.ledger().last().unwrap().event, sent);
    assert_eq!(lost(&shop), 0);
    shop.stop().await;
}

#[tokio::test]
async fn a_success_forgets_the_failures_before() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    let failing = format!("{}/status/500", receiver.url);
    let webhook = subscribe(&shop, "product.updated", &failing).await;
    let path = format!("/webhooks/{webhook}");
    let deliver = async |times: i64| {
        for quantity in 0..times {
            shop.set_quantity("MUG-1", quantity);
            shop.quiet().await;
        }
    };
    deliver(6).await;
    put(&shop, &path, json!({ "delivery_url": receiver.url })).await;
    deliver(1).await;
    put(&shop, &path, json!({ "delivery_url": failing })).await;
    deliver(6).await;
    assert_eq!(get(&shop, &path).await.body["status"], "active");
    deliver(1).await;
    assert_eq!(get(&shop, &path).await.body["status"], "disabled");
    shop.stop().await;
}

#[tokio::test]
async fn nobody_there_is_lost_and_never_tried_again() {
    let shop = scene::new_york().await;
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    subscribe(&shop, "product.updated", &nobody).await;
    shop.set_quantity("MUG-1", 1);
    shop.quiet().await;
    shop.quiet().await;
    assert_eq!(lost(&shop), 1);
    let event = shop.ledger().last().unwrap().event.clone();
    let LedgerEvent::WebhookLost { reason, .. } = event else { panic!("{event:?}") };
    assert_eq!(reason, "no connection");
    shop.stop().await;
}

#[tokio::test]
async fn without_a_scheduler_everything_is_lost() {
    let config = WooShopConfig { webhooks: false, ..scene::config("USD", scene::products()) };
    let shop = WooShop::start(config).await.unwrap();
    let receiver = Receiver::start().await;
    subscribe(&shop, "order.created", &receiver.url).await;
    shop.buy(&[("MUG-1", 1)]).unwrap();
    shop.quiet().await;
    assert!(receiver.deliveries().is_empty());
    assert_eq!(lost(&shop), 1);
    shop.stop().await;
}

#[tokio::test]
async fn a_captured_product_is_taken_over() {
    let shop = WooShop::start(scene::config("USD", Vec::new())).await.unwrap();
    for name in ["product_variable_get", "variation_get", "product_get"] {
        let captured = sample(&format!("woocommerce/{name}"));
        shop.put_product(captured["body"].clone()).unwrap();
        let path = captured["request"]["path"].as_str().unwrap();
        let mut ours = get(&shop, path).await.body;
        let mut captured = captured["body"].clone();
        for body in [&mut ours, &mut captured] {
            body["_links"] = json!(null);
            // A parent alone has no price to show, and its children are not there yet.
            if name == "product_variable_get" {
                body["stock_status"] = json!(null);
            }
        }
        assert_eq!(ours, captured, "{name}");
    }
    assert_eq!(shop.quantity("TEE-S-Red"), Some(5));
    assert_eq!(shop.put_product(json!("no product")), None);
    shop.stop().await;
}

/// Whatever is in a secret, it signs as it is; without one a webhook has one that nobody knows.
#[tokio::test]
async fn a_secret_signs_literally_and_is_never_shown() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    let odd = "a&b<c>\"d\"'e'é";
    for secret in [Some(odd), None] {
        let mut body = json!({ "topic": "product.updated", "delivery_url": receiver.url });
        if let Some(secret) = secret {
            body["secret"] = json!(secret);
        }
        let answer = call(&shop, "POST", "/webhooks", Some(body)).await;
        assert!(answer.body.get("secret").is_none(), "{}", answer.text);
    }
    shop.set_quantity("MUG-1", 3);
    shop.quiet().await;
    let told = receiver.deliveries();
    let signed_with = |secret: &str, at: usize| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(&told[at].body);
        let signature = told[at].header("x-wc-webhook-signature");
        let signature = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
        mac.verify_slice(&signature).is_ok()
    };
    assert!(signed_with(odd, 0));
    assert!(!signed_with(odd, 1) && !signed_with("", 1));
    shop.stop().await;
}

/// An order changes the products it takes units of, variations and what they belong to as well.
#[tokio::test]
async fn a_sale_is_told_as_a_change_of_what_was_sold() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "product.updated", &receiver.url).await;
    shop.set_clock(jiff::SignedDuration::from_mins(5));
    shop.buy(&[("TEE-S-Red", 1)]).unwrap();
    shop.quiet().await;
    let told = receiver.deliveries();
    let variation = told.iter().map(scene::Received::json).find(|body| body["id"] == 12).unwrap();
    assert_eq!(
        (&variation["type"], &variation["stock_quantity"]),
        (&json!("variation"), &json!(4))
    );
    let (made, changed) = (&variation["date_created_gmt"], &variation["date_modified_gmt"]);
    assert!(changed.as_str() > made.as_str(), "{made} {changed}");
    assert_eq!(changed.as_str().unwrap().len(), "2026-11-23T04:46:19".len(), "whole seconds");
    assert!(told.iter().any(|got| got.json()["id"] == 11), "the product it belongs to");
    shop.stop().await;
}
