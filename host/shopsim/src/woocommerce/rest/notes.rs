//! `/orders/{id}/notes`.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::Value;

use super::answer::Answer;
use super::not_simulated;
use super::orders::invalid_id;
use super::request::{API, Request};
use super::validate::{Invalid, boolean};
use crate::woocommerce::fields::text;
use crate::woocommerce::note::Note;
use crate::woocommerce::shop::Shop;

/// The notes of an order, or a new one. The list has no pages: the newest come first, those of one
/// second in the order they were written.
pub(super) fn collection(
    shop: &Arc<Shop>,
    request: &Request,
    order_id: u64,
) -> Result<Answer, Answer> {
    if request.method == "POST" {
        return create(shop, request, order_id);
    }
    let kind = request.query("type").unwrap_or("any");
    let mut invalid = Invalid::default();
    if !["any", "customer", "internal"].contains(&kind) {
        invalid.not_one_of("type", &["any", "customer", "internal"]);
    }
    invalid.finish()?;
    shop.with(|state| {
        let order = state.orders.get(&order_id).ok_or_else(|| invalid_id(404))?;
        let mut notes: Vec<&Note> = order
            .notes
            .iter()
            .filter(|note| kind == "any" || (kind == "customer") == note.to_customer)
            .collect();
        notes.sort_by_key(|note| Reverse(note.made.as_second()));
        let shown = notes.iter().map(|note| note.json(order_id, &state.home, &state.market));
        Ok(Answer::ok(shown.collect()))
    })
}

/// One note. How one is deleted was not observed.
pub(super) fn single(
    shop: &Arc<Shop>,
    request: &Request,
    order_id: u64,
    note_id: u64,
) -> Result<Answer, Answer> {
    if request.method == "DELETE" {
        return Err(not_simulated(request));
    }
    shop.with(|state| {
        let order = state.orders.get(&order_id).ok_or_else(|| invalid_id(404))?;
        let note = order.notes.iter().find(|note| note.id == note_id);
        let note = note.ok_or_else(|| not_simulated(request))?;
        Ok(Answer::ok(note.json(order_id, &state.home, &state.market)))
    })
}

fn create(shop: &Arc<Shop>, request: &Request, order_id: u64) -> Result<Answer, Answer> {
    let fields = request.fields()?;
    let mut invalid = Invalid::default();
    invalid.of_type(&fields, "note", "string");
    invalid.of_type(&fields, "customer_note", "boolean");
    invalid.finish()?;
    let note = text(&fields, "note");
    let by_user = fields.get("added_by_user").and_then(boolean).unwrap_or(false);
    if note.is_empty() || by_user {
        return Err(Answer::not_simulated("an empty note, or one in a user's name"));
    }
    let to_customer = fields.get("customer_note").and_then(boolean).unwrap_or(false);
    shop.with(|state| {
        let note_id = state.add_note(order_id, note, to_customer).ok_or_else(|| invalid_id(404))?;
        let order = state.orders.get(&order_id);
        let note = order.and_then(|order| order.notes.iter().find(|note| note.id == note_id));
        let shown =
            note.map_or(Value::Null, |note| note.json(order_id, &state.home, &state.market));
        let location = format!("{}{API}/orders/{order_id}/notes/{note_id}", state.home);
        Ok(Answer::created(shown, location))
    })
}
