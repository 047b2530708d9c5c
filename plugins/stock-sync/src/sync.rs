//! From an event to proposals: loads what is remembered, lets the rules decide, proposes, and
//! remembers.
//!
//! It speaks to the host through [`Host`], the contract's functions as this module uses them, so
//! that tests drive the very same code without Wasm.
//!
//! What is remembered, by key: `sku/<sku>` a [`SharedSku`]; `open/<sku>` present while something of
//! it is open; `order/<shop>/<order>` what was counted of an order; `sweep` how far the slow walk
//! over all SKUs has come.

use std::collections::BTreeMap;

use crate::{
    limits::{PROPOSALS_PER_CALL, SKU_BYTES_MAX},
    rules::{
        Quantity, Reserve, Settings, SharedSku,
        shared::{Aligned, Listing},
        wanted::Change,
        words::{self, Notice, Why},
    },
};

pub mod host;
mod orders;
mod outcomes;
mod restored;
mod stock;
mod ticks;

pub use host::{Host, Proposed};
pub use orders::{OrderHeard, on_order};
pub use outcomes::{OutcomeHeard, on_outcome};
pub use restored::on_restored;
pub use stock::{StockHeard, on_stock};
pub use ticks::on_tick;

/// Why an event could not be handled; for the agency.
pub type Failure = String;

/// What every handler begins with.
struct Sync<'h, H: Host> {
    host: &'h mut H,
    settings: Settings,
    /// What each shop keeps back now.
    reserve: Reserve,
    /// The production shops' names, by id.
    shops: BTreeMap<String, String>,
    now: u64,
    /// How much this call has proposed.
    proposals: usize,
}

impl<'h, H: Host> Sync<'h, H> {
    fn begin(host: &'h mut H) -> Result<Self, Failure> {
        let settings = Settings::parse(&host.settings())?;
        let shops = host.production_shops();
        let now = host.now();
        let heeded = settings.silent_buffer > Quantity::ZERO;
        let silent = |shop: &&String| heeded && host.is_silent(shop);
        let silent = shops.keys().filter(silent).cloned().collect();
        let reserve = Reserve::new(settings.clone(), silent);
        Ok(Self { host, settings, reserve, shops, now, proposals: 0 })
    }

    /// Whether this call has proposed as much as one call should.
    const fn is_full(&self) -> bool {
        self.proposals >= PROPOSALS_PER_CALL
    }

    /// Whether a SKU is to be shared at all.
    fn is_shared(&self, sku: &str) -> bool {
        has_key(sku) && !self.settings.skip_skus.iter().any(|skipped| skipped == sku)
    }

    fn listings(&self, sku: &str) -> Vec<Listing> {
        let mut listings = self.host.listings(sku);
        listings.retain(|listing| self.shops.contains_key(&listing.shop));
        listings
    }

    /// What is remembered of a SKU.
    fn load(&self, sku: &str) -> Result<Option<SharedSku>, Failure> {
        read(self.host, &format!("sku/{sku}"))
    }

    /// What is remembered of a SKU; one that was never met, or not shared, is opened if it can be.
    fn load_or_open(&mut self, sku: &str) -> Result<Option<(SharedSku, Why)>, Failure> {
        match self.load(sku)? {
            Some(shared) if shared.twice_on.is_none() => Ok(Some((shared, Why::OutOfStep))),
            known => {
                let (known, listings) = (known.unwrap_or_default(), self.listings(sku));
                self.align(sku, known, &listings)
            }
        }
    }

    /// Takes in which shops have a SKU. What cannot be shared is remembered as such, or forgotten,
    /// and nothing is returned.
    fn align(
        &mut self,
        sku: &str,
        mut shared: SharedSku,
        listings: &[Listing],
    ) -> Result<Option<(SharedSku, Why)>, Failure> {
        match shared.align(listings, &self.settings.source, self.now) {
            Aligned::Absent => {
                self.forget(sku, &shared);
                Ok(None)
            }
            Aligned::StillTwice => Ok(None),
            Aligned::FoundTwice => {
                let shop = shared.twice_on.as_deref().unwrap_or_default();
                let notice = words::found_twice(sku, self.name(shop));
                self.tell(&format!("twice/{sku}"), &notice);
                self.save(sku, &mut shared)?;
                Ok(None)
            }
            Aligned::Opened => {
                // Those that are low when they are first seen are no news.
                shared.fell_low(self.settings.low_stock);
                Ok(Some((shared, Why::Opened)))
            }
            Aligned::Shared => Ok(Some((shared, Why::OutOfStep))),
        }
    }

