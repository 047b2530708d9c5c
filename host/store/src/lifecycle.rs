//! The life of an install: what it was, and what it has yet to hear of what became of it.

use crate::{Lease, StoreError};
use async_trait::async_trait;
use fondaco_model::hear::{BackfillRange, LifecycleStep, Restoration};
use fondaco_model::{ClientId, Entity, EntityKey, InstallId, Timestamp};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

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
    /// The last restore of a backup that it was in.
    #[serde(default)]
    pub restoration: Option<Restoration>,
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

/// An install that is registered and is not in its client's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// The install.
    pub install: InstallId,
    /// Since when it is not there, as far as that was noted.
    pub since: Timestamp,
    /// Its cursor. Once nothing is kept for it, it goes on with what is forgotten.
    pub event: u64,
    /// The first event that was not kept for it; absent: all are.
    pub missed_from: Option<u64>,
}

impl Absence {
    /// The events that it will not hear should it return; none if all of them are kept.
    #[must_use]
    pub fn missed(&self) -> Option<RangeInclusive<u64>> {
        self.missed_from.filter(|from| *from <= self.event).map(|from| from..=self.event)
    }
}

/// The last tick of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastTick {
    /// When it was due; of a schedule that has not ticked yet, the moment it counts from.
    pub due_at: Timestamp,
    /// Whether it waits to be handled.
    pub waits: bool,
}

/// What installs hear of themselves and by the clock. See [`Store`](crate::Store) for the rules that hold.
#[async_trait]
pub trait LifecycleStore: Send + Sync + 'static {
    /// Notes when a schedule counts from, unless it has ticked or was begun. The install must be
    /// registered.
    async fn begin_schedule(
        &self,
        lease: &Lease,
        install: &InstallId,
        schedule: &str,
        from: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes what an install is now, and adds steps to what it has yet to hear of its own life,
    /// ahead of those that wait; if it hears none now, the first is raised. History is raised page
    /// by page, as of this commit. The install must be registered.
    async fn begin_lifecycle(
        &self,
        lease: &Lease,
        at: Timestamp,
        install: &InstallId,
        identity: InstallIdentity,
        steps: Vec<LifecycleStep>,
    ) -> Result<(), StoreError>;

    /// Where an install stands in its own life; nothing if that was never begun.
    async fn lifecycle(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<LifecycleProgress>, StoreError>;

    /// Notes which installs are in the client's file. Of the others, it is noted since when they are
    /// not; one that is back hears what is kept after its cursor.
    async fn note_present(
        &self,
        lease: &Lease,
        at: Timestamp,
        present: &[InstallId],
    ) -> Result<(), StoreError>;

    /// The installs that were not in the client's file when that was last noted, by name.
    async fn absences(&self, client: &ClientId) -> Result<Vec<Absence>, StoreError>;

    /// Lets what an absent install has yet to hear be forgotten like what it has heard; its cursor is
    /// then at the oldest event that is kept. Says whether that was not so before.
    async fn keep_nothing_for(
        &self,
        lease: &Lease,
        install: &InstallId,
    ) -> Result<bool, StoreError>;

    /// The orders of a page of history, oldest first, as they were as of its commit.
    async fn past_orders(
        &self,
        client: &ClientId,
        range: &BackfillRange,
    ) -> Result<Vec<(EntityKey, Entity)>, StoreError>;
}
