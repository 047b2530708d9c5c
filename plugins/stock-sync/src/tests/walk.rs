//! What takes more than one event or call: large catalogues and orders, what was missed, what
//! comes and goes.

use std::collections::BTreeMap;

use super::memory::{Memory, ProposedChange, Shop, Variant};
use crate::{
    limits::{ORDER_KEPT_MS, PROPOSALS_PER_CALL, SKUS_PER_CALL},
    rules::{
        Quantity, SharedSku,
        orders::{CountedOrder, Line},
        place::{End, Level, Policy},
        shared::Listing,
    },
    sync::{self, OrderHeard, OutcomeHeard, StockHeard},
};

const MINUTE_MS: u64 = 60_000;

fn level(units: i64) -> Option<Level> {
    let available = Quantity::units(units);
    Some(Level { location: None, policy: Policy::Tracked, available })
}

fn with_shops(shops: &[&str]) -> Memory {
    let shop = |id: &&str| ((*id).to_owned(), Shop { name: (*id).to_owned(), production: true });
    Memory {
        now: 1_800_000_000_000,
        settings: r#"{"source":"a"}"#.to_owned(),
        shops: shops.iter().map(shop).collect(),
        ..Memory::default()
    }
}

fn add(memory: &mut Memory, shop: &str, variant: &str, sku: &str, level: Option<Level>) {
    let listing = Listing { shop: shop.to_owned(), variant: variant.to_owned(), level };
    memory.variants.push(Variant { sku: sku.to_owned(), listing });
}

/// Calls until it is done; what was proposed, call by call.
fn tick(memory: &mut Memory) -> Vec<Vec<ProposedChange>> {
    memory.now += MINUTE_MS;
    let (mut calls, mut cursor) = (Vec::new(), None);
    loop {
        cursor = sync::on_tick(memory, cursor.as_deref()).unwrap();
        calls.push(std::mem::take(&mut memory.changes));
        if cursor.is_none() {
            return calls;
        }
    }
}

fn shared(memory: &Memory, sku: &str) -> SharedSku {
    serde_json::from_str(&memory.state[&format!("sku/{sku}")]).unwrap()
}

fn order(memory: &Memory, skus: &[String]) -> OrderHeard {
    let line = |sku: &String| {
        let quantity = Quantity::units(1);
        (sku.clone(), Line { sku: sku.clone(), variant: None, quantity })
    };
    OrderHeard {
        shop: "a".to_owned(),
        id: "1".to_owned(),
        number: "1".to_owned(),
        placed_at: memory.now,
        placed: true,
        deleted: false,
        now: CountedOrder { updated_at: memory.now, lines: skus.iter().map(line).collect() },
    }
}

fn end_all(memory: &mut Memory, changes: &[ProposedChange], end: End) {
    for change in changes {
        let heard = OutcomeHeard {
            action: change.id.clone(),
            key: change.key.clone(),
            end,
            at: memory.now,
        };
        sync::on_outcome(memory, &heard).unwrap();
    }
}

#[test]
fn a_large_catalogue_is_opened_page_by_page() {
    let mut memory = with_shops(&["a", "b"]);
    let count = SKUS_PER_CALL as usize * 2 + 7;
    for number in 0..count {
        let sku = format!("SKU-{number:04}");
        add(&mut memory, "a", &format!("a{number}"), &sku, level(5));
        add(&mut memory, "b", &format!("b{number}"), &sku, level(9));
    }
    let calls = tick(&mut memory);
    assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 7]);
    assert!(calls.iter().flatten().all(|change| change.shop == "b"));
    assert_eq!(memory.state.keys().filter(|key| key.starts_with("sku/")).count(), count);
}

