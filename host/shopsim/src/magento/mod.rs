//! A simulated Magento Open Source 2.4.7.
//!
//! [`MagentoShop`] is the merchant's and the customers' side; the host uses the REST API (`rest/`).
//! What a shop knows is `state.rs`; `checkout.rs` is how an order comes to be, `stock.rs` what sources,
//! reservations and the index make of its goods, `documents.rs` how it is invoiced, shipped and given
//! back. It sends nothing by itself, as the real one does.
//!
//! What prices, discounts, memos and quantities come to is as it was seen on a shop whose prices
//! include 22 % tax, worked out row by row. Products in several shapes, prices for groups, special
//! prices by days and the bulk queue follow what was captured of their requests and answers; what
//! moves the index when it works by schedule was seen for quantities that are written.

mod amounts;
mod bulk;
mod checkout;
mod documents;
mod order;
mod product;
mod rest;
mod shop;
mod state;
mod stock;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::faults::Faults;
use crate::ledger::{LedgerEntry, SeenRequest, Writer};
use crate::woocommerce::{BuyError, Gateway, PlacedOrder, Product, Purchase, SimError};
pub use rest::{Integration, IntegrationRights};
use shop::Shop;

/// A handle to a running simulated shop; clones are the same shop.
///
/// The shop ends with [`MagentoShop::stop`] or with the runtime it was started on.
#[derive(Clone)]
pub struct MagentoShop {
    shop: Arc<Shop>,
}

/// What a shop is like when it opens.
#[derive(Clone)]
pub struct MagentoShopConfig {
    /// What people call it.
    pub name: String,
    /// Who may use its API.
    pub integration: Integration,
    /// What it sells, in euro, 22 % tax included. Without a SKU nothing can be sold here; sale prices
    /// are special prices without days, tax classes are not looked at.
    pub products: Vec<Product>,
    /// Codes of its sources of goods; the first has everything when it opens.
    pub sources: Vec<String>,
    /// From which everything that looks random is drawn.
    pub seed: u64,
    /// How far its clock is ahead of the true one, or behind it.
    pub clock_ahead: SignedDuration,
    /// Port on 127.0.0.1; absent: a free one.
    pub port: Option<u16>,
    /// What goes wrong; [`Faults::default`] is nothing.
    pub faults: Faults,
}

impl Default for MagentoShopConfig {
    /// A shop that sells nothing yet, at a free port.
    fn default() -> Self {
        Self {
            name: "shop".to_owned(),
            integration: Integration::default(),
            products: Vec::new(),
            sources: vec!["default".to_owned()],
            seed: 0,
            clock_ahead: SignedDuration::ZERO,
            port: None,
            faults: Faults::default(),
        }
    }
}

impl MagentoShop {
    /// Opens a shop with its own server on 127.0.0.1.
    ///
    /// # Errors
    /// The port is taken, or two products share a SKU.
    pub async fn start(config: MagentoShopConfig) -> Result<Self, SimError> {
        Ok(Self { shop: Shop::start(&config).await? })
    }

