//! What is durable: deliveries, the mirror, events, runs, state, the outbox.
//!
//! [`Store`] is a trait of *domain transactions*, not of tables: each method is one thing that
//! happens to a client, done whole or not at all, and safe to repeat. A backend decides how to lay
//! it out. [`sqlite`] is the one for a single machine.
//!
//! Rules that hold for every backend:
//! - The client is the partition: every key begins with it and no transaction crosses it.
//! - Every write carries the client's [`Lease`]; a stale epoch is refused with
//!   [`StoreError::LeaseLost`], so that of two hosts only one can write.
//! - A method that returned `Ok` is on disk.
//! - Commits of a client are numbered 1, 2, 3 …; so are its events. Mirror and state rows are kept
//!   by commit, so that a run can be shown again what it saw.
//! - No transaction is open while a guest runs: a run reads as of a commit ([`RunView`]).
//! - Who somebody is lies in one place ([`people`]), sealed with a key of their own; bodies of
//!   deliveries are sealed as well. A copy of the database alone names nobody.
//!
//! Never here: what a change means, when something is due, what a platform or a plugin is.
//!
//! Start reading at [`Store`], then `sqlite/mod.rs`.

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use fondaco_model::{
    Action, ActionId, ClientId, Entity, EntityKey, Event, InstallId, PersonSeen, Proposal, ShopId,
    StateTouched, Timestamp, TraceId,
    event::Cause,
    hear::Signal,
    http::HttpRecord,
    person::AccountGone,
    run::{RunUse, StateAbout, StateReads, StateValue, StateWrites},
};
use serde::{Deserialize, Serialize};

pub mod actions;
pub mod alerts;
pub mod audit;
pub mod backup;
pub mod control;
pub mod failpoint;
pub mod installs;
pub mod lifecycle;
pub mod limits;
pub mod people;
pub mod redo;
pub mod retention;
pub mod shops;
pub mod space;
pub mod spill;
pub mod sqlite;
pub mod telling;

pub use actions::{ActionFilter, ReadyAction, SendingAction, SettleOutcome, Settlement};
pub use alerts::{Alert, NewAlert};
pub use audit::{Act, AuditEntry, AuditStore};
pub use backup::{BackedUp, Backup, KeepingStore, Quarantine};
pub use control::{ControlStore, Go, InstallStanding, Mode, Scope, ShadowState, Stop};
pub use installs::{Ahead, InstallProgress};
pub use lifecycle::{Absence, InstallIdentity, LastTick, LifecycleProgress, LifecycleStore};
pub use people::{Erased, Erasure, HeldPerson, HeldState, PeopleStore, Whom};
pub use redo::{ActionSelection, DeadSelection, Redo, RedoStore, Redone, RedoneActions};
pub use retention::{Forget, Forgotten, Kept, Retention};
pub use shops::{Drift, ListedKind, Reconciliation, ReconciliationStep, ShopStore};
pub use telling::{
    Counter, DeliveryPlace, OldestAction, RunTime, TellingStore, TraceStory, TracedDelivery,
};

/// The right to write for a client. Taking it makes every older epoch stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The client.
    pub client: ClientId,
    /// Which taking of the lease this is.
    pub epoch: u64,
}

/// Why a transaction did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another host has taken the client's lease.
    #[error("another host works for client `{client}` now; stop one of the two")]
    LeaseLost {
        /// The client.
        client: ClientId,
    },
    /// The database could not do it.
    #[error("the database failed while it was to {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored cannot be read back.
    #[error("what is stored as {what} cannot be read; restore a backup or report this")]
    Corrupt {
        /// Which row.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something that was to be changed is not there.
    #[error("client `{client}` has no {what}")]
    Missing {
        /// The client.
        client: ClientId,
        /// What is not there, such as "install `stock-sync`".
        what: String,
    },
    /// The place the store was to be opened at holds something else, or the work of a newer host.
    #[error("`{}` cannot be used as the host's database: {reason}", path.display())]
    Unusable {
        /// Where.
        path: PathBuf,
        /// Why not, and what to do.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// What came in from a shop, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The shop it is from.
    pub shop: ShopId,
    /// What the platform says it is about, such as `order.updated`.
    pub topic: String,
    /// When it arrived.
    pub received_at: Timestamp,
    /// What it leads to is under this id.
    pub trace: TraceId,
    /// The raw body.
    pub body: Vec<u8>,
}

/// A delivery in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number within the client, in the order of arrival.
    pub number: u64,
    /// What came.
    pub delivery: NewDelivery,
}

