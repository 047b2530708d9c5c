//! Pages, filters and moments.

use fondaco_shopsim::WooShop;
use serde_json::{Value, json};

use crate::scene::{self, get, product, put, sample};

async fn many() -> WooShop {
    let products = (0..18).map(|number| product(&format!("PG-{number}"), "Page", "1.00", None));
    WooShop::start(scene::config("USD", products.collect())).await.unwrap()
}

#[tokio::test]
async fn pages_link_as_captured() {
    let shop = many().await;
    for name in ["products_page2", "products_page_beyond", "products_fields"] {
        let captured = sample(&format!("woocommerce/{name}"));
        let path = captured["request"]["path"].as_str().unwrap();
        let answer = get(&shop, path).await;
        for header in captured["headers"].as_array().unwrap() {
            let header_name = header[0].as_str().unwrap();
            if ["X-WP-Total", "X-WP-TotalPages", "Link"].contains(&header_name) {
                let value = header[1].as_str().unwrap();
                let expected = value.replace("https://127.0.0.1:8448", &shop.url());
                assert_eq!(answer.header(header_name), expected, "{name}: {header_name}");
            }
        }
        let count = |body: &Value| body.as_array().unwrap().len();
        assert_eq!(count(&answer.body), count(&captured["body"]), "{name}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn every_entry_is_on_one_page() {
    let shop = many().await;
    let mut seen = Vec::new();
    let mut path = "/products?per_page=5&orderby=id&order=asc".to_owned();
    loop {
        let answer = get(&shop, &path).await;
        seen.extend(answer.each("id"));
        let next = answer.header("link").split(", ").find(|link| link.ends_with("rel=\"next\""));
        let Some(next) = next else { break };
        let url = next.trim_start_matches('<').split('>').next().unwrap();
        path = url.split("/wp-json/wc/v3").nth(1).unwrap().to_owned();
    }
    assert_eq!(seen, (10..28).map(Value::from).collect::<Vec<_>>());
    let offset = get(&shop, "/products?per_page=5&orderby=id&order=asc&offset=16").await;
    assert_eq!(offset.each("id"), [json!(26), json!(27)]);
    shop.stop().await;
}

#[tokio::test]
async fn skus_are_found_whatever_their_case_and_among_variations() {
    let shop = scene::new_york().await;
    let found = get(&shop, "/products?sku=mug-1,TEE-S-RED,nothing&orderby=id&order=asc").await;
    assert_eq!(found.each("id"), [json!(10), json!(12)]);
    let listed = get(&shop, "/products?orderby=id&order=asc").await;
    assert_eq!(listed.each("id"), [json!(10), json!(11), json!(14)], "no variations");
    let variations = get(&shop, "/products/11/variations?orderby=id&order=asc").await;
    assert_eq!(variations.each("id"), [json!(12), json!(13)]);
    let only = get(&shop, "/products/10?_fields=id,dimensions.width").await;
    assert_eq!(only.body, json!({ "id": 10, "dimensions": { "width": "" } }));
    shop.stop().await;
}

#[tokio::test]
async fn a_moment_without_an_offset_is_the_shops_own() {
    let shop = scene::new_york().await;
    let utc = |seconds: i64| {
        let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        now.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    };
    let count = async |query: String| {
        get(&shop, &format!("/products?{query}")).await.body.as_array().unwrap().len()
    };
    let past = utc(-60);
    assert_eq!(count(format!("modified_after={past}&dates_are_gmt=true")).await, 3);
    assert_eq!(count(format!("modified_after={past}Z")).await, 3);
    assert_eq!(count(format!("modified_after={past}")).await, 0, "read as New York's time");
    assert_eq!(count(format!("modified_before={past}&dates_are_gmt=true")).await, 0);
    assert_eq!(count(format!("modified_after={}&dates_are_gmt=true", utc(60))).await, 0);
    shop.stop().await;
}

#[tokio::test]
async fn the_hour_that_comes_twice_is_read_as_captured() {
    let shop = scene::rome().await;
    let orders = sample("woocommerce-eur/dst_orders_list");
    for order in orders["body"].as_array().unwrap() {
        shop.put_order(order.clone(), false).unwrap();
    }
    for name in [
        "dst_filter_2026-10-25T000000Z",
        "dst_filter_2026-10-25T000000_gmt",
        "dst_filter_2026-10-25T000000p0000",
        "dst_filter_2026-10-25T010000_gmt",
        "dst_filter_2026-10-25T020000",
    ] {
        let captured = sample(&format!("woocommerce-eur/{name}"));
        let answer = get(&shop, captured["request"]["path"].as_str().unwrap()).await;
        let ids = |body: &Value| -> Vec<Value> {
            body.as_array().unwrap().iter().map(|order| order["id"].clone()).collect()
        };
        assert_eq!(ids(&answer.body), ids(&captured["body"]), "{name}");
    }
    let newest = get(&shop, "/orders").await.each("id");
    assert_eq!(newest, [json!(145), json!(143), json!(142), json!(144)], "newest first");
    shop.stop().await;
}

#[tokio::test]
async fn orders_are_filtered_by_status() {
    let shop = scene::new_york().await;
    let first = shop.buy(&[("MUG-1", 1)]).unwrap().id;
    let second = shop.buy(&[("MUG-1", 1)]).unwrap().id;
    shop.set_order_status(first, "cancelled");
    let ids = async |query: &str| get(&shop, &format!("/orders?{query}")).await.each("id");
    assert_eq!(ids("status=any").await, [json!(second), json!(first)]);
    assert_eq!(ids("status=cancelled").await, [json!(first)]);
    assert_eq!(ids("status=processing,cancelled&order=asc").await, [json!(first), json!(second)]);
    shop.set_order_status(first, "trash");
    assert_eq!(ids("status=any").await, [json!(second)]);
    assert_eq!(ids("status=trash").await, [json!(first)]);
    assert_eq!(get(&shop, "/orders?status=wat").await.status, 400);
    assert_eq!(get(&shop, "/orders?orderby=wat").await.status, 400);
    assert_eq!(get(&shop, "/orders?page=0").await.status, 400);
    shop.stop().await;
}

#[tokio::test]
async fn what_was_changed_comes_first_by_modification() {
    let shop = scene::new_york().await;
    let captured = sample("woocommerce/product_get");
    let mut old = captured["body"].clone();
    old["id"] = json!(900);
    old["sku"] = json!("OLD");
    shop.put_product(old).unwrap();
    let before = get(&shop, "/products?orderby=modified&order=asc").await.each("id");
    // The captured one was changed in November 2026, whichever side of now that is.
    let outer = before.iter().position(|id| *id == json!(900)).unwrap();
    assert!(outer == 0 || outer == 3, "{before:?}");
    put(&shop, "/products/900", json!({})).await;
    let after = get(&shop, "/products?orderby=modified&order=asc").await.each("id");
    assert_eq!(after[3], json!(900));
    shop.stop().await;
}
