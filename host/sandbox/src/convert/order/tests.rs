//! What a hook gets and what a read answers are the same order.

use std::collections::BTreeMap;

use fondaco_model::{
    Decimal, ShopId,
    commerce::{Campaign, Money, ParcelLine, RefundLine},
};

use super::*;
use crate::contract::interfaces::commerce::OrderResult;

fn key() -> EntityKey {
    EntityKey::order(ShopId::new("milano").unwrap(), "17")
}

fn at(moment: u64) -> Version {
    Version::pushed(Timestamp(moment))
}

/// Numbers, none of which comes twice.
struct Numbers(i64);

impl Numbers {
    fn next(&mut self) -> Decimal {
        self.0 += 1;
        format!("{}.5", self.0).parse().unwrap()
    }
}

fn line(id: &str, numbers: &mut Numbers, places: &[&str]) -> OrderLine {
    OrderLine {
        id: id.into(),
        kind: LineKind::Bundle,
        variant: Some(format!("v{id}")),
        product: None,
        sku: Some(format!("SKU-{id}")),
        title: format!("Line {id}"),
        quantity: numbers.next(),
        net: numbers.next(),
        tax: numbers.next(),
        discount: numbers.next(),
        deductions: places.iter().map(|id| (Location::new(*id), numbers.next())).collect(),
    }
}

fn refund(numbers: &mut Numbers, lines: &[&str], at: Option<u64>) -> Refund {
    let line = |line: &&str| RefundLine {
        line: (*line).into(),
        quantity: numbers.next(),
        net: numbers.next(),
        tax: numbers.next(),
    };
    let lines = lines.iter().map(line).collect();
    Refund { at: at.map(Timestamp), amount: numbers.next(), reason: None, lines }
}

fn parcel(numbers: &mut Numbers, lines: &[&str]) -> Parcel {
    let line = |line: &&str| ParcelLine { line: (*line).into(), quantity: numbers.next() };
    Parcel {
        carrier: Some("brt".into()),
        tracking: None,
        shipped_at: Some(Timestamp(7)),
        delivered_at: None,
        lines: lines.iter().map(line).collect(),
    }
}

fn order() -> Order {
    let numbers = &mut Numbers(0);
    let charge = |kind, id: &str, numbers: &mut Numbers| Charge {
        id: id.into(),
        kind,
        title: format!("Charge {id}"),
        net: numbers.next(),
        tax: numbers.next(),
    };
    let transaction = |kind, numbers: &mut Numbers| Transaction {
        id: None,
        kind,
        method: Some("stripe".into()),
        amount: numbers.next(),
        moved: true,
        at: Some(Timestamp(3)),
    };
    let head = OrderHead {
        number: "1042".into(),
        state: OrderState::Completed,
        test: true,
        channel: "web".into(),
        placed_at: Timestamp(1),
        paid_at: Some(Timestamp(2)),
        customer: Some("c1".into()),
        currency: "EUR".into(),
        prices_include_tax: true,
        total: numbers.next(),
        presentment_total: Some(Money { amount: numbers.next(), currency: "CHF".into() }),
        total_tax: numbers.next(),
        payment_method: Some("stripe".into()),
        shipping_country: Some("IT".into()),
        campaign: Some(Campaign { source: Some("google".into()), medium: None, name: None }),
        codes: vec!["sconto10".into(), "meno5".into()],
        charges: vec![
            charge(ChargeKind::Shipping, "1", numbers),
            charge(ChargeKind::Fee, "2", numbers),
        ],
    };
    let lines = vec![
        line("1", numbers, &["a", "b"]),
        line("2", numbers, &[]),
        line("3", numbers, &["", "c"]),
    ];
    let transactions = vec![
        transaction(TransactionKind::Payment, numbers),
        transaction(TransactionKind::Refund, numbers),
    ];
    let refunds = [
        ("r1", Aspect::known(at(8), refund(numbers, &["1", "2"], Some(4)))),
        ("r2", Aspect::deleted(at(9))),
        ("r3", Aspect::known(at(6), refund(numbers, &[], None))),
        ("r4", Aspect::known(at(5), refund(numbers, &["3"], Some(5)))),
    ];
    let parcels = [
        ("p1", Aspect::known(at(5), parcel(numbers, &["1"]))),
        ("p2", Aspect::Unknown),
        ("p3", Aspect::known(at(12), parcel(numbers, &["2", "3"]))),
    ];
    Order {
        head: Aspect::known(at(5), head),
        lines: Aspect::known(at(5), lines),
        transactions: Aspect::known(at(5), transactions),
        refunds: refunds.into_iter().map(|(id, refund)| (id.to_owned(), refund)).collect(),
        parcels: parcels.into_iter().map(|(id, parcel)| (id.to_owned(), parcel)).collect(),
        ..Order::default()
    }
}

/// The fields of a record, whatever its type is called.
fn shown(record: &impl std::fmt::Debug) -> String {
    let text = format!("{record:?}");
    assert!(!text.contains("\"\""), "an empty text in {text}");
    text
}

#[test]
fn the_borrowed_order_is_the_owned_one() {
    let (key, order) = (key(), order());
    let parts = OrderParts::of(&key, &order).unwrap();
    let inner = parts.inner();
    let lists = parts.lists(&inner);
    let borrowed = shown(&parts.record(&lists));
    let owned: OrderResult = record(&key, order.clone()).unwrap();
    // One kind of record is called `…Param`, the other `…Result`.
    assert_eq!(borrowed, shown(&owned).replace("Result", "Param"));
    // And the owned one is the model's.
    assert_eq!(owned.updated_at, 12);
    let lines = order.lines.value().unwrap();
    for (record, line) in owned.lines.iter().zip(lines) {
        assert_eq!(record.discount, line.discount.to_string());
        assert_eq!(record.deductions.len(), line.deductions.len());
    }
    let places: Vec<_> =
        owned.lines[2].deductions.iter().map(|place| place.location.as_deref()).collect();
    assert_eq!(places, [None, Some("c")]);
    let refunds: Vec<_> =
        owned.refunds.iter().map(|refund| (refund.id.as_str(), refund.at)).collect();
    assert_eq!(refunds, [("r1", 4), ("r3", 6), ("r4", 5)]);
    assert_eq!(owned.refunds[2].lines[0].line, "3");
    let known = order.refunds["r4"].value().unwrap();
    assert_eq!(owned.refunds[2].lines[0].net, known.lines[0].net.to_string());
    let parcels: Vec<_> = owned.parcels.iter().map(|parcel| parcel.lines.len()).collect();
    assert_eq!(parcels, [1, 2]);
    assert_eq!(owned.refunded, order.refunded().to_string());
}

#[test]
fn of_an_order_that_is_not_known_nothing_is_handed_out() {
    let key = key();
    let without = |change: fn(&mut Order)| {
        let mut order = order();
        change(&mut order);
        order
    };
    let no_head = without(|order| order.head = Aspect::deleted(at(9)));
    let no_lines = without(|order| order.lines = Aspect::Unknown);
    for (order, missing) in [(no_head, "head"), (no_lines, "lines")] {
        let error = OrderParts::of(&key, &order).err().unwrap();
        let expected = CallError::Incomplete { key: key.clone(), aspect: missing };
        assert_eq!(error, expected);
        assert!(record(&key, order).is_none());
    }
    // How the money moved may not be known yet.
    let silent = without(|order| {
        order.transactions = Aspect::Unknown;
        order.refunds = BTreeMap::new();
    });
    assert!(OrderParts::of(&key, &silent).is_ok());
    assert!(record(&key, silent).unwrap().transactions.is_empty());
}
