//! A simulated Shopify, as its Admin GraphQL API and its webhooks show it.
//!
//! [`ShopifyShop`] is the merchant's and the customers' side; the host uses the API (`api.rs`: the door,
//! the budget, the keys; `queries.rs`, `mutations.rs`). `graphql.rs` takes from what is there what a
//! document selects; a field that is not simulated is an error, never something made up. `checkout.rs`
//! is how an order comes to be and what becomes of it, `refunds.rs` how it is given back, `webhook.rs`
//! how deliveries wait and are tried again.
//!
//! No real shop was watched for it. Names and types are those of the vendor's schema; budget, keys,
//! compare and set, retries and signatures are as the vendor documents them. Not simulated: bulk
//! operations, returns, tokens that are refreshed. An order is called off
//! at once, where a real shop takes a moment; a repeated key of an attempt that failed is said to have
//! failed.

mod amounts;
mod api;
mod checkout;
mod delivery;
mod discount;
mod graphql;
mod ids;
mod mutations;
mod order;
mod product;
mod queries;
mod refunds;
mod shop;
mod state;
mod webhook;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::faults::Faults;
use crate::ledger::{LedgerEntry, SeenRequest, Writer};
use crate::woocommerce::{BuyError, Gateway, PlacedOrder, Product, Purchase, SimError};
use shop::Shop;

/// The shop's currency.
const CURRENCY: &str = "EUR";

/// The versions of the API that are answered, oldest first.
pub const VERSIONS: [&str; 4] = ["2026-01", "2026-04", "2026-07", "2026-10"];

/// For how many seconds' worth a budget lasts that is full.
const BUDGET_SECONDS: f64 = 20.0;

/// What a shop on the standard plan gets back of its budget in a second.
pub const STANDARD_RESTORE_PER_SECOND: f64 = 100.0;

/// The scopes that the app has when the shop opens.
pub const SCOPES: [&str; 11] = [
    "read_all_orders",
    "read_fulfillments",
    "read_locations",
    "write_customers",
    "write_discounts",
    "write_inventory",
    "write_merchant_managed_fulfillment_orders",
    "write_orders",
    "write_products",
    "read_publications",
    "read_returns",
];

/// Who may use a shop's API, and what its webhooks are signed with.
#[derive(Clone)]
pub struct App {
    /// The id it asks for tokens with.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// A token that is good from the start.
    pub token: String,
}

impl Default for App {
    fn default() -> Self {
        Self {
            client_id: "app-id".to_owned(),
            client_secret: "app-secret".to_owned(),
            token: "shpat_token".to_owned(),
        }
    }
}

/// A handle to a running simulated shop; clones are the same shop.
///
/// The shop ends with [`ShopifyShop::stop`] or with the runtime it was started on.
#[derive(Clone)]
pub struct ShopifyShop {
    shop: Arc<Shop>,
}

/// What a shop is like when it opens.
#[derive(Clone)]
pub struct ShopifyShopConfig {
    /// What people call it.
    pub name: String,
    /// Who may use its API.
    pub app: App,
    /// What it sells, in euro, 22 % tax included. Tax classes are not looked at.
    pub products: Vec<Product>,
    /// How many places goods lie in; the first has everything when it opens.
    pub places: u64,
    /// Names of price lists, with no price yet.
    pub price_lists: Vec<String>,
    /// What it gets back of its budget in a second, in points; twenty times that is all of it.
    pub restore_per_second: f64,
    /// From which everything that looks random is drawn.
    pub seed: u64,
    /// How far its clock is ahead of the true one, or behind it.
    pub clock_ahead: SignedDuration,
    /// Port on 127.0.0.1; absent: a free one.
    pub port: Option<u16>,
    /// Whether webhooks leave by themselves.
    pub webhooks: bool,
    /// What goes wrong; [`Faults::default`] is nothing.
    pub faults: Faults,
}

impl Default for ShopifyShopConfig {
    /// A shop that sells nothing yet, at a free port.
    fn default() -> Self {
        Self {
            name: "shop".to_owned(),
            app: App::default(),
            products: Vec::new(),
            places: 1,
            price_lists: Vec::new(),
            restore_per_second: STANDARD_RESTORE_PER_SECOND,
            seed: 0,
            clock_ahead: SignedDuration::ZERO,
            port: None,
            webhooks: true,
            faults: Faults::default(),
        }
    }
}

impl ShopifyShop {
    /// Opens a shop with its own server on 127.0.0.1.
    ///
    /// # Errors
    /// The port is taken, or two variants share a SKU.
    pub async fn start(config: ShopifyShopConfig) -> Result<Self, SimError> {
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
        self.shop.with(|state| state.available(sku))
    }

    /// Units by SKU that can be sold, of everything that is counted.
    #[must_use]
    pub fn quantities(&self) -> BTreeMap<String, i64> {
        self.shop.with(|state| {
            let counted = state.variants.values().filter(|variant| variant.tracked);
            counted.map(|variant| (variant.sku.clone(), variant.available())).collect()
        })
    }

    /// SKUs a customer can put into a cart, with their titles.
    #[must_use]
    pub fn for_sale(&self) -> BTreeMap<String, String> {
        self.shop.with(|state| {
            let sold = state.variants.values().filter(|variant| state.is_for_sale(variant));
            let titled = sold.filter_map(|variant| {
                let product = state.products.get(&variant.product)?;
                Some((variant.sku.clone(), product.title.clone()))
            });
            titled.collect()
        })
    }

