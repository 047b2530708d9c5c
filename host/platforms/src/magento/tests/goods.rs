//! Products and what there is of them.

use fondaco_model::commerce::StockPolicy;

use super::*;
use crate::{
    magento::{
        payloads::{Product, Source, SourceItem, Stock, StoreConfig},
        products::{self, Levels, Prices},
    },
    seen::Seen,
};

fn product(change: impl FnOnce(&mut Value)) -> Product {
    let mut product = answer("magento/product_get");
    change(&mut product);
    serde_json::from_value(product).unwrap()
}

fn content(product: &Product, salable: Option<i64>) -> fondaco_model::Variant {
    let shop = shop();
    let seen = Seen { shop: &shop, read: Some(READ_AT) };
    let levels = Levels { salable: salable.map(Decimal::from), on_hand: 50.into() };
    let snapshot = products::snapshot(&seen, READ_AT, &settings(), product, &levels).unwrap();
    snapshot.entity.as_variant().unwrap().clone()
}

#[test]
fn a_product_is_a_variant_by_its_sku() {
    let variant = content(&product(|_| ()), Some(48));
    let known = variant.content.value().unwrap();
    assert_eq!((known.product.as_str(), known.sku.as_deref()), ("MUG-1", Some("MUG-1")));
    assert_eq!(known.price, Some(decimal("19.99")));
    assert_eq!(known.weight, Some(500.into()));
    assert!(known.published);
    let level = variant.stock.values().next().unwrap();
    // Stock has no date of its own: its version is when it was read.
    assert_eq!(level.version().unwrap().platform, READ_AT);
    let level = level.value().unwrap();
    assert_eq!((level.available, level.on_hand), (Some(48.into()), Some(50.into())));
    assert_eq!(level.policy, StockPolicy::Tracked);
}

#[test]
fn what_is_not_counted_has_no_quantity_and_backorders_are_told() {
    let stock_item = |field: &'static str, value: Value| {
        product(move |product| product["extension_attributes"]["stock_item"][field] = value)
    };
    let untracked = content(&stock_item("manage_stock", false.into()), None);
    let level = untracked.stock.values().next().unwrap().value().unwrap().clone();
    assert_eq!((level.policy, level.available), (StockPolicy::Untracked, None));
    let backorder = content(&stock_item("backorders", 2.into()), Some(-2));
    let level = backorder.stock.values().next().unwrap().value().unwrap().clone();
    assert_eq!((level.policy, level.available), (StockPolicy::Backorder, Some((-2).into())));
}

#[test]
fn a_special_price_holds_for_whole_days_of_the_shops_clock() {
    let zone = settings().zone;
    let product = product(|product| {
        let attributes = product["custom_attributes"].as_array_mut().unwrap();
        for (code, value) in [
            ("special_price", "15.000000"),
            ("special_from_date", "2026-11-20 00:00:00"),
            ("special_to_date", "2026-11-22 00:00:00"),
            ("cost", "8.500000"),
        ] {
            attributes.push(serde_json::json!({ "attribute_code": code, "value": value }));
        }
    });
    let prices = Prices::of(&product, &zone).unwrap();
    for (moment, price) in [
        ("2026-11-19 22:59:59", "19.99"),
        ("2026-11-19 23:00:00", "15"),
        ("2026-11-22 22:59:59", "15"),
        ("2026-11-22 23:00:00", "19.99"),
    ] {
        let moment = times::parse(moment).unwrap();
        assert_eq!(prices.now(moment), Some(decimal(price)), "{moment:?}");
    }
    let known = content(&product, Some(1)).content.value().unwrap().clone();
    assert_eq!(known.cost, Some(decimal("8.5")));
}

#[test]
fn a_product_in_several_shapes_is_not_sold_itself() {
    let whole: Product = serde_json::from_value(answer("magento/configurable_get")).unwrap();
    assert!(!whole.is_sold() && product(|_| ()).is_sold());
}

#[test]
fn what_lies_in_sources_counts_unless_it_is_set_out_of_stock() {
    let items = |name: &str| -> Vec<SourceItem> {
        let found: Found<SourceItem> = serde_json::from_value(answer(name)).unwrap();
        found.items
    };
    assert_eq!(products::on_hand(&items("magento/msi_after_order")).unwrap(), 50.into());
    assert_eq!(products::on_hand(&items("magento/msi_after_ship1")).unwrap(), 49.into());
    let mut out = items("magento/msi_after_ship1");
    out[0].status = 0;
    assert_eq!(products::on_hand(&out).unwrap(), Decimal::ZERO);
}

#[test]
fn what_a_shop_says_of_itself_is_read() {
    let sources: Found<Source> = serde_json::from_value(answer("magento/msi_sources")).unwrap();
    assert!(sources.items[0].enabled && sources.items[0].source_code == "default");
    let stocks: Found<Stock> = serde_json::from_value(answer("magento/msi_stocks")).unwrap();
    let channel = &stocks.items[0].extension_attributes.sales_channels[0];
    assert_eq!((channel.kind.as_str(), channel.code.as_str()), ("website", WEBSITE));
    let configs = answer("magento-eur/store_configs");
    let configs: Vec<StoreConfig> = serde_json::from_value(configs).unwrap();
    assert_eq!(configs[0].timezone, "Europe/Rome");
    let beyond = answer("magento/products_search_page_beyond");
    let beyond: Found<Product> = serde_json::from_value(beyond).unwrap();
    assert_eq!(beyond.items.len(), 0);
}
