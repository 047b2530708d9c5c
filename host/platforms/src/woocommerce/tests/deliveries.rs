//! Webhooks, as they came.

use std::sync::LazyLock;

use http::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::woocommerce::samples::delivery;

const DELIVERIES: [(&str, &str); 16] = [
    ("woocommerce/webhook_order_created", "order.created"),
    ("woocommerce/webhook_order_deleted", "order.deleted"),
    ("woocommerce/webhook_order_updated", "order.updated"),
    ("woocommerce/webhook_order_updated_checkout_draft", "order.updated"),
    ("woocommerce/webhook_order_updated_with_refund", "order.updated"),
    ("woocommerce/webhook_owner_lost_rights", "order.created"),
    ("woocommerce/webhook_product_created", "product.created"),
    ("woocommerce/webhook_product_deleted", "product.deleted"),
    ("woocommerce/webhook_product_updated", "product.updated"),
    ("woocommerce/webhook_product_updated_variation", "product.updated"),
    ("woocommerce-eur/webhook_order_created_fee", "order.created"),
    ("woocommerce-eur/webhook_order_updated_fee_coupon", "order.updated"),
    ("woocommerce-eur/webhook_order_updated_from_clone", "order.updated"),
    ("woocommerce-eur/webhook_order_updated_from_original", "order.updated"),
    ("woocommerce-eur/webhook_order_updated_onhold", "order.updated"),
    ("woocommerce-eur/webhook_order_updated_with_refund", "order.updated"),
];

#[test]
fn every_delivery_is_the_shops() {
    let adapter = shop_at("http://127.0.0.1:8088");
    for (name, topic) in DELIVERIES {
        let (headers, body) = delivery(name);
        let verified = adapter.verify(&headers, &body);
        let topic = topic.to_owned();
        let expected = match name.ends_with("_from_clone") {
            true => Verified::Foreign { topic, site: "staging.rossi.example".to_owned() },
            false => Verified::Delivery { topic },
        };
        assert_eq!(verified, Ok(expected), "{name}");
    }
}

#[test]
fn what_a_copy_signs_is_not_the_shops() {
    let adapter = shop_at("https://rossi.example/");
    let (headers, body) = delivery("woocommerce-eur/webhook_order_updated_from_clone");
    for named in [headers.clone(), {
        // The links are signed, the header is not.
        let mut headers = headers;
        headers.insert("X-WC-Webhook-Source", HeaderValue::from_static("https://rossi.example/"));
        headers
    }] {
        let site = "staging.rossi.example".to_owned();
        let foreign = Verified::Foreign { topic: "order.updated".to_owned(), site };
        assert_eq!(adapter.verify(&named, &body), Ok(foreign));
    }
}

#[test]
fn while_a_secret_is_changed_both_are_taken() {
    let adapter = shop_at("http://127.0.0.1:8088");
    let (headers, body) = delivery("woocommerce/webhook_order_updated");
    let take = |current: &str, previous: Option<&str>| {
        adapter.take_credentials(ShopCredentials::WooCommerce {
            key: "ck_new".into(),
            secret: "cs_new".into(),
            webhook_secret: current.into(),
            previous_webhook_secret: previous.map(Into::into),
        });
    };
    take("another", Some(SECRET));
    assert!(adapter.verify(&headers, &body).is_ok());
    assert!(!adapter.webhook_secret_proven(), "it was signed with the old one");
    take("another", None);
    assert_eq!(adapter.verify(&headers, &body), Err(Unverified::WrongSignature));
    take(SECRET, Some("another"));
    assert!(!adapter.webhook_secret_proven());
    assert!(adapter.verify(&headers, &body).is_ok());
    assert!(adapter.webhook_secret_proven());
    // That the old one is dropped proves nothing anew.
    take(SECRET, None);
    assert!(adapter.webhook_secret_proven());
    let (pinged, ping) = delivery("woocommerce/webhook_ping");
    take("another", Some(SECRET));
    assert_eq!(adapter.verify(&pinged, &ping), Ok(Verified::Ping));
    assert!(!adapter.webhook_secret_proven(), "a ping is not signed");
}

