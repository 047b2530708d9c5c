//! What shops are made of, alike on every platform: variants with their stock, and orders.
//!
//! A field that was added to an entity later is read as absent (or empty) from a store that was
//! written before, so that it still opens; the next observation fills it.
//!
//! A [`Snapshot`] and the mirror have the same shape, [`Entity`]: an observation is an entity most
//! of whose aspects may be unknown, and the mirror is the join of all observations.
//!
//! Nothing here identifies a person; what does goes beside it ([`Snapshot::people`]).

use serde::{Deserialize, Serialize};

use crate::{Decimal, PersonSeen, ShopId};

mod order;
mod variant;

pub use order::{
    Campaign, Charge, ChargeKind, LineKind, Order, OrderHead, OrderLine, OrderState, Parcel,
    ParcelLine, Refund, RefundLine, Transaction, TransactionKind,
};
pub use variant::{StockLevel, StockPolicy, Variant, VariantContent};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Which entity.
    pub key: EntityKey,
    /// What the observation tells of it.
    pub entity: Entity,
    /// The people it names. They never get into the entity.
    pub people: Vec<PersonSeen>,
}

impl Snapshot {
    /// One that names nobody.
    #[must_use]
    pub const fn new(key: EntityKey, entity: Entity) -> Self {
        Self { key, entity, people: Vec::new() }
    }
}

/// An entity, as far as it is known.
#[expect(clippy::large_enum_variant, reason = "most entities on their way are orders")]
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

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// How much, in units of the currency.
    pub amount: Decimal,
    /// ISO 4217 code, upper case.
    pub currency: String,
}
