//! What is read at the root of a document. Each answers with everything that it has.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::Fault;
use super::graphql::Root;
use super::ids::{gid, moment, number};
use super::product::Product;
use super::state::{Account, State};
use super::webhook::Subscription;
use crate::limits::PER_PAGE_MAX;

/// How long orders are shown to an app without the scope for all of them.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(60 * 24);

pub(crate) fn answer(state: &State, root: &Root) -> Result<Value, Fault> {
    let id = |kind: &str| number(kind, root.arguments.get("id"));
    Ok(match root.name.as_str() {
        "location" => location(state, root, id("Location"))?,
        "productVariants" => {
            let keep = since(root)?;
            let variants = state.variants.iter();
            let variants = variants.filter(|(_, variant)| keep(variant.updated_at));
            page(root, variants.map(|(id, _)| *id), |id| {
                state.variants.get(&id).map(|variant| state.variant_json(variant))
            })
        }
        "productVariant" => {
            let variant = id("ProductVariant").and_then(|id| state.variants.get(&id));
            variant.map(|variant| state.variant_json(variant)).unwrap_or_default()
        }
        "inventoryItem" => {
            let item = id("InventoryItem").and_then(|id| state.variants.get(&id));
            item.map(|item| json!({ "variants": [state.variant_json(item)] })).unwrap_or_default()
        }
        "product" => {
            let product = id("Product").and_then(|id| state.products.get(&id));
            product.map(Product::json).unwrap_or_default()
        }
        "orders" => orders(state, root)?,
        "order" => {
            let order = id("Order").and_then(|id| state.orders.get(&id));
            order
                .filter(|order| is_shown(state, order.created_at))
                .map(super::order::Order::json)
                .unwrap_or_default()
        }
        "customers" => {
            let keep = since(root)?;
            let accounts = state.accounts.iter();
            let accounts = accounts.filter(|(_, account)| keep(account.created_at));
            page(root, accounts.map(|(id, _)| *id), |id| {
                state.accounts.get(&id).map(|account| customer(id, account))
            })
        }
        "customer" => {
            let known = id("Customer").and_then(|id| Some((id, state.accounts.get(&id)?)));
            known.map(|(id, account)| customer(id, account)).unwrap_or_default()
        }
        "priceList" => price_list(state, root, id("PriceList"))?,
        "codeDiscountNodeByCode" => {
            let code = root.arguments.get("code").and_then(Value::as_str).unwrap_or_default();
            let known = state.discount_by_code(code);
            known.map(|known| known.json(state.now())).unwrap_or_default()
        }
        _ => return settings(state, root),
    })
}

/// What the shop and the app are.
fn settings(state: &State, root: &Root) -> Result<Value, Fault> {
    Ok(match root.name.as_str() {
        "shop" => json!({
            "name": state.domain,
            "currencyCode": super::CURRENCY,
            "ianaTimezone": "Europe/Rome",
            "myshopifyDomain": state.domain,
            "plan": { "publicDisplayName": "Basic" },
        }),
        "currentAppInstallation" => {
            let scopes = state.scopes.iter().map(|scope| json!({ "handle": scope }));
            json!({ "accessScopes": scopes.collect::<Vec<_>>() })
        }
        "locations" => {
            let places = state.places.iter().map(|place| {
                json!({
                    "id": gid("Location", *place), "legacyResourceId": place.to_string(),
                    "isActive": true,
                })
            });
            whole(places.collect())
        }
        "priceLists" => {
            let lists = state.price_lists.iter().map(|list| {
                json!({
                    "id": gid("PriceList", list.id), "name": list.name,
                    "currency": super::CURRENCY,
                })
            });
            whole(lists.collect())
        }
        "webhookSubscriptions" => {
            whole(state.webhooks.subscriptions.iter().map(Subscription::json).collect())
        }
        other => {
            return Err(Fault::new("undefinedField", format!("`{other}` is not simulated")));
        }
    })
}

