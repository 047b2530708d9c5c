//! What an action is to do, and what follows from it for all others.

use serde::{Deserialize, Serialize};

use super::{
    DiscountWrite, Localised, OrderStep, OrderWrite, PriceWrite, ProductField, ProductWrite,
    RefundMethod, RefundWrite, Severity, Verb,
};
use crate::{Decimal, EntityKey, Location, ShopId, catalogue::PriceScope};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ActionKind {
    /// Set what a shop shows as available to sell.
    ChangeStock {
        /// The shop.
        shop: ShopId,
        /// The variant's id on that shop.
        variant: String,
        /// The place.
        location: Location,
        /// What should be available afterwards.
        available: Decimal,
        /// What was available when this was decided: the value-before. If the shop shows
        /// something else, nothing is written.
        decided_on: Decimal,
    },
    /// Set what a variant costs.
    ChangePrice(PriceWrite),
    /// Set a field of a product.
    ChangeProduct(ProductWrite),
    /// Do something to an order.
    ChangeOrder(OrderWrite),
    /// Give money back.
    Refund(RefundWrite),
    /// Make a discount code, or set what the one with this code takes off.
    Discount(DiscountWrite),
    /// End a discount code.
    EndDiscount {
        /// The shop.
        shop: ShopId,
        /// The code.
        code: String,
    },
    /// Tell the people of the module's area.
    Alert {
        /// How much it matters.
        severity: Severity,
        /// One line.
        title: Localised,
        /// What it means and what can be done.
        text: Localised,
    },
}

