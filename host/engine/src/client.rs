//! One client's work: what its tasks share, and in which order they begin.
//!
//! First every shop is imported; then the installs are registered, what became of them is noted for
//! them to hear, and their schedules tick for the first time, before any other event; only then are
//! deliveries observed. So a module meets a complete mirror, and nothing it has to react to is
//! behind it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fondaco_egress::Egress;
use fondaco_model::{Action, EntityKey, InstallId, ShopId, TraceId};
use fondaco_platforms::PlatformError;
use fondaco_store::{Lease, NewAlert, Retention, Store, StoreError};
use tokio::{
    runtime,
    sync::{Notify, Semaphore, broadcast, mpsc, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    align::Alignment,
    control::Control,
    limits,
    metrics::Metrics,
    quarantine::Quarantined,
    reconcile, retry,
    room::{Room, RoomLevel},
    setup::{ClientSetup, ShopSetup},
    silence::LastHeard,
    watch::Happening,
};

/// What a client is made of.
pub struct Parts {
    pub setup: ClientSetup,
    pub lease: Lease,
    pub store: Arc<dyn Store>,
    pub metrics: Arc<Metrics>,
    pub watch: broadcast::Sender<Happening>,
    pub cancel: CancellationToken,
    pub tasks: TaskTracker,
    pub guests: runtime::Handle,
    pub egress: Egress,
    pub retention: Retention,
    pub room: watch::Receiver<Room>,
    pub quarantine: Option<Quarantined>,
}

/// What wakes a client's tasks.
pub struct Wakes {
    /// The inbox has something.
    pub deliveries: Notify,
    /// The outbox has something.
    pub outbox: Notify,
    /// There may be events that were not there before; how often that was said.
    pub events: watch::Sender<u64>,
}

/// One client's work.
pub struct Client {
    pub setup: ClientSetup,
    pub lease: Lease,
    pub store: Arc<dyn Store>,
    pub metrics: Arc<Metrics>,
    pub wakes: Wakes,
    pub cancel: CancellationToken,
    pub guests: runtime::Handle,
    pub egress: Egress,
    pub control: Control,
    pub retention: Retention,
    /// How much room the store's disk has.
    pub room: watch::Receiver<Room>,
    /// What people were shown of how its shops differ.
    pub alignment: Alignment,
    /// Why the client may not act, if it may not.
    pub quarantine: watch::Sender<Option<Quarantined>>,
    /// When each shop was heard of last.
    pub last_heard: LastHeard,
    /// Lets somebody ask for a reconciliation.
    pub reconcile_asked: reconcile::Asked,
    watch: broadcast::Sender<Happening>,
    tasks: TaskTracker,
    fetches: BTreeMap<ShopId, Fetches>,
    requests: BTreeMap<ShopId, Arc<Semaphore>>,
    status: Mutex<ClientStatus>,
    /// Installs that have yet to hear what became of them.
    beginning: Mutex<BTreeSet<InstallId>>,
    /// The shops of which people were told that they may not tell any more what happens on them.
    denied: Mutex<BTreeSet<ShopId>>,
}

/// An entity that is to be read.
pub struct Asked {
    /// Which.
    pub key: EntityKey,
    /// What it is read for.
    pub trace: TraceId,
}

struct Fetches {
    sender: mpsc::Sender<Asked>,
    receiver: Mutex<Option<mpsc::Receiver<Asked>>>,
}

/// How a client's work stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientStatus {
    /// Whether its modules are live: every shop has been imported.
    pub live: bool,
    /// Why its work has ended, if it has.
    pub ended: Option<String>,
    /// What is wrong with a shop now, in words.
    pub trouble: BTreeMap<ShopId, String>,
}

