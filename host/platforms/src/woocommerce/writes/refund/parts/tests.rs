use fondaco_model::{ShopId, action::RefundMethod, commerce::Money};
use proptest::prelude::*;

use super::{super::super::super::samples::answer, *};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Three mugs at 22 %, two packs of coffee at 10 %, a book at 4 %, shipping of 4.92 + 1.08.
fn order() -> Order {
    serde_json::from_value(answer("woocommerce-eur/refund_base_order")).unwrap()
}

/// What was refunded of it in ten ways, sensible and not.
fn refunds() -> Vec<Refund> {
    serde_json::from_value(answer("woocommerce-eur/refund_base_list")).unwrap()
}

fn line(line: &str, quantity: &str, net: &str, tax: &str) -> RefundLine {
    RefundLine { line: line.to_owned(), quantity: dec(quantity), net: dec(net), tax: dec(tax) }
}

fn refund(amount: &str, lines: Vec<RefundLine>, shipping: &str) -> RefundWrite {
    RefundWrite {
        shop: ShopId::new("milano").unwrap(),
        order: "59".to_owned(),
        amount: Money { amount: dec(amount), currency: "EUR".to_owned() },
        method: RefundMethod::Recorded,
        lines,
        shipping: dec(shipping),
        restock: Restock::Sellable,
        decided_on: Decimal::ZERO,
    }
}

#[test]
fn a_line_is_sent_as_a_shop_was_seen_to_take_it() {
    let write = refund("9.99", vec![line("169", "1", "8.19", "1.80")], "0");
    let expected = json!([{
        "id": 169,
        "quantity": 1,
        "refund_total": "8.19",
        "refund_tax": [{ "id": 2, "refund_total": "1.80" }],
    }]);
    assert_eq!(Json::from(line_items(&order(), &[], &write).unwrap()), expected);
}

#[test]
fn shipping_is_parted_into_net_and_tax() {
    let shipping = |amount: &str| {
        Json::from(line_items(&order(), &[], &refund(amount, Vec::new(), amount)).unwrap())
    };
    let expected = json!([{
        "id": 172,
        "refund_total": "4.92",
        "refund_tax": [{ "id": 2, "refund_total": "1.08" }],
    }]);
    assert_eq!(shipping("6.00"), expected);
    let expected = json!([{
        "id": 172,
        "refund_total": "0.82",
        "refund_tax": [{ "id": 2, "refund_total": "0.18" }],
    }]);
    assert_eq!(shipping("1"), expected);
}

#[test]
fn an_amount_without_lines_has_none() {
    assert!(line_items(&order(), &[], &refund("61.07", Vec::new(), "0")).unwrap().is_empty());
}

#[test]
fn more_than_is_left_is_refused() {
    let check = |refunds: &[Refund], write: &RefundWrite, reason: &str| {
        assert_eq!(line_items(&order(), refunds, write).unwrap_err(), reason);
    };
    check(
        &[],
        &refund("61.08", Vec::new(), "0"),
        "61.08 is more than the 61.07 that are left of order 59",
    );
    let one = |quantity: &str, net: &str, tax: &str| {
        refund("20", vec![line("171", quantity, net, tax)], "0")
    };
    check(&[], &one("2", "1", "0"), "2 is more than the 1 that are left of line 171");
    check(
        &[],
        &one("1", "12.41", "0"),
        "12.41 net and 0 tax are more than the 12.4 and 0.5 that are left of line 171",
    );
    check(
        &[],
        &one("1", "12.40", "0.51"),
        "12.4 net and 0.51 tax are more than the 12.4 and 0.5 that are left of line 171",
    );
    check(
        &[],
        &refund("7", Vec::new(), "6.01"),
        "6.01 is more than the 6 that are left of the shipping",
    );
    // The captured shop took what it should not have: all of the book went back long ago, and all
    // the coffee's net.
    let before: Vec<Refund> =
        refunds().into_iter().filter(|refund| [65, 66, 68].contains(&refund.id)).collect();
    check(&before, &one("1", "0.10", "0"), "1 is more than the -4 that are left of line 171");
    let coffee = refund("1", vec![line("170", "0", "0.05", "0")], "0");
    check(
        &before,
        &coffee,
        "0.05 net and 0 tax are more than the 0.01 and 0.39 that are left of line 170",
    );
}

