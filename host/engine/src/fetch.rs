//! Reading single entities: those of which an observation could not be told from another, and those
//! that were masked by an own write.

use std::{collections::BTreeSet, sync::Arc};

use fondaco_model::{EntityKey, ShopId};
use fondaco_platforms::PlatformError;

use crate::{
    client::{Client, Ended},
    now,
    observe::TakeIn,
    watch::Happening,
};

impl Client {
    /// Reads what was asked for, one entity at a time.
    pub async fn fetch_entities(self: Arc<Self>, shop: &ShopId) -> Result<(), Ended> {
        let Some(mut asked) = self.take_fetches(shop) else {
            return Ok(());
        };
        loop {
            let first = tokio::select! {
                key = asked.recv() => key,
                () = self.cancel.cancelled() => return Err(Ended::Stopped),
            };
            // Asked for twice before the read begins, it is read once.
            let mut keys: BTreeSet<EntityKey> = first.into_iter().collect();
            while let Ok(key) = asked.try_recv() {
                keys.insert(key);
            }
            for key in keys {
                self.fetch_entity(&key).await?;
            }
        }
    }

    async fn fetch_entity(&self, key: &EntityKey) -> Result<(), Ended> {
        let Some(shop) = self.shop(&key.shop) else {
            return Ok(());
        };
        for tries in 1.. {
            match shop.platform.fetch(now(), key).await {
                Ok(snapshots) => {
                    self.take_in(TakeIn { snapshots, ..TakeIn::default() }).await?;
                    self.tell(Happening::Fetched {
                        client: self.setup.id.clone(),
                        key: key.clone(),
                    });
                    return Ok(());
                }
                Err(PlatformError::Refused { reason }) => {
                    tracing::warn!(
                        client.id = %self.setup.id, shop.id = %key.shop, entity = %key, reason,
                        "an entity could not be read",
                    );
                    return Ok(());
                }
                Err(
                    PlatformError::Unavailable { reason, .. } | PlatformError::Ambiguous { reason },
                ) => {
                    tracing::debug!(entity = %key, reason, "reading an entity is tried again");
                    self.sleep_after(tries).await?;
                }
            }
        }
        Ok(())
    }
}
