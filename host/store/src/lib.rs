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

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use fondaco_model::{
    Action, ActionEnd, ActionId, ClientId, Entity, EntityKey, Event, InstallId, Proposal, ShopId, StateTouched, Timestamp, TraceId, action::Shown, Person, PersonKey, PersonSeen, PersonSource,
    event::Cause,
    hear::{BackfillRange, LifecycleStep, Signal},
    http::HttpRecord,
    run::{RunUse, StateAbout, StateReads, StateValue, StateWrites},
};
use serde::{Deserialize, Serialize};

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
pub mod space;
pub mod spill;
pub mod sqlite;
pub mod telling;

pub use alerts::{Alert, NewAlert};
pub use audit::{Act, AuditEntry};
pub use installs::{Ahead, InstallProgress};
pub use redo::{ActionSelection, DeadSelection, Redo, Redone, RedoneActions};
pub use telling::{Counter, DeliveryPlace, OldestAction, RunTime, TraceStory, TracedDelivery};
pub use control::{Go, InstallStanding, Mode, Scope, ShadowState, Stop};
pub use lifecycle::{InstallIdentity, LastTick, LifecycleProgress};
pub use people::{Erased, Erasure, HeldPerson, HeldState, Whom};
pub use backup::{BackedUp, Backup, Quarantine};
pub use retention::{Forget, Forgotten, Kept, Retention};

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
    /// How far reading a shop has come with it.
    pub progress: Option<(ShopId, ShopProgress)>,
    /// Entities whose observation was masked by an own write on its way; they are read again after
    /// it has settled. (Target of the write, entity.) If the write has settled meanwhile, nothing
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
    /// Whether its event is a step of the install's own life. These are heard ahead of all others,
    /// so the install's cursor stays where it is; the next step is raised in the same commit.
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

/// A fence to lift: what ends an action.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The action.
    pub action: ActionId,
    /// How it ended.
    pub end: ActionEnd,
    /// When.
    pub at: Timestamp,
    /// What the shop showed of the action's target.
    pub shown: Shown,
    /// What the platform's answer showed, as of after the write. What the action itself changed
    /// has it as its cause.
    pub rows: Vec<ObservedRow>,
}

/// Whether a settlement was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettleOutcome {
    /// It is. Entities that were masked meanwhile have to be read again.
    Settled {
        /// The entities to read.
        masked: Vec<EntityKey>,
        /// The events raised: changes first, then the outcome.
        events: Vec<Event>,
    },
    /// A mirror row has moved on since the difference was made: make it again.
    Moved,
    /// The action had ended before.
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

/// Which actions to list.
#[derive(Debug, Clone, Default)]
pub struct ActionFilter {
    /// Only those that have not ended.
    pub open_only: bool,
    /// Only those that ended so: a word of [`ActionEnd::as_str`].
    pub ended: Option<String>,
    /// Only those of this event.
    pub event: Option<u64>,
    /// Only those of this install.
    pub install: Option<InstallId>,
    /// How many at most, newest first.
    pub limit: u32,
}

/// An action that can be begun, or has to be ended, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyAction {
    /// The action. If it has expired it is here whatever it waits for.
    pub action: Action,
    /// One of the actions it comes after that ended otherwise than done, or was never proposed:
    /// this one can never be done.
    pub after_failed: Option<ActionId>,
}

/// An action that is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendingAction {
    /// The action.
    pub action: Action,
    /// When sending it was begun.
    pub began_at: Timestamp,
    /// The request, as it was given to [`Store::begin`].
    pub request: String,
}

