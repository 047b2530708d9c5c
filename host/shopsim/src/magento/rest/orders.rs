//! Orders and their documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::search::Criteria;
use super::{Answer, Request, found};
use crate::ledger::LedgerEvent;
use crate::magento::documents::{RefundAsked, WillNot, not_saved};
use crate::magento::order::{CreditMemo, Invoice, Order, Shipment};
use crate::magento::shop::Shop;
use crate::magento::state::moment;

pub(crate) fn list(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let criteria = Criteria::of(request)?;
    let field = |order: &Order, name: &str| match name {
        "entity_id" => Some(json!(order.id)),
        "increment_id" => Some(json!(order.increment_id())),
        "updated_at" => Some(json!(moment(order.updated_at))),
        "created_at" => Some(json!(moment(order.created_at))),
        "state" => Some(json!(order.state)),
        "status" => Some(json!(order.status)),
        _ => None,
    };
    let (items, total) =
        shop.with(|state| criteria.page(state.orders.values(), field, Order::json));
    Ok(found(items, total))
}

pub(crate) fn single(shop: &Arc<Shop>, order: u64) -> Result<Answer, Answer> {
    let order = shop.with(|state| Some(state.orders.get(&order)?.json()));
    order.map(Answer::ok).ok_or_else(Answer::no_entity)
}

pub(crate) fn invoices(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let criteria = Criteria::of(request)?;
    let field = |invoice: &Invoice, name: &str| document(name, invoice.id, invoice.order);
    let (items, total) =
        shop.with(|state| criteria.page(state.invoices.values(), field, Invoice::json));
    Ok(found(items, total))
}

pub(crate) fn memos(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let criteria = Criteria::of(request)?;
    let field = |memo: &CreditMemo, name: &str| document(name, memo.id, memo.order);
    let (items, total) =
        shop.with(|state| criteria.page(state.memos.values(), field, CreditMemo::json));
    Ok(found(items, total))
}

pub(crate) fn shipments(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let criteria = Criteria::of(request)?;
    let field = |shipment: &Shipment, name: &str| document(name, shipment.id, shipment.order);
    let (items, total) =
        shop.with(|state| criteria.page(state.shipments.values(), field, Shipment::json));
    Ok(found(items, total))
}

fn document(name: &str, id: u64, order: u64) -> Option<Value> {
    match name {
        "entity_id" => Some(json!(id)),
        "order_id" => Some(json!(order)),
        _ => None,
    }
}

pub(crate) fn hold(shop: &Arc<Shop>, order: u64) -> Result<Answer, Answer> {
    shop.with(|state| state.hold(order))?;
    Ok(Answer::ok(json!(true)))
}

pub(crate) fn unhold(shop: &Arc<Shop>, order: u64) -> Result<Answer, Answer> {
    shop.with(|state| state.unhold(order))?;
    Ok(Answer::ok(json!(true)))
}

/// Whether it is called off: a no comes with success.
pub(crate) fn cancel(shop: &Arc<Shop>, order: u64) -> Result<Answer, Answer> {
    shop.with(|state| {
        state.orders.get(&order).ok_or_else(Answer::no_entity)?;
        Ok(Answer::ok(json!(state.cancel(order))))
    })
}

pub(crate) fn comment(shop: &Arc<Shop>, request: &Request, order: u64) -> Result<Answer, Answer> {
    let history = request.part("statusHistory")?;
    let text = |field: &str| history.get(field).and_then(Value::as_str).unwrap_or_default();
    let notified = history.get("is_customer_notified").and_then(Value::as_u64) == Some(1);
    shop.with(|state| state.comment(order, text("comment"), text("status"), notified))?;
    Ok(Answer::ok(json!(true)))
}

/// The lines of a body and how much of each.
fn items(body: &Value) -> Vec<(u64, i64)> {
    let items = body.get("items").and_then(Value::as_array);
    let item = |item: &Value| {
        let quantity = item.get("qty").and_then(Value::as_f64).unwrap_or_default();
        // Quantities of a shop that sells by the piece are small whole numbers.
        #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
        Some((item.get("order_item_id")?.as_u64()?, quantity as i64))
    };
    items.into_iter().flatten().filter_map(item).collect()
}

fn appended(body: &Value) -> Option<String> {
    let appends = body.get("appendComment").and_then(Value::as_bool).unwrap_or_default();
    let comment = body.get("comment")?.get("comment")?.as_str()?;
    appends.then(|| comment.to_owned())
}

fn notifies(body: &Value) -> bool {
    body.get("notify").and_then(Value::as_bool).unwrap_or_default()
}

pub(crate) fn ship(shop: &Arc<Shop>, request: &Request, order: u64) -> Result<Answer, Answer> {
    let body = request.body.clone().unwrap_or_default();
    let track = |track: &Value| {
        let text = |field: &str| track.get(field).and_then(Value::as_str).unwrap_or_default();
        let [number, title, carrier] = ["track_number", "title", "carrier_code"].map(text);
        (number.to_owned(), title.to_owned(), carrier.to_owned())
    };
    let tracks = body.get("tracks").and_then(Value::as_array);
    let tracks = tracks.into_iter().flatten().map(track).collect();
    let (items, comment, notify) = (items(&body), appended(&body), notifies(&body));
    let id = shop.with(|state| state.ship(order, &items, tracks, comment, notify))?;
    Ok(Answer::ok(json!(id.to_string())))
}

/// Gives back, by the order or by an invoice. Only the latter, asked for as online, has the payment
/// service send money; it works before the memo is kept, and nobody else's memo waits meanwhile.
pub(crate) async fn refund(
    shop: &Arc<Shop>,
    request: &Request,
    order: u64,
    invoice: Option<u64>,
) -> Result<Answer, Answer> {
    let asked = asked(request.body.as_ref().unwrap_or(&Value::Null));
    let draft = shop.with(|state| state.draft_refund(order, invoice, &asked))?;
    if let Some((takes, declines)) = &draft.service {
        tokio::time::sleep(*takes).await;
        if let Some(reason) = declines.clone() {
            let event = LedgerEvent::RefundDeclined { order, refund: 0, reason };
            shop.with(|state| state.ledger.add(event));
            return Err(Answer::from(not_saved()));
        }
    }
    let kept = shop.with(|state| state.keep_refund(draft, &asked));
    let id = kept.map_err(|refusal: WillNot| Answer::from(refusal))?;
    Ok(Answer::ok(json!(id.to_string())))
}

fn asked(body: &Value) -> RefundAsked {
    let arguments = body.get("arguments");
    let amount = |field: &str| -> Option<Decimal> {
        arguments?.get(field)?.to_string().trim_matches('"').parse().ok()
    };
    let extension = arguments.and_then(|arguments| arguments.get("extension_attributes"));
    let returned = extension.and_then(|extension| extension.get("return_to_stock_items"));
    let returned = returned.and_then(Value::as_array).into_iter().flatten();
    RefundAsked {
        online: body.get("isOnline").and_then(Value::as_bool).unwrap_or_default(),
        items: items(body),
        shipping: amount("shipping_amount"),
        adjustment: amount("adjustment_positive").unwrap_or_default()
            - amount("adjustment_negative").unwrap_or_default(),
        returned: returned.filter_map(Value::as_u64).collect::<BTreeSet<_>>(),
        comment: appended(body),
        notify: notifies(body),
    }
}
