//! What a module hears that is not about one thing of a shop: rows of a feed, signals of other
//! modules, and its own life.

use serde::{Deserialize, Serialize};

use crate::{EntityKey, Order, ShopId, Timestamp};

/// Signals in a chain, at most: a signal, one that is sent while it is handled, and so on. Two
/// modules that answer each other's signals end here instead of going round for ever.
pub const SIGNAL_HOPS_MAX: u32 = 8;

/// What a module told the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Its id: the same for the same call of the same run.
    pub id: String,
    /// Its name in the manifests.
    pub name: String,
    /// The shop it is about; absent if it is about none.
    pub shop: Option<ShopId>,
    /// What it carries, as JSON.
    pub payload: String,
    /// How many signals are in its chain, itself included.
    pub hops: u32,
}

/// Some rows of one delivery of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRows {
    /// The feed's name in the client's file.
    pub feed: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, as many fields each as there are columns.
    pub rows: Vec<Vec<String>>,
    /// The number of the first of them in its delivery, from 0.
    pub first: u64,
    /// Whether these are the delivery's last rows.
    pub last: bool,
}

/// Orders from before the install went live, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillPage {
    /// The shop.
    pub shop: ShopId,
    /// Some orders.
    pub orders: Vec<(EntityKey, Order)>,
    /// Whether these are the shop's last ones.
    pub last: bool,
}

/// Where an order stands in the history of its shop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderPlace {
    /// When the customer placed it.
    pub placed_at: Timestamp,
    /// Its id on the platform.
    pub id: String,
}

/// Which orders a page of history is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillRange {
    /// The shop.
    pub shop: ShopId,
    /// The commit when the install began: what came later it hears as it comes.
    pub as_of: u64,
    /// The order that it comes after; absent for the first page.
    pub after: Option<OrderPlace>,
    /// Its last order; absent if there is none any more.
    pub until: Option<OrderPlace>,
    /// Whether it is the shop's last page.
    pub last: bool,
}

/// Something that an install hears of its own life, as it is kept. The orders of a page are read
/// when it is heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum LifecycleStep {
    /// It was installed.
    Installed,
    /// History to learn from. While it waits for its turn it stands for all the pages after the
    /// order it begins with.
    Backfill(BackfillRange),
    /// Its settings changed.
    SettingsChanged,
    /// Another version ran before.
    Upgraded {
        /// Its version.
        version: String,
        /// The number of its state schema.
        state_schema: u32,
    },
    /// A backup was restored.
    Restored(Restoration),
    /// It goes live.
    Live,
    /// It goes into shadow.
    Shadow,
}

/// A backup that was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoration {
    /// When it was taken: the state is as of this moment.
    pub taken_at: Timestamp,
    /// When it was restored: what the shops show has been read since.
    pub restored_at: Timestamp,
}

/// What happened to an install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lifecycle {
    /// It was installed.
    Installed,
    /// History to learn from.
    Backfill(BackfillPage),
    /// Its settings changed.
    SettingsChanged,
    /// Another version ran before.
    Upgraded {
        /// Its version.
        version: String,
        /// The number of its state schema.
        state_schema: u32,
    },
    /// A backup was restored.
    Restored(Restoration),
    /// It goes live.
    Live,
    /// It goes into shadow.
    Shadow,
}
