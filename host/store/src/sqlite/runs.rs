//! Installs and their runs.

use fondaco_model::{
    ActionId, ClientId, EventBody, InstallId, StateTouched, Timestamp, TraceId, hear::Signal,
};
use rusqlite::{Connection, params};

use super::{
    ahead::{self, Step},
    client::ClientWrite,
    events,
    fault::{Fault, encode},
    lifecycle,
    modes::{self, StateOf},
    proposals::{self, Origin},
    state, telling,
    writer::Verdict,
};
use crate::{
    Ahead, CommitOutcome, InstallProgress, RunCommit, RunRecord, RunResult,
    limits::TOUCHED_KEYS_MAX,
};

/// Registers an install, and tells where it stands.
pub fn install(
    write: &ClientWrite<'_>,
    install: &InstallId,
) -> Result<Verdict<InstallProgress>, Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO installs (client, install, last_event) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![write.client.as_str(), install.as_str(), write.last_event()])?;
    let stands = ahead::stands(write.connection, &write.client, install)?
        .ok_or_else(|| write.missing(format!("install `{install}`")))?;
    Ok(Verdict::Keep(stands))
}

/// Commits a run.
pub fn commit_run(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    mut run: RunCommit,
) -> Result<Verdict<CommitOutcome>, Fault> {
    let cursor = ahead::cursor(write.connection, &write.client, &run.install)?
        .ok_or_else(|| write.missing(format!("install `{}`", run.install)))?;
    let done = if run.lifecycle {
        lifecycle::is_done(write, &run)?
    } else {
        was_committed(write, cursor, &run)?
    };
    if done {
        return Ok(Verdict::Undo(CommitOutcome::AlreadyDone));
    }
    let newest = run.event.max(run.passed);
    if newest > write.last_event() {
        return Err(write.missing(format!("event {newest}")));
    }
    let state_of = StateOf::now(write.connection, &write.client, &run.install)?;
    if let Some(key) = state::conflict(write, &state_of, &run.reads)? {
        return Ok(Verdict::Undo(CommitOutcome::Conflict { key }));
    }
    state::save(write, &state_of, &run.writes, &run.about)?;
    let trace = events::trace(write, run.event)?;
    write.belongs_to(trace);
    let origin = Origin { install: &run.install, event: run.event, at };
    let mut actions = Vec::with_capacity(run.proposals.len() + run.refused.len());
    for proposal in std::mem::take(&mut run.proposals) {
        actions.push(proposal.id.clone());
        if state_of.is_fork() {
            proposals::record_shadow(write, origin, &proposal, None)?;
        } else {
            proposals::propose(write, origin, proposal)?;
        }
    }
    for (proposal, reason) in std::mem::take(&mut run.refused) {
        actions.push(proposal.id.clone());
        if state_of.is_fork() {
            proposals::record_shadow(write, origin, &proposal, Some(reason))?;
        } else {
            proposals::refuse(write, origin, &proposal, reason)?;
        }
    }
    modes::count_failures(write, &run.install, &run.result)?;
    let signals = raise_signals(write, origin, std::mem::take(&mut run.signals))?;
    if run.lifecycle {
        lifecycle::advance(write, at, &run.install, &run.result)?;
    } else {
        advance(write, cursor, &run)?;
    }
    let number = next_number(write, &run.install)?;
    let record = Recorded { at, number, shadow: state_of.is_fork(), actions, signals };
    let record = record.of(run, write.trace());
    insert_record(write, &record)?;
    Ok(Verdict::Keep(CommitOutcome::Committed { run: number }))
}

/// Raises what the run told other modules; returns the events' numbers.
fn raise_signals(
    write: &mut ClientWrite<'_>,
    origin: Origin<'_>,
    signals: Vec<Signal>,
) -> Result<Vec<u64>, Fault> {
    let sender = origin.install;
    let raise = |signal| {
        let body = EventBody::Signal { sender: sender.clone(), signal };
        Ok(write.raise(origin.at, None, body)?.number)
    };
    signals.into_iter().map(raise).collect()
}

