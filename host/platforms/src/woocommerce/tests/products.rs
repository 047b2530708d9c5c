//! Products and variations, as shops told them.

use fondaco_model::{
    Decimal, Location, Variant, Version,
    commerce::{StockLevel, StockPolicy},
};

use super::*;
use crate::seen::Seen;
use crate::woocommerce::{
    payloads::Product,
    products::{self, Naming},
    samples::delivery,
};

fn heard(name: &str) -> Variant {
    let (_, body) = delivery(name);
    let shop = shop_at("http://127.0.0.1:1");
    let heard = shop.normalise("product.updated", at(0), &body).unwrap();
    let [Heard::Snapshot(snapshot)] = &heard[..] else { panic!("one snapshot of {name}") };
    snapshot.entity.as_variant().unwrap().clone()
}

fn read(product: Value, naming: Naming<'_>) -> Variant {
    let product: Product = serde_json::from_value(product).unwrap();
    let seen = Seen { shop: &shop(), read: Some(at(5)) };
    let snapshot = products::snapshot(&seen, &product, naming).unwrap();
    snapshot.entity.as_variant().unwrap().clone()
}

fn stock(variant: &Variant) -> StockLevel {
    variant.stock[&Location::WHOLE_SHOP].value().unwrap().clone()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_simple_product_is_a_variant() {
    let variant = read(answer("woocommerce/product_get"), Naming::Whole);
    let version = Version::read(at(1_795_409_178_000), at(5));
    assert_eq!(variant.content.version(), Some(version));
    let content = variant.content.value().unwrap();
    assert_eq!((content.product.as_str(), content.sku.as_deref()), ("11", Some("MUG-1")));
    assert_eq!(content.title, "Mug \"Ünïcode\" 漢字 & <b>");
    assert_eq!(content.price, Some(decimal("19.99")));
    assert_eq!(content.barcode.as_deref(), Some("0012345678905"));
    assert!(content.published);
    assert_eq!(variant.stock[&Location::WHOLE_SHOP].version(), Some(version));
    let level =
        StockLevel { policy: StockPolicy::Tracked, available: Some(decimal("10")), on_hand: None };
    assert_eq!(stock(&variant), level);
}

#[test]
fn a_delivered_product_is_a_variant() {
    let variant = heard("woocommerce/webhook_product_updated");
    assert_eq!(variant.content.version().unwrap().read, None);
    let product = heard("woocommerce/webhook_product_created");
    assert!(product.content.value().is_some());
    let variation = heard("woocommerce/webhook_product_updated_variation");
    let content = variation.content.value().unwrap();
    assert_eq!((content.product.as_str(), content.title.as_str()), ("11", "T-Shirt - S, Red"));
    assert_eq!(stock(&variation).available, Some(decimal("4")));
}

#[test]
fn a_variation_has_one_title() {
    let whole = read(answer("woocommerce/variation_via_products_endpoint"), Naming::Whole);
    let listed = answer("woocommerce/variation_get");
    let short = read(listed.clone(), Naming::VariationOf("T-Shirt"));
    assert_eq!(whole.content, short.content);
    assert_eq!(whole.content.value().unwrap().title, "T-Shirt - S, Red");
    // Without the product's name the title is not known, and with it the whole content.
    let alone = read(listed, Naming::VariationAlone);
    assert_eq!(alone.content, fondaco_model::Aspect::Unknown);
    assert_eq!(alone.stock, whole.stock);
}

#[test]
fn a_variation_has_one_title_where_the_shop_leaves_its_options_out() {
    let mut whole = answer("woocommerce/variation_via_products_endpoint");
    whole["name"] = json!("T-Shirt");
    let whole = read(whole, Naming::Whole);
    let short = read(answer("woocommerce/variation_get"), Naming::VariationOf("T-Shirt"));
    assert_eq!(whole.content, short.content);
}

#[test]
fn stock_is_counted_three_ways() {
    let check = |changes: Value, policy: StockPolicy, available: Option<&str>| {
        let mut product = answer("woocommerce/product_get");
        for (name, value) in changes.as_object().unwrap() {
            product[name] = value.clone();
        }
        let level = stock(&read(product, Naming::Whole));
        assert_eq!(
            level,
            StockLevel { policy, available: available.map(decimal), on_hand: None },
            "{changes}"
        );
    };
    check(json!({}), StockPolicy::Tracked, Some("10"));
    check(json!({ "backorders": "notify" }), StockPolicy::Backorder, Some("10"));
    check(json!({ "backorders": "yes", "stock_quantity": -3 }), StockPolicy::Backorder, Some("-3"));
    check(json!({ "stock_quantity": "2.5" }), StockPolicy::Tracked, Some("2.5"));
    check(json!({ "stock_quantity": null }), StockPolicy::Tracked, Some("0"));
    check(json!({ "manage_stock": false }), StockPolicy::Untracked, None);
    let parent = answer("woocommerce/variation_manage_stock_parent");
    let level = stock(&read(parent, Naming::VariationAlone));
    let expected =
        StockLevel { policy: StockPolicy::Tracked, available: Some(decimal("30")), on_hand: None };
    assert_eq!(level, expected);
}

#[test]
fn captured_backorders_and_uncounted_stock() {
    let stock_of = |name: &str| {
        let mut body = answer(name);
        let product = if body.is_array() { body[0].take() } else { body };
        stock(&read(product, Naming::Whole))
    };
    let policy = |name: &str| stock_of(name).policy;
    assert_eq!(policy("woocommerce-eur/stock_backorder_product_notify"), StockPolicy::Backorder);
    assert_eq!(policy("woocommerce-eur/stock_backorder_product_yes"), StockPolicy::Backorder);
    let uncounted = stock_of("woocommerce/stock_put_unmanaged");
    assert_eq!(
        uncounted,
        StockLevel { policy: StockPolicy::Untracked, available: None, on_hand: None }
    );
}

#[test]
fn what_is_empty_is_absent() {
    let mut product = answer("woocommerce/product_get");
    for field in ["price", "sku", "global_unique_id"] {
        product[field] = json!("");
    }
    product["status"] = json!("private");
    let variant = read(product.clone(), Naming::Whole);
    let content = variant.content.value().unwrap();
    assert_eq!((content.price, &content.sku, &content.barcode), (None, &None, &None));
    assert!(!content.published);
    product["price"] = json!(null);
    assert_eq!(read(product, Naming::Whole).content.value().unwrap().price, None);
}

#[test]
fn a_trashed_product_is_gone() {
    let variant = read(answer("woocommerce/product_get_trashed"), Naming::Whole);
    assert!(variant.content.is_deleted());
    assert!(variant.stock[&Location::WHOLE_SHOP].is_deleted());
}

#[test]
fn a_product_with_variations_is_none_itself() {
    let adapter = shop_at("http://127.0.0.1:1");
    let mut product = answer("woocommerce/product_variable_get");
    let heard = |product: &Value| {
        adapter.normalise("product.updated", at(0), product.to_string().as_bytes()).unwrap()
    };
    assert_eq!(heard(&product), Vec::new());
    // It counts for its variations, and they do not say so themselves.
    product["manage_stock"] = json!(true);
    let key = |id: &str| Heard::Fetch(EntityKey::variant(shop(), id));
    assert_eq!(heard(&product), [key("13"), key("14")]);
    for kind in ["grouped", "external"] {
        product["type"] = json!(kind);
        assert_eq!(heard(&product), Vec::new(), "{kind}");
    }
}

#[test]
fn a_price_is_compared_while_it_is_on_sale() {
    let content = |changes: Value| {
        let mut product = answer("woocommerce/product_get");
        for (name, value) in changes.as_object().unwrap() {
            product[name] = value.clone();
        }
        read(product, Naming::Whole).content.value().unwrap().clone()
    };
    let plain = content(json!({}));
    assert_eq!((plain.compare_at, plain.cost), (None, None));
    // It has a weight, and whether in kilograms or pounds only the shop's settings know.
    assert_eq!(plain.weight, None);
    let on_sale = json!({ "price": "15.00", "sale_price": "15.00", "on_sale": true });
    let on_sale = content(on_sale);
    assert_eq!((on_sale.price, on_sale.compare_at), (Some(decimal("15")), Some(decimal("19.99"))));
    // A sale whose dates have begun or ended, before the shop's daily work has set the price.
    let late = content(json!({ "sale_price": "15.00", "on_sale": true }));
    assert_eq!((late.price, late.compare_at), (Some(decimal("19.99")), None));
    // A sale that is planned for later.
    let planned = content(json!({ "sale_price": "15.00", "on_sale": false }));
    assert_eq!((planned.price, planned.compare_at), (Some(decimal("19.99")), None));
}

#[test]
fn a_cost_is_told_where_the_shop_keeps_it() {
    let cost = |told: Value| {
        let mut product = answer("woocommerce/product_get");
        product["cost_of_goods_sold"] = told;
        read(product, Naming::Whole).content.value().unwrap().cost
    };
    let told = json!({
        "values": [{ "defined_value": 7.25, "effective_value": 7.25 }], "total_value": 7.25,
    });
    assert_eq!(cost(told), Some(decimal("7.25")));
    assert_eq!(cost(json!({ "values": [], "total_value": 0 })), None);
    assert_eq!(cost(json!(null)), None);
}
