//! Giving money back: Magento's credit memos.
//!
//! Only a credit memo of an invoice, asked for as online, makes the payment service send money; one of
//! the order is a record. A request that leaves something out gives back more: no lines are all lines,
//! no amounts are shipping too. So every line and every amount is named (`parts.rs`), and what the memo
//! comes to is looked at afterwards.
//!
//! The payment service works before the memo is kept. A request that fails may have sent the money,
//! even one that is answered with 400; then there is no memo, and a person has to look at the service.

use fondaco_model::{
    ActionId, Decimal, Snapshot,
    action::{RefundMethod, RefundWrite, Value},
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    super::{
        answers::{Failed, refused},
        number,
        orders::{Documents, money},
        payloads::{CreditMemo, Invoice, Order, commented},
    },
    Sending, is_as_decided, mark, mark_of,
};
use crate::{
    Executed, Looked, PlatformError, Request,
    plain::{decimal, number_or_zero, text_of},
};

mod parts;

/// How a refusal begins that Magento makes before the payment service is asked.
const CHECKED_FIRST: &str = "Creditmemo Document Validation Error";

/// Makes the request for a credit memo. Its lines, and the invoice that money goes back by, are worked
/// out when it is sent.
pub fn request(id: &ActionId, write: &RefundWrite) -> Result<Request, PlatformError> {
    if write.amount.amount <= Decimal::ZERO {
        return Err(refused("a refund gives something back, and this one is of nothing"));
    }
    let mut body = json!({
        // The customer is not written to.
        "notify": false,
        "appendComment": true,
        "comment": { "comment": format!("Ref. {}", mark(id)), "is_visible_on_front": 0 },
    });
    if write.method == RefundMethod::Original {
        body["isOnline"] = json!(true);
    }
    Ok(Request {
        method: Method::POST.to_string(),
        path: format!("/V1/order/{}/refund", number(&write.order)?),
        body,
        only_if: Some(write.decided_on.into()),
        result: (write.decided_on + write.amount.amount).into(),
    })
}

/// Reads, compares, gives back, and reads again.
pub async fn execute(
    sending: &Sending<'_>,
    write: &RefundWrite,
) -> Result<Executed, PlatformError> {
    sending.check_currency(&write.amount.currency)?;
    let seen = Seen::read(sending, write).await?;
    if let Some(memo) = seen.marked(sending)? {
        return done(write, memo, seen.snapshots.clone());
    }
    let found: Value = seen.refunded()?.into();
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots: seen.snapshots });
    }
    let mut body = sending.request.body.clone();
    let parts = parts::of(&seen.order, write).map_err(refused)?;
    body["items"] = parts.items;
    body["arguments"] = parts.arguments;
    let path = match write.method {
        RefundMethod::Original => format!("/V1/invoice/{}/refund", seen.invoice(write)?.entity_id),
        RefundMethod::Recorded | RefundMethod::StoreCredit => sending.request.path.clone(),
    };
    sending.send_to::<Json>(&path, &body).await.map_err(|failed| refusal(write, failed))?;
    let seen = Seen::read(sending, write)
        .await
        .map_err(|error| PlatformError::Ambiguous { reason: error.to_string() })?;
    match seen.marked(sending)? {
        Some(memo) => done(write, memo, seen.snapshots.clone()),
        None => Err(PlatformError::Ambiguous {
            reason: format!("the shop gave back of order {} and shows no memo", write.order),
        }),
    }
}

/// What it means that the shop would not. Where money was to be sent, it may have been.
fn refusal(write: &RefundWrite, failed: Failed) -> PlatformError {
    match PlatformError::from(failed) {
        PlatformError::Refused { reason }
            if write.method == RefundMethod::Original && !reason.contains(CHECKED_FIRST) =>
        {
            PlatformError::Ambiguous { reason }
        }
        error => error,
    }
}

/// Looks for the credit memo.
pub async fn look(sending: &Sending<'_>, write: &RefundWrite) -> Result<Looked, PlatformError> {
    let seen = Seen::read(sending, write).await?;
    let Some(memo) = seen.marked(sending)? else {
        return Ok(match write.method {
            RefundMethod::Original => Looked::Neither {
                found: Value::Text(format!(
                    "no credit memo of order {} is from this action; whether the payment service \
                     sent the money, only it can tell",
                    write.order
                )),
                snapshots: seen.snapshots,
            },
            RefundMethod::Recorded | RefundMethod::StoreCredit => Looked::NotDone,
        });
    };
    Ok(match outcome(write, memo) {
        Ok(()) => Looked::Done {
            ids: vec![memo.entity_id.to_string()],
            snapshots: seen.snapshots.clone(),
        },
        Err(reason) => {
            Looked::Neither { found: Value::Text(reason), snapshots: seen.snapshots.clone() }
        }
    })
}