#[test]
fn a_flipped_bit_is_not_the_shops() {
    let adapter = shop_at("http://127.0.0.1:1");
    for (name, _) in DELIVERIES {
        let (headers, body) = delivery(name);
        for place in [0, body.len() / 2, body.len() - 1] {
            let mut other = body.clone();
            other[place] ^= 1;
            let verified = adapter.verify(&headers, &other);
            assert_eq!(verified, Err(Unverified::WrongSignature), "{name}, byte {place}");
        }
        let mut longer = body.clone();
        longer.push(b' ');
        assert_eq!(adapter.verify(&headers, &longer), Err(Unverified::WrongSignature), "{name}");
    }
}

#[test]
fn another_signature_or_secret_is_not_the_shops() {
    let adapter = shop_at("http://127.0.0.1:1");
    let (headers, body) = delivery("woocommerce/webhook_order_updated");
    let signature = headers["X-WC-Webhook-Signature"].to_str().unwrap().to_owned();
    let lower = signature.to_ascii_lowercase();
    for other in ["", "AAAA", "not base64!", &lower, &signature[..40], &format!("{signature}AA")] {
        let mut headers = headers.clone();
        headers.insert("X-WC-Webhook-Signature", HeaderValue::from_str(other).unwrap());
        let verified = adapter.verify(&headers, &body);
        assert_eq!(verified, Err(Unverified::WrongSignature), "{other}");
    }
    let other = Config { webhook_secret: "rig-secret2".into(), ..config("http://127.0.0.1:1") };
    let verified = WooCommerce::new(other).unwrap().verify(&headers, &body);
    assert_eq!(verified, Err(Unverified::WrongSignature));
}

#[test]
fn a_delivery_without_its_headers_is_refused() {
    let adapter = shop_at("http://127.0.0.1:1");
    let (headers, body) = delivery("woocommerce/webhook_order_updated");
    let without = |name: &str| {
        let mut headers = headers.clone();
        headers.remove(name);
        adapter.verify(&headers, &body)
    };
    assert_eq!(without("X-WC-Webhook-Signature"), Err(Unverified::Unsigned));
    let topic = Unverified::MissingHeader("X-WC-Webhook-Topic");
    assert_eq!(without("X-WC-Webhook-Topic"), Err(topic));
}

#[test]
fn only_a_ping_passes_unsigned() {
    let adapter = shop_at("http://127.0.0.1:1");
    let (headers, body) = delivery("woocommerce/webhook_ping");
    assert_eq!(adapter.verify(&headers, &body), Ok(Verified::Ping));
    let bodies: [&[u8]; 6] = [
        b"",
        b"webhook_id=",
        b"webhook_id=x",
        b"webhook_id=1&a=b",
        b"{\"id\":1}",
        b" webhook_id=1",
    ];
    for body in bodies {
        assert_eq!(adapter.verify(&headers, body), Err(Unverified::Unsigned));
    }
    let mut json = headers.clone();
    json.insert("content-type", HeaderValue::from_static("application/json"));
    assert_eq!(adapter.verify(&json, &body), Err(Unverified::Unsigned));
    let mut topical = headers.clone();
    topical.insert("X-WC-Webhook-Topic", HeaderValue::from_static("order.deleted"));
    assert_eq!(adapter.verify(&topical, &body), Err(Unverified::Unsigned));
    assert_eq!(adapter.verify(&HeaderMap::new(), &body), Err(Unverified::Unsigned));
}

fn normalise(topic: &str, body: &[u8]) -> Result<Vec<Heard>, Unreadable> {
    static ADAPTER: LazyLock<WooCommerce> = LazyLock::new(|| shop_at("http://127.0.0.1:1"));
    ADAPTER.normalise(topic, at(1_800_000_000_000), body)
}

