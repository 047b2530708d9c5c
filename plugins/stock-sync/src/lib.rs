//! One quantity per SKU over all production shops of a client: what is sold on one is no longer
//! offered on the others.
//!
//! This file is the contract's side: what the module hears, and the host's functions as
//! [`sync::Host`]. [`sync`] goes from an event to proposals; [`rules`] decides. Staging shops are
//! never part of it.
//!
//! Start reading at [`rules`].

use std::collections::BTreeMap;

use fondaco_plugin_sdk::{
    alert, catalogue, change_stock, clock,
    commerce::{Environment, OrderLine, StockLevel, StockPolicy},
    log,
    on_lifecycle::{self, LifecycleEvent},
    on_order::{self, OrderChanges, OrderEvent},
    on_outcome::{self, Outcome},
    on_schedule::{self, Tick},
    on_stock::{self, StockEvent},
    orders, settings, state, stock,
    types::{Envelope, Failure, Localised, Refusal, Terms},
};

use crate::{
    rules::{
        Quantity,
        orders::{CountedOrder, Line},
        place::{End, Level, Policy},
        shared::Listing,
        words::{Notice, Words},
    },
    sync::{Host, OrderHeard, OutcomeHeard, Proposed, StockHeard},
};

pub mod limits;
pub mod rules;
pub mod sync;

#[cfg(test)]
mod tests;

/// The schedule of the manifest.
const RECONCILE: &str = "reconcile";

/// The module, as the host calls it.
pub struct StockSync;

impl on_order::Guest for StockSync {
    fn handle(about: Envelope, event: OrderEvent) -> Result<Option<String>, Failure> {
        let order = event.order;
        let mut lines = BTreeMap::new();
        for line in order.lines {
            let id = line.id.clone();
            if let Some(line) = counted_line(line)? {
                lines.insert(id, line);
            }
        }
        let heard = OrderHeard {
            shop: order.shop,
            id: order.id,
            number: order.number,
            placed_at: order.placed_at,
            placed: event.changes & OrderChanges::PLACED == OrderChanges::PLACED,
            deleted: event.changes & OrderChanges::DELETED == OrderChanges::DELETED,
            now: CountedOrder { updated_at: order.updated_at, lines },
        };
        sync::on_order(&mut Contract, &heard, about.cursor.as_deref()).map_err(Failure::Permanent)
    }
}

impl on_stock::Guest for StockSync {
    fn handle(about: Envelope, event: StockEvent) -> Result<Option<String>, Failure> {
        let level = event.level;
        let Some(sku) = level.sku.clone() else {
            return Ok(None);
        };
        let heard = StockHeard {
            shop: level.shop.clone(),
            variant: level.variant.clone(),
            sku,
            level: counted_level(level)?,
            observed_at: about.observed_at,
        };
        sync::on_stock(&mut Contract, &heard).map_err(Failure::Permanent)?;
        Ok(None)
    }
}

impl on_schedule::Guest for StockSync {
    fn handle(about: Envelope, event: Tick) -> Result<Option<String>, Failure> {
        if event.schedule != RECONCILE {
            return Ok(None);
        }
        sync::on_tick(&mut Contract, about.cursor.as_deref()).map_err(Failure::Permanent)
    }
}

impl on_outcome::Guest for StockSync {
    fn handle(about: Envelope, event: Outcome) -> Result<Option<String>, Failure> {
        let Some(key) = event.key.filter(|_| event.kind == "change-stock") else {
            return Ok(None);
        };
        let end = match event.end {
            on_outcome::End::Done(_) => End::Done,
            on_outcome::End::Stale(found) => End::Stale(quantity(&found)?),
            on_outcome::End::Superseded => End::Superseded,
            on_outcome::End::Refused(_) => End::Refused,
            on_outcome::End::Failed(_)
            | on_outcome::End::Expired
            | on_outcome::End::Unsupported(_) => End::Failed,
            on_outcome::End::Unknown(_) => End::Unknown,
        };
        let heard = OutcomeHeard { action: event.action, key, end, at: about.observed_at };
        sync::on_outcome(&mut Contract, &heard).map_err(Failure::Permanent)?;
        Ok(None)
    }
}

impl on_lifecycle::Guest for StockSync {
    fn handle(about: Envelope, event: LifecycleEvent) -> Result<Option<String>, Failure> {
        let LifecycleEvent::Restored(restoration) = event else {
            // The first tick, which comes before everything else, opens what there is.
            return Ok(None);
        };
        sync::on_restored(&mut Contract, restoration.restored_at, about.cursor.as_deref())
            .map_err(Failure::Permanent)
    }
}

/// Only a component has these: their names are none that a native linker takes.
#[cfg(target_arch = "wasm32")]
mod exports {
    use super::*;

