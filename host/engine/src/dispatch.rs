//! Dispatching: an install's events are handled several at a time, so that their commits share an
//! fsync, and in order where order matters ([`Place`](crate::route::Place)).
//!
//! An event that is done while an earlier one is not is noted in the store as done ahead, in its
//! run's own commit; the cursor passes it once all before it are done.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fondaco_model::{Event, InstallId};
use fondaco_store::{Ahead, InstallProgress};
use tokio::{
    sync::RwLock,
    task::{JoinError, JoinSet},
    time::Instant,
};
use tracing::Instrument as _;

use crate::{
    client::{Client, Ended},
    control::MayRun,
    limits, now,
    route::{self, hears},
    turns::Turns,
};

/// What the runs of one install share.
pub struct InstallRuns {
    turns: Mutex<Turns>,
    /// The install's lease: each commit holds it with the others, and a run that met too many
    /// conflicts holds it alone, from its first read on.
    pub lease: RwLock<()>,
}

impl InstallRuns {
    /// None yet, after this event.
    pub fn after(event: u64) -> Self {
        Self { turns: Mutex::new(Turns::after(event)), lease: RwLock::new(()) }
    }

    /// The turns. Never held over anything that waits.
    pub fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Runs an install on its events, for as long as the host works.
    pub async fn run_events(self: Arc<Self>, install: &InstallId) -> Result<(), Ended> {
        let progress = self.store.install_progress(&self.setup.id, install).await?;
        let InstallProgress { event, ahead } = progress.unwrap_or_default();
        let mut dispatcher = Dispatcher {
            client: self,
            install: install.clone(),
            runs: Arc::new(InstallRuns::after(event)),
            read_until: event,
            ahead,
            coming: VecDeque::new(),
            is_last: false,
            unwritten_since: None,
            under_way: JoinSet::new(),
        };
        let ended = dispatcher.work().await;
        if matches!(ended, Err(Ended::Stopped)) {
            // What was begun ends at its next commit.
            while dispatcher.under_way.join_next().await.is_some() {}
        }
        ended
    }
}

struct Dispatcher {
    client: Arc<Client>,
    install: InstallId,
    runs: Arc<InstallRuns>,
    /// The last event that was read.
    read_until: u64,
    /// What was done before the host was started, of events that are not read yet.
    ahead: BTreeMap<u64, Ahead>,
    /// Events that were read and are not among the turns yet.
    coming: VecDeque<Event>,
    /// Whether the last event that was read was the last there is.
    is_last: bool,
    /// Since when the store does not know how far the install has come.
    unwritten_since: Option<Instant>,
    under_way: JoinSet<Result<(), Ended>>,
}

impl Dispatcher {
    async fn work(&mut self) -> Result<(), Ended> {
        let mut events = self.client.wakes.events.subscribe();
        loop {
            if self.client.may_run(&self.install).await? == MayRun::AfterWaiting {
                self.start_over().await?;
            }
            if events.has_changed().unwrap_or(true) {
                events.mark_unchanged();
                self.is_last = false;
            }
            self.take_in().await?;
            self.begin();
            self.write_passed().await?;
            if !self.can_take_in() {
                let cancelled = self.client.cancel.clone();
                let next = wait(self.next_in());
                tokio::select! {
                    Some(ended) = self.under_way.join_next() => went_well(ended)?,
                    changed = events.changed() => match changed {
                        Ok(()) => self.is_last = false,
                        Err(_) => return Ok(()),
                    },
                    () = next => {}
                    () = cancelled.cancelled() => return Err(Ended::Stopped),
                }
            }
            while let Some(ended) = self.under_way.try_join_next() {
                went_well(ended)?;
            }
        }
    }

    /// Reads anew where the install stands: what waited too long while it stood still may have been
    /// passed by.
    async fn start_over(&mut self) -> Result<(), Ended> {
        while let Some(ended) = self.under_way.join_next().await {
            went_well(ended)?;
        }
        let progress = self.client.store.install_progress(&self.client.setup.id, &self.install);
        let InstallProgress { event, ahead } = progress.await?.unwrap_or_default();
        self.runs = Arc::new(InstallRuns::after(event));
        self.read_until = event;
        self.ahead = ahead;
        self.coming.clear();
        self.is_last = false;
        self.unwritten_since = None;
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.runs.turns().has_room()
    }

