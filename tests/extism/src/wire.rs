//! The JSON between the host and the Extism plug-in: what the contract passes in its own types.
//! The plug-in is compiled with the same file.

use serde::{Deserialize, Serialize};

/// What is heard of an order, with what comes with every call.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event {
    /// The event.
    pub event: String,
    /// The shop.
    pub shop: Option<String>,
    /// Milliseconds since 1970.
    pub observed_at: u64,
    /// The action that led to it.
    pub caused_by: Option<String>,
    /// What the call before returned.
    pub cursor: Option<String>,
    /// What changed.
    pub changes: Vec<String>,
    /// The order after the change.
    pub order: Order,
}

/// An order, with all that the contract says of one.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub shop: String,
    pub id: String,
    pub number: String,
    pub state: String,
    pub test: bool,
    pub channel: String,
    pub placed_at: u64,
    pub updated_at: u64,
    pub paid_at: Option<u64>,
    pub customer: Option<String>,
    pub prices_include_tax: bool,
    pub total: Money,
    pub presentment_total: Option<Money>,
    pub total_tax: String,
    pub refunded: String,
    pub payment_method: Option<String>,
    pub shipping_country: Option<String>,
    pub codes: Vec<String>,
    pub lines: Vec<Line>,
}

/// An amount of money.
#[derive(Debug, Serialize, Deserialize)]
pub struct Money {
    pub amount: String,
    pub currency: String,
}

/// A line of an order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    pub id: String,
    pub kind: String,
    pub variant: Option<String>,
    pub product: Option<String>,
    pub sku: Option<String>,
    pub title: String,
    pub quantity: String,
    pub net: String,
    pub tax: String,
    pub discount: String,
    pub deductions: Vec<Deduction>,
}

/// What a line took from the stock of a place.
#[derive(Debug, Serialize, Deserialize)]
pub struct Deduction {
    pub location: Option<String>,
    pub quantity: String,
}

/// What is asked for of the state.
#[derive(Debug, Serialize, Deserialize)]
pub struct Key {
    pub key: String,
}

/// What the state has.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    pub value: Option<String>,
}

/// What is put into the state.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    pub key: String,
    pub value: String,
}

/// One message.
#[derive(Debug, Serialize, Deserialize)]
pub struct LogLine {
    pub level: String,
    pub message: String,
}

/// What a call returns.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    pub cursor: Option<String>,
}
