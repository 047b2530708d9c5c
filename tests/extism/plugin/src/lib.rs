//! What `tests/guests/order-worker` does, as an Extism plug-in: JSON in, JSON out, and JSON to and
//! from the host's functions.

#[path = "../../../guests/order-worker/src/tally.rs"]
mod tally;
#[path = "../../src/wire.rs"]
mod wire;

use extism_pdk::{host_fn, plugin_fn, FnResult, Json};

use tally::Tally;
use wire::{Answer, Entry, Event, Kept, Key, LogLine};

#[host_fn]
extern "ExtismHost" {
    fn state_get(key: Json<Key>) -> Json<Kept>;
    fn state_set(entry: Json<Entry>);
    fn log_write(line: Json<LogLine>);
}

/// Adds an order to the tally.
#[plugin_fn]
pub fn on_order(Json(event): Json<Event>) -> FnResult<Json<Answer>> {
    let refused = |what: &str| extism_pdk::Error::msg(format!("{what} cannot be read"));
    let key = || Tally::KEY.to_owned();
    // SAFETY: the host has a function of this name that takes and returns this JSON.
    let Json(Kept { value }) = unsafe { state_get(Json(Key { key: key() }))? };
    let kept = value.map(|text| Tally::parse(&text).ok_or_else(|| refused("the tally")));
    let mut tally = kept.transpose()?.unwrap_or_default();
    tally.orders += 1;
    let order = event.order;
    for line in &order.lines {
        tally.add(&line.quantity, &line.net).ok_or_else(|| refused("an amount"))?;
    }
    let message = format!("order {} makes it {tally}", order.number);
    // SAFETY: the host has functions of these names that take this JSON.
    unsafe {
        state_set(Json(Entry { key: key(), value: tally.to_string() }))?;
        log_write(Json(LogLine { level: "info".to_owned(), message }))?;
    }
    Ok(Json(Answer { cursor: None }))
}