    /// The merchant corrects by hand what can be sold: in the first place. False: there is no such SKU,
    /// or nobody counts.
    pub fn set_quantity(&self, sku: &str, quantity: i64) -> bool {
        self.shop.with(|state| {
            let variant = state.by_sku(sku).filter(|variant| variant.tracked);
            let Some(variant) = variant else { return false };
            let (id, all) = (variant.id, variant.available());
            let Some((place, level)) = variant.levels.iter().next() else { return false };
            let (place, after) = (*place, level.available + quantity - all);
            state.write_level(id, place, after, Writer::Merchant);
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
        let payment_method = "cod".to_owned();
        self.check_out(&Purchase { lines, payment_method, ..Purchase::default() })
    }

    /// A customer checks out: with `cod` to pay on delivery, with nothing to pay by transfer, or with
    /// the id of a [`Gateway`], which collects the money at once. A coupon takes a tenth off each line,
    /// whatever its code. The first account is whose order it is.
    ///
    /// # Errors
    /// Something cannot be had; nothing is changed then.
    pub fn check_out(&self, purchase: &Purchase) -> Result<PlacedOrder, BuyError> {
        self.shop.with(|state| state.check_out(purchase))
    }

    /// The merchant notes that the money for an order has come. False: none is to come.
    pub fn mark_paid(&self, order: u64) -> bool {
        self.shop.with(|state| state.mark_paid(order))
    }

    /// The merchant ships all that is left of an order. False: nothing is.
    pub fn ship(&self, order: u64) -> bool {
        self.shop.with(|state| state.ship_all(order))
    }

    /// The merchant holds an order's goods. False: they cannot be held.
    pub fn hold(&self, order: u64) -> bool {
        self.shop.with(|state| {
            let order = state.orders.get(&order);
            let goods = order.and_then(|order| order.to_send.first()).map(|goods| goods.id);
            goods.is_some_and(|goods| state.hold(goods, "by hand", false).is_ok())
        })
    }

    /// The merchant calls an order off. False: it cannot be called off.
    pub fn cancel(&self, order: u64) -> bool {
        self.shop.with(|state| state.cancel(order, "").is_ok())
    }

    /// Adds a payment service that collects money and can send it back, or changes the one with its id.
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
        self.shop.with(|state| {
            let gone = state.orders.remove(&order).is_some();
            if gone {
                state.tell("orders/delete", order, &serde_json::json!({ "id": order }));
            }
            gone
        })
    }

    /// Has the app told that a customer's data are to be forgotten, as the platform does ten days after
    /// the merchant asked for it. Where the app hears of orders, it hears of this.
    pub fn redact_customer(&self, customer: u64) {
        self.about_data("customers/redact", customer);
    }

    /// Has the app told that a customer wants to know what is held of them.
    pub fn request_data(&self, customer: u64) {
        self.about_data("customers/data_request", customer);
    }

    /// Has the app told, as two days after it was taken out of the shop, that everybody is to be
    /// forgotten.
    pub fn redact_shop(&self) {
        self.about_data("shop/redact", 0);
    }

    fn about_data(&self, topic: &str, customer: u64) {
        self.shop.with(|state| {
            let email = state.accounts.get(&customer).map(|account| account.email.clone());
            let payload = serde_json::json!({
                "shop_id": 1, "shop_domain": state.domain,
                "customer": { "id": customer, "email": email, "phone": null },
            });
            state.tell_as("orders/create", topic, customer, &payload);
        });
    }

    /// Deletes a product. False: there is no such SKU.
    pub fn erase_product(&self, sku: &str) -> bool {
        self.shop.with(|state| state.erase_product(sku))
    }

    /// Adds so many counted products, with SKUs from `BULK-00001` on, and then so many sent orders of
    /// what is sold, as if the shop had been there for long. Quantities are those after these orders.
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

    /// Changes the app's scopes.
    pub fn set_scopes(&self, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.shop.with(|state| state.scopes = scopes);
    }

    /// Gives the app another token and another secret; what it had before is no good any more.
    pub fn set_app(&self, app: App) {
        self.shop.with(|state| {
            state.tokens = vec![app.token.clone()];
            state.app = app;
        });
    }

    /// Takes back every token that was given out; new ones can be asked for.
    pub fn revoke_tokens(&self) {
        self.shop.with(|state| state.tokens.clear());
    }

    /// How long a delivery waits that was not taken, before it is tried again.
    pub fn set_retry_wait(&self, wait: Duration) {
        self.shop.with(|state| state.webhooks.retry_wait = wait);
    }

    /// Topics of the subscriptions that there are, as the API names them.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<String> {
        self.shop.with(|state| {
            let topics = state.webhooks.subscriptions.iter();
            topics.map(|subscription| subscription.topic.clone()).collect()
        })
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

    /// What the shop truly did, in order.
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.shop.with(|state| state.ledger.entries())
    }

    /// The mutations, in the order they were answered.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shop.with(|state| state.requests.clone())
    }

    /// Waits until no delivery waits for its first try and no effect of a request is still to come.
    pub async fn quiet(&self) {
        self.shop.running.quiet().await;
    }

    /// Closes the shop.
    pub async fn stop(self) {
        self.shop.running.stop().await;
    }
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("App").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for ShopifyShop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ShopifyShop")
            .field("name", &self.shop.name)
            .field("url", &self.shop.home)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ShopifyShopConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ShopifyShopConfig")
            .field("name", &self.name)
            .field("app", &self.app)
            .field("products", &self.products)
            .field("seed", &self.seed)
            .field("port", &self.port)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
