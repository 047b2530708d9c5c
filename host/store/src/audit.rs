//! The audit log: who did what to a client's work, and when.

use crate::{Lease, StoreError};
use async_trait::async_trait;
use fondaco_model::ClientId;
use fondaco_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that a person did, or the host on its own account, which is kept in the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Who: a principal's name; [`Act::HOST`] for the host itself.
    pub principal: String,
    /// What was done, in one word of the command's, such as `stop` or `retry-action`.
    pub what: String,
    /// To what, such as `shop milano`.
    pub subject: String,
    /// Why, or what else is worth knowing; may be empty. Never a secret, never a person's data.
    pub detail: String,
}

impl Act {
    /// The principal of what the host does by itself.
    pub const HOST: &str = "fondaco";
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its number within the client: 1, 2, 3 …
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    #[serde(flatten)]
    pub act: Act,
}

/// The audit log. See [`Store`](crate::Store) for the rules that hold.
#[async_trait]
pub trait AuditStore: Send + Sync + 'static {
    /// Writes an entry into the audit log that is about nothing in the store itself. What changes
    /// the store at a person's wish writes its entry in its own transaction.
    async fn audit(&self, lease: &Lease, at: Timestamp, act: Act) -> Result<(), StoreError>;

    /// The audit log, newest first: the entries with a number smaller than `before`.
    async fn audit_log(
        &self,
        client: &ClientId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;
}
