//! What a person does about what came to nothing.

use super::*;

#[async_trait]
impl RedoStore for SqliteStore {
    async fn retry_deliveries(
        &self,
        lease: &Lease,
        at: Timestamp,
        which: DeadSelection,
        act: Act,
    ) -> Result<Redone<u64>, StoreError> {
        self.write(lease, "retry deliveries", move |write| {
            redo::retry_deliveries(write, at, &which, &act)
        })
        .await
    }

    async fn discard_deliveries(
        &self,
        lease: &Lease,
        at: Timestamp,
        which: DeadSelection,
        act: Act,
    ) -> Result<Redone<u64>, StoreError> {
        self.write(lease, "discard deliveries", move |write| {
            redo::discard_deliveries(write, at, &which, &act)
        })
        .await
    }

    async fn redo_actions(
        &self,
        lease: &Lease,
        at: Timestamp,
        which: ActionSelection,
        redo: Redo,
        act: Act,
    ) -> Result<RedoneActions, StoreError> {
        self.write(lease, "retry or discard actions", move |write| {
            redo::redo_actions(write, at, &which, &redo, &act)
        })
        .await
    }

    async fn decide_action(
        &self,
        lease: &Lease,
        at: Timestamp,
        action: &ActionId,
        end: ActionEnd,
        act: Act,
    ) -> Result<bool, StoreError> {
        let action = action.clone();
        self.write(lease, "decide on an action", move |write| {
            redo::decide(write, at, &action, end, &act)
        })
        .await
    }
}
