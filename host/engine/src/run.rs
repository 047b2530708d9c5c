//! Running: an install hears its events one after the other, and each run is committed whole.
//!
//! A run changes nothing until its commit. If something it read of its state has changed by then,
//! it is done again. A run that fails for a while is tried again, a run that fails for good has its
//! event set aside in its record, and the install goes on with the next one.

use std::sync::Arc;

use fondaco_model::{
    Change, Entity, Event, EventBody, InstallId, OrderChange, Timestamp,
    http::HttpRecord,
    run::{Resource, RunUse, StateReads, StateWrites},
};
use fondaco_sandbox::{Call, CallError, FailedRun, Input, LogLine, Ran, RunOutcome, ShopInfo};
use fondaco_store::{CommitOutcome, InstallProgress, RunCommit, RunResult};

use crate::{
    client::{Client, Ended},
    judge, limits, now,
    route::hears,
    run_host::RunReads,
    setup::InstallSetup,
};

/// How one call of a guest came out.
enum Called {
    /// It can be committed.
    Commit(Box<RunCommit>),
    /// It should be tried again.
    Again(Box<Failed>),
    /// There was no place for it. That says nothing about the module.
    Busy {
        /// Why.
        reason: String,
    },
}

/// A call that came to nothing.
struct Failed {
    /// Why.
    reason: String,
    /// Whether trying again can ever help.
    hopeless: bool,
    /// What is recorded of it if it is not tried again.
    http: Vec<HttpRecord>,
    log: Vec<LogLine>,
    used: RunUse,
}

impl Client {
    /// Runs an install on its events, for as long as the host works.
    pub async fn run_events(self: Arc<Self>, install: &InstallId) -> Result<(), Ended> {
        let Some(setup) = self.setup.installs.get(install) else {
            return Ok(());
        };
        let mut events = self.wakes.events.subscribe();
        let mut progress =
            self.store.install_progress(&self.setup.id, install).await?.unwrap_or_default();
        let mut written = progress.event;
        loop {
            let batch =
                self.store.events(&self.setup.id, progress.event, limits::EVENTS_BATCH_MAX).await?;
            if batch.is_empty() {
                tokio::select! {
                    changed = events.changed() => if changed.is_err() { return Ok(()) },
                    () = self.cancel.cancelled() => return Err(Ended::Stopped),
                }
            }
            for event in batch {
                self.go_on()?;
                if hears(install, setup, &event) {
                    self.handle(install, setup, &event, progress.cursor.take()).await?;
                    written = event.number;
                } else if event.number - written >= limits::SKIPPED_EVENTS_MAX {
                    // Passing by is free, but must not be done from the beginning at each start.
                    let skipped = empty_run(install, &event, None, RunResult::Skipped);
                    self.store.commit_run(&self.lease, now(), skipped).await?;
                    written = event.number;
                }
                progress = InstallProgress { event: event.number, cursor: None };
            }
        }
    }

    /// Runs one event to its end, over all its cursors.
    async fn handle(
        &self,
        install: &InstallId,
        setup: &InstallSetup,
        event: &Event,
        mut cursor: Option<String>,
    ) -> Result<(), Ended> {
        loop {
            let result = self.run_until_committed(install, setup, event, cursor.as_ref()).await?;
            self.wakes.outbox.notify_one();
            match result {
                RunResult::Again { cursor: next } => cursor = Some(next),
                RunResult::Done | RunResult::Failed { .. } | RunResult::Skipped => return Ok(()),
            }
        }
    }

