//! What waits, and for how long: asked for by the status and by whoever scrapes the metrics.

use fondaco_model::{ClientId, InstallId, Timestamp};
use fondaco_store::StoreError;

use crate::{Engine, limits, route::hears};

impl Engine {
    /// When the oldest event that an install has to hear, and is not done with, was observed.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn oldest_event(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(client) = self.clients.get(client) else {
            return Ok(None);
        };
        let Some(setup) = client.setup.installs.get(install) else {
            return Ok(None);
        };
        let id = &client.setup.id;
        let mut after = client.store.install_progress(id, install).await?.unwrap_or_default().event;
        let last = after + limits::PASSED_EVENTS_MAX;
        // An install passes by that many events before its cursor says so. If it has to hear none
        // of those, it is done with them.
        while after < last {
            let events = client.store.events(id, after, limits::EVENTS_BATCH_MAX).await?;
            if let Some(event) = events.iter().find(|event| hears(install, setup, event)) {
                return Ok(Some(event.observed_at));
            }
            let Some(newest) = events.last() else {
                return Ok(None);
            };
            after = newest.number;
        }
        Ok(None)
    }
}
