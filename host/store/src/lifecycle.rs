//! The life of an install: what it was, and what it has yet to hear of what became of it.

use crate::{Lease, StoreError};
use async_trait::async_trait;
use fondaco_model::hear::{BackfillRange, LifecycleStep};
use fondaco_model::{ClientId, Entity, EntityKey, InstallId, Timestamp};
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

    /// The orders of a page of history, oldest first, as they were as of its commit.
    async fn past_orders(
        &self,
        client: &ClientId,
        range: &BackfillRange,
    ) -> Result<Vec<(EntityKey, Entity)>, StoreError>;
}
