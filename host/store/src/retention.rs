//! What is kept for a time only, and for how long.

use std::time::Duration;

use fondaco_model::Timestamp;

/// A day, the unit that retention is spoken of in.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A kind of rows that is kept for a time only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// Rows of the mirror that a newer one of the same entity has superseded.
    MirrorRows,
    /// Values of state that a newer one of the same key has superseded, and the marks of keys that
    /// were deleted.
    StateRows,
    /// Which variants had an SKU that they no longer have.
    Skus,
    /// Until when the orders of a shop were complete, where that has moved on.
    Watermarks,
    /// Events that every install has passed.
    Events,
    /// Records of runs, with the HTTP answers they got.
    Runs,
    /// Actions that have ended, and that nothing open comes after.
    Actions,
    /// Deliveries that nothing could be made of.
    DeadDeliveries,
    /// That a delivery came and was worked in, for traces.
    PastDeliveries,
    /// The audit log.
    Audit,
    /// Which commit was the last at some moment, as far as nothing above needs it any more.
    CommitMarks,
}

impl Kept {
    /// All of them, in the order in which they are forgotten: the marks last, which the others
    /// need.
    pub const ALL: [Self; 11] = [
        Self::MirrorRows,
        Self::StateRows,
        Self::Skus,
        Self::Watermarks,
        Self::Events,
        Self::Runs,
        Self::Actions,
        Self::DeadDeliveries,
        Self::PastDeliveries,
        Self::Audit,
        Self::CommitMarks,
    ];

    /// The word for it in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MirrorRows => "mirror-row",
            Self::StateRows => "state-row",
            Self::Skus => "sku",
            Self::Watermarks => "watermark",
            Self::Events => "event",
            Self::Runs => "run",
            Self::Actions => "action",
            Self::DeadDeliveries => "dead-delivery",
            Self::PastDeliveries => "past-delivery",
            Self::Audit => "audit-entry",
            Self::CommitMarks => "commit-mark",
        }
    }
}

/// How long each kind is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The replay period: for so long it can be read what the mirror, the state of modules and the
    /// watermarks of shops were.
    pub replay: Duration,
    /// Events that every install has passed, and that a delivery led to them.
    pub events: Duration,
    /// Records of runs.
    pub runs: Duration,
    /// Actions that have ended.
    pub actions: Duration,
    /// Deliveries that nothing could be made of.
    pub dead_deliveries: Duration,
    /// The audit log.
    pub audit: Duration,
    /// How long what an install has yet to hear is kept for it, once it is not in its client's file.
    pub absent_installs: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            replay: DAY * 90,
            events: DAY * 90,
            runs: DAY * 90,
            actions: DAY * 365,
            dead_deliveries: DAY * 365,
            audit: DAY * 3650,
            absent_installs: DAY * 30,
        }
    }
}

impl Retention {
    /// How long a kind is kept.
    #[must_use]
    pub fn of(&self, kind: Kept) -> Duration {
        match kind {
            Kept::MirrorRows | Kept::StateRows | Kept::Skus | Kept::Watermarks => self.replay,
            Kept::Events | Kept::PastDeliveries => self.events,
            Kept::Runs => self.runs,
            Kept::Actions => self.actions,
            Kept::DeadDeliveries => self.dead_deliveries,
            Kept::Audit => self.audit,
            Kept::CommitMarks => self.replay.max(self.events).max(self.runs),
        }
    }
}

/// What to forget in one small batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forget {
    /// Of which kind.
    pub kind: Kept,
    /// Only what nobody needed any more at this moment.
    pub before: Timestamp,
    /// Where the batch before this one ended ([`Forgotten::next`]); none for the first.
    pub from: Option<String>,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows that are gone now.
    pub rows: u64,
    /// Where the next batch begins, in the backend's words; absent: this was the last.
    pub next: Option<String>,
}
