//! Notes for the shop's people. An order has one note: what is added is put below what stands there,
//! with the action's short id in its last line.

use fondaco_model::{ActionId, action::Value};
use serde_json::json;

use super::{
    super::{documents::NOTE_SET, ids::gid},
    Sending, done, kept, mark, text,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a note.
pub fn request(id: &ActionId, words: &str) -> Result<Request, PlatformError> {
    let variables = json!({ "text": words, "mark": mark(id) });
    Ok(kept(&NOTE_SET, variables, None, Value::Text(words.to_owned())))
}

/// Adds the note, unless it is there.
pub async fn execute(sending: &Sending<'_>, order: &str) -> Result<Executed, PlatformError> {
    let known = sending.order(order).await?;
    let note = known.note.unwrap_or_default();
    let mark = text(sending.request, "mark");
    if !note.contains(mark) {
        let before = if note.trim().is_empty() { String::new() } else { format!("{note}\n\n") };
        let note = format!("{before}{}\n{mark}", text(sending.request, "text"));
        let variables = json!({ "input": { "id": gid("Order", order)?, "note": note } });
        sending.send(&NOTE_SET, variables, "orderUpdate").await?;
    }
    Ok(done(sending.read_order(order).await))
}

/// Looks for the note.
pub async fn look(sending: &Sending<'_>, order: &str) -> Result<Looked, PlatformError> {
    let read_at = sending.time();
    let known = sending.order(order).await?;
    let note = known.note.as_deref().unwrap_or_default();
    Ok(match note.contains(text(sending.request, "mark")) {
        true => {
            Looked::Done { ids: Vec::new(), snapshots: sending.order_snapshots(read_at, &known) }
        }
        false => Looked::NotDone,
    })
}
