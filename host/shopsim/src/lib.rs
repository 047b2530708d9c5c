//! Simulated shops that speak the vendors' own APIs.
//!
//! For the demonstration, for trying plugins and for our own tests: a shop that a host talks to
//! exactly as it would to the real one, over HTTP and with webhooks, including the habits that hurt
//! (deliveries out of order, never repeated, gone after seven failures) and, where a test asks for
//! them, the [faults](Faults) of a network and a busy server. What the vendor's program
//! was seen to do is what happens here; where nothing was observed, the request is answered with
//! status 501 and `shopsim_not_simulated`, never with something made up.
//!
//! A shop keeps a [ledger](LedgerEntry) of what it truly did, so that a test compares what the host
//! believes with what happened. It knows nothing of the host: no other crate of the house is used
//! here, and nothing is written to disk.
//!
//! Start reading at [`WooShop`], then `woocommerce/checkout.rs` (how an order comes to be) and
//! `woocommerce/delivery.rs` (how a webhook leaves). [`Customer`] is somebody who buys.

// A product of the API has more fields than the `json!` macro reads at the usual depth.
#![recursion_limit = "256"]

pub mod customer;
pub mod faults;
pub mod ledger;
pub mod limits;
pub mod woocommerce;

pub use customer::{Customer, CustomerOptions, CustomerReport};
pub use faults::{Faults, RequestFault, WebhookFault};
pub use ledger::{LedgerEntry, LedgerEvent, SeenRequest, Writer};
pub use woocommerce::{
    BuyError, Fee, Gateway, KeyRights, PlacedOrder, Product, Purchase, Settings, SimError, TaxRate,
    WooShop, WooShopConfig,
};
