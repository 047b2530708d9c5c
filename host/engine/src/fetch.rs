//! Reading single entities: those of which an observation could not be told from another, and those
//! that were masked by an own write.

use std::{collections::BTreeMap, sync::Arc};

use fondaco_model::{EntityKey, ShopId, TraceId};
use fondaco_platforms::PlatformError;
use tracing::Instrument as _;

use crate::{
    client::{Asked, Client, Ended},
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
            // Asked for twice before the read begins, it is read once, for whoever asked first.
            let mut keys: BTreeMap<EntityKey, TraceId> = BTreeMap::new();
            for Asked { key, trace } in
                first.into_iter().chain(std::iter::from_fn(|| asked.try_recv().ok()))
            {
                keys.entry(key).or_insert(trace);
            }
            for (key, trace) in keys {
                let span =
                    tracing::info_span!("fetch", client.id = %self.setup.id, trace.id = %trace);
                self.fetch_entity(&key, trace).instrument(span).await?;
            }
        }
    }

    async fn fetch_entity(&self, key: &EntityKey, trace: TraceId) -> Result<(), Ended> {
        let Some(shop) = self.shop(&key.shop) else {
            return Ok(());
        };
        for tries in 1.. {
            match shop.platform.fetch(now(), key).await {
                Ok(snapshots) => {
                    let trace = Some(trace);
                    self.take_in(TakeIn { trace, snapshots, ..TakeIn::default() }).await?;
                    self.tell(Happening::Fetched {
                        client: self.setup.id.clone(),
                        key: key.clone(),
                    });
                    return Ok(());
                }
                Err(PlatformError::Refused { reason } | PlatformError::Unsupported { reason }) => {
                    tracing::warn!(
                        client.id = %self.setup.id, shop.id = %key.shop, entity = %key, reason,
                        "an entity could not be read",
                    );
                    return Ok(());
                }
                Err(error) => {
                    tracing::debug!(entity = %key, %error, "reading an entity is tried again");
                    self.sleep_after_error(tries, &error).await?;
                }
            }
        }
        Ok(())
    }
}
