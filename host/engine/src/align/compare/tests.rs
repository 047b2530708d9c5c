//! Tables of who has what, and what holds of all of them.

use proptest::prelude::*;

use super::*;

fn shop(name: &str) -> ShopId {
    ShopId::new(name).unwrap()
}

fn shops(names: &[&str]) -> BTreeSet<ShopId> {
    names.iter().map(|name| shop(name)).collect()
}

fn counted(available: i64) -> HeldStock {
    HeldStock::Counted { location: Location::WHOLE_SHOP, available: Decimal::from(available) }
}

fn held(of: &str, sku: &str, variant: &str, stock: HeldStock) -> Held {
    Held { shop: shop(of), sku: sku.to_owned(), variant: variant.to_owned(), stock }
}

/// Compares two shops; tells each row in words.
fn compared(all: &[Held]) -> Vec<String> {
    let listing = compare(&shops(&["milano", "torino"]), all.to_vec());
    let words = |difference: &Difference| match difference {
        Difference::Quantity => "quantity".to_owned(),
        Difference::Spelling => "spelling".to_owned(),
        Difference::Missing { shop } => format!("missing {shop}"),
        Difference::Double { shop } => format!("double {shop}"),
        Difference::Untracked { shop } => format!("untracked {shop}"),
        Difference::Unclear { shop } => format!("unclear {shop}"),
    };
    let row = |row: &Row| {
        let all: Vec<String> = row.differences.iter().map(words).collect();
        format!("{}: {}", row.written(), all.join(", "))
    };
    listing.rows.iter().map(row).collect()
}

#[test]
fn how_skus_differ() {
    let milano = |sku: &str, stock| held("milano", sku, "1", stock);
    let torino = |sku: &str, stock| held("torino", sku, "2", stock);
    let check = |all: &[Held], expected: &[&str]| assert_eq!(compared(all), expected, "{all:?}");
    check(&[], &[]);
    check(&[milano("A", counted(3)), torino("A", counted(3))], &[]);
    check(&[milano("A", counted(3)), torino("A", counted(4))], &["A: quantity"]);
    check(&[milano("A", counted(3))], &["A: missing torino"]);
    check(&[milano("A", counted(3)), torino("A", HeldStock::Untracked)], &["A: untracked torino"]);
    check(
        &[milano("A", HeldStock::Untracked), torino("A", HeldStock::Untracked)],
        &["A: untracked milano, untracked torino"],
    );
    check(&[milano("A", HeldStock::Unclear), torino("A", counted(1))], &["A: unclear milano"]);
    for other in ["a", " A", "A ", "A\u{a0}", "\tA"] {
        let all = [milano("A", counted(3)), torino(other, counted(3))];
        assert_eq!(compared(&all).len(), 1, "{other:?}");
        assert!(compared(&all)[0].ends_with(": spelling"), "{other:?}");
    }
    let twice = held("milano", "A", "9", counted(3));
    check(&[milano("A", counted(3)), twice, torino("A", counted(3))], &["A: double milano"]);
    // What another shop has is not asked about.
    check(
        &[milano("A", counted(3)), torino("A", counted(3)), held("roma", "B", "5", counted(1))],
        &[],
    );
}

#[test]
fn only_what_is_clear_is_written() {
    let written = |all: &[Held], right: &str| {
        let listing = compare(&shops(&["milano", "torino"]), all.to_vec());
        let changes = changes(&listing.rows, &shop(right));
        let words = |change: &Change| {
            format!("{} {} {}→{}", change.shop, change.variant, change.before, change.after)
        };
        changes.iter().map(words).collect::<Vec<_>>()
    };
    let milano = |sku: &str, stock| held("milano", sku, "1", stock);
    let torino = |sku: &str, stock| held("torino", sku, "2", stock);
    let different = [milano("A", counted(3)), torino("A", counted(4))];
    assert_eq!(written(&different, "milano"), ["torino 2 4→3"]);
    assert_eq!(written(&different, "torino"), ["milano 1 3→4"]);
    assert_eq!(written(&different, "roma"), [""; 0]);
    let nothing: [&[Held]; 5] = [
        &[milano("A", counted(3))],
        &[milano("A", counted(3)), torino("a", counted(4))],
        &[milano("A", counted(3)), torino("A", HeldStock::Untracked)],
        &[milano("A", HeldStock::Unclear), torino("A", counted(3))],
        &[milano("A", counted(3)), held("milano", "A", "9", counted(5)), torino("A", counted(4))],
    ];
    for all in nothing {
        for right in ["milano", "torino"] {
            assert_eq!(written(all, right), [""; 0], "{all:?}");
        }
    }
}

#[test]
fn how_much_waits_for_approval() {
    let change = |sku: usize, before: i64, after: i64| Change {
        sku: sku.to_string(),
        shop: shop("torino"),
        variant: sku.to_string(),
        location: Location::WHOLE_SHOP,
        before: Decimal::from(before),
        after: Decimal::from(after),
    };
    let needs = |skus: usize, changed: usize, zeroed: usize| {
        let changes: Vec<Change> =
            (0..changed).map(|sku| change(sku, 5, i64::from(sku >= zeroed) * 3)).collect();
        let extent = Extent::of(skus, &changes);
        assert_eq!((extent.changed, extent.zeroed), (changed, zeroed));
        extent.needs_approval()
    };
    for (skus, changed, zeroed, expected) in [
        (100, 10, 0, false),
        (100, 11, 0, true),
        (100, 2, 2, false),
        (100, 3, 3, true),
        (8, 1, 0, true),
        (0, 0, 0, false),
    ] {
        assert_eq!(needs(skus, changed, zeroed), expected, "{changed} and {zeroed} of {skus}");
    }
    // What is none already is not made none, and an SKU on two shops counts once.
    let extent = Extent::of(10, &[change(1, 0, 0), change(1, -2, 0), change(2, 0, 4)]);
    assert_eq!((extent.changed, extent.zeroed), (2, 0));
}