#[test]
fn a_large_order_is_counted_once_over_several_calls() {
    let shops = ["a", "b", "c", "d"];
    let mut memory = with_shops(&shops);
    let skus: Vec<String> = (0..400).map(|number| format!("SKU-{number:04}")).collect();
    for sku in &skus {
        for shop in shops {
            add(&mut memory, shop, sku, sku, level(5));
        }
    }
    tick(&mut memory);
    let heard = order(&memory, &skus);
    let (mut calls, mut cursor) = (Vec::new(), None);
    loop {
        cursor = sync::on_order(&mut memory, &heard, cursor.as_deref()).unwrap();
        calls.push(std::mem::take(&mut memory.changes).len());
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(calls.iter().sum::<usize>(), skus.len() * 3);
    assert!(calls.iter().all(|call| *call < PROPOSALS_PER_CALL + shops.len()), "{calls:?}");
    assert!(skus.iter().all(|sku| shared(&memory, sku).hub == Quantity::units(4)));
    assert_eq!(sync::on_order(&mut memory, &heard, None), Ok(None));
    assert!(memory.changes.is_empty());
}

#[test]
fn a_sku_that_comes_later_is_shared_from_then_on() {
    let mut memory = with_shops(&["a", "b"]);
    tick(&mut memory);
    add(&mut memory, "a", "1", "NEW", level(5));
    add(&mut memory, "b", "2", "NEW", level(9));
    let changes = tick(&mut memory).concat();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].shop.as_str(), changes[0].change.available), ("b", Quantity::units(5)));
}

#[test]
fn a_shop_that_comes_later_is_brought_in_step_and_one_that_goes_is_dropped() {
    let mut memory = with_shops(&["a", "b"]);
    add(&mut memory, "a", "1", "MUG", level(5));
    add(&mut memory, "b", "2", "MUG", level(5));
    assert!(tick(&mut memory).concat().is_empty());
    memory.shops.insert("c".to_owned(), Shop { name: "c".to_owned(), production: true });
    add(&mut memory, "c", "3", "MUG", level(1));
    let changes = tick(&mut memory).concat();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].shop.as_str(), changes[0].change.available), ("c", Quantity::units(5)));
    memory.shops.get_mut("b").unwrap().production = false;
    tick(&mut memory);
    let shops: Vec<String> = shared(&memory, "MUG").places.into_keys().collect();
    assert_eq!(shops, ["a", "c"]);
}

#[test]
fn a_shop_that_stops_counting_is_no_part_of_it_and_is_again_when_it_counts() {
    let mut memory = with_shops(&["a", "b"]);
    add(&mut memory, "a", "1", "MUG", level(5));
    add(&mut memory, "b", "2", "MUG", level(5));
    tick(&mut memory);
    let heard = |memory: &Memory, level| StockHeard {
        shop: "b".to_owned(),
        variant: "2".to_owned(),
        sku: "MUG".to_owned(),
        level,
        observed_at: memory.now,
    };
    memory.variant("b", "2").unwrap().listing.level = None;
    let stopped = heard(&memory, None);
    sync::on_stock(&mut memory, &stopped).unwrap();
    assert_eq!(shared(&memory, "MUG").places.len(), 1);
    memory.variant("b", "2").unwrap().listing.level = level(40);
    let counts = heard(&memory, level(40));
    sync::on_stock(&mut memory, &counts).unwrap();
    assert_eq!(shared(&memory, "MUG").hub, Quantity::units(5));
    assert_eq!(memory.changes.len(), 1);
    assert_eq!(memory.changes[0].change.available, Quantity::units(5));
}

#[test]
fn what_was_missed_while_it_was_off_is_found_by_a_look() {
    let mut memory = with_shops(&["a", "b"]);
    add(&mut memory, "a", "1", "MUG", level(5));
    add(&mut memory, "b", "2", "MUG", level(5));
    tick(&mut memory);
    tick(&mut memory);
    // No event tells of it; only what the host last saw is different.
    memory.see("b", "2", Quantity::units(2));
    let mut looked = false;
    for _ in 0..30 {
        let now = memory.now;
        memory.known_until = BTreeMap::from([("a".to_owned(), now), ("b".to_owned(), now)]);
        let changes = tick(&mut memory).concat();
        for change in &changes {
            if change.shop == "b" && change.change.decided_on == Quantity::units(5) {
                looked = true;
                let found = End::Stale(Quantity::units(2));
                end_all(&mut memory, std::slice::from_ref(change), found);
            } else {
                memory.see(&change.shop, &change.variant, change.change.available);
                end_all(&mut memory, std::slice::from_ref(change), End::Done);
            }
        }
    }
    assert!(looked);
    let shared = shared(&memory, "MUG");
    assert_eq!(shared.hub, Quantity::units(2));
    assert_eq!(shared.places["a"].expected, Quantity::units(2));
    assert!(memory.list_keys("open/").is_empty(), "{shared:#?}");
}

