//! Where an install stands in the client's events.

use std::collections::BTreeMap;

/// Where an install stands in the client's events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstallProgress {
    /// Its cursor: it is done with every event up to this one.
    pub event: u64,
    /// What it has done beyond, by the event's number.
    pub ahead: BTreeMap<u64, Ahead>,
}

/// What an install has done of an event beyond its cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ahead {
    /// All of it.
    Done,
    /// Some pages of it.
    Again {
        /// The cursor it is to be called again with.
        cursor: String,
    },
}

impl InstallProgress {
    /// How many events it is not done with, if this is the client's last one. Some of them may be
    /// none that it hears.
    #[must_use]
    pub fn behind(&self, last_event: u64) -> u64 {
        let done = self.ahead.values().filter(|ahead| **ahead == Ahead::Done).count();
        last_event.saturating_sub(self.event).saturating_sub(done as u64)
    }
}
