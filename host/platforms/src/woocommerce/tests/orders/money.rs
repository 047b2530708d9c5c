//! What is money about an order: discounts, charges, payments, refunds; and where it came from.

use fondaco_model::commerce::{
    Campaign, Charge, ChargeKind, RefundLine, Transaction, TransactionKind,
};

use super::*;

fn read_with_refunds(order: &str, refunds: &str) -> Order {
    let order: payloads::Order = serde_json::from_value(answer(order)).unwrap();
    let refunds: Vec<payloads::Refund> = serde_json::from_value(answer(refunds)).unwrap();
    let seen = Seen { shop: &shop(), read: Some(at(READ_AT)) };
    let snapshot = orders::snapshot(&seen, &order, Refunds::Read(&refunds)).unwrap().unwrap();
    snapshot.entity.as_order().unwrap().clone()
}

fn payment(method: Option<&str>, amount: &str, moved_at: Option<u64>) -> Transaction {
    Transaction {
        id: None,
        kind: TransactionKind::Payment,
        method: method.map(str::to_owned),
        amount: decimal(amount),
        moved: moved_at.is_some(),
        at: moved_at.map(at),
    }
}

#[test]
fn coupons_and_charges_are_told_apart() {
    let order = heard("woocommerce-eur/webhook_order_updated_fee_coupon");
    let head = order.head.value().unwrap();
    assert_eq!(head.codes, ["sconto10", "meno5"]);
    let charge = |kind, id: &str, title: &str, net, tax| Charge {
        id: id.into(),
        kind,
        title: title.into(),
        net: decimal(net),
        tax: decimal(tax),
    };
    let expected = [
        charge(ChargeKind::Shipping, "54", "Corriere", "4.92", "1.08"),
        charge(ChargeKind::Fee, "57", "Contrassegno", "2.87", "0.63"),
    ];
    assert_eq!(head.charges, expected);
    assert_eq!(head.customer.as_deref(), Some("guest:43"));
    assert_eq!((&head.presentment_total, &head.campaign), (&None, &None));
    let lines = order.lines.value().unwrap();
    let discounts: Vec<String> = lines.iter().map(|line| line.discount.to_string()).collect();
    assert_eq!(discounts, ["4.21", "2.08", "1.93", "0", "2.64"]);
    let net: Decimal = lines.iter().map(|line| line.net).sum();
    let tax: Decimal = lines.iter().map(|line| line.tax).sum();
    let charges: Decimal = head.charges.iter().map(|charge| charge.net + charge.tax).sum();
    assert_eq!(net + tax + charges, head.total);
}

#[test]
fn a_total_written_up_by_hand_is_no_discount() {
    let mut order = answer("woocommerce/order_get");
    order["line_items"][0]["subtotal"] = json!("1.00");
    order["line_items"][1]["subtotal"] = json!(null);
    let order = read(order);
    let lines = order.lines.value().unwrap();
    assert!(lines.iter().all(|line| line.discount == Decimal::ZERO));
}

#[test]
fn money_moved_when_the_shop_says_so() {
    let of = |changes: Value| {
        let mut order = answer("woocommerce/order_get");
        order["refunds"] = json!([]);
        for (name, value) in changes.as_object().unwrap() {
            order[name] = value.clone();
        }
        read(order).transactions.value().unwrap().clone()
    };
    let total = "81.64";
    let cod = json!({ "payment_method": "cod", "date_paid_gmt": null, "status": "processing" });
    assert_eq!(of(cod), [payment(Some("cod"), total, None)]);
    let bacs = json!({ "payment_method": "bacs", "date_paid_gmt": null, "status": "on-hold" });
    assert_eq!(of(bacs), [payment(Some("bacs"), total, None)]);
    let paid = "2026-11-23T04:46:18";
    let paid_at = Some(1_795_409_178_000);
    let cod = json!({ "payment_method": "cod", "date_paid_gmt": paid, "status": "completed" });
    assert_eq!(of(cod), [payment(Some("cod"), total, paid_at)]);
    let card = json!({
        "payment_method": "stripe", "transaction_id": "TX-1", "date_paid_gmt": paid,
        "status": "cancelled",
    });
    let taken = Transaction { id: Some("TX-1".into()), ..payment(Some("stripe"), total, paid_at) };
    assert_eq!(of(card), [taken]);
    for status in ["cancelled", "failed"] {
        assert_eq!(of(json!({ "date_paid_gmt": null, "status": status })), [], "{status}");
    }
    assert_eq!(of(json!({ "date_paid_gmt": null, "payment_method": "" })), []);
    assert_eq!(of(json!({ "total": "0.00" })), []);
}

