//! Every captured order and refund is read, and what it adds up to.

use std::{fs, path::Path};

use fondaco_model::commerce::{ChargeKind, Refund};

use super::*;

/// The captured answers whose names begin so, that are an order.
fn captured_orders(folder: &str, beginnings: &[&str]) -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples").join(folder);
    let mut names: Vec<String> = fs::read_dir(root)
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.to_owned()))
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .filter(|name| beginnings.iter().any(|beginning| name.starts_with(beginning)))
        .filter(|name| !name.ends_with(".meta"))
        .collect();
    names.sort();
    let orders = names.into_iter().map(|name| {
        let body = answer(&format!("{folder}/{name}"));
        (name, body)
    });
    orders
        .filter(|(_, body)| body.get("line_items").is_some() && body.get("billing").is_some())
        .collect()
}

fn sum(order: &Order) -> Decimal {
    let lines = order.lines.value().unwrap().iter().map(|line| line.net + line.tax);
    let charges = &order.head.value().unwrap().charges;
    lines.chain(charges.iter().map(|charge| charge.net + charge.tax)).sum()
}

#[test]
fn every_captured_order_is_read_and_adds_up() {
    let all = ["checkout_", "marker_", "order_", "refund_", "rest_", "stock_"];
    let mut orders = captured_orders("woocommerce-eur", &all);
    orders.extend(captured_orders("woocommerce", &all));
    assert!(orders.len() > 60, "only {} orders were found", orders.len());
    for (name, body) in orders {
        let trashed = body["status"] == "trash";
        let order = read(body.clone());
        if trashed {
            assert!(order.head.is_deleted(), "{name}");
            continue;
        }
        let head = order.head.value().unwrap();
        // What tells the amounts with two digits where the shop rounds the sum is short by a cent.
        let rounded = ["checkout_total_not_sum_of_lines", "order_dp2_subtotal_round"];
        let most = match name.as_str() {
            name if rounded.contains(&name) => decimal("0.01"),
            // Here the digits are all there, and the shop rounds the total.
            "order_dp6_subtotal_round" => decimal("0.005"),
            _ => Decimal::ZERO,
        };
        let off = (head.total - sum(&order)).max(sum(&order) - head.total);
        assert!(off <= most, "{name}: {off} off");
        let taxes: Decimal = order.lines.value().unwrap().iter().map(|line| line.tax).sum();
        let charged: Decimal = head.charges.iter().map(|charge| charge.tax).sum();
        let off = (taxes + charged - head.total_tax).max(head.total_tax - taxes - charged);
        // A shop that rounds the sum of taxes and not each is off by a cent from what two digits say.
        let most = match name.as_str() {
            name if rounded.contains(&name) => decimal("0.02"),
            name if name.contains("subtotal_round") => decimal("0.01"),
            _ => most,
        };
        assert!(off <= most, "{name}: taxes {off} off");
    }
}

fn eur(name: &str) -> Order {
    read(answer(&format!("woocommerce-eur/{name}")))
}

#[test]
fn lines_shipping_and_fees_are_net_also_where_prices_include_tax() {
    let order = eur("checkout_mixed_line_round");
    let head = order.head.value().unwrap();
    assert!(head.prices_include_tax);
    let shipping = &head.charges[0];
    assert_eq!(shipping.kind, ChargeKind::Shipping);
    assert_eq!((shipping.net, shipping.tax), (decimal("4.92"), decimal("1.08")));
    // Three rates: 22, 10 and 4 %.
    let lines = order.lines.value().unwrap();
    let amounts: Vec<_> = lines.iter().map(|line| (line.net, line.tax)).collect();
    let expected = [("24.57", "5.40"), ("7.91", "0.79"), ("12.40", "0.50")];
    assert_eq!(amounts, expected.map(|(net, tax)| (decimal(net), decimal(tax))));
    // Shipping that is taxed as the cart is.
    let head = eur("checkout_shipping_inherit_4").head;
    let shipping = &head.value().unwrap().charges[0];
    assert_eq!((shipping.net, shipping.tax), (decimal("4.92"), decimal("0.20")));
}

#[test]
fn coupons_fees_and_untaxed_countries_are_read() {
    let free = eur("checkout_coupon_100");
    let head = free.head.value().unwrap();
    assert_eq!((head.codes.as_slice(), head.total), (&["tutto".to_owned()][..], decimal("6.00")));
    let discounts: Decimal = free.lines.value().unwrap().iter().map(|line| line.discount).sum();
    assert_eq!(discounts, decimal("44.88"));
    // The shop's own sum of discounts (7.46) is another than that of its coupon lines (7.44); what
    // was taken off the lines is what counts.
    let percent = eur("checkout_percent_line_round");
    let discounts: Decimal = percent.lines.value().unwrap().iter().map(|line| line.discount).sum();
    assert_eq!(discounts, decimal("7.46"));
    let negative = eur("rest_negative_fee");
    let fee = negative.head.value().unwrap().charges.iter();
    let fee = fee.into_iter().find(|charge| charge.kind == ChargeKind::Fee).unwrap();
    assert_eq!((fee.net, fee.tax, fee.title.as_str()), (decimal("-3"), decimal("-0.33"), "Sconto"));
    let untaxed = eur("rest_order_country_without_rate");
    let head = untaxed.head.value().unwrap();
    assert_eq!((head.total_tax, head.shipping_country.as_deref()), (Decimal::ZERO, Some("DE")));
}

