//! Snapshots in any order, with any repeats, end in the same mirror.

use proptest::prelude::*;

use super::*;
use crate::{
    EntityKey, ShopId, Timestamp, Version,
    commerce::{
        LineKind, OrderState, Parcel, ParcelLine, Refund, StockPolicy, Transaction, TransactionKind,
    },
};

fn shop() -> ShopId {
    ShopId::new("milano").unwrap()
}

fn head(state: OrderState, paid: bool) -> OrderHead {
    OrderHead {
        number: "1042".into(),
        state,
        test: false,
        channel: "web".into(),
        placed_at: Timestamp(1),
        paid_at: paid.then_some(Timestamp(2)),
        customer: None,
        currency: "EUR".into(),
        prices_include_tax: true,
        total: Decimal::from(20),
        presentment_total: None,
        total_tax: Decimal::from(4),
        payment_method: Some("bacs".into()),
        shipping_country: Some("IT".into()),
        campaign: None,
        codes: Vec::new(),
        charges: Vec::new(),
    }
}

fn line(quantity: i64, deducted: i64) -> OrderLine {
    OrderLine {
        id: "1".into(),
        kind: LineKind::Goods,
        variant: Some("10".into()),
        product: Some("10".into()),
        sku: Some("MUG-BLU".into()),
        title: "Mug".into(),
        quantity: Decimal::from(quantity),
        net: Decimal::from(16),
        tax: Decimal::from(4),
        discount: Decimal::ZERO,
        deductions: BTreeMap::from([(Location::WHOLE_SHOP, Decimal::from(deducted))]),
    }
}

fn refund(amount: i64) -> Refund {
    Refund { at: Some(Timestamp(9)), amount: amount.into(), reason: None, lines: Vec::new() }
}

fn payment(moved: bool) -> Transaction {
    Transaction {
        id: None,
        kind: TransactionKind::Payment,
        method: Some("bacs".into()),
        amount: Decimal::from(20),
        moved,
        at: None,
    }
}

fn parcel() -> Parcel {
    Parcel {
        carrier: Some("brt".into()),
        tracking: None,
        shipped_at: Some(Timestamp(7)),
        delivered_at: None,
        lines: vec![ParcelLine { line: "1".into(), quantity: Decimal::from(2) }],
    }
}

fn pushed(version: u64) -> Version {
    Version::pushed(Timestamp(version))
}

fn order(version: u64, state: OrderState, paid: bool, line: OrderLine) -> Snapshot {
    Snapshot::new(
        EntityKey::order(shop(), "17"),
        Entity::Order(Order {
            head: Aspect::known(pushed(version), head(state, paid)),
            lines: Aspect::known(pushed(version), vec![line]),
            ..Order::default()
        }),
    )
}

fn stock(version: u64, available: i64) -> Snapshot {
    let level = StockLevel {
        policy: StockPolicy::Tracked,
        available: Some(Decimal::from(available)),
        on_hand: None,
    };
    Snapshot::new(
        EntityKey::variant(shop(), "10"),
        Entity::Variant(Variant {
            content: Aspect::Unknown,
            stock: BTreeMap::from([(Location::WHOLE_SHOP, Aspect::known(pushed(version), level))]),
        }),
    )
}

fn changes_between(one: &Snapshot, other: &Snapshot) -> Vec<Change> {
    let known = observe(None, one).entity;
    observe(Some(&known), other).changes
}

#[test]
fn what_changed_is_told_once() {
    use OrderChange::{Deductions, Lines, Paid, Placed, State};
    let pending = order(1, OrderState::Pending, false, line(2, 0));
    let paid = order(2, OrderState::Processing, true, line(2, 2));
    let edited = order(3, OrderState::Processing, true, line(3, 3));
    let check = |one: &Snapshot, other: &Snapshot, expected: &[OrderChange]| {
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        let expected: Vec<_> = Some(Change::Order(expected))
            .filter(|change| *change != Change::Order(BTreeSet::new()))
            .into_iter()
            .collect();
        assert_eq!(changes_between(one, other), expected);
    };
    check(&pending, &paid, &[Paid, State, Deductions]);
    check(&paid, &edited, &[Lines, Deductions]);
    check(&paid, &paid, &[]);
    check(&paid, &pending, &[]);
    let new = observe(None, &paid).changes;
    assert_eq!(new, [Change::Order(BTreeSet::from([Placed, Paid]))]);
}