#[test]
fn a_refund_is_read_with_its_lines() {
    let order = read_with_refunds("woocommerce/order_after_refund", "woocommerce/refund_list");
    assert_eq!(order.refunds.len(), 1);
    let refund = order.refunds["19"].value().unwrap();
    assert_eq!((refund.amount, refund.reason.as_deref()), (decimal("21.76"), Some("damaged")));
    assert_eq!(refund.at, Some(at(1_795_409_179_000)));
    let line = RefundLine {
        line: "1".into(),
        quantity: Decimal::ONE,
        net: decimal("19.99"),
        tax: decimal("1.77"),
    };
    assert_eq!(refund.lines, [line]);
    assert_eq!(order.refunded(), decimal("21.76"));
    // Paid on delivery, and nobody has sent the money back yet.
    let back = Transaction { kind: TransactionKind::Refund, ..payment(Some("cod"), "21.76", None) };
    let expected = [payment(Some("cod"), "81.64", None), back];
    assert_eq!(order.transactions.value().unwrap(), &expected);
}

#[test]
fn refunds_are_what_the_shop_recorded() {
    let order = read_with_refunds(
        "woocommerce-eur/refund_base_order_after_partials",
        "woocommerce-eur/refund_base_list",
    );
    let refund = |id: &str| order.refunds[id].value().unwrap();
    // Money only: no line; goods only: no money; more pieces and money than were sold: as written.
    assert_eq!((refund("64").lines.len(), refund("64").amount), (0, Decimal::ONE));
    let goods = &refund("72").lines[0];
    assert_eq!((goods.quantity, goods.net, refund("72").amount), (1.into(), 0.into(), 0.into()));
    let strange = &refund("66").lines[0];
    assert_eq!((strange.line.as_str(), strange.quantity), ("171", Decimal::from(5)));
    assert_eq!((strange.net, refund("66").amount), (decimal("99"), decimal("2")));
    let transactions = order.transactions.value().unwrap();
    let paid = transactions.first().unwrap();
    assert_eq!((paid.id.as_deref(), paid.moved), (Some("TX-59"), true));
    let back: Vec<_> = transactions.iter().skip(1).collect();
    assert!(back.iter().all(|back| back.kind == TransactionKind::Refund && !back.moved));
    assert_eq!(back.iter().map(|back| back.amount).sum::<Decimal>(), order.refunded());
    // Two of the ten gave nothing back.
    assert_eq!(back.len(), 8);
}

#[test]
fn a_payment_service_sends_money_back() {
    let order: payloads::Order =
        serde_json::from_value(answer("woocommerce-eur/refund_gateway_order_after")).unwrap();
    let refund: payloads::Refund =
        serde_json::from_value(answer("woocommerce-eur/refund_gateway_true")).unwrap();
    let seen = Seen { shop: &shop(), read: Some(at(READ_AT)) };
    let refunds = [refund];
    let made = orders::snapshot(&seen, &order, Refunds::Read(&refunds)).unwrap().unwrap();
    let order = made.entity.as_order().unwrap();
    let sent_at = order.refunds["75"].value().unwrap().at;
    let expected = Transaction {
        kind: TransactionKind::Refund,
        at: sent_at,
        moved: true,
        ..payment(Some("eurpay"), "9.99", None)
    };
    assert_eq!(order.transactions.value().unwrap().last(), Some(&expected));
    assert!(sent_at.is_some());
}

#[test]
fn a_customer_and_a_campaign_are_told_if_the_shop_knows_them() {
    let mut known = answer("woocommerce/order_get");
    known["customer_id"] = json!(4);
    known["meta_data"] = json!([
        { "id": 1, "key": "_wc_order_attribution_source_type", "value": "utm" },
        { "id": 2, "key": "_wc_order_attribution_utm_source", "value": "newsletter" },
        { "id": 3, "key": "_wc_order_attribution_utm_medium", "value": "(none)" },
        { "id": 4, "key": "_wc_order_attribution_utm_campaign", "value": "natale" },
        { "id": 5, "key": "_rig", "value": { "a": 1 } },
    ]);
    let order = read(known.clone());
    let head = order.head.value().unwrap();
    assert_eq!(head.customer.as_deref(), Some("4"));
    let campaign =
        Campaign { source: Some("newsletter".into()), medium: None, name: Some("natale".into()) };
    assert_eq!(head.campaign, Some(campaign));
    known["customer_id"] = json!(0);
    known["meta_data"] =
        json!([{ "id": 1, "key": "_wc_order_attribution_utm_source", "value": "" }]);
    let order = read(known.clone());
    let head = order.head.value().unwrap();
    let guest = format!("guest:{}", known["id"]);
    assert_eq!((&head.customer, &head.campaign), (&Some(guest), &None));
}

#[test]
fn a_line_that_stands_for_others_is_a_bundle() {
    let mut order = answer("woocommerce/order_get");
    order["line_items"][0]["bundled_items"] = json!([2]);
    order["line_items"][1]["bundled_items"] = json!([]);
    let order = read(order);
    let kinds: Vec<_> = order.lines.value().unwrap().iter().map(|line| line.kind).collect();
    assert_eq!(kinds, [LineKind::Bundle, LineKind::Goods]);
}
