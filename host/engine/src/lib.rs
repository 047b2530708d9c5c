//! When what happens: intake, observe, route, run, judge, settle, schedule.
//!
//! The engine moves things along one road, and each step of it is one commit of the store:
//!
//! ```text
//! webhook ─▶ intake ─▶ inbox ─▶ observe ─▶ mirror + events ─▶ run ─▶ outbox ─▶ settle ─▶ outcome
//!            poll, import, answers to own writes ─▲                    judge ─▲
//! ```
//!
//! What is between two commits can be lost at any instant and is done again: the engine keeps
//! nothing of its own that is not derived from the store. Each client's work is apart, so that one
//! client's slow shop stands in nobody else's way.
//!
//! Never here: what a change is (`fondaco_model::observe` says), how a shop is spoken to
//! (`fondaco_platforms`), how a guest is held (`fondaco_sandbox`), how anything is kept
//! (`fondaco_store`), HTTP (`fondaco_web`).
//!
//! Start reading at [`Engine`], then [`client`], then the steps in the order of the road.

pub mod align;
mod backlog;
mod client;
mod control;
mod dispatch;
mod failing;
mod fetch;
mod import;
mod intake;
mod judge;
pub mod keep;
mod levels;
mod lifecycle;
pub mod limits;
pub mod metrics;
mod notices;
mod observe;
mod poll;
pub mod privacy;
pub mod quarantine;
pub mod reconcile;
mod redo;
mod retry;
pub mod room;
mod route;
mod run;
mod run_host;
mod schedule;
mod settle;
pub mod setup;
pub mod shops;
mod silence;
mod tempo;
mod turns;
mod waiting;
pub mod watch;
mod wishes;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fondaco_egress::Egress;
use fondaco_model::{ClientId, Timestamp, TraceId};
use fondaco_store::{Store, StoreError};
use tokio::{
    runtime,
    sync::{Notify, broadcast, watch as looked_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    client::Client,
    keep::{Keeping, Unspilling},
    metrics::Metrics,
    quarantine::Quarantined,
    room::Room,
    setup::ClientSetup,
    watch::Happening,
};
pub use crate::{
    client::ClientStatus,
    intake::{Accepted, IntakeError},
};

/// The moment it is now.
#[must_use]
pub fn now() -> Timestamp {
    let milliseconds = jiff::Timestamp::now().as_millisecond();
    Timestamp(u64::try_from(milliseconds).unwrap_or(0))
}

/// Begins a trace.
fn new_trace() -> TraceId {
    TraceId::of_random(rand::random())
}

/// Why the engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A lease could not be taken.
    #[error("client `{client}` cannot be worked for")]
    Lease {
        /// The client.
        client: ClientId,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// No threads for guests.
    #[error("the threads that modules run on cannot be started")]
    Threads(#[source] std::io::Error),
}

/// The running engine.
pub struct Engine {
    clients: BTreeMap<ClientId, Arc<Client>>,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    keeping: Keeping,
    room: looked_at::Sender<Room>,
    /// Something was spilled.
    spilled: Arc<Notify>,
    watch: broadcast::Sender<Happening>,
    cancel: CancellationToken,
    tasks: TaskTracker,
    guests: Option<runtime::Runtime>,
}

impl Engine {
    /// Takes the lease of every client and begins to work.
    ///
    /// `egress` makes the HTTP requests of modules; `keeping` is what the store is kept in order
    /// with; `owner` names this host, for a person who looks for it.
    ///
    /// # Errors
    /// If a lease cannot be taken or threads cannot be started.
    pub async fn start(
        setups: Vec<ClientSetup>,
        store: Arc<dyn Store>,
        egress: Egress,
        keeping: Keeping,
        owner: &str,
    ) -> Result<Self, StartError> {
        // Guests run on threads of their own, so that a busy one delays no webhook's answer.
        let guests = runtime::Builder::new_multi_thread()
            .worker_threads(limits::guest_threads())
            .thread_name("fondaco-guest")
            .enable_all()
            .build()
            .map_err(StartError::Threads)?;
        let (watch, _) = broadcast::channel(limits::HAPPENINGS_KEPT_MAX);
        let room = looked_at::Sender::new(room::look(&keeping.free_space, keeping.room));
        let mut engine = Self {
            clients: BTreeMap::new(),
            store,
            metrics: Arc::new(Metrics::default()),
            keeping,
            room,
            spilled: Arc::default(),
            watch,
            cancel: CancellationToken::new(),
            tasks: TaskTracker::new(),
            guests: Some(guests),
        };
        for setup in setups {
            engine.add(setup, egress.clone(), owner).await?;
        }
        engine.keep(owner);
        Ok(engine)
    }

    /// Begins what keeps the store in order for all clients together.
    fn keep(&self, owner: &str) {
        let Keeping { free_space, room, spill, .. } = self.keeping.clone();
        let (found, metrics) = (self.room.clone(), Arc::clone(&self.metrics));
        let (every, cancel) = (limits::ROOM_LOOK_EVERY, self.cancel.clone());
        self.tasks.spawn(room::watch_room(free_space, room, every, found, metrics, cancel));
        let unspilling = Unspilling {
            spill,
            store: Arc::clone(&self.store),
            clients: self.clients.clone(),
            owner: owner.to_owned(),
            spilled: Arc::clone(&self.spilled),
            cancel: self.cancel.clone(),
        };
        self.tasks.spawn(unspilling.run());
    }

    async fn add(
        &mut self,
        setup: ClientSetup,
        egress: Egress,
        owner: &str,
    ) -> Result<(), StartError> {
        let Some(guests) = &self.guests else {
            return Ok(());
        };
        let id = setup.id.clone();
        let lease = self
            .store
            .lease(&id, owner)
            .await
            .map_err(|source| StartError::Lease { client: id.clone(), source })?;
        let quarantine = self.store.quarantine(&id).await;
        let quarantine =
            quarantine.map_err(|source| StartError::Lease { client: id.clone(), source })?;
        let client = Arc::new(Client::new(client::Parts {
            setup,
            lease,
            store: Arc::clone(&self.store),
            metrics: Arc::clone(&self.metrics),
            watch: self.watch.clone(),
            cancel: self.cancel.child_token(),
            tasks: self.tasks.clone(),
            guests: guests.handle().clone(),
            egress,
            retention: self.keeping.retention.clone(),
            room: self.room.subscribe(),
            quarantine: quarantine.map(Quarantined::before_looking),
        }));
        client.start();
        self.clients.insert(id, client);
        Ok(())
    }

    /// The clients worked for.
    pub fn clients(&self) -> impl Iterator<Item = &ClientSetup> {
        self.clients.values().map(|client| &client.setup)
    }

    /// Whether a client is one of this host's.
    #[must_use]
    pub fn works_for(&self, client: &ClientId) -> bool {
        self.clients.contains_key(client)
    }

    /// How a client's work stands; nothing if it is not one of this host's.
    #[must_use]
    pub fn status(&self, client: &ClientId) -> Option<ClientStatus> {
        self.clients.get(client).map(|client| client.status())
    }

    /// How much room the store's disk has.
    #[must_use]
    pub fn room(&self) -> Room {
        *self.room.borrow()
    }

    /// What there is to count.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Hears what happens from now on. A slow listener misses some.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Happening> {
        self.watch.subscribe()
    }

    /// Ends all work at the next commit, waits for requests on their way to shops, and returns.
    /// Says whether all work ended in time; what did not is resolved at the next start.
    pub async fn stop(&self) -> bool {
        self.cancel.cancel();
        self.tasks.close();
        tokio::time::timeout(limits::STOP_MAX, self.tasks.wait()).await.is_ok()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(guests) = self.guests.take() {
            // A runtime must not be waited for where other tasks run.
            guests.shutdown_background();
        }
    }
}

/// How long something took, for logs: milliseconds.
fn elapsed_ms(since: std::time::Instant) -> u64 {
    let elapsed: Duration = since.elapsed();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
