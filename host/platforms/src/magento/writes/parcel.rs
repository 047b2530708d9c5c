//! Goods on their way: Magento's shipments.
//!
//! Magento ships less than it was asked for without a word where less is left, takes an empty list for
//! all of it, and keeps no second shipment of the same from coming about. So what is left is looked at
//! here, every line is named, and a comment on the shipment has the action's short id.

use fondaco_model::{
    ActionId, Decimal, Snapshot,
    action::{OrderStep, OrderWrite, Value},
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    super::{
        answers::refused,
        number,
        orders::is_shape,
        payloads::{Item, Order, Shipment, Source, commented},
        search::Search,
    },
    Sending, gone_or, json_number, mark, mark_of,
};
use crate::{
    Executed, Looked, PlatformError, Request,
    plain::{decimal, number_or_zero},
};

/// What Magento calls any carrier that it has no module for.
const OTHER_CARRIER: &str = "custom";

/// Whether something to be done to an order is this.
pub const fn is_parcel(write: &OrderWrite) -> bool {
    matches!(write.step, OrderStep::Parcel { .. })
}

/// Makes the request for a shipment; nothing if it is not for one.
pub fn request(id: &ActionId, write: &OrderWrite) -> Result<Option<Request>, PlatformError> {
    let OrderStep::Parcel { carrier, tracking, .. } = &write.step else {
        return Ok(None);
    };
    let track = tracking.as_ref().map(|tracking| {
        json!({ "track_number": tracking, "title": carrier, "carrier_code": OTHER_CARRIER })
    });
    Ok(Some(Request {
        method: Method::POST.to_string(),
        path: format!("/V1/order/{}/ship", number(&write.order)?),
        body: json!({
            // The customer is not written to.
            "notify": false,
            "appendComment": true,
            "comment": {
                "comment": format!("{carrier} {}", mark(id)),
                "is_visible_on_front": 0,
            },
            "tracks": track.into_iter().collect::<Vec<_>>(),
        }),
        only_if: None,
        result: Value::Text(tracking.clone().unwrap_or_default()),
    }))
}

/// Ships it, unless it is shipped.
pub async fn execute(sending: &Sending<'_>, write: &OrderWrite) -> Result<Executed, PlatformError> {
    let seen = Seen::read(sending, write).await?;
    if let Some(shipment) = seen.marked(sending)? {
        let ids = vec![shipment.entity_id.to_string()];
        return Ok(Executed::Done { ids, snapshots: seen.snapshots });
    }
    let mut body = sending.request.body.clone();
    body["items"] = items(&seen.order, write).map_err(refused)?;
    body["arguments"] =
        json!({ "extension_attributes": { "source_code": source(sending).await? } });
    let made = sending.send::<Json>(&body).await;
    made.map_err(|failed| gone_or(&format!("order {}", write.order), failed))?;
    let seen = Seen::read(sending, write)
        .await
        .map_err(|error| PlatformError::Ambiguous { reason: error.to_string() })?;
    match seen.marked(sending)? {
        Some(shipment) => {
            let ids = vec![shipment.entity_id.to_string()];
            Ok(Executed::Done { ids, snapshots: seen.snapshots })
        }
        None => Err(PlatformError::Ambiguous {
            reason: format!("the shop shipped order {} and shows no such shipment", write.order),
        }),
    }
}

/// Looks for the shipment.
pub async fn look(sending: &Sending<'_>, write: &OrderWrite) -> Result<Looked, PlatformError> {
    let seen = Seen::read(sending, write).await?;
    Ok(match seen.marked(sending)? {
        Some(shipment) => {
            let ids = vec![shipment.entity_id.to_string()];
            Looked::Done { ids, snapshots: seen.snapshots }
        }
        None => Looked::NotDone,
    })
}

/// An order with what was shipped of it.
struct Seen {
    order: Order,
    shipments: Vec<Shipment>,
    snapshots: Vec<Snapshot>,
}

impl Seen {
    async fn read(sending: &Sending<'_>, write: &OrderWrite) -> Result<Self, PlatformError> {
        let read_at = sending.time();
        let order = sending.order(&write.order).await?;
        let documents = sending.documents(&order).await?;
        let snapshots = sending.order_snapshots(read_at, &order, &documents);
        Ok(Self { order, shipments: documents.shipments, snapshots })
    }

    fn marked(&self, sending: &Sending<'_>) -> Result<Option<&Shipment>, PlatformError> {
        let comment =
            sending.request.body.get("comment").and_then(|comment| comment.get("comment"));
        let mark = mark_of(comment)?;
        let has = |shipment: &&Shipment| commented(&shipment.comments, mark).is_some();
        Ok(self.shipments.iter().find(has))
    }
}

/// The lines of a shipment as they are sent; why not, if more is to be sent than is left.
fn items(order: &Order, write: &OrderWrite) -> Result<Json, String> {
    let OrderStep::Parcel { lines, .. } = &write.step else {
        return Err("this is no parcel".to_owned());
    };
    let number = &write.order;
    if !matches!(order.state.as_str(), "new" | "processing") {
        return Err(format!("order {number} is `{}`; nothing of it can be sent", order.state));
    }
    let mut items = Vec::new();
    if lines.is_empty() {
        for item in order.items.iter().filter(|item| !is_shape(order, item)) {
            let left = left(item)?;
            if left > Decimal::ZERO {
                items.push(json!({ "order_item_id": item.item_id, "qty": json_number(left) }));
            }
        }
    }
    for line in lines {
        let id = line.line.parse::<u64>().ok();
        let item = order.items.iter().find(|item| Some(item.item_id) == id);
        let item = item.filter(|item| !is_shape(order, item));
        let item = item.ok_or_else(|| format!("order {number} has no line {}", line.line))?;
        let left = left(item)?;
        if line.quantity <= Decimal::ZERO || line.quantity > left {
            return Err(format!(
                "{} of line {} cannot be sent: {left} are left",
                line.quantity, line.line
            ));
        }
        items.push(json!({ "order_item_id": item.item_id, "qty": json_number(line.quantity) }));
    }
    if items.is_empty() {
        return Err(format!("of order {number} nothing is left to be sent"));
    }
    Ok(Json::Array(items))
}

/// What of a line is still to be sent.
fn left(item: &Item) -> Result<Decimal, String> {
    let what = format!("line {}", item.item_id);
    let of = |text, field| number_or_zero(text, &what, field).map_err(|error| error.0);
    let ordered = decimal(&item.qty_ordered.0, &what, "qty_ordered").map_err(|error| error.0)?;
    Ok(ordered
        - of(item.qty_shipped.as_ref(), "qty_shipped")?
        - of(item.qty_refunded.as_ref(), "qty_refunded")?
        - of(item.qty_canceled.as_ref(), "qty_canceled")?)
}

/// Which source it is sent from.
async fn source(sending: &Sending<'_>) -> Result<String, PlatformError> {
    if let Some(code) = &sending.shop.source {
        return Ok(code.clone());
    }
    let client = &sending.shop.client;
    let found = client.search::<Source>("/V1/inventory/sources", &Search::default()).await?;
    let enabled: Vec<&Source> = found.items.iter().filter(|source| source.enabled).collect();
    match enabled.as_slice() {
        [only] => Ok(only.source_code.clone()),
        several => Err(refused(format!(
            "the shop sends from {} sources: set `source` in the shop's section to the one this \
             host sends from",
            several.len()
        ))),
    }
}
