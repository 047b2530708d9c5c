//! Stop and go: what stands still for a while, by a person's word or the host's.
//!
//! What is stopped is in the store, which begins no action of it from that commit on. That no run
//! begins is seen to here, in [`Client::may_run`]. Intake, the mirror and schedules go on in any
//! case, and so does what is on its way: a run that began is committed, a request that is being
//! sent is settled. A stopped shop holds up actions alone.
//!
//! A module is paused in three ways, which come to the same: its client's file says so, a person
//! stops it, or the host does because it keeps failing.

use fondaco_model::{ClientId, InstallId};
use fondaco_store::{Go, NewAlert, RunCommit, Stop, StoreError};
use tokio::sync::watch;

use crate::{
    Engine,
    client::{Client, Ended},
    limits, now,
    setup::Mode,
};

/// What is stopped of a client's work, as the store has it.
#[derive(Default)]
pub struct Control {
    stops: watch::Sender<Vec<Stop>>,
    /// One change at a time, so that what is kept here is never older than the store.
    turn: tokio::sync::Mutex<()>,
}

/// That a run may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayRun {
    /// At once.
    AtOnce,
    /// After its install stood still.
    AfterWaiting,
}

impl Engine {
    /// Stops something of a client's work: when this returns, no run of it begins and no action of
    /// it is sent any more. Says whether it was not stopped already; nothing if the client is not
    /// one of this host's.
    ///
    /// # Errors
    /// If the store cannot keep it; then nothing is stopped.
    pub async fn stop_work(
        &self,
        client: &ClientId,
        stop: Stop,
    ) -> Result<Option<bool>, StoreError> {
        let Some(client) = self.clients.get(client) else {
            return Ok(None);
        };
        let _turn = client.control.turn.lock().await;
        let stopped = client.store.stop(&client.lease, stop).await?;
        client.read_stops().await?;
        Ok(Some(stopped))
    }

    /// Lets something go on that was stopped. Says whether it was; nothing if the client is not one
    /// of this host's.
    ///
    /// # Errors
    /// If the store cannot keep it; then it stays stopped.
    pub async fn let_go_on(&self, client: &ClientId, go: Go) -> Result<Option<bool>, StoreError> {
        let Some(client) = self.clients.get(client) else {
            return Ok(None);
        };
        let _turn = client.control.turn.lock().await;
        let lifted = client.store.go(&client.lease, go).await?;
        client.read_stops().await?;
        client.wakes.outbox.notify_one();
        Ok(Some(lifted))
    }

    /// Resolves an alert at a person's wish. Says whether it was open; nothing if the client is not
    /// one of this host's.
    ///
    /// # Errors
    /// If the store cannot keep it.
    pub async fn resolve_alert(
        &self,
        client: &ClientId,
        key: &str,
        by: &str,
    ) -> Result<Option<bool>, StoreError> {
        let Some(client) = self.clients.get(client) else {
            return Ok(None);
        };
        client.store.resolve_alert(&client.lease, now(), key, Some(by)).await.map(Some)
    }
}

impl Client {
    /// Takes over from the store what was stopped when the host last ended.
    pub async fn take_over_stops(&self) -> Result<(), StoreError> {
        let _turn = self.control.turn.lock().await;
        self.read_stops().await
    }

    /// Takes over what is stopped now; by whoever has the turn.
    async fn read_stops(&self) -> Result<(), StoreError> {
        let stops = self.store.stops(&self.setup.id).await?;
        self.control.stops.send_replace(stops);
        Ok(())
    }

    /// Brings every install into the mode that the client's file gives it.
    pub async fn enter_modes(&self) -> Result<(), Ended> {
        for (install, setup) in &self.setup.installs {
            let (mode, shadow_state) = (setup.mode, setup.shadow_state);
            if self.store.enter_mode(&self.lease, now(), install, mode, shadow_state).await? {
                tracing::info!(
                    client.id = %self.setup.id, install.id = %install, mode = mode.as_str(),
                    "an install was brought into its mode",
                );
            }
            if !self.stands_still(install) {
                self.backlog_is_worked_on(install).await?;
            }
        }
        Ok(())
    }

    /// Waits until a run of an install may begin.
    pub async fn may_run(&self, install: &InstallId) -> Result<MayRun, Ended> {
        self.until_it_may_act().await?;
        self.go_on()?;
        if !self.stands_still(install) {
            return Ok(MayRun::AtOnce);
        }
        let mut stops = self.control.stops.subscribe();
        let mut alerted = false;
        loop {
            self.go_on()?;
            stops.mark_unchanged();
            if !self.stands_still(install) {
                self.backlog_is_worked_on(install).await?;
                return Ok(MayRun::AfterWaiting);
            }
            self.watch_backlog(install, &mut alerted).await?;
            tokio::select! {
                _ = stops.changed() => {}
                () = tokio::time::sleep(limits::BACKLOG_LOOK_EVERY) => {}
                () = self.cancel.cancelled() => return Err(Ended::Stopped),
            }
        }
    }

    /// Whether an install's events wait. Those of one that is off pass by, whatever is stopped.
    pub fn stands_still(&self, install: &InstallId) -> bool {
        match self.setup.installs.get(install).map(|setup| setup.mode) {
            Some(Mode::Off) | None => false,
            Some(Mode::Paused) => true,
            Some(Mode::Shadow | Mode::Live) => {
                self.control.stops.borrow().iter().any(|stop| stop.scope.holds_runs_of(install))
            }
        }
    }

    async fn backlog_is_worked_on(&self, install: &InstallId) -> Result<(), Ended> {
        let key = NewAlert::backlog_key(install);
        self.store.resolve_alert(&self.lease, now(), &key, None).await?;
        Ok(())
    }

    /// Pauses an install on the host's own account, with the run that was one failure too many.
    /// Says whether it did.
    pub async fn pause(&self, run: RunCommit, alert: NewAlert) -> Result<bool, Ended> {
        let _turn = self.control.turn.lock().await;
        let paused = self.store.pause_failing(&self.lease, now(), run, alert).await?;
        self.read_stops().await?;
        Ok(paused)
    }
}
