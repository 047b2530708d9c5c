//! A simulated WooCommerce 10.5.
//!
//! [`WooShop`] is the merchant's and the customers' side; the host uses the REST API (`rest/`) and
//! hears webhooks (`webhook.rs`, `delivery.rs`). What a shop knows is `state.rs`. `checkout.rs` and
//! `stock.rs` are what an order does to it, `refund.rs` what a refund does; `totals.rs` and
//! `discounts.rs` are the amounts, after what the merchant has set (`settings.rs`).

mod bulk;
mod cart;
mod checkout;
mod coupon;
mod customer;
mod delivery;
mod discounts;
mod fields;
mod gateway;
mod handover;
mod item;
mod mail;
mod market;
mod note;
mod order;
mod php_json;
mod refund;
mod rest;
mod settings;
mod shop;
mod state;
mod stock;
mod totals;
mod watched;
mod webhook;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

use crate::faults::Faults;
use crate::ledger::{LedgerEntry, SeenRequest, Writer};
use fields::Fields;
pub use gateway::Gateway;
pub use rest::KeyRights;
pub use settings::{Fee, Settings, TaxRate};
use shop::Shop;

/// The version the shop says it runs.
const WOOCOMMERCE_VERSION: &str = "10.5.0";
const WORDPRESS_VERSION: &str = "6.9.4";
/// How its deliveries introduce themselves.
const USER_AGENT: &str = "WooCommerce/10.5.0 Hookshot (WordPress/6.9.4)";

/// A handle to a running simulated shop; clones are the same shop.
///
/// The shop ends with [`WooShop::stop`] or with the runtime it was started on.
#[derive(Clone)]
pub struct WooShop {
    shop: Arc<Shop>,
}

/// What a shop is like when it opens.
#[derive(Clone)]
pub struct WooShopConfig {
    /// What people call it.
    pub name: String,
    /// The API key's public half.
    pub consumer_key: String,
    /// The API key's secret half.
    pub consumer_secret: String,
    /// Currency code. `EUR` makes a shop in Rome whose prices include 22 % tax; any other a shop in
    /// New York with 8.875 % on top.
    pub currency: String,
    /// What it sells.
    pub products: Vec<Product>,
    /// From which everything that looks random is drawn.
    pub seed: u64,
    /// How far its clock is ahead of the true one, or behind it; see [`WooShop::set_clock`].
    pub clock_ahead: SignedDuration,
    /// Port on 127.0.0.1; absent: a free one.
    pub port: Option<u16>,
    /// Whether webhooks are delivered. Without, each is lost and the ledger says so, as in a shop
    /// whose scheduler does not run.
    pub webhooks: bool,
    /// What goes wrong; [`Faults::default`] is nothing.
    pub faults: Faults,
}

impl Default for WooShopConfig {
    /// A shop in Rome that sells nothing yet, at a free port.
    fn default() -> Self {
        Self {
            name: "shop".to_owned(),
            consumer_key: "ck_shopsim".to_owned(),
            consumer_secret: "cs_shopsim".to_owned(),
            currency: "EUR".to_owned(),
            products: Vec::new(),
            seed: 0,
            clock_ahead: SignedDuration::ZERO,
            port: None,
            webhooks: true,
            faults: Faults::default(),
        }
    }
}

/// A product, or a variation of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Product {
    /// Stock keeping unit; none twice in a shop.
    pub sku: Option<String>,
    /// Title; of a variation, the option it stands for, such as `S`.
    pub title: String,
    /// Price as entered, such as `19.90`. A product with variations has none of its own.
    pub price: String,
    /// Price while it is on sale; empty: it is not.
    pub sale_price: String,
    /// Tax class; empty: the standard one. `parent`, for a variation: its product's.
    pub tax_class: String,
    /// Units; absent: nobody counts (or, for a variation, its product does).
    pub stock: Option<i64>,
    /// Whether it is sold when there are none left.
    pub backorders: bool,
    /// Its variations.
    pub variations: Vec<Product>,
}

