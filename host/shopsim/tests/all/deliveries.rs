//! Every delivery has the keys, the types and the headers of the captured one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::likeness::assert_shape;
use crate::scene::{self, Receiver, sample, subscribe};

#[tokio::test]
async fn deliveries_look_as_captured() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    for topic in ["order.created", "order.updated", "product.updated"] {
        subscribe(&shop, topic, &receiver.url).await;
    }
    shop.buy(&[("MUG-1", 2), ("TEE-S-Red", 1)]).unwrap();
    shop.quiet().await;
    let deliveries = receiver.deliveries();
    let find = |topic: &str, field: &str, value: Value| {
        let wanted = |received: &&scene::Received| {
            received.header("x-wc-webhook-topic") == topic && received.json()[field] == value
        };
        deliveries.iter().find(wanted).unwrap_or_else(|| panic!("{topic} {field} {value}")).clone()
    };
    for (received, name) in [
        (
            find("order.updated", "status", json!("checkout-draft")),
            "webhook_order_updated_checkout_draft",
        ),
        (find("product.updated", "id", json!(10)), "webhook_product_updated"),
        (find("product.updated", "id", json!(12)), "webhook_product_updated_variation"),
    ] {
        let captured: Value =
            serde_json::from_slice(&scene::bytes(&format!("woocommerce/{name}.body"))).unwrap();
        assert_shape(&received.json(), &captured, name);
        let meta: Value =
            serde_json::from_slice(&scene::bytes(&format!("woocommerce/{name}.meta.json")))
                .unwrap();
        assert_delivery_headers(&received, &meta, name);
    }
    let processing = find("order.created", "status", json!("processing")).json();
    assert_shape(&processing, &sample("woocommerce/order_from_checkout")["body"], "order.created");
    shop.stop().await;
}

fn assert_delivery_headers(received: &scene::Received, meta: &Value, name: &str) {
    let expected = meta["headers"].as_array().unwrap();
    let names: BTreeSet<String> =
        expected.iter().map(|header| header[0].as_str().unwrap().to_lowercase()).collect();
    let ours: BTreeSet<String> =
        received.headers.keys().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(ours, names, "{name}: names of headers");
    for header in expected {
        let (header_name, value) = (header[0].as_str().unwrap(), header[1].as_str().unwrap());
        let same = [
            "User-Agent",
            "Accept",
            "Accept-Encoding",
            "Content-Type",
            "X-WC-Webhook-Topic",
            "X-WC-Webhook-Resource",
            "X-WC-Webhook-Event",
            "Connection",
        ];
        if same.contains(&header_name) {
            assert_eq!(received.header(header_name), value, "{name}: {header_name}");
        }
    }
    assert_eq!(received.header("x-wc-webhook-delivery-id").len(), 32);
}

#[tokio::test]
async fn a_ping_looks_as_captured() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "order.created", &format!("{}/order-created", receiver.url)).await;
    let all = receiver.all();
    assert_eq!(all.len(), 1, "it is there before the answer is");
    assert_eq!(all[0].body, scene::bytes("woocommerce/webhook_ping.body"));
    assert_eq!(all[0].path, "/order-created");
    let meta: Value =
        serde_json::from_slice(&scene::bytes("woocommerce/webhook_ping.meta.json")).unwrap();
    let names: BTreeSet<String> = meta["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| header[0].as_str().unwrap().to_lowercase())
        .collect();
    let ours = all[0].headers.keys().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(names, ours);
    shop.stop().await;
}
