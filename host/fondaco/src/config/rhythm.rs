//! How long a shop is waited for, and how often it is looked after.

use std::time::Duration;

use fondaco_platforms::timeouts::{ANSWER, CONNECT, IDLE, LONGEST_REQUEST, Timeout, Timeouts};

use super::{
    limits::{
        GIVE_UP_AFTER, GIVE_UP_AFTER_MAX, GIVE_UP_AFTER_MIN, POLL_EVERY, POLL_EVERY_MAX,
        POLL_EVERY_MIN, RECONCILE_EVERY, RECONCILE_EVERY_MAX, RECONCILE_EVERY_MIN, SILENT_AFTER,
        SILENT_AFTER_MAX, SILENT_AFTER_MIN,
    },
    reader::Section,
    values::duration_within,
};

/// How often a shop is looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// How often it is asked what changed.
    pub poll_every: Duration,
    /// How often all that it has is compared with the mirror.
    pub reconcile_every: Duration,
    /// For how long nothing is heard of it before its people are told.
    pub silent_after: Duration,
    /// How long an action on it is tried, and the effect of one looked for.
    pub give_up_after: Duration,
}

/// Reads how often a shop is looked after.
pub(super) fn read_rhythm(section: &mut Section<'_>) -> Option<Rhythm> {
    let mut read = |key: &'static str, default, (shortest, longest)| match section.may(key) {
        Some(node) => node.parse(|text| duration_within(text, shortest, longest)),
        None => Some(default),
    };
    let poll_every = read("poll-every", POLL_EVERY, (POLL_EVERY_MIN, POLL_EVERY_MAX));
    let bounds = (RECONCILE_EVERY_MIN, RECONCILE_EVERY_MAX);
    let reconcile_every = read("reconcile-every", RECONCILE_EVERY, bounds);
    let silent_after = read("silent-after", SILENT_AFTER, (SILENT_AFTER_MIN, SILENT_AFTER_MAX));
    let give_up_after =
        read("give-up-after", GIVE_UP_AFTER, (GIVE_UP_AFTER_MIN, GIVE_UP_AFTER_MAX));
    Some(Rhythm {
        poll_every: poll_every?,
        reconcile_every: reconcile_every?,
        silent_after: silent_after?,
        give_up_after: give_up_after?,
    })
}

/// Reads how long a shop is waited for: `longest-request`, and the table `timeouts`.
pub(super) fn read_timeouts(section: &mut Section<'_>) -> Option<Timeouts> {
    let longest_request = read(section, &LONGEST_REQUEST);
    let of_connections = |section: &mut Section<'_>| {
        let (connect, answer) = (read(section, &CONNECT), read(section, &ANSWER));
        let idle = read(section, &IDLE);
        Some((connect?, answer?, idle?))
    };
    let (connect, answer, idle) = match section.may("timeouts") {
        Some(node) => node.table(of_connections)??,
        None => (CONNECT.default, ANSWER.default, IDLE.default),
    };
    Some(Timeouts { connect, answer, idle, longest_request: longest_request? })
}

fn read(section: &mut Section<'_>, timeout: &Timeout) -> Option<Duration> {
    let Timeout { key, default, min, max } = *timeout;
    match section.may(key) {
        Some(node) => node.parse(|text| duration_within(text, min, max)),
        None => Some(default),
    }
}
