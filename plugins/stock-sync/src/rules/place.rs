//! One shop's share of a SKU: what the shop should show by what is known, and what of that is
//! still open.
//!
//! `expected` is what the shop shows if nothing happened but what is known: it starts at a level
//! that was observed, each deduction that is counted lowers it, and a write that was done moves it
//! by the difference it made. It never jumps to an observation: an observation that differs stays
//! beside it (`seen`) until [`judge`](super::judge) can say why. What should be written is in
//! [`wanted`](super::wanted).

use serde::{Deserialize, Serialize};

use super::{
    Quantity,
    overwriting::Window,
    wanted::{Change, Held},
};
use crate::limits::{
    CLOCK_SKEW_MS, COVERED_MARGIN_MS, DEDUCTIONS_MAX, DOUBTFUL_MAX, RETRY_FAILED_MS,
    RETRY_REFUSED_MS,
};

/// Whether a shop that counts a variant stops selling it at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// It stops: its quantity is kept in step.
    Tracked,
    /// It sells on below zero: its sales are counted, its quantity is left alone.
    Backorder,
}

/// What the host last saw of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The place; absent where the shop has one quantity.
    pub location: Option<String>,
    /// What happens when it runs out.
    pub policy: Policy,
    /// What can be sold.
    pub available: Quantity,
}

/// An observation of a shop's quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What it showed.
    pub quantity: Quantity,
    /// When, by the host's clock; absent if only what the host last saw is known, not when. Such
    /// an observation explains nothing, it can only be the reason to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// A deduction that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deduction {
    /// How much the shop took off; negative where it gave back.
    pub quantity: Quantity,
    /// Not before this moment, by the shop's clock.
    pub from: u64,
    /// Not after this moment, by the host's clock: when it was counted.
    pub until: u64,
}

/// A proposal whose outcome is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Flight {
    /// The action's id.
    pub action: String,
    /// What the shop will show.
    pub available: Quantity,
    /// What it has to show before; that of the proposal whose place it took, if it took one's.
    pub decided_on: Quantity,
    /// When it was proposed.
    pub proposed_at: u64,
}

/// A write of which nobody knows whether it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubtful {
    /// By how much it moved the quantity, if it did.
    pub by: Quantity,
    /// When it was given up.
    pub until: u64,
}

/// How a proposal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was written.
    Done,
    /// The shop showed this instead, and was left alone.
    Stale(Quantity),
    /// A newer proposal took its place.
    Superseded,
    /// The host or a person would not have it.
    Refused,
    /// The platform would not, or could not; or its time ran out.
    Failed,
    /// Nobody knows.
    Unknown,
}

/// One shop's share of a SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Place {
    /// The variant's id on the shop.
    pub variant: String,
    /// The place in the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What the shop does at zero.
    pub policy: Policy,
    /// What the shop shows, by what is known.
    pub expected: Quantity,
    /// What it showed when it was last observed or written.
    pub seen: Seen,
    /// Deductions that may still explain what is open, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<Deduction>,
    /// Proposals on their way, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flights: Vec<Flight>,
    /// The last proposal that came to nothing, until there is a newer one: a person may let it be
    /// tried again, and then it ends once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<Flight>,
    /// Writes of unknown fate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubtful: Vec<Doubtful>,
    /// When it was written to, as long as an overwritten sale is not ruled out; the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<Window>,
    /// What is not proposed again for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// Since when the shop shows something that nothing known explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unexplained_since: Option<u64>,
    /// When something was last counted, observed or settled here, by the host's clock.
    pub touched_at: u64,
}

impl Place {
    /// A place as it is first known: by what the host last saw, whenever that was.
    #[must_use]
    pub fn opened(variant: String, level: &Level, now: u64) -> Self {
        Self {
            variant,
            location: level.location.clone(),
            policy: level.policy,
            expected: level.available,
            seen: Seen { quantity: level.available, at: None },
            recent: Vec::new(),
            flights: Vec::new(),
            given_up: None,
            doubtful: Vec::new(),
            written: Vec::new(),
            held: None,
            unexplained_since: None,
            touched_at: now,
        }
    }

    /// Makes it a place whose stock is shared with a hub that did not begin with this shop's level.
    /// A sale that the level showed already, and that is counted later, is right in the hub and
    /// twice in `expected`, just as if a write had hidden it.
    pub fn join(&mut self, now: u64) {
        self.add_window(now, now);
    }

