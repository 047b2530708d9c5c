//! What every adapter must do, tried on each of them against a simulated shop of its platform.
//!
//! The cases (`writing.rs`, `reading.rs`) know no platform: they speak through
//! [`fondaco_platforms::Platform`] alone, and learn what truly happened from [`SimulatedShop`]. A new
//! adapter implements that trait in a file of its own, and is opened where `woocommerce::Shop` is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod document;
mod reading;
mod shop;
mod woocommerce;
mod writing;
