//! What shops are made of, alike on every platform: variants with their stock, and orders.
//!
//! A [`Snapshot`] and the mirror have the same shape, [`Entity`]: an observation is an entity most
//! of whose aspects may be unknown, and the mirror is the join of all observations.
//!
//! Nothing here identifies a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Aspect, Decimal, ShopId, Timestamp};

/// What kind of thing an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityKind {
    /// Something that can be put into a cart.
    Variant,
    /// An order.
    Order,
}

impl EntityKind {
    /// The word for it in the store, in logs and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Variant => "variant",
            Self::Order => "order",
        }
    }
}

/// Which entity, within a client.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityKey {
    /// The shop it is on.
    pub shop: ShopId,
    /// What it is.
    pub kind: EntityKind,
    /// Its id on the platform.
    pub id: String,
}

impl EntityKey {
    /// A variant.
    #[must_use]
    pub fn variant(shop: ShopId, id: impl Into<String>) -> Self {
        Self { shop, kind: EntityKind::Variant, id: id.into() }
    }

    /// An order.
    #[must_use]
    pub fn order(shop: ShopId, id: impl Into<String>) -> Self {
        Self { shop, kind: EntityKind::Order, id: id.into() }
    }
}

impl std::fmt::Display for EntityKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} on {}", self.kind.as_str(), self.id, self.shop)
    }
}

/// One observation of one entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which entity.
    pub key: EntityKey,
    /// What the observation tells of it.
    pub entity: Entity,
}

/// An entity, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entity {
    /// A variant.
    Variant(Variant),
    /// An order.
    Order(Order),
}

impl Entity {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> EntityKind {
        match self {
            Self::Variant(_) => EntityKind::Variant,
            Self::Order(_) => EntityKind::Order,
        }
    }

    /// An entity of a kind of which nothing is known yet.
    #[must_use]
    pub fn unknown(kind: EntityKind) -> Self {
        match kind {
            EntityKind::Variant => Self::Variant(Variant::default()),
            EntityKind::Order => Self::Order(Order::default()),
        }
    }

    /// The variant, if it is one.
    #[must_use]
    pub const fn as_variant(&self) -> Option<&Variant> {
        match self {
            Self::Variant(variant) => Some(variant),
            Self::Order(_) => None,
        }
    }

    /// The order, if it is one.
    #[must_use]
    pub const fn as_order(&self) -> Option<&Order> {
        match self {
            Self::Order(order) => Some(order),
            Self::Variant(_) => None,
        }
    }
}

/// A place where stock lies, by the platform's id.
///
/// Platforms that keep one quantity for the whole shop have just [`Location::WHOLE_SHOP`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Location(String);

impl Location {
    /// The one place of a platform that knows no places.
    pub const WHOLE_SHOP: Self = Self(String::new());

    /// A place by its id; the empty one is [`Self::WHOLE_SHOP`].
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The platform's id of the place; absent for the whole shop.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|id| !id.is_empty())
    }
}

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
    /// European Article Number, UPC, ISBN.
    pub barcode: Option<String>,
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
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Order {
    /// All of it but lines and refunds.
    #[serde(default)]
    pub head: Aspect<OrderHead>,
    /// What was bought.
    #[serde(default)]
    pub lines: Aspect<Vec<OrderLine>>,
    /// What was given back, by the platform's id of the refund.
    #[serde(default)]
    pub refunds: BTreeMap<String, Aspect<Refund>>,
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

/// All of an order but its lines and refunds.
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
    /// ISO 4217 code, upper case.
    pub currency: String,
    /// Whether the prices the shop shows include tax.
    pub prices_include_tax: bool,
    /// Everything the customer pays, tax and shipping included.
    pub total: Decimal,
    /// The tax within the total.
    pub total_tax: Decimal,
    /// How it is paid, in the platform's word.
    pub payment_method: Option<String>,
    /// Where it goes, ISO 3166-1 alpha-2.
    pub shipping_country: Option<String>,
}

/// What a line of an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// Something of the catalogue.
    Goods,
    /// A line without a product of the catalogue.
    Custom,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The line's id, unique within its order.
    pub id: String,
    /// Goods or custom.
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
    /// What the platform has taken off its own stock for it, per place.
    pub deductions: BTreeMap<Location, Decimal>,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// How much, as a positive number in the order's currency.
    pub amount: Decimal,
    /// Why, in the merchant's words.
    pub reason: Option<String>,
}

impl Order {
    /// The sum of all refunds.
    #[must_use]
    pub fn refunded(&self) -> Decimal {
        self.refunds.values().filter_map(Aspect::value).map(|refund| refund.amount).sum()
    }
}