    /// Whether nothing is open: the shop was last seen as expected, and no sale can have been
    /// overwritten.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.expected == self.seen.quantity && self.doubtful.is_empty() && self.written.is_empty()
    }

    /// Counts a deduction.
    pub fn count(&mut self, deduction: Deduction) {
        self.expected -= deduction.quantity;
        self.recent.push(deduction);
        self.touched_at = self.touched_at.max(deduction.until);
        if self.recent.len() > DEDUCTIONS_MAX {
            self.join_oldest();
        }
    }

    /// Joins the two oldest deductions of one sign. The sum stays, the time becomes wider: what is
    /// lost is certainty, never a unit.
    fn join_oldest(&mut self) {
        let given_back = |deduction: &Deduction| deduction.quantity < Quantity::ZERO;
        let pair = (1..self.recent.len()).find_map(|later| {
            let same = |earlier: &usize| {
                given_back(&self.recent[*earlier]) == given_back(&self.recent[later])
            };
            (0..later).find(same).map(|earlier| (earlier, later))
        });
        if let Some((earlier, later)) = pair {
            let joined = self.recent.remove(later);
            let into = &mut self.recent[earlier];
            into.quantity += joined.quantity;
            into.from = into.from.min(joined.from);
            into.until = into.until.max(joined.until);
        }
    }

    /// Takes in what the shop showed.
    pub fn observe(&mut self, quantity: Quantity, at: Option<u64>, now: u64) {
        self.seen = Seen { quantity, at };
        self.touched_at = self.touched_at.max(now);
        self.forget();
    }

    /// Remembers a proposal.
    pub fn launch(&mut self, action: String, change: Change, now: u64) {
        let Change { available, decided_on } = change;
        self.given_up = None;
        self.flights.push(Flight { action, available, decided_on, proposed_at: now });
    }

    /// Takes in how a proposal ended; says whether it was one of this place's.
    ///
    /// `known_until`: until when the shop's orders are complete.
    pub fn end(&mut self, action: &str, end: End, at: u64, known_until: Option<u64>) -> bool {
        let index = self.flights.iter().position(|flight| flight.action == action);
        let flight = match index {
            Some(index) => Some(self.flights.remove(index)),
            None => self.given_up.take_if(|flight| flight.action == action),
        };
        let Some(flight) = flight else {
            return false;
        };
        self.touched_at = self.touched_at.max(at);
        match end {
            End::Done => self.wrote(&flight, at, known_until),
            End::Stale(found) => {
                self.held = None;
                self.observe(found, Some(at), at);
            }
            End::Superseded => {
                if let Some(next) = index.and_then(|index| self.flights.get_mut(index)) {
                    next.decided_on = flight.decided_on;
                }
            }
            End::Refused => self.give_up(flight, at, RETRY_REFUSED_MS),
            End::Failed => self.give_up(flight, at, RETRY_FAILED_MS),
            End::Unknown => self.may_have_written(&flight, at),
        }
        self.forget();
        true
    }

    fn give_up(&mut self, flight: Flight, at: u64, held_ms: u64) {
        self.hold(flight.available, at, held_ms);
        self.given_up = Some(flight);
    }

    /// A write that was done tells two things: the shop showed `decided_on`, and was moved from
    /// there to `available`. What the shop showed more or less than expected is not lost by it.
    fn wrote(&mut self, flight: &Flight, at: u64, known_until: Option<u64>) {
        self.held = None;
        self.seen = Seen { quantity: flight.decided_on, at: Some(flight.proposed_at) };
        let ahead = flight.decided_on - self.expected;
        // Only where no sale nearby could make one of the possibilities look like another.
        let clear = self.candidates().next().is_none()
            && self.recent.iter().all(|deduction| deduction.surely_before(flight.proposed_at));
        if clear && self.shifts().contains(&ahead) {
            self.expected += ahead;
            self.doubtful.clear();
        }
        self.rule_out_overwriting(known_until);
        self.expected += flight.available - flight.decided_on;
        self.seen.quantity = flight.available;
        self.add_window(flight.proposed_at, at);
    }

    fn may_have_written(&mut self, flight: &Flight, at: u64) {
        let by = flight.available - flight.decided_on;
        if by != Quantity::ZERO {
            self.doubtful.push(Doubtful { by, until: at });
            if self.doubtful.len() > DOUBTFUL_MAX {
                self.doubtful.remove(0);
            }
        }
        self.add_window(flight.proposed_at, at);
    }

    /// By how much the writes of unknown fate may have moved the quantity, in all; each sum once,
    /// nothing first.
    pub(super) fn shifts(&self) -> Vec<Quantity> {
        let mut shifts = vec![Quantity::ZERO];
        for doubtful in &self.doubtful {
            for index in 0..shifts.len() {
                let shift = shifts[index] + doubtful.by;
                if !shifts.contains(&shift) {
                    shifts.push(shift);
                }
            }
        }
        shifts
    }
}

impl Deduction {
    /// Whether an observation at this moment certainly shows it.
    pub(super) const fn surely_before(&self, at: u64) -> bool {
        self.until.saturating_add(CLOCK_SKEW_MS) < at
    }

