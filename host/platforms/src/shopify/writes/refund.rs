//! Giving money back. The platform knows a repeated request by its key, and the refund's note has the
//! action's short id.
//!
//! Money goes back by the payment that it came by. Where somebody collected that by hand, a refund is a
//! record of what somebody sends by hand; where a payment service did, it really sends it.

use fondaco_model::{
    ActionId, Decimal,
    action::{RefundMethod, RefundWrite, Restock, Value},
};
use serde_json::{Value as Json, json};

use super::{
    super::{
        documents::REFUND,
        ids::{gid, number, plain},
        orders::money,
        payloads::{Order, Refund, Transaction},
        refused,
    },
    Sending, is_as_decided, kept, mark, text, would_not,
};
use crate::{Executed, Looked, PlatformError, Request, plain::decimal};

/// Makes the request for a refund. Its lines and the payment it goes back by are looked up when it is
/// sent.
pub fn request(id: &ActionId, write: &RefundWrite) -> Result<Request, PlatformError> {
    gid("Order", &write.order)?;
    if write.amount.amount <= Decimal::ZERO {
        return Err(refused("a refund gives something back, and this one is of nothing"));
    }
    let variables = json!({ "mark": mark(id), "key": id.as_str() });
    let result = (write.decided_on + write.amount.amount).into();
    Ok(kept(&REFUND, variables, Some(write.decided_on.into()), result))
}

/// Reads, compares, gives back, and reads again.
pub async fn execute(
    sending: &Sending<'_>,
    write: &RefundWrite,
) -> Result<Executed, PlatformError> {
    let read_at = sending.time();
    let order = sending.order(&write.order).await?;
    if let Some(refund) = marked(sending, &order) {
        outcome(write, refund).map_err(|reason| PlatformError::Ambiguous { reason })?;
        let ids = vec![plain(&refund.legacy_resource_id)];
        return Ok(Executed::Done { ids, snapshots: sending.order_snapshots(read_at, &order) });
    }
    let found = Value::from(refunded(&order)?);
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots: sending.order_snapshots(read_at, &order) });
    }
    let input = input(sending, write, &order)?;
    let key = text(sending.request, "key");
    let sent = sending.send_once(&REFUND, &input, key, "refundCreate").await?;
    let answer = sent.map_err(|errors| would_not(&errors))?;
    let id = answer.pointer("/refund/legacyResourceId");
    let id = id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    let read_at = sending.time();
    let order = sending
        .order(&write.order)
        .await
        .map_err(|error| PlatformError::Ambiguous { reason: error.to_string() })?;
    let refund = marked(sending, &order).ok_or_else(|| PlatformError::Ambiguous {
        reason: format!("the shop refunded order {} and shows no such refund", write.order),
    })?;
    outcome(write, refund).map_err(|reason| PlatformError::Ambiguous { reason })?;
    let snapshots = sending.order_snapshots(read_at, &order);
    Ok(Executed::Done { ids: id.into_iter().collect(), snapshots })
}

/// Looks for the refund. Where there is none, the same request tells, once more.
pub async fn look(sending: &Sending<'_>, write: &RefundWrite) -> Result<Looked, PlatformError> {
    let read_at = sending.time();
    let order = sending.order(&write.order).await?;
    let snapshots = sending.order_snapshots(read_at, &order);
    let Some(refund) = marked(sending, &order) else {
        return Ok(Looked::NotDone);
    };
    Ok(match outcome(write, refund) {
        Ok(()) => Looked::Done { ids: vec![plain(&refund.legacy_resource_id)], snapshots },
        Err(reason) => Looked::Neither { found: Value::Text(reason), snapshots },
    })
}

fn marked<'a>(sending: &Sending<'_>, order: &'a Order) -> Option<&'a Refund> {
    let mark = text(sending.request, "mark");
    order
        .parts
        .refunds
        .iter()
        .find(|refund| refund.note.as_deref().unwrap_or_default().contains(mark))
}

/// Whether a refund is what was asked for; says what it is otherwise.
fn outcome(write: &RefundWrite, refund: &Refund) -> Result<(), String> {
    let amount = money::amount_of(&format!("order {}", write.order), refund);
    let amount = amount.map_err(|error| error.to_string())?;
    if amount == write.amount.amount || write.method == RefundMethod::StoreCredit {
        return Ok(());
    }
    Err(format!(
        "refund {} of order {} is of {amount}, and was to be of {}",
        plain(&refund.legacy_resource_id),
        write.order,
        write.amount.amount
    ))
}

fn refunded(order: &Order) -> Result<Decimal, PlatformError> {
    let amount = &order.total_refunded_set.shop_money.amount.0;
    decimal(amount, "the order", "totalRefundedSet").map_err(|error| refused(error.0))
}

