//! `/products` and `/products/{id}/variations`.

mod create;
mod store;

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use store::{checked, update};

pub(super) use create::{create, delete_item};
pub(super) use store::{checked_fields, store};

use super::answer::Answer;
use super::list::{Period, Window};
use super::request::Request;
use super::{not_simulated, refuse_filters};
use crate::woocommerce::fields::{date, text};
use crate::woocommerce::item::Item;
use crate::woocommerce::shop::Shop;
use crate::woocommerce::state::{Listed, State};

const ORDER_BY: [&str; 7] = ["date", "id", "include", "title", "slug", "modified", "price"];
const NOT_SIMULATED: [&str; 14] = [
    "search",
    "exclude",
    "parent",
    "category",
    "tag",
    "featured",
    "on_sale",
    "min_price",
    "max_price",
    "stock_status",
    "attribute",
    "attribute_term",
    "tax_class",
    "slug",
];

/// The list, without variations unless a SKU is asked for.
pub(super) fn list(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    if request.method == "POST" {
        return create::product(shop, request);
    }
    refuse_filters(request, &NOT_SIMULATED)?;
    let window = Window::of(request, &ORDER_BY)?;
    shop.with(|state| {
        let ids = state.listed(Listed::Items, request.listing(), |state| {
            let skus: Vec<String> =
                request.list("sku").iter().map(|sku| sku.to_lowercase()).collect();
            let items = filter(state, request)?
                .into_iter()
                .filter(|item| {
                    if skus.is_empty() {
                        item.parent().is_none()
                    } else {
                        skus.contains(&item.sku().to_lowercase())
                    }
                })
                .collect();
            Ok(sort(items, &window, request).into_iter().map(Item::id).collect())
        })?;
        Ok(window.page(&ids, request, &state.home, |id| {
            if request.ids_only() {
                return json!({ "id": id });
            }
            state.items.get(id).map_or(Value::Null, |item| state.product_json(item))
        }))
    })
}

/// The variations of a product, or of all.
pub(super) fn variations(
    shop: &Arc<Shop>,
    request: &Request,
    parent: Option<u64>,
) -> Result<Answer, Answer> {
    if let ("POST", Some(parent)) = (request.method.as_str(), parent) {
        return create::variation(shop, request, parent);
    }
    refuse_filters(request, &NOT_SIMULATED)?;
    let window = Window::of(request, &ORDER_BY)?;
    shop.with(|state| {
        if parent.is_some_and(|parent| !state.items.contains_key(&parent)) {
            return Err(invalid_id("product", 404));
        }
        let ids = state.listed(Listed::Items, request.listing(), |state| {
            let skus = request.list("sku");
            let items = filter(state, request)?
                .into_iter()
                .filter(|item| match parent {
                    Some(parent) => item.parent() == Some(parent),
                    None => item.parent().is_some(),
                })
                .filter(|item| skus.is_empty() || skus.contains(&item.sku()))
                .collect();
            Ok(sort(items, &window, request).into_iter().map(Item::id).collect())
        })?;
        Ok(window.page(&ids, request, &state.home, |id| {
            let Some(item) = state.items.get(id) else {
                return Value::Null;
            };
            let mut shown = variation_json(state, item);
            // The list of all links without naming the methods.
            if parent.is_none()
                && let Some(own) =
                    shown.pointer_mut("/_links/self/0").and_then(Value::as_object_mut)
            {
                own.remove("targetHints");
            }
            shown
        }))
    })
}

/// One product; a variation can be read here, but not changed.
pub(super) async fn single(shop: &Arc<Shop>, request: &Request, id: u64) -> Result<Answer, Answer> {
    if request.method == "DELETE" {
        return create::delete(shop, request, id);
    }
    if !request.updates() {
        return shop.with(|state| {
            let item = state.items.get(&id).ok_or_else(|| invalid_id("product", 404))?;
            Ok(Answer::ok(state.product_json(item)))
        });
    }
    let fields = checked(request)?;
    shop.with(|state| refuse_variation(state, id))?;
    update(shop, id, &fields).await?;
    shop.with(|state| {
        let item = state.items.get(&id).ok_or_else(|| invalid_id("product", 400))?;
        Ok(Answer::ok(written_json(state, item)))
    })
}

