//! Sales that a write may have overwritten.
//!
//! Between the host's look at a shop and its write, a sale can fall; the write then undoes it in
//! the shop, and nothing tells. So each write leaves a window behind, until it is known that no
//! sale fell into it.

use serde::{Deserialize, Serialize};

use super::{
    Place,
    place::{Deduction, covers},
};
use crate::limits::{CLOCK_SKEW_MS, WINDOWS_MAX};

/// A time in which the shop was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From when.
    pub from: u64,
    /// Until when.
    pub until: u64,
}

impl Window {
    /// Whether a write in this time may have overwritten a deduction: it was counted after the
    /// write was proposed (what was counted before is in the value the write was decided on), and
    /// made before it was done.
    fn may_hide(&self, deduction: &Deduction) -> bool {
        deduction.until >= self.from && deduction.from <= self.until.saturating_add(CLOCK_SKEW_MS)
    }
}

impl Place {
    pub(super) fn add_window(&mut self, from: u64, until: u64) {
        self.written.push(Window { from, until });
        if self.written.len() > WINDOWS_MAX {
            let oldest = self.written.remove(0);
            let next = &mut self.written[0];
            next.from = next.from.min(oldest.from);
            next.until = next.until.max(oldest.until);
        }
    }

    /// The counted deductions that a write may have overwritten.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &Deduction> {
        let overwritten =
            |deduction: &&Deduction| self.written.iter().any(|window| window.may_hide(deduction));
        self.recent.iter().filter(overwritten)
    }

    /// Whether the shop was seen as expected after a write to it.
    fn seen_right_since(&self, window: Window) -> bool {
        self.expected == self.seen.quantity && self.seen.at.is_some_and(|at| at > window.until)
    }

    /// The writes that may have overwritten a counted sale, as far as the shop has not shown
    /// otherwise.
    pub(super) fn suspects(&self) -> impl Iterator<Item = &Window> {
        self.written.iter().filter(|window| {
            let hides = self.recent.iter().any(|deduction| window.may_hide(deduction));
            hides && !self.seen_right_since(**window)
        })
    }

    /// Forgets the writes in which no sale was overwritten: when all orders of their time are
    /// known, and there is none that could have been, or the shop was seen right since.
    pub fn rule_out_overwriting(&mut self, known_until: Option<u64>) {
        let mut written = std::mem::take(&mut self.written);
        written.retain(|window| {
            let hides = self.recent.iter().any(|deduction| window.may_hide(deduction));
            let judged = self.seen.at.is_some_and(|at| covers(known_until, at));
            let shown = judged && self.seen_right_since(*window);
            let none = !hides && covers(known_until, window.until);
            !(none || shown)
        });
        self.written = written;
        self.forget();
    }

    /// Forgets deductions that can explain nothing any more.
    pub(super) fn forget(&mut self) {
        let flying = self.flights.iter().map(|flight| flight.proposed_at);
        let writing = self.written.iter().map(|window| window.from);
        let oldest = flying.chain(writing).min();
        let seen = self.seen;
        self.recent.retain(|deduction| {
            oldest.is_some_and(|oldest| deduction.until >= oldest)
                || seen.at.is_none_or(|at| !deduction.surely_before(at))
        });
    }
}