    /// Proposes what a SKU needs on all its shops, tells if it is low, and remembers it.
    fn finish(&mut self, sku: &str, shared: &mut SharedSku, why: &Why) -> Result<(), Failure> {
        let shops: Vec<String> = shared.places.keys().cloned().collect();
        for shop in shops {
            if let Some(change) = shared.wanted(&self.reserve, &shop, self.now) {
                self.propose(sku, shared, &shop, change, why);
            }
        }
        self.tell_if_low(sku, shared);
        self.save(sku, shared)
    }

    fn propose(
        &mut self,
        sku: &str,
        shared: &mut SharedSku,
        shop: &str,
        change: Change,
        why: &Why,
    ) {
        let explanation = why.explain(sku, self.name(shop), change);
        let Some(place) = shared.places.get_mut(shop) else {
            return;
        };
        self.proposals += 1;
        let proposed = Proposed {
            shop,
            variant: &place.variant,
            location: place.location.as_deref(),
            change,
            key: &format!("{shop}/{sku}"),
            explanation: &explanation,
        };
        match self.host.change_stock(&proposed) {
            Ok(action) => place.launch(action, change, self.now),
            Err(refusal) => {
                place.refused_at_once(change.available, self.now);
                self.host.warn(&format!("{sku} on {shop} was not proposed: {refusal}"));
            }
        }
    }

    fn tell_if_low(&mut self, sku: &str, shared: &mut SharedSku) {
        let threshold = self.settings.low_stock;
        if let (true, Some(threshold)) = (shared.fell_low(threshold), threshold) {
            let notice = words::low_stock(sku, shared.hub, threshold);
            self.tell(&format!("low/{sku}"), &notice);
        }
    }

    fn tell(&mut self, key: &str, notice: &Notice) {
        if let Err(refusal) = self.host.alert(notice, key) {
            self.host.warn(&format!("alert {key} was not raised: {refusal}"));
        }
    }

    /// Judges what the shops showed, where the orders are known far enough. Returns the last thing
    /// that was found.
    fn judge(&mut self, sku: &str, shared: &mut SharedSku) -> Option<Why> {
        let mut why = None;
        for (shop, place) in &mut shared.places {
            let known_until = self.host.known_until(shop);
            if let Some(finding) = place.judge(self.now, known_until) {
                let name = self.shops.get(shop).unwrap_or(shop).clone();
                shared.hub += finding.correction;
                self.host.info(&format!(
                    "{sku} on {shop}: corrected by {}, overwritten sales {}; hub {}",
                    finding.correction, finding.overwritten, shared.hub
                ));
                why = Some(if finding.correction == Quantity::ZERO {
                    Why::Restored
                } else {
                    Why::Corrected { shop: name, by: finding.correction }
                });
            }
            place.rule_out_overwriting(known_until);
        }
        why
    }

    fn save(&mut self, sku: &str, shared: &mut SharedSku) -> Result<(), Failure> {
        let open = shared.anything_open(&self.reserve);
        let key = format!("open/{sku}");
        match (shared.open, open) {
            (false, true) => self.host.set(&key, ""),
            (true, false) => self.host.delete(&key),
            _ => {}
        }
        shared.open = open;
        write(self.host, &format!("sku/{sku}"), shared)
    }

    fn forget_if_known(&mut self, sku: &str) -> Result<(), Failure> {
        if has_key(sku)
            && let Some(shared) = self.load(sku)?
        {
            self.forget(sku, &shared);
        }
        Ok(())
    }

    fn forget(&mut self, sku: &str, shared: &SharedSku) {
        if shared.open {
            self.host.delete(&format!("open/{sku}"));
        }
        self.host.delete(&format!("sku/{sku}"));
    }

    /// The names of the shops that are silent, for people.
    fn silent_names(&self) -> String {
        let names = self.reserve.silent().iter().map(|shop| self.name(shop));
        names.collect::<Vec<_>>().join(", ")
    }

    /// A shop's name, for people.
    fn name<'a>(&'a self, shop: &'a str) -> &'a str {
        self.shops.get(shop).map_or(shop, String::as_str)
    }
}

/// Whether something can be remembered of a SKU.
const fn has_key(sku: &str) -> bool {
    !sku.is_empty() && sku.len() <= SKU_BYTES_MAX
}

fn read<H: Host, T: serde::de::DeserializeOwned>(
    host: &H,
    key: &str,
) -> Result<Option<T>, Failure> {
    let Some(json) = host.get(key) else {
        return Ok(None);
    };
    let value = serde_json::from_str(&json);
    value
        .map(Some)
        .map_err(|error| format!("what is remembered as `{key}` cannot be read: {error}"))
}

fn write<H: Host, T: serde::Serialize>(host: &mut H, key: &str, value: &T) -> Result<(), Failure> {
    let json = serde_json::to_string(value)
        .map_err(|error| format!("`{key}` cannot be remembered: {error}"))?;
    host.set(key, &json);
    Ok(())
}