fn done(
    write: &RefundWrite,
    memo: &CreditMemo,
    snapshots: Vec<Snapshot>,
) -> Result<Executed, PlatformError> {
    match outcome(write, memo) {
        Ok(()) => Ok(Executed::Done { ids: vec![memo.entity_id.to_string()], snapshots }),
        Err(reason) => Err(PlatformError::Ambiguous { reason }),
    }
}

/// Whether a credit memo is what was asked for; says what it is otherwise. One that the payment
/// service sent has its number. What part of a line comes to the shop rounds in a way of its own, so a
/// memo may be a cent away for each of its lines.
fn outcome(write: &RefundWrite, memo: &CreditMemo) -> Result<(), String> {
    let (id, order) = (memo.entity_id, &write.order);
    let amount =
        money::amount_of(&format!("order {order}"), memo).map_err(|error| error.to_string())?;
    let lines = write.lines.iter().filter(|line| line.quantity > Decimal::ZERO).count();
    let most = i128::try_from(lines).ok().and_then(|lines| Decimal::from_units(lines, 2));
    let away = (amount - write.amount.amount).max(write.amount.amount - amount);
    if away > most.unwrap_or_default() {
        let asked = write.amount.amount;
        return Err(format!("memo {id} of order {order} is of {amount}, and was to be of {asked}"));
    }
    match (write.method, text_of(memo.transaction_id.as_ref())) {
        (RefundMethod::Original, None) => Err(format!(
            "memo {id} of order {order} is recorded, and has no number of the payment service's: \
             look there whether the money was sent"
        )),
        (RefundMethod::Recorded, Some(_)) => Err(format!(
            "memo {id} of order {order} was to be recorded only, and the payment service sent money"
        )),
        _ => Ok(()),
    }
}

/// An order with what was given back of it.
struct Seen {
    order: Order,
    documents: Documents,
    snapshots: Vec<Snapshot>,
}

impl Seen {
    async fn read(sending: &Sending<'_>, write: &RefundWrite) -> Result<Self, PlatformError> {
        let read_at = sending.time();
        let order = sending.order(&write.order).await?;
        let documents = sending.documents(&order).await?;
        let snapshots = sending.order_snapshots(read_at, &order, &documents);
        Ok(Self { order, documents, snapshots })
    }

    /// The credit memo that this request made.
    fn marked(&self, sending: &Sending<'_>) -> Result<Option<&CreditMemo>, PlatformError> {
        let comment =
            sending.request.body.get("comment").and_then(|comment| comment.get("comment"));
        let mark = mark_of(comment)?;
        let has = |memo: &&CreditMemo| commented(&memo.comments, mark).is_some();
        Ok(self.documents.credit_memos.iter().find(has))
    }

    /// What has been given back so far.
    fn refunded(&self) -> Result<Decimal, PlatformError> {
        let refunded = self.order.base_total_refunded.as_ref();
        number_or_zero(refunded, "the order", "base_total_refunded")
            .map_err(|error| refused(error.0))
    }

    /// The invoice that the money goes back by: one that a payment service collected, and of which
    /// enough is left.
    fn invoice(&self, write: &RefundWrite) -> Result<&Invoice, PlatformError> {
        let mut collected = false;
        for invoice in &self.documents.invoices {
            if text_of(invoice.transaction_id.as_ref()).is_none() {
                continue;
            }
            collected = true;
            if self.left_of(invoice)? >= write.amount.amount {
                return Ok(invoice);
            }
        }
        let (order, amount) = (&write.order, write.amount.amount);
        Err(refused(match collected {
            true => format!("no single invoice of order {order} has {amount} left to give back"),
            false => format!(
                "no payment service collected the money of order {order}; record the refund, and \
                 send it another way"
            ),
        }))
    }

    fn left_of(&self, invoice: &Invoice) -> Result<Decimal, PlatformError> {
        let broken = |error: crate::Unreadable| refused(error.0);
        let mut left = decimal(&invoice.base_grand_total.0, "the invoice", "base_grand_total")
            .map_err(broken)?;
        for memo in &self.documents.credit_memos {
            if memo.invoice_id == Some(invoice.entity_id) {
                left -= money::amount_of("the order", memo).map_err(broken)?;
            }
        }
        Ok(left)
    }
}
