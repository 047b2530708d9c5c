//! What a write does to a product, and what it is silently not allowed to do.

use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::ledger::{LedgerEvent, Writer};
use crate::limits::INVENTORY_DELTA_WINDOW;
use crate::woocommerce::fields::{Fields, escaped, integer, set, set_date, store_meta, text};
use crate::woocommerce::item::Item;
use crate::woocommerce::market::{Market, from_gmt};
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
pub(super) const NOT_STORED: [&str; 8] =
    ["type", "slug", "images", "image", "categories", "tags", "attributes", "dimensions"];

/// The body's fields, each of the type the shop wants.
pub(super) fn checked(request: &Request) -> Result<Fields, Answer> {
    checked_fields(request.fields()?)
}

/// These fields, each of the type the shop wants.
pub(in crate::woocommerce::rest) fn checked_fields(fields: Fields) -> Result<Fields, Answer> {
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

/// Refuses a SKU or a GTIN that another product has, with that one's id.
pub(super) fn refuse_taken(state: &State, own: Option<u64>, fields: &Fields) -> Result<(), Answer> {
    let other = |found: Option<u64>| found.filter(|other| Some(*other) != own);
    if let Some(sku) = fields.get("sku").and_then(Value::as_str)
        && let Some(other) = other(state.by_sku(sku))
    {
        let data = json!({
            "status": 400, "resource_id": other, "unique_sku": format!("{sku}-1"),
        });
        let message = "Invalid or duplicated SKU.";
        return Err(Answer::error_with(400, "product_invalid_sku", message, data));
    }
    let gtin = text(fields, "global_unique_id");
    if let Some(other) = other(state.by_gtin(gtin)) {
        let data = json!({ "status": 400, "resource_id": other });
        let message = "Invalid or duplicated GTIN, UPC, EAN or ISBN.";
        return Err(Answer::error_with(400, "product_invalid_global_unique_id", message, data));
    }
    Ok(())
}

/// Stores the fields; a quantity is aimed at if the product is counted then.
pub(in crate::woocommerce::rest) fn store(
    state: &mut State,
    id: u64,
    fields: &Fields,
    aimed_at: Option<i64>,
) -> Result<(), Answer> {
    refuse_taken(state, Some(id), fields)?;
    store_texts(state, id, fields);
    store_prices(state, id, fields);
    if let Some(counts) = fields.get("manage_stock").and_then(boolean) {
        store_counting(state, id, counts);
    }
    if let Some(mut item) = state.items.remove(&id) {
        store_meta(&mut item.fields, fields, || state.take_row_id());
        state.items.insert(id, item);
    }
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
    if let Some(status) = fields.get("status") {
        set(&mut item.fields, "status", status.clone());
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
    if let Some(sku) = fields.get("sku").and_then(Value::as_str) {
        state.set_sku(id, sku);
    }
}

/// Prices as the shop reads them. A parent has none of its own; `price` itself is only read.
fn store_prices(state: &mut State, id: u64, fields: &Fields) {
    let market = &state.market;
    let Some(item) = state.items.get_mut(&id).filter(|item| !item.is_variable()) else {
        return;
    };
    let before = item.prices();
    for name in ["regular_price", "sale_price"] {
        if let Some(sent) = fields.get(name).and_then(Value::as_str) {
            let price = market.parse_price(sent);
            set(&mut item.fields, name, price);
        }
    }
    for what in ["on_sale_from", "on_sale_to"] {
        if let Some(at) = sale_date(fields, what, market) {
            set_date(&mut item.fields, what, at, market);
            state.scheduled.insert(id);
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
    let after = item.prices();
    if before != after {
        let (regular_price, sale_price) = after;
        let sku = item.ledger_name();
        state.ledger.add(LedgerEvent::PriceWritten { sku, regular_price, sale_price });
    }
}

/// The moment that a sale is sent to begin or end, in either spelling; an empty one is none. What
/// is no moment is passed over.
fn sale_date(fields: &Fields, what: &str, market: &Market) -> Option<Option<Timestamp>> {
    let (gmt, local) =
        (fields.get(&format!("date_{what}_gmt")), fields.get(&format!("date_{what}")));
    let sent = gmt.or(local)?.as_str().unwrap_or_default();
    if sent.is_empty() {
        return Some(None);
    }
    let at = match gmt {
        Some(_) => from_gmt(sent.trim_end_matches('Z')),
        None => market.moment_of(sent.parse().ok()?),
    };
    at.map(Some)
}

/// Starts or stops counting. The ledger sees the units come from nothing or go to nothing.
fn store_counting(state: &mut State, id: u64, counts: bool) {
    let now = state.now();
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
    item.touch(now, &state.market);
}
