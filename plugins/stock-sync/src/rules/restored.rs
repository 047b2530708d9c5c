//! A SKU after a backup of the host was restored.
//!
//! What is remembered is as old as the backup, and what the lost host did after it shows on the
//! shops alone. Three things are still sure: the quantity at the backup, the orders since, each of
//! which is heard once more, and what the shops show. So the hub goes on by counting, and each place
//! begins anew at what its shop shows: a sale that was made before the restore shows there already,
//! and is taken off the hub only. Nothing is written until every order is known that what was read
//! may show.
//!
//! What was moved by hand in the lost time nobody counted. It is found by what orders cannot
//! explain: the lost host kept the shops in step, so a shop shows what it should, or more by sales
//! on the others that it had not been told of, or less by what was given back there ([`Latitude`]).
//! One that shows less than that has lost stock, and the hub is lowered to the least that it can
//! stand for. Only if every shop shows more is there more. In either case people are told to count:
//! the hub may be too low then, not too high.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Place, Quantity, Reserve, SharedSku,
    overwriting::Window,
    place::{Policy, Seen, covers},
    shared::Listing,
    wanted::Change,
};
use crate::limits::{CLOCK_SKEW_MS, UNEXPLAINED_MS};

/// A SKU that waits for the orders of the lost time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Restored {
    /// When the backup was restored. What the host shows of the shops was read later.
    pub at: u64,
    /// When that was last taken in.
    pub read_at: u64,
    /// What each shop may show, beside what it should.
    pub latitude: BTreeMap<String, Latitude>,
}

/// How far a shop may be from what it should show without anybody having moved stock by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Latitude {
    /// By how much it may show more: it may not have been lowered yet.
    pub more: Quantity,
    /// By how much it may show less: it may not have been raised yet.
    pub less: Quantity,
}

/// What does not add up after a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// How much there should be by the orders.
    pub counted: Quantity,
    /// What each shop showed.
    pub shown: Vec<(String, Quantity)>,
}

impl Latitude {
    fn widen(&mut self, taken: Quantity) {
        if taken > Quantity::ZERO {
            self.more += taken;
        } else {
            self.less -= taken;
        }
    }
}

impl Restored {
    /// Takes note of what an order took; says whether what was read shows it for certain.
    ///
    /// `changed_at`: when the shop last changed the order, by its clock.
    pub(super) fn count(&mut self, shop: &str, taken: Quantity, changed_at: u64) -> bool {
        let shows = changed_at.saturating_add(CLOCK_SKEW_MS) < self.at;
        for (other, latitude) in &mut self.latitude {
            if other != shop || !shows {
                latitude.widen(taken);
            }
        }
        shows
    }
}

impl SharedSku {
    /// Begins anew after a restore: what the places wait for is forgotten, but for the proposals
    /// that the host will tell the end of.
    pub fn restore(&mut self, reserve: &Reserve, listings: &[Listing], at: u64, now: u64) {
        let off = |(shop, place): (&String, &Place)| {
            let off = place.expected - self.target(reserve, shop);
            let latitude =
                Latitude { more: off.max(Quantity::ZERO), less: (-off).max(Quantity::ZERO) };
            (shop.clone(), latitude)
        };
        let at_backup = self.places.iter().map(off).collect();
        // One that was restored before, and had not come to an end, has written nothing since.
        let latitude = self.restored.take().map_or(at_backup, |before| before.latitude);
        self.restored = Some(Restored { at, read_at: now, latitude });
        for place in self.places.values_mut() {
            place.recent.clear();
        }
        self.read_anew(listings, now);
    }

    /// Takes the places' levels from what the host last saw, as long as nothing is concluded.
    pub fn read_anew(&mut self, listings: &[Listing], now: u64) {
        let Some(restored) = &mut self.restored else {
            return;
        };
        restored.read_at = now;
        let window = Window { from: restored.at, until: now };
        for listing in listings {
            if let (Some(place), Some(level)) = (self.places.get_mut(&listing.shop), &listing.level)
            {
                place.begin_anew(level.available, window);
            }
        }
    }

    /// Whether every order is known that what was read may show. A shop that has been silent since
    /// is not waited for without end: it shows no more than when it last answered.
    #[must_use]
    pub fn is_explained(&self, now: u64, known_until: impl Fn(&str) -> Option<u64>) -> bool {
        let Some(restored) = &self.restored else {
            return true;
        };
        let known_past =
            |moment: u64| self.places.keys().all(|shop| covers(known_until(shop), moment));
        let long = restored.read_at.saturating_add(UNEXPLAINED_MS) <= now;
        known_past(restored.read_at) || (long && known_past(restored.at))
    }

