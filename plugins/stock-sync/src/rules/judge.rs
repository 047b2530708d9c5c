//! What an observation that differs from what was expected means.
//!
//! It is judged only when the host vouches that every order of the time before it is counted. What
//! is left then is not a sale. A deduction counted around the moment of the observation may or may
//! not be in it; then a later look tells, and if sales never pause long enough for one, the part
//! that is certain either way is acted on.

use super::{
    Place, Quantity,
    place::{Deduction, covers},
};
use crate::limits::UNEXPLAINED_MS;

/// What an observation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Finding {
    /// What the shop's stock was moved by from outside: a delivery, a count, a correction by hand.
    pub correction: Quantity,
    /// Sales, less what was given back, that a write of ours overwrote. They are counted already;
    /// the shop only does not show them.
    pub overwritten: Quantity,
}

impl Place {
    /// What is unexplained in the observation: at least and at most.
    fn difference(&self, at: u64) -> (Quantity, Quantity) {
        let open = |deduction: &&Deduction| !deduction.surely_before(at);
        let (mut least, mut most) = (self.seen.quantity - self.expected, Quantity::ZERO);
        for deduction in self.recent.iter().filter(open) {
            if deduction.surely_after(at) {
                least -= deduction.quantity;
            } else if deduction.quantity > Quantity::ZERO {
                least -= deduction.quantity;
                most += deduction.quantity;
            } else {
                most -= deduction.quantity;
            }
        }
        (least, least + most)
    }

    /// What the shop showed, if nothing that is known explains it.
    pub(super) fn unexplained(&self) -> Option<Quantity> {
        let range = self.difference(self.seen.at?);
        let explained = self.shifts().iter().any(|shift| nearest(range, *shift) == Quantity::ZERO);
        (!explained).then_some(self.seen.quantity)
    }

    /// Whether it has been so for long enough not to wait any longer.
    pub(super) fn unexplained_for_long(&self, now: u64) -> bool {
        self.unexplained_since.is_some_and(|since| since.saturating_add(UNEXPLAINED_MS) <= now)
    }

