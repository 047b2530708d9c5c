//! What a module written in Rust is built on: the contract with the host as Rust types.
//!
//! Each hook is a module of this crate ([`on_order`], [`on_stock`], [`on_schedule`],
//! [`on_outcome`]) with a `Guest` trait to implement and an `export!` macro that makes the
//! implementation heard. Each capability is a module of functions to call ([`state`],
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
//! Never here: rules of any module, and anything that reads a clock, a file or a socket. A module
//! has only what the contract gives it.

#![no_std]

/// Everything a module may import, and the types that all hooks share.
mod imports {
    #![expect(missing_docs, reason = "generated; the contract's own comments are on every item")]

    wit_bindgen::generate!({
        path: "../../wit",
        world: "imports",
        additional_derives: [PartialEq, Eq],
    });
}

pub use imports::fondaco::plugin::{
    alert, catalogue, change_stock, clock, commerce, log, orders, settings, state, stock, types,
};

/// Binds one hook's world to the types of [`imports`].
macro_rules! hook {
    ($(#[$doc:meta])* $module:ident, $world:literal, $path:literal, {$($item:ident),*}) => {
        $(#[$doc])*
        pub mod $module {
            #![expect(
                missing_docs,
                reason = "generated; the contract's own comments are on every item"
            )]

            wit_bindgen::generate!({
                path: "../../wit",
                world: $world,
                pub_export_macro: true,
                default_bindings_module: $path,
                additional_derives: [PartialEq, Eq],
                with: {
                    "fondaco:plugin/types@0.1.0": crate::types,
                    "fondaco:plugin/commerce@0.1.0": crate::commerce,
                    "fondaco:plugin/log@0.1.0": crate::log,
                    "fondaco:plugin/clock@0.1.0": crate::clock,
                    "fondaco:plugin/settings@0.1.0": crate::settings,
                    "fondaco:plugin/state@0.1.0": crate::state,
                    "fondaco:plugin/catalogue@0.1.0": crate::catalogue,
                    "fondaco:plugin/stock@0.1.0": crate::stock,
                    "fondaco:plugin/orders@0.1.0": crate::orders,
                    "fondaco:plugin/change-stock@0.1.0": crate::change_stock,
                    "fondaco:plugin/alert@0.1.0": crate::alert,
                },
            });

            pub use exports::fondaco::plugin::$module::{Guest, $($item),*};
        }
    };
}

hook! {
    /// Hears what changed about orders.
    on_order, "order-hook", "fondaco_plugin_sdk::on_order", {OrderChanges, OrderEvent}
}
hook! {
    /// Hears what changed about stock, whoever changed it.
    on_stock, "stock-hook", "fondaco_plugin_sdk::on_stock", {StockEvent}
}
hook! {
    /// Hears the ticks of the schedules in the module's manifest.
    on_schedule, "schedule-hook", "fondaco_plugin_sdk::on_schedule", {Tick}
}
hook! {
    /// Hears what became of the module's own proposals.
    on_outcome, "outcome-hook", "fondaco_plugin_sdk::on_outcome", {End, Outcome}
}

impl on_order::OrderChanges {
    /// Whether all of these are among what changed.
    #[must_use]
    pub fn contains(self, changes: Self) -> bool {
        self & changes == changes
    }
}
