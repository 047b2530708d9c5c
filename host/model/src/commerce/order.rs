//! Orders: what was bought, what was charged, how the money moved and what came back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Location, Money};
use crate::{Aspect, Decimal, Timestamp};

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Order {
    /// All of it but what follows.
    #[serde(default)]
    pub head: Aspect<OrderHead>,
    /// What was bought.
    #[serde(default)]
    pub lines: Aspect<Vec<OrderLine>>,
    /// How the money moved.
    #[serde(default)]
    pub transactions: Aspect<Vec<Transaction>>,
    /// What was given back, by the platform's id of the refund.
    #[serde(default)]
    pub refunds: BTreeMap<String, Aspect<Refund>>,
    /// Which refunds there are, by an observation that told all of them: any other that is known
    /// from before is gone.
    #[serde(default)]
    pub refund_ids: Aspect<BTreeSet<String>>,
    /// What is on its way, by the platform's id of the parcel.
    #[serde(default)]
    pub parcels: BTreeMap<String, Aspect<Parcel>>,
}

impl Order {
    /// The sum of all refunds.
    #[must_use]
    pub fn refunded(&self) -> Decimal {
        self.refunds.values().filter_map(Aspect::value).map(|refund| refund.amount).sum()
    }
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// Waiting for the customer's payment.
    Pending,
    /// Accepted, and waiting for something before work begins.
    OnHold,
    /// To be worked on.
    Processing,
    /// Delivered, nothing left to do.
    Completed,
    /// Called off.
    Cancelled,
    /// All money is back with the customer.
    Refunded,
    /// The payment did not succeed.
    Failed,
}

impl OrderState {
    /// The word for it in the contract, in the store and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::OnHold => "on-hold",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
        }
    }
}

/// All of an order but its lines, transactions, refunds and parcels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderHead {
    /// The number the merchant and the customer know it by.
    pub number: String,
    /// Where it stands.
    pub state: OrderState,
    /// Made to try the shop out.
    pub test: bool,
    /// Where it came from: `web`, `pos`, `marketplace`, `draft`, `b2b`, or a platform's own word.
    pub channel: String,
    /// When the customer placed it.
    pub placed_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// Who placed it, by the platform's id or a guest's ([`crate::PersonKey::guest`]); absent: not
    /// known.
    #[serde(default)]
    pub customer: Option<String>,
    /// ISO 4217 code of the shop's currency, upper case.
    pub currency: String,
    /// Whether the shop's prices included tax when it was placed.
    pub prices_include_tax: bool,
    /// Everything the customer pays, tax and shipping included.
    pub total: Decimal,
    /// The same in the currency the customer paid in; absent: it is the shop's.
    #[serde(default)]
    pub presentment_total: Option<Money>,
    /// The tax within the total.
    pub total_tax: Decimal,
    /// How it is paid, in the platform's word.
    pub payment_method: Option<String>,
    /// Where it goes, ISO 3166-1 alpha-2.
    pub shipping_country: Option<String>,
    /// What brought the customer; absent: not recorded.
    #[serde(default)]
    pub campaign: Option<Campaign>,
    /// The codes that were redeemed, as they were typed.
    #[serde(default)]
    pub codes: Vec<String>,
    /// What was charged besides the lines.
    #[serde(default)]
    pub charges: Vec<Charge>,
}

/// What a line of an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// Something of the catalogue.
    Goods,
    /// A line without a product of the catalogue.
    Custom,
    /// A gift card: paid now, a sale when it is spent.
    GiftCard,
    /// Stands for several goods that have lines of their own, and deducts nothing itself.
    Bundle,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The line's id, unique within its order.
    pub id: String,
    /// What it is.
    pub kind: LineKind,
    /// The variant sold.
    pub variant: Option<String>,
    /// The product sold.
    pub product: Option<String>,
    /// The SKU at the time of the sale.
    pub sku: Option<String>,
    /// What the shop called it, as plain text.
    pub title: String,
    /// How much was ordered.
    pub quantity: Decimal,
    /// Total without tax, discounts taken off.
    pub net: Decimal,
    /// Tax on it.
    pub tax: Decimal,
    /// What discounts took off its total, without tax; already off `net`.
    #[serde(default)]
    pub discount: Decimal,
    /// What the platform has taken off its own stock for it, per place.
    pub deductions: BTreeMap<Location, Decimal>,
}

/// What is charged for besides the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChargeKind {
    /// Sending it.
    Shipping,
    /// Anything else: gift wrapping, payment on delivery.
    Fee,
}

/// Something charged for besides the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Its id, unique within its order and kind.
    pub id: String,
    /// Shipping or fee.
    pub kind: ChargeKind,
    /// What the customer reads, as plain text.
    pub title: String,
    /// Without tax, discounts taken off; negative where it takes off.
    pub net: Decimal,
    /// Tax on it.
    pub tax: Decimal,
}

/// What brought the customer, as the shop recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Campaign {
    /// `google`, `newsletter`; absent: not recorded.
    pub source: Option<String>,
    /// `cpc`, `email`; absent: not recorded.
    pub medium: Option<String>,
    /// The campaign's own name; absent: not recorded.
    pub name: Option<String>,
}

/// What a movement of money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionKind {
    /// From the customer.
    Payment,
    /// Back to the customer.
    Refund,
}

/// A movement of money, or the promise of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// What the payment service calls it; absent: it has no number there.
    pub id: Option<String>,
    /// Payment or refund.
    pub kind: TransactionKind,
    /// How, in the platform's word; absent: not known.
    pub method: Option<String>,
    /// How much, as a positive number in the order's currency.
    pub amount: Decimal,
    /// Whether the money moved; otherwise somebody has to send or collect it.
    pub moved: bool,
    /// When; absent: not yet, or not known.
    pub at: Option<Timestamp>,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// When; absent: it was stored before that was kept.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// How much, tax included, as a positive number in the order's currency.
    pub amount: Decimal,
    /// Why, in the merchant's words.
    pub reason: Option<String>,
    /// The lines it is for; what `amount` exceeds them by is for shipping, fees or goodwill.
    #[serde(default)]
    pub lines: Vec<RefundLine>,
}

/// A line that was given back, with or without goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// The line of the order.
    pub line: String,
    /// How much of it; zero where only money was given back.
    pub quantity: Decimal,
    /// Without tax, as a positive number.
    pub net: Decimal,
    /// The tax, as a positive number.
    pub tax: Decimal,
}

/// Goods on their way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Who carries it, in the platform's word; absent: not known.
    pub carrier: Option<String>,
    /// The carrier's number; absent: none.
    pub tracking: Option<String>,
    /// When it was handed over; absent: not yet.
    pub shipped_at: Option<Timestamp>,
    /// When it arrived; absent: not yet, or not known.
    pub delivered_at: Option<Timestamp>,
    /// What is in it.
    pub lines: Vec<ParcelLine>,
}

/// How much of a line of an order is in a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelLine {
    /// The line of the order.
    pub line: String,
    /// How much of it.
    pub quantity: Decimal,
}
