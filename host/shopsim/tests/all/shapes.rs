//! Every answer has the keys, the types and the headers of the captured one.

use fondaco_shopsim::WooShop;
use serde_json::{Value, json};

use crate::likeness::{assert_like, assert_shape};
use crate::scene::{self, Answer, Receiver, call, get, put, sample};

#[tokio::test]
async fn products_look_as_captured() {
    let shop = scene::new_york().await;
    for (path, name) in [
        ("/products/10", "woocommerce/product_get"),
        ("/products/11", "woocommerce/product_variable_get"),
        ("/products/12", "woocommerce/variation_via_products_endpoint"),
        ("/products/11/variations/12", "woocommerce/variation_get"),
        ("/products/11/variations", "woocommerce/variations_list"),
        ("/products?sku=MUG-1", "woocommerce/product_by_sku"),
        ("/products?sku=TEE-S-Red", "woocommerce/product_by_sku_variation"),
        (
            "/products?_fields=id%2Csku%2Cstock_quantity%2Cdate_modified_gmt&per_page=1",
            "woocommerce/products_fields",
        ),
        ("/products?per_page=1&page=2&orderby=modified&order=asc", "woocommerce/products_page2"),
        ("/products?per_page=100&page=9", "woocommerce/products_page_beyond"),
    ] {
        let answer = get(&shop, path).await;
        if name.ends_with("products_fields") {
            // The last is a product that nobody counts, as all captured ones.
            assert_eq!(answer.body[0]["stock_quantity"], Value::Null);
        }
        if name.ends_with("products_page2") {
            // The second by date is the product with variations; its quantity is null.
            let mut simple = get(&shop, "/products?include=10").await;
            simple.headers.clone_from(&answer.headers);
            assert_like(&simple, name);
            continue;
        }
        assert_like(&answer, name);
    }
    shop.stop().await;
}