#[test]
fn amounts_that_are_told_with_fewer_digits_are_the_same() {
    let with_net = |version: u64, net: &str| {
        let line = OrderLine { net: net.parse().unwrap(), ..line(2, 2) };
        order(version, OrderState::Processing, true, line)
    };
    let changes = |one: &str, other: &str| changes_between(&with_net(2, one), &with_net(3, other));
    for (one, other) in [("21.15", "21.147541"), ("21.147541", "21.15"), ("19.9", "19.9004")] {
        assert_eq!(changes(one, other), [], "{one} {other}");
    }
    let lines = [Change::Order([OrderChange::Lines].into())];
    for (one, other) in [("21.15", "21.14"), ("19.9", "19.94"), ("21.147541", "21.147542")] {
        assert_eq!(changes(one, other), lines, "{one} {other}");
    }
}

/// The order as it is paid, with something done to it.
fn paid_and(version: u64, change: impl FnOnce(&mut Order)) -> Snapshot {
    let mut snapshot = order(version, OrderState::Processing, true, line(2, 2));
    if let Entity::Order(order) = &mut snapshot.entity {
        order.transactions = Aspect::known(pushed(version), vec![payment(true)]);
        change(order);
    }
    snapshot
}

#[test]
fn what_was_paid_sent_and_given_back_is_told() {
    use OrderChange::{Other, Paid, Placed, Refunds, State};
    let check = |one: &Snapshot, other: &Snapshot, expected: &[OrderChange]| {
        let expected = Change::Order(expected.iter().copied().collect());
        assert_eq!(changes_between(one, other), [expected]);
    };
    let paid = paid_and(2, |_| {});
    let unpaid = |order: &mut Order| {
        order.head = Aspect::known(pushed(1), head(OrderState::Pending, false));
        order.transactions = Aspect::known(pushed(1), vec![payment(false)]);
    };
    check(&paid_and(1, unpaid), &paid, &[Paid, State]);
    let corrected = paid_and(3, |order| {
        let transaction = Transaction { id: Some("TX-1".into()), ..payment(true) };
        order.transactions = Aspect::known(pushed(3), vec![transaction]);
    });
    check(&paid, &corrected, &[Other]);
    let sent = paid_and(3, |order| {
        order.parcels.insert("1".into(), Aspect::known(pushed(3), parcel()));
    });
    check(&paid, &sent, &[Other]);
    let back = paid_and(3, |order| {
        order.refunds.insert("1".into(), Aspect::known(pushed(3), refund(5)));
        let transaction = Transaction { kind: TransactionKind::Refund, ..payment(true) };
        order.transactions = Aspect::known(pushed(3), vec![payment(true), transaction]);
    });
    check(&paid, &back, &[Refunds]);
    let new = observe(None, &sent).changes;
    assert_eq!(new, [Change::Order(BTreeSet::from([Placed, Paid]))]);
    // What is first seen of a part of a known order is no change of it.
    let bare = order(1, OrderState::Processing, true, line(2, 2));
    assert!(changes_between(&bare, &paid).is_empty());
}

/// The order as it was read at a moment, with these refunds and no others.
fn with_refunds(version: u64, read_at: u64, refunds: &[&str]) -> Snapshot {
    let seen = Version::read(Timestamp(version), Timestamp(read_at));
    let all = refunds.iter().map(|id| (*id).to_owned());
    let told = Order {
        head: Aspect::known(seen, head(OrderState::Processing, true)),
        refunds: all.clone().map(|id| (id, Aspect::known(seen, refund(5)))).collect(),
        refund_ids: Aspect::known(seen, all.collect()),
        ..Order::default()
    };
    Snapshot::new(EntityKey::order(shop(), "17"), Entity::Order(told))
}