    /// What people call the shop.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shop.name
    }

    /// Its address, such as `http://127.0.0.1:4711`.
    #[must_use]
    pub fn url(&self) -> String {
        self.shop.home.clone()
    }

    /// Units of this SKU that can be sold. Absent: there is no such SKU, or nobody counts.
    #[must_use]
    pub fn quantity(&self, sku: &str) -> Option<i64> {
        self.shop.with(|state| state.salable(sku))
    }

    /// Units that lie in all sources together, sold and not yet sent included.
    #[must_use]
    pub fn on_hand(&self, sku: &str) -> i64 {
        self.shop.with(|state| state.on_hand(sku))
    }

    /// Units by SKU that can be sold, of everything that is counted.
    #[must_use]
    pub fn quantities(&self) -> BTreeMap<String, i64> {
        self.shop.with(|state| {
            let skus: Vec<String> =
                state.products.values().map(|known| known.sku.clone()).collect();
            skus.into_iter().filter_map(|sku| Some((sku.clone(), state.salable(&sku)?))).collect()
        })
    }

    /// SKUs a customer can put into a cart, with their titles.
    #[must_use]
    pub fn for_sale(&self) -> BTreeMap<String, String> {
        self.shop.with(|state| {
            let sold = state.products.values().filter(|product| product.is_for_sale());
            sold.map(|product| (product.sku.clone(), product.name.clone())).collect()
        })
    }

    /// The merchant corrects by hand what can be sold, as if by counting: what lies in the first source
    /// is set so. No date moves. False: there is no such SKU, or nobody counts.
    pub fn set_quantity(&self, sku: &str, quantity: i64) -> bool {
        self.shop.with(|state| {
            let Some(salable) = state.salable(sku) else { return false };
            let Some(source) = state.sources.first().cloned() else { return false };
            state.move_source(sku, &source, quantity - salable, Writer::Merchant);
            true
        })
    }

    /// A customer checks out, to pay on delivery.
    ///
    /// # Errors
    /// Something in the cart cannot be had; nothing is changed then.
    pub fn buy<S: AsRef<str>>(&self, lines: &[(S, i64)]) -> Result<PlacedOrder, BuyError> {
        let lines: Vec<(String, i64)> =
            lines.iter().map(|(sku, quantity)| (sku.as_ref().to_owned(), *quantity)).collect();
        let payment_method = "cashondelivery".to_owned();
        self.check_out(&Purchase { lines, payment_method, ..Purchase::default() })
    }

    /// A customer checks out: with `checkmo` (or nothing) to pay by transfer, with `cashondelivery` on
    /// delivery, or with the id of a [`Gateway`], which collects the money at once. A coupon takes a
    /// tenth off each line, whatever its code.
    ///
    /// # Errors
    /// Something cannot be had; nothing is changed then.
    pub fn check_out(&self, purchase: &Purchase) -> Result<PlacedOrder, BuyError> {
        self.shop.with(|state| state.check_out(purchase))
    }

    /// The merchant invoices all of an order, as paid. False: there is no such order, or nothing is
    /// left to invoice.
    pub fn invoice(&self, order: u64) -> bool {
        self.shop.with(|state| state.invoice(order, None).is_some())
    }

    /// The merchant ships all that is left of an order. False: nothing is.
    pub fn ship(&self, order: u64) -> bool {
        self.shop.with(|state| state.ship_all(order))
    }

    /// The merchant holds an order. False: it cannot be held.
    pub fn hold(&self, order: u64) -> bool {
        self.shop.with(|state| state.hold(order).is_ok())
    }

    /// The merchant calls an order off. False: it cannot be called off.
    pub fn cancel(&self, order: u64) -> bool {
        self.shop.with(|state| state.cancel(order))
    }

    /// Adds a payment method that collects money and can send it back, or changes the one with its id.
    pub fn set_gateway(&self, gateway: Gateway) {
        self.shop.with(|state| {
            state.gateways.retain(|other| other.id != gateway.id);
            state.gateways.push(gateway);
        });
    }

    /// Somebody opens an account; returns its id.
    #[must_use]
    pub fn open_account(&self, email: &str, given_name: &str, family_name: &str) -> u64 {
        self.shop.with(|state| state.open_account(email, given_name, family_name))
    }

    /// Deletes an order for good. False: there is no such order.
    pub fn erase_order(&self, order: u64) -> bool {
        self.shop.with(|state| state.orders.remove(&order).is_some())
    }

    /// Deletes a product; what lay in the sources stays behind. False: there is no such SKU.
    pub fn erase_product(&self, sku: &str) -> bool {
        self.shop.with(|state| state.erase_product(sku))
    }

    /// Adds so many counted products, with SKUs from `BULK-00001` on, and then so many completed
    /// orders of what is sold, as if the shop had been there for long. Quantities are those after
    /// these orders.
    ///
    /// # Errors
    /// The shop has such SKUs already.
    pub fn fill(&self, products: u32, orders: u32) -> Result<(), SimError> {
        self.shop.with(|state| {
            state.add_bulk_products(products)?;
            state.add_bulk_orders(orders);
            Ok(())
        })
    }

    /// Has the stock's index follow at once, or only when [`MagentoShop::run_indexer`] is called, as
    /// with an indexer by schedule.
    pub fn set_index_on_save(&self, on_save: bool) {
        self.shop.with(|state| state.index_on_save = on_save);
    }

    /// Runs the stock's indexer.
    pub fn run_indexer(&self) {
        self.shop.with(|state| state.run_indexer());
    }

    /// Changes what the integration may do.
    pub fn set_rights(&self, rights: IntegrationRights) {
        self.shop.with(|state| state.rights = rights);
    }

    /// Whether the integration's token alone is taken; it is at the start.
    pub fn set_bearer_allowed(&self, allowed: bool) {
        self.shop.with(|state| state.bearer_allowed = allowed);
    }

    /// Puts the shop's clock ahead of the true one, or behind it.
    pub fn set_clock(&self, ahead: SignedDuration) {
        self.shop.with(|state| state.clock_ahead = ahead);
    }

    /// Makes every request to the API take at least this long; zero at the start.
    pub fn set_latency(&self, latency: Duration) {
        self.shop.running.set_latency(latency);
    }

    /// Has other things go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.shop.with(|state| state.fate.set(faults));
    }

    /// What the shop truly did, in order. Quantities are those that can be sold.
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.shop.with(|state| state.ledger.entries())
    }

    /// The requests to the API that were not mere readings, in the order they were answered.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shop.with(|state| state.requests.clone())
    }

    /// Waits until no effect of a request is still to come and the bulk queue is empty.
    pub async fn quiet(&self) {
        self.shop.running.quiet().await;
    }

    /// Closes the shop.
    pub async fn stop(self) {
        self.shop.running.stop().await;
    }
}

impl fmt::Debug for MagentoShop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MagentoShop")
            .field("name", &self.shop.name)
            .field("url", &self.shop.home)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MagentoShopConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MagentoShopConfig")
            .field("name", &self.name)
            .field("products", &self.products)
            .field("sources", &self.sources)
            .field("seed", &self.seed)
            .field("port", &self.port)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