#[test]
fn all_digits_are_asked_for_because_two_do_not_add_up() {
    let (two, six) = (eur("order_dp2_subtotal_round"), eur("order_dp6_subtotal_round"));
    let total = decimal("15.36");
    assert_eq!(two.head.value().unwrap().total, total);
    assert_eq!((total - sum(&two), total - sum(&six)), (decimal("0.01"), decimal("0.003")));
}

#[test]
fn deductions_follow_edits_backorders_and_what_the_shop_never_took() {
    let of = |name: &str| deductions(&eur(name));
    let whole = |numbers: &[&str]| -> Vec<Option<String>> {
        numbers.iter().map(|number| Some((*number).to_owned())).collect()
    };
    assert_eq!(of("stock_backorder_notify"), whole(&["3"]));
    assert_eq!(of("stock_edit_remove_line"), Vec::new());
    assert_eq!(of("stock_edit_remove_line_null"), Vec::new());
    assert_eq!(of("stock_order_refunded"), [None]);
    assert_eq!(
        of("stock_after_partial_refund_no_restock"),
        of("stock_after_partial_refund_restock")
    );
}

fn refund(name: &str) -> Refund {
    let order: payloads::Order =
        serde_json::from_value(answer("woocommerce-eur/refund_base_order_after_partials")).unwrap();
    let refund: payloads::Refund =
        serde_json::from_value(answer(&format!("woocommerce-eur/{name}"))).unwrap();
    let id = refund.id.to_string();
    let seen = Seen { shop: &shop(), read: Some(at(READ_AT)) };
    let made = orders::snapshot(&seen, &order, Refunds::Read(&[refund])).unwrap().unwrap();
    made.entity.as_order().unwrap().refunds[&id].value().unwrap().clone()
}

#[test]
fn every_captured_refund_is_what_the_shop_stored() {
    for (name, amount, lines) in [
        ("refund_amount_only", "1.00", &[][..]),
        ("refund_shipping_only", "6.00", &[]),
        ("refund_fee_only", "3.50", &[]),
        ("refund_zero", "0", &[]),
        ("refund_three_decimals_dp3", "0.015", &[]),
        ("refund_rest_three_decimals", "0.02", &[]),
        ("refund_comma", "0.50", &[]),
        ("refund_amount_format_1d000", "1.00", &[]),
        ("refund_amount_format_1d000c50", "1000.50", &[]),
        ("refund_zero_amount_with_lines", "0", &[("1", "0", "0")]),
        ("refund_qty_without_total", "1.00", &[("1", "0", "0")]),
        ("refund_no_tax_given", "3.95", &[("1", "3.95", "0")]),
        ("refund_amount_mismatch_lines", "0.50", &[("1", "3.95", "0.40")]),
        ("refund_line_over_line_total", "2.00", &[("5", "99.00", "3.96")]),
        ("refund_one_unit_with_tax", "9.99", &[("1", "8.19", "1.80")]),
        ("refund_one_unit_no_restock", "9.99", &[("1", "8.19", "1.80")]),
        ("refund_odd_split_1", "3.92", &[("1", "3.56", "0.36")]),
        ("refund_odd_split_3", "3.92", &[("1", "3.56", "0.36")]),
        ("refund_restock_more_than_sold", "1.00", &[("5", "0.82", "0.18")]),
        (
            "refund_everything_by_lines",
            "61.07",
            &[("3", "24.57", "5.40"), ("2", "7.91", "0.79"), ("1", "12.40", "0.50")],
        ),
        (
            "refund_all_lines_sum_ne_total",
            "15.35",
            &[("1", "0.75", "0.16"), ("1", "1.75", "0.38"), ("1", "2.75", "0.60")],
        ),
    ] {
        let refund = refund(name);
        assert_eq!(refund.amount, decimal(amount), "{name}");
        let found: Vec<_> =
            refund.lines.iter().map(|line| (line.quantity, line.net, line.tax)).collect();
        let expected: Vec<_> = lines
            .iter()
            .map(|(quantity, net, tax)| (decimal(quantity), decimal(net), decimal(tax)))
            .collect();
        assert_eq!(found, expected, "{name}");
        assert!(refund.lines.iter().all(|line| !line.line.is_empty()), "{name}: of which line");
    }
}

#[test]
fn whether_money_moved_the_refund_tells_and_not_its_amount() {
    let moved = |name: &str| -> bool {
        let refund: payloads::Refund =
            serde_json::from_value(answer(&format!("woocommerce-eur/{name}"))).unwrap();
        refund.refunded_payment
    };
    for (name, expected) in [
        ("refund_gateway_true", true),
        ("refund_gateway_default_flag_omitted", true),
        ("refund_gateway_false", false),
        ("refund_amount_only", false),
        // Both called the payment service.
        ("refund_parallel_first", true),
        ("refund_parallel_second", true),
        ("marker_refund_slow_gateway", true),
    ] {
        assert_eq!(moved(name), expected, "{name}");
    }
}

/// While the payment service works, the refund is there and has sent nothing; declined, it is gone.
#[test]
fn a_refund_that_is_under_way_has_sent_nothing_yet() {
    for name in
        ["marker_refund_list_while_gateway_pending", "marker_refund_list_pending_then_declined"]
    {
        let refunds = answer(&format!("woocommerce-eur/{name}"));
        let refunds: Vec<payloads::Refund> = serde_json::from_value(refunds).unwrap();
        assert_eq!((refunds.len(), refunds[0].refunded_payment), (1, false), "{name}");
    }
    let later = answer("woocommerce-eur/marker_refund_after_client_timeout");
    let later: Vec<payloads::Refund> = serde_json::from_value(later).unwrap();
    assert!(later[0].refunded_payment);
}
