//! Backups: what one holds, and what becomes of a client when it is restored.

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
    /// The client's last event when it was released; absent: it was not yet. What is proposed on an
    /// event up to this one may have been done by the host that is lost.
    pub released_event: Option<u64>,
}
