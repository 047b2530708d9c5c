//! A module that does nothing: the floor that calls are measured against.

use fondaco_plugin_sdk::{
    on_order::{self, OrderEvent},
    types::{Envelope, Failure},
};

struct Noop;

impl on_order::Guest for Noop {
    fn handle(_about: Envelope, _event: OrderEvent) -> Result<Option<String>, Failure> {
        Ok(None)
    }
}

on_order::export!(Noop);
