//! `/orders/{id}/refunds` and `/refunds`.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::answer::Answer;
use super::list::{Period, Window};
use super::orders::{ORDER_BY, decimals, invalid_id};
use super::request::{API, Request};
use super::validate::{Invalid, boolean, whole};
use super::{not_simulated, refuse_filters};
use crate::ledger::LedgerEvent;
use crate::limits::REFUND_WINDOW;
use crate::woocommerce::fields::{Fields, id, objects, text};
use crate::woocommerce::gateway::NO_GATEWAY;
use crate::woocommerce::market::Market;
use crate::woocommerce::refund::{Refund, Wanted, WantedLine};
use crate::woocommerce::shop::Shop;
use crate::woocommerce::state::State;

const NOT_SIMULATED: [&str; 3] = ["exclude", "include", "parent"];

/// The refunds of an order, or a new one.
pub(super) async fn collection(
    shop: &Arc<Shop>,
    request: &Request,
    order: u64,
) -> Result<Answer, Answer> {
    if request.method == "POST" {
        create(shop, request, order).await
    } else {
        list(shop, request, order)
    }
}

fn list(shop: &Arc<Shop>, request: &Request, order_id: u64) -> Result<Answer, Answer> {
    let window = Window::of(request, &ORDER_BY)?;
    let decimals = decimals(request)?;
    shop.with(|state| {
        let order = state.orders.get(&order_id).ok_or_else(|| invalid_id(404))?;
        let mut refunds: Vec<&Refund> = order.refunds.iter().collect();
        if !window.ascending {
            refunds.reverse();
        }
        let show = |refund: &&Refund| refund.json(order_id, decimals, &state.home, &state.market);
        Ok(window.page(&refunds, request, &state.home, show))
    })
}

/// The refunds of all orders. They are found by their date and by nothing else: what is searched
/// for, such as a reason, is never found.
pub(super) fn list_all(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    refuse_filters(request, &NOT_SIMULATED)?;
    let window = Window::of(request, &ORDER_BY)?;
    let decimals = decimals(request)?;
    shop.with(|state| {
        let made = Period::of(request, "", &state.market)?;
        let all = state
            .orders
            .values()
            .flat_map(|order| order.refunds.iter().map(move |refund| (order.id(), refund)));
        let mut chosen: Vec<(u64, &Refund)> = all
            .filter(|(_, refund)| made.contains(|| Some(refund.made)))
            .filter(|_| request.query("search").is_none())
            .collect();
        chosen.sort_by_key(|(_, refund)| (refund.made.as_second(), refund.id));
        if !window.ascending {
            chosen.reverse();
        }
        Ok(window.page(&chosen, request, &state.home, |(order, refund)| {
            let mut shown = refund.json(*order, decimals, &state.home, &state.market);
            shown["parent_id"] = json!(order);
            shown
        }))
    })
}

/// One refund. It cannot be changed.
pub(super) fn single(
    shop: &Arc<Shop>,
    request: &Request,
    order_id: u64,
    refund_id: u64,
) -> Result<Answer, Answer> {
    let decimals = decimals(request)?;
    if request.method == "DELETE" && !request.flag("force") {
        return Err(not_simulated(request));
    }
    shop.with(|state| {
        let shown = show(state, order_id, refund_id, decimals)?;
        if request.method == "DELETE" {
            state.remove_refund(order_id, refund_id);
            state.ledger.add(LedgerEvent::RefundDeleted { order: order_id, refund: refund_id });
        }
        Ok(Answer::ok(shown))
    })
}

fn show(state: &State, order_id: u64, refund_id: u64, decimals: u32) -> Result<Value, Answer> {
    let order = state.orders.get(&order_id).ok_or_else(|| invalid_id(404))?;
    let refund = order.refunds.iter().find(|refund| refund.id == refund_id);
    let refund = refund
        .ok_or_else(|| Answer::not_simulated("asking for a refund that the order does not have"))?;
    Ok(refund.json(order_id, decimals, &state.home, &state.market))
}

