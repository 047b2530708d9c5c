//! Requests that a shop refuses, and those this one was never taught.

use serde_json::json;

use crate::likeness::{assert_same, assert_shape};
use crate::scene::{self, call, put, sample};

#[tokio::test]
async fn refusals_are_word_for_word() {
    let shop = scene::new_york().await;
    shop.put_order(sample("woocommerce/order_get")["body"].clone(), false);
    for (method, path, body, name) in [
        ("GET", "/products/999999", None, "err_bad_product_id"),
        ("GET", "/orders/999999", None, "err_bad_order_id"),
        ("GET", "/products/11/variations/1", None, "err_bad_variation"),
        ("GET", "/products?per_page=101", None, "err_per_page"),
        ("GET", "/nope", None, "err_route"),
        ("PUT", "/orders/18", Some(json!({ "status": "wat" })), "err_order_bad_status"),
        (
            "PUT",
            "/products/12",
            Some(json!({ "regular_price": "3" })),
            "err_variation_via_products_put",
        ),
        (
            "POST",
            "/webhooks",
            Some(json!({ "topic": "nope.created", "delivery_url": "http://127.0.0.1:9/" })),
            "err_webhook_bad_topic",
        ),
        (
            "POST",
            "/webhooks",
            Some(json!({ "topic": "order.created", "delivery_url": "nope" })),
            "err_webhook_bad_url",
        ),
    ] {
        assert_same(&call(&shop, method, path, body).await, &format!("woocommerce/{name}"));
    }
    shop.stop().await;
}

/// Captured while a product was created; the same checks stand before one is changed.
#[tokio::test]
async fn wrong_fields_are_refused_word_for_word() {
    let shop = scene::new_york().await;
    for (body, name) in [
        (json!({ "stock_quantity": "lots", "status": "bogus" }), "err_validation_type"),
        (json!({ "regular_price": 12.5 }), "price_number_in"),
    ] {
        let answer = put(&shop, "/products/10", body).await;
        let captured = sample(&format!("woocommerce/{name}"));
        assert_eq!(json!(answer.status), captured["status"]);
        assert_eq!(answer.body, captured["body"], "{name}");
    }
    let answer = put(&shop, "/products/14", json!({ "sku": "mug-1" })).await;
    let captured = sample("woocommerce/err_dup_sku");
    assert_eq!(answer.body["code"], captured["body"]["code"]);
    assert_shape(&answer.body, &captured["body"], "err_dup_sku");
    assert_eq!(answer.body["data"]["resource_id"], 10);

    let malformed = scene::client()
        .put(format!("{}/wp-json/wc/v3/products/10", shop.url()))
        .header("x-forwarded-proto", "https")
        .basic_auth(scene::KEY, Some(scene::SECRET))
        .body("{\"stock_quantity\": ");
    let answer = scene::read(malformed).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body, sample("woocommerce/err_malformed_json")["body"]);
    shop.stop().await;
}

#[tokio::test]
async fn what_was_never_observed_is_said_to_be_so() {
    let shop = scene::new_york().await;
    for (method, path) in [
        ("GET", "/shipping/zones"),
        ("GET", "/payment_gateways"),
        ("GET", "/reports/sales"),
        ("POST", "/coupons"),
        ("GET", "/products?search=mug"),
        ("DELETE", "/coupons/1"),
    ] {
        let answer = call(&shop, method, path, Some(json!({}))).await;
        assert_eq!(answer.status, 501, "{method} {path}");
        assert_eq!(answer.body["code"], "shopsim_not_simulated");
    }
    let answer = put(&shop, "/products/10", json!({ "images": [] })).await;
    assert_eq!(answer.status, 501);
    shop.stop().await;
}
