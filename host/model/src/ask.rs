//! What is asked of a module while somebody waits, and what it answers.

use crate::{
    Decimal, EntityKey, Order, ShopId, Timestamp, action::Localised, care::ReturnLine,
    commerce::Money,
};

/// One thing somebody wants to know the price of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteLine {
    /// The variant's id.
    pub variant: String,
    /// How much of it.
    pub quantity: Decimal,
    /// What the shop would ask for one.
    pub list_price: Decimal,
}

/// What some things cost somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteRequest {
    /// The shop.
    pub shop: ShopId,
    /// ISO 4217 code of all prices, upper case.
    pub currency: String,
    /// Whether prices include tax.
    pub prices_include_tax: bool,
    /// Who asks; absent: nobody who is known.
    pub customer: Option<String>,
    /// The platform's groups they belong to.
    pub groups: Vec<String>,
    /// Where it goes, ISO 3166-1 alpha-2; absent: not known.
    pub country: Option<String>,
    /// The things.
    pub lines: Vec<QuoteLine>,
}

/// The price of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// What one costs.
    pub unit_price: Decimal,
    /// Why it differs from the list price; absent: it does not.
    pub reason: Option<Localised>,
}

/// Whether and how somebody may give something back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnRequest {
    /// Which order.
    pub key: EntityKey,
    /// The order.
    pub order: Order,
    /// What the customer wants to give back.
    pub lines: Vec<ReturnLine>,
    /// Whether they withdraw from the contract.
    pub withdrawal: bool,
    /// When the goods had reached them; absent: not known.
    pub delivered_at: Option<Timestamp>,
}

/// Whether one line may come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineAssessment {
    /// The line of the order.
    pub line: String,
    /// Whether it may.
    pub accepted: bool,
    /// Why, or why not.
    pub reason: Localised,
    /// What would go back for it, tax included.
    pub refund: Decimal,
}

/// The answer to a [`ReturnRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// As many and in the same order as the lines asked about.
    pub lines: Vec<LineAssessment>,
    /// All that would go back, shipping included.
    pub refund: Money,
    /// What the customer pays for sending it back; zero: nothing.
    pub fee: Money,
    /// Until when the goods are to be sent; absent: they stay with the customer.
    pub send_until: Option<Timestamp>,
}
