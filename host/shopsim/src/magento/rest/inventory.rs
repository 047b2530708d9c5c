//! Sources, stocks and what can be sold.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::search::Criteria;
use super::{Answer, Request, found};
use crate::ledger::Writer;
use crate::magento::product::number;
use crate::magento::shop::Shop;
use crate::magento::stock::SourceItem;

/// The one stock there is.
const STOCK: u64 = 1;

pub(crate) fn items(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let criteria = Criteria::of(request)?;
    let all: Vec<(String, String, SourceItem)> = shop.with(|state| {
        let items = state.source_items.iter();
        items.map(|((sku, source), item)| (sku.clone(), source.clone(), *item)).collect()
    });
    let field = |(sku, source, _): &(String, String, SourceItem), name: &str| match name {
        "sku" => Some(json!(sku)),
        "source_code" => Some(json!(source)),
        _ => None,
    };
    let (items, total) = criteria.page(all.iter(), field, |(sku, source, item)| {
        json!({
            "sku": sku, "source_code": source, "quantity": number(item.quantity),
            "status": item.status,
        })
    });
    Ok(found(items, total))
}

/// Writes what lies in sources: all of it or, if a source is unknown, nothing. Whether there is such a
/// product nobody asks.
pub(crate) fn write(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let items = request.part("sourceItems")?.as_array().cloned().unwrap_or_default();
    shop.with(|state| {
        let text = |item: &Value, field: &str| match item.get(field) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let unknown = |item: &Value| !state.sources.contains(&text(item, "source_code"));
        if items.iter().any(unknown) {
            return Err(Answer::error(400, "Could not save Source Item"));
        }
        for item in &items {
            let quantity: Decimal = text(item, "quantity").parse().unwrap_or_default();
            let status = item.get("status").and_then(Value::as_u64).unwrap_or_default();
            let (sku, source) = (text(item, "sku"), text(item, "source_code"));
            state.write_source(&sku, &source, SourceItem { quantity, status }, Writer::Api);
        }
        Ok(Answer::ok(json!([])))
    })
}

pub(crate) fn sources(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    Criteria::of(request)?;
    let sources: Vec<Value> = shop.with(|state| {
        let source = |code: &String| json!({ "source_code": code, "name": code, "enabled": true });
        state.sources.iter().map(source).collect()
    });
    let total = sources.len();
    Ok(found(sources, total))
}

pub(crate) fn stocks(_: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    Criteria::of(request)?;
    let stock = json!({
        "stock_id": STOCK, "name": "Default Stock",
        "extension_attributes": { "sales_channels": [{ "type": "website", "code": "base" }] },
    });
    Ok(found(vec![stock], 1))
}

pub(crate) fn salable(shop: &Arc<Shop>, sku: &str, stock: &str) -> Result<Answer, Answer> {
    if stock != STOCK.to_string() {
        return Err(Answer::no_entity());
    }
    shop.with(|state| {
        let product = state.by_sku(sku).ok_or_else(Answer::no_product)?;
        if product.configurable {
            return Err(Answer::error(
                400,
                "Can't check requested quantity for products without Source Items support.",
            ));
        }
        // Of what is not counted it says that there is none.
        Ok(Answer::ok(json!(state.salable(sku).unwrap_or_default())))
    })
}