/// What a customer takes to the till.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purchase {
    /// SKUs and units.
    pub lines: Vec<(String, i64)>,
    /// `cod` (or nothing) is paid on delivery, `bacs` by transfer; or the id of a [`Gateway`].
    pub payment_method: String,
    /// Codes of coupons.
    pub coupons: Vec<String>,
    /// Country code of where it goes; empty: the shop's own.
    pub country: String,
    /// Company on the addresses.
    pub company: String,
    /// What the shop's checkout asks for besides, as the order's metadata will show it.
    pub meta: Vec<(String, String)>,
}

/// An order that was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOrder {
    /// Its id in the API.
    pub id: u64,
    /// Its number for people.
    pub number: String,
    /// SKU, title and quantity of each line.
    pub lines: Vec<(String, String, i64)>,
}

/// Why a shop did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}; choose another port or none")]
    Listen {
        /// The port that was asked for; 0 is any.
        port: u16,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Two products share a SKU.
    #[error("the SKU `{sku}` is already that of product {product}; give each its own")]
    DuplicateSku {
        /// The SKU.
        sku: String,
        /// The product that has it.
        product: u64,
    },
    /// The HTTP client for deliveries cannot be made.
    #[error("cannot make the client that delivers webhooks")]
    Client(#[source] reqwest::Error),
    /// The rules of the time zone do not read.
    #[error("cannot read the time zone's rules")]
    Zone(#[source] jiff::Error),
}

/// Why the till refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuyError {
    /// Nothing is in the cart.
    #[error("the cart is empty")]
    Empty,
    /// No product has this SKU.
    #[error("no product has the SKU `{0}`")]
    UnknownSku(String),
    /// It has no price, or is only the parent of what is sold.
    #[error("`{0}` cannot be bought; choose one of its variations or give it a price")]
    NotForSale(String),
    /// Not a number of units that can be bought.
    #[error("{quantity} of `{sku}` cannot be bought; take one or more")]
    Quantity {
        /// The SKU.
        sku: String,
        /// What was asked for.
        quantity: i64,
    },
    /// No coupon has this code.
    #[error("no coupon has the code `{0}`")]
    UnknownCoupon(String),
    /// The coupon has a restriction that the simulated checkout does not know.
    #[error("the simulated checkout does not look at `{restriction}` of the coupon `{code}`")]
    CouponNotSimulated {
        /// The coupon's code.
        code: String,
        /// The property of the coupon.
        restriction: &'static str,
    },
    /// The coupon cannot be used.
    #[error("the coupon `{code}` is refused: {reason}")]
    CouponRefused {
        /// The coupon's code.
        code: String,
        /// Why.
        reason: &'static str,
    },
    /// No payment method has this id.
    #[error("`{0}` is no payment method here; take `cod`, `bacs` or a gateway's id")]
    UnknownPayment(String),
    /// There are too few.
    #[error("{wanted} of `{sku}` were asked for and {available} are left")]
    OutOfStock {
        /// The SKU of the line.
        sku: String,
        /// Units in the cart from this stock.
        wanted: i64,
        /// Units left.
        available: i64,
    },
}

impl WooShop {
    /// Opens a shop with its own server on 127.0.0.1.
    ///
    /// # Errors
    /// The port is taken, or two products share a SKU.
    pub async fn start(config: WooShopConfig) -> Result<Self, SimError> {
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

    /// Units of this SKU, from its product's stock where a variation has none of its own. Absent:
    /// there is no such SKU, or nobody counts.
    #[must_use]
    pub fn quantity(&self, sku: &str) -> Option<i64> {
        self.shop.with(|state| {
            let owner = state.by_sku(sku).and_then(|item| state.stock_owner(item))?;
            state.items.get(&owner)?.quantity()
        })
    }

    /// Units by SKU, of everything that counts its own stock.
    #[must_use]
    pub fn quantities(&self) -> BTreeMap<String, i64> {
        self.shop.with(|state| {
            let counted = state.items.values().filter(|item| !item.sku().is_empty());
            counted.filter_map(|item| Some((item.sku().to_owned(), item.quantity()?))).collect()
        })
    }

    /// SKUs a customer can put into a cart, with their titles.
    #[must_use]
    pub fn for_sale(&self) -> BTreeMap<String, String> {
        self.shop.with(|state| {
            let sold =
                state.items.values().filter(|item| !item.sku().is_empty() && item.is_for_sale());
            sold.map(|item| (item.sku().to_owned(), item.name().replace("&amp;", "&"))).collect()
        })
    }

    /// The merchant corrects a quantity by hand; `product.updated` follows. False: there is no such
    /// SKU, or nobody counts.
    pub fn set_quantity(&self, sku: &str, quantity: i64) -> bool {
        self.shop.with(|state| {
            let owner = state.by_sku(sku).and_then(|item| state.stock_owner(item));
            let Some(owner) = owner else { return false };
            let written = state.write_stock(owner, quantity, Writer::Merchant);
            state.updated_product(owner);
            written
        })
    }

    /// A customer checks out. The order is processing and its units are out of stock when this
    /// returns; the webhooks leave soon after.
    ///
    /// # Errors
    /// Something in the cart cannot be had; nothing is changed then.
    pub fn buy<S: AsRef<str>>(&self, lines: &[(S, i64)]) -> Result<PlacedOrder, BuyError> {
        let lines: Vec<(String, i64)> =
            lines.iter().map(|(sku, quantity)| (sku.as_ref().to_owned(), *quantity)).collect();
        self.check_out(&Purchase { lines, ..Purchase::default() })
    }

    /// A customer checks out with coupons, another payment method or to another country. Paid at
    /// once, and on delivery, the order is processing when this returns; by transfer it is on hold.
    ///
    /// # Errors
    /// Something cannot be had; nothing is changed then.
    pub fn check_out(&self, purchase: &Purchase) -> Result<PlacedOrder, BuyError> {
        self.shop.with(|state| state.check_out(purchase))
    }

    /// What the merchant has set.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.shop.with(|state| state.settings.clone())
    }

    /// Sets taxes, sending and fees, for orders from now on.
    pub fn set_settings(&self, settings: Settings) {
        self.shop.with(|state| state.settings = settings);
    }

    /// The merchant sets an order's status, such as `cancelled` or `trash`; the stock follows.
    /// False: there is no such order.
    pub fn set_order_status(&self, order: u64, status: &str) -> bool {
        self.shop.with(|state| state.change_status(order, status))
    }

    /// Takes over a captured order with its ids, and returns its id; absent: it is no object with
    /// an `id`. With `deduct`, the units its lines say are out of stock leave the stock. Lines are
    /// matched with products by id, or by SKU where this shop has no such id. No webhook tells of
    /// it.
    pub fn put_order(&self, captured: Value, deduct: bool) -> Option<u64> {
        let fields = captured_fields(captured)?;
        Some(self.shop.with(|state| state.put_order(fields, deduct)))
    }

    /// Takes over a captured product or variation with its ids, a parent before its variations, and
    /// returns its id; absent: it is no object with an `id`. No webhook tells of it, and its
    /// quantity is an opening one.
    pub fn put_product(&self, captured: Value) -> Option<u64> {
        let fields = captured_fields(captured)?;
        Some(self.shop.with(|state| state.put_product(fields)))
    }

    /// Adds so many counted products, with SKUs from `BULK-00001` on, and then so many completed
    /// orders of what is sold, as if the shop had been there for long. No webhook tells of them, and
    /// quantities are those after these orders.
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

    /// Deletes an order for good, past the trash: nothing tells of it. False: there is no such order.
    pub fn erase_order(&self, order: u64) -> bool {
        self.shop.with(|state| state.orders.remove(&order).is_some())
    }

    /// Deletes a product for good, past the trash: nothing tells of it. False: there is no such SKU.
    pub fn erase_product(&self, sku: &str) -> bool {
        self.shop.with(|state| {
            let item = state.by_sku(sku);
            item.is_some_and(|item| state.items.remove(&item).is_some())
        })
    }

    /// Somebody opens an account, with a given and a family name; `customer.created` follows.
    #[must_use]
    pub fn open_account(&self, email: &str, given_name: &str, family_name: &str) -> u64 {
        self.shop.with(|state| state.open_account(email, given_name, family_name))
    }

    /// Somebody changes a field of their account, such as `first_name`; `customer.updated` follows.
    /// False: there is no such account.
    pub fn change_account(&self, account: u64, field: &str, value: &str) -> bool {
        self.shop.with(|state| state.change_account(account, field, value))
    }

    /// An account is closed; `customer.deleted` follows. False: there is no such account.
    pub fn close_account(&self, account: u64) -> bool {
        self.shop.with(|state| state.close_account(account))
    }

    /// Adds an API key that may only read.
    pub fn add_reading_key(&self, consumer_key: &str, consumer_secret: &str) {
        let key = rest::ApiKey::new(consumer_key, consumer_secret, KeyRights::Read);
        self.shop.with(|state| state.keys.push(key));
    }

    /// Changes what somebody with an API key may do. False: there is no such key.
    pub fn set_rights(&self, consumer_key: &str, rights: KeyRights) -> bool {
        self.shop.with(|state| {
            let key = state.keys.iter_mut().find(|key| key.key == consumer_key);
            key.map(|key| key.rights = rights).is_some()
        })
    }

    /// Puts the shop's clock ahead of the true one, or behind it. What the shop dates, and the
    /// `Date` of its answers, goes by it; the ledger does not.
    pub fn set_clock(&self, ahead: SignedDuration) {
        self.shop.with(|state| state.clock_ahead = ahead);
    }

    /// Has the shop say that its home is somewhere else, such as `https://milano.example`: in links,
    /// in `X-WC-Webhook-Source`, and for OAuth signatures. It stays reachable at [`WooShop::url`].
    pub fn set_home(&self, home: &str) {
        self.shop.with(|state| home.trim_end_matches('/').clone_into(&mut state.home));
    }

    /// Opens a copy of the shop at an address of its own, as somebody does to try things: with its
    /// keys, its webhooks and their secrets, but with an empty ledger.
    ///
    /// # Errors
    /// No port is free.
    pub async fn staging_copy(&self, name: &str) -> Result<Self, SimError> {
        Ok(Self { shop: self.shop.copy(name).await? })
    }

    /// Adds a payment method that can send money back, or changes the one with its id.
    pub fn set_gateway(&self, gateway: Gateway) {
        self.shop.with(|state| {
            state.gateways.retain(|other| other.id != gateway.id);
            state.gateways.push(gateway);
        });
    }

    /// Adds an API key that may read and write.
    pub fn add_key(&self, consumer_key: &str, consumer_secret: &str) {
        let key = rest::ApiKey::new(consumer_key, consumer_secret, KeyRights::ReadWrite);
        self.shop.with(|state| state.keys.push(key));
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

    /// The requests to the API that were not mere readings, in the order they were answered.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shop.with(|state| state.requests.clone())
    }

    /// Waits until no webhook waits for delivery and no effect of a request is still to come.
    pub async fn quiet(&self) {
        self.shop.running.quiet().await;
    }

    /// Closes the shop; webhooks still waiting are never delivered.
    pub async fn stop(self) {
        self.shop.running.stop().await;
    }
}

impl fmt::Debug for WooShop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WooShop")
            .field("name", &self.shop.name)
            .field("url", &self.shop.home)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WooShopConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WooShopConfig")
            .field("name", &self.name)
            .field("consumer_key", &self.consumer_key)
            .field("currency", &self.currency)
            .field("products", &self.products)
            .field("seed", &self.seed)
            .field("port", &self.port)
            .field("webhooks", &self.webhooks)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

fn captured_fields(captured: Value) -> Option<Fields> {
    let fields = fields::object(captured);
    (fields::id(&fields, "id") > 0).then_some(fields)
}
