//! Shops: comparing them with the mirror, and their silence.

use super::*;

#[async_trait]
impl ShopStore for SqliteStore {
    async fn reconciliation(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<Option<Reconciliation>, StoreError> {
        let (client, shop) = (client.clone(), shop.clone());
        self.readers
            .read("read how far a shop is compared", move |connection| {
                shops::reconciliation(connection, &client, &shop)
            })
            .await
    }

    async fn unlisted(
        &self,
        client: &ClientId,
        shop: &ShopId,
        kind: ListedKind,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let (client, shop, after) = (client.clone(), shop.clone(), after.map(str::to_owned));
        self.readers
            .read("read what a shop did not list", move |connection| {
                shops::unlisted(connection, &client, &shop, kind, after.as_deref(), limit)
            })
            .await
    }

    async fn forget_listed(
        &self,
        lease: &Lease,
        shop: &ShopId,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let shop = shop.clone();
        self.write(lease, "forget what a shop listed", move |write| {
            shops::forget_listed(write, &shop, limit)
        })
        .await
    }

    async fn put_off(
        &self,
        lease: &Lease,
        shop: &ShopId,
        until: Timestamp,
        reason: &str,
    ) -> Result<u64, StoreError> {
        let (shop, reason) = (shop.clone(), reason.to_owned());
        self.write(lease, "put off what waits for a shop", move |write| {
            shops::put_off(write, &shop, until, &reason)
        })
        .await
    }

    async fn note_silence(
        &self,
        lease: &Lease,
        shop: &ShopId,
        since: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let shop = shop.clone();
        self.write(lease, "note that a shop is silent", move |write| {
            shops::note_silence(write, &shop, since)
        })
        .await
    }

    async fn silent_since(
        &self,
        client: &ClientId,
        shop: &ShopId,
        commit: u64,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (client, shop) = (client.clone(), shop.clone());
        self.readers
            .read("read whether a shop is silent", move |connection| {
                shops::silent_since(connection, &client, &shop, commit)
            })
            .await
    }
}
