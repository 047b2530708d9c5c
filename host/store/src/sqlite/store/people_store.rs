//! Who customers are.

use super::*;

#[async_trait]
impl PeopleStore for SqliteStore {
    async fn person(
        &self,
        client: &ClientId,
        key: &PersonKey,
        source: Option<&PersonSource>,
    ) -> Result<Option<Person>, StoreError> {
        let (client, key, source) = (client.clone(), key.clone(), source.cloned());
        let vault = Arc::clone(&self.vault);
        self.readers
            .read("read who somebody is", move |connection| {
                people::person(connection, &vault, &client, &key, source.as_ref())
            })
            .await
    }

    async fn held(
        &self,
        client: &ClientId,
        shop: &ShopId,
        whom: &Whom,
    ) -> Result<Vec<HeldPerson>, StoreError> {
        let (client, shop, whom) = (client.clone(), shop.clone(), whom.clone());
        let vault = Arc::clone(&self.vault);
        self.readers
            .read("read what is held of somebody", move |connection| {
                erase::held(connection, &vault, &client, &shop, &whom)
            })
            .await
    }

    async fn erase(
        &self,
        lease: &Lease,
        at: Timestamp,
        erasure: Erasure,
    ) -> Result<Erased, StoreError> {
        let mut erased = self
            .write(lease, "forget somebody", move |write| erase::erase(write, at, &erasure))
            .await?;
        let path = self.path.clone();
        // It waits for those who read, and they are not kept waiting.
        let cleared = tokio::task::spawn_blocking(move || erase::clear_log(&path)).await;
        erased.log_cleared = cleared.map_err(|_| StoreError::Closed)??;
        Ok(erased)
    }
}
