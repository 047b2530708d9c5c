//! Reading lists, also while they change.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock, Mutex},
};

use fondaco_model::{Entity, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    Collection, Platform,
    woocommerce::samples::{Got, Replay, Reply, answer, at},
};

/// A list as WooCommerce serves it: sorted by id, from an offset, at most so many.
fn window(entries: &[Value], got: &Got) -> Reply {
    assert_eq!((got.query("orderby"), got.query("order")), (Some("id"), Some("asc")));
    let number = |name: &str| got.query(name).map(|text| text.parse::<usize>().unwrap());
    let (offset, most) = (number("offset").unwrap_or(0), number("per_page").unwrap());
    assert!(most <= 100, "more are refused");
    let shown: Vec<Value> = entries.iter().skip(offset).take(most).cloned().collect();
    Reply::json(&Value::Array(shown)).header("X-WP-Total", &entries.len().to_string())
}

/// A captured order without its lines and people, for there are many of them.
fn order(id: u64) -> Value {
    static CAPTURED: LazyLock<Value> = LazyLock::new(|| {
        let mut order = answer("woocommerce/order_get");
        let left_out =
            ["billing", "shipping", "tax_lines", "shipping_lines", "meta_data", "_links"];
        order.as_object_mut().unwrap().retain(|name, _| !left_out.contains(&name.as_str()));
        order["line_items"] = json!([]);
        order
    });
    let mut order = CAPTURED.clone();
    order["id"] = json!(id);
    order
}

fn simple(id: u64) -> Value {
    let mut product = answer("woocommerce/product_get");
    product["id"] = json!(id);
    product
}

fn variable(id: u64, variations: &[u64]) -> Value {
    let mut product = answer("woocommerce/product_variable_get");
    product["id"] = json!(id);
    product["variations"] = json!(variations);
    product
}

fn variation(id: u64) -> Value {
    let mut variation = answer("woocommerce/variation_get");
    variation["id"] = json!(id);
    variation.as_object_mut().unwrap().remove("parent_id");
    variation.as_object_mut().unwrap().remove("type");
    variation
}

type Orders = Arc<Mutex<Vec<Value>>>;

async fn shop_with(orders: &Orders) -> Replay {
    let orders = orders.clone();
    Replay::new(move |got| window(&orders.lock().unwrap(), got)).await
}

