//! What a person does about what came to nothing: dead deliveries and actions, retried or discarded.

use crate::{Act, Lease, StoreError};
use async_trait::async_trait;
use fondaco_model::{ActionEnd, Timestamp};
use std::ops::RangeInclusive;

use fondaco_model::{ActionId, InstallId, ShopId};

/// Every number there is.
pub const ALL_NUMBERS: RangeInclusive<u64> = 0..=u64::MAX;

/// Which dead deliveries: those for which everything holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadSelection {
    /// Their numbers.
    pub numbers: RangeInclusive<u64>,
    /// The shop they are from.
    pub shop: Option<ShopId>,
}

/// Which actions: those for which everything holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionSelection {
    /// Their numbers.
    pub numbers: RangeInclusive<u64>,
    /// The shop they are for.
    pub shop: Option<ShopId>,
    /// The install that proposed them.
    pub install: Option<InstallId>,
}

/// What became of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redone<T> {
    /// Those that it was done to, oldest first.
    pub done: Vec<T>,
    /// Those that were left as they are, with the reason.
    pub left: Vec<(T, String)>,
    /// There are more; one transaction takes so many.
    pub more: bool,
}

impl<T> Default for Redone<T> {
    fn default() -> Self {
        Self { done: Vec::new(), left: Vec::new(), more: false }
    }
}

/// What a person does with actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redo {
    /// Those that failed, were refused or expired wait again, under the same id, and are judged
    /// anew. An expiry that has passed is lifted. Not those whose target a newer action has written
    /// since, or is about to.
    Retry,
    /// Those that wait end as refused.
    Discard {
        /// Why.
        reason: String,
    },
}

/// Actions that something was done to.
pub type RedoneActions = Redone<ActionId>;

/// What a person does about what came to nothing. See [`Store`](crate::Store) for the rules that hold.
#[async_trait]
pub trait RedoStore: Send + Sync + 'static {
    /// Puts dead deliveries back at the end of the inbox, under new numbers. Returns their old ones.
    async fn retry_deliveries(
        &self,
        lease: &Lease,
        at: Timestamp,
        which: DeadSelection,
        act: Act,
    ) -> Result<Redone<u64>, StoreError>;

    /// Deletes dead deliveries.
    async fn discard_deliveries(
        &self,
        lease: &Lease,
        at: Timestamp,
        which: DeadSelection,
        act: Act,
    ) -> Result<Redone<u64>, StoreError>;

    /// Retries or discards actions. Nothing is written, no entry in the audit log either, if there
    /// is none that it could be done to.
    async fn redo_actions(
        &self,
        lease: &Lease,
        at: Timestamp,
        which: ActionSelection,
        redo: Redo,
        act: Act,
    ) -> Result<RedoneActions, StoreError>;

    /// Gives an action that stands as unknown the end that a person found out, and tells its
    /// install. Says whether it stood as unknown.
    async fn decide_action(
        &self,
        lease: &Lease,
        at: Timestamp,
        action: &ActionId,
        end: ActionEnd,
        act: Act,
    ) -> Result<bool, StoreError>;
}
