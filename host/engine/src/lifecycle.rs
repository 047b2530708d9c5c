//! What an install hears of its own life: that it was installed, what was before it, that its module
//! or its settings are others, that a backup was restored, that it goes live.
//!
//! It is heard ahead of everything else, since what an install does with an event may rest on it: a
//! new version has to bring its state into its own form before it goes on with what waits. Events
//! that come meanwhile wait; they are durable. What is told is the difference to what is noted of
//! the install's last start, and both are in one commit, so each step is told once. Until an install
//! has heard them all, nothing that it proposed before is sent: it may not stand by it any more.

use fondaco_model::{
    Entity, InstallId,
    hear::{BackfillPage, BackfillRange, Lifecycle, LifecycleStep, Restoration},
};
use fondaco_sandbox::Hook;
use fondaco_store::InstallIdentity;
use sha2::{Digest, Sha256};

use crate::{
    client::{Client, Ended},
    dispatch::InstallRuns,
    now,
    setup::{InstallSetup, Mode},
    turns::Turn,
};

impl Client {
    /// Notes of every install what it is now, and what it is to hear of that.
    pub async fn begin_lifecycles(&self) -> Result<(), Ended> {
        let quarantine = self.store.quarantine(&self.setup.id).await?;
        let restoration = quarantine.map(|quarantine| Restoration {
            taken_at: quarantine.backup_taken_at,
            restored_at: quarantine.since,
        });
        for (install, setup) in &self.setup.installs {
            let before = self.store.lifecycle(&self.setup.id, install).await?;
            let before = before.map(|progress| progress.identity);
            let mut now_it_is = InstallIdentity { restoration, ..identity(setup) };
            match (setup.mode, &before) {
                // One that is paused is what it was, and stands still.
                (Mode::Paused, Some(before)) => now_it_is.mode.clone_from(&before.mode),
                // One that is off hears of nothing, and of the difference when it is on again.
                (Mode::Off, Some(before)) => {
                    now_it_is = InstallIdentity { mode: now_it_is.mode, ..before.clone() };
                }
                _ => {}
            }
            // An install that never worked has nothing to compare with on the day it does.
            if before.as_ref() == Some(&now_it_is) || (before.is_none() && setup.mode == Mode::Off)
            {
                continue;
            }
            let steps = match setup.mode {
                Mode::Off => Vec::new(),
                Mode::Shadow | Mode::Live | Mode::Paused => {
                    self.steps(setup, before.as_ref(), &now_it_is)
                }
            };
            self.store.begin_lifecycle(&self.lease, now(), install, now_it_is, steps).await?;
        }
        Ok(())
    }

    /// What an install is to hear of what became of it, in order.
    fn steps(
        &self,
        setup: &InstallSetup,
        before: Option<&InstallIdentity>,
        now_it_is: &InstallIdentity,
    ) -> Vec<LifecycleStep> {
        if !hears_lifecycle(setup) {
            return Vec::new();
        }
        let mut steps = Vec::new();
        match before {
            None => {
                steps.push(LifecycleStep::Installed);
                let subscriptions = &setup.module.manifest().subscriptions;
                let subscription = subscriptions.get(&Hook::Lifecycle).copied();
                let history = subscription.unwrap_or_default().history;
                let shops = self.setup.shops.keys().filter(|_| history);
                let shops = shops.filter(|shop| setup.module.grants().sees(shop));
                steps.extend(shops.map(|shop| {
                    // From when, the store says, which counts the commits.
                    LifecycleStep::Backfill(BackfillRange {
                        shop: shop.clone(),
                        as_of: 0,
                        after: None,
                        until: None,
                        last: false,
                    })
                }));
            }
            Some(before) => {
                let ran = (&before.version, before.state_schema);
                if ran != (&now_it_is.version, now_it_is.state_schema) {
                    let (version, state_schema) = (before.version.clone(), before.state_schema);
                    steps.push(LifecycleStep::Upgraded { version, state_schema });
                }
                // Ahead of all that the module may answer with proposals.
                let restoration = now_it_is.restoration;
                steps.extend(
                    restoration
                        .filter(|_| before.restoration != restoration)
                        .map(LifecycleStep::Restored),
                );
                if before.settings != now_it_is.settings {
                    steps.push(LifecycleStep::SettingsChanged);
                }
            }
        }
        if before.is_none_or(|before| before.mode != now_it_is.mode) {
            steps.extend(match setup.mode {
                Mode::Live => Some(LifecycleStep::Live),
                Mode::Shadow => Some(LifecycleStep::Shadow),
                Mode::Off | Mode::Paused => None,
            });
        }
        steps
    }

