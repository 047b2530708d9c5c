//! What a module written in Rust is built on: the contract with the host as Rust types.
//!
//! Each hook is a module of this crate ([`on_order`], [`on_stock`], [`on_schedule`] and so on) with
//! a `Guest` trait to implement and an `export!` macro that makes the implementation heard. Each capability is a module of functions to call ([`state`],
//! [`change_stock`] and so on). All of them share one set of types ([`types`], [`commerce`]), so a
//! module with several hooks can pass what one of them heard to a function that another one uses.
//!
//! The finished component imports only what it calls and exports only its hooks: a capability that
//! is never called needs no grant, and nothing has to be listed anywhere.
//!
//! ```
//! use fondaco_plugin_sdk::{
//!     log,
//!     on_order::{self, OrderChanges, OrderEvent},
//!     types::{Envelope, Failure},
//! };
//!
//! struct Greeter;
//!
//! impl on_order::Guest for Greeter {
//!     fn handle(_about: Envelope, event: OrderEvent) -> Result<Option<String>, Failure> {
//!         if event.changes.contains(OrderChanges::PLACED) {
//!             log::write(log::Level::Info, &format!("order {} is new", event.order.number));
//!         }
//!         Ok(None)
//!     }
//! }
//!
//! on_order::export!(Greeter);
//! ```
//!
//! The crate compiles for the machine it is built on as well, so that a module's rules can be
//! tested without Wasm. Only calling the host is impossible there: it panics.
//!
//! With the feature `allocator`, on by default, a module's memory is handed out by an allocator made
//! for lives as short as a call; a module that brings its own switches the feature off.
//!
//! Never here: rules of any module, and anything that reads a clock, a file or a socket. A module
//! has only what the contract gives it.

#![no_std]

#[cfg(any(test, all(target_arch = "wasm32", feature = "allocator")))]
mod allocator;

/// Everything a module may import, and the types that all hooks share.
mod imports {
    #![expect(missing_docs, reason = "generated; the contract's own comments are on every item")]

    wit_bindgen::generate!({
        path: "../../wit",
        world: "imports",
        features: ["not-served-yet"],
        additional_derives: [PartialEq, Eq],
    });
}

pub use imports::fondaco::plugin::{
    alert, ask_person, catalogue, change_catalogue, change_discounts, change_orders, change_prices,
    change_returns, change_stock, clock, commerce, http_get, http_request, log, metrics, orders,
    people, publish_file, random, record_metric, send_message, settings, signal, state, stock,
    types,
};

/// Binds one hook's world to the types of [`imports`].
macro_rules! hook {
    (
        $(#[$doc:meta])*
        $module:ident, $world:literal, $path:literal, $interface:ident {$($item:ident),*}
    ) => {
        $(#[$doc])*
        pub mod $module {
            #![expect(
                missing_docs,
                reason = "generated; the contract's own comments are on every item"
            )]

            wit_bindgen::generate!({
                path: "../../wit",
                world: $world,
                features: ["not-served-yet"],
                pub_export_macro: true,
                default_bindings_module: $path,
                additional_derives: [PartialEq, Eq],
                with: {
                    "fondaco:plugin/types@0.1.0": crate::types,
                    "fondaco:plugin/commerce@0.1.0": crate::commerce,
                    "fondaco:plugin/log@0.1.0": crate::log,
                    "fondaco:plugin/clock@0.1.0": crate::clock,
                    "fondaco:plugin/random@0.1.0": crate::random,
                    "fondaco:plugin/settings@0.1.0": crate::settings,
                    "fondaco:plugin/state@0.1.0": crate::state,
                    "fondaco:plugin/catalogue@0.1.0": crate::catalogue,
                    "fondaco:plugin/stock@0.1.0": crate::stock,
                    "fondaco:plugin/orders@0.1.0": crate::orders,
                    "fondaco:plugin/people@0.1.0": crate::people,
                    "fondaco:plugin/metrics@0.1.0": crate::metrics,
                    "fondaco:plugin/http-get@0.1.0": crate::http_get,
                    "fondaco:plugin/change-stock@0.1.0": crate::change_stock,
                    "fondaco:plugin/change-prices@0.1.0": crate::change_prices,
                    "fondaco:plugin/change-catalogue@0.1.0": crate::change_catalogue,
                    "fondaco:plugin/change-orders@0.1.0": crate::change_orders,
                    "fondaco:plugin/change-returns@0.1.0": crate::change_returns,
                    "fondaco:plugin/change-discounts@0.1.0": crate::change_discounts,
                    "fondaco:plugin/send-message@0.1.0": crate::send_message,
                    "fondaco:plugin/alert@0.1.0": crate::alert,
                    "fondaco:plugin/ask-person@0.1.0": crate::ask_person,
                    "fondaco:plugin/record-metric@0.1.0": crate::record_metric,
                    "fondaco:plugin/signal@0.1.0": crate::signal,
                    "fondaco:plugin/publish-file@0.1.0": crate::publish_file,
                    "fondaco:plugin/http-request@0.1.0": crate::http_request,
                },
            });

            pub use exports::fondaco::plugin::$interface::{Guest, $($item),*};
        }
    };
}

