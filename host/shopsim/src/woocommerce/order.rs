//! Orders, as they are kept and shown.

use std::cmp::Reverse;

use jiff::Timestamp;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Number, Value, json};

use super::fields::{Fields, date, id, money, objects, objects_mut, set, text};
use super::item::hints;
use super::note::Note;
use super::refund::Refund;
use crate::ledger::LedgerEvent;

/// An order.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// What `/orders/{id}` shows, without `_links`, lines with six decimals.
    pub fields: Fields,
    /// Whether its units are out of stock now; the API does not show it.
    pub stock_reduced: bool,
    /// In the order they were made.
    pub refunds: Vec<Refund>,
    /// In the order they were written.
    pub notes: Vec<Note>,
}

/// Statuses an order may be set to.
pub(crate) const STATUSES: [&str; 9] = [
    "auto-draft",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
];

const ORDER_MONEY: [&str; 7] = [
    "discount_total",
    "discount_tax",
    "shipping_total",
    "shipping_tax",
    "cart_tax",
    "total",
    "total_tax",
];
/// The lists whose lines have amounts that are rounded when shown; those of coupons are shown as
/// they are kept.
const LINE_LISTS: [&str; 4] = ["line_items", "tax_lines", "shipping_lines", "fee_lines"];
const LINE_MONEY: [&str; 6] =
    ["subtotal", "subtotal_tax", "total", "total_tax", "tax_total", "shipping_tax_total"];

impl Order {
    /// A captured order.
    pub(crate) fn captured(captured: Fields) -> Self {
        let mut fields = captured;
        fields.remove("_links");
        let made = date(&fields, "modified").unwrap_or(Timestamp::UNIX_EPOCH);
        let mut refunds: Vec<Refund> =
            objects(&fields, "refunds").map(|entry| Refund::captured(entry, made)).collect();
        refunds.sort_by_key(|refund| refund.id);
        fields.remove("refunds");
        Self { refunds, ..Self::new(fields) }
    }

    /// An order that nothing has happened to yet.
    pub(crate) fn new(fields: Fields) -> Self {
        Self { fields, stock_reduced: false, refunds: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn id(&self) -> u64 {
        id(&self.fields, "id")
    }

    pub(crate) fn status(&self) -> &str {
        text(&self.fields, "status")
    }

    pub(crate) fn modified(&self) -> Option<Timestamp> {
        date(&self.fields, "modified")
    }

    /// Sets the status and what is worked out from it.
    pub(crate) fn set_status(&mut self, status: &str) {
        let fields = &mut self.fields;
        set(fields, "status", status);
        let unpaid = matches!(status, "pending" | "failed" | "checkout-draft");
        let payable = unpaid && money(fields, "total") > Decimal::ZERO;
        set(fields, "needs_payment", payable);
        set(fields, "is_editable", matches!(status, "pending" | "on-hold" | "auto-draft"));
    }

    /// What `/orders/{id}` shows with this many decimals.
    pub(crate) fn json(&self, home: &str, decimals: u32) -> Value {
        let mut fields = self.fields.clone();
        set_decimals(&mut fields, &ORDER_MONEY, decimals);
        show_lines(&mut fields, decimals);
        set(&mut fields, "refunds", self.refund_entries(decimals));
        let collection = format!("{home}/wp-json/wc/v3/orders");
        let own = format!("{collection}/{}", self.id());
        let templates = format!("{own}/actions/email_templates");
        let links = json!({
            "self": [{ "href": own, "targetHints": hints() }],
            "collection": [{ "href": collection }],
            "email_templates": [{ "embeddable": true, "href": templates }],
        });
        set(&mut fields, "_links", links);
        Value::Object(fields)
    }

    /// What the order itself shows of its refunds: the newest first, those of one second in the
    /// order they were made.
    fn refund_entries(&self, decimals: u32) -> Vec<Value> {
        let mut newest: Vec<&Refund> = self.refunds.iter().collect();
        newest.sort_by_key(|refund| Reverse(refund.made.as_second()));
        newest.into_iter().map(|refund| refund.entry(decimals)).collect()
    }

    /// What is left to refund, not rounded.
    pub(crate) fn rest(&self) -> Decimal {
        let refunded: Decimal = self.refunds.iter().map(|refund| refund.amount).sum();
        money(&self.fields, "total") - refunded
    }

    /// What the ledger says when it is made.
    pub(crate) fn made(&self) -> LedgerEvent {
        let total = money(&self.fields, "total").normalize().to_string();
        LedgerEvent::OrderMade { order: self.id(), status: self.status().to_owned(), total }
    }
}

/// An amount as text with that many decimals.
pub(crate) fn amount_text(amount: Decimal, decimals: u32) -> String {
    let rounded = amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    format!("{rounded:.*}", decimals as usize)
}

/// Rounds the amounts of all lines for showing.
pub(crate) fn show_lines(fields: &mut Fields, decimals: u32) {
    for list in LINE_LISTS {
        for line in objects_mut(fields, list) {
            set_decimals(line, &LINE_MONEY, decimals);
            for tax in objects_mut(line, "taxes") {
                set_decimals(tax, &LINE_MONEY, decimals);
            }
        }
    }
}

fn set_decimals(fields: &mut Fields, keys: &[&str], decimals: u32) {
    for key in keys {
        // An empty text stays empty, and some amounts of coupons are numbers.
        if let Ok(amount) = text(fields, key).parse::<Decimal>() {
            set(fields, key, amount_text(amount, decimals));
        }
    }
}

/// An amount that the shop shows as a number.
pub(crate) fn number(amount: Decimal) -> Value {
    amount.to_f64().map_or(Value::Null, float)
}

pub(crate) fn float(amount: f64) -> Value {
    Number::from_f64(amount).map_or(Value::Null, Value::Number)
}
