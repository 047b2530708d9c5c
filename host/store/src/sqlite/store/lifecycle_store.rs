//! What installs hear of themselves and by the clock.

use super::*;

#[async_trait]
impl LifecycleStore for SqliteStore {
    async fn begin_schedule(
        &self,
        lease: &Lease,
        install: &InstallId,
        schedule: &str,
        from: Timestamp,
    ) -> Result<(), StoreError> {
        let (install, schedule) = (install.clone(), schedule.to_owned());
        self.write(lease, "begin a schedule", move |write| {
            events::begin(write, &install, &schedule, from)
        })
        .await
    }

    async fn begin_lifecycle(
        &self,
        lease: &Lease,
        at: Timestamp,
        install: &InstallId,
        identity: InstallIdentity,
        steps: Vec<LifecycleStep>,
    ) -> Result<(), StoreError> {
        let install = install.clone();
        self.write(lease, "note what an install is", move |write| {
            lifecycle::begin(write, at, &install, identity, steps)
        })
        .await
    }

    async fn lifecycle(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<LifecycleProgress>, StoreError> {
        let (client, install) = (client.clone(), install.clone());
        self.readers
            .read("read what an install was", move |connection| {
                lifecycle::progress(connection, &client, &install)
            })
            .await
    }

    async fn note_present(
        &self,
        lease: &Lease,
        at: Timestamp,
        present: &[InstallId],
    ) -> Result<(), StoreError> {
        let present = present.to_vec();
        self.write(lease, "note who is absent", move |write| absences::note(write, at, &present))
            .await
    }

    async fn absences(&self, client: &ClientId) -> Result<Vec<Absence>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read who is absent", move |connection| absences::list(connection, &client))
            .await
    }

    async fn keep_nothing_for(
        &self,
        lease: &Lease,
        install: &InstallId,
    ) -> Result<bool, StoreError> {
        let install = install.clone();
        self.write(lease, "keep nothing for an absent install", move |write| {
            absences::keep_nothing_for(write, &install)
        })
        .await
    }

    async fn past_orders(
        &self,
        client: &ClientId,
        range: &BackfillRange,
    ) -> Result<Vec<(EntityKey, Entity)>, StoreError> {
        let (client, range) = (client.clone(), range.clone());
        self.readers
            .read("read a shop's history", move |connection| {
                history::orders(connection, client, &range)
            })
            .await
    }
}
