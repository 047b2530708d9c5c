//! How fast requests follow each other.
//!
//! Nothing is known of a shop at first, and nothing is held back. When it refuses several of the last
//! requests for being too many, the pace is halved, and then grows with time, slower than it fell,
//! until it is so fast again that it is forgotten. A refusal now and then only has what it says waited
//! for. What the shop says of its own budget is kept to beside that: when little is left of it, what
//! is left is spread over the time until there is more.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::budget::Budget;
use crate::limits::{
    BUDGET_SPREAD_BELOW, PACE_DOUBLES_IN, PACE_FORGOTTEN_PER_SECOND, PACE_HALVED_ONCE_IN,
    PACE_HALVING_REFUSALS, PACE_MEASURED_REQUESTS, PACE_MIN_PER_SECOND,
};

/// The pace of one shop.
#[derive(Debug, Default)]
pub struct Pace {
    /// What it was slowed down to, and when; absent: it never was, or that is forgotten.
    slowed: Option<(f64, Instant)>,
    /// Nothing is sent before this.
    rests_until: Option<Instant>,
    /// What is left of the shop's budget, and when there is more.
    left: Option<(u64, Instant)>,
    /// When the last requests were sent.
    sent: VecDeque<Instant>,
    /// Which of the last answers were refusals, since it was slowed down.
    refused: VecDeque<bool>,
}

impl Pace {
    /// How long it is before the next request may be sent; absent: it may now.
    pub fn wait(&mut self, now: Instant) -> Option<Duration> {
        if self.left.is_some_and(|(_, more_at)| more_at <= now) {
            self.left = None;
        }
        let spaced = self.sent.back().map(|last| *last + self.space(now));
        let earliest = [self.rests_until, spaced].into_iter().flatten().max()?;
        (earliest > now).then(|| earliest - now)
    }

