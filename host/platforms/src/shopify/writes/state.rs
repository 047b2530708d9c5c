//! Where an order stands: held, released, called off.
//!
//! What is held are the goods of an order that are to be sent, from each place; who held them the shop
//! knows, so only what this app held is released by it. Calling off is worked by the shop after it has
//! answered.

use std::time::Duration;

use fondaco_model::{
    ActionId,
    action::{OrderStep, OrderWrite, Value},
};
use serde_json::{Value as Json, json};

use super::{
    super::{
        documents::{CANCEL, HOLD, RELEASE},
        ids::gid,
        orders,
        payloads::{FulfillmentOrder, Order},
        refused, user_errors,
    },
    Sending, done, is_as_decided, kept, mark, text,
};
use crate::{Executed, Looked, PlatformError, Request};

/// How often, and how far apart, it is looked whether an order is called off.
const LOOKS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// Makes the request for a state.
pub fn request(id: &ActionId, write: &OrderWrite) -> Result<Request, PlatformError> {
    gid("Order", &write.order)?;
    let (document, word, reason) = match &write.step {
        OrderStep::Hold { reason } => (&HOLD, "on-hold", reason.as_str()),
        OrderStep::Cancel { reason } => (&CANCEL, "cancelled", reason.as_str()),
        _ => (&RELEASE, "processing", ""),
    };
    let variables = json!({ "reason": reason, "mark": mark(id), "handle": id.short() });
    let only_if = Some(Value::Text(write.decided_on.as_str().to_owned()));
    Ok(kept(document, variables, only_if, Value::Text(word.to_owned())))
}

/// Reads, compares, writes, and reads again.
pub async fn execute(sending: &Sending<'_>, write: &OrderWrite) -> Result<Executed, PlatformError> {
    let read_at = sending.time();
    let order = sending.order(&write.order).await?;
    if is_done(&write.step, &order) {
        return Ok(done(sending.order_snapshots(read_at, &order)));
    }
    let found = shown(&order);
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots: sending.order_snapshots(read_at, &order) });
    }
    match &write.step {
        OrderStep::Hold { .. } => hold(sending, &order).await?,
        OrderStep::Cancel { .. } => cancel(sending, write, &order).await?,
        _ => release(sending, write, &order).await?,
    }
    Ok(done(sending.read_order(&write.order).await))
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &OrderWrite) -> Result<Looked, PlatformError> {
    let read_at = sending.time();
    let order = sending.order(&write.order).await?;
    let (found, snapshots) = (shown(&order), sending.order_snapshots(read_at, &order));
    Ok(if is_done(&write.step, &order) {
        Looked::Done { ids: Vec::new(), snapshots }
    } else if is_as_decided(sending.request, &found) {
        Looked::NotDone
    } else {
        Looked::Neither { found, snapshots }
    })
}

fn is_done(step: &OrderStep, order: &Order) -> bool {
    let goods = &order.parts.fulfillment_orders.nodes;
    match step {
        OrderStep::Hold { .. } => goods.iter().any(is_held) && !goods.iter().any(is_open),
        OrderStep::Cancel { .. } => order.cancelled_at.is_some(),
        _ => !goods.iter().any(is_held),
    }
}

fn is_held(goods: &FulfillmentOrder) -> bool {
    goods.status == "ON_HOLD"
}

fn is_open(goods: &FulfillmentOrder) -> bool {
    matches!(goods.status.as_str(), "OPEN" | "SCHEDULED")
}

async fn hold(sending: &Sending<'_>, order: &Order) -> Result<(), PlatformError> {
    let open: Vec<&FulfillmentOrder> =
        order.parts.fulfillment_orders.nodes.iter().filter(|goods| is_open(goods)).collect();
    if open.is_empty() {
        return Err(refused(format!("of order {} nothing is left to be sent", order.name)));
    }
    for goods in open {
        let hold = json!({
            "reason": "OTHER",
            "reasonNotes":
                format!("{} {}", text(sending.request, "reason"), text(sending.request, "mark")),
            "handle": text(sending.request, "handle"),
            "notifyMerchant": false,
        });
        let variables = json!({ "id": goods.id, "hold": hold });
        sending.send(&HOLD, variables, "fulfillmentOrderHold").await?;
    }
    Ok(())
}

async fn release(
    sending: &Sending<'_>,
    write: &OrderWrite,
    order: &Order,
) -> Result<(), PlatformError> {
    let mut released = 0;
    for goods in &order.parts.fulfillment_orders.nodes {
        let ours = goods.fulfillment_holds.iter().filter(|hold| hold.held_by_requesting_app);
        let ours: Vec<&str> = ours.map(|hold| hold.id.as_str()).collect();
        if ours.is_empty() {
            continue;
        }
        let variables = json!({ "id": goods.id, "holds": ours });
        sending.send(&RELEASE, variables, "fulfillmentOrderReleaseHold").await?;
        released += 1;
    }
    if released == 0 {
        return Err(refused(format!(
            "order {} was not held by this host; release it in the shop",
            write.order
        )));
    }
    Ok(())
}

async fn cancel(
    sending: &Sending<'_>,
    write: &OrderWrite,
    order: &Order,
) -> Result<(), PlatformError> {
    let status = order.display_fulfillment_status.as_str();
    if matches!(status, "FULFILLED" | "PARTIALLY_FULFILLED") {
        return Err(refused(format!(
            "goods of order {} are on their way; what is sent cannot be called off",
            write.order
        )));
    }
    let note = format!("{} {}", text(sending.request, "reason"), text(sending.request, "mark"));
    let variables = json!({ "id": gid("Order", &write.order)?, "note": note });
    let answer: Json = sending.shop.client.ask(&CANCEL, variables).await?;
    user_errors(&answer, "/orderCancel/orderCancelUserErrors")?;
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        let order = sending.order(&write.order).await;
        if order.is_ok_and(|order| order.cancelled_at.is_some()) {
            return Ok(());
        }
    }
    let reason = format!("the shop is still calling order {} off", write.order);
    Err(PlatformError::Ambiguous { reason })
}

fn shown(order: &Order) -> Value {
    Value::Text(orders::state(order).as_str().to_owned())
}