    /// Whether there are events that can be taken in at once.
    fn can_take_in(&self) -> bool {
        self.has_room() && !(self.coming.is_empty() && self.is_last)
    }

    /// Reads events, as far as there is room for them.
    async fn take_in(&mut self) -> Result<(), Ended> {
        if self.coming.is_empty() && !self.is_last && self.has_room() {
            let (client, most) = (&self.client, limits::EVENTS_BATCH_MAX);
            let batch = client.store.events(&client.setup.id, self.read_until, most).await?;
            self.is_last = batch.len() < most as usize;
            self.read_until = batch.last().map_or(self.read_until, |event| event.number);
            self.coming = batch.into();
        }
        while self.has_room()
            && let Some(event) = self.coming.pop_front()
        {
            self.arrive(event);
        }
        Ok(())
    }

    fn arrive(&mut self, event: Event) {
        let mut turns = self.runs.turns();
        let cursor = match self.ahead.remove(&event.number) {
            Some(Ahead::Done) => return turns.pass_by(event.number),
            Some(Ahead::Again { cursor }) => Some(cursor),
            None => None,
        };
        let setup = self.client.setup.installs.get(&self.install);
        let Some(setup) = setup.filter(|setup| hears(&self.install, setup, &event)) else {
            return turns.pass_by(event.number);
        };
        let wished = route::subscription(setup, &event).coalesce;
        let coalesce = wished.filter(|_| route::can_be_joined(&event));
        let place = route::place(&event, coalesce.is_some());
        let due = coalesce.map(|time| event.observed_at.plus_ms(milliseconds(time)));
        turns.take(event, place, due, cursor);
    }

    /// Begins as many runs as may be under way.
    fn begin(&mut self) {
        while self.under_way.len() < limits::RUNS_PER_INSTALL_MAX {
            let Some((id, turn)) = self.runs.turns().begin(now()) else { return };
            let (client, install) = (Arc::clone(&self.client), self.install.clone());
            let runs = Arc::clone(&self.runs);
            let span = tracing::info_span!(
                "run", client.id = %client.setup.id, install.id = %install,
                event.number = turn.event.number, trace.id = %turn.event.trace,
            );
            let run = async move {
                client.handle(&install, &runs, id, turn).await?;
                runs.turns().end(id);
                Ok(())
            };
            self.under_way.spawn(run.instrument(span));
        }
    }

    /// Writes down how far the install has come where no run did: passing events by is free, but
    /// must not be done from the beginning at each start.
    async fn write_passed(&mut self) -> Result<(), Ended> {
        let (unwritten, until) = {
            let turns = self.runs.turns();
            (turns.unwritten(), turns.done_until())
        };
        if unwritten == 0 {
            self.unwritten_since = None;
            return Ok(());
        }
        let since = *self.unwritten_since.get_or_insert_with(Instant::now);
        let is_time = since.elapsed() >= limits::PASSED_NOTED_AFTER;
        if unwritten >= limits::PASSED_EVENTS_MAX || is_time {
            self.client.store.pass(&self.client.lease, &self.install, until).await?;
            self.runs.turns().wrote(until);
            self.unwritten_since = None;
        }
        Ok(())
    }

    /// In how long there is something to do, if nothing happens before.
    fn next_in(&self) -> Option<Duration> {
        let is_free = self.under_way.len() < limits::RUNS_PER_INSTALL_MAX;
        let due = self.runs.turns().next_due().filter(|_| is_free);
        let due = due.map(|due| Duration::from_millis(due.0.saturating_sub(now().0)));
        let since = self.unwritten_since;
        let write = since.map(|since| limits::PASSED_NOTED_AFTER.saturating_sub(since.elapsed()));
        due.into_iter().chain(write).min()
    }
}

/// Waits this long; for ever if there is nothing to wait for.
async fn wait(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Passes on why a run ended its install's work.
fn went_well(ended: Result<Result<(), Ended>, JoinError>) -> Result<(), Ended> {
    ended.unwrap_or_else(|error| {
        tracing::error!(%error, "a run was broken off");
        Err(Ended::Stopped)
    })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