#[test]
fn what_the_mirror_has_is_held() {
    use fondaco_model::{
        Aspect, Timestamp, Variant, Version,
        commerce::{StockLevel, VariantContent},
    };
    let version = Version::pushed(Timestamp(1));
    let content = |sku: Option<&str>| {
        Aspect::known(
            version,
            VariantContent {
                product: "1".to_owned(),
                sku: sku.map(str::to_owned),
                title: "x".to_owned(),
                price: None,
                compare_at: None,
                cost: None,
                barcode: None,
                weight: None,
                published: true,
            },
        )
    };
    let level = |policy, available: Option<i64>| {
        let available = available.map(Decimal::from);
        Aspect::known(version, StockLevel { policy, available, on_hand: None })
    };
    let of = |sku: Option<&str>, levels: Vec<(Location, Aspect<StockLevel>)>| {
        let stock = levels.into_iter().collect();
        let entity = Entity::Variant(Variant { content: content(sku), stock });
        Held::of(&EntityKey::variant(shop("milano"), "1"), &entity).map(|held| held.stock)
    };
    let here = || Location::WHOLE_SHOP;
    let tracked = || level(StockPolicy::Tracked, Some(3));
    assert_eq!(of(None, vec![(here(), tracked())]), None);
    assert_eq!(of(Some("A"), vec![(here(), tracked())]), Some(counted(3)));
    let untracked = level(StockPolicy::Untracked, None);
    assert_eq!(of(Some("A"), vec![(here(), untracked)]), Some(HeldStock::Untracked));
    assert_eq!(of(Some("A"), Vec::new()), Some(HeldStock::Unclear));
    let two = vec![(here(), tracked()), (Location::new("7"), tracked())];
    assert_eq!(of(Some("A"), two), Some(HeldStock::Unclear));
}

fn any_held() -> impl Strategy<Value = Held> {
    let stock = prop_oneof![
        4 => (-2..9_i64).prop_map(counted),
        1 => Just(HeldStock::Untracked),
        1 => Just(HeldStock::Unclear),
    ];
    let sku = prop_oneof![Just("A"), Just("a"), Just("A "), Just("B"), Just("C")];
    (prop_oneof![Just("milano"), Just("torino"), Just("roma")], sku, 0..4_u8, stock)
        .prop_map(|(of, sku, variant, stock)| held(of, sku, &variant.to_string(), stock))
}

proptest! {
    #[test]
    fn the_order_of_what_is_held_is_nothing(mut all in prop::collection::vec(any_held(), 0..12)) {
        let listing = compare(&shops(&["milano", "roma", "torino"]), all.clone());
        all.reverse();
        let reversed = compare(&shops(&["milano", "roma", "torino"]), all);
        prop_assert_eq!(listing.digest(), reversed.digest());
        prop_assert_eq!(listing, reversed);
    }

    #[test]
    fn once_written_what_is_clear_no_longer_differs(all in prop::collection::vec(any_held(), 0..12)) {
        let all_shops = shops(&["milano", "roma", "torino"]);
        let right = shop("milano");
        let listing = compare(&all_shops, all.clone());
        let changes = changes(&listing.rows, &right);
        let mut after = all;
        for change in &changes {
            prop_assert_ne!(&change.shop, &right);
            prop_assert_ne!(change.before, change.after);
            let mut written = 0;
            for held in &mut after {
                if (&held.shop, &held.variant) == (&change.shop, &change.variant)
                    && folded(&held.sku) == change.sku
                {
                    prop_assert_eq!(held.available(), Some(change.before));
                    held.stock = HeldStock::Counted {
                        location: change.location.clone(),
                        available: change.after,
                    };
                    written += 1;
                }
            }
            prop_assert_eq!(written, 1, "each variant is written once");
        }
        let again = compare(&all_shops, after);
        prop_assert!(super::changes(&again.rows, &right).is_empty());
        let ambiguous = |rows: &[Row]| -> Vec<String> {
            let of_row = |row: &&Row| row.differences.iter().any(Difference::is_ambiguous);
            rows.iter().filter(of_row).map(|row| row.sku.clone()).collect()
        };
        prop_assert_eq!(ambiguous(&listing.rows), ambiguous(&again.rows), "and is left alone");
    }

    #[test]
    fn another_quantity_is_another_digest(available in 0..9_i64, other in 0..9_i64) {
        let digest = |available: i64| {
            let all = vec![
                held("milano", "A", "1", counted(available)),
                held("torino", "A", "2", counted(-1)),
            ];
            compare(&shops(&["milano", "torino"]), all).digest()
        };
        prop_assert_eq!(digest(available) == digest(other), available == other);
    }
}