/// Records a run that failed, and leaves its install's cursor where it is. Says whether it did: an
/// install that is past the event is left alone.
pub fn record_unmoved(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    run: RunCommit,
) -> Result<bool, Fault> {
    let cursor = ahead::cursor(write.connection, &write.client, &run.install)?
        .ok_or_else(|| write.missing(format!("install `{}`", run.install)))?;
    if was_committed(write, cursor, &run)? {
        return Ok(false);
    }
    let shadow = StateOf::now(write.connection, &write.client, &run.install)?.is_fork();
    let trace = events::trace(write, run.event)?;
    write.belongs_to(trace);
    let number = next_number(write, &run.install)?;
    let (actions, signals) = (Vec::new(), Vec::new());
    let record = Recorded { at, number, shadow, actions, signals };
    let record = record.of(run, write.trace());
    insert_record(write, &record)?;
    Ok(true)
}

/// What a run's record has besides the run.
struct Recorded {
    at: Timestamp,
    number: u64,
    shadow: bool,
    actions: Vec<ActionId>,
    signals: Vec<u64>,
}

impl Recorded {
    fn of(self, run: RunCommit, trace: TraceId) -> RunRecord {
        RunRecord {
            number: self.number,
            install: run.install,
            event: run.event,
            coalesced: run.coalesced,
            began_at: run.began_at,
            result: run.result,
            shadow: self.shadow,
            used: run.used,
            http: run.http,
            log: run.log,
            actions: self.actions,
            signals: self.signals,
            trace,
            committed_at: Some(self.at),
            conflicts: run.conflicts,
            touched: StateTouched::of(&run.reads, &run.writes, TOUCHED_KEYS_MAX),
        }
    }
}

/// Whether the install is done with this already: with the event, or with this page of it. A run
/// that was skipped has no pages.
fn was_committed(write: &ClientWrite<'_>, cursor: u64, run: &RunCommit) -> Result<bool, Fault> {
    if run.event <= cursor {
        return Ok(true);
    }
    let skipped = matches!(run.result, RunResult::Skipped { .. });
    Ok(match ahead::of(write, &run.install, run.event)? {
        Some(Ahead::Done) => true,
        Some(Ahead::Again { cursor }) => !skipped && run.cursor.as_ref() != Some(&cursor),
        None => !skipped && run.cursor.is_some(),
    })
}

/// Notes what the install has done with this run.
fn advance(write: &ClientWrite<'_>, cursor: u64, run: &RunCommit) -> Result<(), Fault> {
    let (passed, mut done, again) = match &run.result {
        RunResult::Again { cursor } => {
            let before = run.event.saturating_sub(1);
            (run.passed.min(before), Vec::new(), Some((run.event, cursor.as_str())))
        }
        RunResult::Done | RunResult::Failed { .. } | RunResult::Skipped { .. } => {
            (run.passed, [run.coalesced.as_slice(), &[run.event]].concat(), None)
        }
    };
    done.sort_unstable();
    ahead::advance(write, &run.install, cursor, Step { passed, done: &done, again })
}

/// The number of the install's next run.
fn next_number(write: &ClientWrite<'_>, install: &InstallId) -> Result<u64, Fault> {
    let number = write
        .connection
        .prepare_cached(
            "UPDATE installs SET last_run = last_run + 1 WHERE client = ?1 AND install = ?2
             RETURNING last_run",
        )?
        .query_row([write.client.as_str(), install.as_str()], |row| row.get(0))?;
    Ok(number)
}

fn insert_record(write: &mut ClientWrite<'_>, record: &RunRecord) -> Result<(), Fault> {
    let commit = write.commit_number();
    write
        .connection
        .prepare_cached(
            "INSERT INTO runs (client, install, number, commit_number, record, trace)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            write.client.as_str(),
            record.install.as_str(),
            record.number,
            commit,
            encode(record)?,
            record.trace.bytes(),
        ])?;
    Ok(())
}

/// The runs, newest first.
pub fn runs(
    connection: &Connection,
    client: &ClientId,
    install: Option<&InstallId>,
    limit: u32,
) -> Result<Vec<RunRecord>, Fault> {
    let of_one = "SELECT install, number, record FROM runs
        WHERE client = ?1 AND install = ?2 ORDER BY number DESC LIMIT ?3";
    let of_all = "SELECT install, number, record FROM runs
        WHERE client = ?1 AND ?2 IS NULL ORDER BY commit_number DESC LIMIT ?3";
    let sql = if install.is_some() { of_one } else { of_all };
    let mut statement = connection.prepare_cached(sql)?;
    let install = install.map(InstallId::as_str);
    let rows =
        statement.query_and_then(params![client.as_str(), install, limit], telling::record)?;
    rows.collect()
}
