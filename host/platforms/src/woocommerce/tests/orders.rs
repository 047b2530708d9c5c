//! Orders, as shops told them.

use fondaco_model::{
    Decimal, Location, Order, Version,
    commerce::{LineKind, OrderState},
};

use super::*;
use crate::seen::Seen;
use crate::woocommerce::{
    orders::{self, Refunds},
    payloads,
    samples::delivery,
};

mod captured;
mod money;

const READ_AT: u64 = 1_800_000_000_000;

fn heard(name: &str) -> Order {
    let (_, body) = delivery(name);
    let shop = shop_at("http://127.0.0.1:1");
    let heard = shop.normalise("order.updated", at(0), &body).unwrap();
    let [Heard::Snapshot(snapshot), ..] = &heard[..] else { panic!("a snapshot of {name}") };
    snapshot.entity.as_order().unwrap().clone()
}

fn read(order: Value) -> Order {
    let order: payloads::Order = serde_json::from_value(order).unwrap();
    let seen = Seen { shop: &shop(), read: Some(at(READ_AT)) };
    let snapshot = orders::snapshot(&seen, &order, Refunds::NotRead).unwrap().unwrap();
    snapshot.entity.as_order().unwrap().clone()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn deductions(order: &Order) -> Vec<Option<String>> {
    let lines = order.lines.value().unwrap();
    let of = |deductions: &std::collections::BTreeMap<Location, Decimal>| {
        deductions.get(&Location::WHOLE_SHOP).map(Decimal::to_string)
    };
    lines.iter().map(|line| of(&line.deductions)).collect()
}

#[test]
fn a_delivered_order_is_read_whole() {
    let order = heard("woocommerce/webhook_order_updated_with_refund");
    // 2026-11-23T04:17:42 UTC, which in the shop's own time is the day before.
    let modified = at(1_795_407_462_000);
    assert_eq!(order.head.version(), Some(Version::pushed(modified)));
    let head = order.head.value().unwrap();
    assert_eq!((head.number.as_str(), head.state, head.test), ("17", OrderState::Completed, false));
    assert_eq!(head.channel, "rest-api");
    assert_eq!((head.placed_at, head.paid_at), (at(1_795_407_461_000), Some(modified)));
    assert_eq!((head.currency.as_str(), head.prices_include_tax), ("USD", false));
    assert_eq!((head.total, head.total_tax), (decimal("81.64"), decimal("6.66")));
    assert_eq!(head.payment_method.as_deref(), Some("cod"));
    assert_eq!(head.shipping_country.as_deref(), Some("US"));

    let lines = order.lines.value().unwrap();
    assert_eq!(lines.len(), 2);
    let mug = &lines[0];
    assert_eq!((mug.id.as_str(), mug.kind), ("1", LineKind::Goods));
    assert_eq!(mug.title, "Mug \"Ünïcode\" 漢字 & <b>");
    assert_eq!((mug.variant.as_deref(), mug.product.as_deref()), (Some("10"), Some("10")));
    assert_eq!((mug.sku.as_deref(), mug.quantity), (Some("MUG-1"), decimal("2")));
    assert_eq!((mug.net, mug.tax), (decimal("39.98"), decimal("3.55")));
    let shirt = &lines[1];
    assert_eq!((shirt.variant.as_deref(), shirt.product.as_deref()), (Some("12"), Some("11")));
    // Two mugs were taken off the stock, and one refunded back onto it.
    assert_eq!(deductions(&order), [Some("1".to_owned()), Some("1".to_owned())]);
    // A delivery says that there is a refund, and not of what.
    assert_eq!(order.refunds.len(), 0);
    assert_eq!(order.transactions, fondaco_model::Aspect::Unknown);
}

#[test]
fn a_delivered_order_with_refunds_is_read_too() {
    let heard = |name: &str| {
        let (_, body) = delivery(name);
        shop_at("http://127.0.0.1:1").normalise("order.updated", at(0), &body).unwrap()
    };
    let refunded = heard("woocommerce/webhook_order_updated_with_refund");
    assert_eq!(refunded.last(), Some(&Heard::Fetch(EntityKey::order(shop(), "17"))));
    assert_eq!(heard("woocommerce-eur/webhook_order_updated_fee_coupon").len(), 1);
}

#[test]
fn a_checkouts_order_comes_from_the_web() {
    let order = read(answer("woocommerce/order_from_checkout"));
    let head = order.head.value().unwrap();
    assert_eq!((head.channel.as_str(), head.state), ("web", OrderState::Processing));
    let modified = at(1_795_407_808_000);
    assert_eq!(order.head.version(), Some(Version::read(modified, at(READ_AT))));
}

#[test]
fn deductions_follow_what_the_shop_did() {
    let check = |name: &str, expected: &[Option<&str>]| {
        let order = read(answer(&format!("woocommerce-eur/{name}")));
        let expected: Vec<Option<String>> =
            expected.iter().map(|quantity| quantity.map(str::to_owned)).collect();
        assert_eq!(deductions(&order), expected, "{name}");
    };
    check("stock_order_processing", &[Some("2")]);
    check("stock_order_on-hold", &[Some("2")]);
    check("stock_order_completed", &[Some("2")]);
    check("stock_order_pending", &[None]);
    check("stock_order_failed", &[None]);
    check("stock_order_cancelled", &[None]);
    check("stock_edit_qty_down", &[Some("1")]);
    check("stock_edit_qty_up", &[Some("4")]);
    // Three were bought, and one refunded back onto the stock.
    check("stock_after_partial_refund_restock", &[Some("2")]);
    check("stock_after_partial_then_cancel", &[None]);
    check("stock_unmanaged", &[None]);
    check("stock_parent_managed", &[Some("2")]);
}

#[test]
fn a_zero_is_no_deduction_and_a_number_is_one() {
    let with = |value: Value| {
        let mut order = answer("woocommerce/order_get");
        order["line_items"][0]["meta_data"] =
            json!([{ "id": 1, "key": "_reduced_stock", "value": value }]);
        deductions(&read(order)).remove(0)
    };
    assert_eq!(with(json!("0")), None);
    assert_eq!(with(json!(3)).as_deref(), Some("3"));
    assert_eq!(with(json!(1.5)).as_deref(), Some("1.5"));
    assert_eq!(with(json!("-1")).as_deref(), Some("-1"));
    assert_eq!(with(json!("many")), None);
    assert_eq!(with(json!(["2"])), None);
}

#[test]
fn states_are_the_contracts() {
    let check = |status: &str, paid: bool, state: OrderState| {
        let mut order = answer("woocommerce/order_get");
        order["status"] = json!(status);
        order["date_paid_gmt"] = if paid { json!("2026-11-23T04:46:19") } else { json!(null) };
        assert_eq!(read(order).head.value().unwrap().state, state, "{status}");
    };
    check("pending", false, OrderState::Pending);
    check("on-hold", false, OrderState::OnHold);
    check("processing", false, OrderState::Processing);
    check("completed", true, OrderState::Completed);
    check("cancelled", true, OrderState::Cancelled);
    check("refunded", true, OrderState::Refunded);
    check("failed", false, OrderState::Failed);
    check("awaiting-pickup", true, OrderState::Processing);
    check("awaiting-pickup", false, OrderState::OnHold);
}

#[test]
fn drafts_are_no_orders_and_the_trash_is_gone() {
    let seen = Seen { shop: &shop(), read: None };
    let draft: payloads::Order =
        serde_json::from_value(answer("woocommerce-eur/stock_checkout_draft")[0].take()).unwrap();
    assert_eq!(orders::snapshot(&seen, &draft, Refunds::NotRead), Ok(None));
    let trashed = read(answer("woocommerce/order_get_trashed"));
    assert!(trashed.head.is_deleted() && trashed.lines.is_deleted());
    let modified = at(1_795_407_658_000);
    assert_eq!(trashed.head.version(), Some(Version::read(modified, at(READ_AT))));
}

#[test]
fn a_line_without_a_product_is_custom() {
    let order = read(answer("woocommerce/err_order_bad_product"));
    let line = &order.lines.value().unwrap()[0];
    assert_eq!((line.kind, &line.variant, &line.product), (LineKind::Custom, &None, &None));
    assert_eq!(line.sku, None);
}

#[test]
fn channels_are_words() {
    let check = |created_via: Value, channel: &str| {
        let mut order = answer("woocommerce/order_get");
        order["created_via"] = created_via;
        assert_eq!(read(order).head.value().unwrap().channel, channel);
    };
    check(json!("checkout"), "web");
    check(json!("store-api"), "web");
    check(json!("pos-rest-api"), "pos");
    check(json!("rest-api"), "rest-api");
    check(json!("admin"), "admin");
    check(json!(""), "unknown");
    check(json!(null), "unknown");
}

#[test]
fn amounts_keep_six_digits() {
    let order = read(answer("woocommerce-eur/order_dp6_subtotal_round"));
    let lines = order.lines.value().unwrap();
    let sum: Decimal = lines.iter().map(|line| line.net + line.tax).sum();
    assert_eq!(lines[0].net, decimal("0.745902"));
    assert!(sum.to_string().starts_with("6.39"), "{sum}");
    assert!(order.head.value().unwrap().prices_include_tax);
}

#[test]
fn an_order_without_what_it_needs_is_refused() {
    let seen = Seen { shop: &shop(), read: None };
    let check = |field: &str, value: Value, reason: &str| {
        let mut order = answer("woocommerce/order_get");
        order[field] = value;
        order["date_created_gmt"] = json!(null);
        let order: payloads::Order = serde_json::from_value(order).unwrap();
        let made = orders::snapshot(&seen, &order, Refunds::NotRead);
        assert_eq!(made.unwrap_err().0, reason);
    };
    check(
        "date_modified_gmt",
        json!("soon"),
        "order 18 has no date in `date_modified_gmt`: `soon`",
    );
    check(
        "total",
        json!("1.234,50"),
        "order 18 has no number in `total`: `1.234,50` is not a decimal number: write it like \
         -12.50, with at most 15 digits before the dot and 6 after it, no grouping and no exponent",
    );
}

#[test]
fn a_payment_or_country_that_is_empty_is_absent() {
    let mut order = answer("woocommerce/order_get");
    order["payment_method"] = json!("");
    order["shipping"] = json!([]);
    order["date_paid_gmt"] = json!(null);
    let order = read(order);
    let head = order.head.value().unwrap();
    assert_eq!((&head.payment_method, &head.shipping_country, head.paid_at), (&None, &None, None));
}
