//! What should be written to a shop, and when it is time to look at it.

use serde::{Deserialize, Serialize};

use super::{
    Place, Quantity,
    place::{Doubtful, Policy, covers},
};
use crate::limits::{FLIGHTS_MAX, LOOK_LATE_MS, LOOK_SOON_MS, RETRY_MS_MAX, RETRY_REFUSED_MS};

/// What to write to a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What it should show.
    pub available: Quantity,
    /// What it has to show before.
    pub decided_on: Quantity,
}

/// A quantity that could not be written, and is not proposed again for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The quantity.
    pub available: Quantity,
    /// Until when.
    pub until: u64,
    /// How long the last wait was, in milliseconds.
    pub waited: u64,
}

impl Place {
    /// Remembers that a quantity could not even be proposed.
    pub fn refused_at_once(&mut self, available: Quantity, now: u64) {
        self.hold(available, now, RETRY_REFUSED_MS);
    }

    pub(super) fn hold(&mut self, available: Quantity, at: u64, first_wait: u64) {
        let before = self.held.take().filter(|held| held.available == available);
        let waited = before
            .map_or(first_wait, |held| held.waited.saturating_mul(2).max(first_wait))
            .min(RETRY_MS_MAX);
        self.held = Some(Held { available, until: at.saturating_add(waited), waited });
    }

    /// What the shop will show once everything on its way is done.
    fn predicted(&self) -> Quantity {
        let moves = self.flights.iter().map(|flight| flight.available - flight.decided_on);
        self.expected + moves.sum()
    }

    /// Whether the shop shows `target`, or will once everything on its way is done.
    pub(super) fn in_step(&self, target: Quantity) -> bool {
        self.policy != Policy::Tracked || self.predicted() == target
    }

    fn is_held(&self, available: Quantity, now: u64) -> bool {
        let held = |held: &Held| held.available == available && now < held.until;
        self.held.as_ref().is_some_and(held)
    }

    /// What should be proposed so that the shop shows `target`, if anything.
    ///
    /// A shop that shows something unexplained is left alone: the write would not pass its
    /// compare-and-set. If that lasts, it is lowered from what it shows, never raised.
    #[must_use]
    pub fn wanted(&self, target: Quantity, now: u64) -> Option<Change> {
        if self.policy != Policy::Tracked || self.flights.len() >= FLIGHTS_MAX {
            return None;
        }
        // What a write of unknown fate did shows in what was seen since; that is judged first.
        let seen_since = |doubtful: &Doubtful| self.seen.at.is_some_and(|at| at > doubtful.until);
        if self.is_held(target, now) || self.doubtful.iter().any(seen_since) {
            return None;
        }
        if let Some(shown) = self.unexplained() {
            let lower = self.unexplained_for_long(now) && self.flights.is_empty() && target < shown;
            return lower.then_some(Change { available: target, decided_on: shown });
        }
        let decided_on = self.predicted();
        (decided_on != target).then_some(Change { available: target, decided_on })
    }

    /// A look at the shop, if it is time for one: something is open, the orders are known well past
    /// it, and the shop's own word of it should have come by now.
    ///
    /// To look is to write what should be there already: if that passes the compare-and-set, all is
    /// well, and if not, the host tells what it found.
    #[must_use]
    pub fn look(&self, now: u64, known_until: Option<u64>) -> Option<Change> {
        let busy = self.settled() || !self.flights.is_empty();
        let judged = self.seen.at.is_none_or(|at| covers(known_until, at));
        if busy || !judged || self.policy != Policy::Tracked || self.is_held(self.expected, now) {
            return None;
        }
        let written = self.suspects().map(|window| window.until);
        let doubtful = self.doubtful.iter().map(|doubtful| doubtful.until);
        // What was judged and is still unexplained was seen too close to a sale.
        let unclear = self.unexplained_since.and(self.seen.at);
        let (since, patience) = match written.chain(doubtful).chain(unclear).max() {
            Some(since) => (since, LOOK_SOON_MS),
            None => (self.touched_at, LOOK_LATE_MS),
        };
        covers(known_until, since.saturating_add(patience))
            .then_some(Change { available: self.expected, decided_on: self.expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::place::{End, Level};

    const MINUTE_MS: u64 = 60_000;

    fn place(policy: Policy) -> Place {
        let level = Level { location: None, policy, available: Quantity::units(14) };
        Place::opened("7".to_owned(), &level, 0)
    }

    fn change(decided_on: i64, available: i64) -> Change {
        let (decided_on, available) = (Quantity::units(decided_on), Quantity::units(available));
        Change { available, decided_on }
    }

    #[test]
    fn what_is_on_its_way_counts_as_done() {
        let mut place = place(Policy::Tracked);
        assert_eq!(place.wanted(Quantity::units(14), 0), None);
        assert_eq!(place.wanted(Quantity::units(12), 0), Some(change(14, 12)));
        place.launch("a1".to_owned(), change(14, 12), 0);
        assert_eq!(place.wanted(Quantity::units(12), 0), None);
        assert_eq!(place.wanted(Quantity::units(11), 0), Some(change(12, 11)));
        for number in 2..=FLIGHTS_MAX {
            place.launch(format!("a{number}"), change(12, 12), 0);
        }
        assert_eq!(place.wanted(Quantity::units(11), 0), None, "too many are on their way");
    }

    #[test]
    fn backorder_is_never_written() {
        assert_eq!(place(Policy::Backorder).wanted(Quantity::units(12), 0), None);
    }

    #[test]
    fn what_shows_something_unexplained_is_left_alone_and_later_only_lowered() {
        let mut place = place(Policy::Tracked);
        place.observe(Quantity::units(20), Some(MINUTE_MS), MINUTE_MS);
        assert_eq!(place.judge(MINUTE_MS, None), None);
        let long_after = 10 * MINUTE_MS;
        for (now, target, wanted) in [
            (2 * MINUTE_MS, 12, None),
            (long_after, 12, Some(change(20, 12))),
            (long_after, 20, None),
            (long_after, 25, None),
        ] {
            assert_eq!(place.wanted(Quantity::units(target), now), wanted, "{now} {target}");
        }
    }

    #[test]
    fn a_failure_is_followed_by_growing_waits_for_the_same_value() {
        let mut place = place(Policy::Tracked);
        let target = Quantity::units(12);
        let mut now = 0;
        for wait in [1, 2, 4, 8] {
            place.launch("a".to_owned(), change(14, 12), now);
            place.end("a", End::Failed, now, None);
            let due = now + wait * MINUTE_MS;
            assert_eq!(place.wanted(target, due - 1), None, "after {wait} minutes");
            assert_eq!(place.wanted(target, due), Some(change(14, 12)), "after {wait} minutes");
            assert_eq!(place.wanted(Quantity::units(11), now), Some(change(14, 11)));
            now = due;
        }
        place.launch("a".to_owned(), change(14, 12), now);
        place.end("a", End::Stale(Quantity::units(14)), now, None);
        assert_eq!(place.wanted(target, now), Some(change(14, 12)), "it could be tried");
    }
}
