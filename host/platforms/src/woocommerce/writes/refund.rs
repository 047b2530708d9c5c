//! Giving money back.
//!
//! WooCommerce checks hardly anything of a refund: not that the amount fits its lines, not what was
//! refunded of a line before, not that it is more than nothing; it takes two at a time, and moves
//! money unless it is told not to. So everything is looked at here (`parts.rs`), one action of an
//! order at a time, and against what was refunded when the action was decided.
//!
//! Its reason can be seen from the first moment, while a payment service still works; metadata comes
//! at the end. If the service declines, the refund disappears. So the reason carries the mark.

use fondaco_model::{
    ActionId, Decimal, Snapshot,
    action::{RefundMethod, RefundWrite, Restock, Value},
};
use http::Method;
use serde_json::json;

use super::{
    super::{
        answers::refused,
        pages,
        payloads::{Order, Refund},
    },
    Sending, gone_or, is_as_decided, is_marked, mark, number,
};
use crate::{Executed, Looked, PlatformError, Request, plain::decimal};

mod parts;

const MARK_KEY: &str = "_fondaco_refund";

/// Makes the request for a refund. Its lines are parted by rates of tax when it is sent.
pub fn request(id: &ActionId, write: &RefundWrite) -> Result<Request, PlatformError> {
    if write.amount.amount <= Decimal::ZERO {
        return Err(refused("a refund gives something back, and this one is of nothing"));
    }
    Ok(Request {
        method: Method::POST.to_string(),
        path: format!("/orders/{}/refunds", number(&write.order)?),
        body: json!({
            "amount": super::amounts::amount("the refund", write.amount.amount)?,
            // The customer reads it beside the amount.
            "reason": format!("Ref. {}", id.short()),
            // Without it the shop would send money.
            "api_refund": write.method == RefundMethod::Original,
            // Without it the shop would put the goods back into stock.
            "api_restock": write.restock == Restock::Sellable,
            "meta_data": [mark(MARK_KEY, id)],
        }),
        only_if: Some(write.decided_on.into()),
        result: (write.decided_on + write.amount.amount).into(),
    })
}

/// Reads, compares, gives back, and reads the answer.
pub async fn execute(
    sending: &Sending<'_>,
    write: &RefundWrite,
) -> Result<Executed, PlatformError> {
    let seen = Seen::read(sending, write).await?;
    if let Some(refund) = seen.marked(sending) {
        return match outcome(write, refund) {
            Ok(()) => Ok(Executed::Done {
                ids: vec![refund.id.to_string()],
                snapshots: seen.snapshots(sending),
            }),
            Err(reason) => Err(PlatformError::Ambiguous { reason }),
        };
    }
    let found: Value = seen.refunded()?.into();
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots: seen.snapshots(sending) });
    }
    let mut body = sending.request.body.clone();
    let lines = parts::line_items(&seen.order, &seen.refunds, write).map_err(refused)?;
    if !lines.is_empty() {
        body["line_items"] = lines.into();
    }
    let refund = sending.send::<Refund>(Vec::new(), &body).await;
    let refund = refund.map_err(|failed| gone_or(&named(write), failed))?;
    outcome(write, &refund).map_err(|reason| PlatformError::Ambiguous { reason })?;
    // What was given back stands, whether or not the order can be read again.
    let order = sending.order(&write.order).await;
    let snapshots = match order {
        Ok(order) => sending.order_snapshots(&order, sending.time()).await,
        Err(_) => Vec::new(),
    };
    Ok(Executed::Done { ids: vec![refund.id.to_string()], snapshots })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &RefundWrite) -> Result<Looked, PlatformError> {
    let seen = Seen::read(sending, write).await?;
    let Some(refund) = seen.marked(sending) else {
        // Marks are seen at once, and one that was declined is gone: nothing was given back.
        return Ok(Looked::NotDone);
    };
    let snapshots = seen.snapshots(sending);
    Ok(match outcome(write, refund) {
        Ok(()) => Looked::Done { ids: vec![refund.id.to_string()], snapshots },
        Err(reason) => Looked::Neither { found: Value::Text(reason), snapshots },
    })
}

/// Whether a refund is what was asked for; says what it is otherwise. That money was sent the shop
/// says itself; that it was recorded only, it says as well.
fn outcome(write: &RefundWrite, refund: &Refund) -> Result<(), String> {
    let amount = positive(&refund.amount.0, "amount").map_err(|error| error.to_string())?;
    if amount != write.amount.amount {
        return Err(format!(
            "refund {} of order {} is of {amount}, and was to be of {}",
            refund.id, write.order, write.amount.amount
        ));
    }
    match (write.method, refund.refunded_payment) {
        (RefundMethod::Original, false) => Err(format!(
            "refund {} of order {} is recorded, and the shop does not say that the money was sent: \
             look at the payment service",
            refund.id, write.order
        )),
        (RefundMethod::Recorded, true) => Err(format!(
            "refund {} of order {} was to be recorded only, and the shop says that the money was \
             sent",
            refund.id, write.order
        )),
        _ => Ok(()),
    }
}

/// An order with what was refunded of it.
struct Seen {
    order: Order,
    refunds: Vec<Refund>,
}

impl Seen {
    async fn read(sending: &Sending<'_>, write: &RefundWrite) -> Result<Self, PlatformError> {
        let order = sending.order(&write.order).await?;
        let path = &sending.request.path;
        let amounts = pages::whole_amounts();
        match pages::all::<Refund>(&sending.shop.client, path, &amounts).await {
            Ok(refunds) => Ok(Self { order, refunds }),
            Err(failed) => Err(gone_or(&named(write), failed)),
        }
    }

    /// The refund that this request made.
    fn marked(&self, sending: &Sending<'_>) -> Option<&Refund> {
        let request = sending.request;
        let reason = request.body.get("reason").and_then(|reason| reason.as_str())?;
        self.refunds.iter().find(|refund| {
            let shown = refund.reason.as_deref().unwrap_or_default();
            shown.contains(reason) || is_marked(&refund.meta_data, request, MARK_KEY)
        })
    }

    /// What has been refunded so far.
    fn refunded(&self) -> Result<Decimal, PlatformError> {
        let amounts = self.refunds.iter().map(|refund| positive(&refund.amount.0, "amount"));
        let amounts: Result<Vec<_>, _> = amounts.collect();
        Ok(amounts?.into_iter().sum())
    }

    fn snapshots(&self, sending: &Sending<'_>) -> Vec<Snapshot> {
        sending.order_with_refunds(&self.order, &self.refunds)
    }
}

fn named(write: &RefundWrite) -> String {
    format!("order {}", write.order)
}

fn positive(text: &str, field: &str) -> Result<Decimal, PlatformError> {
    let number = decimal(text, "a refund", field).map_err(|error| refused(error.0))?;
    Ok(number.max(-number))
}