    async fn run_until_committed(
        &self,
        install: &InstallId,
        setup: &InstallSetup,
        event: &Event,
        cursor: Option<&String>,
    ) -> Result<RunResult, Ended> {
        let mut tries = 0;
        let mut conflicts = 0;
        let mut waits = 0;
        // What a run was answered over HTTP it is answered again after a conflict.
        let mut answers = Vec::new();
        loop {
            self.go_on()?;
            let page = Page { install, event, cursor };
            let mut commit = match self.call(setup, page, std::mem::take(&mut answers)).await? {
                Called::Commit(commit) => *commit,
                Called::Busy { reason } => {
                    waits += 1;
                    tracing::warn!(client.id = %self.setup.id, install.id = %install, reason);
                    self.sleep_after(waits).await?;
                    continue;
                }
                Called::Again(failed) => {
                    tries += 1;
                    if !failed.hopeless && tries < limits::RUN_TRIES_MAX {
                        self.sleep_after(tries).await?;
                        continue;
                    }
                    let reason = &failed.reason;
                    tracing::error!(
                        client.id = %self.setup.id, install.id = %install, event = event.number,
                        reason, "a run failed; its event is set aside",
                    );
                    failed_run(page, *failed)
                }
            };
            self.judge(&mut commit);
            let asked = commit.http.clone();
            let result = commit.result.clone();
            match self.store.commit_run(&self.lease, now(), commit).await? {
                CommitOutcome::Committed { .. } => {
                    self.metrics.run_ended(&self.setup.id, install, &result);
                    // The commit may have superseded or refused actions, which raises their outcomes.
                    self.wake_installs();
                    return Ok(result);
                }
                CommitOutcome::AlreadyDone => return Ok(RunResult::Skipped),
                CommitOutcome::Conflict { key } => {
                    conflicts += 1;
                    answers = asked;
                    tracing::debug!(install.id = %install, key, "a run is done again");
                    if conflicts > limits::CONFLICTS_MAX {
                        self.sleep_after(conflicts - limits::CONFLICTS_MAX).await?;
                    }
                }
            }
        }
    }

    /// Parts what may be done from what may not.
    fn judge(&self, commit: &mut RunCommit) {
        for proposal in std::mem::take(&mut commit.proposals) {
            match judge::objection(&self.setup, &commit.install, &proposal.kind) {
                None => commit.proposals.push(proposal),
                Some(reason) => commit.refused.push((proposal, reason)),
            }
        }
    }

    async fn call(
        &self,
        setup: &InstallSetup,
        page: Page<'_>,
        answers: Vec<HttpRecord>,
    ) -> Result<Called, Ended> {
        let Page { install, event, cursor } = page;
        let began_at = now();
        let view = self.store.view(&self.setup.id).await?;
        let Some(input) = self.input(event).await? else {
            let commit = empty_run(install, event, cursor, RunResult::Skipped);
            return Ok(Called::Commit(Box::new(commit)));
        };
        let reads = Arc::new(RunReads {
            store: Arc::clone(&self.store),
            view,
            install: install.clone(),
            // What came in one commit is heard one event after the other, so the commit of this
            // event may hold orders that are not heard yet.
            known_commit: event.commit.saturating_sub(1),
            shops: self.shop_infos(),
            egress: self.egress.clone(),
            egress_policy: Arc::clone(&setup.egress),
        });
        let call = Call {
            client: self.setup.id.clone(),
            install: install.clone(),
            event: event.number,
            shop: match &event.body {
                EventBody::Changed { key, .. } => Some(key.shop.clone()),
                EventBody::Tick { .. } | EventBody::Outcome { .. } => None,
            },
            observed_at: event.observed_at,
            caused_by: event.caused_by.as_ref().map(|cause| cause.action.clone()),
            cursor: cursor.cloned(),
            now: began_at,
            settings: Arc::clone(&setup.settings),
            answers,
            input,
        };
        let module = setup.module.clone();
        let called = self.guests.spawn(async move { module.call(call, reads).await }).await;
        let ran = match called {
            Ok(Ok(ran)) => ran,
            Ok(Err(failed)) => return Ok(called_in_vain(*failed)),
            Err(_) => return Err(Ended::Stopped),
        };
        self.metrics.run_took(&self.setup.id, install, ran.used.used[Resource::WallTime]);
        Ok(called_of(page, began_at, ran))
    }

