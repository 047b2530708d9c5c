//! Payment methods that can send money back.
//!
//! The shop's own methods (cash on delivery, bank transfer) cannot; whoever asks them to is told so.
//! The one that was observed was a test module for cards.

use std::time::Duration;

/// A payment method that takes money at the checkout and can send it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// What orders have as `payment_method`, such as `stripe`.
    pub id: String,
    /// What orders have as `payment_method_title`.
    pub title: String,
    /// How long it works on a refund, which can be seen meanwhile.
    pub takes: Duration,
    /// What it says instead of sending money; absent: it sends it.
    pub declines: Option<String>,
}

impl Gateway {
    /// One that answers at once and sends the money.
    #[must_use]
    pub fn new(id: &str, title: &str) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), takes: Duration::ZERO, declines: None }
    }
}

/// What the shop says of an order whose payment method cannot send money back.
pub(crate) const NO_GATEWAY: &str = "The payment gateway for this order does not exist.";