    /// Judges what was last observed; what it means, if it can be told and means something.
    ///
    /// `known_until`: until when the shop's orders are complete.
    pub fn judge(&mut self, now: u64, known_until: Option<u64>) -> Option<Finding> {
        if self.unexplained().is_none() {
            self.unexplained_since = None;
        } else if self.unexplained_since.is_none() {
            self.unexplained_since = Some(now);
        }
        let at = self.seen.at.filter(|at| covers(known_until, *at))?;
        if self.doubtful.iter().any(|doubtful| doubtful.until >= at) {
            return None;
        }
        let range = self.difference(at);
        let shifts = self.shifts();
        let mut fits = shifts.iter().filter(|shift| nearest(range, **shift) == Quantity::ZERO);
        match (fits.next(), fits.next()) {
            (Some(shift), None) => {
                self.expected += *shift;
                self.doubtful.clear();
                return None;
            }
            // More than one way to explain it: a later look tells.
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
        if range.0 != range.1 && !self.unexplained_for_long(now) {
            return None;
        }
        let findings = shifts.into_iter().map(|shift| {
            let difference = nearest(range, shift);
            let overwritten = self.overwritten(difference);
            (shift + difference, Finding { correction: difference - overwritten, overwritten })
        });
        // Whatever a write of unknown fate did: what needs no correction is the likeliest, and else
        // the lowest correction is the one that cannot sell what is not there.
        let (moved, finding) = findings.min_by_key(|(_, finding)| {
            (finding.correction != Quantity::ZERO, finding.correction)
        })?;
        self.expected += moved;
        self.doubtful.clear();
        self.unexplained_since = None;
        self.consume(finding.overwritten);
        Some(finding)
    }

    /// How much of a difference is sales that a write of ours overwrote.
    ///
    /// More than expected: as much as the sales that a write may have overwritten come to, since
    /// to take a lost sale for a delivery would sell it twice. Less than expected: only if what was
    /// given back meanwhile explains it to the unit.
    fn overwritten(&self, difference: Quantity) -> Quantity {
        if difference > Quantity::ZERO {
            let sales = self.candidates().map(|deduction| deduction.quantity.max(Quantity::ZERO));
            return difference.min(sales.sum());
        }
        let mut sums = vec![Quantity::ZERO];
        for deduction in self.candidates() {
            for index in 0..sums.len() {
                sums.push(sums[index] + deduction.quantity);
            }
        }
        if sums.contains(&difference) { difference } else { Quantity::ZERO }
    }

    /// Takes deductions that were overwritten out of what a write may have overwritten, the oldest
    /// first.
    fn consume(&mut self, overwritten: Quantity) {
        let candidates: Vec<Deduction> = self.candidates().copied().collect();
        let mut left = overwritten;
        for deduction in &mut self.recent {
            let same_sign = (deduction.quantity > Quantity::ZERO) == (left > Quantity::ZERO);
            if left != Quantity::ZERO && same_sign && candidates.contains(deduction) {
                let part = if left > Quantity::ZERO {
                    left.min(deduction.quantity)
                } else {
                    left.max(deduction.quantity)
                };
                deduction.quantity -= part;
                left -= part;
            }
        }
        self.recent.retain(|deduction| deduction.quantity != Quantity::ZERO);
    }
}

/// The value nearest to zero of a range, less a shift.
fn nearest((least, most): (Quantity, Quantity), shift: Quantity) -> Quantity {
    let (least, most) = (least - shift, most - shift);
    if least > Quantity::ZERO {
        least
    } else if most < Quantity::ZERO {
        most
    } else {
        Quantity::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        overwriting::Window,
        place::{Doubtful, Level, Policy, Seen},
    };

    /// The moment of the observation, and one until which the orders are known well past it.
    const AT_MS: u64 = 1_000_000;
    const KNOWN_MS: u64 = AT_MS + 60_000;

    fn place(expected: i64, seen: i64) -> Place {
        let available = Quantity::units(expected);
        let level = Level { location: None, policy: Policy::Tracked, available };
        let mut place = Place::opened("7".to_owned(), &level, 0);
        place.seen = Seen { quantity: Quantity::units(seen), at: Some(AT_MS) };
        place
    }

    /// A deduction that is in `expected`, counted this long before the observation, in seconds.
    fn counted(units: i64, seconds_before: i64) -> Deduction {
        let until = AT_MS.saturating_add_signed(-seconds_before * 1_000);
        Deduction { quantity: Quantity::units(units), from: until, until }
    }

    fn check(mut place: Place, correction_and_overwritten: Option<(i64, i64)>, expected: i64) {
        let shown = format!("{place:?}");
        let finding = correction_and_overwritten.map(|(correction, overwritten)| Finding {
            correction: Quantity::units(correction),
            overwritten: Quantity::units(overwritten),
        });
        assert_eq!(place.judge(KNOWN_MS, Some(KNOWN_MS)), finding, "{shown}");
        assert_eq!(place.expected, Quantity::units(expected), "{shown}");
    }

    #[test]
    fn a_difference_is_a_correction_once_no_sale_can_explain_it() {
        check(place(10, 10), None, 10);
        check(place(10, 13), Some((3, 0)), 13);
        check(place(10, 7), Some((-3, 0)), 7);
        for known_until in [None, Some(AT_MS), Some(AT_MS + 1_000)] {
            let mut place = place(10, 13);
            assert_eq!(place.judge(KNOWN_MS, known_until), None, "{known_until:?}");
        }
        let mut whenever = place(10, 13);
        whenever.seen.at = None;
        check(whenever, None, 10);
    }

    #[test]
    fn a_sale_counted_near_the_observation_may_or_may_not_be_in_it() {
        let with = |seen, deduction| {
            let mut place = place(10, seen);
            place.recent.push(deduction);
            place
        };
        // Counted long before: it is in what was seen.
        check(with(12, counted(2, 60)), Some((2, 0)), 12);
        // Made long after: it is not in it, and explains all of the difference, or none.
        check(with(12, counted(2, -60)), None, 10);
        check(with(10, counted(2, -60)), Some((-2, 0)), 8);
        // Near: either. What neither explains waits for a clearer observation.
        check(with(10, counted(2, 1)), None, 10);
        check(with(12, counted(2, 1)), None, 10);
        check(with(15, counted(2, 1)), None, 10);
    }

    #[test]
    fn if_it_never_gets_clearer_the_certain_part_counts() {
        let near = |seen| {
            let mut place = place(10, seen);
            place.recent.push(counted(2, 1));
            place.unexplained_since = Some(0);
            place
        };
        check(near(15), Some((3, 0)), 13);
        check(near(5), Some((-5, 0)), 5);
    }

    #[test]
    fn what_a_write_may_have_overwritten_is_no_delivery() {
        let written = |seen, units| {
            let mut place = place(10, seen);
            place.written.push(Window { from: AT_MS - 61_000, until: AT_MS - 60_000 });
            place.recent.push(counted(units, 60));
            place
        };
        check(written(12, 2), Some((0, 2)), 12);
        check(written(11, 2), Some((0, 1)), 11);
        check(written(15, 2), Some((3, 2)), 15);
        // What was given back and overwritten has to explain the difference to the unit.
        check(written(8, -2), Some((0, -2)), 8);
        check(written(7, -2), Some((-3, 0)), 7);
        check(written(12, -2), Some((2, 0)), 12);
        // Counted before the write was proposed: it cannot have been overwritten.
        let mut earlier = written(12, 2);
        earlier.recent = vec![counted(2, 62)];
        check(earlier, Some((2, 0)), 12);
    }

    #[test]
    fn a_write_of_unknown_fate_is_told_by_what_is_seen_after_it() {
        let doubtful = |seen, until| {
            let mut place = place(14, seen);
            place.doubtful.push(Doubtful { by: Quantity::units(-2), until });
            place
        };
        check(doubtful(14, AT_MS - 1), None, 14);
        check(doubtful(12, AT_MS - 1), None, 12);
        check(doubtful(12, AT_MS), None, 14);
        // Neither: the possibility with the lower correction.
        check(doubtful(20, AT_MS - 1), Some((6, 0)), 20);
        let mut both = doubtful(10, AT_MS - 1);
        both.doubtful.push(Doubtful { by: Quantity::units(-2), until: AT_MS - 1 });
        check(both, None, 10);
    }
}
