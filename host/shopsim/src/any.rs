//! A shop of any platform, as its customers and its merchant know it.

use std::collections::BTreeMap;

use crate::faults::Faults;
use crate::ledger::LedgerEntry;
use crate::magento::MagentoShop;
use crate::shopify::ShopifyShop;
use crate::woocommerce::{BuyError, PlacedOrder, WooShop};

/// A handle to a running simulated shop of any platform; clones are the same shop.
#[derive(Debug, Clone)]
pub enum AnyShop {
    /// WooCommerce.
    Woo(WooShop),
    /// Magento.
    Magento(MagentoShop),
    /// Shopify.
    Shopify(ShopifyShop),
}

/// Does the same to whichever it is.
macro_rules! whichever {
    ($shop:expr, $handle:ident => $does:expr) => {
        match $shop {
            AnyShop::Woo($handle) => $does,
            AnyShop::Magento($handle) => $does,
            AnyShop::Shopify($handle) => $does,
        }
    };
}

impl AnyShop {
    /// What people call the shop.
    #[must_use]
    pub fn name(&self) -> &str {
        whichever!(self, shop => shop.name())
    }

    /// What its platform is called.
    #[must_use]
    pub const fn platform(&self) -> &'static str {
        match self {
            Self::Woo(_) => "WooCommerce",
            Self::Magento(_) => "Magento",
            Self::Shopify(_) => "Shopify",
        }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        whichever!(self, shop => shop.url())
    }

    /// Units of this SKU that can be sold.
    #[must_use]
    pub fn quantity(&self, sku: &str) -> Option<i64> {
        whichever!(self, shop => shop.quantity(sku))
    }

    /// Units by SKU that can be sold.
    #[must_use]
    pub fn quantities(&self) -> BTreeMap<String, i64> {
        whichever!(self, shop => shop.quantities())
    }

    /// SKUs a customer can put into a cart, with their titles.
    #[must_use]
    pub fn for_sale(&self) -> BTreeMap<String, String> {
        whichever!(self, shop => shop.for_sale())
    }

    /// A customer checks out.
    ///
    /// # Errors
    /// Something in the cart cannot be had; nothing is changed then.
    pub fn buy<S: AsRef<str>>(&self, lines: &[(S, i64)]) -> Result<PlacedOrder, BuyError> {
        whichever!(self, shop => shop.buy(lines))
    }

    /// The merchant calls an order off; what it took is given back. False: it cannot be called off.
    pub fn cancel(&self, order: u64) -> bool {
        match self {
            Self::Woo(shop) => shop.set_order_status(order, "cancelled"),
            Self::Magento(shop) => shop.cancel(order),
            Self::Shopify(shop) => shop.cancel(order),
        }
    }

    /// The merchant corrects by hand what can be sold.
    pub fn set_quantity(&self, sku: &str, quantity: i64) -> bool {
        whichever!(self, shop => shop.set_quantity(sku, quantity))
    }

    /// Has other things go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        whichever!(self, shop => shop.set_faults(faults));
    }

    /// What the shop truly did, in order.
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        whichever!(self, shop => shop.ledger())
    }

    /// Waits until nothing is on its way from the shop and no effect of a request is still to come.
    pub async fn quiet(&self) {
        whichever!(self, shop => shop.quiet().await);
    }

    /// Closes the shop.
    pub async fn stop(self) {
        whichever!(self, shop => shop.stop().await);
    }
}

impl From<WooShop> for AnyShop {
    fn from(shop: WooShop) -> Self {
        Self::Woo(shop)
    }
}

impl From<MagentoShop> for AnyShop {
    fn from(shop: MagentoShop) -> Self {
        Self::Magento(shop)
    }
}

impl From<ShopifyShop> for AnyShop {
    fn from(shop: ShopifyShop) -> Self {
        Self::Shopify(shop)
    }
}
