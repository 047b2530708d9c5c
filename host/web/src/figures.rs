//! Figures of an install's last runs.

use fondaco_store::RunTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How an install's last runs went. They are read from the records, so they are exact, and are there
/// after a restart too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct RunFigures {
    /// How many of the last runs are looked at.
    pub runs: u64,
    /// How many of those failed for good.
    pub failed: u64,
    /// Half of them took no longer than this, in microseconds.
    pub p50_us: u64,
    /// All but one in a hundred took no longer than this, in microseconds.
    pub p99_us: u64,
}

impl RunFigures {
    /// The figures of these runs.
    #[must_use]
    pub fn of(runs: &[RunTime]) -> Self {
        let mut times: Vec<u64> = runs.iter().map(|run| run.microseconds).collect();
        times.sort_unstable();
        Self {
            runs: runs.len() as u64,
            failed: runs.iter().filter(|run| run.failed).count() as u64,
            p50_us: quantile(&times, 50),
            p99_us: quantile(&times, 99),
        }
    }
}

/// The smallest of sorted values that so many percent are no greater than (nearest rank).
fn quantile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let hundred: Vec<u64> = (1..=100).collect();
        for (times, percent, expected) in [
            (&[][..], 50, 0),
            (&[7], 50, 7),
            (&[7], 99, 7),
            (&[1, 2], 50, 1),
            (&[1, 2, 3], 50, 2),
            (&[1, 2, 3], 99, 3),
            (&hundred, 50, 50),
            (&hundred, 99, 99),
            (&hundred, 100, 100),
        ] {
            assert_eq!(quantile(times, percent), expected, "{percent} % of {times:?}");
        }
    }

    #[test]
    fn runs_in_any_order_give_the_same_figures() {
        let run = |microseconds, failed| RunTime { microseconds, failed };
        let figures = RunFigures::of(&[run(900, true), run(100, false), run(300, false)]);
        assert_eq!(figures, RunFigures { runs: 3, failed: 1, p50_us: 300, p99_us: 900 });
        assert_eq!(RunFigures::of(&[]), RunFigures::default());
    }
}
