//! What a write does to a product, and what it is silently not allowed to do.

use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::ledger::Writer;
use crate::limits::INVENTORY_DELTA_WINDOW;
use crate::woocommerce::fields::{Fields, escaped, integer, objects, objects_mut, set, text};
use crate::woocommerce::item::Item;
use crate::woocommerce::rest::answer::Answer;
use crate::woocommerce::rest::request::Request;
use crate::woocommerce::rest::validate::{Invalid, boolean, whole};
use crate::woocommerce::shop::Shop;
use crate::woocommerce::state::State;

const STATUSES: [&str; 7] =
    ["draft", "pending", "private", "publish", "future", "auto-draft", "trash"];
/// Fields that are stored as they come.
const PLAIN: [&str; 10] = [
    "description",
    "short_description",
    "weight",
    "tax_status",
    "tax_class",
    "catalog_visibility",
    "purchase_note",
    "global_unique_id",
    "low_stock_amount",
    "menu_order",
];
/// Fields of the real shop that it stores and this one does not.
const NOT_STORED: [&str; 10] = [
    "type",
    "slug",
    "images",
    "image",
    "categories",
    "tags",
    "attributes",
    "dimensions",
    "date_on_sale_from",
    "date_on_sale_to",
];

/// The body's fields, each of the type the shop wants.
pub(super) fn checked(request: &Request) -> Result<Fields, Answer> {
    let fields = request.fields()?;
    let mut invalid = Invalid::default();
    invalid.of_type(&fields, "name", "string");
    invalid.one_of(&fields, "status", &STATUSES);
    for name in ["sku", "regular_price", "sale_price"] {
        invalid.of_type(&fields, name, "string");
    }
    invalid.of_type(&fields, "manage_stock", "boolean");
    invalid.of_type(&fields, "stock_quantity", "integer");
    invalid.of_type(&fields, "inventory_delta", "integer");
    invalid.one_of(&fields, "stock_status", &["instock", "outofstock", "onbackorder"]);
    invalid.one_of(&fields, "backorders", &["no", "notify", "yes"]);
    invalid.finish()?;
    match NOT_STORED.iter().find(|name| fields.contains_key(**name)) {
        Some(name) => Err(Answer::not_simulated(&format!("storing a product's {name}"))),
        None => Ok(fields),
    }
}

/// Stores the fields. A relative stock change reads first and writes a little later, and loses what
/// happens in between: so does the shop (twenty at once from 100 left 86).
pub(super) async fn update(shop: &Arc<Shop>, id: u64, fields: &Fields) -> Result<(), Answer> {
    let mut aimed_at = fields.get("stock_quantity").and_then(whole);
    if aimed_at.is_none()
        && let Some(delta) = fields.get("inventory_delta").and_then(whole)
    {
        let seen = shop.with(|state| state.items.get(&id).and_then(Item::quantity));
        tokio::time::sleep(INVENTORY_DELTA_WINDOW).await;
        aimed_at = seen.map(|seen| seen.saturating_add(delta));
    }
    shop.with(|state| store(state, id, fields, aimed_at))
}

fn store(state: &mut State, id: u64, fields: &Fields, aimed_at: Option<i64>) -> Result<(), Answer> {
    if let Some(sku) = fields.get("sku").and_then(Value::as_str)
        && let Some(other) = state.by_sku(sku).filter(|other| *other != id)
    {
        let data = json!({
            "status": 400, "resource_id": other, "unique_sku": format!("{sku}-1"),
        });
        let message = "Invalid or duplicated SKU.";
        return Err(Answer::error_with(400, "product_invalid_sku", message, data));
    }
    store_texts(state, id, fields);
    store_prices(state, id, fields);
    if let Some(counts) = fields.get("manage_stock").and_then(boolean) {
        store_counting(state, id, counts);
    }
    store_meta(state, id, fields);
    let counted = state.items.get(&id).is_some_and(Item::counts_stock);
    if let Some(after) = aimed_at.filter(|_| counted) {
        state.write_stock(id, after, Writer::Api);
    }
    if let Some(item) = state.items.get_mut(&id) {
        if let Some(status) = fields.get("stock_status").filter(|_| !counted) {
            set(&mut item.fields, "stock_status", status.clone());
        }
        if let Some(backorders) = fields.get("backorders") {
            set(&mut item.fields, "backorders", backorders.clone());
        }
    }
    state.updated_product(id);
    Ok(())
}

fn store_texts(state: &mut State, id: u64, fields: &Fields) {
    let parent = state.items.get(&id).and_then(Item::parent);
    let Some(item) = state.items.get_mut(&id) else {
        return;
    };
    for name in ["sku", "status"] {
        if let Some(value) = fields.get(name) {
            set(&mut item.fields, name, value.clone());
        }
    }
    // A variation is named after its options, whatever it is sent.
    if let Some(name) = fields.get("name").and_then(Value::as_str).filter(|_| parent.is_none()) {
        set(&mut item.fields, "name", escaped(name));
    }
    for name in PLAIN {
        if let Some(value) = fields.get(name) {
            set(&mut item.fields, name, value.clone());
        }
    }
}

/// Prices as the shop reads them. A parent has none of its own; `price` itself is only read.
fn store_prices(state: &mut State, id: u64, fields: &Fields) {
    let market = &state.market;
    let Some(item) = state.items.get_mut(&id).filter(|item| !item.is_variable()) else {
        return;
    };
    for name in ["regular_price", "sale_price"] {
        if let Some(sent) = fields.get(name).and_then(Value::as_str) {
            let price = market.parse_price(sent);
            set(&mut item.fields, name, price);
        }
    }
    let amount = |name: &str| text(&item.fields, name).parse::<Decimal>().ok();
    // A sale that is no cheaper than the regular price is dropped.
    let pointless = match (amount("sale_price"), amount("regular_price")) {
        (Some(sale), Some(regular)) => sale >= regular,
        (sale, None) => sale.is_some(),
        (None, _) => false,
    };
    if pointless {
        set(&mut item.fields, "sale_price", "");
    }
}

/// Metadata is stored by its key; what has the key already is replaced and keeps its id. This was
/// not observed: it is what the vendor's source does (`update_meta_data` without an id).
fn store_meta(state: &mut State, id: u64, fields: &Fields) {
    for sent in objects(fields, "meta_data") {
        let row = state.take_row_id();
        let Some(item) = state.items.get_mut(&id) else {
            return;
        };
        let key = text(sent, "key");
        let value = sent.get("value").cloned().unwrap_or_default();
        let known =
            objects_mut(&mut item.fields, "meta_data").find(|meta| text(meta, "key") == key);
        if let Some(known) = known {
            set(known, "value", value);
            continue;
        }
        let entry = json!({ "id": row, "key": key, "value": value });
        if let Some(all) = item.fields.get_mut("meta_data").and_then(Value::as_array_mut) {
            all.push(entry);
        }
    }
}

/// Starts or stops counting. The ledger sees the units come from nothing or go to nothing.
fn store_counting(state: &mut State, id: u64, counts: bool) {
    let counted = state.items.get(&id).is_some_and(Item::counts_stock);
    if counted && !counts {
        state.write_stock(id, 0, Writer::Api);
    }
    let Some(item) = state.items.get_mut(&id) else {
        return;
    };
    set(&mut item.fields, "manage_stock", counts);
    if counts && integer(&item.fields, "stock_quantity").is_none() {
        set(&mut item.fields, "stock_quantity", 0);
    }
    item.touch(Timestamp::now(), &state.market);
}
