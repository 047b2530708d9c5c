//! A module that reads who customers are and notes things about them, to try what is granted.
//!
//! The settings are `{"steps": [["person", "milano", "12"], …]}`; see [`step`] for what there is.
//! What a step comes to is logged, so that a test can read it. (No real module may log that.)

use std::fmt::Debug;

use fondaco_plugin_sdk::{
    log,
    on_customer::{self, CustomerEvent},
    on_order::{self, OrderEvent},
    people, settings, state,
    types::{Envelope, Failure},
};
use serde_json::Value;

/// Does what its settings say.
#[derive(Debug)]
pub struct Clerk;

impl on_order::Guest for Clerk {
    fn handle(_: Envelope, _: OrderEvent) -> Result<Option<String>, Failure> {
        let settings: Value = serde_json::from_str(&settings::get())
            .map_err(|error| Failure::Permanent(format!("settings: {error}")))?;
        settings["steps"].as_array().into_iter().flatten().try_for_each(step)?;
        Ok(None)
    }
}

impl on_customer::Guest for Clerk {
    fn handle(about: Envelope, event: CustomerEvent) -> Result<Option<String>, Failure> {
        tell(&event);
        let shop = about.shop.unwrap_or_default();
        tell(&people::by_id(&shop, &event.customer));
        Ok(None)
    }
}

/// Only a component has these: their names are none that a native linker takes.
#[cfg(target_arch = "wasm32")]
mod exports {
    use super::*;

    on_order::export!(Clerk);
    on_customer::export!(Clerk);
}

fn step(step: &Value) -> Result<(), Failure> {
    let text = |index: usize| step[index].as_str().unwrap_or_default();
    match text(0) {
        "person" => tell(&people::by_id(text(1), text(2))),
        "person-of" => tell(&people::of_order(text(1), text(2))),
        "ships-to" => tell(&people::shipping_address(text(1), text(2))),
        "set-about" => tell(&state::set_about(text(1), text(2), text(3), text(4))),
        "set" => state::set(text(1), text(2)),
        "get" => tell(&state::get(text(1))),
        "delete" => state::delete(text(1)),
        other => return Err(Failure::Permanent(format!("there is no step `{other}`"))),
    }
    Ok(())
}

fn tell(what: &impl Debug) {
    log::write(log::Level::Info, &format!("{what:?}"));
}
