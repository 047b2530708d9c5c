//! Variants and how much there is of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Location;
use crate::{Aspect, Decimal};

/// What can be put into a cart: a simple product, or one variation of a product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Variant {
    /// What it is.
    #[serde(default)]
    pub content: Aspect<VariantContent>,
    /// How much there is, per place.
    #[serde(default)]
    pub stock: BTreeMap<Location, Aspect<StockLevel>>,
}

/// What a variant is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantContent {
    /// The product it belongs to; its own id where a product has no variations.
    pub product: String,
    /// Stock keeping unit, as the shop writes it.
    pub sku: Option<String>,
    /// What the shop calls it, as plain text.
    pub title: String,
    /// What it costs now, a running sale included, in the shop's currency.
    pub price: Option<Decimal>,
    /// The price it is compared with while it is on sale; absent: no sale.
    #[serde(default)]
    pub compare_at: Option<Decimal>,
    /// What one piece costs the merchant, without tax; absent: the shop does not say.
    #[serde(default)]
    pub cost: Option<Decimal>,
    /// European Article Number, UPC, ISBN.
    pub barcode: Option<String>,
    /// What one piece weighs, in grams; absent: the shop does not say, or not in which unit.
    #[serde(default)]
    pub weight: Option<Decimal>,
    /// Whether customers can see it.
    pub published: bool,
}

/// What a shop does when a variant runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StockPolicy {
    /// The shop does not count it.
    Untracked,
    /// Counted; sold until none is left.
    Tracked,
    /// Counted; sold on, below zero.
    Backorder,
}

/// How much of a variant there is, in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLevel {
    /// What happens when it runs out.
    pub policy: StockPolicy,
    /// What can still be sold; absent exactly when it is untracked.
    pub available: Option<Decimal>,
    /// What is there, sold and not yet sent included; absent: the platform does not count it.
    #[serde(default)]
    pub on_hand: Option<Decimal>,
}