    /// Goes on as ever, with the quantity that the shops and the orders leave. Returns what people
    /// should look into.
    pub fn conclude(&mut self, reserve: &Reserve) -> Option<Odd> {
        let restored = self.restored.take()?;
        let counted = self.hub;
        let (mut shown, mut lost, mut least) = (Vec::new(), None, None);
        let (mut odd, mut all_more) = (false, true);
        for (shop, latitude) in &restored.latitude {
            let Some(place) = self.places.get(shop).filter(|at| at.policy == Policy::Tracked)
            else {
                continue;
            };
            let (shows, should) = (place.begun_at(), self.target(reserve, shop));
            let stands_for = shows + reserve.of(shop, self.places.keys()) - latitude.more;
            let (less, more) = (shows < should - latitude.less, shows > should + latitude.more);
            if less {
                lost = Some(lost.map_or(stands_for, |lost: Quantity| lost.min(stands_for)));
            }
            least = Some(least.map_or(stands_for, |least: Quantity| least.min(stands_for)));
            odd |= less || more;
            all_more &= more;
            shown.push((shop.clone(), shows));
        }
        match (lost, least) {
            (Some(lost), _) => self.hub = self.hub.min(lost),
            (None, Some(least)) if all_more => self.hub = least,
            (None, _) => {}
        }
        odd.then_some(Odd { counted, shown })
    }
}

impl Place {
    /// Begins at what the shop shows. Sales near the restore may be in it or not, like sales that a
    /// write may have overwritten: it is expected not to show them, and a surplus is put down to
    /// them.
    fn begin_anew(&mut self, shows: Quantity, window: Window) {
        self.expected = shows - self.recent.iter().map(|deduction| deduction.quantity).sum();
        self.seen = Seen { quantity: shows, at: None };
        self.doubtful.clear();
        self.written = vec![window];
        self.held = None;
        self.unexplained_since = None;
        self.touched_at = window.until;
    }

    /// What it began with.
    fn begun_at(&self) -> Quantity {
        self.expected + self.recent.iter().map(|deduction| deduction.quantity).sum()
    }

