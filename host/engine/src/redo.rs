//! What a person does about what came to nothing: deliveries and actions are retried, discarded or
//! decided on. The store does it; here those are woken who have work then.

use std::sync::Arc;

use fondaco_model::{ActionEnd, ActionId, ClientId};
use fondaco_store::{Act, ActionSelection, DeadSelection, Redo, Redone, RedoneActions, StoreError};

use crate::{Engine, client::Client, now};

impl Engine {
    /// Puts dead deliveries back into the inbox.
    ///
    /// # Errors
    /// If the host does not work for the client, or the store fails.
    pub async fn retry_deliveries(
        &self,
        client: &ClientId,
        which: DeadSelection,
        act: Act,
    ) -> Result<Redone<u64>, StoreError> {
        let client = self.working_for(client)?;
        let redone = client.store.retry_deliveries(&client.lease, now(), which, act).await?;
        client.wakes.deliveries.notify_one();
        Ok(redone)
    }

    /// Deletes dead deliveries.
    ///
    /// # Errors
    /// If the host does not work for the client, or the store fails.
    pub async fn discard_deliveries(
        &self,
        client: &ClientId,
        which: DeadSelection,
        act: Act,
    ) -> Result<Redone<u64>, StoreError> {
        let client = self.working_for(client)?;
        client.store.discard_deliveries(&client.lease, now(), which, act).await
    }

    /// Retries or discards actions.
    ///
    /// # Errors
    /// If the host does not work for the client, or the store fails.
    pub async fn redo_actions(
        &self,
        client: &ClientId,
        which: ActionSelection,
        redo: Redo,
        act: Act,
    ) -> Result<RedoneActions, StoreError> {
        let client = self.working_for(client)?;
        let redone = client.store.redo_actions(&client.lease, now(), which, redo, act).await?;
        client.wakes.outbox.notify_one();
        client.wake_installs();
        Ok(redone)
    }

    /// Gives an action that stands as unknown the end that a person found out. Says whether it
    /// stood as unknown.
    ///
    /// # Errors
    /// If the host does not work for the client, there is no such action, or the store fails.
    pub async fn decide_action(
        &self,
        client: &ClientId,
        action: &ActionId,
        end: ActionEnd,
        act: Act,
    ) -> Result<bool, StoreError> {
        let client = self.working_for(client)?;
        let decided = client.store.decide_action(&client.lease, now(), action, end, act).await?;
        client.wakes.outbox.notify_one();
        client.wake_installs();
        Ok(decided)
    }

    fn working_for(&self, client: &ClientId) -> Result<&Arc<Client>, StoreError> {
        let missing = || StoreError::Missing { client: client.clone(), what: "work here".into() };
        self.clients.get(client).ok_or_else(missing)
    }
}
