//! Notes of an order: the shop's own, and those written through the API. No webhook tells of one.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fields::{object, set_date};
use super::market::Market;
use super::state::State;
use crate::ledger::LedgerEvent;

/// A note.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub id: u64,
    pub made: Timestamp,
    pub text: String,
    /// Whether the customer was mailed it.
    pub to_customer: bool,
}

impl Note {
    /// What `/orders/{id}/notes/{id}` shows.
    pub(crate) fn json(&self, order: u64, home: &str, market: &Market) -> Value {
        let up = format!("{home}/wp-json/wc/v3/orders/{order}");
        let collection = format!("{up}/notes");
        let own = format!("{collection}/{}", self.id);
        let mut fields = object(json!({
            "id": self.id,
            "author": "WooCommerce",
            "note": self.text,
            "customer_note": self.to_customer,
            "_links": {
                "self": [{ "href": own, "targetHints": { "allow": ["GET", "DELETE"] } }],
                "collection": [{ "href": collection }],
                "up": [{ "href": up }],
            },
        }));
        set_date(&mut fields, "created", Some(self.made), market);
        Value::Object(fields)
    }
}

impl State {
    /// Adds a note that came through the API, and returns its id.
    pub(crate) fn add_note(&mut self, order_id: u64, text: &str, to_customer: bool) -> Option<u64> {
        let note = self.write_note(order_id, text, to_customer)?;
        let text = text.to_owned();
        self.ledger.add(LedgerEvent::NoteAdded { order: order_id, note, text, to_customer });
        if to_customer {
            self.mail_note(order_id);
        }
        Some(note)
    }

    /// Adds a note that the shop writes by itself.
    pub(crate) fn note_by_shop(&mut self, order_id: u64, text: &str) {
        self.write_note(order_id, text, false);
    }

    fn write_note(&mut self, order_id: u64, text: &str, to_customer: bool) -> Option<u64> {
        let made = self.now();
        let id = self.take_note_id();
        let order = self.orders.get_mut(&order_id)?;
        order.notes.push(Note { id, made, text: text.to_owned(), to_customer });
        Some(id)
    }
}

/// A status as notes name it.
pub(crate) fn status_name(status: &str) -> &str {
    match status {
        "pending" => "Pending payment",
        "processing" => "Processing",
        "on-hold" => "On hold",
        "completed" => "Completed",
        "cancelled" => "Cancelled",
        "refunded" => "Refunded",
        "failed" => "Failed",
        "checkout-draft" => "Draft",
        other => other,
    }
}
