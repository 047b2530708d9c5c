//! The gate to one shop: every request of an adapter passes it, whatever the platform.
//!
//! It keeps three promises. No more requests are under way than the shop is asked to bear. What the
//! shop says about its limits, in headers or by refusing, sets how fast further ones follow
//! ([`pace`]). And a shop that does not answer at all is left alone for a while instead of being
//! asked by everything that wants something of it ([`breaker`]).
//!
//! A fixed quota, as the usual limiters have, does not fit: hardly any host of a WooCommerce shop
//! says beforehand what it bears, and it changes while a neighbour on the same machine is busy. So
//! the pace is learned.
//!
//! Whoever may not pass gets a [`PlatformError::Unavailable`] that says for how long: nothing was
//! sent, so that an action goes on waiting and a reading comes again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use http::{HeaderMap, StatusCode};
use rand::RngExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    PlatformError,
    limits::{GATE_WAIT_MAX, REQUESTS_AT_ONCE_MAX},
};

mod breaker;
mod budget;
mod pace;

use breaker::Breaker;
pub use breaker::Circuit;
pub use budget::{Budget, retry_after};
use pace::Pace;

/// How requests to a shop fare, for its status.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Whether the shop is asked at all.
    pub circuit: Circuit,
    /// For how long it is not asked from now on, because it is down or said so.
    pub rests_for: Option<Duration>,
    /// How many requests a second it is asked at most; absent: no bound was met.
    pub requests_per_second: Option<f64>,
}

/// The gate to one shop.
#[derive(Debug)]
pub struct Gate {
    places: Semaphore,
    rules: Mutex<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    pace: Pace,
    breaker: Breaker,
}

impl Default for Gate {
    fn default() -> Self {
        Self { places: Semaphore::new(REQUESTS_AT_ONCE_MAX), rules: Mutex::default() }
    }
}

impl Gate {
    /// Waits for a turn to send one request.
    ///
    /// # Errors
    /// If it would be long before the shop is to be asked again. Nothing was sent.
    pub async fn enter(&self) -> Result<Turn<'_>, PlatformError> {
        let Ok(place) = self.places.acquire().await else {
            return Err(closed("the gate to the shop is taken down", Duration::ZERO));
        };
        loop {
            let wait = {
                let mut rules = self.rules();
                let now = Instant::now();
                match rules.pace.wait(now) {
                    None => {
                        if let Some(wait) = rules.breaker.admit(now) {
                            return Err(closed(
                                "the shop did not answer several times in a row, and is left alone \
                                 for a while",
                                wait,
                            ));
                        }
                        rules.pace.sent(now);
                        return Ok(Turn { gate: self, _place: place, told: false });
                    }
                    Some(wait) if wait > GATE_WAIT_MAX => {
                        return Err(closed("the shop asked not to be asked for a while", wait));
                    }
                    Some(wait) => wait,
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// The shop told of a budget of its own, in an answer's body.
    pub fn told(&self, budget: Option<Budget>) {
        self.rules().pace.told(Instant::now(), budget.as_slice());
    }

    /// The shop refused a request for being too much, in an answer's body.
    pub fn throttled(&self, wait: Option<Duration>) {
        self.rules().pace.refused(Instant::now(), wait);
    }

    /// How requests to the shop fare.
    pub fn traffic(&self) -> Traffic {
        let rules = self.rules();
        let now = Instant::now();
        let rests = [rules.breaker.rests_for(now), rules.pace.rests_for(now)];
        Traffic {
            circuit: rules.breaker.circuit(),
            rests_for: rests.into_iter().flatten().max(),
            requests_per_second: rules.pace.requests_per_second(now),
        }
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed(why: &str, wait: Duration) -> PlatformError {
    let seconds = wait.as_secs_f64().ceil();
    let reason = format!("{why}; it is asked again in {seconds} s");
    PlatformError::Unavailable { reason, retry_after: Some(wait) }
}

/// The right to send one request. What came of it has to be told.
#[derive(Debug)]
#[must_use = "a turn that nothing is told of is taken for one that was given up"]
pub struct Turn<'a> {
    gate: &'a Gate,
    _place: SemaphorePermit<'a>,
    told: bool,
}

impl Turn<'_> {
    /// The shop answered with this.
    pub fn answered(mut self, status: StatusCode, headers: &HeaderMap) {
        self.told = true;
        let mut rules = self.gate.rules();
        let now = Instant::now();
        rules.pace.told(now, &budget::budgets(headers, seconds_since_1970()));
        match status.as_u16() {
            429 => {
                rules.pace.refused(now, retry_after(headers));
                rules.breaker.answered();
            }
            503 => {
                rules.pace.refused(now, retry_after(headers));
                rules.breaker.failed(now, draw());
            }
            // A proxy before the shop answers for it: it is not there.
            502 | 504 | 520..=527 => rules.breaker.failed(now, draw()),
            // Any other failure is about one request more often than about the shop: an order that
            // breaks a plugin must not keep all others away.
            _ => {
                rules.pace.taken();
                rules.breaker.answered();
            }
        }
    }

    /// No answer came.
    pub fn unanswered(mut self) {
        self.told = true;
        self.gate.rules().breaker.failed(Instant::now(), draw());
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.gate.rules().breaker.given_up(Instant::now());
        }
    }
}

/// Anything from nothing to all of it, the same chance for each.
fn draw() -> f64 {
    rand::rng().random_range(0.0..=1.0)
}

fn seconds_since_1970() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