    /// A request is sent.
    pub fn sent(&mut self, now: Instant) {
        if self.sent.len() == PACE_MEASURED_REQUESTS {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        if let Some((left, _)) = &mut self.left {
            *left = left.saturating_sub(1);
        }
    }

    /// The shop took a request.
    pub fn taken(&mut self) {
        self.note(false);
    }

    /// The shop refused a request because there are too many, and may have said how long to wait.
    pub fn refused(&mut self, now: Instant, retry_after: Option<Duration>) {
        if let Some(wait) = retry_after {
            self.rest_until(now + wait);
        }
        // Those that were under way together are refused together, for one and the same excess.
        if self.slowed.is_some_and(|(_, at)| now < at + PACE_HALVED_ONCE_IN) {
            return;
        }
        self.note(true);
        if self.refused.iter().filter(|refused| **refused).count() < PACE_HALVING_REFUSALS {
            return;
        }
        self.refused.clear();
        let pace = self.requests_per_second(now).unwrap_or(PACE_FORGOTTEN_PER_SECOND);
        let pace = self.measured(now).map_or(pace, |measured| measured.min(pace));
        self.slowed = Some(((pace / 2.0).max(PACE_MIN_PER_SECOND), now));
    }

    /// The shop told of its budgets; the scarcest one counts.
    pub fn told(&mut self, now: Instant, budgets: &[Budget]) {
        let scarcest = budgets.iter().min_by_key(|budget| budget.left);
        let Some(Budget { left, more_in }) = scarcest else {
            return;
        };
        if *left == 0 {
            self.rest_until(now + *more_in);
        }
        self.left = Some((*left, now + *more_in));
    }

    /// How many requests a second are sent at most; absent: no bound was met.
    pub fn requests_per_second(&self, now: Instant) -> Option<f64> {
        let (pace, since) = self.slowed?;
        let doublings = now.duration_since(since).as_secs_f64() / PACE_DOUBLES_IN.as_secs_f64();
        let grown = pace * doublings.exp2();
        (grown < PACE_FORGOTTEN_PER_SECOND).then_some(grown)
    }

    /// For how long nothing is sent.
    pub fn rests_for(&self, now: Instant) -> Option<Duration> {
        self.rests_until.filter(|until| *until > now).map(|until| until - now)
    }

    fn note(&mut self, refused: bool) {
        if self.refused.len() == PACE_MEASURED_REQUESTS {
            self.refused.pop_front();
        }
        self.refused.push_back(refused);
    }

    fn rest_until(&mut self, moment: Instant) {
        self.rests_until = self.rests_until.max(Some(moment));
    }

    /// How far apart two requests are.
    fn space(&self, now: Instant) -> Duration {
        let paced = self.requests_per_second(now).map(|pace| Duration::from_secs_f64(1.0 / pace));
        let spread = self.left.filter(|(left, _)| (1..BUDGET_SPREAD_BELOW).contains(left));
        let spread = spread.map(|(left, more_at)| {
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            more_at.saturating_duration_since(now) / left
        });
        [paced, spread].into_iter().flatten().max().unwrap_or_default()
    }

    /// How many requests a second were sent lately.
    fn measured(&self, now: Instant) -> Option<f64> {
        let first = *self.sent.front()?;
        let seconds = now.duration_since(first).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "there are few of them")]
        let count = self.sent.len() as f64;
        // A single one, or some at one instant, are no pace.
        (self.sent.len() > 1 && seconds > 0.0).then(|| count / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// Sends `count` requests, so far apart, beginning now; returns when the last was sent.
    fn send(pace: &mut Pace, now: Instant, count: u32, apart: Duration) -> Instant {
        for number in 0..count {
            pace.sent(now + apart * number);
        }
        now + apart * (count - 1)
    }

    #[test]
    fn nothing_is_held_back_at_first() {
        let now = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..1_000 {
            assert_eq!(pace.wait(now), None);
            pace.sent(now);
        }
        assert_eq!(pace.requests_per_second(now), None);
    }

    /// Refuses as many requests as it takes to be slowed down.
    fn refuse(pace: &mut Pace, now: Instant) {
        (0..PACE_HALVING_REFUSALS).for_each(|_| pace.refused(now, None));
    }

    #[test]
    fn a_refusal_now_and_then_is_no_bound() {
        let mut now = Instant::now();
        let mut pace = Pace::default();
        for number in 0..1_000 {
            pace.sent(now);
            now += Duration::from_millis(50);
            if number % 8 == 0 {
                pace.refused(now, None)
            } else {
                pace.taken()
            }
            assert_eq!(pace.requests_per_second(now), None, "request {number}");
        }
        // One in five is one.
        for number in 0..16 {
            pace.sent(now);
            now += Duration::from_millis(50);
            if number % 5 == 0 { pace.refused(now, None) } else { pace.taken() }
        }
        assert!(pace.requests_per_second(now).is_some());
    }

    #[test]
    fn refusals_halve_the_pace_that_there_was() {
        let now = Instant::now();
        let mut pace = Pace::default();
        // Eight a second.
        let now = send(&mut pace, now, 16, Duration::from_millis(125));
        refuse(&mut pace, now);
        let halved = pace.requests_per_second(now).unwrap();
        assert!((3.9..4.4).contains(&halved), "{halved}");
        let wait = pace.wait(now).unwrap();
        assert!(
            (Duration::from_millis(220)..Duration::from_millis(260)).contains(&wait),
            "{wait:?}"
        );
        pace.refused(now + Duration::from_millis(10), None);
        let same = pace.requests_per_second(now).unwrap();
        assert!((same - halved).abs() < 0.01, "one excess halves once: {same}");
    }

    #[test]
    fn refusals_again_and_again_do_not_stop_it() {
        let mut now = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..50 {
            pace.sent(now);
            now += seconds(2);
            refuse(&mut pace, now);
        }
        let least = pace.requests_per_second(now).unwrap();
        assert!((least - PACE_MIN_PER_SECOND).abs() < 0.01, "{least}");
    }

    #[test]
    fn the_pace_grows_again_and_is_forgotten() {
        let now = Instant::now();
        let mut pace = Pace::default();
        let now = send(&mut pace, now, 16, Duration::from_millis(250));
        refuse(&mut pace, now);
        let mut before = 0.0;
        for waited in [0, 5, 10, 20, 30] {
            let grown = pace.requests_per_second(now + seconds(waited)).unwrap();
            assert!(grown > before, "after {waited} s: {grown}");
            before = grown;
        }
        assert_eq!(pace.requests_per_second(now + seconds(60)), None);
    }

    #[test]
    fn a_time_that_the_shop_names_is_waited_for() {
        let now = Instant::now();
        let mut pace = Pace::default();
        pace.refused(now, Some(seconds(30)));
        assert_eq!(pace.wait(now), Some(seconds(30)));
        pace.refused(now + seconds(2), Some(seconds(1)));
        assert_eq!(pace.wait(now + seconds(2)), Some(seconds(28)), "the longer one holds");
        assert_eq!(pace.wait(now + seconds(30)), None);
        assert_eq!(pace.rests_for(now + seconds(30)), None);
    }

    #[test]
    fn what_is_left_of_a_budget_is_spread() {
        let budget = |left, more_in| Budget { left, more_in: seconds(more_in) };
        let now = Instant::now();
        for (budgets, wait) in [
            (vec![], None),
            (vec![budget(1_000, 60)], None),
            (vec![budget(BUDGET_SPREAD_BELOW, 60)], None),
            (vec![budget(4, 60)], Some(seconds(15))),
            (vec![budget(1_000, 10), budget(2, 60)], Some(seconds(30))),
            (vec![budget(0, 60), budget(5, 1)], Some(seconds(60))),
        ] {
            let mut pace = Pace::default();
            pace.sent(now);
            pace.told(now, &budgets);
            assert_eq!(pace.wait(now), wait, "{budgets:?}");
            assert_eq!(pace.wait(now + seconds(60)), None, "{budgets:?}");
        }
    }
}