hook! {
    /// Hears what changed about orders.
    on_order, "order-hook", "fondaco_plugin_sdk::on_order", on_order {OrderChanges, OrderEvent}
}
hook! {
    /// Hears what changed about stock, whoever changed it.
    on_stock, "stock-hook", "fondaco_plugin_sdk::on_stock", on_stock {StockEvent}
}
hook! {
    /// Hears the ticks of the schedules in the module's manifest.
    on_schedule, "schedule-hook", "fondaco_plugin_sdk::on_schedule", on_schedule {Tick}
}
hook! {
    /// Hears what became of the module's own proposals.
    on_outcome, "outcome-hook", "fondaco_plugin_sdk::on_outcome", on_outcome {End, Outcome}
}
hook! {
    /// Hears what changed about products. Not served yet.
    on_product, "product-hook", "fondaco_plugin_sdk::on_product", on_product {ProductChanges, ProductEvent}
}
hook! {
    /// Hears what changed about prices. Not served yet.
    on_price, "price-hook", "fondaco_plugin_sdk::on_price", on_price {PriceEvent}
}
hook! {
    /// Hears that something changed about customers. Not served yet.
    on_customer, "customer-hook", "fondaco_plugin_sdk::on_customer", on_customer {CustomerChanges, CustomerEvent}
}
hook! {
    /// Hears what changed about returns. Not served yet.
    on_return, "return-hook", "fondaco_plugin_sdk::on_return", on_return {ReturnChanges, ReturnEvent}
}
hook! {
    /// Hears what happened to carts. Not served yet.
    on_cart, "cart-hook", "fondaco_plugin_sdk::on_cart", on_cart {CartChange, CartEvent}
}
hook! {
    /// Hears messages. Not served yet.
    on_message, "message-hook", "fondaco_plugin_sdk::on_message", on_message {}
}
hook! {
    /// Hears rows of a feed. Not served yet.
    on_feed, "feed-hook", "fondaco_plugin_sdk::on_feed", on_feed {FeedRows}
}
hook! {
    /// Hears signals of other modules.
    on_signal, "signal-hook", "fondaco_plugin_sdk::on_signal", on_signal {SignalEvent}
}
hook! {
    /// Hears what happens to the install.
    on_lifecycle, "lifecycle-hook", "fondaco_plugin_sdk::on_lifecycle", on_lifecycle {BackfillPage, LifecycleEvent}
}
hook! {
    /// Answers what something costs. Not served yet.
    pricing, "pricing-hook", "fondaco_plugin_sdk::pricing", pricing {QuoteLine, QuoteRequest, Quoted}
}
hook! {
    /// Answers whether something may be given back. Not served yet.
    returns, "returns-hook", "fondaco_plugin_sdk::returns",
    returns {Assessment, LineAssessment, ReturnRequest}
}

impl on_order::OrderChanges {
    /// Whether all of these are among what changed.
    #[must_use]
    pub fn contains(self, changes: Self) -> bool {
        self & changes == changes
    }
}