/// A list that is never longer than a page.
fn whole(nodes: Vec<Value>) -> Value {
    json!({ "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } })
}

/// A page of what has these ids, in their order. The cursor is the last id.
fn page(root: &Root, ids: impl Iterator<Item = u64>, show: impl Fn(u64) -> Option<Value>) -> Value {
    let after = root.arguments.get("after").and_then(Value::as_str);
    let after: u64 = after.and_then(|after| after.parse().ok()).unwrap_or(0);
    let first = root.arguments.get("first").and_then(Value::as_u64).unwrap_or(PER_PAGE_MAX);
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    let mut left = ids.filter(|id| *id > after);
    let taken: Vec<u64> = left.by_ref().take(first).collect();
    let nodes: Vec<Value> = taken.iter().filter_map(|id| show(*id)).collect();
    json!({
        "nodes": nodes,
        "pageInfo": {
            "hasNextPage": left.next().is_some(),
            "endCursor": taken.last().map(u64::to_string),
        },
    })
}

/// What a filter by date lets through; no other is simulated.
fn since(root: &Root) -> Result<impl Fn(Timestamp) -> bool + use<>, Fault> {
    let filter = root.arguments.get("query").and_then(Value::as_str).unwrap_or_default();
    let since = match filter {
        "" => None,
        filter => {
            let moment = filter.strip_prefix("updated_at:>='");
            let moment = moment.and_then(|moment| moment.strip_suffix('\''));
            let moment = moment.and_then(|moment| moment.parse::<Timestamp>().ok());
            let words = || format!("the filter `{filter}` is not simulated");
            Some(moment.ok_or_else(|| Fault::new("undefinedField", words()))?)
        }
    };
    Ok(move |at: Timestamp| since.is_none_or(|since| at.as_second() >= since.as_second()))
}

fn orders(state: &State, root: &Root) -> Result<Value, Fault> {
    let keep = since(root)?;
    let orders = state.orders.iter();
    let orders =
        orders.filter(|(_, order)| keep(order.updated_at) && is_shown(state, order.created_at));
    Ok(page(root, orders.map(|(id, _)| *id), |id| {
        state.orders.get(&id).map(|order| {
            json!({
                "legacyResourceId": id.to_string(), "updatedAt": moment(order.updated_at),
            })
        })
    }))
}

fn is_shown(state: &State, created_at: Timestamp) -> bool {
    let all = state.scopes.iter().any(|scope| scope == "read_all_orders");
    all || created_at.duration_until(state.now()) < SHOWN_FOR
}

fn location(state: &State, root: &Root, place: Option<u64>) -> Result<Value, Fault> {
    let Some(place) = place.filter(|place| state.places.contains(place)) else {
        return Ok(Value::Null);
    };
    // Its levels are filtered within the field; the root's own arguments name the place alone.
    let keep = since(&root.inner("inventoryLevels"))?;
    let levels: BTreeMap<u64, Value> = state
        .variants
        .values()
        .filter_map(|variant| Some((variant, variant.levels.get(&place)?)))
        .filter(|(_, level)| keep(level.updated_at))
        .map(|(variant, level)| (variant.id, state.level_json(variant, place, level)))
        .collect();
    Ok(json!({ "inventoryLevels": levels.into_values().collect::<Vec<_>>() }))
}

fn price_list(state: &State, root: &Root, id: Option<u64>) -> Result<Value, Fault> {
    let list = state.price_lists.iter().find(|list| Some(list.id) == id);
    let Some(list) = list else { return Ok(Value::Null) };
    let inner = root.inner("prices").arguments;
    let filter = inner.get("query").and_then(Value::as_str).unwrap_or_default();
    let variant = filter.strip_prefix("variant_id:").and_then(|variant| variant.parse().ok());
    let variant: u64 = variant
        .ok_or_else(|| Fault::new("undefinedField", "only prices of a variant are simulated"))?;
    let prices = list.prices.get(&variant).map(|(price, compare_at)| {
        let amount = |amount| json!({ "amount": super::amounts::cents(amount).to_string() });
        [json!({ "price": amount(*price), "compareAtPrice": compare_at.map(amount) })]
    });
    Ok(json!({ "prices": prices.map(|prices| json!(prices)).unwrap_or_else(|| json!([])) }))
}

fn customer(id: u64, account: &Account) -> Value {
    let at = moment(account.created_at);
    json!({
        "legacyResourceId": id.to_string(),
        "displayName": format!("{} {}", account.given_name, account.family_name),
        "createdAt": at,
        "updatedAt": at,
        "defaultEmailAddress": { "emailAddress": account.email },
        "defaultPhoneNumber": null,
        "defaultAddress": null,
    })
}
