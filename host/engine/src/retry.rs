//! How long to wait before something is tried again.

use std::time::Duration;

use fondaco_model::{Action, Timestamp};
use rand::RngExt as _;

use crate::limits::{ACTION_RETRY_LONGEST, RETRY_FIRST, RETRY_LONGEST};

/// The wait before try number `tries` + 1.
pub fn wait_after(tries: u32) -> Duration {
    backoff(tries, RETRY_LONGEST, draw())
}

/// When an action that surely had no effect is sent again; nothing if it has been tried for as long
/// as it may be. A platform that names a time is not asked before that.
pub fn next_try(
    now: Timestamp,
    action: &Action,
    longest: Duration,
    retry_after: Option<Duration>,
) -> Option<Timestamp> {
    let wait = backoff(action.attempts + 1, ACTION_RETRY_LONGEST, draw());
    let last = action.tried_since.plus_ms(milliseconds(longest));
    next_try_after(now, last, wait.max(retry_after.unwrap_or_default()))
}

fn next_try_after(now: Timestamp, last: Timestamp, wait: Duration) -> Option<Timestamp> {
    // The last try is made when the time is over, however long the wait would have been.
    (now < last).then(|| now.plus_ms(milliseconds(wait)).min(last))
}

/// The time doubles with each try up to the longest, and the wait is a part of it drawn at random
/// (full jitter): what failed together does not come back together.
fn backoff(tries: u32, longest: Duration, draw: f64) -> Duration {
    let doubled = RETRY_FIRST.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
    doubled.min(longest).mul_f64(draw)
}

/// Anything from nothing to all of it, the same chance for each.
fn draw() -> f64 {
    rand::rng().random_range(0.0..=1.0)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_doubles_up_to_the_longest() {
        let longest = Duration::from_secs(60);
        for (tries, all_of_it) in
            [(0, 250), (1, 250), (2, 500), (3, 1_000), (8, 32_000), (9, 60_000), (200, 60_000)]
        {
            let all_of_it = Duration::from_millis(all_of_it);
            assert_eq!(backoff(tries, longest, 1.0), all_of_it, "{tries}");
            assert_eq!(backoff(tries, longest, 0.5), all_of_it / 2, "{tries}");
            assert_eq!(backoff(tries, longest, 0.0), Duration::ZERO, "{tries}");
        }
    }

    #[test]
    fn waits_are_spread_over_all_of_the_time() {
        let waits: Vec<_> = (0..1_000).map(|_| wait_after(3)).collect();
        let all_of_it = Duration::from_secs(1);
        assert!(waits.iter().all(|wait| *wait <= all_of_it));
        let below = waits.iter().filter(|wait| **wait < all_of_it / 2).count();
        assert!((300..700).contains(&below), "{below} of 1000 are in the first half");
    }

    #[test]
    fn the_last_try_is_made_when_the_time_is_over() {
        const HOUR: u64 = 3_600_000;
        let at = |hours: u64| Timestamp(1_000_000).plus_ms(hours * HOUR);
        let last = at(72);
        let hour = Duration::from_secs(3600);
        for (now, wait, next) in [
            (at(0), Duration::ZERO, Some(at(0))),
            (at(0), hour, Some(at(1))),
            (at(70), hour, Some(at(71))),
            (at(71), hour * 5, Some(at(72))),
            (Timestamp(at(72).0 - 1), hour, Some(at(72))),
            (at(72), Duration::ZERO, None),
            (at(99), hour, None),
        ] {
            assert_eq!(next_try_after(now, last, wait), next, "{now:?} {wait:?}");
        }
    }
}