    /// Whether an observation at this moment certainly does not show it yet.
    pub(super) const fn surely_after(&self, at: u64) -> bool {
        self.from > at.saturating_add(CLOCK_SKEW_MS)
    }
}

/// Whether the orders are complete until after a moment.
pub(super) fn covers(known_until: Option<u64>, moment: u64) -> bool {
    known_until.is_some_and(|until| until > moment.saturating_add(COVERED_MARGIN_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        let level =
            Level { location: None, policy: Policy::Tracked, available: Quantity::units(14) };
        Place::opened("7".to_owned(), &level, 0)
    }

    fn launch(place: &mut Place, action: &str, decided_on: i64, available: i64) {
        let (decided_on, available) = (Quantity::units(decided_on), Quantity::units(available));
        place.launch(action.to_owned(), Change { available, decided_on }, 1_000);
    }

    fn count(place: &mut Place, units: i64) {
        place.count(Deduction { quantity: Quantity::units(units), from: 2_000, until: 2_000 });
    }

    #[test]
    fn a_write_moves_what_is_expected_by_the_difference_it_made() {
        let check = |counted: i64, end, expected: i64| {
            let mut place = place();
            launch(&mut place, "a", 14, 12);
            count(&mut place, counted);
            assert!(place.end("a", end, 3_000, None));
            assert_eq!(place.expected, Quantity::units(expected), "{counted} {end:?}");
        };
        check(0, End::Done, 12);
        check(1, End::Done, 11);
        check(0, End::Stale(Quantity::units(9)), 14);
        check(1, End::Failed, 13);
        check(1, End::Refused, 13);
        check(1, End::Unknown, 13);
    }

    #[test]
    fn a_proposal_that_a_person_had_tried_again_ends_once_more() {
        for end in [End::Failed, End::Refused] {
            let mut place = place();
            launch(&mut place, "a", 14, 12);
            assert!(place.end("a", end, 3_000, None));
            assert!(place.end("a", end, 4_000, None), "in vain");
            assert_eq!(place.expected, Quantity::units(14));
            assert!(place.end("a", End::Done, 5_000, None));
            assert_eq!(
                (place.expected, place.seen.quantity),
                (Quantity::units(12), Quantity::units(12))
            );
            assert!(!place.end("a", End::Done, 6_000, None), "it is done");
        }
        // The host tries none again that has a newer one behind it.
        let mut place = place();
        launch(&mut place, "a", 14, 12);
        place.end("a", End::Failed, 3_000, None);
        launch(&mut place, "b", 14, 11);
        assert!(!place.end("a", End::Done, 5_000, None));
        assert_eq!(place.expected, Quantity::units(14));
    }

    #[test]
    fn a_proposal_takes_over_the_value_of_the_one_it_supersedes() {
        let mut place = place();
        launch(&mut place, "a", 14, 12);
        launch(&mut place, "b", 12, 11);
        assert!(place.end("a", End::Superseded, 2_000, None));
        assert!(place.end("b", End::Done, 3_000, None));
        assert_eq!(place.expected, Quantity::units(11));
        assert!(!place.end("b", End::Done, 4_000, None), "it has ended");
    }

    #[test]
    fn a_write_tells_the_fate_of_the_one_before_unless_a_sale_could_feign_it() {
        let check = |sales: &[i64], expected: i64, doubtful: usize| {
            let mut place = place();
            launch(&mut place, "a", 14, 12);
            place.end("a", End::Unknown, 1_500, None);
            launch(&mut place, "b", 12, 11);
            sales.iter().for_each(|units| count(&mut place, *units));
            place.end("b", End::Done, 3_000, None);
            let found = (place.expected, place.doubtful.len());
            assert_eq!(found, (Quantity::units(expected), doubtful), "{sales:?}");
        };
        // It met 12, so the one before was done.
        check(&[], 11, 0);
        // Or it was not, and the two sales were made before; or it was, and hid one of them.
        check(&[1, 1], 11, 1);
    }

    #[test]
    fn joined_deductions_keep_their_sum_and_their_sign() {
        let mut place = place();
        for units in [1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, -12] {
            count(&mut place, units);
        }
        assert_eq!(place.recent.len(), DEDUCTIONS_MAX);
        let sum = |sign: i64| {
            let sign = Quantity::units(sign);
            let same =
                |quantity: &Quantity| (*quantity > Quantity::ZERO) == (sign > Quantity::ZERO);
            place.recent.iter().map(|deduction| deduction.quantity).filter(same).sum::<Quantity>()
        };
        assert_eq!((sum(1), sum(-1)), (Quantity::units(36), Quantity::units(-42)));
    }
}
