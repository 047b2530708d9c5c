//! A module that hears signals and its own life, and does what its settings say for each.
//!
//! The settings are a list of steps for each kind of event: `{"signal": [["send", "ball",
//! {"to": "you"}], …]}`; see [`step`] for what there is. What it heard and what a step came to is
//! logged, so that a test can read it.

use std::fmt::Debug;

use fondaco_plugin_sdk::{
    alert::{self, Notice, Severity},
    log,
    on_lifecycle::{self, LifecycleEvent},
    on_order::{self, OrderEvent},
    on_schedule::{self, Tick},
    on_signal::{self, SignalEvent},
    settings, signal, state,
    types::{Envelope, Failure, Localised},
};
use serde_json::Value;

/// Does what its settings say.
#[derive(Debug)]
pub struct Relay;

impl on_signal::Guest for Relay {
    fn handle(about: Envelope, event: SignalEvent) -> Result<Option<String>, Failure> {
        tell(&format!("signal {} of {} {}", event.name, event.sender, event.payload));
        run(&about, "signal")
    }
}

impl on_lifecycle::Guest for Relay {
    fn handle(about: Envelope, event: LifecycleEvent) -> Result<Option<String>, Failure> {
        let words = match event {
            LifecycleEvent::Backfill(page) => {
                let numbers: Vec<_> = page.orders.iter().map(|order| &*order.number).collect();
                format!("backfill {} {} last {}", page.shop, numbers.join(","), page.last)
            }
            other => format!("{other:?}"),
        };
        tell(&format!("lifecycle {words}"));
        run(&about, "lifecycle")
    }
}

impl on_order::Guest for Relay {
    fn handle(about: Envelope, event: OrderEvent) -> Result<Option<String>, Failure> {
        tell(&format!("order {} on {}", event.order.number, event.order.shop));
        run(&about, "order")
    }
}

impl on_schedule::Guest for Relay {
    fn handle(about: Envelope, event: Tick) -> Result<Option<String>, Failure> {
        tell(&format!("tick {} due {}", event.schedule, event.due_at));
        run(&about, "tick")
    }
}

// The names of exports are no names to a native linker.
#[cfg(target_arch = "wasm32")]
on_signal::export!(Relay);
#[cfg(target_arch = "wasm32")]
on_lifecycle::export!(Relay);
#[cfg(target_arch = "wasm32")]
on_order::export!(Relay);
#[cfg(target_arch = "wasm32")]
on_schedule::export!(Relay);

fn run(about: &Envelope, kind: &str) -> Result<Option<String>, Failure> {
    let settings: Value = serde_json::from_str(&settings::get())
        .map_err(|error| Failure::Permanent(format!("settings: {error}")))?;
    for now in settings[kind].as_array().into_iter().flatten() {
        if let Some(end) = step(about, now) {
            return end;
        }
    }
    Ok(None)
}

/// Does one step; returns what the hook is to return, if the step ends it.
fn step(about: &Envelope, step: &Value) -> Option<Result<Option<String>, Failure>> {
    let text = |index: usize| step[index].as_str().unwrap_or_default().to_owned();
    match text(0).as_str() {
        "send" => {
            let payload = step[2].as_str().map_or_else(|| step[2].to_string(), str::to_owned);
            tell(&format!("send {:?}", signal::send(&text(1), step[3].as_str(), &payload)));
        }
        "alert" => tell(&format!("alert {:?}", raise())),
        "count" => {
            let count = state::get(&text(1)).and_then(|count| count.parse().ok()).unwrap_or(0_u32);
            state::set(&text(1), &(count + 1).to_string());
        }
        "once-again" if about.cursor.is_none() => return Some(Ok(Some(text(1)))),
        "once-again" => tell(&format!("cursor {:?}", about.cursor)),
        "permanent" => return Some(Err(Failure::Permanent(text(1)))),
        other => {
            return Some(Err(Failure::Permanent(format!("there is no step `{other}`"))));
        }
    }
    None
}

fn raise() -> Result<String, fondaco_plugin_sdk::types::Refusal> {
    let sentence = || Localised { en: "Here.".to_owned(), it: "Qui.".to_owned() };
    alert::raise(&Notice { severity: Severity::Info, title: sentence(), text: sentence() }, None)
}

fn tell(what: &str) {
    log::write(log::Level::Info, what);
}