#[test]
fn what_contradicts_itself_is_refused() {
    let check = |write: &RefundWrite, reason: &str| {
        assert_eq!(line_items(&order(), &[], write).unwrap_err(), reason);
    };
    let mug = || line("169", "1", "8.19", "1.80");
    check(
        &refund("9.98", vec![mug()], "0"),
        "the parts of the refund come to 9.99, which is more than 9.98",
    );
    check(&refund("30", vec![mug(), mug()], "0"), "line 169 is given back twice in one refund");
    check(&refund("1", vec![line("999", "0", "1", "0")], "0"), "the order has no line 999");
    check(
        &refund("1", vec![line("169", "0.5", "1", "0")], "0"),
        "WooCommerce takes back whole pieces, not 0.5 of line 169",
    );
    let mut dollars = refund("1", Vec::new(), "0");
    dollars.amount.currency = "USD".to_owned();
    check(&dollars, "the order is in EUR, and the refund is in USD");
}

#[test]
fn everything_can_be_given_back_part_by_part() {
    // Three of one line, in thirds that do not go up: what the shop shows afterwards is taken off.
    let mut refunds: Vec<Refund> = Vec::new();
    for (net, tax) in [("8.19", "1.80"), ("8.19", "1.80"), ("8.19", "1.80")] {
        let write = refund("9.99", vec![line("169", "1", net, tax)], "0");
        line_items(&order(), &refunds, &write).unwrap();
        refunds.push(shown(&write, refunds.len() as u64 + 1));
    }
    let write = refund("9.99", vec![line("169", "1", "8.19", "1.80")], "0");
    assert_eq!(
        line_items(&order(), &refunds, &write).unwrap_err(),
        "1 is more than the 0 that are left of line 169"
    );
}

/// A refund as the shop shows it afterwards.
fn shown(write: &RefundWrite, id: u64) -> Refund {
    let sent = line_items(&order(), &[], write).unwrap();
    let negative = |part: &Json| format!("-{}", part.as_str().unwrap());
    let lines: Vec<Json> = sent
        .iter()
        .map(|item| {
            let taxes = item["refund_tax"].as_array().unwrap().iter();
            let taxes: Vec<Json> = taxes
                .map(|tax| json!({ "id": tax["id"], "total": negative(&tax["refund_total"]) }))
                .collect();
            let quantity = -item["quantity"].as_i64().unwrap_or_default();
            json!({
                "id": 1_000 + id,
                "quantity": quantity,
                "total": negative(&item["refund_total"]),
                "total_tax": "0",
                "taxes": taxes,
                "meta_data": [{ "key": REFUNDED_KEY, "value": item["id"].to_string() }],
            })
        })
        .collect();
    let amount = write.amount.amount.to_string();
    serde_json::from_value(json!({ "id": id, "amount": amount, "line_items": lines })).unwrap()
}

proptest! {
    #[test]
    fn the_parts_sent_are_the_parts_asked_for(
        mugs in 0i64..=3,
        net in 0i64..=2_457,
        tax in 0i64..=540,
        shipping in 0i64..=600,
        more in 0i64..=300,
    ) {
        let cents = |cents: i64| Decimal::from_units(i128::from(cents), 2).unwrap();
        let all = cents(net + tax + shipping + more);
        prop_assume!(all > Decimal::ZERO);
        let line = line("169", &mugs.to_string(), &cents(net).to_string(), &cents(tax).to_string());
        let mut write = refund(&all.to_string(), vec![line], &cents(shipping).to_string());
        write.restock = Restock::None;
        let items = line_items(&order(), &[], &write).unwrap();
        let part = |part: &Json| part.as_str().unwrap().parse::<Decimal>().unwrap();
        let of = |item: &Json| {
            let taxes = item["refund_tax"].as_array().unwrap().iter();
            part(&item["refund_total"]) + taxes.map(|tax| part(&tax["refund_total"])).sum()
        };
        prop_assert_eq!(of(&items[0]), cents(net + tax));
        prop_assert_eq!(items.iter().map(of).sum::<Decimal>(), cents(net + tax + shipping));
    }
}
