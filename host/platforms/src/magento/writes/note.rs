//! Notes for the shop's people. A comment's last line has the action's short id, and the order's
//! comments are looked through for it.

use fondaco_model::{
    ActionId,
    action::{OrderStep, OrderWrite, Value},
};
use http::Method;
use serde_json::json;

use super::{
    super::{answers::refused, number, payloads::commented},
    Sending, mark, mark_of,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a note. The status that goes with it is the order's when it is sent.
pub fn request(id: &ActionId, write: &OrderWrite) -> Result<Request, PlatformError> {
    let OrderStep::Note { text } = &write.step else {
        return Err(refused("Magento has no such thing for orders"));
    };
    Ok(Request {
        method: Method::POST.to_string(),
        path: format!("/V1/orders/{}/comments", number(&write.order)?),
        body: json!({ "comment": format!("{text}\n\n{}", mark(id)) }),
        only_if: None,
        result: Value::Text(text.clone()),
    })
}

/// Writes the note, unless it is there.
pub async fn execute(sending: &Sending<'_>, write: &OrderWrite) -> Result<Executed, PlatformError> {
    let order = sending.order(&write.order).await?;
    let comment = sending.request.body.get("comment");
    if let Some(id) = commented(&order.status_histories, mark_of(comment)?) {
        return Ok(Executed::Done { ids: vec![id], snapshots: Vec::new() });
    }
    let text = comment.and_then(|comment| comment.as_str()).unwrap_or_default();
    sending.comment(&order, text).await?;
    Ok(Executed::Done { ids: Vec::new(), snapshots: Vec::new() })
}

/// Looks for the note.
pub async fn look(sending: &Sending<'_>, write: &OrderWrite) -> Result<Looked, PlatformError> {
    let order = sending.order(&write.order).await?;
    let mark = mark_of(sending.request.body.get("comment"))?;
    Ok(match commented(&order.status_histories, mark) {
        Some(id) => Looked::Done { ids: vec![id], snapshots: Vec::new() },
        None => Looked::NotDone,
    })
}
