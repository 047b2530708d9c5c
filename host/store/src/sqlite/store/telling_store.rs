//! What is told of a client's work.

use super::*;

#[async_trait]
impl TellingStore for SqliteStore {
    async fn trace(
        &self,
        client: &ClientId,
        trace: TraceId,
        limit: u32,
    ) -> Result<TraceStory, StoreError> {
        let client = client.clone();
        self.readers
            .read("read a trace", move |connection| {
                telling::trace(connection, &client, &trace, limit)
            })
            .await
    }

    async fn run(
        &self,
        client: &ClientId,
        install: &InstallId,
        number: u64,
    ) -> Result<Option<RunRecord>, StoreError> {
        let (client, install) = (client.clone(), install.clone());
        self.readers
            .read("read a run", move |connection| {
                telling::run(connection, &client, &install, number)
            })
            .await
    }

    async fn run_times(
        &self,
        client: &ClientId,
        install: &InstallId,
        limit: u32,
    ) -> Result<Vec<RunTime>, StoreError> {
        let (client, install) = (client.clone(), install.clone());
        self.readers
            .read("read the times of runs", move |connection| {
                telling::run_times(connection, &client, &install, limit)
            })
            .await
    }

    async fn counted(
        &self,
        client: &ClientId,
        install: &InstallId,
        counter: Counter,
        since_hour: u64,
    ) -> Result<u64, StoreError> {
        let (client, install) = (client.clone(), install.clone());
        self.readers
            .read("read a counter", move |connection| {
                telling::counted(connection, &client, &install, counter, since_hour)
            })
            .await
    }

    async fn last_deliveries(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let (client, shop) = (client.clone(), shop.clone());
        self.readers
            .read("read when the last deliveries came", move |connection| {
                telling::last_deliveries(connection, &client, &shop)
            })
            .await
    }

    async fn oldest_actions(&self, client: &ClientId) -> Result<Vec<OldestAction>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read the oldest actions", move |connection| {
                telling::oldest_actions(connection, &client)
            })
            .await
    }
}
