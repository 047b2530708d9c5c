//! Modes, stops, alerts. What a person does of these is audited in its transaction.

use super::*;

#[async_trait]
impl ControlStore for SqliteStore {
    async fn enter_mode(
        &self,
        lease: &Lease,
        at: Timestamp,
        install: &InstallId,
        mode: Mode,
        shadow_state: ShadowState,
    ) -> Result<bool, StoreError> {
        let install = install.clone();
        self.write(lease, "bring an install into its mode", move |write| {
            modes::enter(write, at, &install, mode, shadow_state)
        })
        .await
    }

    async fn install_standing(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<InstallStanding>, StoreError> {
        let (client, install) = (client.clone(), install.clone());
        self.readers
            .read("read how an install is run", move |connection| {
                modes::standing(connection, &client, &install)
            })
            .await
    }

    async fn stop(&self, lease: &Lease, stop: Stop) -> Result<bool, StoreError> {
        self.write(lease, "stop work", move |write| stops::stop(write, &stop)).await
    }

    async fn go(&self, lease: &Lease, go: Go) -> Result<bool, StoreError> {
        self.write(lease, "let work go on", move |write| stops::go(write, &go)).await
    }

    async fn stops(&self, client: &ClientId) -> Result<Vec<Stop>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read what is stopped", move |connection| stops::stops(connection, &client))
            .await
    }

    async fn pause_failing(
        &self,
        lease: &Lease,
        at: Timestamp,
        run: RunCommit,
        alert: NewAlert,
    ) -> Result<bool, StoreError> {
        self.write(lease, "pause a failing install", move |write| {
            stops::pause_failing(write, at, run, &alert)
        })
        .await
    }

    async fn raise_alert(
        &self,
        lease: &Lease,
        at: Timestamp,
        alert: NewAlert,
    ) -> Result<bool, StoreError> {
        self.write(lease, "raise an alert", move |write| {
            Ok(Verdict::Keep(alerts::raise(write, at, &alert)?))
        })
        .await
    }

    async fn resolve_alert(
        &self,
        lease: &Lease,
        at: Timestamp,
        key: &str,
        by: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (key, by) = (key.to_owned(), by.map(str::to_owned));
        self.write(lease, "resolve an alert", move |write| alerts::resolve_for(write, at, &key, by))
            .await
    }

    async fn alerts(
        &self,
        client: &ClientId,
        open_only: bool,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read the alerts", move |connection| {
                alerts::alerts(connection, &client, open_only, limit)
            })
            .await
    }
}
