//! Levels: what a hook gets and what a read answers are the same.

use std::collections::BTreeMap;

use fondaco_model::{
    Aspect, Decimal, EntityKey, Location, ShopId, Timestamp, Variant, Version,
    commerce::{StockLevel, StockPolicy, VariantContent},
};

use super::variant::{self, LevelParts};

fn key() -> EntityKey {
    EntityKey::variant(ShopId::new("milano").unwrap(), "10")
}

fn mug() -> Variant {
    let version = Version::pushed(Timestamp(5));
    let number = |text: &str| Some(text.parse::<Decimal>().unwrap());
    let content = VariantContent {
        product: "7".into(),
        sku: Some("MUG".into()),
        title: "Mug".into(),
        price: number("16.00"),
        compare_at: number("19.90"),
        cost: number("7.25"),
        barcode: Some("0012345678905".into()),
        weight: number("350.5"),
        published: true,
    };
    let level = |policy, available, on_hand| {
        Aspect::known(version, StockLevel { policy, available, on_hand })
    };
    let stock = [
        ("a", level(StockPolicy::Backorder, number("-2"), number("3"))),
        ("b", level(StockPolicy::Untracked, None, None)),
        ("c", Aspect::deleted(version)),
    ];
    Variant {
        content: Aspect::known(version, content),
        stock: stock.into_iter().map(|(place, level)| (Location::new(place), level)).collect(),
    }
}

#[test]
fn the_borrowed_level_is_the_owned_one() {
    let (key, mug) = (key(), mug());
    let owned = variant::levels(&key, &mug);
    let places = ["a", "b"].map(Location::new);
    let borrowed = places.each_ref().map(|place| {
        let parts = LevelParts::of(&key, &mug, place).unwrap();
        format!("{:?}", parts.record())
    });
    // One kind of record is called `…Param`, the other `…Result`.
    let shown = [&owned[0], &owned[1]].map(|level| format!("{level:?}").replace("Result", "Param"));
    assert_eq!(borrowed, shown);
    assert_eq!((owned.len(), owned[0].on_hand.as_deref()), (2, Some("3")));
    for place in ["c", "d"] {
        assert!(LevelParts::of(&key, &mug, &Location::new(place)).is_err(), "{place}");
    }
}

#[test]
fn a_variant_is_handed_out_whole_or_not_at_all() {
    let mug = variant::record(&key(), mug()).unwrap();
    let numbers = [mug.price, mug.compare_at, mug.cost, mug.weight];
    let numbers = numbers.map(Option::unwrap_or_default);
    assert_eq!(numbers, ["16", "19.9", "7.25", "350.5"]);
    let gone = Variant { content: Aspect::Unknown, stock: BTreeMap::new() };
    assert!(variant::record(&key(), gone).is_none());
}
