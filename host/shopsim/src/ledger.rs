//! What a shop truly did, in order.
//!
//! The reference of every test: opening quantity − sold + restored + written differences is the
//! quantity, always. Entries are made in the same locked step as what they tell.

use jiff::Timestamp;
use serde_json::Value;

use crate::faults::{RequestFault, WebhookFault};

/// One thing a shop did.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerEntry {
    /// Position in the ledger, counted from one without gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: LedgerEvent,
}

/// What a shop did. A SKU is that of the product whose stock moved (the parent, where a variation
/// uses its parent's stock), or `#` and its id where it has none.
#[derive(Debug, Clone, PartialEq)]
pub enum LedgerEvent {
    /// An order took units out of stock.
    Sold {
        /// The order's id.
        order: u64,
        /// Whose stock.
        sku: String,
        /// Units.
        quantity: i64,
    },
    /// An order gave units back.
    Restored {
        /// The order's id.
        order: u64,
        /// Whose stock.
        sku: String,
        /// Units.
        quantity: i64,
    },
    /// Somebody wrote a quantity. A product starting to be counted comes from zero.
    StockWritten {
        /// Whose stock.
        sku: String,
        /// The quantity just before.
        before: i64,
        /// The quantity since.
        after: i64,
        /// Who wrote.
        by: Writer,
    },
    /// An order was made, as what its status says.
    OrderMade {
        /// The order's id.
        order: u64,
        /// Status it was made with.
        status: String,
        /// What is to be paid, in the shop's currency.
        total: String,
    },
    /// An order's status became another.
    StatusChanged {
        /// The order's id.
        order: u64,
        /// Status just before.
        before: String,
        /// Status since.
        after: String,
    },
    /// An order went into the trash, or is gone for good.
    OrderDeleted {
        /// The order's id.
        order: u64,
        /// Whether nothing is left of it.
        for_good: bool,
    },
    /// Metadata of an order was written through the API.
    OrderMetadataWritten {
        /// The order's id.
        order: u64,
        /// Its key.
        key: String,
    },
    /// A refund stands.
    Refunded {
        /// The order's id.
        order: u64,
        /// The refund's id.
        refund: u64,
        /// What was refunded, in the shop's currency, not rounded.
        amount: String,
        /// Whether a payment gateway sent it.
        money_moved: bool,
    },
    /// A payment gateway sent no money, and the refund is gone again.
    RefundDeclined {
        /// The order's id.
        order: u64,
        /// The refund's id.
        refund: u64,
        /// What it said.
        reason: String,
    },
    /// Somebody deleted a refund; money that was sent stays sent.
    RefundDeleted {
        /// The order's id.
        order: u64,
        /// The refund's id.
        refund: u64,
    },
    /// A payment gateway sent money, and the shop could not keep the refund it was for.
    MoneySentWithoutRefund {
        /// The order's id.
        order: u64,
        /// What was sent.
        amount: String,
    },
    /// Goods were handed to a carrier.
    Shipped {
        /// The order's id.
        order: u64,
        /// The shipment's id.
        shipment: u64,
    },
    /// A note was added to an order through the API.
    NoteAdded {
        /// The order's id.
        order: u64,
        /// The note's id.
        note: u64,
        /// What it says.
        text: String,
        /// Whether the customer was mailed it.
        to_customer: bool,
    },
    /// Prices of a product became others.
    PriceWritten {
        /// SKU of the product or variation, or `#` and its id.
        sku: String,
        /// Regular price since, as stored; empty: none.
        regular_price: String,
        /// Sale price since; empty: none.
        sale_price: String,
    },
    /// A coupon was made or changed.
    CouponWritten {
        /// The coupon's id.
        coupon: u64,
        /// Its code.
        code: String,
        /// `percent`, `fixed_cart` or `fixed_product`.
        discount_type: String,
        /// Per cent, or an amount.
        amount: String,
    },
    /// A coupon is gone.
    CouponDeleted {
        /// The coupon's id.
        coupon: u64,
        /// Its code.
        code: String,
    },
    /// An e-mail left.
    Mailed {
        /// To whom.
        to: String,
        /// Its subject.
        subject: String,
    },
    /// A delivery was taken by its receiver.
    WebhookSent {
        /// Topic, such as `order.updated`.
        topic: String,
        /// Id of the order or product.
        resource: u64,
        /// HTTP status of the answer.
        status: u16,
    },
    /// A delivery was not taken, and will never be tried again.
    WebhookLost {
        /// Topic.
        topic: String,
        /// Id of the order or product.
        resource: u64,
        /// What happened.
        reason: String,
    },
    /// A delivery met a fault. Of a lost one nothing else is told; of the others it is told later
    /// what became of them.
    WebhookDisturbed {
        /// Topic.
        topic: String,
        /// Id of the order or product.
        resource: u64,
        /// Which.
        fault: WebhookFault,
    },
    /// A request to the API met a fault. What it did all the same stands on its own.
    RequestDisturbed {
        /// HTTP method.
        method: String,
        /// Path from the root, without the query.
        path: String,
        /// Which.
        fault: RequestFault,
    },
    /// A webhook was disabled after too many failures in a row.
    WebhookDisabled {
        /// The webhook's id.
        webhook: u64,
    },
}

/// Who wrote a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Somebody who used the REST API.
    Api,
    /// The merchant, by hand.
    Merchant,
}

/// A request to the REST API that was not a mere reading.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenRequest {
    /// HTTP method.
    pub method: String,
    /// Path from the root, without the query.
    pub path: String,
    /// JSON body, null where there was none or it was no JSON; the value of `secret` is left out.
    pub body: Value,
    /// HTTP status of the answer, whether or not it arrived.
    pub status: u16,
    /// What went wrong with it. One whose connection was cut before it had an effect is not here.
    pub fault: Option<RequestFault>,
}

/// The entries, and the number of the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    entries: Vec<LedgerEntry>,
}

impl Ledger {
    /// Adds what happened now.
    pub(crate) fn add(&mut self, event: LedgerEvent) {
        let sequence = self.entries.len() as u64 + 1;
        self.entries.push(LedgerEntry { sequence, at: Timestamp::now(), event });
    }

    pub(crate) fn entries(&self) -> Vec<LedgerEntry> {
        self.entries.clone()
    }
}