#[test]
fn what_is_deleted_leaves_a_tombstone() {
    let (_, body) = delivery("woocommerce/webhook_order_deleted");
    let [Heard::Snapshot(snapshot)] = &normalise("order.deleted", &body).unwrap()[..] else {
        panic!("one snapshot");
    };
    assert_eq!(snapshot.key, EntityKey::order(shop(), "29"));
    let order = snapshot.entity.as_order().unwrap();
    assert!(order.head.is_deleted() && order.lines.is_deleted());
    let version = order.head.version().unwrap();
    assert_eq!((version.platform, version.read), (at(1_800_000_000_000), None));

    let (_, body) = delivery("woocommerce/webhook_product_deleted");
    let [Heard::Snapshot(snapshot)] = &normalise("product.deleted", &body).unwrap()[..] else {
        panic!("one snapshot");
    };
    assert_eq!(snapshot.key, EntityKey::variant(shop(), "31"));
    let variant = snapshot.entity.as_variant().unwrap();
    assert!(variant.content.is_deleted() && variant.stock.values().all(|level| level.is_deleted()));
}

#[test]
fn what_is_not_kept_tells_nothing() {
    let (_, draft) = delivery("woocommerce/webhook_order_updated_checkout_draft");
    assert_eq!(normalise("order.updated", &draft), Ok(Vec::new()));
    for topic in ["coupon.deleted", "coupon.updated", "action.woocommerce_x", "order", ""] {
        assert_eq!(normalise(topic, b"{\"id\":1}"), Ok(Vec::new()), "{topic}");
    }
}

#[test]
fn an_error_in_place_of_content_is_no_order_that_cannot_be_read() {
    let (headers, lost) = delivery("woocommerce/webhook_owner_lost_rights");
    // It is signed as every delivery is.
    let verified = shop_at("http://127.0.0.1:8088").verify(&headers, &lost);
    assert_eq!(verified, Ok(Verified::Delivery { topic: "order.created".to_owned() }));
    for topic in ["order.created", "product.updated", "customer.updated"] {
        let heard = normalise(topic, &lost).unwrap();
        let [Heard::Denied { reason }] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!(
            reason,
            "the shop sent no content, but `woocommerce_rest_cannot_view`: the WordPress user to \
             whom the webhook belongs may no longer see orders and products; give that user the \
             role of shop manager again, or delete the webhook and let it be made anew"
        );
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let check = |topic: &str, body: &[u8], reason: &str| {
        assert_eq!(normalise(topic, body).unwrap_err().0, reason);
    };
    check(
        "order.updated",
        b"{\"id\": 1,\n  \"status\": }",
        "the body is not JSON: it breaks off or goes wrong at line 2, column 13",
    );
    check(
        "product.updated",
        b"",
        "the body is not JSON: it breaks off or goes wrong at line 1, column 0",
    );
    check(
        "order.updated",
        br#"{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid &amp; gone."}"#,
        "the shop sent an error in place of an order: Invalid & gone. \
         (`woocommerce_rest_shop_order_invalid_id`)",
    );
    check(
        "product.deleted",
        b"{}",
        "the body is not the id of a product as WooCommerce sends it: missing field `id` at line \
         1 column 2",
    );
}

proptest! {
    #[test]
    fn nothing_that_arrives_breaks_it(
        topic in "(order|product|customer)\\.(created|updated|deleted|restored)",
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = normalise(&topic, &body);
    }

    /// A real order with one of its values replaced by anything.
    #[test]
    fn no_value_breaks_it(field in 0usize..60, text in "\\PC{0,12}", number in any::<f64>()) {
        let (_, body) = delivery("woocommerce/webhook_order_updated_with_refund");
        let order: Value = serde_json::from_slice(&body).unwrap();
        for value in [json!(text), json!(number), json!([]), json!(null), json!({ "a": text })] {
            let mut order = order.clone();
            let fields = order.as_object_mut().unwrap();
            let Some(name) = fields.keys().nth(field).cloned() else { continue };
            fields.insert(name, value);
            let _ = normalise("order.updated", order.to_string().as_bytes());
        }
    }
}
