//! Simulated shops that speak the vendors' own APIs.
//!
//! For the demonstration, for trying plugins and for our own tests: a shop that a host talks to
//! exactly as it would to the real one, over HTTP and with webhooks, including the habits that hurt
//! (deliveries out of order, never repeated, gone after seven failures) and, where a test asks for
//! them, the [faults](Faults) of a network and a busy server. What the vendor's program
//! was seen to do is what happens here; where nothing was observed, the request is answered with
//! status 501 and `shopsim_not_simulated`, never with something made up. A few things that hosts
//! cannot do without were not observed and are done as the vendor documents them; each says so where
//! it is: coupons and accounts through the API, keys that are handed over, sales with dates.
//!
//! A shop keeps a [ledger](LedgerEntry) of what it truly did (orders, stock, refunds and whether money
//! moved, notes, prices, coupons, mails), so that a test compares what the host believes with what
//! happened. The same seed and the same requests make the same ledger. It knows nothing of the host: no other crate of the house is used
//! here, and nothing is written to disk.
//!
//! `door.rs` is where requests of any platform meet their faults, [`AnyShop`] a shop of any platform as
//! its customers know it.
//!
//! Start reading at [`WooShop`], [`MagentoShop`] or [`ShopifyShop`], then `woocommerce/checkout.rs` (how an order comes to be),
//! `woocommerce/totals.rs` (what it costs), `woocommerce/refund.rs` (how it is given back) and
//! `woocommerce/delivery.rs` (how a webhook leaves). [`Customer`] is somebody who buys.

// A product of the API has more fields than the `json!` macro reads at the usual depth.
#![recursion_limit = "256"]

mod any;
mod client;
pub mod customer;
mod door;
pub mod faults;
pub mod ledger;
pub mod limits;
mod line;
pub mod magento;
mod running;
pub mod shopify;
pub mod woocommerce;

pub use any::AnyShop;
pub use customer::{Customer, CustomerOptions, CustomerReport};
pub use faults::{Faults, RequestFault, WebhookFault};
pub use ledger::{LedgerEntry, LedgerEvent, SeenRequest, Writer};
pub use magento::{Integration, IntegrationRights, MagentoShop, MagentoShopConfig};
pub use shopify::{App, ShopifyShop, ShopifyShopConfig};
pub use woocommerce::{
    BuyError, Fee, Gateway, KeyRights, PlacedOrder, Product, Purchase, Settings, SimError, TaxRate,
    WooShop, WooShopConfig,
};
