//! Checking a shop: what the host needs of it, each with how it stands and where that is put right.

use std::fmt;

use fondaco_model::Timestamp;
use http::HeaderValue;
use url::Url;

use crate::limits::CLOCK_DIFFERENCE_MS_MAX;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Whether it answers at all.
    Reachable,
    /// Whether what is sent to it is encrypted.
    Https,
    /// Whether its addresses are such that its API has one.
    Permalinks,
    /// Whether it is the site that the configuration means, and no copy of it.
    Site,
    /// Whether the credentials may read.
    Read,
    /// Whether the credentials may write.
    Write,
    /// Whether its program's version is one that the host can work with.
    Version,
    /// Since when its orders can be read.
    History,
    /// Whether it shows who its customers are.
    People,
    /// Which currency it sells in.
    Currency,
    /// Which clock its dates follow.
    TimeZone,
    /// How far its clock is from the host's.
    Clock,
    /// Whether it counts its stock.
    StockManagement,
    /// Whether it tells the host what happens.
    Webhooks,
}

impl Subject {
    /// The word for it on the screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reachable => "reachable",
            Self::Https => "https",
            Self::Permalinks => "permalinks",
            Self::Site => "site",
            Self::Read => "read",
            Self::Write => "write",
            Self::Version => "version",
            Self::History => "history",
            Self::People => "people",
            Self::Currency => "currency",
            Self::TimeZone => "time-zone",
            Self::Clock => "clock",
            Self::StockManagement => "stock-management",
            Self::Webhooks => "webhooks",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// The host works with it; somebody should look at it.
    Attention,
    /// The host cannot work with it so.
    Wrong,
    /// It could not be looked at.
    Unknown,
}

impl Verdict {
    /// The word for it on the screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing about a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckItem {
    /// Which.
    pub subject: Subject,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, in words.
    pub found: String,
    /// What to do, and where on the shop; absent where nothing is to be done.
    pub fix: Option<String>,
}

impl CheckItem {
    /// Something that is as it should be.
    #[must_use]
    pub fn good(subject: Subject, found: impl Into<String>) -> Self {
        Self { subject, verdict: Verdict::Good, found: found.into(), fix: None }
    }

    /// Something that is not, and what to do.
    #[must_use]
    pub fn bad(
        subject: Subject,
        verdict: Verdict,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { subject, verdict, found: found.into(), fix: Some(fix.into()) }
    }

    /// Something that could not be looked at.
    #[must_use]
    pub fn unknown(subject: Subject, why: impl Into<String>) -> Self {
        Self { subject, verdict: Verdict::Unknown, found: why.into(), fix: None }
    }
}

/// What the configuration says of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Where its webhooks are to send; absent: the host makes none.
    pub hook_address: Option<String>,
    /// Its time zone, an IANA name; absent: none is configured.
    pub time_zone: Option<String>,
    /// The moment it is now, by the host's clock.
    pub now: Timestamp,
}

/// Whether what is sent is encrypted.
pub(crate) fn https(base: &Url) -> CheckItem {
    if base.scheme() == "https" {
        return CheckItem::good(Subject::Https, "encrypted");
    }
    let found = "what is sent to it is not encrypted, orders and addresses included";
    let fix = "get a certificate for the shop, and write https:// into its url";
    CheckItem::bad(Subject::Https, Verdict::Attention, found, fix)
}

/// By how many milliseconds a shop's clock is ahead, by the `Date` of its answer.
pub(crate) fn clock_ahead_ms(date: &HeaderValue, now: Timestamp) -> Option<i64> {
    let date = jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok()?;
    date.timestamp().as_millisecond().checked_sub(i64::try_from(now.0).ok()?)
}

/// Whether a shop's clock is the host's; absent: it does not tell the time.
pub(crate) fn clock(ahead_ms: Option<i64>) -> CheckItem {
    let Some(ahead_ms) = ahead_ms else {
        return CheckItem::unknown(Subject::Clock, "the shop does not tell the time");
    };
    let (seconds, side) =
        (ahead_ms.unsigned_abs() / 1000, if ahead_ms < 0 { "behind" } else { "ahead" });
    if ahead_ms.unsigned_abs() <= CLOCK_DIFFERENCE_MS_MAX {
        return CheckItem::good(Subject::Clock, "as the host's");
    }
    let found = format!("the shop's is {seconds} s {side} of the host's");
    let fix = "set both by NTP: what is changed on the shop could be missed";
    CheckItem::bad(Subject::Clock, Verdict::Wrong, found, fix)
}
