//! Shops: how far comparing all that one has with the mirror has come, since when nothing was heard
//! of one, and what waits for one that does not answer.
//!
//! What a comparison has seen listed on the shop is kept in the store and not in memory: a shop may
//! have more than fits there, and a host that dies goes on where it was.

use std::{collections::BTreeMap, ops::AddAssign};

use async_trait::async_trait;
use fondaco_model::{ClientId, ShopId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Lease, StoreError};

/// What a shop is compared with the mirror in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListedKind {
    /// What it sells.
    Variant,
    /// Its orders.
    Order,
    /// Its customers with an account.
    Customer,
}

impl ListedKind {
    /// All there are, in the order in which they are compared.
    pub const ALL: [Self; 3] = [Self::Variant, Self::Customer, Self::Order];

    /// The word for it in the store, in metrics and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Variant => "variant",
            Self::Order => "order",
            Self::Customer => "customer",
        }
    }
}

/// How many things of a kind were other on the shop than in the mirror, and were put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Drift {
    /// The shop has them, and the mirror had not.
    pub missing: u64,
    /// The shop has another version: a newer one, or an older one since its own time stepped back.
    pub outdated: u64,
    /// The mirror had them, and the shop has not.
    pub gone: u64,
}

impl Drift {
    /// How many in all.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.missing + self.outdated + self.gone
    }
}

impl AddAssign for Drift {
    fn add_assign(&mut self, other: Self) {
        self.missing += other.missing;
        self.outdated += other.outdated;
        self.gone += other.gone;
    }
}

/// A comparison of all that a shop has with the mirror.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reconciliation {
    /// When it was begun.
    pub began_at: Timestamp,
    /// When it was complete; absent: it is under way.
    pub ended_at: Option<Timestamp>,
    /// Where it goes on, in the words of whoever does it; absent: at its beginning.
    pub position: Option<String>,
    /// Entries of the shop's lists that were compared so far.
    pub compared: u64,
    /// What was put right.
    pub drift: BTreeMap<ListedKind, Drift>,
}

impl Reconciliation {
    /// How many things were put right, of all kinds.
    #[must_use]
    pub fn drifted(&self) -> u64 {
        self.drift.values().map(Drift::count).sum()
    }
}

/// A step of a comparison, committed with what was put right by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconciliationStep {
    /// Of which shop.
    pub shop: ShopId,
    /// How far it has come with this step.
    pub reconciliation: Reconciliation,
    /// What the shop has, as this step saw it listed.
    pub listed: Vec<(ListedKind, String)>,
}

/// What is known of shops besides what they sell and sold. See [`Store`](crate::Store) for the rules
/// that hold.
#[async_trait]
pub trait ShopStore: Send + Sync + 'static {
    /// The shop's last comparison, or the one that is under way; nothing if there was none.
    async fn reconciliation(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<Option<Reconciliation>, StoreError>;

    /// What the mirror has of a kind, not as something that is gone, and no step of the comparison
    /// that is under way saw listed: ids after `after`, in the order of their bytes, at most `limit`.
    async fn unlisted(
        &self,
        client: &ClientId,
        shop: &ShopId,
        kind: ListedKind,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Forgets at most `limit` of what comparisons of a shop saw listed; says how many they were.
    async fn forget_listed(
        &self,
        lease: &Lease,
        shop: &ShopId,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Puts off all actions that wait for a shop, because it is not to be asked before a moment. Says
    /// how many they are.
    async fn put_off(
        &self,
        lease: &Lease,
        shop: &ShopId,
        until: Timestamp,
        reason: &str,
    ) -> Result<u64, StoreError>;

    /// Notes since when nothing was heard of a shop; absent: it was heard of again. Says whether that
    /// is new.
    async fn note_silence(
        &self,
        lease: &Lease,
        shop: &ShopId,
        since: Option<Timestamp>,
    ) -> Result<bool, StoreError>;

    /// Since when nothing was heard of a shop, as of a commit; absent: it was heard of.
    async fn silent_since(
        &self,
        client: &ClientId,
        shop: &ShopId,
        commit: u64,
    ) -> Result<Option<Timestamp>, StoreError>;
}
