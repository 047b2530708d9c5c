//! Backups: what one holds, and what becomes of a client when it is restored.

use crate::{Act, Forget, Forgotten, Lease, StoreError};
use async_trait::async_trait;
use std::path::Path;
use std::path::PathBuf;

use fondaco_model::{ClientId, Timestamp};
use serde::{Deserialize, Serialize};

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its file.
    pub file: PathBuf,
    /// Its size, in bytes.
    pub bytes: u64,
    /// When it was begun: whatever was on disk then is in it.
    pub taken_at: Timestamp,
    /// What it holds of each client.
    pub clients: Vec<BackedUp>,
}

/// What a backup holds of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// The client.
    pub client: ClientId,
    /// Its last event's number.
    pub last_event: u64,
    /// Deliveries in its inbox.
    pub deliveries: u64,
    /// Its actions that have not ended: what has to be looked for after a restore.
    pub actions: u64,
}

/// That a client's database was restored from a backup, and whether it may act again.
///
/// The host that went on after the backup was taken did things that this one does not know of. So
/// until a person releases the client, its modules do not run and nothing is sent to its shops;
/// deliveries are accepted and the mirror is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// When the backup was restored.
    pub since: Timestamp,
    /// When the backup was taken.
    pub backup_taken_at: Timestamp,
    /// The client's last event when it was released; absent: it was not yet. What happened until
    /// then may have been acted on by the host that is lost.
    pub released_event: Option<u64>,
}

/// What is kept, for how long, and how it survives. See [`Store`](crate::Store) for the rules that hold.
#[async_trait]
pub trait KeepingStore: Send + Sync + 'static {
    /// Notes that it is this moment, so that it can be told later which commits are from before it.
    /// To be called from time to time; retention is as exact as this is frequent.
    async fn mark_commit(&self, lease: &Lease, at: Timestamp) -> Result<(), StoreError>;

    /// Forgets a small batch of one kind that nobody has needed since a moment. Never: the newest
    /// row of anything, what an event needs that a registered install has not passed, what a run
    /// reads that began within [`limits::VIEW_HELD_MS_MAX`], an action that has not ended or that
    /// such a one comes after. Whatever may still be read is the same afterwards.
    async fn forget(
        &self,
        lease: &Lease,
        at: Timestamp,
        what: Forget,
    ) -> Result<Forgotten, StoreError>;

    /// Writes a backup of all clients into a file that is not there yet, readable by its owner
    /// alone, while everything goes on. It is as of one commit, and on disk when this returns.
    async fn backup(&self, file: &Path, at: Timestamp) -> Result<Backup, StoreError>;

    /// The client's quarantine, if its database was restored; also after it was released.
    async fn quarantine(&self, client: &ClientId) -> Result<Option<Quarantine>, StoreError>;

    /// Ends the client's quarantine, at somebody's wish. Says whether it was in one.
    async fn release(&self, lease: &Lease, at: Timestamp, act: Act) -> Result<bool, StoreError>;
}
