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
        let explained = self
            .shifts()
            .iter()
            .any(|shift| nearest(range, *shift) == Quantity::ZERO);
        (!explained).then_some(self.seen.quantity)
    }

    /// Whether it has been so for long enough not to wait any longer.
    pub(super) fn unexplained_for_long(&self, now: u64) -> bool {
        self.unexplained_since
            .is_some_and(|since| since.saturating_add(UNEXPLAINED_MS) <= now)
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
        let mut fits = shifts
            .iter()
            .filter(|shift| nearest(range, **shift) == Quantity::ZERO);
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
            (
                shift + difference,
                Finding {
                    correction: difference - overwritten,
                    overwritten,
                },
            )
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
            let sales = self
                .candidates()
                .map(|deduction| deduction.quantity.max(Quantity::ZERO));
            return difference.min(sales.sum());
        }
        let mut sums = vec![Quantity::ZERO];
        for deduction in self.candidates() {
            for index in 0..sums.len() {
                sums.push(sums[index] + deduction.quantity);
            }
        }
        if sums.contains(&difference) {
            difference
        } else {
            Quantity::ZERO
        }
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
        self.recent
            .retain(|deduction| deduction.quantity != Quantity::ZERO);
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
