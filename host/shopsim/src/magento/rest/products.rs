//! Products: a list, one by its SKU, and one that is changed.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::search::Criteria;
use super::{Answer, Request, found};
use crate::ledger::LedgerEvent;
use crate::magento::product::Product;
use crate::magento::shop::Shop;
use crate::magento::state::{State, moment};

pub(crate) fn list(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let criteria = Criteria::of(request)?;
    let field = |product: &Product, name: &str| match name {
        "entity_id" => Some(json!(product.id)),
        "sku" => Some(json!(product.sku)),
        "updated_at" => Some(json!(moment(product.updated_at))),
        "status" => Some(json!(product.status)),
        _ => None,
    };
    let (items, total) = shop
        .with(|state| criteria.page(state.products.values(), field, |product| product.json(false)));
    Ok(found(items, total))
}

pub(crate) fn single(shop: &Arc<Shop>, sku: &str) -> Result<Answer, Answer> {
    let product = shop.with(|state| Some(state.by_sku(sku)?.json(true)));
    product.map(Answer::ok).ok_or_else(Answer::no_product)
}

/// Changes a product, at the address of all store views.
pub(crate) fn put(shop: &Arc<Shop>, request: &Request, sku: &str) -> Result<Answer, Answer> {
    if !request.path.starts_with("/rest/all/") {
        // It would give one store view texts of its own.
        return Err(Answer::not_simulated(&request.method, &request.path));
    }
    let wanted = request.part("product")?.clone();
    shop.with(|state| change(state, sku, &wanted))
}

fn change(state: &mut State, sku: &str, wanted: &Value) -> Result<Answer, Answer> {
    let product = state.by_sku(sku).ok_or_else(Answer::no_product)?;
    let mut changed = product.clone();
    let Value::Object(fields) = wanted else {
        return Err(Answer::error(400, "Decoding error."));
    };
    for (name, value) in fields {
        match name.as_str() {
            "sku" => {}
            "name" => value.as_str().unwrap_or_default().clone_into(&mut changed.name),
            "price" => changed.price = price(value)?,
            "status" => changed.status = value.as_u64().unwrap_or(changed.status),
            "custom_attributes" => attributes(&mut changed, value)?,
            other => {
                let message =
                    "\"%fieldName\" is not supported. Correct the field name and try again.";
                return Err(Answer::template(400, message, json!({ "fieldName": other })));
            }
        }
    }
    if changed.name.trim().is_empty() {
        let words =
            "The \"Product Name\" attribute value is empty. Set the attribute and try again.";
        return Err(Answer::error(400, words));
    }
    let priced = |product: &Product| {
        let special = product.attributes.get("special_price").cloned().unwrap_or_default();
        (product.price, special)
    };
    let (before, after) = (priced(product), priced(&changed));
    let (id, name) = (product.id, product.sku.clone());
    state.products.insert(id, changed);
    if before != after {
        let (regular_price, sale_price) = (after.0.to_string(), after.1);
        let sku = name.clone();
        state.ledger.add(LedgerEvent::PriceWritten { sku, regular_price, sale_price });
    }
    state.saved_product(&name);
    single_of(state, &name)
}

fn single_of(state: &State, sku: &str) -> Result<Answer, Answer> {
    let product = state.by_sku(sku).ok_or_else(Answer::no_product)?;
    Ok(Answer::ok(product.json(true)))
}

/// A price: a number, or a text that is one.
pub(crate) fn price(value: &Value) -> Result<Decimal, Answer> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let price: Decimal = text.parse().map_err(|_| {
        Answer::error(
            400,
            &format!(
                "Error occurred during \"price\" processing. The \"{text}\" value's type is \
                 invalid. The \"float\" type was expected. Verify and try again."
            ),
        )
    })?;
    if price < Decimal::ZERO {
        return Err(Answer::error(
            400,
            "The value of attribute \"price\" must be set to a number of zero or more.",
        ));
    }
    Ok(price)
}

fn attributes(product: &mut Product, wanted: &Value) -> Result<(), Answer> {
    for attribute in wanted.as_array().into_iter().flatten() {
        let code = attribute.get("attribute_code").and_then(Value::as_str).unwrap_or_default();
        let value = match attribute.get("value") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        if code == "special_price" && !value.is_empty() {
            price(&Value::String(value.clone()))?;
        }
        if value.is_empty() {
            product.attributes.remove(code);
        } else {
            product.attributes.insert(code.to_owned(), value);
        }
    }
    Ok(())
}
