//! A module that keeps failing is paused.
//!
//! A run that fails for good says that something is wrong with its event or with its module. The
//! first ones in a row are taken to be the events' fault: each is set aside in the record of its
//! run, and the module goes on, so that one event it cannot digest does not stop it. The one that
//! makes [`FAILED_RUNS_MAX`](limits::FAILED_RUNS_MAX) in a row is taken to be the module's: its run
//! is recorded, but the install's cursor stays before the event, the install is paused, and its
//! people get an alert. When it goes on, that event is among the first. If it fails again, the install is
//! paused again at once and nothing more is set aside, unless the person who let it go on said that
//! failures are to be counted anew. A run that does its work ends the row.

use fondaco_store::RunCommit;

use crate::{
    client::{Client, Ended},
    limits, notices, now,
};

impl Client {
    /// Pauses an install if the run, which failed for good, is one too many in a row. Says whether
    /// it did; then the event is still to be run on.
    pub async fn paused_by(&self, run: &RunCommit, reason: &str) -> Result<bool, Ended> {
        let install = &run.install;
        let standing = self.store.install_standing(&self.setup.id, install).await?;
        let failures = standing.unwrap_or_default().failures.saturating_add(1);
        if failures < limits::FAILED_RUNS_MAX {
            return Ok(false);
        }
        let Some(setup) = self.setup.installs.get(install) else {
            return Ok(false);
        };
        let alert = notices::failing(notices::Failing {
            client: &self.setup.id,
            install,
            title: &setup.module.manifest().title,
            event: run.event,
            at: now(),
        });
        if !self.pause(run.clone(), alert).await? {
            return Ok(false);
        }
        self.metrics.run_ended(&self.setup.id, install, &run.result);
        tracing::error!(
            client.id = %self.setup.id, install.id = %install, event = run.event, reason,
            "a module keeps failing; it is paused before this event",
        );
        Ok(true)
    }
}