/// Refunds. The gateway works on it while it can be seen already; what it declines is gone again.
async fn create(shop: &Arc<Shop>, request: &Request, order_id: u64) -> Result<Answer, Answer> {
    let decimals = decimals(request)?;
    let fields = checked(request)?;
    let wanted = shop.with(|state| wanted(state, order_id, &fields))?;
    tokio::time::sleep(REFUND_WINDOW).await;
    let refund_id = shop.with(|state| state.begin_refund(order_id, &wanted));
    let refund_id = refund_id.ok_or_else(|| invalid_id(404))?;
    if wanted.by_gateway
        && let Err(reason) = send_money(shop, order_id).await
    {
        shop.with(|state| {
            state.remove_refund(order_id, refund_id);
            let (order, refund, reason) = (order_id, refund_id, reason.clone());
            state.ledger.add(LedgerEvent::RefundDeclined { order, refund, reason });
        });
        return Err(refused(&reason));
    }
    shop.with(|state| {
        state.finish_refund(order_id, refund_id, &wanted);
        let shown = show(state, order_id, refund_id, decimals)?;
        // The shop forgets to fill in the order's id here.
        let path = format!("{}{API}/orders/(?P<order_id>[\\d]+)/refunds", state.home);
        Ok(Answer::created(shown, format!("{path}/{refund_id}")))
    })
}

/// Has the order's gateway send money, or says why it does not.
async fn send_money(shop: &Arc<Shop>, order_id: u64) -> Result<(), String> {
    let gateway = shop.with(|state| {
        let order = state.orders.get(&order_id)?;
        state.gateway(text(&order.fields, "payment_method")).cloned()
    });
    let gateway = gateway.ok_or_else(|| NO_GATEWAY.to_owned())?;
    tokio::time::sleep(gateway.takes).await;
    gateway.declines.map_or(Ok(()), Err)
}

/// A refusal with a number where others have an object.
fn refused(message: &str) -> Answer {
    let code = "woocommerce_rest_cannot_create_order_refund";
    Answer::error_with(500, code, message, json!(500))
}

fn checked(request: &Request) -> Result<Fields, Answer> {
    let fields = request.fields()?;
    let mut invalid = Invalid::default();
    for name in ["amount", "reason"] {
        invalid.of_type(&fields, name, "string");
    }
    for name in ["api_refund", "api_restock"] {
        invalid.of_type(&fields, name, "boolean");
    }
    invalid.finish()?;
    if fields.contains_key("refunded_by") {
        return Err(Answer::not_simulated("refunding in somebody's name"));
    }
    Ok(fields)
}

fn wanted(state: &State, order_id: u64, fields: &Fields) -> Result<Wanted, Answer> {
    let order = state.orders.get(&order_id).ok_or_else(|| invalid_id(404))?;
    let mut lines = Vec::new();
    for sent in objects(fields, "line_items") {
        let line = wanted_line(sent, &state.market)?;
        let known = ["line_items", "shipping_lines", "fee_lines"]
            .into_iter()
            .flat_map(|list| objects(&order.fields, list))
            .any(|known| id(known, "id") == line.line);
        if !known {
            return Err(Answer::not_simulated("refunding a line that the order does not have"));
        }
        lines.push(line);
    }
    let amount = match fields.get("amount") {
        Some(_) => amount(fields, "amount", &state.market)?,
        None if lines.is_empty() => {
            return Err(Answer::not_simulated("refunding neither an amount nor lines"));
        }
        None => lines.iter().map(|line| line.total + line.tax()).sum(),
    };
    let rest = order.rest();
    if amount > rest {
        return Err(refused("Invalid refund amount."));
    }
    let flag = |name: &str| fields.get(name).and_then(boolean).unwrap_or(true);
    let meta = fields.get("meta_data").and_then(Value::as_array).cloned();
    Ok(Wanted {
        amount,
        reason: text(fields, "reason").to_owned(),
        lines,
        meta: meta.unwrap_or_default(),
        by_gateway: flag("api_refund"),
        restocks: flag("api_restock"),
        full: amount == rest,
    })
}

/// A line as it was sent. Without taxes, none are refunded.
fn wanted_line(sent: &Fields, market: &Market) -> Result<WantedLine, Answer> {
    let mut taxes = Vec::new();
    for tax in objects(sent, "refund_tax") {
        taxes.push((id(tax, "id"), amount(tax, "refund_total", market)?));
    }
    Ok(WantedLine {
        line: id(sent, "id"),
        quantity: sent.get("quantity").and_then(whole).unwrap_or(0),
        total: amount(sent, "refund_total", market)?,
        taxes,
    })
}

/// An amount, as text that the shop reads by its own separators or as a number; zero if absent.
fn amount(fields: &Fields, name: &str, market: &Market) -> Result<Decimal, Answer> {
    let amount = match fields.get(name) {
        None => return Ok(Decimal::ZERO),
        Some(Value::String(text)) => market.parse_price(text).parse().ok(),
        Some(Value::Number(number)) => number.to_string().parse().ok(),
        Some(_) => None,
    };
    match amount.filter(|amount: &Decimal| !amount.is_sign_negative()) {
        Some(amount) => Ok(amount),
        None => Err(Answer::not_simulated(&format!("refunding with such a {name}"))),
    }
}
