//! Invoices, credit memos, and what a credit memo is asked for with.

use fondaco_model::commerce::TransactionKind;

use super::*;
use crate::{
    magento::{
        orders::{self, Documents, money},
        payloads::{CreditMemo, Invoice},
    },
    seen::Seen,
};

fn memo(name: &str) -> CreditMemo {
    serde_json::from_value(answer(&format!("magento-eur/{name}"))).unwrap()
}

#[test]
fn money_moved_where_the_payment_service_has_a_number_for_it() {
    let invoices: Found<Invoice> =
        serde_json::from_value(answer("magento-eur/gateway_invoices")).unwrap();
    let documents = Documents {
        invoices: invoices.items,
        credit_memos: vec![
            memo("gateway_order_refund_creditmemo"),
            memo("gateway_invoice_refund_online_creditmemo"),
        ],
        ..Documents::default()
    };
    let shop = shop();
    let seen = Seen { shop: &shop, read: Some(READ_AT) };
    let order = order("gateway_order_after_online");
    let snapshot = orders::snapshot(&seen, &order, &documents).unwrap();
    let told = snapshot.entity.as_order().unwrap();
    let transactions = told.transactions.value().unwrap();
    let moved: Vec<_> = transactions.iter().map(|one| (one.kind, one.amount, one.moved)).collect();
    assert_eq!(
        moved,
        [
            (TransactionKind::Payment, decimal("57.57"), true),
            (TransactionKind::Refund, decimal("9.99"), false),
            (TransactionKind::Refund, decimal("9.99"), true),
        ]
    );
    assert_eq!(transactions[2].id.as_deref(), Some("REF-6b03d12ace813"));
    assert_eq!(told.refund_ids.value().unwrap().len(), 2);
    let paid_at = told.head.value().unwrap().paid_at.unwrap();
    assert_eq!(times::format(paid_at), "2026-11-23 05:37:43");
}

#[test]
fn a_memos_lines_are_after_their_discount() {
    let order = order("refund_discounted_after_7");
    let refund =
        money::refund("order 23", &order, &memo("refund_discounted_caffe_creditmemo")).unwrap();
    let [line] = refund.lines.as_slice() else { panic!("{refund:?}") };
    assert_eq!((line.net, line.tax), (decimal("3.56"), decimal("0.35")));
    assert_eq!(refund.amount, line.net + line.tax);
}

#[test]
fn a_memo_of_shipping_or_an_adjustment_has_no_lines() {
    let order = order("refund_base_order");
    for (name, amount) in [
        ("refund_shipping_600_creditmemo", "5"),
        ("refund_amount_only_adjustment_creditmemo", "1"),
        ("refund_zero_creditmemo_9", "0"),
    ] {
        let refund = money::refund("order 19", &order, &memo(name)).unwrap();
        assert_eq!((refund.amount, refund.lines.len()), (decimal(amount), 0), "{name}");
    }
}

#[test]
fn the_line_of_a_shape_gives_back_nothing_by_itself() {
    let mut order = order("order_full_free_configurable_row");
    // The memo is of another order with the same goods.
    for item in &mut order.items {
        item.item_id = match item.item_id {
            20 => 82,
            21 => 83,
            other => other,
        };
        item.parent_item_id = item.parent_item_id.map(|_| 82);
    }
    let memo = memo("refund_configurable_parent_id_creditmemo");
    let refund = money::refund("order 24", &order, &memo).unwrap();
    let [line] = refund.lines.as_slice() else { panic!("{refund:?}") };
    assert_eq!((line.line.as_str(), line.net + line.tax), ("82", decimal("24.90")));
}
