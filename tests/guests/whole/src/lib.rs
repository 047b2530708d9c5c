//! A module that exports every hook and imports every interface of the contract.
//!
//! When a tick comes it calls every function there is, one after the other; on every other event it
//! tells what it heard. What a call came to is logged as `interface.function answer`.

use std::fmt::Debug;

use fondaco_plugin_sdk::{
    clock, commerce, log, on_cart, on_customer, on_feed, on_lifecycle, on_message, on_order,
    on_outcome, on_price, on_product, on_return, on_schedule, on_signal, on_stock, pricing,
    returns,
    types::{Envelope, Failure},
};

mod calls;

/// Hears everything.
#[derive(Debug)]
pub struct Whole;

/// Tells what was heard, whole.
fn heard(hook: &str, about: &Envelope, event: &impl Debug) -> Result<Option<String>, Failure> {
    log::write(log::Level::Info, &format!("{hook} {about:?} {event:?}"));
    Ok(None)
}

impl on_order::Guest for Whole {
    fn handle(about: Envelope, event: on_order::OrderEvent) -> Result<Option<String>, Failure> {
        heard("on-order", &about, &event)
    }
}

impl on_stock::Guest for Whole {
    fn handle(about: Envelope, event: on_stock::StockEvent) -> Result<Option<String>, Failure> {
        heard("on-stock", &about, &event)
    }
}

impl on_schedule::Guest for Whole {
    fn handle(about: Envelope, event: on_schedule::Tick) -> Result<Option<String>, Failure> {
        calls::all();
        heard("on-schedule", &about, &event)
    }
}

impl on_outcome::Guest for Whole {
    fn handle(about: Envelope, event: on_outcome::Outcome) -> Result<Option<String>, Failure> {
        heard("on-outcome", &about, &event)
    }
}

impl on_product::Guest for Whole {
    fn handle(about: Envelope, event: on_product::ProductEvent) -> Result<Option<String>, Failure> {
        heard("on-product", &about, &event)
    }
}

impl on_price::Guest for Whole {
    fn handle(about: Envelope, event: on_price::PriceEvent) -> Result<Option<String>, Failure> {
        heard("on-price", &about, &event)
    }
}

impl on_customer::Guest for Whole {
    fn handle(
        about: Envelope,
        event: on_customer::CustomerEvent,
    ) -> Result<Option<String>, Failure> {
        heard("on-customer", &about, &event)
    }
}

impl on_return::Guest for Whole {
    fn handle(about: Envelope, event: on_return::ReturnEvent) -> Result<Option<String>, Failure> {
        heard("on-return", &about, &event)
    }
}

impl on_cart::Guest for Whole {
    fn handle(about: Envelope, event: on_cart::CartEvent) -> Result<Option<String>, Failure> {
        heard("on-cart", &about, &event)
    }
}

impl on_message::Guest for Whole {
    fn handle(about: Envelope, event: commerce::Message) -> Result<Option<String>, Failure> {
        heard("on-message", &about, &event)
    }
}

impl on_feed::Guest for Whole {
    fn handle(about: Envelope, event: on_feed::FeedRows) -> Result<Option<String>, Failure> {
        heard("on-feed", &about, &event)
    }
}

impl on_signal::Guest for Whole {
    fn handle(about: Envelope, event: on_signal::SignalEvent) -> Result<Option<String>, Failure> {
        heard("on-signal", &about, &event)
    }
}

impl on_lifecycle::Guest for Whole {
    fn handle(
        about: Envelope,
        event: on_lifecycle::LifecycleEvent,
    ) -> Result<Option<String>, Failure> {
        heard("on-lifecycle", &about, &event)
    }
}

impl pricing::Guest for Whole {
    fn quote(
        about: Envelope,
        request: pricing::QuoteRequest,
    ) -> Result<Vec<pricing::Quoted>, Failure> {
        heard("pricing", &about, &request)?;
        let quoted = |line: &pricing::QuoteLine| pricing::Quoted {
            unit_price: line.list_price.clone(),
            reason: None,
        };
        Ok(request.lines.iter().map(quoted).collect())
    }
}

impl returns::Guest for Whole {
    fn assess(
        about: Envelope,
        request: returns::ReturnRequest,
    ) -> Result<returns::Assessment, Failure> {
        heard("returns", &about, &request)?;
        let line = |line: &commerce::ReturnLine| returns::LineAssessment {
            line: line.line.clone(),
            accepted: true,
            reason: calls::sentence(),
            refund: "19.90".to_owned(),
        };
        Ok(returns::Assessment {
            lines: request.lines.iter().map(line).collect(),
            refund: calls::money("19.90"),
            fee: calls::money("0"),
            send_until: Some(clock::now()),
        })
    }
}

// The names of exports are no names to a native linker.
#[cfg(target_arch = "wasm32")]
on_order::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_stock::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_schedule::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_outcome::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_product::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_price::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_customer::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_return::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_cart::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_message::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_feed::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_signal::export!(Whole);
#[cfg(target_arch = "wasm32")]
on_lifecycle::export!(Whole);
#[cfg(target_arch = "wasm32")]
pricing::export!(Whole);
#[cfg(target_arch = "wasm32")]
returns::export!(Whole);
