//! The circuit breaker: a shop that does not answer is left alone for a while.
//!
//! After some failures in a row the circuit is *open*: nothing passes until a time is over, which
//! doubles with each failure that follows. Then one request passes to try (*half-open*); if it is
//! answered, the circuit is *closed* again and everything passes.

use std::time::{Duration, Instant};

use crate::limits::{
    BREAKER_FAILURES_MAX, BREAKER_PAUSE_FIRST, BREAKER_PAUSE_MAX, BREAKER_TRIAL_WAIT,
};

/// Whether a shop is asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// It is.
    Closed,
    /// One request is under way to try whether it answers again.
    HalfOpen,
    /// It is not, for a while.
    Open,
}

impl Circuit {
    /// The word for it in metrics and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
        }
    }
}

/// The breaker of one shop.
#[derive(Debug)]
pub enum Breaker {
    /// So many requests in a row were not answered.
    Closed { failures: u32 },
    /// Nothing passes before this moment; it was opened so often in a row.
    Open { until: Instant, times: u32 },
    /// One request is under way to try.
    HalfOpen { times: u32 },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether a request may pass; if not, how long it is before one may.
    pub fn admit(&mut self, now: Instant) -> Option<Duration> {
        match *self {
            Self::Closed { .. } => None,
            Self::Open { until, times } if until <= now => {
                *self = Self::HalfOpen { times };
                None
            }
            Self::Open { until, .. } => Some(until - now),
            Self::HalfOpen { .. } => Some(BREAKER_TRIAL_WAIT),
        }
    }

    /// A request was answered.
    pub const fn answered(&mut self) {
        *self = Self::Closed { failures: 0 };
    }

    /// A request was not answered. `draw` spreads the pauses of shops that went down together:
    /// from nothing to one.
    pub fn failed(&mut self, now: Instant, draw: f64) {
        *self = match *self {
            Self::Closed { failures } if failures + 1 < BREAKER_FAILURES_MAX => {
                Self::Closed { failures: failures + 1 }
            }
            Self::Closed { .. } => Self::Open { until: now + pause(0, draw), times: 0 },
            Self::HalfOpen { times } => {
                let times = times.saturating_add(1);
                Self::Open { until: now + pause(times, draw), times }
            }
            // It was sent before the circuit opened.
            Self::Open { until, times } => Self::Open { until, times },
        };
    }

    /// A request was given up before anything came of it: nothing is known by it.
    pub const fn given_up(&mut self, now: Instant) {
        if let Self::HalfOpen { times } = *self {
            *self = Self::Open { until: now, times };
        }
    }

    /// Where it stands.
    pub const fn circuit(&self) -> Circuit {
        match self {
            Self::Closed { .. } => Circuit::Closed,
            Self::HalfOpen { .. } => Circuit::HalfOpen,
            Self::Open { .. } => Circuit::Open,
        }
    }

    /// For how long nothing passes.
    pub fn rests_for(&self, now: Instant) -> Option<Duration> {
        match self {
            Self::Open { until, .. } if *until > now => Some(*until - now),
            _ => None,
        }
    }
}

/// The pause doubles each time, and the second half of it is drawn.
fn pause(times: u32, draw: f64) -> Duration {
    let doubled = BREAKER_PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(times));
    doubled.min(BREAKER_PAUSE_MAX).mul_f64(f64::midpoint(1.0, draw))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURES: u32 = BREAKER_FAILURES_MAX;

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(now), None);
            breaker.failed(now, 1.0);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_no_others() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            for _ in 1..FAILURES {
                breaker.failed(now, 1.0);
            }
            assert_eq!(breaker.circuit(), Circuit::Closed);
            breaker.answered();
        }
        let mut breaker = opened(now);
        assert_eq!(breaker.circuit(), Circuit::Open);
        assert_eq!(breaker.admit(now), Some(BREAKER_PAUSE_FIRST));
        assert_eq!(breaker.rests_for(now), Some(BREAKER_PAUSE_FIRST));
    }

    #[test]
    fn after_the_pause_one_passes_to_try() {
        let now = Instant::now();
        let later = now + BREAKER_PAUSE_FIRST;
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(later), None);
        assert_eq!(breaker.circuit(), Circuit::HalfOpen);
        assert_eq!(breaker.admit(later), Some(BREAKER_TRIAL_WAIT), "only one");
        breaker.answered();
        assert_eq!((breaker.admit(later), breaker.circuit()), (None, Circuit::Closed));
    }

    #[test]
    fn the_pause_doubles_with_each_trial_that_fails() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        let mut waited = BREAKER_PAUSE_FIRST;
        for _ in 0..20 {
            assert_eq!(breaker.rests_for(now), Some(waited));
            now += waited;
            assert_eq!(breaker.admit(now), None);
            breaker.failed(now, 1.0);
            waited = (waited * 2).min(BREAKER_PAUSE_MAX);
        }
        assert_eq!(waited, BREAKER_PAUSE_MAX);
    }

    #[test]
    fn a_trial_that_is_given_up_lets_the_next_one_try() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + BREAKER_PAUSE_FIRST;
        assert_eq!(breaker.admit(later), None);
        breaker.given_up(later);
        assert_eq!((breaker.admit(later), breaker.circuit()), (None, Circuit::HalfOpen));
        let mut closed = Breaker::default();
        closed.given_up(now);
        assert_eq!(closed.circuit(), Circuit::Closed);
    }

    #[test]
    fn what_was_sent_before_it_opened_changes_nothing_by_failing() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.failed(now + Duration::from_secs(1), 1.0);
        assert_eq!(breaker.rests_for(now), Some(BREAKER_PAUSE_FIRST));
    }

    #[test]
    fn half_of_a_pause_is_drawn() {
        assert_eq!(pause(0, 0.0), BREAKER_PAUSE_FIRST / 2);
        assert_eq!(pause(1, 1.0), BREAKER_PAUSE_FIRST * 2);
        assert_eq!(pause(u32::MAX, 1.0), BREAKER_PAUSE_MAX);
    }
}
