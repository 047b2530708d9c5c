//! A shop that has been there for long, read from the first page to the last.

use std::collections::BTreeSet;

use fondaco_shopsim::WooShop;
use serde_json::{Value, json};

use crate::scene::{self, get, product, put};

const PRODUCTS: u32 = 500;
const ORDERS: u32 = 1200;

/// The ids of all pages, in their order.
async fn read(shop: &WooShop, list: &str) -> Vec<u64> {
    let mut ids = Vec::new();
    for page in 1.. {
        let answer = get(shop, &format!("{list}&per_page=100&page={page}")).await;
        ids.extend(answer.each("id").iter().filter_map(Value::as_u64));
        if !answer.header("link").contains("rel=\"next\"") {
            break;
        }
    }
    ids
}

#[tokio::test]
async fn a_history_is_read_whole_in_pages() {
    let shop = WooShop::start(scene::config("EUR", Vec::new())).await.unwrap();
    shop.fill(PRODUCTS, ORDERS).unwrap();
    assert!(shop.ledger().is_empty(), "it begins after the history");
    for (list, count) in [
        ("/products?orderby=id&order=asc", PRODUCTS),
        ("/orders?orderby=id&order=asc", ORDERS),
        ("/orders?orderby=modified&order=asc&_fields=id", ORDERS),
        ("/orders?_fields=id", ORDERS),
    ] {
        let ids = read(&shop, list).await;
        assert_eq!(ids.len(), count as usize, "{list}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{list}: none twice");
    }
    assert!(shop.fill(1, 0).is_err(), "these SKUs are there");
    let order = get(&shop, "/orders?per_page=1").await.body[0].clone();
    assert_eq!(
        (&order["status"], &order["line_items"][0]["quantity"]),
        (&json!("completed"), &json!(1))
    );
    assert_eq!(order["line_items"][0]["meta_data"][0]["key"], "_reduced_stock");
    shop.stop().await;
}

/// What is remembered of a list is forgotten with the first change.
#[tokio::test]
async fn a_list_shows_what_changed_between_two_pages() {
    let products = ["A", "B", "C"].map(|sku| product(sku, sku, "1.00", Some(5)));
    let shop = WooShop::start(scene::config("EUR", products.to_vec())).await.unwrap();
    let list = "/products?orderby=price&order=asc";
    assert_eq!(read(&shop, list).await, [10, 11, 12]);
    put(&shop, "/products/10", json!({ "regular_price": "2.00" })).await;
    assert_eq!(read(&shop, list).await, [11, 12, 10]);
    shop.buy(&[("A", 1)]).unwrap();
    let processing = "/orders?status=processing";
    let orders = read(&shop, processing).await;
    assert_eq!(orders.len(), 1);
    shop.set_order_status(orders[0], "completed");
    assert_eq!(read(&shop, processing).await, [0_u64; 0]);
    shop.stop().await;
}

#[tokio::test]
async fn what_is_bought_in_a_large_shop_is_found() {
    let shop = WooShop::start(scene::config("USD", Vec::new())).await.unwrap();
    shop.fill(PRODUCTS, ORDERS).unwrap();
    for number in 1..=200_u32 {
        let sku = format!("BULK-{number:05}");
        let order = shop.buy(&[(sku.as_str(), 1)]).unwrap();
        assert_eq!(order.lines[0].0, sku);
        assert_eq!(shop.quantity(&sku), Some(999));
    }
    let newest = get(&shop, "/orders?status=processing&per_page=1").await;
    assert_eq!(newest.header("x-wp-total"), "200");
    shop.stop().await;
}
