//! Products as they are shown, and prices apart from them.
//!
//! A product is what its variants have in common; its long texts are read when they are wanted and
//! are not part of it. What is sold, counted and priced is the variant
//! ([`crate::commerce::Variant`]).

use serde::{Deserialize, Serialize};

use crate::{Decimal, ShopId, Timestamp, commerce::Money};

/// A product as it is shown: what its variants have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The shop.
    pub shop: ShopId,
    /// Its id on the platform.
    pub id: String,
    /// What the shop calls it, as plain text.
    pub title: String,
    /// The last part of its address on the shop.
    pub handle: String,
    /// Whether customers can see it.
    pub published: bool,
    /// Who makes it; absent: not said.
    pub vendor: Option<String>,
    /// The categories it is in, each as its path.
    pub categories: Vec<String>,
    /// The words it is tagged with.
    pub tags: Vec<String>,
    /// How many images it has.
    pub images: u32,
    /// How many of them have an alternative text.
    pub images_described: u32,
    /// The ids of its variants.
    pub variants: Vec<String>,
}

/// What is different about a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProductChange {
    /// It is new.
    Created,
    /// Its title, texts, images, categories or tags.
    Content,
    /// It has other variants, or what identifies one of them is another.
    Variants,
    /// Customers see it now, or no longer.
    Published,
    /// It is gone.
    Deleted,
    /// Anything else about it.
    Other,
}

/// To whom a price applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceScope {
    /// Everybody who has no better one.
    Everyone,
    /// A group of customers, by the platform's name of it.
    Group(String),
    /// A market, by the platform's name of it.
    Market(String),
}

/// A price of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The shop.
    pub shop: ShopId,
    /// The variant's id on that shop.
    pub variant: String,
    /// To whom it applies.
    pub scope: PriceScope,
    /// From how many pieces on; 1: always.
    pub from_quantity: Decimal,
    /// What it costs.
    pub amount: Money,
    /// The price it is compared with while it is on sale; absent: no sale.
    pub compare_at: Option<Decimal>,
    /// When a sale begins; absent: it has begun, or there is none.
    pub sale_from: Option<Timestamp>,
    /// When a sale ends; absent: it does not, or there is none.
    pub sale_until: Option<Timestamp>,
}
