use super::*;
use crate::{
    action::{Reduction, Restock, Value},
    commerce::{Money, OrderState},
};

fn shop() -> ShopId {
    ShopId::new("milano").unwrap()
}

fn stock(variant: &str, available: i64) -> ActionKind {
    ActionKind::ChangeStock {
        shop: shop(),
        variant: variant.to_owned(),
        location: Location::WHOLE_SHOP,
        available: available.into(),
        decided_on: 1.into(),
    }
}

fn euro(amount: i64) -> Money {
    Money { amount: amount.into(), currency: "EUR".to_owned() }
}

fn price(variant: &str, scope: PriceScope, from: i64) -> ActionKind {
    ActionKind::ChangePrice(PriceWrite {
        shop: shop(),
        variant: variant.to_owned(),
        scope,
        from_quantity: from.into(),
        amount: euro(9),
        compare_at: None,
        sale_from: None,
        sale_until: None,
        decided_on: Some(10.into()),
    })
}

fn product(field: ProductField) -> ActionKind {
    ActionKind::ChangeProduct(ProductWrite {
        shop: shop(),
        product: "7".to_owned(),
        field,
        value: "new".to_owned(),
        decided_on: "old".to_owned(),
    })
}

fn order(step: OrderStep, decided_on: OrderState) -> ActionKind {
    ActionKind::ChangeOrder(OrderWrite { shop: shop(), order: "12".to_owned(), step, decided_on })
}

fn hold() -> ActionKind {
    order(OrderStep::Hold { reason: "checked".to_owned() }, OrderState::Processing)
}

fn note() -> ActionKind {
    order(OrderStep::Note { text: "hello".to_owned() }, OrderState::Processing)
}

fn refund(amount: i64) -> ActionKind {
    ActionKind::Refund(RefundWrite {
        shop: shop(),
        order: "12".to_owned(),
        amount: euro(amount),
        method: RefundMethod::Recorded,
        lines: Vec::new(),
        shipping: Decimal::ZERO,
        restock: Restock::None,
        decided_on: Decimal::ZERO,
    })
}

fn discount(code: &str) -> ActionKind {
    ActionKind::Discount(DiscountWrite {
        shop: shop(),
        code: code.to_owned(),
        reduction: Reduction::Shipping,
        minimum: None,
        uses: None,
        customer: None,
        starts_at: None,
        ends_at: None,
    })
}

fn alert() -> ActionKind {
    let text = Localised::default();
    ActionKind::Alert { severity: Severity::Info, title: text.clone(), text }
}

fn all() -> Vec<ActionKind> {
    vec![
        stock("7", 2),
        price("7", PriceScope::Everyone, 1),
        product(ProductField::Title),
        hold(),
        note(),
        refund(3),
        discount("GRAZIE"),
        ActionKind::EndDiscount { shop: shop(), code: "GRAZIE".to_owned() },
        alert(),
    ]
}

#[test]
fn what_writes_one_field_is_never_under_way_twice() {
    for (one, other, same_target, same_exclusive) in [
        (stock("7", 2), stock("7", 3), true, true),
        (stock("7", 2), stock("8", 2), false, false),
        (price("7", PriceScope::Everyone, 1), price("7", PriceScope::Everyone, 10), false, true),
        (price("7", PriceScope::Everyone, 1), price("8", PriceScope::Everyone, 1), false, false),
        (stock("7", 2), price("7", PriceScope::Everyone, 1), false, false),
        (product(ProductField::Title), product(ProductField::Summary), false, true),
        (hold(), order(OrderStep::Release, OrderState::OnHold), true, true),
        (refund(3), hold(), false, true),
        (discount("GRAZIE"), discount("grazie"), true, true),
    ] {
        assert_eq!(one.target() == other.target(), same_target, "{one:?} {other:?}");
        assert_eq!(one.exclusive() == other.exclusive(), same_exclusive, "{one:?} {other:?}");
    }
}

#[test]
fn a_refund_takes_the_place_of_none_and_waits_for_the_other() {
    assert_eq!((refund(3).target(), refund(4).target()), (None, None));
    assert_eq!(refund(3).exclusive(), refund(4).exclusive());
    assert!(refund(3).exclusive().is_some());
}

#[test]
fn what_only_adds_stands_in_nobodys_way() {
    for kind in [note(), alert()] {
        assert_eq!((kind.target(), kind.exclusive(), kind.sets()), (None, None, false), "{kind:?}");
    }
    for kind in [stock("7", 2), hold(), refund(3), product(ProductField::Tags)] {
        assert!(kind.sets(), "{kind:?}");
    }
}

#[test]
fn every_action_on_a_shop_says_which_where_the_store_looks_for_it() {
    for kind in all() {
        let stored = serde_json::to_value(&kind).unwrap();
        let shop = kind.shop().map(ShopId::as_str);
        assert_eq!(stored.get("shop").and_then(|shop| shop.as_str()), shop, "{stored}");
        assert_eq!(kind.verb().is_some(), shop.is_some());
        assert_eq!(serde_json::from_value::<ActionKind>(stored).unwrap(), kind);
    }
}

#[test]
fn what_was_stored_before_is_read() {
    let stored = r#"{"kind":"change-stock","shop":"milano","variant":"7","location":"",
        "available":"2","decided_on":"1"}"#;
    assert_eq!(serde_json::from_str::<ActionKind>(stored).unwrap(), stock("7", 2));
    let stored = r#"{"end":"stale","found":"12.50"}"#;
    let end = crate::ActionEnd::Stale { found: Value::Number("12.5".parse().unwrap()) };
    assert_eq!(serde_json::from_str::<crate::ActionEnd>(stored).unwrap(), end);
}

#[test]
fn a_newer_one_is_decided_on_what_the_older_was() {
    let mut newer = order(OrderStep::Cancel { reason: "asked".to_owned() }, OrderState::OnHold);
    newer.take_value_before(&hold());
    let ActionKind::ChangeOrder(newer) = newer else { panic!("{newer:?}") };
    assert_eq!(newer.decided_on, OrderState::Processing);
    let mut newer = price("7", PriceScope::Everyone, 1);
    let ActionKind::ChangePrice(write) = &mut newer else { panic!("{newer:?}") };
    write.decided_on = None;
    newer.take_value_before(&price("7", PriceScope::Everyone, 1));
    assert_eq!(newer, price("7", PriceScope::Everyone, 1));
    let mut newer = refund(3);
    newer.take_value_before(&hold());
    assert_eq!(newer, refund(3), "a refund is decided on what it was decided on");
}

#[test]
fn every_verb_has_words_of_its_own() {
    let words: std::collections::BTreeSet<_> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
    assert_eq!(words.len(), Verb::ALL.len());
    for kind in all() {
        if let Some(verb) = kind.verb() {
            assert!(verb.as_str().starts_with(kind.interface()), "{kind:?}");
        }
    }
}
