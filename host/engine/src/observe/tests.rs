use fondaco_model::{
    Location, Version,
    commerce::{OrderHead, OrderState, StockLevel, StockPolicy, VariantContent},
};

use super::*;

fn shop() -> ShopId {
    ShopId::new("milano").unwrap()
}

fn known<T>(value: T) -> Aspect<T> {
    Aspect::known(Version::pushed(Timestamp(1)), value)
}

fn variant(price: i64, available: i64) -> Entity {
    let content = VariantContent {
        product: "12".to_owned(),
        sku: None,
        title: "Tazza".to_owned(),
        price: Some(price.into()),
        compare_at: None,
        cost: None,
        barcode: None,
        weight: None,
        published: true,
    };
    let level = StockLevel {
        policy: StockPolicy::Tracked,
        available: Some(available.into()),
        on_hand: None,
    };
    let stock = [(Location::WHOLE_SHOP, known(level))].into();
    Entity::Variant(Variant { content: known(content), stock })
}

fn order(state: OrderState) -> Entity {
    let head = OrderHead {
        number: "7".to_owned(),
        state,
        test: false,
        channel: "web".to_owned(),
        placed_at: Timestamp(1),
        paid_at: None,
        customer: None,
        currency: "EUR".to_owned(),
        prices_include_tax: true,
        total: 20.into(),
        presentment_total: None,
        total_tax: 0.into(),
        payment_method: None,
        shipping_country: None,
        campaign: None,
        codes: Vec::new(),
        charges: Vec::new(),
    };
    Entity::Order(Order { head: known(head), ..Order::default() })
}

/// What is left of a snapshot behind a fence, and that fence if it was behind it.
fn behind(fence: &str, seen: Entity, known: &Entity) -> (Entity, bool) {
    let key = match &seen {
        Entity::Variant(_) => EntityKey::variant(shop(), "13"),
        Entity::Order(_) => EntityKey::order(shop(), "7"),
    };
    let mut seen = Snapshot::new(key, seen);
    let masked = mask(&mut seen, Some(known), &[fence.to_owned()]);
    assert!(masked.as_ref().is_none_or(|masked| masked == fence));
    (seen.entity, masked.is_some())
}

#[test]
fn a_price_that_is_being_written_masks_the_content_and_not_the_stock() {
    let (before, seen) = (variant(20, 5), variant(15, 4));
    for fence in [price_exclusive(&shop(), "13"), product_exclusive(&shop(), "12")] {
        let (left, masked) = behind(&fence, seen.clone(), &before);
        let left = left.as_variant().unwrap();
        assert!(masked && left.content == Aspect::Unknown, "{fence}");
        assert_eq!(left.stock, seen.as_variant().unwrap().stock, "{fence}");
    }
    for fence in [price_exclusive(&shop(), "14"), product_exclusive(&shop(), "13")] {
        assert_eq!(behind(&fence, seen.clone(), &before), (seen.clone(), false), "{fence}");
    }
    // What is as it was known tells nothing new.
    let fence = price_exclusive(&shop(), "13");
    assert_eq!(behind(&fence, before.clone(), &before), (before.clone(), false));
}

#[test]
fn stock_that_is_being_written_masks_the_stock_and_not_the_content() {
    let (before, seen) = (variant(20, 5), variant(15, 4));
    let fence = stock_target(&shop(), "13", &Location::WHOLE_SHOP);
    let (left, masked) = behind(&fence, seen.clone(), &before);
    let left = left.as_variant().unwrap();
    assert!(masked && left.stock.is_empty());
    assert_eq!(left.content, seen.as_variant().unwrap().content);
}

#[test]
fn an_order_that_is_being_acted_on_is_masked_whole() {
    let (before, seen) = (order(OrderState::Processing), order(OrderState::OnHold));
    let fence = order_exclusive(&shop(), "7");
    let (left, masked) = behind(&fence, seen.clone(), &before);
    assert_eq!((left, masked), (Entity::Order(Order::default()), true));
    assert_eq!(behind(&fence, before.clone(), &before), (before.clone(), false));
    // Which refunds there are may be told before any of them is.
    let Entity::Order(mut refunded) = before.clone() else { unreachable!() };
    refunded.refund_ids = known(["70".to_owned()].into());
    let refunded = Entity::Order(refunded);
    assert_eq!(behind(&fence, refunded, &before), (Entity::Order(Order::default()), true));
    let other = order_exclusive(&shop(), "8");
    assert_eq!(behind(&other, seen.clone(), &before), (seen, false));
}
