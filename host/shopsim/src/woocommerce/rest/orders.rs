//! `/orders`.

mod edit;

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::list::{Period, Window};
use super::refuse_filters;
use super::request::{API, Request};
use super::validate::Invalid;
use crate::ledger::LedgerEvent;
use crate::limits::MONEY_DECIMALS_MAX;
use crate::woocommerce::fields::{Fields, date, objects, text};
use crate::woocommerce::order::{Order, STATUSES};
use crate::woocommerce::shop::Shop;
use crate::woocommerce::state::Listed;

pub(super) const ORDER_BY: [&str; 6] = ["date", "id", "include", "title", "slug", "modified"];
const NOT_SIMULATED: [&str; 5] = ["exclude", "parent", "customer", "product", "created_via"];

/// The list, or a new order. Without a status the list is of all but the trash.
pub(super) fn collection(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    if request.method == "POST" { create(shop, request) } else { list(shop, request) }
}

fn create(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let decimals = decimals(request)?;
    let fields = edit::checked(request, true)?;
    shop.with(|state| {
        let id = edit::create(state, &fields)?;
        let order = state.orders.get(&id).ok_or_else(|| invalid_id(400))?;
        let location = format!("{}{API}/orders/{id}", state.home);
        Ok(Answer::created(order.json(&state.home, decimals), location))
    })
}

fn list(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    refuse_filters(request, &NOT_SIMULATED)?;
    let window = Window::of(request, &ORDER_BY)?;
    let decimals = decimals(request)?;
    let statuses = statuses(request)?;
    let include = request.list("include");
    shop.with(|state| {
        let ids = state.listed(Listed::Orders, request.listing(), |state| {
            let made = Period::of(request, "", &state.market)?;
            let changed = Period::of(request, "modified_", &state.market)?;
            if let Some(words) = request.query("search") {
                refuse_search(state.orders.values(), words)?;
            }
            let chosen = state.orders.values().filter(|order| {
                let status = order.status();
                let fits = if statuses.is_empty() || statuses.contains(&"any") {
                    status != "trash"
                } else {
                    statuses.contains(&status)
                };
                fits && (include.is_empty() || include.contains(&order.id().to_string().as_str()))
                    && request.query("search").is_none_or(|words| found_by(order, words))
                    && made.contains(|| date(&order.fields, "created"))
                    && changed.contains(|| order.modified())
            });
            let sorted = sort(chosen.collect(), &window, &include);
            Ok(sorted.into_iter().map(Order::id).collect())
        })?;
        Ok(window.page(&ids, request, &state.home, |id| {
            if request.ids_only() {
                return json!({ "id": id });
            }
            let order = state.orders.get(id);
            order.map_or(Value::Null, |order| order.json(&state.home, decimals))
        }))
    })
}

/// An order is found by the transaction of its payment.
fn found_by(order: &Order, words: &str) -> bool {
    let transaction = text(&order.fields, "transaction_id");
    !transaction.is_empty() && transaction == words
}

/// The real shop looks for words at other places too, of which it was not seen which count.
fn refuse_search<'o>(
    mut orders: impl Iterator<Item = &'o Order>,
    words: &str,
) -> Result<(), Answer> {
    let wanted = words.to_lowercase();
    let mentions = |fields: &Fields| {
        let mut texts = fields.values().filter_map(Value::as_str);
        texts.any(|text| text.to_lowercase().contains(&wanted))
    };
    let elsewhere = |order: &Order| {
        let addresses = ["billing", "shipping"]
            .into_iter()
            .filter_map(|name| order.fields.get(name).and_then(Value::as_object));
        let lines = objects(&order.fields, "line_items");
        !found_by(order, words)
            && (order.id().to_string() == wanted || addresses.chain(lines).any(mentions))
    };
    match orders.any(elsewhere) {
        true => Err(Answer::not_simulated("searching orders by what is in their texts")),
        false => Ok(()),
    }
}

/// One order.
pub(super) fn single(shop: &Arc<Shop>, request: &Request, id: u64) -> Result<Answer, Answer> {
    let decimals = decimals(request)?;
    if request.method == "DELETE" {
        return delete(shop, request, id, decimals);
    }
    let fields = if request.updates() { Some(edit::checked(request, false)?) } else { None };
    shop.with(|state| {
        if let Some(fields) = &fields {
            edit::update(state, id, fields)?;
        }
        let order = state.orders.get(&id).ok_or_else(|| invalid_id(404))?;
        Ok(Answer::ok(order.json(&state.home, decimals)))
    })
}

/// Puts an order into the trash, or takes it away for good, of which nobody is told. What is out of
/// stock stays out. The answer shows the order as it was.
fn delete(shop: &Arc<Shop>, request: &Request, id: u64, decimals: u32) -> Result<Answer, Answer> {
    let for_good = request.flag("force");
    shop.with(|state| {
        let order = state.orders.get(&id).ok_or_else(|| invalid_id(404))?;
        if order.status() == "trash" && !for_good {
            return Err(Answer::not_simulated("putting an order into the trash twice"));
        }
        let shown = order.json(&state.home, decimals);
        state.ledger.add(LedgerEvent::OrderDeleted { order: id, for_good });
        if for_good {
            state.orders.remove(&id);
        } else {
            state.change_status(id, "trash");
        }
        Ok(Answer::ok(shown))
    })
}

pub(super) fn invalid_id(status: u16) -> Answer {
    Answer::error(status, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
}

fn statuses(request: &Request) -> Result<Vec<&str>, Answer> {
    let statuses = request.list("status");
    let mut invalid = Invalid::default();
    if statuses
        .iter()
        .any(|status| !["any", "trash"].contains(status) && !STATUSES.contains(status))
    {
        let mut allowed = vec!["any", "trash"];
        allowed.extend(STATUSES);
        invalid.not_one_of("status[0]", &allowed);
    }
    invalid.finish()?;
    Ok(statuses)
}

pub(super) fn decimals(request: &Request) -> Result<u32, Answer> {
    let Some(text) = request.query("dp") else {
        return Ok(2);
    };
    text.parse()
        .map_err(|_| {
            let mut invalid = Invalid::default();
            let problem = "is not of type integer.";
            invalid.add("dp", "rest_invalid_type", problem, json!({ "param": "dp" }));
            invalid.finish().err().unwrap_or_else(|| Answer::ok(Value::Null))
        })
        .map(|decimals: u32| decimals.min(MONEY_DECIMALS_MAX))
}

fn sort<'s>(mut orders: Vec<&'s Order>, window: &Window, include: &[&str]) -> Vec<&'s Order> {
    match window.order_by.as_str() {
        "id" => orders.sort_by_key(|order| order.id()),
        "modified" => orders.sort_by_cached_key(|order| (order.modified(), order.id())),
        "include" => {
            orders.sort_by_key(|order| include.iter().position(|id| *id == order.id().to_string()));
            return orders;
        }
        // An order's title is made of its date, and so is its slug.
        _ => orders.sort_by_cached_key(|order| (date(&order.fields, "created"), order.id())),
    }
    if !window.ascending {
        orders.reverse();
    }
    orders
}
