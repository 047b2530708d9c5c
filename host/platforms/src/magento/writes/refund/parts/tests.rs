use fondaco_model::{ShopId, action::RefundMethod, commerce::Money};

use super::*;
use crate::samples::answer;

fn order(name: &str) -> Order {
    serde_json::from_value(answer(&format!("magento-eur/{name}"))).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn write(amount: &str, lines: &[(&str, i64)]) -> RefundWrite {
    let line = |(line, quantity): &(&str, i64)| RefundLine {
        line: (*line).to_owned(),
        quantity: (*quantity).into(),
        net: Decimal::ZERO,
        tax: Decimal::ZERO,
    };
    RefundWrite {
        shop: ShopId::new("roma").unwrap(),
        order: "23".to_owned(),
        amount: Money { amount: decimal(amount), currency: "EUR".to_owned() },
        method: RefundMethod::Recorded,
        lines: lines.iter().map(line).collect(),
        shipping: Decimal::ZERO,
        restock: Restock::None,
        decided_on: Decimal::ZERO,
    }
}

fn adjustments(parts: &Parts) -> (String, String) {
    let of = |field: &str| parts.arguments[field].to_string();
    (of("adjustment_positive"), of("adjustment_negative"))
}

/// As captured: one of seven at 9.99 with a tenth off gave back 8.99, the last 9.00.
#[test]
fn what_a_line_comes_to_is_what_the_shop_makes_of_it() {
    let mut discounted = order("refund_discounted_after_7");
    let item = &mut discounted.items[0];
    item.qty_refunded = Some(Plain("0".to_owned()));
    let none = || Some(Plain("0".to_owned()));
    item.base_amount_refunded = none();
    item.base_tax_refunded = none();
    item.base_discount_refunded = none();
    item.base_discount_tax_compensation_refunded = none();
    assert_eq!(comes_to(&discounted.items[0], 1.into()).unwrap(), decimal("8.99"));
    assert_eq!(comes_to(&discounted.items[0], 7.into()).unwrap(), decimal("62.94"));
    // Six were given back, 53.94 in all.
    let item = &mut discounted.items[0];
    item.qty_refunded = Some(Plain("6".to_owned()));
    item.base_amount_refunded = Some(Plain("49.13".to_owned()));
    item.base_tax_refunded = Some(Plain("9.72".to_owned()));
    item.base_discount_refunded = Some(Plain("6".to_owned()));
    item.base_discount_tax_compensation_refunded = Some(Plain("1.09".to_owned()));
    assert_eq!(comes_to(&discounted.items[0], 1.into()).unwrap(), decimal("9.00"));
}

#[test]
fn every_line_is_named_and_the_rest_is_an_adjustment() {
    let order = order("refund_base_order");
    let ids: Vec<String> = order.items.iter().map(|item| item.item_id.to_string()).collect();
    let [first, ..] = ids.as_slice() else { panic!("{ids:?}") };
    let mut paid = order.clone();
    paid.base_total_paid = Some(paid.base_grand_total.clone());
    for item in &mut paid.items {
        item.qty_invoiced = Some(item.qty_ordered.clone());
    }
    let parts = of(&paid, &write("9.99", &[(first, 1)])).unwrap();
    assert_eq!(parts.items.as_array().unwrap().len(), paid.items.len());
    assert_eq!(parts.items[0]["qty"], json!(1));
    assert_eq!(parts.items[1]["qty"], json!(0));
    assert_eq!(adjustments(&parts), ("0".into(), "0".into()));
    let goodwill = of(&paid, &write("12.50", &[(first, 1)])).unwrap();
    assert_eq!(adjustments(&goodwill), ("2.51".into(), "0".into()));
    let less = of(&paid, &write("8.00", &[(first, 1)])).unwrap();
    assert_eq!(adjustments(&less), ("0".into(), "1.99".into()));
    let amount_only = of(&paid, &write("1", &[])).unwrap();
    assert_eq!(adjustments(&amount_only), ("1".into(), "0".into()));
    let back = RefundWrite { restock: Restock::Sellable, ..write("9.99", &[(first, 1)]) };
    let back = of(&paid, &back).unwrap();
    let extension = &back.arguments["extension_attributes"]["return_to_stock_items"];
    assert_eq!(extension[0].to_string(), *first);
}

#[test]
fn more_than_is_left_is_refused() {
    let mut paid = order("refund_base_order");
    paid.base_total_paid = Some(paid.base_grand_total.clone());
    let first = paid.items[0].item_id.to_string();
    for (write, words) in [
        (write("57.58", &[]), "is more than the 57.57 that were paid"),
        (write("1", &[(first.as_str(), 1)]), "1 is more than the 0 that are paid"),
        (write("1", &[("999", 1)]), "has no line 999"),
        (RefundWrite { shipping: decimal("6.01"), ..write("7", &[]) }, "left of the shipping"),
    ] {
        let error = of(&paid, &write).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}