/// A delivery that nothing could be made of. Kept until a person discards it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadDelivery {
    /// Its number within the client.
    pub number: u64,
    /// The shop it is from.
    pub shop: ShopId,
    /// What the platform said it is about.
    pub topic: String,
    /// When it arrived.
    pub received_at: Timestamp,
    /// What it leads to, once it is retried, is under this id.
    pub trace: TraceId,
    /// Why nothing could be made of it.
    pub reason: String,
    /// The other site that sent it, a copy of the shop. It is never worked in: what it tells is not
    /// about the shop.
    #[serde(default)]
    pub site: Option<String>,
}

/// A row of the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorRow {
    /// How often the entity's row was written; 1 for the first.
    pub sequence: u64,
    /// What is known of the entity.
    pub entity: Entity,
}

/// One entity as it will be in the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedRow {
    /// Which entity.
    pub key: EntityKey,
    /// The sequence of the row the difference was made from; 0 if there was none. If the mirror
    /// has moved on, the whole transaction does not happen. An entity that comes twice in one
    /// transaction is written twice, so the later difference must be made from the earlier row.
    pub base_sequence: u64,
    /// What is known now.
    pub entity: Entity,
    /// What modules hear of it; nothing, if the mirror's row is the same already.
    pub changes: Vec<fondaco_model::Change>,
    /// The action whose effect it is.
    pub caused_by: Option<Cause>,
}

/// Progress of reading a shop, committed with what was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShopProgress {
    /// Whether the first import is complete.
    pub imported: bool,
    /// When the shop was connected: the moment its first import was begun.
    pub connected_at: Timestamp,
    /// Where a first import that is not complete goes on, in the adapter's words.
    pub import_cursor: Option<String>,
    /// Until when its orders are complete (`orders.known-until` of the contract).
    pub orders_known_until: Option<Timestamp>,
    /// Until when its catalogue and stock are complete.
    pub catalogue_known_until: Option<Timestamp>,
}

/// What was observed, to be taken into the mirror in one commit.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// What it belongs to; absent: a trace begins with it.
    pub trace: Option<TraceId>,
    /// The delivery it was made from, which leaves the inbox.
    pub delivery: Option<u64>,
    /// The entities.
    pub rows: Vec<ObservedRow>,
    /// The people it names. Of each place that tells who somebody is, the newest version is kept;
    /// what is from before they were forgotten is passed over.
    pub people: Vec<PersonSeen>,
    /// The accounts that are gone. What was told by them is no longer held, and an older observation
    /// does not bring it back.
    pub accounts_gone: Vec<AccountGone>,
    /// Whether what is different about customers raises nothing: a first import tells modules
    /// nothing. What is different about entities says so itself.
    pub silent: bool,
    /// How far reading a shop has come with it.
    pub progress: Option<(ShopId, ShopProgress)>,
    /// How far comparing a shop has come with it.
    pub step: Option<ReconciliationStep>,
    /// Entities whose observation was masked by an own write on its way; they are read again after
    /// it has settled. (What the write excludes, entity.) If the write has settled meanwhile, nothing
    /// masks any more: [`ObserveOutcome::Moved`].
    pub masked: Vec<(String, EntityKey)>,
}

/// Whether an observation was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObserveOutcome {
    /// It is in the mirror; these events were raised, in this order.
    Applied(Vec<Event>),
    /// A mirror row has moved on since the difference was made, or a fence is gone: make it again.
    Moved,
}

/// How a run ended, for its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum RunResult {
    /// It did its work.
    Done,
    /// It returned a cursor and is called again with it.
    Again {
        /// The cursor.
        cursor: String,
    },
    /// It failed for good. Its event is set aside, unless its install was paused with it: then the
    /// event is the next one it runs on.
    Failed {
        /// Why.
        reason: String,
    },
    /// The module was not called.
    Skipped {
        /// Why.
        #[serde(default)]
        reason: String,
    },
}

