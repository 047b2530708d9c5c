//! Goods on their way: Shopify's fulfilments, of goods that are to be sent from a place.

use fondaco_model::{
    Decimal,
    action::{OrderStep, OrderWrite, Value},
    commerce::ParcelLine,
};
use serde_json::{Value as Json, json};

use super::{
    super::{
        documents::FULFIL,
        ids::{gid, number, plain},
        payloads::{Fulfillment, Order},
        refused,
    },
    Sending, kept,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a fulfilment.
pub fn request(write: &OrderWrite) -> Result<Request, PlatformError> {
    gid("Order", &write.order)?;
    let (carrier, tracking) = tracked(write);
    let mut info = json!({ "company": carrier });
    if let Some(tracking) = tracking {
        info["number"] = json!(tracking);
    }
    // The customer is not written to.
    let variables = json!({ "notifyCustomer": false, "trackingInfo": info });
    let result = Value::Text(tracking.unwrap_or_default().to_owned());
    Ok(kept(&FULFIL, variables, None, result))
}

fn tracked(write: &OrderWrite) -> (&str, Option<&str>) {
    match &write.step {
        OrderStep::Parcel { carrier, tracking, .. } => (carrier, tracking.as_deref()),
        _ => ("", None),
    }
}

fn lines(write: &OrderWrite) -> &[ParcelLine] {
    match &write.step {
        OrderStep::Parcel { lines, .. } => lines,
        _ => &[],
    }
}

/// Sends it off, unless it is.
pub async fn execute(sending: &Sending<'_>, write: &OrderWrite) -> Result<Executed, PlatformError> {
    let read_at = sending.time();
    let order = sending.order(&write.order).await?;
    if let Some(known) = find(&order, write) {
        let ids = vec![plain(&known.legacy_resource_id)];
        return Ok(Executed::Done { ids, snapshots: sending.order_snapshots(read_at, &order) });
    }
    let mut fulfillment = sending.request.body.clone();
    fulfillment["lineItemsByFulfillmentOrder"] = goods(&order, write).map_err(refused)?;
    let variables = json!({ "fulfillment": fulfillment });
    let answer = sending.send(&FULFIL, variables, "fulfillmentCreate").await?;
    let id = answer.pointer("/fulfillment/legacyResourceId");
    let id = id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    let snapshots = sending.read_order(&write.order).await;
    Ok(Executed::Done { ids: id.into_iter().collect(), snapshots })
}

/// Looks for the fulfilment.
pub async fn look(sending: &Sending<'_>, write: &OrderWrite) -> Result<Looked, PlatformError> {
    let read_at = sending.time();
    let order = sending.order(&write.order).await?;
    Ok(match find(&order, write) {
        Some(known) => Looked::Done {
            ids: vec![plain(&known.legacy_resource_id)],
            snapshots: sending.order_snapshots(read_at, &order),
        },
        None => Looked::NotDone,
    })
}

/// The fulfilment with the same number, or, without one, with the same goods.
fn find<'a>(order: &'a Order, write: &OrderWrite) -> Option<&'a Fulfillment> {
    let (_, tracking) = tracked(write);
    let same_goods = |known: &Fulfillment| {
        let lines = lines(write);
        let has = |line: &ParcelLine| {
            known.fulfillment_line_items.nodes.iter().any(|item| {
                number(&item.line_item.id) == line.line
                    && item.quantity.map(Decimal::from) == Some(line.quantity)
            })
        };
        lines.iter().all(has)
    };
    order.parts.fulfillments.iter().filter(|known| known.status == "SUCCESS").find(|known| {
        let number = known.tracking_info.first().and_then(|tracking| tracking.number.as_deref());
        number.filter(|number| !number.is_empty()) == tracking && same_goods(known)
    })
}

/// The goods as they are sent, by the place they come from; why not, if more is asked for than is left.
fn goods(order: &Order, write: &OrderWrite) -> Result<Json, String> {
    let mut wanted: Vec<(String, i64)> = Vec::new();
    for line in lines(write) {
        let quantity = line.quantity.to_whole().filter(|quantity| *quantity > 0);
        let quantity = quantity
            .ok_or_else(|| format!("{} of line {} cannot be sent", line.quantity, line.line))?;
        wanted.push((line.line.clone(), quantity));
    }
    let all = wanted.is_empty();
    let mut sent = Vec::new();
    let open = order.parts.fulfillment_orders.nodes.iter();
    for goods in open.filter(|goods| matches!(goods.status.as_str(), "OPEN" | "IN_PROGRESS")) {
        let mut items = Vec::new();
        for item in goods.line_items.nodes.iter().filter(|item| item.remaining_quantity > 0) {
            let line = number(&item.line_item.id);
            let quantity = if all {
                item.remaining_quantity
            } else {
                let Some((_, left)) = wanted.iter_mut().find(|(wanted, _)| *wanted == line) else {
                    continue;
                };
                let quantity = item.remaining_quantity.min(*left);
                *left -= quantity;
                quantity
            };
            if quantity > 0 {
                items.push(json!({ "id": item.id, "quantity": quantity }));
            }
        }
        if !items.is_empty() {
            sent.push(json!({
                "fulfillmentOrderId": goods.id, "fulfillmentOrderLineItems": items,
            }));
        }
    }
    if let Some((line, left)) = wanted.iter().find(|(_, left)| *left > 0) {
        return Err(format!("{left} of line {line} more are to be sent than are left"));
    }
    if sent.is_empty() {
        return Err(format!("of order {} nothing is left to be sent", write.order));
    }
    Ok(Json::Array(sent))
}