    /// What the guest is handed; nothing if what the event is about cannot be told any more.
    async fn input(&self, event: &Event) -> Result<Option<Input>, Ended> {
        Ok(match &event.body {
            EventBody::Changed { key, sequence, change } => {
                let gone = |changes: &std::collections::BTreeSet<OrderChange>| {
                    changes.contains(&OrderChange::Deleted)
                };
                // Of a deleted order the module sees what it was.
                let sequence = match change {
                    Change::Order(changes) if gone(changes) => sequence.saturating_sub(1),
                    _ => *sequence,
                };
                let entity = self.store.entity_at(&self.setup.id, key, sequence).await?;
                match (entity, change) {
                    (Some(Entity::Order(order)), Change::Order(changes)) => {
                        Some(Input::Order { key: key.clone(), order, changes: changes.clone() })
                    }
                    (Some(Entity::Variant(variant)), Change::Stock { location, before }) => {
                        Some(Input::Stock {
                            key: key.clone(),
                            variant,
                            location: location.clone(),
                            before: *before,
                        })
                    }
                    _ => None,
                }
            }
            EventBody::Tick { schedule, due_at, .. } => {
                Some(Input::Tick { schedule: schedule.clone(), due_at: *due_at })
            }
            EventBody::Outcome { action, kind, key, end, .. } => Some(Input::Outcome {
                action: action.clone(),
                kind: kind.clone(),
                key: key.clone(),
                end: end.clone(),
            }),
        })
    }

    fn shop_infos(&self) -> Vec<ShopInfo> {
        let info = |(id, shop): (&fondaco_model::ShopId, &crate::setup::ShopSetup)| ShopInfo {
            id: id.clone(),
            name: shop.name.clone(),
            platform: shop.platform_name.to_owned(),
            production: shop.production,
        };
        self.setup.shops.iter().map(info).collect()
    }
}

/// One call of an install: the event, and the page of it.
#[derive(Clone, Copy)]
struct Page<'a> {
    install: &'a InstallId,
    event: &'a Event,
    cursor: Option<&'a String>,
}

fn called_in_vain(failed: FailedRun) -> Called {
    let reason = failed.error.to_string();
    // The same inputs give the same trap; only time and the host can be another.
    let hopeless = match failed.error {
        CallError::Busy { .. } => return Called::Busy { reason },
        CallError::OutOfTime { .. } | CallError::Host(_) => false,
        _ => true,
    };
    let FailedRun { http, log, used, .. } = failed;
    Called::Again(Box::new(Failed { reason, hopeless, http, log, used }))
}

fn called_of(page: Page<'_>, began_at: Timestamp, ran: Ran) -> Called {
    let (result, hopeless) = match ran.result {
        RunOutcome::Done => (Ok(RunResult::Done), false),
        RunOutcome::Again(cursor) => (Ok(RunResult::Again { cursor }), false),
        RunOutcome::Temporary(reason) => (Err(reason), false),
        RunOutcome::Permanent(reason) => (Err(reason), true),
        RunOutcome::Quoted(_) | RunOutcome::Assessed(_) => {
            (Err("it answered a question that no event asks".to_owned()), true)
        }
    };
    let result = match result {
        Ok(result) => result,
        Err(reason) => {
            let Ran { http, log, used, .. } = ran;
            return Called::Again(Box::new(Failed { reason, hopeless, http, log, used }));
        }
    };
    Called::Commit(Box::new(RunCommit {
        install: page.install.clone(),
        event: page.event.number,
        cursor: page.cursor.cloned(),
        began_at,
        result,
        reads: ran.reads,
        writes: ran.writes,
        proposals: ran.proposals,
        refused: Vec::new(),
        http: ran.http,
        log: lines(&ran.log),
        used: ran.used,
    }))
}

/// A run that is not tried again, with what is known of it.
fn failed_run(page: Page<'_>, failed: Failed) -> RunCommit {
    let Failed { reason, http, log, used, .. } = failed;
    let run = empty_run(page.install, page.event, page.cursor, RunResult::Failed { reason });
    RunCommit { http, log: lines(&log), used, ..run }
}

fn lines(log: &[LogLine]) -> Vec<String> {
    log.iter().map(ToString::to_string).collect()
}

/// A run that did nothing, to move the install's cursor.
fn empty_run(
    install: &InstallId,
    event: &Event,
    cursor: Option<&String>,
    result: RunResult,
) -> RunCommit {
    RunCommit {
        install: install.clone(),
        event: event.number,
        cursor: cursor.cloned(),
        began_at: now(),
        result,
        reads: StateReads::default(),
        writes: StateWrites::default(),
        proposals: Vec::new(),
        refused: Vec::new(),
        http: Vec::new(),
        log: Vec::new(),
        used: RunUse::default(),
    }
}
