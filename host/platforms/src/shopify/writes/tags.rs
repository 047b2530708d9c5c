//! Tags of an order: one is there or it is not, and saying so again changes nothing.

use fondaco_model::action::{OrderStep, OrderWrite, Value};
use serde_json::json;

use super::{
    super::{
        documents::{TAGS_ADD, TAGS_REMOVE},
        ids::gid,
        payloads::Order,
    },
    Sending, done, kept,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a tag.
pub fn request(write: &OrderWrite) -> Result<Request, PlatformError> {
    let variables = json!({ "id": gid("Order", &write.order)?, "tags": [tag(write)] });
    let document = if is_added(write) { &TAGS_ADD } else { &TAGS_REMOVE };
    Ok(kept(document, variables, None, Value::Text(tag(write).to_owned())))
}

fn tag(write: &OrderWrite) -> &str {
    match &write.step {
        OrderStep::Tag { tag } | OrderStep::Untag { tag } => tag,
        _ => "",
    }
}

const fn is_added(write: &OrderWrite) -> bool {
    matches!(write.step, OrderStep::Tag { .. })
}

fn is_so(write: &OrderWrite, order: &Order) -> bool {
    let there = order.tags.iter().any(|known| known.eq_ignore_ascii_case(tag(write)));
    there == is_added(write)
}

/// Sets it, unless it is so.
pub async fn execute(sending: &Sending<'_>, write: &OrderWrite) -> Result<Executed, PlatformError> {
    let order = sending.order(&write.order).await?;
    if !is_so(write, &order) {
        let (document, root) = match is_added(write) {
            true => (&TAGS_ADD, "tagsAdd"),
            false => (&TAGS_REMOVE, "tagsRemove"),
        };
        sending.send(document, sending.request.body.clone(), root).await?;
    }
    Ok(done(sending.read_order(&write.order).await))
}

/// Looks whether it is so.
pub async fn look(sending: &Sending<'_>, write: &OrderWrite) -> Result<Looked, PlatformError> {
    let read_at = sending.time();
    let order = sending.order(&write.order).await?;
    Ok(match is_so(write, &order) {
        true => {
            Looked::Done { ids: Vec::new(), snapshots: sending.order_snapshots(read_at, &order) }
        }
        false => Looked::NotDone,
    })
}
