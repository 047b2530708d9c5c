//! The life of an install: what it was, and what it has yet to hear of what became of it.

use serde::{Deserialize, Serialize};

/// What an install is, as far as it is told when that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallIdentity {
    /// Its module's version.
    pub version: String,
    /// The number of its module's state schema.
    pub state_schema: u32,
    /// A digest of its settings.
    pub settings: String,
    /// The word for its mode.
    pub mode: String,
}

/// Where an install stands in its own life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleProgress {
    /// What it was when it last began to work.
    pub identity: InstallIdentity,
    /// The event it is to hear now, ahead of all others; absent if there is nothing to tell.
    pub event: Option<u64>,
    /// The cursor it is to be called again with, for that event.
    pub cursor: Option<String>,
}

/// The last tick of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastTick {
    /// When it was due; of a schedule that has not ticked yet, the moment it counts from.
    pub due_at: fondaco_model::Timestamp,
    /// Whether it waits to be handled.
    pub waits: bool,
}
