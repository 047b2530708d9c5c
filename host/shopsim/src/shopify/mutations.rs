//! What is written at the root of a document. Each step is whole, or is not made at all; what would
//! not is told in `userErrors`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::amounts::cents;
use super::api::Fault;
use super::graphql::Root;
use super::ids::{gid, number};
use super::product::Product;
use super::refunds;
use super::state::{Sequence, State};
use super::webhook::Subscription;
use crate::ledger::{LedgerEvent, Writer};

/// Why something would not: its code, and in words.
pub(crate) type Refused = (&'static str, String);

pub(crate) fn answer(state: &mut State, root: &Root) -> Result<Value, Fault> {
    let arguments = &root.arguments;
    let given = |name: &str| arguments.get(name).cloned().unwrap_or_default();
    let id = |kind: &str| number(kind, arguments.get("id"));
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    Ok(match root.name.as_str() {
        "inventorySetQuantities" => {
            let group = json!({ "id": gid("InventoryAdjustmentGroup", 1) });
            told(
                "inventoryAdjustmentGroup",
                set_quantities(state, &given("input"))?.map(|()| group),
            )
        }
        "productVariantsBulkUpdate" => {
            let product = number("Product", arguments.get("productId"));
            told("productVariants", set_prices(state, product, &given("variants")))
        }
        "priceListFixedPricesAdd" => {
            let list = number("PriceList", arguments.get("priceListId"));
            told("prices", set_list_prices(state, list, &given("prices")))
        }
        "productUpdate" => told("product", update_product(state, &given("product"))),
        "discountCodeBasicCreate" | "discountCodeBasicUpdate" => {
            let asked = given("basicCodeDiscount");
            told("codeDiscountNode", discount(state, id("DiscountCodeNode"), &asked, false))
        }
        "discountCodeFreeShippingCreate" | "discountCodeFreeShippingUpdate" => {
            let asked = given("freeShippingCodeDiscount");
            told("codeDiscountNode", discount(state, id("DiscountCodeNode"), &asked, true))
        }
        "discountCodeDeactivate" => {
            let known = id("DiscountCodeNode").filter(|id| state.end_discount(*id));
            let known = known.map(|id| json!({ "id": gid("DiscountCodeNode", id) }));
            told("codeDiscountNode", known.ok_or_else(|| in_words("Discount does not exist")))
        }
        "webhookSubscriptionCreate" => told(
            "webhookSubscription",
            subscribe(state, text("topic"), &given("webhookSubscription")),
        ),
        "webhookSubscriptionDelete" => {
            let known = id("WebhookSubscription").unwrap_or_default();
            let before = state.webhooks.subscriptions.len();
            state.webhooks.subscriptions.retain(|subscription| subscription.id != known);
            let gone = state.webhooks.subscriptions.len() < before;
            let gone = gone.then(|| given("id"));
            told("deletedWebhookSubscriptionId", gone.ok_or_else(|| in_words("Not found")))
        }
        _ => return of_order(state, root),
    })
}

/// What is written to an order.
fn of_order(state: &mut State, root: &Root) -> Result<Value, Fault> {
    let arguments = &root.arguments;
    let given = |name: &str| arguments.get(name).cloned().unwrap_or_default();
    let id = |kind: &str| number(kind, arguments.get("id"));
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    Ok(match root.name.as_str() {
        "fulfillmentOrderHold" => {
            let goods = id("FulfillmentOrder").unwrap_or_default();
            let handle = arguments.pointer("/fulfillmentHold/handle").and_then(Value::as_str);
            let held = state.hold(goods, handle.unwrap_or_default(), true);
            let held = held.map(|hold| json!({ "id": gid("FulfillmentHold", hold) }));
            told("fulfillmentHold", held.map_err(in_words))
        }
        "fulfillmentOrderReleaseHold" => {
            let goods = id("FulfillmentOrder").unwrap_or_default();
            let holds = given("holdIds");
            let holds = holds.as_array().into_iter().flatten();
            let holds: Vec<u64> =
                holds.filter_map(|hold| number("FulfillmentHold", Some(hold))).collect();
            let released = state.release(goods, &holds);
            let open = json!({ "status": "OPEN" });
            told("fulfillmentOrder", released.map(|()| open).map_err(in_words))
        }
        "orderCancel" => {
            let order = number("Order", arguments.get("orderId")).unwrap_or_default();
            let note = text("staffNote").to_owned();
            match state.cancel(order, &note) {
                Ok(()) => json!({ "orderCancelUserErrors": [] }),
                Err(words) => {
                    let error =
                        json!({ "code": "INVALID", "field": ["orderId"], "message": words });
                    json!({ "orderCancelUserErrors": [error] })
                }
            }
        }
        "tagsAdd" | "tagsRemove" => {
            let adds = root.name == "tagsAdd";
            told("node", tag(state, id("Order"), &given("tags"), adds).map(|()| Value::Null))
        }
        "orderUpdate" => told("order", update_order(state, &given("input"))),
        "fulfillmentCreate" => told("fulfillment", fulfil(state, &given("fulfillment"))),
        "refundCreate" => told("refund", refunds::create(state, &given("input"))),
        other => {
            return Err(Fault::new("undefinedField", format!("`{other}` is not simulated")));
        }
    })
}

/// A payload, with what would not.
fn told(name: &str, done: Result<Value, Refused>) -> Value {
    let (value, errors) = match done {
        Ok(value) => (value, Vec::new()),
        Err((code, message)) => {
            (Value::Null, vec![json!({ "code": code, "field": null, "message": message })])
        }
    };
    json!({ name: value, "userErrors": errors })
}

fn in_words(words: &str) -> Refused {
    ("INVALID", words.to_owned())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Sets what can be sold, each where it is still what it is said to have been.
fn set_quantities(state: &mut State, input: &Value) -> Result<Result<(), Refused>, Fault> {
    if input.get("name").and_then(Value::as_str) != Some("available") {
        return Err(Fault::new("undefinedField", "only `available` is simulated"));
    }
    let quantities = input.get("quantities").cloned().unwrap_or_default();
    let mut writes = Vec::new();
    for each in list(&quantities) {
        let Some(before) = each.get("changeFromQuantity") else {
            let words = "The input must include the following argument: changeFromQuantity.";
            return Err(Fault::new("INVALID_FIELD_ARGUMENTS", words));
        };
        let item = number("InventoryItem", each.get("inventoryItemId"));
        let variant = item.and_then(|item| state.variants.get(&item));
        let Some(variant) = variant.filter(|variant| variant.tracked) else {
            let words = "The specified inventory item could not be found.".to_owned();
            return Ok(Err(("INVALID_INVENTORY_ITEM", words)));
        };
        let place = number("Location", each.get("locationId"));
        let level = place.and_then(|place| Some((place, variant.levels.get(&place)?)));
        let Some((place, level)) = level else {
            let words = "The specified location could not be found.".to_owned();
            return Ok(Err(("INVALID_LOCATION", words)));
        };
        if before.as_i64().is_some_and(|before| before != level.available) {
            let words = "The changeFromQuantity argument no longer matches the persisted quantity.";
            return Ok(Err(("CHANGE_FROM_QUANTITY_STALE", words.to_owned())));
        }
        let after = each.get("quantity").and_then(Value::as_i64).unwrap_or_default();
        writes.push((variant.id, place, after));
    }
    for (variant, place, after) in writes {
        state.write_level(variant, place, after, Writer::Api);
    }
    Ok(Ok(()))
}

/// A money amount as it is written: a text of digits with a point.
fn amount(value: Option<&Value>) -> Option<Decimal> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    text.parse().ok().filter(|amount: &Decimal| !amount.is_sign_negative())
}

fn set_prices(state: &mut State, product: Option<u64>, asked: &Value) -> Result<Value, Refused> {
    let (now, mut written) = (state.now(), Vec::new());
    let unknown =
        || ("PRODUCT_VARIANT_DOES_NOT_EXIST", "Product variant does not exist".to_owned());
    for each in list(asked) {
        let variant = number("ProductVariant", each.get("id")).ok_or_else(unknown)?;
        let known = state.variants.get_mut(&variant).filter(|known| Some(known.product) == product);
        let known = known.ok_or_else(unknown)?;
        if let Some(price) = each.get("price") {
            known.price = amount(Some(price))
                .ok_or(("INVALID_INPUT", "Price must be greater than or equal to 0".to_owned()))?;
        }
        if let Some(compare_at) = each.get("compareAtPrice") {
            known.compare_at = amount(Some(compare_at));
        }
        known.updated_at = now;
        let compare_at = known.compare_at.map(|price| cents(price).to_string());
        let price = cents(known.price).to_string();
        written.push(json!({ "price": price, "compareAtPrice": compare_at }));
        let regular_price = compare_at.clone().unwrap_or_else(|| price.clone());
        let sale_price = if compare_at.is_some() { price } else { String::new() };
        let sku = known.sku.clone();
        state.ledger.add(LedgerEvent::PriceWritten { sku, regular_price, sale_price });
    }
    state.product_changed(product.unwrap_or_default());
    Ok(Value::Array(written))
}

fn set_list_prices(
    state: &mut State,
    list_id: Option<u64>,
    asked: &Value,
) -> Result<Value, Refused> {
    let place = state.price_lists.iter().position(|known| Some(known.id) == list_id);
    let place = place.ok_or(("PRICE_LIST_NOT_FOUND", "Price list not found.".to_owned()))?;
    let mut written = Vec::new();
    for each in list(asked) {
        let variant = number("ProductVariant", each.get("variantId"));
        let variant = variant.filter(|variant| state.variants.contains_key(variant));
        let variant = variant.ok_or(("VARIANT_NOT_FOUND", "Variant not found.".to_owned()))?;
        let price = amount(each.pointer("/price/amount"));
        let price = price.ok_or(("PRICE_LIST_LOCKED", "A price is needed.".to_owned()))?;
        let compare_at = amount(each.pointer("/compareAtPrice/amount"));
        state.price_lists[place].prices.insert(variant, (price, compare_at));
        written.push(json!({ "price": { "amount": cents(price).to_string() } }));
        let sku = state.variants.get(&variant).map(|known| known.sku.clone()).unwrap_or_default();
        let (regular_price, sale_price) = (cents(price).to_string(), String::new());
        state.ledger.add(LedgerEvent::PriceWritten { sku, regular_price, sale_price });
    }
    Ok(Value::Array(written))
}

fn update_product(state: &mut State, asked: &Value) -> Result<Value, Refused> {
    let id = number("Product", asked.get("id")).unwrap_or_default();
    let known = state.products.get_mut(&id);
    let known = known.ok_or_else(|| in_words("Product does not exist"))?;
    let text = |place: &str| asked.pointer(place).and_then(Value::as_str).map(str::to_owned);
    if text("/title").is_some_and(|title| title.trim().is_empty()) {
        return Err(in_words("Title can't be blank"));
    }
    let set = |place: &str, field: &mut String| {
        if let Some(text) = text(place) {
            *field = text;
        }
    };
    set("/title", &mut known.title);
    set("/descriptionHtml", &mut known.description);
    set("/seo/title", &mut known.seo_title);
    set("/seo/description", &mut known.seo_description);
    if let Some(status) = asked.get("status").and_then(Value::as_str) {
        known.active = status == "ACTIVE";
    }
    if let Some(tags) = asked.get("tags").and_then(Value::as_array) {
        known.tags = tags.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    state.product_changed(id);
    Ok(state.products.get(&id).map(Product::json).unwrap_or_default())
}

fn tag(state: &mut State, order: Option<u64>, tags: &Value, adds: bool) -> Result<(), Refused> {
    let order = order.unwrap_or_default();
    let known = state.orders.get_mut(&order).ok_or_else(|| in_words("Order does not exist"))?;
    for tag in list(tags).iter().filter_map(Value::as_str) {
        let has = known.tags.iter().any(|known| known.eq_ignore_ascii_case(tag));
        if has == adds {
            continue;
        }
        if adds {
            known.tags.push(tag.to_owned());
        } else {
            known.tags.retain(|known| !known.eq_ignore_ascii_case(tag));
        }
        let key = format!("tag {tag}");
        state.ledger.add(LedgerEvent::OrderMetadataWritten { order, key });
    }
    state.order_changed(order, "orders/updated");
    Ok(())
}

fn update_order(state: &mut State, input: &Value) -> Result<Value, Refused> {
    let order = number("Order", input.get("id")).unwrap_or_default();
    let known = state.orders.get_mut(&order).ok_or_else(|| in_words("Order does not exist"))?;
    let text = input.get("note").and_then(Value::as_str).unwrap_or_default().to_owned();
    known.note.clone_from(&text);
    state.ledger.add(LedgerEvent::NoteAdded {
        order,
        note: 0,
        text: text.clone(),
        to_customer: false,
    });
    state.order_changed(order, "orders/updated");
    Ok(json!({ "note": text }))
}

fn fulfil(state: &mut State, asked: &Value) -> Result<Value, Refused> {
    let tracking = |name: &str| {
        let text = asked.pointer(&format!("/trackingInfo/{name}")).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let (company, tracked) = (tracking("company"), tracking("number"));
    let goods = asked.get("lineItemsByFulfillmentOrder").cloned().unwrap_or_default();
    let [goods] = list(&goods) else {
        return Err(in_words("Only goods of one place are simulated"));
    };
    let id = number("FulfillmentOrder", goods.get("fulfillmentOrderId")).unwrap_or_default();
    let items = goods.get("fulfillmentOrderLineItems").and_then(Value::as_array);
    let items: Option<BTreeMap<u64, i64>> = items.map(|items| {
        let each = items.iter().filter_map(|item| {
            let id = number("FulfillmentOrderLineItem", item.get("id"))?;
            Some((id, item.get("quantity")?.as_i64()?))
        });
        each.collect()
    });
    let sent = state.fulfil(id, items.as_ref(), &company, &tracked).map_err(in_words)?;
    Ok(json!({ "legacyResourceId": sent.to_string() }))
}

fn discount(
    state: &mut State,
    id: Option<u64>,
    asked: &Value,
    free_shipping: bool,
) -> Result<Value, Refused> {
    let id = state.write_discount(id, asked, free_shipping).map_err(in_words)?;
    Ok(json!({ "id": gid("DiscountCodeNode", id) }))
}

fn subscribe(state: &mut State, topic: &str, asked: &Value) -> Result<Value, Refused> {
    let uri = asked.get("uri").and_then(Value::as_str).unwrap_or_default().to_owned();
    if uri.is_empty() {
        return Err(in_words("Address can't be blank"));
    }
    let same = |known: &Subscription| known.topic == topic && known.uri == uri;
    if state.webhooks.subscriptions.iter().any(same) {
        return Err(in_words("Address for this topic has already been taken"));
    }
    let id = state.number(Sequence::Subscription);
    state.webhooks.subscriptions.push(Subscription { id, topic: topic.to_owned(), uri });
    Ok(json!({ "id": gid("WebhookSubscription", id) }))
}
