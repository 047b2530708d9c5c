//! Where an order stands: held, released, called off.
//!
//! Magento has a state of its own for what is held, and remembers the one before. A comment says why,
//! and that it was this host; only what it held is released by it. The comment follows, so that none
//! stands there of what was not done; where it fails, somebody of the shop has to release the order.

use fondaco_model::{
    ActionId, Decimal,
    action::{OrderStep, OrderWrite, Value},
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    super::{
        answers::refused,
        number, orders,
        payloads::{Order, commented},
    },
    Sending, gone_or, is_as_decided, mark,
};
use crate::{Executed, Looked, PlatformError, Request, plain::number_or_zero};

const HELD: &str = "holded";
const CANCELLED: &str = "canceled";
/// How the comment begins that says that this host held an order; its mark follows.
const HELD_BY_US: &str = "Held: ";

/// Makes the request for a state.
pub fn request(id: &ActionId, write: &OrderWrite) -> Result<Request, PlatformError> {
    let (verb, word, comment) = match &write.step {
        OrderStep::Hold { reason } => ("hold", "on-hold", format!("{HELD_BY_US}{reason}")),
        OrderStep::Cancel { reason } => ("cancel", "cancelled", format!("Called off: {reason}")),
        _ => ("unhold", "processing", "Released".to_owned()),
    };
    Ok(Request {
        method: Method::POST.to_string(),
        path: format!("/V1/orders/{}/{verb}", number(&write.order)?),
        body: json!({ "comment": format!("{comment}\n\n{}", mark(id)) }),
        only_if: Some(Value::Text(write.decided_on.as_str().to_owned())),
        result: Value::Text(word.to_owned()),
    })
}

/// Reads, compares, writes, and reads again.
pub async fn execute(sending: &Sending<'_>, write: &OrderWrite) -> Result<Executed, PlatformError> {
    let order = sending.order(&write.order).await?;
    if is_done(&write.step, &order) {
        let snapshots = sending.read_order(&write.order).await;
        return Ok(Executed::Done { ids: Vec::new(), snapshots });
    }
    let found = shown(&order)?;
    if !is_as_decided(sending.request, &found) {
        let snapshots = sending.read_order(&write.order).await;
        return Ok(Executed::Stale { found, snapshots });
    }
    check(write, &order)?;
    let what = format!("order {}", write.order);
    match sending.send::<bool>(&Json::Null).await {
        Ok(true) => {}
        // So it says no, with success.
        Ok(false) => {
            return Err(refused(format!(
                "the shop would not do it to {what}, and does not say why"
            )));
        }
        Err(failed) => return Err(gone_or(&what, failed)),
    }
    let written = sending
        .order(&write.order)
        .await
        .map_err(|error| PlatformError::Ambiguous { reason: error.to_string() })?;
    if !is_done(&write.step, &written) {
        return Err(PlatformError::Ambiguous {
            reason: format!("the shop said it was done, and {what} is `{}`", written.state),
        });
    }
    let comment = sending.request.body.get("comment").and_then(Json::as_str).unwrap_or_default();
    if let Err(error) = sending.comment(&written, comment).await {
        tracing::warn!(shop.id = %sending.shop.shop, %error, "an order has no comment of why");
    }
    let snapshots = sending.read_order(&write.order).await;
    Ok(Executed::Done { ids: Vec::new(), snapshots })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &OrderWrite) -> Result<Looked, PlatformError> {
    let order = sending.order(&write.order).await?;
    if is_done(&write.step, &order) {
        let snapshots = sending.read_order(&write.order).await;
        return Ok(Looked::Done { ids: Vec::new(), snapshots });
    }
    let found = shown(&order)?;
    if is_as_decided(sending.request, &found) {
        return Ok(Looked::NotDone);
    }
    let snapshots = sending.read_order(&write.order).await;
    Ok(Looked::Neither { found, snapshots })
}

/// Whether an order stands where a step leads. A release leads to whatever was before, and is told by
/// the order not being held any more.
fn is_done(step: &OrderStep, order: &Order) -> bool {
    match step {
        OrderStep::Hold { .. } => order.state == HELD,
        OrderStep::Cancel { .. } => order.state == CANCELLED,
        _ => order.state != HELD && was_held_by_us(order),
    }
}

fn was_held_by_us(order: &Order) -> bool {
    let comments = order.status_histories.iter();
    comments
        .filter_map(|comment| comment.comment.as_deref())
        .any(|text| text.starts_with(HELD_BY_US) && text.contains("[fondaco "))
}

/// Whether the shop can be expected to do it; why not, otherwise.
fn check(write: &OrderWrite, order: &Order) -> Result<(), PlatformError> {
    let (number, state) = (&write.order, order.state.as_str());
    match (&write.step, state) {
        (OrderStep::Hold { .. }, "new" | "processing" | "pending_payment") => Ok(()),
        (OrderStep::Hold { .. }, other) => Err(refused(format!(
            "order {number} is `{other}`; only one that is being worked on can be held"
        ))),
        (OrderStep::Cancel { .. }, "new" | "processing" | "pending_payment") => {
            let invoiced = order.base_total_invoiced.as_ref();
            let what = format!("order {number}");
            let invoiced = number_or_zero(invoiced, &what, "base_total_invoiced");
            if invoiced.map_err(|error| refused(error.0))? == Decimal::ZERO {
                return Ok(());
            }
            Err(refused(format!(
                "order {number} is invoiced, and what is cannot be called off; give the money back \
                 instead"
            )))
        }
        (OrderStep::Cancel { .. }, HELD) => {
            Err(refused(format!("order {number} is held; release it before calling it off")))
        }
        (OrderStep::Cancel { .. }, other) => Err(refused(format!(
            "order {number} is `{other}`; only one that is not done with can be called off"
        ))),
        (_, HELD) if commented(&order.status_histories, "[fondaco ").is_some() => Ok(()),
        (_, HELD) => Err(refused(format!(
            "order {number} was not held by this host; release it in the shop"
        ))),
        (_, other) => Err(refused(format!("order {number} is `{other}`, and not held"))),
    }
}

fn shown(order: &Order) -> Result<Value, PlatformError> {
    let state = orders::state(order).map_err(|error| refused(error.0))?;
    Ok(Value::Text(state.as_str().to_owned()))
}
