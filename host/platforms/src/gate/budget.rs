//! What a shop's answers say of its limits.
//!
//! There are three ways: `Retry-After` (RFC 9110), in seconds or as a date; the family of
//! `RateLimit-Remaining` and `RateLimit-Reset`, with or without `X-`, where a reset is in seconds
//! from now or, with some, a moment in seconds since 1970; and `RateLimit` (the IETF's draft), a
//! list of `"name";r=5;t=30`, or `remaining=5, reset=30` in its older drafts.

use std::time::Duration;

use http::{HeaderMap, header};
use jiff::fmt::rfc2822;

use crate::limits::RETRY_AFTER_MAX;

/// How many more requests a shop takes, and when it takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// So many.
    pub left: u64,
    /// In this time.
    pub more_in: Duration,
}

/// A reset greater than this is a moment since 1970, and not a time from now: a day has fewer
/// seconds, and 1970 is longer ago.
const RESET_SECONDS_MAX: u64 = 100_000_000;

/// How long the shop asks to wait, if it says so.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let moment = rfc2822::parse(text).ok()?.timestamp();
            let wait = moment.as_second() - jiff::Timestamp::now().as_second();
            u64::try_from(wait).unwrap_or_default()
        }
    };
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// All budgets that an answer tells of, at a moment in seconds since 1970.
pub fn budgets(headers: &HeaderMap, now: u64) -> Vec<Budget> {
    let apart = ["ratelimit", "x-ratelimit", "x-rate-limit"].into_iter().filter_map(|family| {
        let left = number(headers, &format!("{family}-remaining"))?;
        let reset = number(headers, &format!("{family}-reset"))?;
        Some(Budget { left, more_in: until(reset, now) })
    });
    let together = headers.get_all("ratelimit").into_iter().filter_map(|value| value.to_str().ok());
    apart.chain(together.flat_map(|text| listed(text, now))).collect()
}

/// The budgets of a `RateLimit` header: a list of policies, each with its parameters.
fn listed(text: &str, now: u64) -> Vec<Budget> {
    // In the older drafts the list is the parameters of the only policy there is.
    if let Some(only) = of_parameters(text.split(','), now) {
        return vec![only];
    }
    text.split(',').filter_map(|policy| of_parameters(policy.split(';'), now)).collect()
}

fn of_parameters<'a>(parameters: impl Iterator<Item = &'a str>, now: u64) -> Option<Budget> {
    let (mut left, mut reset) = (None, None);
    for parameter in parameters {
        match parameter.trim().split_once('=') {
            Some(("r" | "remaining", number)) => left = number.trim().parse().ok(),
            Some(("t" | "reset", number)) => reset = number.trim().parse().ok(),
            _ => {}
        }
    }
    Some(Budget { left: left?, more_in: until(reset?, now) })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn until(reset: u64, now: u64) -> Duration {
    let seconds = if reset > RESET_SECONDS_MAX { reset.saturating_sub(now) } else { reset };
    Duration::from_secs(seconds).min(RETRY_AFTER_MAX)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_795_400_000;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_time_to_wait_is_seconds_or_a_date() {
        let wait = |text: &str| retry_after(&headers(&[("retry-after", text)]));
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(wait("999999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(wait("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("Tue, 31 Dec 2199 23:59:59 GMT"), Some(RETRY_AFTER_MAX));
        for none in ["", "-1", "soon", "1.5"] {
            assert_eq!(wait(none), None, "{none}");
        }
    }

    #[test]
    fn budgets_are_told_in_many_ways() {
        let check = |pairs: &[(&str, &str)], expected: &[(u64, u64)]| {
            let found = budgets(&headers(pairs), NOW);
            let found: Vec<_> = found.iter().map(|one| (one.left, one.more_in.as_secs())).collect();
            assert_eq!(found, expected, "{pairs:?}");
        };
        check(&[], &[]);
        check(&[("ratelimit-remaining", "5"), ("ratelimit-reset", "30")], &[(5, 30)]);
        check(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795400060")], &[(0, 60)]);
        check(&[("x-rate-limit-remaining", "9"), ("x-rate-limit-reset", "1795300000")], &[(9, 0)]);
        check(&[("ratelimit", "limit=100, remaining=50, reset=7")], &[(50, 7)]);
        check(&[("ratelimit", "\"day\";r=900;t=3000, \"burst\";r=2;t=1")], &[(900, 3000), (2, 1)]);
        check(&[("ratelimit-remaining", "5")], &[]);
        check(&[("ratelimit-remaining", "few"), ("ratelimit-reset", "30")], &[]);
        check(&[("ratelimit", "r=;t=3, ;;=,")], &[]);
    }

    proptest! {
        #[test]
        fn nothing_a_shop_says_breaks_it(text in "[ -~]{0,40}") {
            let names = ["retry-after", "ratelimit", "ratelimit-remaining", "x-ratelimit-reset"];
            let all = names.map(|name| (name, text.as_str()));
            let told = headers(&all);
            prop_assert!(retry_after(&told).is_none_or(|wait| wait <= RETRY_AFTER_MAX));
            for budget in budgets(&told, NOW) {
                prop_assert!(budget.more_in <= RETRY_AFTER_MAX);
            }
        }
    }
}
