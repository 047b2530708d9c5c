//! Where an order stands: held, released, called off.
//!
//! WooCommerce has no hold beside the status: an order is held by being `on-hold`, as one is that
//! waits for a bank transfer. So the status it had is noted with the order, and only what was held by
//! the host is released by it: to release another would be to say that its money has come.

use fondaco_model::{
    ActionId,
    action::{OrderStep, OrderWrite, Value},
    commerce::OrderState,
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    super::{answers::refused, orders, pages, payloads::Order},
    Sending, is_as_decided, is_marked, mark, noted, number, otherwise,
};
use crate::{Executed, Looked, PlatformError, Request};

const MARK_KEY: &str = "_fondaco_order_write";
/// The status that a held order had before; empty once it is released.
const HELD_FROM_KEY: &str = "_fondaco_held_from";
/// Why it was held or called off; without an underscore the shop's people see it with the order.
const REASON_KEY: &str = "fondaco_reason";

/// Makes the request for a status.
pub fn request(id: &ActionId, write: &OrderWrite) -> Result<Request, PlatformError> {
    let (after, reason) = match &write.step {
        OrderStep::Hold { reason } => (OrderState::OnHold, reason.as_str()),
        OrderStep::Cancel { reason } => (OrderState::Cancelled, reason.as_str()),
        // What it goes back to is noted with the order.
        _ => (OrderState::Processing, ""),
    };
    Ok(Request {
        method: Method::PUT.to_string(),
        path: format!("/orders/{}", number(&write.order)?),
        body: json!({
            "status": after.as_str(),
            "meta_data": [mark(MARK_KEY, id), { "key": REASON_KEY, "value": reason }],
        }),
        only_if: Some(Value::Text(write.decided_on.as_str().to_owned())),
        result: Value::Text(after.as_str().to_owned()),
    })
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(sending: &Sending<'_>, write: &OrderWrite) -> Result<Executed, PlatformError> {
    let request = sending.request;
    let order = sending.order(&write.order).await?;
    if is_marked(&order.meta_data, request, MARK_KEY) {
        let snapshots = sending.order_snapshots(&order, sending.now).await;
        return Ok(Executed::Done { ids: Vec::new(), snapshots });
    }
    let found = shown(&order);
    if !is_as_decided(request, &found) {
        let snapshots = sending.order_snapshots(&order, sending.now).await;
        return Ok(Executed::Stale { found, snapshots });
    }
    let Some(body) = body(sending, write, &order)? else {
        let snapshots = sending.order_snapshots(&order, sending.now).await;
        return Ok(Executed::Done { ids: Vec::new(), snapshots });
    };
    let what = format!("order {}", write.order);
    let written_at = sending.time();
    let answer = sending.send::<Order>(pages::whole_amounts(), &body).await;
    let answer = answer.map_err(|failed| super::gone_or(&what, failed))?;
    if body.get("status").and_then(Json::as_str) != Some(status(&answer)) {
        return Err(otherwise(&what, &request.result, &shown(&answer)));
    }
    let snapshots = sending.order_snapshots(&answer, written_at).await;
    Ok(Executed::Done { ids: Vec::new(), snapshots })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &OrderWrite) -> Result<Looked, PlatformError> {
    let order = sending.order(&write.order).await?;
    let snapshots = sending.order_snapshots(&order, sending.now).await;
    if is_marked(&order.meta_data, sending.request, MARK_KEY) {
        return Ok(Looked::Done { ids: Vec::new(), snapshots });
    }
    let found = shown(&order);
    // The shop keeps marks, and has not got this one.
    let has_another = noted(&order.meta_data, MARK_KEY).is_some();
    Ok(match has_another || is_as_decided(sending.request, &found) {
        true => Looked::NotDone,
        false => Looked::Neither { found, snapshots },
    })
}

/// What is sent to an order that stands as it was decided on; nothing if there is nothing to do.
fn body(
    sending: &Sending<'_>,
    write: &OrderWrite,
    order: &Order,
) -> Result<Option<Json>, PlatformError> {
    let (number, stands) = (&write.order, state(order));
    let mut body = sending.request.body.clone();
    match (&write.step, stands) {
        (OrderStep::Hold { .. }, OrderState::OnHold)
        | (OrderStep::Cancel { .. }, OrderState::Cancelled)
        | (OrderStep::Release, OrderState::Processing) => return Ok(None),
        (OrderStep::Hold { .. }, OrderState::Processing) => {
            add_note(&mut body, HELD_FROM_KEY, status(order));
        }
        (OrderStep::Hold { .. }, other) => {
            return Err(refused(format!(
                "order {number} is {}; only one that is being worked on can be held",
                other.as_str()
            )));
        }
        (
            OrderStep::Cancel { .. },
            OrderState::Pending | OrderState::OnHold | OrderState::Processing,
        ) => {}
        (OrderStep::Cancel { .. }, other) => {
            return Err(refused(format!(
                "order {number} is {}; only one that is not done with can be called off",
                other.as_str()
            )));
        }
        (OrderStep::Release, OrderState::OnHold) => {
            let held_from = noted(&order.meta_data, HELD_FROM_KEY).and_then(Json::as_str);
            let before = held_from.filter(|status| !status.is_empty()).ok_or_else(|| {
                refused(format!(
                    "order {number} was not held by this host: it waits for something of the \
                     shop's own, such as its payment; set its status in the shop"
                ))
            })?;
            body["status"] = json!(before);
            add_note(&mut body, HELD_FROM_KEY, "");
        }
        (_, other) => {
            return Err(refused(format!("order {number} is {}, and not held", other.as_str())));
        }
    }
    Ok(Some(body))
}

fn add_note(body: &mut Json, key: &str, value: &str) {
    if let Some(notes) = body.get_mut("meta_data").and_then(Json::as_array_mut) {
        notes.push(json!({ "key": key, "value": value }));
    }
}

fn status(order: &Order) -> &str {
    order.status.strip_prefix("wc-").unwrap_or(&order.status)
}

fn state(order: &Order) -> OrderState {
    let paid = order.date_paid_gmt.as_deref().is_some_and(|paid| !paid.is_empty());
    orders::state(status(order), paid)
}

fn shown(order: &Order) -> Value {
    Value::Text(state(order).as_str().to_owned())
}