/// Why a task ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The host is being stopped.
    #[error("the host is being stopped")]
    Stopped,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Client {
    pub fn new(parts: Parts) -> Self {
        let channel = || {
            let (sender, receiver) = mpsc::channel(limits::FETCHES_WAITING_MAX);
            Fetches { sender, receiver: Mutex::new(Some(receiver)) }
        };
        let permits = || Arc::new(Semaphore::new(limits::REQUESTS_PER_SHOP_MAX));
        let shops = || parts.setup.shops.keys().cloned();
        Self {
            last_heard: LastHeard::beginning(parts.setup.shops.keys()),
            reconcile_asked: shops().map(|shop| (shop, Notify::new())).collect(),
            fetches: shops().map(|shop| (shop, channel())).collect(),
            beginning: Mutex::new(parts.setup.installs.keys().cloned().collect()),
            requests: shops().map(|shop| (shop, permits())).collect(),
            lease: parts.lease,
            store: parts.store,
            metrics: parts.metrics,
            wakes: Wakes {
                deliveries: Notify::new(),
                outbox: Notify::new(),
                events: watch::Sender::new(0),
            },
            cancel: parts.cancel,
            guests: parts.guests,
            egress: parts.egress,
            control: Control::default(),
            retention: parts.retention,
            room: parts.room,
            quarantine: watch::Sender::new(parts.quarantine),
            alignment: Alignment::default(),
            watch: parts.watch,
            tasks: parts.tasks,
            status: Mutex::default(),
            denied: Mutex::default(),
            setup: parts.setup,
        }
    }

    /// Begins the client's work.
    pub fn start(self: &Arc<Self>) {
        self.task("bring up", Self::bring_up);
    }

    /// Starts a task that ends the client's work if the store fails under it.
    pub fn task<F, T>(self: &Arc<Self>, name: &'static str, work: F)
    where
        F: FnOnce(Arc<Self>) -> T,
        T: Future<Output = Result<(), Ended>> + Send + 'static,
    {
        let client = Arc::clone(self);
        let work = work(Arc::clone(self));
        self.tasks.spawn(async move {
            match work.await {
                Ok(()) | Err(Ended::Stopped) => {}
                Err(ended) => client.end(name, &ended),
            }
        });
    }

    fn end(&self, task: &'static str, ended: &Ended) {
        let cause = std::error::Error::source(ended).map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            client.id = %self.setup.id, task, error = %ended, cause,
            "work for a client has ended; the host must be restarted",
        );
        self.with_status(|status| status.ended = Some(ended.to_string()));
        self.cancel.cancel();
    }

    async fn bring_up(self: Arc<Self>) -> Result<(), Ended> {
        self.take_over_stops().await?;
        self.take_over_denials().await?;
        // A shop that cannot even be imported is told of, too.
        self.task("silence", Self::watch_silence);
        for (id, shop) in &self.setup.shops {
            self.import(id, shop).await?;
        }
        for install in self.setup.installs.keys() {
            self.store.install(&self.lease, install).await?;
        }
        self.note_present().await?;
        self.enter_modes().await?;
        self.begin_lifecycles().await?;
        self.first_ticks().await?;
        let quarantined = *self.quarantine.borrow();
        match quarantined.filter(|standing| standing.holds()) {
            Some(standing) => self.look_for_all(standing.quarantine).await?,
            None => self.resume_sending().await?,
        }
        self.may_be_released().await?;
        for install in self.setup.installs.keys() {
            let install = install.clone();
            self.task("run", |client| async move {
                client.hear_lifecycle(&install).await?;
                client.run_events(&install).await
            });
        }
        for shop in self.setup.shops.keys() {
            let (shop, polled, compared) = (shop.clone(), shop.clone(), shop.clone());
            let levelled = shop.clone();
            self.task("fetch", |client| async move { client.fetch_entities(&shop).await });
            self.task("poll", |client| async move { client.poll(&polled).await });
            self.task("levels", |client| async move { client.compare_levels(&levelled).await });
            self.task("reconcile", |client| async move {
                client.reconcile_again_and_again(&compared).await
            });
        }
        self.task("observe", |client| async move { client.observe_deliveries().await });
        self.task("schedule", |client| async move { client.tick_schedules().await });
        self.task("settle", |client| async move { client.settle_actions().await });
        self.task("forget", |client| async move { client.forget_the_old().await });
        self.task("room", |client| async move { client.tell_of_room().await });
        self.with_status(|status| status.live = true);
        tracing::info!(client.id = %self.setup.id, "modules are live");
        self.tell(Happening::Live { client: self.setup.id.clone() });
        Ok(())
    }

    pub fn tell(&self, happening: Happening) {
        // Nobody has to listen.
        let _ = self.watch.send(happening);
    }

    pub fn status(&self) -> ClientStatus {
        self.with_status(|status| status.clone())
    }

    fn with_status<T>(&self, change: impl FnOnce(&mut ClientStatus) -> T) -> T {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Installs that have yet to hear what became of them. Never held over anything that waits.
    pub fn beginning(&self) -> MutexGuard<'_, BTreeSet<InstallId>> {
        self.beginning.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a shop is in trouble, or no longer is.
    pub fn trouble(&self, shop: &ShopId, trouble: Option<String>) {
        self.with_status(|status| match trouble {
            Some(words) => {
                status.trouble.insert(shop.clone(), words);
            }
            None => {
                status.trouble.remove(shop);
            }
        });
    }

    /// The shops of which people were told that they may not tell any more what happens on them.
    pub fn denied_shops(&self) -> MutexGuard<'_, BTreeSet<ShopId>> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what people were told before the host began.
    async fn take_over_denials(&self) -> Result<(), Ended> {
        let open = self.store.alerts(&self.setup.id, true, limits::OPEN_ALERTS_MAX).await?;
        let told = |shop: &&ShopId| {
            let key = NewAlert::denied_key(shop);
            open.iter().any(|alert| alert.alert.key == key)
        };
        self.denied_shops().extend(self.setup.shops.keys().filter(told).cloned());
        Ok(())
    }

    pub fn shop(&self, shop: &ShopId) -> Option<&ShopSetup> {
        self.setup.shops.get(shop)
    }

    /// The shop that an action is for; absent: it is for none, or its shop is in no file any more.
    pub fn shop_of(&self, action: &Action) -> Option<&ShopSetup> {
        action.kind.shop().and_then(|shop| self.shop(shop))
    }

    /// A right to have one more request under way to a shop.
    pub fn requests(&self, shop: &ShopId) -> Option<&Arc<Semaphore>> {
        self.requests.get(shop)
    }

    /// Asks for an entity to be read. If too many wait already, the next poll reads it.
    pub fn ask_for(&self, asked: Asked) {
        if let Some(fetches) = self.fetches.get(&asked.key.shop)
            && let Err(error) = fetches.sender.try_send(asked)
        {
            tracing::warn!(client.id = %self.setup.id, %error, "too many entities wait to be read");
        }
    }

    pub fn take_fetches(&self, shop: &ShopId) -> Option<mpsc::Receiver<Asked>> {
        let fetches = self.fetches.get(shop)?;
        fetches.receiver.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits this long, or until the host is stopped.
    pub async fn sleep(&self, time: Duration) -> Result<(), Ended> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.cancel.cancelled() => Err(Ended::Stopped),
        }
    }

    /// Waits as long as retrying asks for.
    pub async fn sleep_after(&self, tries: u32) -> Result<(), Ended> {
        self.sleep(retry::wait_after(tries)).await
    }

    /// Waits as long as retrying asks for, and no less than the shop does.
    pub async fn sleep_after_error(&self, tries: u32, error: &PlatformError) -> Result<(), Ended> {
        let asked = match error {
            PlatformError::Unavailable { retry_after, .. } => retry_after.unwrap_or_default(),
            PlatformError::Ambiguous { .. }
            | PlatformError::Refused { .. }
            | PlatformError::Unsupported { .. } => Duration::ZERO,
        };
        self.sleep(retry::wait_after(tries).max(asked)).await
    }

    /// Whether the store's disk has room for anything new.
    pub fn has_room(&self) -> bool {
        self.room.borrow().level != RoomLevel::Short
    }

    /// Waits until there is.
    pub async fn until_there_is_room(&self) -> Result<(), Ended> {
        let mut room = self.room.clone();
        tokio::select! {
            // Nobody looks any more once the host is being stopped.
            _ = room.wait_for(|room| room.level != RoomLevel::Short) => self.go_on(),
            () = self.cancel.cancelled() => Err(Ended::Stopped),
        }
    }

    /// Ends the task if the host is being stopped.
    pub fn go_on(&self) -> Result<(), Ended> {
        if self.cancel.is_cancelled() { Err(Ended::Stopped) } else { Ok(()) }
    }
}