    /// Has an install hear what became of it, to the last step; then what it proposed may be sent.
    pub async fn hear_lifecycle(&self, install: &InstallId) -> Result<(), Ended> {
        self.hear_steps(install).await?;
        self.beginning().remove(install);
        self.wakes.outbox.notify_one();
        Ok(())
    }

    /// Whether an install has yet to hear what became of it since the host began.
    pub fn is_beginning(&self, install: &InstallId) -> bool {
        self.beginning().contains(install)
    }

    async fn hear_steps(&self, install: &InstallId) -> Result<(), Ended> {
        let Some(setup) = self.setup.installs.get(install) else {
            return Ok(());
        };
        if setup.mode == Mode::Off || !hears_lifecycle(setup) {
            return Ok(());
        }
        loop {
            self.go_on()?;
            // It is in no order with other events, none of which has begun.
            let runs = InstallRuns::after(0);
            let progress = self.store.lifecycle(&self.setup.id, install).await?;
            let Some((number, cursor)) = progress.and_then(|at| Some((at.event?, at.cursor)))
            else {
                return Ok(());
            };
            let Some(event) = self.store.event(&self.setup.id, number).await? else {
                return Ok(());
            };
            let turn = Turn { event, coalesced: Vec::new(), cursor };
            self.handle(install, &runs, number, turn).await?;
        }
    }

    /// A step as the module is told it: of history, with its orders.
    pub async fn told(&self, step: &LifecycleStep) -> Result<Lifecycle, Ended> {
        Ok(match step {
            LifecycleStep::Installed => Lifecycle::Installed,
            LifecycleStep::Backfill(range) => Lifecycle::Backfill(self.page(range).await?),
            LifecycleStep::SettingsChanged => Lifecycle::SettingsChanged,
            LifecycleStep::Upgraded { version, state_schema } => {
                Lifecycle::Upgraded { version: version.clone(), state_schema: *state_schema }
            }
            LifecycleStep::Restored(restoration) => Lifecycle::Restored(*restoration),
            LifecycleStep::Live => Lifecycle::Live,
            LifecycleStep::Shadow => Lifecycle::Shadow,
        })
    }

    async fn page(&self, range: &BackfillRange) -> Result<BackfillPage, Ended> {
        let orders = self.store.past_orders(&self.setup.id, range).await?;
        let orders = orders.into_iter().filter_map(|(key, entity)| match entity {
            // One that is gone, or known in part only, has nothing to learn from.
            Entity::Order(order)
                if order.head.value().is_some() && order.lines.value().is_some() =>
            {
                Some((key, order))
            }
            Entity::Order(_) | Entity::Variant(_) => None,
        });
        let (shop, last) = (range.shop.clone(), range.last);
        Ok(BackfillPage { shop, orders: orders.collect(), last })
    }
}

fn hears_lifecycle(setup: &InstallSetup) -> bool {
    setup.module.hears().contains(&Hook::Lifecycle)
}

fn identity(setup: &InstallSetup) -> InstallIdentity {
    let manifest = setup.module.manifest();
    let digest = Sha256::digest(setup.settings.as_bytes());
    InstallIdentity {
        version: manifest.version.to_string(),
        state_schema: manifest.state_schema,
        settings: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        mode: setup.mode.as_str().to_owned(),
        restoration: None,
    }
}
