//! One shop's share of a SKU: what the shop should show by what is known, and what of that is
//! still open.
//!
//! `expected` is what the shop shows if nothing happened but what is known: it starts at a level
//! that was observed, each deduction that is counted lowers it, and a write that was done moves it
//! by the difference it made. It never jumps to an observation: an observation that differs stays
//! beside it (`seen`) until [`judge`](super::judge) can say why.

use serde::{Deserialize, Serialize};

use super::Quantity;
use crate::limits::{
    CLOCK_SKEW_MS, COVERED_MARGIN_MS, DEDUCTIONS_MAX, DOUBTFUL_MAX, FLIGHTS_MAX, LOOK_LATE_MS,
    LOOK_SOON_MS, RETRY_FAILED_MS, RETRY_MS_MAX, RETRY_REFUSED_MS, WINDOWS_MAX,
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

/// A time in which the shop was written to: a sale that fell between the host's look and its write
/// was overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From when.
    pub from: u64,
    /// Until when.
    pub until: u64,
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

/// What to write to a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What it should show.
    pub available: Quantity,
    /// What it has to show before.
    pub decided_on: Quantity,
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
            seen: Seen {
                quantity: level.available,
                at: None,
            },
            recent: Vec::new(),
            flights: Vec::new(),
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
        let Change {
            available,
            decided_on,
        } = change;
        self.flights.push(Flight {
            action,
            available,
            decided_on,
            proposed_at: now,
        });
    }

    /// Remembers that a quantity could not even be proposed.
    pub fn refused_at_once(&mut self, available: Quantity, now: u64) {
        self.hold(available, now, RETRY_REFUSED_MS);
    }

    /// Takes in how a proposal ended; says whether it was one of this place's.
    ///
    /// `known_until`: until when the shop's orders are complete.
    pub fn end(&mut self, action: &str, end: End, at: u64, known_until: Option<u64>) -> bool {
        let Some(index) = self
            .flights
            .iter()
            .position(|flight| flight.action == action)
        else {
            return false;
        };
        let flight = self.flights.remove(index);
        self.touched_at = self.touched_at.max(at);
        match end {
            End::Done => self.wrote(&flight, at, known_until),
            End::Stale(found) => {
                self.held = None;
                self.observe(found, Some(at), at);
            }
            End::Superseded => {
                if let Some(next) = self.flights.get_mut(index) {
                    next.decided_on = flight.decided_on;
                }
            }
            End::Refused => self.hold(flight.available, at, RETRY_REFUSED_MS),
            End::Failed => self.hold(flight.available, at, RETRY_FAILED_MS),
            End::Unknown => self.may_have_written(&flight, at),
        }
        self.forget();
        true
    }

    /// A write that was done tells two things: the shop showed `decided_on`, and was moved from
    /// there to `available`. What the shop showed more or less than expected is not lost by it.
    fn wrote(&mut self, flight: &Flight, at: u64, known_until: Option<u64>) {
        self.held = None;
        let ahead = flight.decided_on - self.expected;
        if self.shifts().contains(&ahead) {
            self.expected += ahead;
            self.doubtful.clear();
        }
        self.seen = Seen {
            quantity: flight.decided_on,
            at: Some(flight.proposed_at),
        };
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

    fn add_window(&mut self, from: u64, until: u64) {
        self.written.push(Window { from, until });
        if self.written.len() > WINDOWS_MAX {
            let oldest = self.written.remove(0);
            let next = &mut self.written[0];
            next.from = next.from.min(oldest.from);
            next.until = next.until.max(oldest.until);
        }
    }

    fn hold(&mut self, available: Quantity, at: u64, first_wait: u64) {
        let before = self.held.take().filter(|held| held.available == available);
        let waited = before
            .map_or(first_wait, |held| {
                held.waited.saturating_mul(2).max(first_wait)
            })
            .min(RETRY_MS_MAX);
        self.held = Some(Held {
            available,
            until: at.saturating_add(waited),
            waited,
        });
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
    fn suspects(&self) -> impl Iterator<Item = &Window> {
        self.written.iter().filter(|window| {
            let hides = self
                .recent
                .iter()
                .any(|deduction| window.may_hide(deduction));
            hides && !self.seen_right_since(**window)
        })
    }

    /// Forgets the writes in which no sale was overwritten: when all orders of their time are
    /// known, and there is none that could have been, or the shop was seen right since.
    pub fn rule_out_overwriting(&mut self, known_until: Option<u64>) {
        let mut written = std::mem::take(&mut self.written);
        written.retain(|window| {
            let hides = self
                .recent
                .iter()
                .any(|deduction| window.may_hide(deduction));
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

    /// What the shop will show once everything on its way is done.
    fn predicted(&self) -> Quantity {
        let moves = self
            .flights
            .iter()
            .map(|flight| flight.available - flight.decided_on);
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
            return lower.then_some(Change {
                available: target,
                decided_on: shown,
            });
        }
        let decided_on = self.predicted();
        (decided_on != target).then_some(Change {
            available: target,
            decided_on,
        })
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
        covers(known_until, since.saturating_add(patience)).then_some(Change {
            available: self.expected,
            decided_on: self.expected,
        })
    }
}

impl Window {
    /// Whether a write in this time may have overwritten a deduction: it was counted after the
    /// write was proposed (what was counted before is in the value the write was decided on), and
    /// made before it was done.
    fn may_hide(&self, deduction: &Deduction) -> bool {
        deduction.until >= self.from && deduction.from <= self.until.saturating_add(CLOCK_SKEW_MS)
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