#[test]
fn a_refund_that_is_there_no_more_is_taken_back() {
    let refunded = |entity: &Entity| entity.as_order().unwrap().refunded();
    let refunds = Change::Order(BTreeSet::from([OrderChange::Refunds]));
    // A refund, and that it is deleted, leave the order's version as it is.
    let (one, two) = (with_refunds(1, 10, &["1"]), with_refunds(1, 20, &["1", "2"]));
    let deleted = with_refunds(1, 30, &["2"]);
    let known = observe(None, &one).entity;
    let more = observe(Some(&known), &two);
    assert_eq!(
        (more.changes.as_slice(), refunded(&more.entity)),
        (&[refunds.clone()][..], 10.into())
    );
    let fewer = observe(Some(&more.entity), &deleted);
    assert_eq!((fewer.changes.as_slice(), refunded(&fewer.entity)), (&[refunds][..], 5.into()));
    assert_eq!(observe(Some(&fewer.entity), &deleted).changes, []);
    // What is older does not bring it back, in whatever order it comes.
    let late = observe(Some(&fewer.entity), &two);
    assert_eq!((late.changes.as_slice(), refunded(&late.entity)), (&[][..], 5.into()));
    let late = observe(Some(&observe(None, &deleted).entity), &two);
    assert_eq!(refunded(&late.entity), 5.into());
    // An observation that does not tell all of them takes none away.
    let part = order(2, OrderState::Processing, true, line(2, 2));
    assert_eq!(refunded(&observe(Some(&fewer.entity), &part).entity), 5.into());
}

#[test]
fn a_sale_is_a_change_of_price() {
    let variant = |version, compare_at, cost| {
        let content = VariantContent {
            product: "10".into(),
            sku: None,
            title: "Mug".into(),
            price: Some(Decimal::from(16)),
            compare_at,
            cost,
            barcode: None,
            weight: None,
            published: true,
        };
        let content = Aspect::known(pushed(version), content);
        let entity = Entity::Variant(Variant { content, stock: BTreeMap::new() });
        Snapshot::new(EntityKey::variant(shop(), "10"), entity)
    };
    let check = |other: &Snapshot, expected: VariantChange| {
        let expected = Change::Variant(BTreeSet::from([expected]));
        assert_eq!(changes_between(&variant(1, None, None), other), [expected]);
    };
    check(&variant(2, Some(Decimal::from(20)), None), VariantChange::Price);
    check(&variant(2, None, Some(Decimal::from(7))), VariantChange::Content);
}

#[test]
fn what_was_stored_before_a_field_was_added_is_read() {
    let stored = r#"{"order":{"head":{"is":"known","version":{"platform":1},"value":{
        "number":"1042","state":"processing","test":false,"channel":"web","placed_at":1,
        "paid_at":2,"currency":"EUR","prices_include_tax":true,"total":"20","total_tax":"4",
        "payment_method":"bacs","shipping_country":"IT"}},
        "lines":{"is":"known","version":{"platform":1},"value":[{"id":"1","kind":"goods",
        "variant":"10","product":"10","sku":"MUG-BLU","title":"Mug","quantity":"2","net":"16",
        "tax":"4","deductions":{"":"2"}}]},
        "refunds":{"1":{"is":"known","version":{"platform":1},
        "value":{"amount":"5","reason":null}}}}}"#;
    let mut expected = order(1, OrderState::Processing, true, line(2, 2)).entity;
    if let Entity::Order(order) = &mut expected {
        let refund = Refund { at: None, ..refund(5) };
        order.refunds.insert("1".into(), Aspect::known(pushed(1), refund));
    }
    assert_eq!(serde_json::from_str::<Entity>(stored).unwrap(), expected);
    let stored = r#"{"variant":{"content":{"is":"known","version":{"platform":1},"value":{
        "product":"10","sku":null,"title":"Mug","price":"16","barcode":null,"published":true}},
        "stock":{"":{"is":"known","version":{"platform":1},
        "value":{"policy":"tracked","available":"14"}}}}}"#;
    let entity = serde_json::from_str::<Entity>(stored).unwrap();
    let variant = entity.as_variant().unwrap();
    assert_eq!(variant.content.value().unwrap().compare_at, None);
    assert_eq!(variant.stock[&Location::WHOLE_SHOP].value().unwrap().on_hand, None);
}

#[test]
fn the_first_sight_of_stock_is_no_change() {
    assert!(observe(None, &stock(1, 14)).changes.is_empty());
    assert_eq!(
        changes_between(&stock(1, 14), &stock(2, 12)),
        [Change::Stock { location: Location::WHOLE_SHOP, before: Some(Decimal::from(14)) }]
    );
}

#[test]
fn quantities_compare_by_value() {
    let mut same = stock(2, 14);
    if let Entity::Variant(variant) = &mut same.entity {
        let available = Some("14.000".parse().unwrap());
        let level = StockLevel { policy: StockPolicy::Tracked, available, on_hand: None };
        variant.stock.insert(Location::WHOLE_SHOP, Aspect::known(pushed(2), level));
    }
    assert!(changes_between(&stock(1, 14), &same).is_empty());
}

