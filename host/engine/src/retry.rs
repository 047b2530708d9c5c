//! How long to wait before something is tried again.

use std::time::Duration;

use rand::RngExt as _;

use crate::limits::{RETRY_FIRST, RETRY_LONGEST};

/// The wait before try number `tries` + 1: doubled each time, with up to half of it at random, so
/// that what failed together does not come back together.
pub fn wait_after(tries: u32) -> Duration {
    let doubled = RETRY_FIRST.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
    let longest = doubled.min(RETRY_LONGEST);
    longest.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        for tries in 0..200 {
            let wait = wait_after(tries);
            assert!(wait >= RETRY_FIRST / 2 && wait <= RETRY_LONGEST, "{tries}: {wait:?}");
        }
        assert!(wait_after(8) > wait_after(1));
    }
}
