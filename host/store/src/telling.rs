//! What the store tells of a client's work: a trace's whole story, and figures.

use crate::StoreError;
use async_trait::async_trait;
use fondaco_model::{Action, Event, InstallId, ShopId, Timestamp};
use fondaco_model::{ClientId, TraceId};

use crate::RunRecord;

/// Everything that is known under one trace's id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceStory {
    /// The deliveries it began with. None if it began with a poll, an import or a tick.
    pub deliveries: Vec<TracedDelivery>,
    /// Its events, oldest first.
    pub events: Vec<Event>,
    /// The runs of those, oldest first.
    pub runs: Vec<RunRecord>,
    /// The actions that those proposed, oldest first.
    pub actions: Vec<Action>,
}

impl TraceStory {
    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { deliveries, events, runs, actions } = self;
        deliveries.is_empty() && events.is_empty() && runs.is_empty() && actions.is_empty()
    }
}

/// A delivery, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedDelivery {
    /// Its number.
    pub number: u64,
    /// The shop it is from.
    pub shop: ShopId,
    /// What the platform said it is about.
    pub topic: String,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Where it is.
    pub place: DeliveryPlace,
}

/// Where a delivery is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryPlace {
    /// In the inbox.
    Waiting,
    /// Worked in.
    Done {
        /// When.
        at: Timestamp,
    },
    /// Set aside.
    Dead {
        /// Why.
        reason: String,
    },
}

/// How long a run took, and whether it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTime {
    /// Time from the first to the last instruction, in microseconds.
    pub microseconds: u64,
    /// Whether it failed for good.
    pub failed: bool,
}

/// Something that is counted of an install, hour by hour, in the commit of what is counted: what is
/// judged by a total finds it exact, whatever else is committed at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Actions that were put into the outbox.
    Actions,
}

impl Counter {
    /// The word for it in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Actions => "actions",
        }
    }
}

/// The hour of a moment: whole hours since 1970, UTC.
#[must_use]
pub const fn hour_of(moment: Timestamp) -> u64 {
    const MILLISECONDS: u64 = 3_600_000;
    moment.0 / MILLISECONDS
}

/// The oldest action for a shop that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldestAction {
    /// The shop.
    pub shop: ShopId,
    /// The install that proposed it.
    pub install: InstallId,
    /// When it was proposed.
    pub proposed_at: Timestamp,
}

/// What is told of a client's work. See [`Store`](crate::Store) for the rules that hold.
#[async_trait]
pub trait TellingStore: Send + Sync + 'static {
    /// Everything under one trace's id; of events, runs and actions at most `limit` each.
    async fn trace(
        &self,
        client: &ClientId,
        trace: TraceId,
        limit: u32,
    ) -> Result<TraceStory, StoreError>;

    /// One run.
    async fn run(
        &self,
        client: &ClientId,
        install: &InstallId,
        number: u64,
    ) -> Result<Option<RunRecord>, StoreError>;

    /// The times of an install's last runs, newest first, at most `limit`; what was skipped is not
    /// among them.
    async fn run_times(
        &self,
        client: &ClientId,
        install: &InstallId,
        limit: u32,
    ) -> Result<Vec<RunTime>, StoreError>;

    /// What was counted of an install since an hour ([`telling::hour_of`]), that one included. What
    /// is older than [`limits::COUNTER_HOURS_KEPT`] may be gone.
    async fn counted(
        &self,
        client: &ClientId,
        install: &InstallId,
        counter: Counter,
        since_hour: u64,
    ) -> Result<u64, StoreError>;

    /// When the last delivery of each topic came from a shop, as far as it is kept; in the order of
    /// the topics. What a copy of the shop sent is not among them.
    async fn last_deliveries(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<Vec<(String, Timestamp)>, StoreError>;

    /// For each shop that an action waits for or is being sent to: the oldest one.
    async fn oldest_actions(&self, client: &ClientId) -> Result<Vec<OldestAction>, StoreError>;
}