impl RunResult {
    /// The word for it in the store, in metrics and on pages.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Again { .. } => "again",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
        }
    }
}

/// A run, to be committed whole.
#[derive(Debug, Clone)]
pub struct RunCommit {
    /// The install.
    pub install: InstallId,
    /// The event it handled, which is done with it unless it is called again.
    pub event: u64,
    /// Earlier events about the same thing that it stands for; they are done when it is.
    pub coalesced: Vec<u64>,
    /// Every event up to this one is done with or passed by, this run's own aside. The install's
    /// cursor moves there, and on over what was done ahead of it.
    pub passed: u64,
    /// The cursor it was called with; none in the first call for this event. With it a page that
    /// was committed before is known, and is not committed again.
    pub cursor: Option<String>,
    /// When it began.
    pub began_at: Timestamp,
    /// How it ended.
    pub result: RunResult,
    /// What it read.
    pub reads: StateReads,
    /// What it wrote.
    pub writes: StateWrites,
    /// Which of what it wrote is about whom. If they were forgotten meanwhile, it is not kept.
    pub about: StateAbout,
    /// What it proposed.
    pub proposals: Vec<Proposal>,
    /// Proposals that the host refuses at once, with the reason; recorded as ended.
    pub refused: Vec<(Proposal, String)>,
    /// What it told other modules, in order: an event each.
    pub signals: Vec<Signal>,
    /// Whether its event is a step of the install's own life. These are heard ahead of all others:
    /// the install's cursor stays where it is, and the next step is raised in the same commit.
    pub lifecycle: bool,
    /// The HTTP answers it got, in order.
    pub http: Vec<HttpRecord>,
    /// What it logged, a line each.
    pub log: Vec<String>,
    /// What it used.
    pub used: RunUse,
    /// How often it was done before, and something it read had changed.
    pub conflicts: u32,
}

/// Whether a run was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is; it was the install's run with this number.
    Committed {
        /// The run's number within its install.
        run: u64,
    },
    /// Something it read has changed since: run it again.
    Conflict {
        /// What.
        key: String,
    },
    /// The install is done with the event, or with this page of it: it was committed before.
    AlreadyDone,
}

/// A run as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its number within its install.
    pub number: u64,
    /// The install.
    pub install: InstallId,
    /// The event it handled.
    pub event: u64,
    /// Earlier events about the same thing that it stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coalesced: Vec<u64>,
    /// When it began.
    pub began_at: Timestamp,
    /// How it ended.
    pub result: RunResult,
    /// Whether its install ran in shadow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// What it used.
    #[serde(default)]
    pub used: RunUse,
    /// The HTTP answers it got, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpRecord>,
    /// What it logged.
    pub log: Vec<String>,
    /// The actions it proposed.
    pub actions: Vec<ActionId>,
    /// What the event it handled belongs to.
    pub trace: TraceId,
    /// When it was committed; absent in records of older hosts.
    #[serde(default)]
    pub committed_at: Option<Timestamp>,
    /// How often it was done before, and something it read had changed.
    #[serde(default)]
    pub conflicts: u32,
    /// What it touched of its install's state.
    #[serde(default)]
    pub touched: StateTouched,
    /// The events of what it told other modules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<u64>,
}

/// How much waits for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Backlog {
    /// Deliveries in the inbox.
    pub deliveries: u64,
    /// Deliveries that nothing could be made of.
    pub dead_deliveries: u64,
    /// Actions that have not ended.
    pub actions: u64,
    /// Actions of which nobody knows whether they took effect; a person has to decide.
    pub actions_unknown: u64,
    /// The last event's number.
    pub last_event: u64,
}

