//! A module that keeps a tally of orders: one value of its state read and written, and one line
//! logged, for each order.
//!
//! `tests/extism` measures it against an Extism plug-in that does the same.

use fondaco_plugin_sdk::{
    log,
    on_order::{self, OrderEvent},
    state,
    types::{Envelope, Failure},
};

mod tally;

pub use tally::Tally;

/// Keeps the tally.
#[derive(Debug)]
pub struct OrderWorker;

impl on_order::Guest for OrderWorker {
    fn handle(_about: Envelope, event: OrderEvent) -> Result<Option<String>, Failure> {
        let refused = |what: &str| Failure::Permanent(format!("{what} cannot be read"));
        let kept = state::get(Tally::KEY);
        let kept = kept.map(|text| Tally::parse(&text).ok_or_else(|| refused("the tally")));
        let mut tally = kept.transpose()?.unwrap_or_default();
        tally.orders += 1;
        let order = event.order;
        for line in &order.lines {
            tally.add(&line.quantity, &line.net).ok_or_else(|| refused("an amount"))?;
        }
        state::set(Tally::KEY, &tally.to_string());
        let message = format!("order {} makes it {tally}", order.number);
        log::write(log::Level::Info, &message);
        Ok(None)
    }
}

// The names of exports are no names to a native linker.
#[cfg(target_arch = "wasm32")]
on_order::export!(OrderWorker);
