//! `/orders`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::list::{Period, Window};
use super::request::Request;
use super::validate::Invalid;
use super::{not_simulated, refuse_filters};
use crate::limits::MONEY_DECIMALS_MAX;
use crate::woocommerce::fields::{Fields, date, set, text};
use crate::woocommerce::order::{Order, STATUSES};
use crate::woocommerce::shop::Shop;

pub(super) const ORDER_BY: [&str; 6] = ["date", "id", "include", "title", "slug", "modified"];
const NOT_SIMULATED: [&str; 6] =
    ["search", "exclude", "parent", "customer", "product", "created_via"];
/// Fields that are stored as they come; everything else an order could be sent is not simulated.
const PLAIN: [&str; 4] =
    ["customer_note", "transaction_id", "payment_method", "payment_method_title"];

/// The list; without a status that is all but the trash.
pub(super) fn list(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    if request.method == "POST" {
        return Err(not_simulated(request));
    }
    refuse_filters(request, &NOT_SIMULATED)?;
    let window = Window::of(request, &ORDER_BY)?;
    let decimals = decimals(request)?;
    let statuses = statuses(request)?;
    let include = request.list("include");
    shop.with(|state| {
        let made = Period::of(request, "", &state.market)?;
        let changed = Period::of(request, "modified_", &state.market)?;
        let chosen = state.orders.values().filter(|order| {
            let status = order.status();
            let fits = if statuses.is_empty() || statuses.contains(&"any") {
                status != "trash"
            } else {
                statuses.contains(&status)
            };
            fits && (include.is_empty() || include.contains(&order.id().to_string().as_str()))
                && made.contains(date(&order.fields, "created"))
                && changed.contains(order.modified())
        });
        let sorted = sort(chosen.collect(), &window, &include);
        Ok(window.page(&sorted, request, &state.home, |order| order.json(&state.home, decimals)))
    })
}

/// One order. Its status can be set, with what that does to the stock.
pub(super) fn single(shop: &Arc<Shop>, request: &Request, id: u64) -> Result<Answer, Answer> {
    if request.method == "DELETE" {
        return Err(not_simulated(request));
    }
    let decimals = decimals(request)?;
    let fields = if request.updates() { Some(checked(request)?) } else { None };
    shop.with(|state| {
        let missing = if fields.is_some() { 400 } else { 404 };
        let order = state.orders.get_mut(&id).ok_or_else(|| invalid_id(missing))?;
        if let Some(fields) = fields {
            for name in PLAIN {
                if let Some(value) = fields.get(name) {
                    set(&mut order.fields, name, value.clone());
                }
            }
            let status = match text(&fields, "status") {
                "" => order.status().to_owned(),
                status => status.to_owned(),
            };
            state.change_status(id, &status);
        }
        let order = state.orders.get(&id).ok_or_else(|| invalid_id(missing))?;
        Ok(Answer::ok(order.json(&state.home, decimals)))
    })
}

pub(super) fn invalid_id(status: u16) -> Answer {
    Answer::error(status, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
}

fn checked(request: &Request) -> Result<Fields, Answer> {
    let fields = request.fields()?;
    let mut invalid = Invalid::default();
    invalid.one_of(&fields, "status", &STATUSES);
    for name in PLAIN {
        invalid.of_type(&fields, name, "string");
    }
    invalid.finish()?;
    let other = fields.keys().find(|name| *name != "status" && !PLAIN.contains(&name.as_str()));
    match other {
        Some(name) => Err(Answer::not_simulated(&format!("changing an order's {name}"))),
        None => Ok(fields),
    }
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
        "modified" => orders.sort_by_key(|order| (order.modified(), order.id())),
        "include" => {
            orders.sort_by_key(|order| include.iter().position(|id| *id == order.id().to_string()));
            return orders;
        }
        // An order's title is made of its date, and so is its slug.
        _ => orders.sort_by_key(|order| (date(&order.fields, "created"), order.id())),
    }
    if !window.ascending {
        orders.reverse();
    }
    orders
}