/// What is durable. See the crate's page for the rules every backend keeps.
#[async_trait]
pub trait Store: Send + Sync + 'static {
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

    /// The last tick of a schedule; nothing if it never ticked and was never begun.
    async fn last_tick(
        &self,
        client: &ClientId,
        install: &InstallId,
        schedule: &str,
    ) -> Result<Option<LastTick>, StoreError>;

    /// Notes the moment that a schedule counts from, unless it has ticked or was begun before. The
    /// install must be registered.
    async fn begin_schedule(
        &self,
        lease: &Lease,
        install: &InstallId,
        schedule: &str,
        from: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes what an install is now, and adds steps to what it has yet to hear of its own life:
    /// after the one it hears now, before those that wait already. If it hears none now, the first
    /// is raised. A step of history is raised page by page, and the commit it is told as of is this
    /// one. The install must be registered.
    async fn begin_lifecycle(
        &self,
        lease: &Lease,
        at: Timestamp,
        install: &InstallId,
        identity: InstallIdentity,
        steps: Vec<LifecycleStep>,
    ) -> Result<(), StoreError>;

    /// Where an install stands in its own life; nothing if that was never begun.
    async fn lifecycle(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<LifecycleProgress>, StoreError>;

    /// The orders of a page of history, oldest first, as they were as of its commit.
    async fn past_orders(
        &self,
        client: &ClientId,
        range: &BackfillRange,
    ) -> Result<Vec<(EntityKey, Entity)>, StoreError>;

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

    /// Marks an action as being sent, with the request as it will be sent, and puts up the fence
    /// on its target. Says whether it could be: it was still waiting, and nothing else was being
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

    /// The targets of all actions that are being sent.
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

    // --- What a run reads; all as of the commit in its view. ---

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

    /// Who somebody is, as of now and not of any commit: whoever was forgotten is forgotten for runs
    /// that began before, too. As one source tells, or as the newest does.
    async fn person(
        &self,
        client: &ClientId,
        key: &PersonKey,
        source: Option<&PersonSource>,
    ) -> Result<Option<Person>, StoreError>;

    /// All that is held of somebody; nobody, if nothing is.
    async fn held(
        &self,
        client: &ClientId,
        shop: &ShopId,
        whom: &Whom,
    ) -> Result<Vec<HeldPerson>, StoreError>;

    /// Forgets somebody: who they are cannot be read again by anybody, values of state about them
    /// are gone, and what is observed later of orders placed before tells nothing of them. Orders
    /// and their figures stay. Each of them has an entry in the audit log that says their id and
    /// nothing else.
    async fn erase(
        &self,
        lease: &Lease,
        at: Timestamp,
        erasure: Erasure,
    ) -> Result<Erased, StoreError>;

    /// Writes an entry into the audit log that is about nothing in the store itself. What changes
    /// the store at a person's wish writes its entry in its own transaction.
    async fn audit(&self, lease: &Lease, at: Timestamp, act: Act) -> Result<(), StoreError>;

    /// The audit log, newest first: the entries with a number smaller than `before`.
    async fn audit_log(
        &self,
        client: &ClientId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    // --- What a person does about what came to nothing. ---

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

    // --- What is told of a client's work. ---

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

    /// For each shop that an action waits for or is being sent to: the oldest one.
    async fn oldest_actions(&self, client: &ClientId) -> Result<Vec<OldestAction>, StoreError>;
    // --- Modes, stops, alerts. What a person does of these is audited in its transaction. ---

    /// Brings an install into a mode, if it is in another. Entering shadow makes a fork of its
    /// state unless it has one; going live ends the fork. Says whether it was in another.
    async fn enter_mode(
        &self,
        lease: &Lease,
        at: Timestamp,
        install: &InstallId,
        mode: Mode,
        shadow_state: ShadowState,
    ) -> Result<bool, StoreError>;

    /// What is remembered of how an install is run; nothing if it was never registered.
    async fn install_standing(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<InstallStanding>, StoreError>;

    /// Stops something: from this commit on none of its actions is begun. Says whether it was not
    /// stopped already; who stopped it first stays.
    async fn stop(&self, lease: &Lease, stop: Stop) -> Result<bool, StoreError>;

    /// Lifts a stop. Says whether there was one.
    async fn go(&self, lease: &Lease, go: Go) -> Result<bool, StoreError>;

    /// What is stopped, in the order of their scopes' names.
    async fn stops(&self, client: &ClientId) -> Result<Vec<Stop>, StoreError>;

    /// Records a run that failed without moving its install's cursor, stops the install, and
    /// raises the alert. Does nothing and says so if the install is past the run's event.
    async fn pause_failing(
        &self,
        lease: &Lease,
        at: Timestamp,
        run: RunCommit,
        alert: NewAlert,
    ) -> Result<bool, StoreError>;

    /// Opens an alert; one that is open under its key gets the newer words. Says whether it was
    /// opened.
    async fn raise_alert(
        &self,
        lease: &Lease,
        at: Timestamp,
        alert: NewAlert,
    ) -> Result<bool, StoreError>;

    /// Resolves the alert that is open under a key, by a person or, if none, because its cause is
    /// gone. Says whether there was one.
    async fn resolve_alert(
        &self,
        lease: &Lease,
        at: Timestamp,
        key: &str,
        by: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// The alerts, newest first, at most `limit`.
    async fn alerts(
        &self,
        client: &ClientId,
        open_only: bool,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError>;

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

    // --- What is kept, for how long, and how it survives. ---

    /// Notes that it is this moment, so that it can be told later which commits are from before it.
    /// To be called from time to time; retention is as exact as this is frequent.
    async fn mark_commit(&self, lease: &Lease, at: Timestamp) -> Result<(), StoreError>;

    /// Forgets a small batch of one kind that nobody has needed since a moment. Never: the newest
    /// row of anything, what an event needs that a registered install has not passed, what a run
    /// reads that began within [`limits::VIEW_HELD_MS_MAX`], an action that has not ended or that
    /// such a one comes after. Whatever may still be read is the same afterwards.
    async fn forget(
        &self,
        lease: &Lease,
        at: Timestamp,
        what: Forget,
    ) -> Result<Forgotten, StoreError>;

    /// Writes a backup of all clients into a file that is not there yet, readable by its owner
    /// alone, while everything goes on. It is as of one commit, and on disk when this returns.
    async fn backup(&self, file: &Path, at: Timestamp) -> Result<Backup, StoreError>;

    /// The client's quarantine, if its database was restored; also after it was released.
    async fn quarantine(&self, client: &ClientId) -> Result<Option<Quarantine>, StoreError>;

    /// Ends the client's quarantine, at somebody's wish. Says whether it was in one.
    async fn release(&self, lease: &Lease, at: Timestamp, act: Act) -> Result<bool, StoreError>;
}

/// The moment a run reads as of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    /// The client.
    pub client: ClientId,
    /// The last commit that is seen.
    pub commit: u64,
}