/// What is durable. See the crate's page for the rules every backend keeps.
#[async_trait]
pub trait Store:
    PeopleStore
    + RedoStore
    + TellingStore
    + ControlStore
    + KeepingStore
    + AuditStore
    + LifecycleStore
    + ShopStore
    + Send
    + Sync
    + 'static
{
    /// Takes the client's lease; every older epoch is stale from now on. `owner` names the host,
    /// for a person who looks for it.
    async fn lease(&self, client: &ClientId, owner: &str) -> Result<Lease, StoreError>;

    /// Puts a delivery into the inbox. When this returns, it is on disk.
    async fn accept(&self, lease: &Lease, delivery: NewDelivery) -> Result<u64, StoreError>;

    /// The oldest deliveries in the inbox, at most `limit`, with a number greater than `after`.
    /// There may be fewer though more are waiting, if their bodies are large; none means none.
    async fn deliveries(
        &self,
        client: &ClientId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Takes a delivery out of the inbox because nothing can be made of it, and keeps it with the
    /// reason.
    async fn bury(&self, lease: &Lease, delivery: u64, reason: &str) -> Result<(), StoreError>;

    /// Keeps a delivery apart that another site sent, a copy of the shop, and raises the alert about
    /// it, in one commit. Of each shop the newest ones are kept
    /// ([`limits::FOREIGN_DELIVERIES_KEPT_MAX`]). Returns its number.
    async fn keep_apart(
        &self,
        lease: &Lease,
        delivery: NewDelivery,
        site: &str,
        alert: NewAlert,
    ) -> Result<u64, StoreError>;

    /// What the mirror has of an entity now.
    async fn mirror(
        &self,
        client: &ClientId,
        key: &EntityKey,
    ) -> Result<Option<MirrorRow>, StoreError>;

    /// Takes an observation into the mirror and raises its events, in one commit.
    async fn observe(
        &self,
        lease: &Lease,
        at: Timestamp,
        observed: Observed,
    ) -> Result<ObserveOutcome, StoreError>;

    /// How far reading a shop has come; the default if nothing was read yet.
    async fn shop_progress(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<ShopProgress, StoreError>;

    /// Raises a tick of a schedule, unless the install's last tick of it was due at the same time
    /// or later, or has not been handled yet. Says whether it was raised. The install must be
    /// registered.
    async fn tick(
        &self,
        lease: &Lease,
        at: Timestamp,
        install: &InstallId,
        schedule: &str,
        due_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The last tick of a schedule, if it ever ticked or was begun.
    async fn last_tick(
        &self,
        client: &ClientId,
        install: &InstallId,
        schedule: &str,
    ) -> Result<Option<LastTick>, StoreError>;

    /// Registers an install. Its cursor begins at the client's last event, unless it has one.
    /// Returns where it stands.
    async fn install(
        &self,
        lease: &Lease,
        install: &InstallId,
    ) -> Result<InstallProgress, StoreError>;

    /// Where an install stands; nothing if it was never registered.
    async fn install_progress(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<InstallProgress>, StoreError>;

    /// Moves an install's cursor past the events up to this one, each of which it is done with or
    /// does not hear. A cursor that is there already stays.
    async fn pass(&self, lease: &Lease, install: &InstallId, until: u64) -> Result<(), StoreError>;

    /// The client's events with a number greater than `after`, oldest first, at most `limit`.
    async fn events(
        &self,
        client: &ClientId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// What a run sees: the mirror and the install's state as of now.
    async fn view(&self, client: &ClientId) -> Result<RunView, StoreError>;

    /// Commits a run: its state, its proposals, its record and how far its install has come, if
    /// nothing it read has changed. Of an install in shadow, state is that of its fork, and proposals
    /// are recorded as ended and told to nobody. The install must be registered and the event exist. A proposal for the
    /// target of an action that still waits takes that one's place and value-before; the older one
    /// ends as superseded. A proposal whose action is there already is passed over.
    async fn commit_run(
        &self,
        lease: &Lease,
        at: Timestamp,
        run: RunCommit,
    ) -> Result<CommitOutcome, StoreError>;

    /// Puts proposals of the host itself into the outbox at a person's wish, with the entry in the
    /// audit log, in one commit; each as [`Store::commit_run`] does. They begin a trace. The proposer is
    /// registered, and hears nothing: every event there will be has passed it by.
    async fn propose(
        &self,
        lease: &Lease,
        at: Timestamp,
        proposer: &InstallId,
        proposals: Vec<Proposal>,
        act: Option<Act>,
    ) -> Result<(), StoreError>;

    /// The actions that can be begun now, oldest first, at most `limit`: waiting, due, with nothing
    /// else being sent that is exclusive with them ([`fondaco_model::ActionKind::exclusive`]), not
    /// stopped, and everything they come after done. Those that can never
    /// be begun are among them: what they come after ended otherwise, or they have expired. All
    /// stay waiting.
    async fn ready(
        &self,
        client: &ClientId,
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<ReadyAction>, StoreError>;

    /// The actions that are being sent, oldest first; after a restart, those whose fate nobody
    /// knows.
    async fn sending(&self, client: &ClientId) -> Result<Vec<SendingAction>, StoreError>;

    /// Marks an action as being sent, with the request as it will be sent, and puts up its
    /// fence. Says whether it could be: it was still waiting, and nothing else was being
    /// sent that is exclusive with it.
    async fn begin(
        &self,
        lease: &Lease,
        at: Timestamp,
        action: &ActionId,
        request: &str,
    ) -> Result<bool, StoreError>;

    /// Puts an action that was being sent, and surely had no effect, back to waiting, and lifts its
    /// fence. If a newer one waits for the same target, that one takes its place at once, as in
    /// [`Store::commit_run`]. Returns the entities that were masked meanwhile and have to be read
    /// again. An action that is not being sent is left as it is.
    async fn postpone(
        &self,
        lease: &Lease,
        at: Timestamp,
        action: &ActionId,
        until: Timestamp,
        reason: &str,
    ) -> Result<Vec<EntityKey>, StoreError>;

    /// Ends an action, lifts its fence, takes in what the platform's answer showed, and raises the
    /// outcome for its install, in one commit.
    async fn settle(
        &self,
        lease: &Lease,
        settlement: Settlement,
    ) -> Result<SettleOutcome, StoreError>;

    /// What all actions that are being sent exclude (`ActionKind::exclusive`): the fences.
    async fn fences(&self, client: &ClientId) -> Result<Vec<String>, StoreError>;

    /// How much waits.
    async fn backlog(&self, client: &ClientId) -> Result<Backlog, StoreError>;

    /// The dead deliveries, newest first, at most `limit`.
    async fn dead_deliveries(
        &self,
        client: &ClientId,
        limit: u32,
    ) -> Result<Vec<DeadDelivery>, StoreError>;

    /// The runs, newest first, at most `limit`.
    async fn runs(
        &self,
        client: &ClientId,
        install: Option<&InstallId>,
        limit: u32,
    ) -> Result<Vec<RunRecord>, StoreError>;

    /// The actions, newest first.
    async fn actions(
        &self,
        client: &ClientId,
        filter: ActionFilter,
    ) -> Result<Vec<Action>, StoreError>;

    /// One action.
    async fn action(
        &self,
        client: &ClientId,
        action: &ActionId,
    ) -> Result<Option<Action>, StoreError>;

    /// One event.
    async fn event(&self, client: &ClientId, number: u64) -> Result<Option<Event>, StoreError>;

    /// Whether the store can be written to, within a time.
    async fn check_writable(&self, within: Duration) -> Result<(), StoreError>;

    /// One value of an install's state.
    async fn state_get(
        &self,
        view: &RunView,
        install: &InstallId,
        key: &str,
    ) -> Result<StateValue, StoreError>;

    /// Entries of an install's state, in the order of their keys' bytes.
    async fn state_list(
        &self,
        view: &RunView,
        install: &InstallId,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, StateValue)>, StoreError>;

    /// What the mirror had of an entity.
    async fn entity(&self, view: &RunView, key: &EntityKey) -> Result<Option<Entity>, StoreError>;

    /// What the mirror had of an entity in one of its rows.
    async fn entity_at(
        &self,
        client: &ClientId,
        key: &EntityKey,
        sequence: u64,
    ) -> Result<Option<Entity>, StoreError>;

    /// The variants with exactly this SKU, in the order of shop and id.
    async fn variants_by_sku(
        &self,
        view: &RunView,
        sku: &str,
    ) -> Result<Vec<(EntityKey, Entity)>, StoreError>;

    /// The distinct SKUs of all shops after `after`, in the order of their bytes.
    async fn skus(
        &self,
        view: &RunView,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Until when a shop's orders were complete as of a commit.
    async fn orders_known_until(
        &self,
        client: &ClientId,
        shop: &ShopId,
        commit: u64,
    ) -> Result<Option<Timestamp>, StoreError>;
}

/// The moment a run reads as of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    /// The client.
    pub client: ClientId,
    /// The last commit that is seen.
    pub commit: u64,
}