impl ActionKind {
    /// The interface of the contract it is proposed by.
    #[must_use]
    pub const fn interface(&self) -> &'static str {
        match self {
            Self::ChangeStock { .. } => "change-stock",
            Self::ChangePrice(_) => "change-prices",
            Self::ChangeProduct(_) => "change-catalogue",
            Self::ChangeOrder(_) => "change-orders",
            Self::Refund(_) => "change-returns",
            Self::Discount(_) | Self::EndDiscount { .. } => "change-discounts",
            Self::Alert { .. } => "alert",
        }
    }

    /// The word by which a platform says whether it can do it; absent if the host does it itself.
    #[must_use]
    pub const fn verb(&self) -> Option<Verb> {
        Some(match self {
            Self::ChangeStock { .. } => Verb::SetStock,
            Self::ChangePrice(price) => match price.scope {
                PriceScope::Everyone => Verb::SetPrice,
                PriceScope::Group(_) => Verb::SetGroupPrice,
                PriceScope::Market(_) => Verb::SetMarketPrice,
            },
            Self::ChangeProduct(product) => match product.field {
                ProductField::Title => Verb::SetTitle,
                ProductField::Description => Verb::SetDescription,
                ProductField::Summary => Verb::SetSummary,
                ProductField::SeoTitle => Verb::SetSeoTitle,
                ProductField::SeoDescription => Verb::SetSeoDescription,
                ProductField::Tags => Verb::SetTags,
                ProductField::Published => Verb::Publish,
            },
            Self::ChangeOrder(order) => match order.step {
                OrderStep::Hold { .. } => Verb::Hold,
                OrderStep::Release => Verb::Release,
                OrderStep::Cancel { .. } => Verb::Cancel,
                OrderStep::Tag { .. } => Verb::Tag,
                OrderStep::Untag { .. } => Verb::Untag,
                OrderStep::Note { .. } => Verb::Note,
                OrderStep::Parcel { .. } => Verb::SendParcel,
            },
            Self::Refund(refund) => match refund.method {
                RefundMethod::Original => Verb::SendRefund,
                RefundMethod::StoreCredit => Verb::CreditRefund,
                RefundMethod::Recorded => Verb::RecordRefund,
            },
            Self::Discount(_) => Verb::SetDiscount,
            Self::EndDiscount { .. } => Verb::EndDiscount,
            Self::Alert { .. } => return None,
        })
    }

    /// Whether money moves because of it, or something that is as good as money.
    #[must_use]
    pub const fn moves_money(&self) -> bool {
        match self {
            Self::Refund(refund) => match refund.method {
                RefundMethod::Original | RefundMethod::StoreCredit => true,
                RefundMethod::Recorded => false,
            },
            Self::ChangeStock { .. }
            | Self::ChangePrice(_)
            | Self::ChangeProduct(_)
            | Self::ChangeOrder(_)
            | Self::Discount(_)
            | Self::EndDiscount { .. }
            | Self::Alert { .. } => false,
        }
    }

    /// The shop it is carried out on; absent if the host does it itself.
    #[must_use]
    pub const fn shop(&self) -> Option<&ShopId> {
        match self {
            Self::ChangeStock { shop, .. } | Self::EndDiscount { shop, .. } => Some(shop),
            Self::ChangePrice(price) => Some(&price.shop),
            Self::ChangeProduct(product) => Some(&product.shop),
            Self::ChangeOrder(order) => Some(&order.shop),
            Self::Refund(refund) => Some(&refund.shop),
            Self::Discount(discount) => Some(&discount.shop),
            Self::Alert { .. } => None,
        }
    }

    /// The entity it writes to; absent if it writes to none that the mirror keeps.
    #[must_use]
    pub fn entity(&self) -> Option<EntityKey> {
        match self {
            Self::ChangeStock { shop, variant, .. } => {
                Some(EntityKey::variant(shop.clone(), variant.clone()))
            }
            Self::ChangePrice(PriceWrite { shop, variant, .. }) => {
                Some(EntityKey::variant(shop.clone(), variant.clone()))
            }
            Self::ChangeOrder(OrderWrite { shop, order, .. })
            | Self::Refund(RefundWrite { shop, order, .. }) => {
                Some(EntityKey::order(shop.clone(), order.clone()))
            }
            Self::ChangeProduct(_)
            | Self::Discount(_)
            | Self::EndDiscount { .. }
            | Self::Alert { .. } => None,
        }
    }

    /// Whether it sets something that another module may want to be different. What only adds
    /// something (a note, a parcel, an alert) takes nothing from anybody.
    #[must_use]
    pub const fn sets(&self) -> bool {
        match self {
            Self::ChangeOrder(order) => order.step.sets_state(),
            Self::Alert { .. } => false,
            _ => true,
        }
    }

    /// The field it writes. Actions on one target are carried out one after the other, and a newer
    /// one takes the place of one that still waits. Absent: none can take its place, since each adds
    /// to what was there (a note, a refund).
    #[must_use]
    pub fn target(&self) -> Option<String> {
        match self {
            Self::ChangeStock { shop, variant, location, .. } => {
                Some(stock_target(shop, variant, location))
            }
            Self::ChangePrice(PriceWrite { shop, variant, scope, from_quantity, .. }) => {
                let scope = match scope {
                    PriceScope::Everyone => "everyone".to_owned(),
                    PriceScope::Group(name) => format!("group:{name}"),
                    PriceScope::Market(name) => format!("market:{name}"),
                };
                Some(format!("{}/{from_quantity}/{scope}", price_exclusive(shop, variant)))
            }
            Self::ChangeProduct(ProductWrite { shop, product, field, .. }) => {
                Some(format!("{}/{}", product_exclusive(shop, product), field.as_str()))
            }
            Self::ChangeOrder(OrderWrite { shop, order, step, .. }) if step.sets_state() => {
                Some(format!("order-state/{shop}/{order}"))
            }
            Self::Discount(DiscountWrite { shop, code, .. }) | Self::EndDiscount { shop, code } => {
                // Shops do not tell capitals apart in a code.
                Some(format!("discount/{shop}/{}", code.to_lowercase()))
            }
            Self::ChangeOrder(_) | Self::Refund(_) | Self::Alert { .. } => None,
        }
    }

    /// What no other action may be under way with: of two that have the same, the second begins
    /// only after the first has settled. For what writes one field that is its target. For what moves
    /// money, or where an order stands, it is the order: so of a refund and another on the same order
    /// none is decided while nobody knows of the other. While it is being sent it is the fence, too,
    /// behind which observations are masked. Absent: it stands in nobody's way.
    #[must_use]
    pub fn exclusive(&self) -> Option<String> {
        match self {
            Self::ChangeStock { .. } | Self::Discount(_) | Self::EndDiscount { .. } => {
                self.target()
            }
            Self::ChangePrice(PriceWrite { shop, variant, .. }) => {
                Some(price_exclusive(shop, variant))
            }
            Self::ChangeProduct(ProductWrite { shop, product, .. }) => {
                Some(product_exclusive(shop, product))
            }
            Self::ChangeOrder(OrderWrite { shop, order, step, .. }) if step.sets_state() => {
                Some(order_exclusive(shop, order))
            }
            Self::Refund(RefundWrite { shop, order, .. }) => Some(order_exclusive(shop, order)),
            Self::ChangeOrder(_) | Self::Alert { .. } => None,
        }
    }

    /// Lets it be decided on what an older action for the same target was decided on, because that
    /// one's effect, which this one may have counted on, never came.
    pub fn take_value_before(&mut self, older: &Self) {
        match (self, older) {
            (
                Self::ChangeStock { decided_on, .. },
                Self::ChangeStock { decided_on: before, .. },
            ) => *decided_on = *before,
            (Self::ChangePrice(newer), Self::ChangePrice(older)) => {
                newer.decided_on = older.decided_on;
            }
            (Self::ChangeProduct(newer), Self::ChangeProduct(older)) => {
                newer.decided_on.clone_from(&older.decided_on);
            }
            (Self::ChangeOrder(newer), Self::ChangeOrder(older)) => {
                newer.decided_on = older.decided_on;
            }
            // A refund takes nobody's place, and a discount is decided on nothing.
            _ => {}
        }
    }
}

/// The target of actions that write what is available of a variant in one place.
#[must_use]
pub fn stock_target(shop: &ShopId, variant: &str, location: &Location) -> String {
    let place = location.id().unwrap_or_default();
    format!("stock/{shop}/{variant}/{place}")
}

/// What actions on the prices of a variant have in common.
#[must_use]
pub fn price_exclusive(shop: &ShopId, variant: &str) -> String {
    format!("price/{shop}/{variant}")
}

/// What actions on the fields of a product have in common.
#[must_use]
pub fn product_exclusive(shop: &ShopId, product: &str) -> String {
    format!("product/{shop}/{product}")
}

/// What actions on the money of an order, and on where it stands, have in common.
#[must_use]
pub fn order_exclusive(shop: &ShopId, order: &str) -> String {
    format!("order/{shop}/{order}")
}

#[cfg(test)]
mod tests;
