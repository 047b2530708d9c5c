//! Running: each turn of an install is a call of its module, and each run is committed whole.
//!
//! A run changes nothing until its commit. If something it read of its state has changed by then,
//! it is done again, and after some conflicts alone. A run that fails for a while is tried again, a
//! run that fails for good has its event set aside in its record, and the install goes on; after
//! several of those in a row it is paused (`failing`).

use std::{sync::Arc, time::Duration};

use fondaco_model::{
    Change, Entity, Event, EventBody, InstallId, OrderChange, Timestamp,
    http::HttpRecord,
    run::{RunUse, StateAbout, StateReads, StateWrites},
};
use fondaco_sandbox::{Call, CallError, FailedRun, Input, LogLine, Ran, RunOutcome, ShopInfo};
use fondaco_store::{CommitOutcome, RunCommit, RunResult};
use tokio::sync::RwLockWriteGuard;

use crate::{
    client::{Client, Ended},
    dispatch::InstallRuns,
    judge, limits, now,
    route::{self, objection},
    run_host::RunReads,
    setup::InstallSetup,
    turns::{Turn, TurnId},
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
    /// Handles a turn to its end, over all its cursors.
    pub async fn handle(
        &self,
        install: &InstallId,
        runs: &InstallRuns,
        id: TurnId,
        mut turn: Turn,
    ) -> Result<(), Ended> {
        let Some(setup) = self.setup.installs.get(install) else {
            return Ok(());
        };
        let coalesced = turn.coalesced.len();
        if let Some(reason) = too_old(setup, &turn) {
            let page = Page { install, runs, id, turn: &turn };
            let run = empty_run(page, RunResult::Skipped { reason });
            self.commit(page, run, None).await?;
            let count = coalesced + 1;
            self.metrics.events_passed_over(&self.setup.id, install, "too-old", count);
            return Ok(());
        }
        if let Some(reason) = objection(setup, &turn.event) {
            let page = Page { install, runs, id, turn: &turn };
            self.commit(page, empty_run(page, RunResult::Skipped { reason }), None).await?;
            return Ok(());
        }
        loop {
            let page = Page { install, runs, id, turn: &turn };
            match self.run_until_committed(setup, page).await? {
                Some(cursor) => turn.cursor = Some(cursor),
                None => break,
            }
        }
        if coalesced > 0 {
            self.metrics.events_passed_over(&self.setup.id, install, "coalesced", coalesced);
        }
        Ok(())
    }

    /// Runs one page; returns the cursor of the next, if there is one.
    async fn run_until_committed(
        &self,
        setup: &InstallSetup,
        page: Page<'_>,
    ) -> Result<Option<String>, Ended> {
        let (mut tries, mut conflicts, mut waits) = (0, 0, 0);
        // What a run was answered over HTTP it is answered again after a conflict.
        let mut answers = Vec::new();
        loop {
            self.may_run(page.install).await?;
            // What always comes second would never be done: with the lease it comes first.
            let mut lease = if conflicts < limits::CONFLICTS_MAX {
                None
            } else {
                Some(page.runs.lease.write().await)
            };
            let mut commit = match self.call(setup, page, answers.clone()).await? {
                Called::Commit(commit) => *commit,
                Called::Busy { reason } => {
                    drop(lease);
                    waits += 1;
                    let install = page.install;
                    tracing::warn!(client.id = %self.setup.id, install.id = %install, reason);
                    self.sleep_after(waits).await?;
                    continue;
                }
                Called::Again(failed) => {
                    tries += 1;
                    // What was answered may be why.
                    answers.clear();
                    if !failed.hopeless && tries < limits::RUN_TRIES_MAX {
                        drop(lease);
                        self.sleep_after(tries).await?;
                        continue;
                    }
                    // Failures in a row are counted one after the other, and none beyond the one
                    // that paused the install.
                    if lease.is_none() {
                        lease = Some(page.runs.lease.write().await);
                    }
                    let reason = failed.reason.clone();
                    let run = failed_run(page, *failed);
                    if self.stands_still(page.install) || self.paused_by(&run, &reason).await? {
                        drop(lease);
                        tries = 0;
                        continue;
                    }
                    self.tell_set_aside(page, &reason);
                    run
                }
            };
            commit.conflicts = conflicts;
            match self.commit(page, commit, lease).await? {
                Committed::Done => return Ok(None),
                Committed::Again(cursor) => return Ok(Some(cursor)),
                Committed::Not(asked) => {
                    conflicts += 1;
                    answers = asked;
                }
            }
        }
    }

    fn tell_set_aside(&self, page: Page<'_>, reason: &str) {
        let (install, event) = (page.install, page.turn.event.number);
        tracing::error!(
            client.id = %self.setup.id, install.id = %install, event, reason,
            "a run failed; its event is set aside",
        );
    }

    /// Commits a run, with the install's lease if it has it and else beside others.
    async fn commit(
        &self,
        page: Page<'_>,
        mut commit: RunCommit,
        lease: Option<RwLockWriteGuard<'_, ()>>,
    ) -> Result<Committed, Ended> {
        self.judge(&mut commit);
        let shared = match &lease {
            Some(_) => None,
            None => Some(page.runs.lease.read().await),
        };
        commit.passed = page.runs.turns().done_until_but_for(page.id);
        let (passed, asked, result) = (commit.passed, commit.http.clone(), commit.result.clone());
        let raises = !(commit.proposals.is_empty()
            && commit.refused.is_empty()
            && commit.signals.is_empty());
        let outcome = self.store.commit_run(&self.lease, now(), commit).await?;
        drop((lease, shared));
        match outcome {
            CommitOutcome::Committed { .. } => {
                page.runs.turns().wrote(passed);
                self.metrics.run_ended(&self.setup.id, page.install, &result);
                if raises {
                    self.wakes.outbox.notify_one();
                    // It may have superseded or refused actions, which raises their outcomes.
                    self.wake_installs();
                }
                Ok(match result {
                    RunResult::Again { cursor } => Committed::Again(cursor),
                    _ => Committed::Done,
                })
            }
            CommitOutcome::AlreadyDone => Ok(Committed::Done),
            CommitOutcome::Conflict { key } => {
                tracing::debug!(install.id = %page.install, key, "a run is done again");
                Ok(Committed::Not(asked))
            }
        }
    }

    /// Parts what may be done from what may not.
    fn judge(&self, commit: &mut RunCommit) {
        for proposal in std::mem::take(&mut commit.proposals) {
            match judge::objection_to_proposal(&self.setup, &commit.install, &proposal.kind) {
                None => commit.proposals.push(proposal),
                Some(objection) => commit.refused.push((proposal, objection.to_string())),
            }
        }
    }

    async fn call(
        &self,
        setup: &InstallSetup,
        page: Page<'_>,
        answers: Vec<HttpRecord>,
    ) -> Result<Called, Ended> {
        let Page { install, turn: Turn { event, cursor, .. }, .. } = page;
        // In this order: what the module is said to have heard is in the state that it sees, and no
        // run has an earlier time than one whose writes it sees.
        let known_commit = page.runs.turns().heard_commit();
        let view = self.store.view(&self.setup.id).await?;
        let began_at = now();
        let Some(input) = self.input(event).await? else {
            let reason = "what it is about cannot be told any more".to_owned();
            let commit = empty_run(page, RunResult::Skipped { reason });
            return Ok(Called::Commit(Box::new(commit)));
        };
        let reads = Arc::new(RunReads {
            store: Arc::clone(&self.store),
            view,
            install: install.clone(),
            known_commit,
            shops: self.shop_infos(),
            egress: self.egress.clone(),
            egress_policy: Arc::clone(&setup.egress),
        });
        let call = Call {
            client: self.setup.id.clone(),
            install: install.clone(),
            event: event.number,
            shop: event.body.shop().cloned(),
            observed_at: event.observed_at,
            caused_by: event.caused_by.as_ref().map(|cause| cause.action.clone()),
            cursor: cursor.clone(),
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
        self.metrics.run_used(&self.setup.id, install, &ran.used.used);
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
            EventBody::Customer { customer, changes } => {
                Some(Input::Customer { customer: customer.id.clone(), changes: changes.clone() })
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
            EventBody::Signal { sender, signal } => Some(Input::Signal {
                name: signal.name.clone(),
                sender: sender.clone(),
                payload: signal.payload.clone(),
                hops: signal.hops,
            }),
            EventBody::Lifecycle { step, .. } => Some(Input::Lifecycle(self.told(step).await?)),
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

/// One call of an install: the turn, and the page of it.
#[derive(Clone, Copy)]
struct Page<'a> {
    install: &'a InstallId,
    runs: &'a InstallRuns,
    id: TurnId,
    turn: &'a Turn,
}

/// What became of a commit.
enum Committed {
    /// There is nothing more to do about the event.
    Done,
    /// The next page has this cursor.
    Again(String),
    /// Something it read had changed. These are the answers it had over HTTP.
    Not(Vec<HttpRecord>),
}

/// Says why an event is too old to be delivered, if it is. One that was begun is gone on with.
fn too_old(setup: &InstallSetup, turn: &Turn) -> Option<String> {
    let most = route::subscription(setup, &turn.event).max_age?;
    let age = Duration::from_millis(now().0.saturating_sub(turn.event.observed_at.0));
    let is_begun = turn.cursor.is_some();
    (age > most && !is_begun)
        .then(|| format!("it is {age:?} old, and the module wants none older than {most:?}"))
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
    let run = empty_run(page, result);
    Called::Commit(Box::new(RunCommit {
        began_at,
        reads: ran.reads,
        writes: ran.writes,
        about: ran.about,
        proposals: ran.proposals,
        signals: ran.signals,
        http: ran.http,
        log: lines(&ran.log),
        used: ran.used,
        ..run
    }))
}

/// A run that is not tried again, with what is known of it.
fn failed_run(page: Page<'_>, failed: Failed) -> RunCommit {
    let Failed { reason, http, log, used, .. } = failed;
    let run = empty_run(page, RunResult::Failed { reason });
    RunCommit { http, log: lines(&log), used, ..run }
}

fn lines(log: &[LogLine]) -> Vec<String> {
    log.iter().map(ToString::to_string).collect()
}

/// A run that did nothing.
fn empty_run(page: Page<'_>, result: RunResult) -> RunCommit {
    let Turn { event, coalesced, cursor } = page.turn;
    RunCommit {
        install: page.install.clone(),
        event: event.number,
        coalesced: coalesced.clone(),
        // What it is by then is known when it is committed.
        passed: 0,
        cursor: cursor.clone(),
        began_at: now(),
        result,
        reads: StateReads::default(),
        writes: StateWrites::default(),
        about: StateAbout::default(),
        proposals: Vec::new(),
        refused: Vec::new(),
        signals: Vec::new(),
        lifecycle: matches!(event.body, EventBody::Lifecycle { .. }),
        http: Vec::new(),
        log: Vec::new(),
        used: RunUse::default(),
        conflicts: 0,
    }
}