fn input(sending: &Sending<'_>, write: &RefundWrite, order: &Order) -> Result<Json, PlatformError> {
    if order.currency_code != write.amount.currency {
        return Err(refused(format!(
            "the shop's amounts are in {}, and the refund is in {}",
            order.currency_code, write.amount.currency
        )));
    }
    let amount = write.amount.amount.to_string();
    let order_id = gid("Order", &write.order)?;
    let mut input = json!({
        "orderId": order_id,
        "note": format!("Ref. {}", text(sending.request, "mark")),
        // The customer is not written to.
        "notify": false,
        "refundLineItems": lines(write, order).map_err(refused)?,
    });
    if write.shipping > Decimal::ZERO {
        input["shipping"] = json!({ "amount": write.shipping.to_string() });
    }
    if write.method == RefundMethod::StoreCredit {
        if order.customer.is_none() {
            return Err(refused(format!("order {} is a guest's, who has no credit", write.order)));
        }
        let money = json!({ "amount": amount, "currencyCode": write.amount.currency });
        input["refundMethods"] = json!([{ "storeCreditRefund": { "amount": money } }]);
        return Ok(input);
    }
    let payment = payment(write, order)?;
    input["transactions"] = json!([{
        "orderId": order_id,
        "parentId": payment.id,
        "gateway": payment.gateway,
        "kind": "REFUND",
        "amount": amount,
    }]);
    Ok(input)
}

/// The payment that money goes back by: of which enough is left, and which was collected as it is to be
/// sent.
fn payment<'a>(write: &RefundWrite, order: &'a Order) -> Result<&'a Transaction, PlatformError> {
    let by_hand = write.method == RefundMethod::Recorded;
    let mut there = false;
    for payment in &order.transactions {
        let succeeded = payment.status == "SUCCESS" && money::is_payment(payment);
        if !succeeded || payment.manual_payment_gateway != by_hand {
            continue;
        }
        there = true;
        if left_of(order, payment)? >= write.amount.amount {
            return Ok(payment);
        }
    }
    let (name, amount) = (&write.order, write.amount.amount);
    Err(refused(match (there, by_hand) {
        (true, _) => format!("no single payment of order {name} has {amount} left to give back"),
        (false, true) => format!(
            "a payment service collected the money of order {name}, and a refund of it is sent, not \
             recorded"
        ),
        (false, false) => format!(
            "no payment service collected the money of order {name}; record the refund, and send it \
             another way"
        ),
    }))
}

fn left_of(order: &Order, payment: &Transaction) -> Result<Decimal, PlatformError> {
    let amount = |known: &Transaction| {
        let amount = &known.amount_set.shop_money.amount.0;
        decimal(amount, "a payment", "amountSet").map_err(|error| refused(error.0))
    };
    let mut left = amount(payment)?;
    for known in &order.transactions {
        let of_it = known.parent_transaction.as_ref().is_some_and(|parent| parent.id == payment.id);
        if of_it && known.kind == "REFUND" && known.status == "SUCCESS" {
            left -= amount(known)?;
        }
    }
    Ok(left)
}

/// The lines as they are sent.
fn lines(write: &RefundWrite, order: &Order) -> Result<Json, String> {
    let mut sent = Vec::new();
    for line in write.lines.iter().filter(|line| line.quantity != Decimal::ZERO) {
        let name = &line.line;
        let item = order.line_items.nodes.iter().find(|item| number(&item.id) == *name);
        let item = item.ok_or_else(|| format!("order {} has no line {name}", write.order))?;
        let quantity = line
            .quantity
            .to_whole()
            .filter(|quantity| *quantity > 0 && *quantity <= item.refundable_quantity);
        let quantity = quantity.ok_or_else(|| {
            format!(
                "{} of line {name} cannot be given back: {} can",
                line.quantity, item.refundable_quantity
            )
        })?;
        // What was not sent is taken off the order; what was comes back, or does not.
        let restock = match write.restock {
            Restock::Sellable if item.unfulfilled_quantity >= quantity => "CANCEL",
            Restock::Sellable => "RETURN",
            Restock::WrittenOff | Restock::None => "NO_RESTOCK",
        };
        let mut input =
            json!({ "lineItemId": item.id, "quantity": quantity, "restockType": restock });
        if restock != "NO_RESTOCK" {
            let place = order.parts.fulfillment_orders.nodes.iter().find_map(|goods| {
                let mut lines = goods.line_items.nodes.iter();
                lines.find(|line| line.line_item.id == item.id)?;
                goods.assigned_location.location.as_ref()
            });
            let place =
                place.ok_or_else(|| format!("no place is known that line {name} goes to"))?;
            let place = plain(&place.legacy_resource_id);
            input["locationId"] =
                json!(gid("Location", &place).map_err(|error| error.to_string())?);
        }
        sent.push(input);
    }
    Ok(Json::Array(sent))
}
