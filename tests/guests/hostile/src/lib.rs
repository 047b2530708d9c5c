//! A module that does everything a module must not, one thing at a time, as its settings say. With
//! `nothing` it behaves.
//!
//! What cannot be done from Rust (many memories, a table that grows, a component that is damaged) is
//! made by the tests themselves.

use fondaco_plugin_sdk::{
    alert::{self, Notice, Severity},
    change_stock::{self, StockChange},
    clock, http_get, log,
    on_order::{self, OrderEvent},
    on_schedule::{self, Tick},
    random, settings, state,
    types::{Envelope, Failure, Localised, Terms},
};
use serde_json::Value;

mod numbers;
mod text;

/// Does what its settings say.
#[derive(Debug)]
pub struct Hostile;

impl on_schedule::Guest for Hostile {
    fn handle(_about: Envelope, _event: Tick) -> Result<Option<String>, Failure> {
        attack()
    }
}

impl on_order::Guest for Hostile {
    fn handle(_about: Envelope, event: OrderEvent) -> Result<Option<String>, Failure> {
        log::write(log::Level::Info, &format!("{} lines", event.order.lines.len()));
        attack()
    }
}

// The names of exports are no names to a native linker.
#[cfg(target_arch = "wasm32")]
on_schedule::export!(Hostile);
#[cfg(target_arch = "wasm32")]
on_order::export!(Hostile);

fn attack() -> Result<Option<String>, Failure> {
    let settings: Value = serde_json::from_str(&settings::get())
        .map_err(|error| Failure::Permanent(format!("settings: {error}")))?;
    let size = usize::try_from(settings["size"].as_u64().unwrap_or_default()).unwrap_or(usize::MAX);
    match settings["attack"].as_str().unwrap_or("nothing") {
        "nothing" => state::set("behaved", "yes"),
        "loop" => spin(),
        "loop-in-host-calls" => loop {
            clock::now();
        },
        "loop-in-state" => loop {
            state::get("there is none");
        },
        "loop-in-random" => loop {
            random::next();
        },
        "memory" => grow(),
        "recursion" => {
            recurse(u64::MAX);
        }
        "huge-string" => log::write(log::Level::Info, &"x".repeat(size)),
        "huge-list" => huge_list(size),
        "log-flood" => loop {
            log::write(log::Level::Info, "");
        },
        "state-flood" => state_flood(),
        "state-value" => state::set("large", &"x".repeat(size)),
        "state-key" => state::set(&"x".repeat(size), ""),
        "proposal-flood" => proposal_flood(&"x".repeat(size)),
        "http-flood" => http_flood(),
        "cursor" => return Ok(Some("x".repeat(size))),
        "failure" => return Err(Failure::Permanent("x".repeat(size))),
        "numbers" => numbers::tell_all(),
        "invalid-text" => text::pass_invalid(),
        "trap" => std::process::abort(),
        "panic" => assert_eq!(size, usize::MAX, "a module that panics"),
        other => return Err(Failure::Permanent(format!("there is no attack `{other}`"))),
    }
    Ok(None)
}

/// Computes until it is stopped.
fn spin() {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
}

/// Takes memory, and uses it, until it gets none.
fn grow() {
    const PIECE_BYTES: usize = 1 << 20;
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    loop {
        pieces.push(std::hint::black_box(vec![1; PIECE_BYTES]));
    }
}

/// Calls itself until the stack is full.
fn recurse(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    if depth == 0 { room[0] } else { recurse(depth - 1).wrapping_add(room[1]) }
}

/// Passes a list of many short texts at once.
fn huge_list(size: usize) {
    let headers = vec![("a".to_owned(), "b".to_owned()); size];
    let url = "https://api.example.com/".to_owned();
    drop(http_get::get(&http_get::Request { url, headers }));
}

fn state_flood() {
    let value = "x".repeat(60_000);
    for number in 0_u64.. {
        state::set(&number.to_string(), &value);
    }
}

fn sentence(text: &str) -> Localised {
    Localised { en: text.to_owned(), it: text.to_owned() }
}

fn proposal_flood(text: &str) {
    let text = if text.is_empty() { "x" } else { text };
    loop {
        let notice =
            Notice { severity: Severity::Info, title: sentence(text), text: sentence(text) };
        drop(alert::raise(&notice, None));
    }
}

fn http_flood() {
    loop {
        let url = "https://api.example.com/".to_owned();
        drop(http_get::get(&http_get::Request { url, headers: Vec::new() }));
    }
}

fn propose(available: &str) -> Result<String, fondaco_plugin_sdk::types::Refusal> {
    let change = StockChange {
        shop: "milano".to_owned(),
        variant: "1".to_owned(),
        location: None,
        available: available.to_owned(),
        decided_on: "14".to_owned(),
    };
    let terms =
        Terms { key: None, explanation: sentence("x"), after: Vec::new(), expires_at: None };
    change_stock::propose(&change, &terms)
}
