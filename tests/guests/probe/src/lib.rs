//! A module that does what its settings tell it, well or badly, to try the host's limits.
//!
//! The settings are `{"steps": [["set", "key", "value"], ["get", "key"], …]}`; see [`step`] for
//! what there is. What a step comes to is logged, so that a test can read it.

use std::fmt::Debug;

use fondaco_plugin_sdk::{
    alert::{self, Notice, Severity},
    catalogue,
    change_stock::{self, StockChange},
    clock, http_get, log,
    on_order::{self, OrderEvent},
    on_outcome::{self, Outcome},
    on_schedule::{self, Tick},
    on_stock::{self, StockEvent},
    orders, people, random, settings, state, stock,
    types::{Envelope, Failure, Localised, Terms},
};
use serde_json::Value;

/// Does what its settings say.
#[derive(Debug)]
pub struct Probe;

impl on_order::Guest for Probe {
    fn handle(about: Envelope, event: OrderEvent) -> Result<Option<String>, Failure> {
        run(&about, &event)
    }
}

impl on_stock::Guest for Probe {
    fn handle(about: Envelope, event: StockEvent) -> Result<Option<String>, Failure> {
        run(&about, &event)
    }
}

impl on_schedule::Guest for Probe {
    fn handle(about: Envelope, event: Tick) -> Result<Option<String>, Failure> {
        run(&about, &event)
    }
}

impl on_outcome::Guest for Probe {
    fn handle(about: Envelope, event: Outcome) -> Result<Option<String>, Failure> {
        run(&about, &event)
    }
}

// The names of exports are no names to a native linker.
#[cfg(target_arch = "wasm32")]
on_order::export!(Probe);
#[cfg(target_arch = "wasm32")]
on_stock::export!(Probe);
#[cfg(target_arch = "wasm32")]
on_schedule::export!(Probe);
#[cfg(target_arch = "wasm32")]
on_outcome::export!(Probe);

fn run(about: &Envelope, event: &impl Debug) -> Result<Option<String>, Failure> {
    let settings: Value = serde_json::from_str(&settings::get())
        .map_err(|error| Failure::Permanent(format!("settings: {error}")))?;
    for now in settings["steps"].as_array().into_iter().flatten() {
        if now[0] == "event" {
            tell(&(about, event));
            continue;
        }
        if let Some(end) = step(now) {
            return end;
        }
    }
    Ok(None)
}

/// Does one step; returns what the hook is to return, if the step ends it.
fn step(step: &Value) -> Option<Result<Option<String>, Failure>> {
    let text = |index: usize| step[index].as_str().unwrap_or_default().to_owned();
    let maybe = |index: usize| step[index].as_str().map(str::to_owned);
    let number = |index: usize| step[index].as_u64().unwrap_or_default();
    let count = |index: usize| u32::try_from(number(index)).unwrap_or(u32::MAX);
    let bytes = |index: usize| "x".repeat(usize::try_from(number(index)).unwrap_or_default());
    match text(0).as_str() {
        "get" => tell(&state::get(&text(1))),
        "get-silently" => drop(state::get(&text(1))),
        "set" => state::set(&text(1), &text(2)),
        "set-bytes" => state::set(&text(1), &bytes(2)),
        "set-about" => tell(&state::set_about(&text(1), &text(2), &text(3), &text(4))),
        "delete" => state::delete(&text(1)),
        "list" => {
            let found = state::list(&text(1), maybe(2).as_deref(), count(3));
            let pairs: Vec<_> = found.iter().map(|entry| (&entry.key, &entry.value)).collect();
            tell(&pairs);
        }
        "now" => tell(&clock::now()),
        "shops" => tell(&catalogue::shops()),
        "variant" => tell(&catalogue::variant_by_id(&text(1), &text(2))),
        "sku" => tell(&catalogue::variants_by_sku(&text(1))),
        "skus" => tell(&catalogue::skus(maybe(1).as_deref(), count(2))),
        "levels" => tell(&stock::levels(&text(1), &text(2))),
        "order" => tell(&orders::get(&text(1), &text(2))),
        "person" => tell(&people::by_id(&text(1), &text(2))),
        "person-of" => tell(&people::of_order(&text(1), &text(2))),
        "ships-to" => tell(&people::shipping_address(&text(1), &text(2))),
        "silent-since" => tell(&catalogue::silent_since(&text(1))),
        "known-until" => tell(&orders::known_until(&text(1))),
        "change" => tell(&change(&step[1])),
        "alert" => tell(&raise(&step[1])),
        "alert-silently" => drop(raise(&step[1])),
        "list-silently" => drop(state::list(&text(1), None, 1_000)),
        "read-long" => drop(catalogue::variants_by_sku(&bytes(1))),
        "http" => tell(&fetch(&text(1))),
        "random" => tell(&random::next()),
        "compute" => compute(number(1)),
        "log-bytes" => log::write(log::Level::Info, &bytes(1)),
        "repeat" => (0..number(1)).for_each(|_| drop(self::step(&step[2]))),
        "loop" => spin(),
        "trap" => std::process::abort(),
        "again" => return Some(Ok(Some(text(1)))),
        "again-bytes" => return Some(Ok(Some(bytes(1)))),
        "temporary" => return Some(Err(Failure::Temporary(text(1)))),
        "permanent" => return Some(Err(Failure::Permanent(text(1)))),
        other => {
            return Some(Err(Failure::Permanent(format!("there is no step `{other}`"))));
        }
    }
    None
}

fn tell(what: &impl Debug) {
    log::write(log::Level::Info, &format!("{what:?}"));
}

fn change(given: &Value) -> Result<String, fondaco_plugin_sdk::types::Refusal> {
    let text = |name: &str, otherwise: &str| given[name].as_str().unwrap_or(otherwise).to_owned();
    let maybe = |name: &str| given[name].as_str().map(str::to_owned);
    let change = StockChange {
        shop: text("shop", "milano"),
        variant: text("variant", "1"),
        location: maybe("location"),
        available: text("available", "12"),
        decided_on: text("decided-on", "14"),
    };
    let after = given["after"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let terms = Terms {
        key: maybe("key"),
        explanation: Localised { en: text("en", "It was sold."), it: text("it", "Venduto.") },
        after: after.map(str::to_owned).collect(),
        expires_at: given["expires-at"].as_u64(),
    };
    change_stock::propose(&change, &terms)
}

fn raise(given: &Value) -> Result<String, fondaco_plugin_sdk::types::Refusal> {
    let text = |name: &str, otherwise: &str| given[name].as_str().unwrap_or(otherwise).to_owned();
    let long = "x".repeat(if given["long"] == true { 4_000 } else { 0 });
    let sentence = |en: &str, it: &str| Localised {
        en: text(en, "Low.") + &long,
        it: text(it, "Poco.") + &long,
    };
    let notice = Notice {
        severity: Severity::Warning,
        title: sentence("title-en", "title-it"),
        text: sentence("text-en", "text-it"),
    };
    alert::raise(&notice, given["key"].as_str())
}

fn fetch(url: &str) -> Result<String, http_get::HttpFailure> {
    let headers = vec![("authorization".to_owned(), "Bearer {secret:key}".to_owned())];
    let answer = http_get::get(&http_get::Request { url: url.to_owned(), headers })?;
    Ok(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)))
}

/// Computes for a while.
fn compute(instructions: u64) {
    for number in 0..instructions / 4 {
        std::hint::black_box(number);
    }
}

/// Computes until it is stopped.
fn spin() {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
}