    on_order::export!(StockSync);
    on_stock::export!(StockSync);
    on_schedule::export!(StockSync);
    on_outcome::export!(StockSync);
    on_lifecycle::export!(StockSync);
}

/// The host, through the contract's imports.
struct Contract;

impl Host for Contract {
    fn now(&self) -> u64 {
        clock::now()
    }

    fn settings(&self) -> String {
        settings::get()
    }

    fn production_shops(&self) -> BTreeMap<String, String> {
        let shops = catalogue::shops().into_iter();
        let production = shops.filter(|shop| shop.environment == Environment::Production);
        production.map(|shop| (shop.id, shop.name)).collect()
    }

    fn listings(&self, sku: &str) -> Vec<Listing> {
        let variants = catalogue::variants_by_sku(sku).into_iter();
        variants
            .map(|variant| {
                let mut levels = stock::levels(&variant.shop, &variant.id);
                let level = if levels.len() == 1 { levels.pop() } else { None };
                let level = level.and_then(|level| counted_level(level).ok().flatten());
                Listing { shop: variant.shop, variant: variant.id, level }
            })
            .collect()
    }

    fn skus(&self, after: Option<&str>, limit: u32) -> Vec<String> {
        catalogue::skus(after, limit)
    }

    fn known_until(&self, shop: &str) -> Option<u64> {
        orders::known_until(shop)
    }

    fn is_silent(&self, shop: &str) -> bool {
        catalogue::silent_since(shop).is_some()
    }

    fn get(&self, key: &str) -> Option<String> {
        state::get(key)
    }

    fn set(&mut self, key: &str, value: &str) {
        state::set(key, value);
    }

    fn delete(&mut self, key: &str) {
        state::delete(key);
    }

    fn list(&self, prefix: &str, after: Option<&str>, limit: u32) -> Vec<(String, String)> {
        let entries = state::list(prefix, after, limit).into_iter();
        entries.map(|entry| (entry.key, entry.value)).collect()
    }

    fn change_stock(&mut self, proposed: &Proposed<'_>) -> Result<String, String> {
        let change = change_stock::StockChange {
            shop: proposed.shop.to_owned(),
            variant: proposed.variant.to_owned(),
            location: proposed.location.map(str::to_owned),
            available: proposed.change.available.to_string(),
            decided_on: proposed.change.decided_on.to_string(),
        };
        let terms = Terms {
            key: Some(proposed.key.to_owned()),
            explanation: localised(proposed.explanation),
            after: Vec::new(),
            expires_at: None,
        };
        change_stock::propose(&change, &terms).map_err(refusal)
    }

    fn alert(&mut self, notice: &Notice, key: &str) -> Result<(), String> {
        let notice = alert::Notice {
            severity: alert::Severity::Warning,
            title: localised(&notice.title),
            text: localised(&notice.text),
        };
        alert::raise(&notice, Some(key)).map(drop).map_err(refusal)
    }

    fn info(&mut self, message: &str) {
        log::write(log::Level::Info, message);
    }

    fn warn(&mut self, message: &str) {
        log::write(log::Level::Warn, message);
    }
}

/// A line as it is counted; nothing if it has no SKU or has taken nothing.
fn counted_line(line: OrderLine) -> Result<Option<Line>, Failure> {
    let Some(sku) = line.sku else { return Ok(None) };
    let mut taken = Quantity::ZERO;
    for deduction in &line.deductions {
        taken += quantity(&deduction.quantity)?;
    }
    let taken = Some(taken).filter(|taken| *taken != Quantity::ZERO);
    Ok(taken.map(|quantity| Line { sku, variant: line.variant, quantity }))
}

/// A level as it is counted; nothing if the shop does not count it.
fn counted_level(level: StockLevel) -> Result<Option<Level>, Failure> {
    let policy = match level.policy {
        StockPolicy::Untracked => return Ok(None),
        StockPolicy::Tracked => Policy::Tracked,
        StockPolicy::Backorder => Policy::Backorder,
    };
    let Some(available) = level.available else {
        return Ok(None);
    };
    Ok(Some(Level { location: level.location, policy, available: quantity(&available)? }))
}

fn quantity(text: &str) -> Result<Quantity, Failure> {
    let malformed = || Failure::Permanent(format!("`{text}` is not a decimal of the contract"));
    Quantity::parse(text).ok_or_else(malformed)
}

fn localised(words: &Words) -> Localised {
    Localised { en: words.en.clone(), it: words.it.clone() }
}

fn refusal(refusal: Refusal) -> String {
    match refusal {
        Refusal::Invalid(why) => format!("the host finds it invalid: {why}"),
        Refusal::NotGranted(why) => format!("it is not granted: {why}"),
        Refusal::NotServedYet(why) => format!("this host does not do it yet: {why}"),
    }
}
