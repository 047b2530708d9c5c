//! Prices in bulk, whose writing moves no date, and prices for groups.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Answer, Request, products::price};
use crate::ledger::LedgerEvent;
use crate::magento::product::number;
use crate::magento::shop::Shop;

/// Groups of customers that the shop has.
const GROUPS: [&str; 5] = ["ALL GROUPS", "NOT LOGGED IN", "General", "Wholesale", "Retailer"];

pub(crate) fn base(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let prices = request.part("prices")?.as_array().cloned().unwrap_or_default();
    let mut refusals = Vec::new();
    for wanted in &prices {
        let sku = text(wanted, "sku");
        let amount = price(wanted.get("price").unwrap_or(&Value::Null))?;
        let known = shop.with(|state| {
            let Some(product) = state.by_sku_mut(&sku) else { return false };
            product.price = amount;
            let sku = product.sku.clone();
            let sale_price = product.attributes.get("special_price").cloned().unwrap_or_default();
            let regular_price = amount.to_string();
            state.ledger.add(LedgerEvent::PriceWritten { sku, regular_price, sale_price });
            true
        });
        if !known {
            refusals.push(refusal("SKU", &sku));
        }
    }
    Ok(Answer::ok(Value::Array(refusals)))
}

pub(crate) fn tiers(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let prices = request.part("prices")?.as_array().cloned().unwrap_or_default();
    let mut refusals = Vec::new();
    for wanted in &prices {
        let (sku, group) = (text(wanted, "sku"), text(wanted, "customer_group"));
        let amount = price(wanted.get("price").unwrap_or(&Value::Null))?;
        let quantity: Decimal = text(wanted, "quantity").parse().unwrap_or_default();
        let Some(group) = GROUPS.into_iter().find(|known| known.eq_ignore_ascii_case(&group))
        else {
            refusals.push(refusal("Customer Group", &group));
            continue;
        };
        let known = shop.with(|state| {
            let Some(product) = state.by_sku_mut(&sku) else { return false };
            product.tiers.insert((group.to_owned(), quantity), amount);
            let (sku, regular_price) = (product.sku.clone(), amount.to_string());
            let sale_price = group.to_owned();
            state.ledger.add(LedgerEvent::PriceWritten { sku, regular_price, sale_price });
            true
        });
        if !known {
            refusals.push(refusal("SKU", &sku));
        }
    }
    Ok(Answer::ok(Value::Array(refusals)))
}

pub(crate) fn tiers_of(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let skus = request.part("skus")?.as_array().cloned().unwrap_or_default();
    let mut prices = Vec::new();
    shop.with(|state| {
        for sku in skus.iter().filter_map(Value::as_str) {
            let Some(product) = state.by_sku(sku) else { continue };
            for ((group, quantity), amount) in &product.tiers {
                prices.push(json!({
                    "price": number(*amount), "price_type": "fixed", "website_id": 0,
                    "sku": product.sku, "customer_group": group, "quantity": number(*quantity),
                }));
            }
        }
    });
    Ok(Answer::ok(Value::Array(prices)))
}

fn refusal(field: &str, value: &str) -> Value {
    json!({
        "message": "Invalid attribute %fieldName = %fieldValue.", "parameters": [field, value],
    })
}

fn text(of: &Value, field: &str) -> String {
    match of.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}