#[test]
fn what_the_host_does_not_take_is_not_proposed_again_at_every_event() {
    let mut memory = with_shops(&["a", "b"]);
    add(&mut memory, "a", "1", "MUG", level(5));
    add(&mut memory, "b", "2", "MUG", level(9));
    memory.refusal = Some("it is not granted".to_owned());
    tick(&mut memory);
    let warnings = memory.log.len();
    assert_eq!(warnings, 1, "{:?}", memory.log);
    for _ in 0..10 {
        tick(&mut memory);
    }
    assert_eq!(memory.log.len(), warnings, "{:?}", memory.log);
    memory.refusal = None;
    memory.now += 60 * MINUTE_MS;
    assert_eq!(tick(&mut memory).concat().len(), 1);
}

#[test]
fn an_unknown_source_is_said_and_the_least_is_taken() {
    let mut memory = with_shops(&["b", "c"]);
    add(&mut memory, "b", "2", "MUG", level(9));
    add(&mut memory, "c", "3", "MUG", level(4));
    let changes = tick(&mut memory).concat();
    assert!(memory.log.iter().any(|line| line.contains("`source` names `a`")), "{:?}", memory.log);
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].shop.as_str(), changes[0].change.available), ("b", Quantity::units(4)));
}

#[test]
fn a_sku_that_is_no_longer_shared_is_forgotten_and_opened_afresh() {
    let mut memory = with_shops(&["a", "b"]);
    add(&mut memory, "a", "1", "MUG", level(5));
    add(&mut memory, "b", "2", "MUG", level(5));
    tick(&mut memory);
    memory.settings = r#"{"source":"a","skip-skus":["MUG"]}"#.to_owned();
    tick(&mut memory);
    assert!(memory.list_keys("sku/").is_empty());
    memory.settings = r#"{"source":"a"}"#.to_owned();
    memory.see("a", "1", Quantity::units(8));
    tick(&mut memory);
    assert_eq!(shared(&memory, "MUG").hub, Quantity::units(8));
}

#[test]
fn orders_are_forgotten_after_their_time_and_not_before() {
    let mut memory = with_shops(&["a"]);
    add(&mut memory, "a", "1", "MUG", level(5));
    tick(&mut memory);
    let heard = order(&memory, &["MUG".to_owned()]);
    sync::on_order(&mut memory, &heard, None).unwrap();
    memory.now += ORDER_KEPT_MS - 2 * MINUTE_MS;
    tick(&mut memory);
    assert_eq!(memory.list_keys("order/").len(), 1);
    memory.now += 2 * MINUTE_MS;
    tick(&mut memory);
    assert!(memory.list_keys("order/").is_empty());
}

#[test]
fn skus_that_fit_no_key_and_empty_ones_are_left_alone() {
    let mut memory = with_shops(&["a", "b"]);
    for sku in [String::new(), "X".repeat(300)] {
        add(&mut memory, "a", "1", &sku, level(5));
        add(&mut memory, "b", "2", &sku, level(9));
        let heard = order(&memory, &[sku]);
        sync::on_order(&mut memory, &heard, None).unwrap();
    }
    assert!(tick(&mut memory).concat().is_empty());
    assert!(memory.list_keys("sku/").is_empty());
}

#[test]
fn a_state_that_cannot_be_read_is_named() {
    let mut memory = with_shops(&["a"]);
    add(&mut memory, "a", "1", "MUG", level(5));
    memory.state.insert("sku/MUG".to_owned(), "{".to_owned());
    let error = sync::on_tick(&mut memory, None).unwrap_err();
    assert!(error.contains("`sku/MUG`"), "{error}");
}
