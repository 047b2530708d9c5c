//! What a module hears that is not about one thing of a shop: rows of a feed, and its own life.

use crate::{EntityKey, Order, ShopId};

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
    /// It goes live.
    Live,
    /// It goes into shadow.
    Shadow,
}
