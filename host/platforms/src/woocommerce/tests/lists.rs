//! What there is, and what was refunded since.

use std::collections::BTreeSet;

use super::*;
use crate::Listed;
use fondaco_model::EntityKind;

/// An order as it is in a list, with an id and the ids of its refunds.
fn noted(id: u64, status: &str, refunds: &[u64]) -> Value {
    let refunds: Vec<Value> = refunds.iter().map(|id| json!({ "id": id, "total": "-1" })).collect();
    json!({
        "id": id, "status": status, "date_modified_gmt": "2026-11-23T04:46:18", "refunds": refunds,
    })
}

#[tokio::test]
async fn the_orders_there_are_are_listed_with_versions_and_refunds() {
    let replay = Replay::new(|got| {
        assert_eq!(got.path, "/orders");
        assert_eq!(got.query("status"), Some("any"));
        assert_eq!(got.query("_fields"), Some("id,status,date_modified_gmt,refunds"));
        Reply::json(&json!([
            noted(7, "processing", &[]),
            noted(8, "checkout-draft", &[]),
            noted(9, "refunded", &[31, 30]),
        ]))
    })
    .await;
    let listing = replay.shop.list(at(1), EntityKind::Order, None).await.unwrap();
    let version = Some(at(1_795_409_178_000));
    let entry = |id: &str, refunds: &[&str]| Listed {
        version,
        refunds: Some(refunds.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>()),
        ..Listed::of(EntityKey::order(shop(), id))
    };
    assert_eq!(listing.entries, [entry("7", &[]), entry("9", &["30", "31"])]);
    assert_eq!(listing.next, None);
}

#[tokio::test]
async fn the_variants_there_are_are_listed_by_their_products() {
    let replay = Replay::new(|got| {
        assert_eq!(got.path, "/products");
        assert_eq!(got.query("_fields"), Some("id,type,date_modified_gmt,variations"));
        let modified = "2026-11-23T04:46:18";
        Reply::json(&json!([
            { "id": 5, "type": "simple", "date_modified_gmt": modified, "variations": [] },
            { "id": 6, "type": "variable", "date_modified_gmt": modified, "variations": [16, 17] },
            { "id": 7, "type": "grouped", "date_modified_gmt": modified, "variations": [] },
        ]))
    })
    .await;
    let listing = replay.shop.list(at(1), EntityKind::Variant, None).await.unwrap();
    let found: Vec<_> =
        listing.entries.iter().map(|entry| (entry.key.id.as_str(), entry.version)).collect();
    assert_eq!(found, [("5", Some(at(1_795_409_178_000))), ("16", None), ("17", None)]);
}

#[tokio::test]
async fn a_long_list_is_read_in_pages() {
    let orders: Vec<Value> = (1..=250).map(|id| noted(id, "completed", &[])).collect();
    let replay = Replay::new(move |got| {
        let offset: usize = got.query("offset").map_or(0, |offset| offset.parse().unwrap());
        let page: Vec<Value> = orders.iter().skip(offset).take(100).cloned().collect();
        Reply::json(&Value::Array(page))
    })
    .await;
    let (mut ids, mut cursor) = (BTreeSet::new(), None);
    loop {
        let listing = replay.shop.list(at(1), EntityKind::Order, cursor.as_deref()).await.unwrap();
        ids.extend(listing.entries.into_iter().map(|entry| entry.key.id));
        cursor = listing.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(ids.len(), 250);
    assert_eq!(replay.calls().len(), 3);
}

/// A refund does not move its order's date: captured before and after, and after it was deleted.
#[test]
fn an_order_that_is_refunded_is_not_modified() {
    for (before, after) in [
        ("marker_order_created", "marker_order_refunds_reason"),
        ("order_after_line_refund_no_line_trace", "order_after_refund_deleted"),
    ] {
        let (before, after) = (
            answer(&format!("woocommerce-eur/{before}")),
            answer(&format!("woocommerce-eur/{after}")),
        );
        assert_eq!(before["date_modified_gmt"], after["date_modified_gmt"]);
        assert_ne!(before["refunds"], after["refunds"]);
    }
}

#[tokio::test]
async fn a_reading_of_what_changed_ends_with_what_was_refunded() {
    let replay = Replay::new(|got| match got.path.as_str() {
        "/orders" => Reply::json(&json!([])),
        "/refunds" => {
            assert_eq!(got.query("dates_are_gmt"), Some("true"));
            assert_eq!(got.query("after"), Some("2026-11-23T04:59:59"));
            Reply::captured("woocommerce-eur/refunds_global_after")
        }
        "/orders/140/refunds" => Reply::captured("woocommerce-eur/refund_by_status_put_list"),
        path if path.ends_with("/refunds") => Reply::json(&json!([])),
        "/orders/140" => Reply::captured("woocommerce-eur/refund_by_status_put"),
        "/orders/138" => Reply::captured("woocommerce-eur/order_after_refund_deleted"),
        other => panic!("{other}"),
    })
    .await;
    // 2026-11-23T05:00:00 UTC.
    let since = Some(at(1_795_410_000_000));
    let first = replay.shop.page(at(9), Collection::Orders, since, None).await.unwrap();
    assert!(first.snapshots.is_empty());
    let next = first.next.unwrap();
    let page = replay.shop.page(at(9), Collection::Orders, since, Some(&next)).await.unwrap();
    assert_eq!(page.next, None);
    let refunded = page.snapshots.iter().find(|seen| seen.key.id == "140").unwrap();
    let order = refunded.entity.as_order().unwrap();
    assert_eq!(order.refunded().to_string(), "15.99");
    assert!(order.refund_ids.value().is_some_and(|ids| ids.contains("141")));
    assert_eq!(page.snapshots.len(), 2);
}

#[tokio::test]
async fn a_shop_that_cannot_list_all_refunds_is_read_without() {
    let replay = Replay::new(|got| match got.path.as_str() {
        "/orders" => Reply::json(&json!([])),
        _ => Reply::captured("woocommerce/err_route"),
    })
    .await;
    let since = Some(at(1_795_410_000_000));
    let first = replay.shop.page(at(9), Collection::Orders, since, None).await.unwrap();
    let read = replay.shop.page(at(9), Collection::Orders, since, first.next.as_deref()).await;
    let page = read.unwrap();
    assert_eq!((page.snapshots.len(), page.next), (0, None));
    // A first reading needs no such end: it reads every order with its refunds.
    let whole = replay.shop.page(at(9), Collection::Orders, None, None).await.unwrap();
    assert_eq!(whole.next, None);
}