    /// What puts a look in the place of a proposal that may still wait: the host carries a newer one
    /// out on the value that the one before was decided on, and this one raises none of those.
    #[must_use]
    pub fn call_back(&self) -> Option<Change> {
        let decided_on = self.flights.iter().map(|flight| flight.decided_on).min()?;
        Some(Change { available: decided_on, decided_on })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rules::{Settings, orders::Taken, place::Level};

    const BACKUP_MS: u64 = 1_000_000;
    const RESTORED_MS: u64 = 9_000_000;
    const READ_MS: u64 = 9_100_000;

    fn reserve() -> Reserve {
        let settings = Settings::parse(r#"{"source":"a","buffers":{"b":2}}"#).unwrap();
        Reserve::new(settings, BTreeSet::new())
    }

    fn listings(shown: &[(&str, i64)]) -> Vec<Listing> {
        let listing = |(shop, units): &(&str, i64)| Listing {
            shop: (*shop).to_owned(),
            variant: "7".to_owned(),
            level: Some(Level {
                location: None,
                policy: Policy::Tracked,
                available: Quantity::units(*units),
            }),
        };
        shown.iter().map(listing).collect()
    }

    /// 14 at the backup, in step.
    fn restored(shown: &[(&str, i64)]) -> SharedSku {
        let mut shared = SharedSku::default();
        shared.align(&listings(&[("a", 14), ("b", 12)]), "a", 0);
        shared.restore(&reserve(), &listings(shown), RESTORED_MS, READ_MS);
        shared
    }

    fn sell(shared: &mut SharedSku, shop: &str, units: i64, made_at: u64) {
        let taken = Taken {
            sku: "MUG".to_owned(),
            variants: vec![(Some("7".to_owned()), Quantity::units(units))],
        };
        shared.count(shop, &taken, (made_at, made_at), READ_MS);
    }

    fn check(shown: &[(&str, i64)], sold: &[(&str, i64)], hub: i64, odd: bool) {
        let mut shared = restored(shown);
        for (shop, units) in sold {
            sell(&mut shared, shop, *units, BACKUP_MS);
        }
        let told = shared.conclude(&reserve());
        let context = format!("{shown:?} {sold:?} {told:?}");
        assert_eq!(shared.hub, Quantity::units(hub), "{context}");
        assert_eq!(told.is_some(), odd, "{context}");
        for (shop, units) in shown {
            assert_eq!(shared.places[*shop].expected, Quantity::units(*units), "{context}");
        }
    }

    #[test]
    fn what_was_sold_since_the_backup_counts_once_however_far_the_lost_host_came() {
        check(&[("a", 14), ("b", 12)], &[], 14, false);
        // Sold on `a`: told to `b`, or not, or in part.
        for b in [12, 11, 9] {
            check(&[("a", 11), ("b", b)], &[("a", 2), ("a", 1)], 11, false);
        }
        // Sold on both, and neither told of the other.
        check(&[("a", 11), ("b", 10)], &[("a", 3), ("b", 2)], 9, false);
        // Given back on `a`, of what was sold before the backup; `b` was raised, or not.
        for b in [12, 15] {
            check(&[("a", 17), ("b", b)], &[("a", -3)], 17, false);
        }
        // Sold out, and `b` keeps two back.
        check(&[("a", 1), ("b", 0)], &[("a", 13)], 1, false);
    }

    #[test]
    fn what_was_taken_away_by_hand_is_not_sold() {
        // Told to the other, or not.
        check(&[("a", 4), ("b", 2)], &[], 4, true);
        check(&[("a", 4), ("b", 12)], &[], 4, true);
        check(&[("a", 14), ("b", 2)], &[], 4, true);
        // Two were sold on `b`, which `a` may not have been told of: 4 may stand for 2.
        check(&[("a", 4), ("b", 10)], &[("b", 2)], 2, true);
    }

    #[test]
    fn what_arrived_counts_as_far_as_every_shop_shows_it() {
        check(&[("a", 64), ("b", 62)], &[], 64, true);
        check(&[("a", 61), ("b", 62)], &[("a", 3)], 61, true);
        check(&[("a", 64), ("b", 12)], &[], 14, true);
        check(&[("a", 64), ("b", 2)], &[], 4, true);
    }

    #[test]
    fn a_sale_near_the_restore_may_be_in_what_was_read_or_not() {
        for a in [14, 12] {
            let mut shared = restored(&[("a", a), ("b", 12)]);
            sell(&mut shared, "a", 2, RESTORED_MS);
            assert_eq!(shared.conclude(&reserve()), None, "{a}");
            assert_eq!(shared.hub, Quantity::units(12));
            let place = shared.places.get_mut("a").unwrap();
            // Seen a while later, it shows 12 in either case, and that is no correction.
            place.observe(Quantity::units(12), Some(READ_MS + 60_000), READ_MS + 60_000);
            let finding = place.judge(READ_MS + 90_000, Some(READ_MS + 90_000));
            assert!(finding.is_none_or(|finding| finding.correction == Quantity::ZERO), "{a}");
            assert_eq!(place.expected, Quantity::units(12), "{a}");
        }
    }

    #[test]
    fn nothing_is_proposed_before_the_orders_are_known() {
        let mut shared = restored(&[("a", 11), ("b", 12)]);
        sell(&mut shared, "a", 3, BACKUP_MS);
        assert_eq!(shared.wanted(&reserve(), "b", READ_MS), None);
        let known = |until: u64| move |_: &str| Some(until);
        assert!(!shared.is_explained(READ_MS, |_| None));
        assert!(!shared.is_explained(READ_MS, known(READ_MS)));
        assert!(shared.is_explained(READ_MS, known(READ_MS + 2_000)));
        let silent = known(RESTORED_MS + 2_000);
        assert!(!shared.is_explained(READ_MS + UNEXPLAINED_MS - 1, silent));
        assert!(shared.is_explained(READ_MS + UNEXPLAINED_MS, silent));
        shared.conclude(&reserve());
        let lowered = Change { available: Quantity::units(9), decided_on: Quantity::units(12) };
        assert_eq!(shared.wanted(&reserve(), "b", READ_MS), Some(lowered));
        assert_eq!(shared.wanted(&reserve(), "a", READ_MS), None);
    }

    #[test]
    fn a_proposal_that_may_still_wait_is_called_back_and_its_end_still_counts() {
        let mut shared = restored(&[("a", 14), ("b", 12)]);
        let place = shared.places.get_mut("b").unwrap();
        assert_eq!(place.call_back(), None);
        for (action, from, to) in [("1", 12, 11), ("2", 11, 13)] {
            let change =
                Change { available: Quantity::units(to), decided_on: Quantity::units(from) };
            place.launch(action.to_owned(), change, BACKUP_MS);
        }
        shared.restore(&reserve(), &listings(&[("a", 14), ("b", 12)]), RESTORED_MS, READ_MS);
        let place = &shared.places["b"];
        let eleven = Quantity::units(11);
        assert_eq!(place.call_back(), Some(Change { available: eleven, decided_on: eleven }));
        assert_eq!(place.flights.len(), 2);
    }
}
