//! Notes for the shop's people.
//!
//! A note fires no webhook, has no metadata in the API and cannot be searched for. So its last line
//! has the action's short id, and the order's notes are looked through for it: before it is sent, and
//! after an ambiguous failure.

use fondaco_model::{
    ActionId,
    action::{OrderStep, OrderWrite, Value},
};
use http::Method;
use serde_json::json;

use super::{
    super::{answers::refused, payloads::Note},
    Sending, gone_or, number,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a note.
pub fn request(id: &ActionId, write: &OrderWrite) -> Result<Request, PlatformError> {
    let OrderStep::Note { text } = &write.step else {
        return Err(refused("WooCommerce itself has no such thing for orders"));
    };
    Ok(Request {
        method: Method::POST.to_string(),
        path: format!("/orders/{}/notes", number(&write.order)?),
        body: json!({
            "note": format!("{text}\n\n{}", last_line(id)),
            // One for the customer would be mailed to them.
            "customer_note": false,
        }),
        only_if: None,
        result: Value::Text(text.clone()),
    })
}

/// Writes the note, unless it is there.
pub async fn execute(sending: &Sending<'_>, write: &OrderWrite) -> Result<Executed, PlatformError> {
    if let Some(id) = find(sending, write).await? {
        return Ok(Executed::Done { ids: vec![id], snapshots: Vec::new() });
    }
    let written = sending.send::<Note>(Vec::new(), &sending.request.body).await;
    let written = written.map_err(|failed| gone_or(&named(write), failed))?;
    Ok(Executed::Done { ids: vec![written.id.to_string()], snapshots: Vec::new() })
}

/// Looks for the note.
pub async fn look(sending: &Sending<'_>, write: &OrderWrite) -> Result<Looked, PlatformError> {
    Ok(match find(sending, write).await? {
        Some(id) => Looked::Done { ids: vec![id], snapshots: Vec::new() },
        None => Looked::NotDone,
    })
}

/// The id of the note, if the order has it. An order's notes come all at once.
async fn find(sending: &Sending<'_>, write: &OrderWrite) -> Result<Option<String>, PlatformError> {
    let sent = sending.request.body.get("note").and_then(|note| note.as_str()).unwrap_or_default();
    let mark = sent.lines().next_back().unwrap_or_default();
    let notes = sending.shop.client.get::<Vec<Note>>(&sending.request.path, Vec::new()).await;
    let notes = notes.map_err(|failed| gone_or(&named(write), failed))?.content;
    let found = notes.iter().find(|note| note.note.contains(mark));
    Ok(found.map(|note| note.id.to_string()))
}

fn named(write: &OrderWrite) -> String {
    format!("order {}", write.order)
}

fn last_line(id: &ActionId) -> String {
    format!("[fondaco {}]", id.short())
}
