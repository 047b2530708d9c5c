//! A SKU as the shops share it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Quantity, Reserve,
    orders::Taken,
    place::{Deduction, Level, Place},
    restored::Restored,
    wanted::Change,
};

/// A variant that carries a SKU, on a shop of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The shop.
    pub shop: String,
    /// The variant.
    pub variant: String,
    /// Its quantity; absent where the shop does not count it, or counts it in several places.
    pub level: Option<Level>,
}

/// One SKU over all shops.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SharedSku {
    /// How much there is to sell, over all shops. May be negative: sold and not there.
    pub hub: Quantity,
    /// Whether it is low, and the people know.
    #[serde(default, skip_serializing_if = "is_false")]
    pub low: bool,
    /// The shop that has the SKU twice, so that nobody can say which of the two is meant. Nothing
    /// is shared then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twice_on: Option<String>,
    /// Whether something is open, so that each tick looks at it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub open: bool,
    /// That a backup was restored, until the orders of the lost time are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// The shops that count it.
    #[serde(default)]
    pub places: BTreeMap<String, Place>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What taking in the shops' listings of a SKU came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aligned {
    /// No shop counts it: there is nothing to share.
    Absent,
    /// A shop has it twice; said once.
    FoundTwice,
    /// A shop has it twice, and that was said before.
    StillTwice,
    /// It is shared from now on.
    Opened,
    /// It was shared before.
    Shared,
}

impl SharedSku {
    /// Takes in which shops have the SKU now: shops come and go, a policy changes, a SKU moves to
    /// another variant. A SKU that is not shared yet begins with what the source shows, or with
    /// the least that a shop shows if the source does not count it.
    pub fn align(&mut self, listings: &[Listing], source: &str, now: u64) -> Aligned {
        if let Some(shop) = listed_twice(listings) {
            let known = self.twice_on.as_deref() == Some(shop);
            *self = Self { twice_on: Some(shop.to_owned()), open: self.open, ..Self::default() };
            return if known { Aligned::StillTwice } else { Aligned::FoundTwice };
        }
        self.twice_on = None;
        let levels: Vec<(&Listing, &Level)> = listings
            .iter()
            .filter_map(|listing| Some((listing, listing.level.as_ref()?)))
            .collect();
        let fresh = self.places.is_empty();
        self.places.retain(|shop, place| {
            levels
                .iter()
                .any(|(listing, _)| listing.shop == *shop && listing.variant == place.variant)
        });
        let least = levels.iter().min_by_key(|(_, level)| level.available);
        let Some(origin) =
            levels.iter().find(|(listing, _)| listing.shop == source).or(least).filter(|_| fresh)
        else {
            return self.join_all(&levels, now);
        };
        self.hub = origin.1.available;
        let place = Place::opened(origin.0.variant.clone(), origin.1, now);
        self.places.insert(origin.0.shop.clone(), place);
        self.join_all(&levels, now);
        Aligned::Opened
    }

    /// Takes in the levels of the shops that are not part of it yet.
    fn join_all(&mut self, levels: &[(&Listing, &Level)], now: u64) -> Aligned {
        for (listing, level) in levels {
            let join = || {
                let mut place = Place::opened(listing.variant.clone(), level, now);
                place.join(now);
                place
            };
            let place = self.places.entry(listing.shop.clone()).or_insert_with(join);
            place.policy = level.policy;
            place.location.clone_from(&level.location);
        }
        if levels.is_empty() { Aligned::Absent } else { Aligned::Shared }
    }

    /// Puts in doubt the places that were at rest and of which the host last saw something else:
    /// events may have passed unheard while the install was off.
    pub fn compare(&mut self, listings: &[Listing], now: u64) {
        for listing in listings {
            let (Some(place), Some(level)) = (self.places.get_mut(&listing.shop), &listing.level)
            else {
                continue;
            };
            let at_rest = place.settled() && place.flights.is_empty();
            if at_rest && place.expected != level.available {
                place.observe(level.available, None, now);
            }
        }
    }

    /// Counts what an order took on a shop, between two moments by the shop's clock.
    pub fn count(&mut self, shop: &str, taken: &Taken, made: (u64, u64), now: u64) {
        self.hub -= taken.quantity();
        let (from, changed_at) = made;
        if let Some(restored) = &mut self.restored
            && restored.count(shop, taken.quantity(), changed_at)
        {
            return;
        }
        let Some(place) = self.places.get_mut(shop) else {
            return;
        };
        for (variant, quantity) in &taken.variants {
            if variant.as_ref().is_none_or(|variant| *variant == place.variant) {
                place.count(Deduction { quantity: *quantity, from, until: now });
            }
        }
    }

    /// What a shop should show.
    #[must_use]
    pub fn target(&self, reserve: &Reserve, shop: &str) -> Quantity {
        (self.hub - reserve.of(shop, self.places.keys())).max(Quantity::ZERO)
    }

    /// What should be proposed on a shop now, if anything.
    #[must_use]
    pub fn wanted(&self, reserve: &Reserve, shop: &str, now: u64) -> Option<Change> {
        if self.restored.is_some() {
            return None;
        }
        self.places.get(shop)?.wanted(self.target(reserve, shop), now)
    }

    /// Whether anything is open on any shop: something is unexplained, or it does not show what it
    /// should and nothing is on its way.
    #[must_use]
    pub fn anything_open(&self, reserve: &Reserve) -> bool {
        let at_rest = |(shop, place): (&String, &Place)| {
            place.settled() && place.in_step(self.target(reserve, shop))
        };
        self.restored.is_some() || !self.places.iter().all(at_rest)
    }

    /// Takes note of the quantity against the threshold; true if the people should be told: it
    /// fell below, and they were not told since it last was at the threshold or above.
    pub fn fell_low(&mut self, threshold: Option<Quantity>) -> bool {
        let low = threshold.is_some_and(|threshold| self.hub < threshold);
        let fell = low && !self.low;
        self.low = low;
        fell
    }
}

fn listed_twice(listings: &[Listing]) -> Option<&str> {
    let twice = listings.iter().enumerate().find(|(index, listing)| {
        listings[..*index].iter().any(|earlier| earlier.shop == listing.shop)
    });
    twice.map(|(_, listing)| listing.shop.as_str())
}
