//! What is kept, for how long, and how it survives.

use super::*;

#[async_trait]
impl KeepingStore for SqliteStore {
    async fn mark_commit(&self, lease: &Lease, at: Timestamp) -> Result<(), StoreError> {
        self.write(lease, "note a commit", move |write| retention::mark(write, at)).await
    }

    async fn forget(
        &self,
        lease: &Lease,
        at: Timestamp,
        what: Forget,
    ) -> Result<Forgotten, StoreError> {
        let (holder, looked_for) = (lease.clone(), what.clone());
        let found = self.readers.read("look for what is too old", move |connection| {
            retention::find(connection, &holder, at, &looked_for)
        });
        let found = match found.await?.nothing() {
            Ok(nothing) => return Ok(nothing),
            Err(found) => found,
        };
        let holder = lease.clone();
        self.write(lease, "forget what is too old", move |write| {
            retention::forget(write, &holder, at, &what, found)
        })
        .await
    }

    async fn backup(&self, file: &Path, at: Timestamp) -> Result<Backup, StoreError> {
        let (database, file) = (self.path.clone(), file.to_owned());
        let taking = tokio::task::spawn_blocking(move || backup::take(&database, &file, at));
        taking.await.map_err(|_| StoreError::Closed)?
    }

    async fn quarantine(&self, client: &ClientId) -> Result<Option<Quarantine>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read a client's quarantine", move |connection| {
                quarantine::of(connection, &client)
            })
            .await
    }

    async fn release(&self, lease: &Lease, at: Timestamp, act: Act) -> Result<bool, StoreError> {
        self.write(lease, "release a client", move |write| quarantine::release(write, at, &act))
            .await
    }
}
