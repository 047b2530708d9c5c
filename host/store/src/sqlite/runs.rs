//! Installs and their runs.

use fondaco_model::{ClientId, InstallId, StateTouched, Timestamp};
use rusqlite::{Connection, params};

use super::{
    ahead::{self, Step},
    client::ClientWrite,
    events,
    fault::{Fault, encode},
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
    run: RunCommit,
) -> Result<Verdict<CommitOutcome>, Fault> {
    let cursor = ahead::cursor(write.connection, &write.client, &run.install)?
        .ok_or_else(|| write.missing(format!("install `{}`", run.install)))?;
    if was_committed(write, cursor, &run)? {
        return Ok(Verdict::Undo(CommitOutcome::AlreadyDone));
    }
    let newest = run.event.max(run.passed);
    if newest > write.last_event() {
        return Err(write.missing(format!("event {newest}")));
    }
    if let Some(key) = state::conflict(write, &run.install, &run.reads)? {
        return Ok(Verdict::Undo(CommitOutcome::Conflict { key }));
    }
    state::save(write, &run.install, &run.writes)?;
    advance(write, cursor, &run)?;
    let trace = events::trace(write, run.event)?;
    write.belongs_to(trace);
    let origin = Origin { install: &run.install, event: run.event, at };
    let mut actions = Vec::with_capacity(run.proposals.len() + run.refused.len());
    for proposal in run.proposals {
        actions.push(proposal.id.clone());
        proposals::propose(write, origin, proposal)?;
    }
    for (proposal, reason) in run.refused {
        actions.push(proposal.id.clone());
        proposals::refuse(write, origin, &proposal, reason)?;
    }
    let number = next_number(write, &run.install)?;
    let record = RunRecord {
        number,
        install: run.install,
        event: run.event,
        coalesced: run.coalesced,
        began_at: run.began_at,
        result: run.result,
        used: run.used,
        http: run.http,
        log: run.log,
        actions,
        trace: write.trace(),
        committed_at: Some(at),
        conflicts: run.conflicts,
        touched: StateTouched::of(&run.reads, &run.writes, TOUCHED_KEYS_MAX),
    };
    insert_record(write, &record)?;
    Ok(Verdict::Keep(CommitOutcome::Committed { run: number }))
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