/// Refuses to change what is no product, or a variation, which has its own place.
pub(super) fn refuse_variation(state: &State, id: u64) -> Result<(), Answer> {
    let item = state.items.get(&id).ok_or_else(|| invalid_id("product", 400))?;
    if item.parent().is_some() {
        let message = "To manipulate product variations you should use the \
            /products/&lt;product_id&gt;/variations/&lt;id&gt; endpoint.";
        return Err(Answer::error(404, "woocommerce_rest_invalid_product_id", message));
    }
    Ok(())
}

/// A product as the answer to a write shows it; only that has two fields more.
pub(super) fn written_json(state: &State, item: &Item) -> Value {
    let mut shown = state.product_json(item);
    let slug = text(&item.fields, "slug").trim_end_matches("__trashed").to_owned();
    shown["permalink_template"] = json!(format!("{}/product/%pagename%/", state.home));
    shown["generated_slug"] = json!(slug);
    shown
}

/// Whether the product has this variation. The shop looks already while it asks whether this may be
/// done at all, before it reads the body.
pub(super) fn permit_variation(shop: &Arc<Shop>, parent: u64, id: u64) -> Result<(), Answer> {
    shop.with(|state| match state.items.get(&id).and_then(Item::parent) {
        Some(known) if known == parent => Ok(()),
        _ => Err(invalid_id("product_variation", 404)),
    })
}

/// One variation of a product.
pub(super) async fn variation(
    shop: &Arc<Shop>,
    request: &Request,
    id: u64,
) -> Result<Answer, Answer> {
    if request.method == "DELETE" {
        return Err(not_simulated(request));
    }
    if request.updates() {
        let fields = checked(request)?;
        update(shop, id, &fields).await?;
    }
    shop.with(|state| {
        let item = state.items.get(&id).ok_or_else(|| invalid_id("product_variation", 404))?;
        Ok(Answer::ok(variation_json(state, item)))
    })
}

fn invalid_id(kind: &str, status: u16) -> Answer {
    Answer::error(status, &format!("woocommerce_rest_{kind}_invalid_id"), "Invalid ID.")
}

fn variation_json(state: &State, item: &Item) -> Value {
    let parent = item.parent().and_then(|parent| state.items.get(&parent));
    parent.map_or(Value::Null, |parent| item.variation_json(parent, &state.home))
}

fn filter<'s>(state: &'s State, request: &Request) -> Result<Vec<&'s Item>, Answer> {
    let made = Period::of(request, "", &state.market)?;
    let changed = Period::of(request, "modified_", &state.market)?;
    let include = request.list("include");
    let kind = request.query("type");
    let statuses = request.list("status");
    let chosen = state.items.values().filter(|item| {
        let status = text(&item.fields, "status");
        (include.is_empty() || include.contains(&item.id().to_string().as_str()))
            && kind.is_none_or(|kind| text(&item.fields, "type") == kind)
            && match statuses.is_empty() || statuses.contains(&"any") {
                true => status != "trash",
                false => statuses.contains(&status),
            }
            && made.contains(|| date(&item.fields, "created"))
            && changed.contains(|| item.modified())
    });
    Ok(chosen.collect())
}

fn sort<'s>(mut items: Vec<&'s Item>, window: &Window, request: &Request) -> Vec<&'s Item> {
    let price = |item: &Item| text(&item.fields, "price").parse::<Decimal>().unwrap_or_default();
    match window.order_by.as_str() {
        "id" => items.sort_by_key(|item| item.id()),
        "modified" => items.sort_by_cached_key(|item| (item.modified(), item.id())),
        "title" => items.sort_by_cached_key(|item| (item.name().to_lowercase(), item.id())),
        "slug" => {
            items.sort_by_cached_key(|item| (text(&item.fields, "slug").to_owned(), item.id()))
        }
        "price" => items.sort_by_cached_key(|item| (price(item), item.id())),
        "include" => {
            let order = request.list("include");
            items.sort_by_key(|item| order.iter().position(|id| *id == item.id().to_string()));
            return items;
        }
        _ => items.sort_by_cached_key(|item| (date(&item.fields, "created"), item.id())),
    }
    if !window.ascending {
        items.reverse();
    }
    items
}
