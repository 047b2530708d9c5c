//! `/products/batch`: many writes in one request, each with its own end.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::products::{checked_fields, create, delete_item, refuse_variation, store, written_json};
use super::request::Request;
use super::validate::whole;
use crate::limits::BATCH_ENTRIES_MAX;
use crate::woocommerce::fields::{Fields, id, integer, objects};
use crate::woocommerce::item::Item;
use crate::woocommerce::shop::Shop;
use crate::woocommerce::state::State;

/// Makes, changes and deletes products, for good. What is refused stands among the rest with an
/// error; nothing else is kept from being done.
pub(super) fn products(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let fields = request.fields()?;
    let entries = |name: &str| fields.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    if entries("create") + entries("update") + entries("delete") > BATCH_ENTRIES_MAX {
        let message =
            format!("Unable to accept more than {BATCH_ENTRIES_MAX} items for this request.");
        let code = "woocommerce_rest_request_entity_too_large";
        return Err(Answer::error(413, code, &message));
    }
    // A batch does not look at types as other writes do; what it makes of wrong ones was not seen.
    for entry in ["create", "update"].into_iter().flat_map(|name| objects(&fields, name)) {
        if checked_fields(entry.clone()).is_err_and(|refusal| refusal.status == 400) {
            return Err(Answer::not_simulated("fields of wrong types in a batch"));
        }
    }
    shop.with(|state| {
        let mut body = Fields::new();
        for (name, step) in [
            ("create", one_created as fn(&mut State, &Value) -> (u64, Result<u64, Answer>)),
            ("update", one_updated),
        ] {
            if let Some(sent) = fields.get(name).and_then(Value::as_array) {
                let done = sent.iter().map(|entry| {
                    let (id, done) = step(state, entry);
                    shown(state, id, done)
                });
                body.insert(name.to_owned(), done.collect());
            }
        }
        if let Some(sent) = fields.get("delete").and_then(Value::as_array) {
            let done = sent.iter().map(|entry| {
                let id = entry.as_u64().unwrap_or(0);
                delete_item(state, id, true).unwrap_or_else(|refusal| failed(id, &refusal))
            });
            body.insert("delete".to_owned(), done.collect());
        }
        Ok(Answer::ok(Value::Object(body)))
    })
}

fn one_created(state: &mut State, entry: &Value) -> (u64, Result<u64, Answer>) {
    let fields = entry.as_object().cloned().unwrap_or_default();
    (0, create(state, &fields))
}

fn one_updated(state: &mut State, entry: &Value) -> (u64, Result<u64, Answer>) {
    let fields = entry.as_object().cloned().unwrap_or_default();
    let product = id(&fields, "id");
    let quantity = state.items.get(&product).and_then(Item::quantity);
    let delta = integer(&fields, "inventory_delta").zip(quantity);
    let aimed_at = fields
        .get("stock_quantity")
        .and_then(whole)
        .or_else(|| delta.map(|(delta, quantity)| quantity.saturating_add(delta)));
    let done = refuse_variation(state, product)
        .and_then(|()| store(state, product, &fields, aimed_at))
        .map(|()| product);
    (product, done)
}

fn shown(state: &State, id: u64, done: Result<u64, Answer>) -> Value {
    match done {
        Ok(product) => {
            state.items.get(&product).map_or(Value::Null, |item| written_json(state, item))
        }
        Err(refusal) => failed(id, &refusal),
    }
}

fn failed(id: u64, refusal: &Answer) -> Value {
    json!({ "id": id, "error": refusal.body })
}
