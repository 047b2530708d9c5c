//! The simulated shop against what was captured from a running one, and against its own ledger.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod access;
mod amounts;
mod customer;
mod deliveries;
mod documented;
mod faults;
mod identity;
mod likeness;
mod lists;
mod notes;
mod orders;
mod products;
mod properties;
mod refunds;
mod refusals;
mod scale;
mod scene;
mod shapes;
mod shopify;
mod stock;
mod webhooks;
mod writes;
