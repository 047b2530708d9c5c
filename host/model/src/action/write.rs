//! What each kind of action on a shop says.

use serde::{Deserialize, Serialize};

use crate::{
    Decimal, ShopId, Timestamp,
    catalogue::PriceScope,
    commerce::{Money, OrderState, ParcelLine, RefundLine},
};

/// A new price of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceWrite {
    /// The shop.
    pub shop: ShopId,
    /// The variant's id on that shop.
    pub variant: String,
    /// To whom it applies.
    pub scope: PriceScope,
    /// From how many pieces on; 1: always.
    pub from_quantity: Decimal,
    /// What it costs: while the sale lasts, if there is one.
    pub amount: Money,
    /// The price it is compared with while it is on sale; absent: no sale.
    pub compare_at: Option<Decimal>,
    /// When the sale begins; absent: at once.
    pub sale_from: Option<Timestamp>,
    /// When the sale ends; absent: it does not.
    pub sale_until: Option<Timestamp>,
    /// What it cost when this was decided: the value-before; absent: it had no price.
    pub decided_on: Option<Decimal>,
}

/// What of a product can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductField {
    /// Its title, plain text.
    Title,
    /// Its description, HTML.
    Description,
    /// Its short description, HTML.
    Summary,
    /// Its title for search engines.
    SeoTitle,
    /// Its description for search engines.
    SeoDescription,
    /// Its tags, separated by commas.
    Tags,
    /// Whether customers see it: `true` or `false`.
    Published,
}

impl ProductField {
    /// The word for it in the contract, in the store and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::Summary => "summary",
            Self::SeoTitle => "seo-title",
            Self::SeoDescription => "seo-description",
            Self::Tags => "tags",
            Self::Published => "published",
        }
    }
}

/// A new value of one field of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductWrite {
    /// The shop.
    pub shop: ShopId,
    /// The product's id on that shop.
    pub product: String,
    /// Which field.
    pub field: ProductField,
    /// What it should be.
    pub value: String,
    /// What it was when this was decided: the value-before.
    pub decided_on: String,
}

/// Something to be done to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderWrite {
    /// The shop.
    pub shop: ShopId,
    /// The order's id on that shop.
    pub order: String,
    /// What.
    pub step: OrderStep,
    /// Where the order stood in what the run saw: the value-before of what changes where it stands.
    pub decided_on: OrderState,
}

/// What can be done to an order, besides giving money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum OrderStep {
    /// Nobody is to work on it.
    Hold {
        /// Why.
        reason: String,
    },
    /// It is to be worked on again.
    Release,
    /// It is called off, and its goods go back to stock.
    Cancel {
        /// Why.
        reason: String,
    },
    /// It gets a tag.
    Tag {
        /// Which.
        tag: String,
    },
    /// It loses a tag.
    Untag {
        /// Which.
        tag: String,
    },
    /// The shop's people get a note, which the customer never sees.
    Note {
        /// What it says.
        text: String,
    },
    /// Goods are on their way.
    Parcel {
        /// Who carries them.
        carrier: String,
        /// The carrier's number; absent: none.
        tracking: Option<String>,
        /// What is in it.
        lines: Vec<ParcelLine>,
    },
}

impl OrderStep {
    /// Whether it sets where the order stands. The others add something beside it.
    #[must_use]
    pub const fn sets_state(&self) -> bool {
        matches!(self, Self::Hold { .. } | Self::Release | Self::Cancel { .. })
    }
}

/// How money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefundMethod {
    /// The way it came: it is really sent.
    Original,
    /// As credit for the shop.
    StoreCredit,
    /// It is recorded only, and somebody sends it.
    Recorded,
}

/// Where goods that come back go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restock {
    /// Back to what can be sold.
    Sellable,
    /// They are written off.
    WrittenOff,
    /// They do not come back.
    None,
}

/// Money to give back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundWrite {
    /// The shop.
    pub shop: ShopId,
    /// The order's id on that shop.
    pub order: String,
    /// How much, tax included, in the order's currency.
    pub amount: Money,
    /// How.
    pub method: RefundMethod,
    /// For which lines, with how much of each.
    pub lines: Vec<RefundLine>,
    /// What of the amount is for shipping, tax included.
    pub shipping: Decimal,
    /// What happens to the goods.
    pub restock: Restock,
    /// What had been refunded in what the run saw: the value-before.
    pub decided_on: Decimal,
}

/// What a code takes off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum Reduction {
    /// So many percent.
    Percent {
        /// How many, up to 100.
        percent: Decimal,
    },
    /// So much of the order.
    Amount {
        /// How much.
        amount: Money,
    },
    /// What sending it costs.
    Shipping,
}

/// A code that takes something off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountWrite {
    /// The shop.
    pub shop: ShopId,
    /// What the customer types.
    pub code: String,
    /// What it takes off.
    pub reduction: Reduction,
    /// The least an order must come to; absent: nothing.
    pub minimum: Option<Money>,
    /// How often it can be redeemed in all; absent: without limit.
    pub uses: Option<u32>,
    /// The one customer who can redeem it, by the shop's id; absent: anybody.
    pub customer: Option<String>,
    /// When it begins; absent: at once.
    pub starts_at: Option<Timestamp>,
    /// When it ends; absent: it does not.
    pub ends_at: Option<Timestamp>,
}
