//! Where the process can be made to die, so that tests meet each instant at which a host may end.
//!
//! A build without debug assertions has nothing of this: passing a point is an empty function there.
//! In one that has them, the variable [`VARIABLE`] names a point and how often it is passed, such as
//! `before the commit to settle an action#3`; at the third passing the process aborts, which runs
//! no destructor and answers nobody. Nothing is read from anywhere else.

use std::fmt;

/// The environment variable that says where to die.
pub const VARIABLE: &str = "FONDACO_FAILPOINT";

/// Where the process can be made to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failpoint {
    /// Everything of a transaction is done but its commit.
    BeforeCommit(&'static str),
    /// A transaction is committed, and nobody was told.
    AfterCommit(&'static str),
    /// An action is marked as being sent, and nothing of it was sent.
    BeforeSend,
    /// The shop has answered, and the outcome is not committed.
    AfterSend,
}

/// What the store's writer does on the road of every event, in the words of its errors.
pub const ON_THE_ROAD: [&str; 12] = [
    "take the lease of a client",
    "register an install",
    "accept a delivery",
    "bury a delivery",
    "take in an observation",
    "raise a tick",
    "commit a run",
    "begin an action",
    "put an action back",
    "settle an action",
    "write the audit log",
    "write within the time allowed",
];

/// What it does now and then, or because a person asks for it. What is neither here nor on the road
/// is found by every test that does it.
pub const BESIDE_IT: [&str; 24] = [
    "begin a schedule",
    "bring an install into its mode",
    "decide on an action",
    "discard deliveries",
    "forget somebody",
    "forget what a shop listed",
    "forget what is too old",
    "keep a delivery apart",
    "keep nothing for an absent install",
    "let work go on",
    "note a commit",
    "note that a shop is silent",
    "note what an install is",
    "note who is absent",
    "pass events by",
    "pause a failing install",
    "propose at a person's wish",
    "put off what waits for a shop",
    "raise an alert",
    "release a client",
    "resolve an alert",
    "retry deliveries",
    "retry or discard actions",
    "stop work",
];

impl Failpoint {
    /// All points there are.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::on_the_road().chain(BESIDE_IT.into_iter().flat_map(Self::around))
    }

    /// Those that every event may meet.
    pub fn on_the_road() -> impl Iterator<Item = Self> {
        let sending = [Self::BeforeSend, Self::AfterSend];
        ON_THE_ROAD.into_iter().flat_map(Self::around).chain(sending)
    }

    const fn around(doing: &'static str) -> [Self; 2] {
        [Self::BeforeCommit(doing), Self::AfterCommit(doing)]
    }

    /// Whether something that the writer does is among them.
    #[must_use]
    pub fn knows(doing: &str) -> bool {
        ON_THE_ROAD.contains(&doing) || BESIDE_IT.contains(&doing)
    }

    /// Dies here, if the environment says so.
    #[cfg(debug_assertions)]
    pub fn pass(self) {
        armed::pass(self);
    }

    /// Nothing, in a build for production.
    #[cfg(not(debug_assertions))]
    #[inline(always)]
    pub const fn pass(self) {}
}

impl fmt::Display for Failpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeCommit(doing) => write!(formatter, "before the commit to {doing}"),
            Self::AfterCommit(doing) => write!(formatter, "after the commit to {doing}"),
            Self::BeforeSend => formatter.write_str("before an action is sent"),
            Self::AfterSend => formatter.write_str("after an action was sent"),
        }
    }
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    };

    use super::{Failpoint, VARIABLE};

    /// Where to die, and how many passings are left.
    static ARMED: LazyLock<Option<(Failpoint, AtomicU64)>> = LazyLock::new(|| {
        let words = std::env::var(VARIABLE).ok()?;
        let armed = parse(&words);
        if armed.is_none() {
            tracing::error!(words, "{VARIABLE} names no failpoint; nothing happens");
        }
        armed.map(|(point, times)| (point, AtomicU64::new(times)))
    });

    pub fn pass(point: Failpoint) {
        let Some((armed, left)) = &*ARMED else { return };
        if *armed == point && left.fetch_sub(1, Ordering::Relaxed) == 1 {
            std::process::abort();
        }
    }

    pub fn parse(words: &str) -> Option<(Failpoint, u64)> {
        let (name, times) = words.rsplit_once('#')?;
        let times = times.parse().ok().filter(|times| *times > 0)?;
        Some((Failpoint::all().find(|point| point.to_string() == name)?, times))
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::{Failpoint, armed::parse};

    #[test]
    fn every_point_is_found_by_its_name() {
        for point in Failpoint::all() {
            assert_eq!(parse(&format!("{point}#3")), Some((point, 3)));
        }
        for wrong in ["", "before the commit to settle an action", "after an action was sent#0"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