/// Reads all orders, and does something to the shop after each page.
async fn read_all(replay: &Replay, mut meanwhile: impl FnMut(usize)) -> BTreeSet<u64> {
    let mut ids = BTreeSet::new();
    let mut cursor = None;
    for number in 0.. {
        assert!(number < 1000, "it ends");
        let read = replay.shop.page(at(9), Collection::Orders, None, cursor.as_deref());
        let page = read.await.unwrap();
        ids.extend(page.snapshots.iter().map(|found| found.key.id.parse::<u64>().unwrap()));
        meanwhile(number);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    ids
}

#[tokio::test]
async fn orders_are_read_page_by_page() {
    let orders: Orders = Arc::new(Mutex::new((1..=250).map(order).collect()));
    let replay = shop_with(&orders).await;
    let first = replay.shop.page(at(9), Collection::Orders, None, None).await.unwrap();
    assert_eq!((first.snapshots.len(), first.total), (100, Some(250)));
    let Entity::Order(found) = &first.snapshots[0].entity else { panic!("an order") };
    let version = Version::read(at(1_795_409_179_000), at(9));
    assert_eq!(found.head.version(), Some(version));
    assert_eq!(read_all(&replay, |_| {}).await, (1..=250).collect());
    // The first page and then all of them; each begins with the last entry of the one before.
    let offsets: Vec<_> =
        replay.got().iter().map(|got| got.query("offset").map(str::to_owned)).collect();
    let offset = |text: &str| Some(text.to_owned());
    assert_eq!(offsets, [None, None, offset("99"), offset("198")]);
}

#[tokio::test]
async fn orders_are_asked_for_with_all_their_digits_and_in_utc() {
    let replay = shop_with(&Orders::default()).await;
    let since = Some(at(1_795_409_178_400));
    let page = replay.shop.page(at(9), Collection::Orders, since, None).await.unwrap();
    let next = Some("refunded:0:0".to_owned());
    assert_eq!(page, Page { total: Some(0), next, ..Page::default() });
    let got = &replay.got()[0];
    assert_eq!(got.path, "/orders");
    for (name, value) in [
        ("status", "any"),
        ("dp", "6"),
        ("modified_after", "2026-11-23T04:46:17"),
        ("dates_are_gmt", "true"),
    ] {
        assert_eq!(got.query(name), Some(value), "{name}");
    }
}

/// The order and the refund of it that were captured.
fn refunded() -> Value {
    answer("woocommerce/order_after_refund")
}

#[tokio::test]
async fn the_refunds_of_an_order_are_read_with_it() {
    let replay = Replay::new(|got| match got.path.as_str() {
        "/orders" => window(&[order(1), refunded()], got),
        "/orders/18" => Reply::json(&refunded()),
        "/orders/18/refunds" => window(answer("woocommerce/refund_list").as_array().unwrap(), got),
        other => panic!("{other}"),
    })
    .await;
    let page = replay.shop.page(at(9), Collection::Orders, None, None).await.unwrap();
    let fetched = replay.shop.fetch(at(9), &page.snapshots[1].key).await.unwrap();
    assert_eq!(fetched, page.snapshots[1..]);
    let found = fetched[0].entity.as_order().unwrap();
    assert_eq!(found.refunds["19"].value().unwrap().lines.len(), 1);
    assert_eq!(found.transactions.value().unwrap().len(), 2);
    // Of an order without refunds they are not asked for.
    let refunds = "GET /orders/18/refunds".to_owned();
    let calls = ["GET /orders".to_owned(), refunds.clone(), "GET /orders/18".to_owned(), refunds];
    assert_eq!(replay.calls(), calls);
    assert_eq!(replay.got()[1].query("dp"), Some("6"));
}

#[tokio::test]
async fn an_order_that_goes_before_its_refunds_are_read_tells_nothing_of_them() {
    let replay = Replay::new(|got| match got.path.as_str() {
        "/orders" => window(&[refunded()], got),
        _ => Reply::text(404, "{\"code\":\"woocommerce_rest_shop_order_invalid_id\"}"),
    })
    .await;
    let page = replay.shop.page(at(9), Collection::Orders, None, None).await.unwrap();
    let found = page.snapshots[0].entity.as_order().unwrap();
    assert!(found.head.value().is_some() && found.refunds.is_empty());
    assert_eq!(found.transactions, fondaco_model::Aspect::Unknown);
}

#[tokio::test]
async fn what_is_deleted_meanwhile_hides_nothing() {
    let orders: Orders = Arc::new(Mutex::new((1..=400).map(order).collect()));
    let replay = shop_with(&orders).await;
    let ids = read_all(&replay, |number| {
        if number == 1 {
            // More than a whole page of those that were read already.
            orders.lock().unwrap().drain(20..150);
        }
    })
    .await;
    assert_eq!(ids, (1..=400).collect());
}

#[tokio::test]
async fn the_end_may_move_towards_the_reader() {
    let orders: Orders = Arc::new(Mutex::new((1..=200).map(order).collect()));
    let replay = shop_with(&orders).await;
    let ids = read_all(&replay, |number| {
        if number == 0 {
            orders.lock().unwrap().truncate(5);
        }
    })
    .await;
    assert_eq!(ids, (1..=100).collect());
}

#[tokio::test]
async fn a_strange_cursor_is_refused() {
    let replay = shop_with(&Orders::default()).await;
    for cursor in ["", "3", "a:b", "1:2:3", ":"] {
        let page = replay.shop.page(at(9), Collection::Orders, None, Some(cursor)).await;
        assert!(matches!(page, Err(PlatformError::Refused { .. })), "{cursor}");
    }
}

#[tokio::test]
async fn one_bad_entry_does_not_hide_the_others() {
    let mut bad = order(2);
    bad["date_modified_gmt"] = json!("never");
    let orders: Orders = Arc::new(Mutex::new(vec![order(1), bad, order(3)]));
    let replay = shop_with(&orders).await;
    assert_eq!(read_all(&replay, |_| {}).await, BTreeSet::from([1, 3]));
}

#[tokio::test]
async fn a_product_brings_its_variations() {
    let replay = Replay::new(|got| match got.path.as_str() {
        "/products" => window(&[simple(11), variable(12, &[13, 14]), variable(20, &[])], got),
        "/products/12/variations" => Reply::captured("woocommerce/variations_list"),
        other => panic!("{other}"),
    })
    .await;
    let since = Some(at(1_795_409_178_000));
    let page = replay.shop.page(at(9), Collection::Catalogue, since, None).await.unwrap();
    assert_eq!((page.next, page.total), (None, Some(3)));
    let found: BTreeSet<_> = page
        .snapshots
        .iter()
        .map(|found| {
            let content = found.entity.as_variant().unwrap().content.value().unwrap();
            (found.key.id.as_str(), content.product.as_str(), content.title.as_str())
        })
        .collect();
    let expected = [
        ("11", "11", "Mug \"Ünïcode\" 漢字 & <b>"),
        ("13", "12", "T-Shirt - S, Red"),
        ("14", "12", "T-Shirt - M, Blue"),
    ];
    assert_eq!(found, BTreeSet::from(expected));
    let got = replay.got();
    assert_eq!(got[0].query("modified_after"), Some("2026-11-23T04:46:17"));
    // A variation that follows its product does not move its own date.
    assert_eq!(got[1].query("modified_after"), None);
}

#[tokio::test]
async fn many_products_with_variations_are_spread_over_pages() {
    let products: Vec<Value> = (1..=50).map(|id| variable(id, &[id + 1000])).collect();
    let replay = Replay::new(move |got| match got.path.as_str() {
        "/products" => window(&products, got),
        // One of them was deleted since.
        "/products/7/variations" => Reply::captured("woocommerce/err_bad_product_id"),
        path => {
            let id: u64 = path.split('/').nth(2).unwrap().parse().unwrap();
            window(&[variation(id + 1000)], got)
        }
    })
    .await;
    let mut ids = BTreeSet::new();
    let mut sizes = Vec::new();
    let mut cursor = None;
    loop {
        let read = replay.shop.page(at(9), Collection::Catalogue, None, cursor.as_deref());
        let page = read.await.unwrap();
        sizes.push(page.snapshots.len());
        for found in &page.snapshots {
            let product = &found.entity.as_variant().unwrap().content.value().unwrap().product;
            let id: u64 = found.key.id.parse().unwrap();
            assert_eq!(product, &(id - 1000).to_string());
            ids.insert(id);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [19, 20, 10]);
    assert_eq!(ids, (1001..=1050).filter(|id| *id != 1007).collect());
}

#[tokio::test]
async fn a_list_that_never_holds_still_is_given_up() {
    let orders: Orders = Arc::new(Mutex::new((1..=100).map(order).collect()));
    let replay = shop_with(&orders).await;
    let page = replay.shop.page(at(9), Collection::Orders, None, None).await.unwrap();
    // As of a shop that does not know offsets and begins anew each time.
    let orders: Vec<Value> = (1..=100).map(order).collect();
    let replay = Replay::new(move |_| Reply::json(&Value::Array(orders.clone()))).await;
    let next = replay.shop.page(at(9), Collection::Orders, None, page.next.as_deref()).await;
    assert!(matches!(next, Err(PlatformError::Unavailable { .. })), "{next:?}");
    assert_eq!(replay.got().len(), PAGE_REQUESTS_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is removed and added between the pages, everything that was there all the time is
    /// found.
    #[test]
    fn what_stays_is_found(
        removals in prop::collection::vec(prop::collection::vec(0usize..400, 0..150), 0..6),
        added in 0u64..300,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let orders: Orders = Arc::new(Mutex::new((1..=400).map(order).collect()));
            let replay = shop_with(&orders).await;
            let mut removals = removals.into_iter();
            let found = read_all(&replay, |number| {
                let mut orders = orders.lock().unwrap();
                for place in removals.next().unwrap_or_default() {
                    if place < orders.len() {
                        orders.remove(place);
                    }
                }
                if number == 2 {
                    orders.extend((1000..1000 + added).map(order));
                }
            })
            .await;
            for order in orders.lock().unwrap().iter() {
                let id = order["id"].as_u64().unwrap();
                assert!(found.contains(&id), "{id} was there all the time");
            }
        });
    }
}
