//! A module that does nothing: the floor that calls are measured against.

use fondaco_plugin_sdk::{
    on_order::{self, OrderEvent},
    types::{Envelope, Failure},
};

/// Does nothing.
#[derive(Debug)]
pub struct Noop;

impl on_order::Guest for Noop {
    fn handle(_about: Envelope, _event: OrderEvent) -> Result<Option<String>, Failure> {
        Ok(None)
    }
}

// The names of exports are no names to a native linker.
#[cfg(target_arch = "wasm32")]
on_order::export!(Noop);