/// In the captured list the newer of the two used its product's stock.
#[tokio::test]
async fn the_list_of_all_variations_looks_as_captured() {
    let shop = scene::new_york().await;
    let body = json!({ "manage_stock": true, "stock_quantity": 30 });
    put(&shop, "/products/11", body).await;
    put(&shop, "/products/11/variations/13", json!({ "manage_stock": false })).await;
    let answer = get(&shop, "/variations?per_page=5").await;
    assert_like(&answer, "woocommerce/variations_global");
    let captured = &sample("woocommerce/variations_global")["body"];
    for (index, field) in [(0, "sku"), (0, "manage_stock"), (0, "stock_quantity"), (1, "sku")] {
        assert_eq!(answer.body[index][field], captured[index][field], "{index} {field}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_name_goes_out_as_captured() {
    let shop = scene::new_york().await;
    let captured = &sample("woocommerce/product_get")["body"];
    let answer = get(&shop, "/products/10").await;
    for field in ["name", "slug", "price", "regular_price", "price_html", "sku", "stock_quantity"] {
        assert_eq!(answer.body[field], captured[field], "{field}");
    }
    assert!(answer.text.contains(r#"\u6f22\u5b57 &amp; <b>"#), "{}", answer.text);
    assert!(answer.text.contains(r#"<\/span>19.99<\/bdi>"#), "{}", answer.text);
    shop.stop().await;
}

#[tokio::test]
async fn written_products_look_as_captured() {
    let shop = scene::new_york().await;
    let answer = put(&shop, "/products/14", json!({ "stock_quantity": 5 })).await;
    assert_like(&answer, "woocommerce/stock_put_unmanaged");
    assert_eq!(answer.body["stock_quantity"], Value::Null);

    let body = json!({ "manage_stock": true, "stock_quantity": 30 });
    put(&shop, "/products/11", body).await;
    let body = json!({ "manage_stock": false });
    let answer = put(&shop, "/products/11/variations/13", body).await;
    assert_like(&answer, "woocommerce/variation_manage_stock_parent");
    assert_eq!(answer.body["manage_stock"], "parent");
    assert_eq!(answer.body["stock_quantity"], 30);
    shop.stop().await;

    let shop = scene::rome().await;
    let answer = put(&shop, "/products/10", json!({ "regular_price": "1.234,50" })).await;
    assert_like(&answer, "woocommerce-eur/price_comma_with_it_locale");
    assert_eq!(answer.body["regular_price"], "1234.50");
    shop.stop().await;
}

#[tokio::test]
async fn euro_products_look_as_captured() {
    let shop = scene::rome().await;
    let answer = get(&shop, "/products/10").await;
    assert_like(&answer, "woocommerce-eur/product_get_incl_tax");
    let captured = &sample("woocommerce-eur/product_get_incl_tax")["body"];
    for field in ["name", "slug", "price", "price_html", "stock_status", "sku"] {
        assert_eq!(answer.body[field], captured[field], "{field}");
    }
    shop.buy(&[("BO-yes", 3)]).unwrap();
    let answer = get(&shop, "/products/11").await;
    assert_like(&answer, "woocommerce-eur/stock_backorder_product_yes");
    let captured = &sample("woocommerce-eur/stock_backorder_product_yes")["body"];
    for field in ["stock_quantity", "stock_status", "backorders", "backordered", "total_sales"] {
        assert_eq!(answer.body[field], captured[field], "{field}");
    }
    shop.stop().await;
}

async fn order_of(shop: &WooShop, lines: &[(&str, i64)]) -> Answer {
    let order = shop.buy(lines).unwrap();
    get(shop, &format!("/orders/{}", order.id)).await
}

#[tokio::test]
async fn orders_look_as_captured() {
    let shop = scene::new_york().await;
    let answer = order_of(&shop, &[("MUG-1", 2), ("TEE-S-Red", 1)]).await;
    assert_like(&answer, "woocommerce/order_from_checkout");
    assert_like(&get(&shop, "/products/10").await, "woocommerce/product_after_order");
    let captured = &sample("woocommerce/order_from_checkout")["body"];
    assert_same_money(&answer.body, captured);
    shop.stop().await;

    let shop = scene::rome().await;
    let answer = order_of(&shop, &[("BO-yes", 3)]).await;
    assert_like(&answer, "woocommerce-eur/stock_backorder_yes");
    assert_same_money(&answer.body, &sample("woocommerce-eur/stock_backorder_yes")["body"]);
    let answer = order_of(&shop, &[("UNMANAGED", 3)]).await;
    assert_like(&answer, "woocommerce-eur/stock_unmanaged");
    assert_same_money(&answer.body, &sample("woocommerce-eur/stock_unmanaged")["body"]);

    let mug = shop.buy(&[("TAZZA", 2)]).unwrap();
    let path = format!("/orders/{}", mug.id);
    put(&shop, &path, json!({ "status": "on-hold" })).await;
    let captured = &sample("woocommerce-eur/stock_onhold_bacs")["body"];
    let answer = get(&shop, &path).await;
    assert_shape(&answer.body, captured, "stock_onhold_bacs");
    assert_same_money(&answer.body, captured);
    put(&shop, &path, json!({ "status": "completed" })).await;
    let answer = get(&shop, &path).await;
    assert_like(&answer, "woocommerce-eur/stock_transition_completed_19756");
    let exact = get(&shop, &format!("{path}?dp=6")).await;
    let captured = &sample("woocommerce-eur/order_dp6_subtotal_round")["body"];
    assert_eq!(exact.body["total"], "25.980000");
    assert_eq!(exact.body["line_items"][0]["total"], "16.377049");
    assert_eq!(exact.body["shipping_lines"][0]["taxes"][0]["total"], "1.082400");
    assert_eq!(captured["shipping_lines"][0]["taxes"][0]["total"], "1.082400");
    shop.stop().await;
}

/// All amounts, as the captured order has them.
fn assert_same_money(ours: &Value, captured: &Value) {
    for field in
        ["total", "total_tax", "cart_tax", "shipping_total", "shipping_tax", "discount_total"]
    {
        assert_eq!(ours[field], captured[field], "{field}");
    }
    let lines = |order: &Value| order["line_items"].as_array().unwrap().clone();
    for (ours, captured) in lines(ours).iter().zip(lines(captured)) {
        for field in ["total", "total_tax", "subtotal", "subtotal_tax", "price", "quantity"] {
            assert_eq!(ours[field], captured[field], "{field} of a line");
        }
        assert_eq!(ours["taxes"][0]["total"], captured["taxes"][0]["total"]);
    }
    assert_eq!(ours["tax_lines"][0]["tax_total"], captured["tax_lines"][0]["tax_total"]);
}

#[tokio::test]
async fn a_changed_order_looks_as_captured() {
    let shop = scene::new_york().await;
    let captured = sample("woocommerce/order_get");
    let order = captured["body"]["id"].as_u64().unwrap();
    assert_eq!(shop.put_order(captured["body"].clone(), false), Some(order));
    let path = format!("/orders/{order}");
    let answer = get(&shop, &path).await;
    assert_like(&answer, "woocommerce/order_get");
    let mut taken_over = answer.body.clone();
    taken_over["_links"] = captured["body"]["_links"].clone();
    assert_eq!(taken_over, captured["body"], "a captured order comes back as it was");

    let body = json!({ "customer_note": "leave at door", "status": "completed" });
    let answer = put(&shop, &path, body).await;
    assert_like(&answer, "woocommerce/order_update_note");
    shop.stop().await;
}

#[tokio::test]
async fn webhooks_look_as_captured() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    let captured = sample("woocommerce/webhook_create_order_created");
    for (name, path) in [
        ("webhook_create_order_created", ""),
        ("webhook_create_order_updated", ""),
        ("webhook_create_order_deleted", ""),
        ("webhook_create_product_created", ""),
        ("webhook_create_product_updated", ""),
        ("webhook_create_product_deleted", ""),
        ("webhook_create_customer_created", ""),
    ] {
        let name = format!("woocommerce/{name}");
        let mut body = sample(&name)["request"]["body"].clone();
        body["delivery_url"] = json!(format!("{}{path}", receiver.url));
        let answer = call(&shop, "POST", "/webhooks", Some(body)).await;
        assert_like(&answer, &name);
        for field in ["hooks", "topic", "resource", "event", "name", "status"] {
            assert_eq!(answer.body[field], sample(&name)["body"][field], "{name}: {field}");
        }
    }
    assert_eq!(captured["body"]["id"], 1);
    // Created ones have no modification date until they are changed, as the captured list has.
    let path = "/webhooks/1";
    put(&shop, path, json!({ "name": "rig order.created" })).await;
    let answer = get(&shop, "/webhooks?per_page=10&order=asc").await;
    let mut first = answer;
    first.body.as_array_mut().unwrap().truncate(1);
    assert_like(&first, "woocommerce/webhook_list");

    let ping_500 = json!({
        "name": "t", "topic": "product.updated", "secret": "x",
        "delivery_url": format!("{}/status/500", receiver.url),
    });
    let answer = call(&shop, "POST", "/webhooks", Some(ping_500)).await;
    assert_like(&answer, "woocommerce/webhook_create_ping_500");
    let answer = put(&shop, "/webhooks/8", json!({ "status": "active" })).await;
    assert_like(&answer, "woocommerce/webhook_reactivate");
    shop.stop().await;
}

#[tokio::test]
async fn settings_look_as_captured() {
    let shop = scene::new_york().await;
    assert_like(&get(&shop, "/settings/general").await, "woocommerce/settings_general");
    let status = get(&shop, "/system_status").await;
    assert_like(&status, "woocommerce/system_status");
    let captured = &sample("woocommerce/system_status")["body"];
    assert_eq!(status.body["environment"]["version"], captured["environment"]["version"]);
    assert_like(
        &get(&shop, "/data/currencies/current").await,
        "woocommerce/data_currencies_current",
    );
    let version = get(&shop, "/system_status?_fields=environment.version").await;
    assert_eq!(version.body, json!({ "environment": { "version": "10.5.0" } }));
    shop.stop().await;

    let shop = scene::rome().await;
    let ours = get(&shop, "/settings/general").await;
    let captured = sample("woocommerce-eur/settings_general");
    assert_shape(&ours.body, &captured["body"], "settings_general");
    let values = |body: &Value| -> Vec<(Value, Value)> {
        let settings = body.as_array().unwrap().iter();
        settings.map(|setting| (setting["id"].clone(), setting["value"].clone())).collect()
    };
    assert_eq!(values(&ours.body), values(&captured["body"]));
    assert_like(&get(&shop, "/system_status").await, "woocommerce-eur/system_status");
    let currency = get(&shop, "/data/currencies/current").await;
    assert_eq!(currency.body["code"], sample("woocommerce-eur/data_currency")["body"]["code"]);
    shop.stop().await;
}
