//! The audit log.

use super::*;

#[async_trait]
impl AuditStore for SqliteStore {
    async fn audit(&self, lease: &Lease, at: Timestamp, act: Act) -> Result<(), StoreError> {
        self.write(lease, "write the audit log", move |write| {
            audit::record(write, at, &act)?;
            Ok(Verdict::Keep(()))
        })
        .await
    }

    async fn audit_log(
        &self,
        client: &ClientId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read the audit log", move |connection| {
                audit::log(connection, &client, before, limit)
            })
            .await
    }
}
