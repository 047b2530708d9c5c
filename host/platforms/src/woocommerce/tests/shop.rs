//! Talking to a shop: what is read of it, its webhooks, its facts.

use fondaco_model::Version;

use super::*;

#[tokio::test]
async fn a_shop_says_what_it_is() {
    let replay = Replay::new(|got| match got.path.as_str() {
        "/settings/general" => Reply::captured("woocommerce/settings_general"),
        "/system_status" => Reply::captured("woocommerce/system_status"),
        other => panic!("{other}"),
    })
    .await;
    let facts = replay.shop.facts().await.unwrap();
    assert_eq!((facts.version.as_str(), facts.currency.as_str()), ("10.5.0", "USD"));
    let fields: Vec<_> = replay.got().iter().map(|got| got.query["_fields"].clone()).collect();
    assert_eq!(fields, ["id,value", "environment.version"]);
}

#[tokio::test]
async fn one_entity_is_read() {
    let replay = Replay::new(|got| match got.path.as_str() {
        "/orders/18" => Reply::captured("woocommerce/order_get"),
        "/orders/999999" => Reply::captured("woocommerce/err_bad_order_id"),
        "/products/13" => Reply::captured("woocommerce/variation_via_products_endpoint"),
        "/products/12" => Reply::captured("woocommerce/product_variable_get"),
        "/products/999999" => Reply::captured("woocommerce/err_bad_product_id"),
        other => panic!("{other}"),
    })
    .await;
    let fetch = async |key: EntityKey| {
        let mut snapshots = replay.shop.fetch(at(7), &key).await.unwrap();
        let snapshot = snapshots.remove(0);
        assert_eq!((&snapshot.key, snapshots.len()), (&key, 0));
        snapshot.entity
    };
    let order = fetch(EntityKey::order(shop(), "18")).await;
    let version = order.as_order().unwrap().head.version().unwrap();
    assert_eq!(version, Version::read(at(1_795_409_179_000), at(7)));
    assert_eq!(replay.got()[0].query("dp"), Some("6"));
    let variant = fetch(EntityKey::variant(shop(), "13")).await;
    assert_eq!(variant.as_variant().unwrap().content.value().unwrap().product, "12");
    let gone = Some(Version::read(at(7), at(7)));
    let order = fetch(EntityKey::order(shop(), "999999")).await;
    assert!(order.as_order().unwrap().head.is_deleted());
    assert_eq!(order.as_order().unwrap().head.version(), gone);
    for id in ["999999", "12"] {
        let variant = fetch(EntityKey::variant(shop(), id)).await;
        assert!(variant.as_variant().unwrap().content.is_deleted(), "{id}");
    }
}

#[tokio::test]
async fn a_shop_without_woocommerce_loses_nothing() {
    let replay = Replay::new(|_| Reply::captured("woocommerce/err_route")).await;
    let key = EntityKey::variant(shop(), "11");
    let error = replay.shop.fetch(at(7), &key).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the shop answered GET /products/11 with 404 Not Found: No route was found matching the \
         URL and request method. (`rest_no_route`); is WooCommerce active in that shop?"
    );
}

#[tokio::test]
async fn an_id_is_a_number() {
    let replay = Replay::new(|_| panic!("nothing is asked")).await;
    for id in ["", "12/../13", "x", "-1", "1?force=true", "99999999999999999999999"] {
        let key = EntityKey::order(shop(), id);
        let error = replay.shop.fetch(at(7), &key).await.unwrap_err();
        assert!(matches!(error, PlatformError::Refused { .. }), "{id}");
    }
}

fn webhook(id: u64, topic: &str, status: &str, address: &str) -> Value {
    json!({ "id": id, "topic": topic, "status": status, "delivery_url": address, "name": "x" })
}

#[tokio::test]
async fn webhooks_that_are_missing_or_off_are_made() {
    let address = "https://fondaco.test/hooks/rossi/milano";
    let replay = Replay::new(move |got| match (got.method.as_str(), got.path.as_str()) {
        ("GET", "/webhooks") => Reply::json(&json!([
            webhook(1, "order.created", "active", address),
            webhook(2, "order.updated", "disabled", address),
            webhook(3, "order.deleted", "paused", address),
            webhook(4, "product.created", "active", "https://other.test/"),
            webhook(5, "product.updated", "active", address),
            webhook(6, "product.updated", "disabled", address),
        ])),
        ("POST", "/webhooks") => {
            let topic = got.body["topic"].as_str().unwrap();
            Reply::json(&webhook(9, topic, "active", address))
        }
        ("DELETE", _) => Reply::json(&json!({ "id": 2 })),
        other => panic!("{other:?}"),
    })
    .await;
    let made = replay.shop.ensure_webhooks(address).await.unwrap();
    let made: Vec<_> =
        made.iter().map(|made| (made.topic.as_str(), made.because.as_str())).collect();
    let expected = [
        ("order.updated", "disabled"),
        ("order.deleted", "paused"),
        ("product.created", "missing"),
        ("product.deleted", "missing"),
        ("customer.created", "missing"),
        ("customer.updated", "missing"),
        ("customer.deleted", "missing"),
    ];
    assert_eq!(made, expected);
    assert_eq!(
        replay.calls(),
        [
            "GET /webhooks",
            "POST /webhooks",
            "DELETE /webhooks/2",
            "POST /webhooks",
            "DELETE /webhooks/3",
            "POST /webhooks",
            "POST /webhooks",
            "POST /webhooks",
            "POST /webhooks",
            "POST /webhooks"
        ]
    );
    let got = replay.got();
    assert_eq!(
        got[1].body,
        json!({
            "name": "Fondaco order.updated",
            "topic": "order.updated",
            "delivery_url": address,
            "secret": SECRET,
            "status": "active",
        })
    );
    assert_eq!(got[2].query("force"), Some("true"));
}

#[test]
fn switching_a_webhook_on_again_would_leave_the_count_of_its_failures() {
    // So a captured shop answered that had just been asked to switch one on: it says active, and the
    // next failure switched it off at once. That is why one that is off is made anew.
    let again = answer("woocommerce/webhook_reactivate");
    assert_eq!(again["status"], "active");
    assert!(again.get("failure_count").is_none(), "nothing tells how near it is to the end");
    // One whose ping failed is there all the same.
    let pinged = samples::captured("woocommerce/webhook_create_ping_500");
    assert_eq!((&pinged["status"], &pinged["body"]["status"]), (&json!(201), &json!("active")));
}

#[tokio::test]
async fn the_captured_list_of_webhooks_is_read() {
    let replay = Replay::new(|got| match got.method.as_str() {
        "GET" => Reply::captured("woocommerce/webhook_list"),
        _ => Reply::captured("woocommerce/webhook_create_order_created"),
    })
    .await;
    // That shop has one of the topics at this address.
    let made = replay.shop.ensure_webhooks("http://127.0.0.1:8090/order-created").await.unwrap();
    assert_eq!(made.len(), 8);
    assert!(made.iter().all(|made| made.because == "missing" && made.topic != "order.created"));
}
