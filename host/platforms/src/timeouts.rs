//! Every time that is waited for a shop, in one table: what holds unless a shop's file says
//! otherwise, and within which bounds it may.

use std::time::Duration;

/// A time that is waited, and its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout {
    /// Its name in a shop's file.
    pub key: &'static str,
    /// How long it is unless the file says otherwise.
    pub default: Duration,
    /// How long it is at least.
    pub min: Duration,
    /// How long it is at most.
    pub max: Duration,
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// How long a connection to a shop may take to come about.
pub const CONNECT: Timeout =
    Timeout { key: "connect", default: seconds(10), min: seconds(1), max: seconds(60) };

/// How long an answer may take, from sending the request to the last byte of the body.
pub const ANSWER: Timeout =
    Timeout { key: "answer", default: seconds(30), min: seconds(1), max: seconds(300) };

/// How long a connection that is not used is kept for the next request.
pub const IDLE: Timeout =
    Timeout { key: "idle", default: seconds(60), min: seconds(1), max: seconds(600) };

/// After how long a shop has surely given up a request that it did not answer.
pub const LONGEST_REQUEST: Timeout = Timeout {
    key: "longest-request",
    default: seconds(30),
    min: Duration::from_millis(100),
    max: seconds(3600),
};

/// The times that are waited for one shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// See [`CONNECT`].
    pub connect: Duration,
    /// See [`ANSWER`].
    pub answer: Duration,
    /// See [`IDLE`].
    pub idle: Duration,
    /// See [`LONGEST_REQUEST`].
    pub longest_request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: CONNECT.default,
            answer: ANSWER.default,
            idle: IDLE.default,
            longest_request: LONGEST_REQUEST.default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_by_default_is_within_its_bounds() {
        for timeout in [CONNECT, ANSWER, IDLE, LONGEST_REQUEST] {
            let Timeout { key, default, min, max } = timeout;
            assert!(min <= default && default <= max, "{key}");
        }
    }
}