#[test]
fn a_deleted_order_is_told_once_and_stays_away() {
    let placed = order(1, OrderState::Processing, true, line(2, 2));
    let gone = Snapshot::new(
        placed.key.clone(),
        Entity::Order(Order {
            head: Aspect::deleted(pushed(5)),
            lines: Aspect::deleted(pushed(5)),
            ..Order::default()
        }),
    );
    let expected = [Change::Order(BTreeSet::from([OrderChange::Deleted]))];
    assert_eq!(changes_between(&placed, &gone), expected);
    let known = observe(Some(&observe(None, &placed).entity), &gone).entity;
    assert!(observe(Some(&known), &gone).changes.is_empty());
    assert!(observe(Some(&known), &placed).changes.is_empty());
}

#[test]
fn a_tie_with_other_content_needs_a_fetch() {
    let known = observe(None, &stock(1, 14)).entity;
    let seen = observe(Some(&known), &stock(1, 12));
    assert!(seen.needs_fetch && seen.changes.is_empty() && !seen.moved);
}

/// One observation of an order or of parts of it: which version, which aspects, what content.
fn any_snapshots() -> impl Strategy<Value = Vec<Snapshot>> {
    let content = (any::<[bool; 4]>(), 0u8..4, 0i64..3);
    prop::collection::btree_map(0u64..1000, content, 1..12).prop_map(|versions| {
        versions
            .into_iter()
            .map(|(version, (tells, number, deducted))| {
                let aspect = |told: bool, gone: bool| match (told, gone) {
                    (false, _) => None,
                    (true, gone) => Some(gone),
                };
                let gone = tells[3] && deducted == 0;
                let head = match aspect(tells[0], gone) {
                    None => Aspect::Unknown,
                    Some(true) => Aspect::deleted(pushed(version)),
                    Some(false) => {
                        Aspect::known(pushed(version), head(OrderState::Processing, tells[3]))
                    }
                };
                let lines = match aspect(tells[1], gone) {
                    None => Aspect::Unknown,
                    Some(true) => Aspect::deleted(pushed(version)),
                    Some(false) => Aspect::known(pushed(version), vec![line(2, deducted)]),
                };
                let amount = refund(deducted);
                let id = number.to_string();
                let parcel =
                    tells[2].then(|| (id.clone(), Aspect::known(pushed(version), parcel())));
                let refund_ids = match tells[2] && tells[1] {
                    true => Aspect::known(pushed(version), BTreeSet::from([id.clone()])),
                    false => Aspect::Unknown,
                };
                let refund = tells[2].then(|| (id, Aspect::known(pushed(version), amount)));
                let transactions = match tells[0] {
                    true => Aspect::known(pushed(version), vec![payment(tells[3])]),
                    false => Aspect::Unknown,
                };
                let entity = Entity::Order(Order {
                    head,
                    lines,
                    transactions,
                    refunds: refund.into_iter().collect(),
                    refund_ids,
                    parcels: parcel.into_iter().collect(),
                });
                Snapshot::new(EntityKey::order(shop(), "17"), entity)
            })
            .collect()
    })
}

fn mirror_of<'a>(snapshots: impl IntoIterator<Item = &'a Snapshot>) -> Option<Entity> {
    let mut mirror = None;
    for snapshot in snapshots {
        mirror = Some(observe(mirror.as_ref(), snapshot).entity);
    }
    mirror
}

proptest! {
    #[test]
    fn any_order_with_any_repeats_ends_in_the_same_mirror(
        (snapshots, shuffled) in any_snapshots().prop_flat_map(|snapshots| {
            let indexes: Vec<usize> = (0..snapshots.len()).collect();
            let repeats = prop::collection::vec(0..snapshots.len(), 0..10);
            let shuffled = repeats
                .prop_map(move |more| indexes.iter().copied().chain(more).collect::<Vec<_>>())
                .prop_shuffle();
            (Just(snapshots), shuffled)
        })
    ) {
        let in_order = mirror_of(&snapshots);
        let as_they_came = mirror_of(shuffled.iter().map(|index| &snapshots[*index]));
        prop_assert_eq!(in_order, as_they_came);
    }

    #[test]
    fn what_was_seen_before_changes_nothing(snapshots in any_snapshots()) {
        let mirror = mirror_of(&snapshots);
        for snapshot in &snapshots {
            let again = observe(mirror.as_ref(), snapshot);
            prop_assert!(!again.moved && again.changes.is_empty() && !again.needs_fetch);
        }
    }
}
