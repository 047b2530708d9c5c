//! Installs, where they stand in the events, and their runs.

use fondaco_model::{ClientId, InstallId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    client::ClientWrite,
    fault::{Fault, decode, encode},
    proposals::{self, Origin},
    state,
    writer::Verdict,
};
use crate::{CommitOutcome, InstallProgress, RunCommit, RunRecord, RunResult};

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
    let stands = stands(write.connection, &write.client, install)?
        .ok_or_else(|| write.missing(format!("install `{install}`")))?;
    Ok(Verdict::Keep(stands))
}

/// Where an install stands.
pub fn stands(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
) -> Result<Option<InstallProgress>, Fault> {
    let progress = connection
        .prepare_cached(
            "SELECT last_event, cursor FROM installs WHERE client = ?1 AND install = ?2",
        )?
        .query_row([client.as_str(), install.as_str()], |row| {
            Ok(InstallProgress { event: row.get(0)?, cursor: row.get(1)? })
        })
        .optional()?;
    Ok(progress)
}

/// Commits a run.
pub fn commit_run(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    run: RunCommit,
) -> Result<Verdict<CommitOutcome>, Fault> {
    let stands = stands(write.connection, &write.client, &run.install)?
        .ok_or_else(|| write.missing(format!("install `{}`", run.install)))?;
    if is_done(&stands, &run) {
        return Ok(Verdict::Undo(CommitOutcome::AlreadyDone));
    }
    if run.event > write.last_event() {
        return Err(write.missing(format!("event {}", run.event)));
    }
    if let Some(key) = state::conflict(write, &run.install, &run.reads)? {
        return Ok(Verdict::Undo(CommitOutcome::Conflict { key }));
    }
    state::save(write, &run.install, &run.writes)?;
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
    let number = advance(write, &run.install, run.event, &run.result)?;
    let record = RunRecord {
        number,
        install: run.install,
        event: run.event,
        began_at: run.began_at,
        result: run.result,
        used: run.used,
        http: run.http,
        log: run.log,
        actions,
    };
    insert_record(write, &record)?;
    Ok(Verdict::Keep(CommitOutcome::Committed { run: number }))
}

/// Whether the install is past this already: past the event, or past this page of it. A run that
/// was skipped has no pages.
fn is_done(stands: &InstallProgress, run: &RunCommit) -> bool {
    let another_page = run.event == stands.event + 1
        && run.cursor != stands.cursor
        && run.result != RunResult::Skipped;
    run.event <= stands.event || another_page
}

/// Moves the install's cursor; returns the number of the run.
fn advance(
    write: &ClientWrite<'_>,
    install: &InstallId,
    event: u64,
    result: &RunResult,
) -> Result<u64, Fault> {
    // What lies before an event that is called again is done with, so that the cursor belongs to
    // the very next one.
    let (done, cursor) = match result {
        RunResult::Again { cursor } => (event - 1, Some(cursor)),
        RunResult::Done | RunResult::Failed { .. } | RunResult::Skipped => (event, None),
    };
    write
        .connection
        .prepare_cached(
            "UPDATE installs SET last_event = ?3, cursor = ?4, last_run = last_run + 1
             WHERE client = ?1 AND install = ?2",
        )?
        .execute(params![write.client.as_str(), install.as_str(), done, cursor])?;
    let number = write
        .connection
        .prepare_cached("SELECT last_run FROM installs WHERE client = ?1 AND install = ?2")?
        .query_row([write.client.as_str(), install.as_str()], |row| row.get(0))?;
    Ok(number)
}

fn insert_record(write: &mut ClientWrite<'_>, record: &RunRecord) -> Result<(), Fault> {
    let commit = write.commit_number();
    write
        .connection
        .prepare_cached(
            "INSERT INTO runs (client, install, number, commit_number, record)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            write.client.as_str(),
            record.install.as_str(),
            record.number,
            commit,
            encode(record)?,
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
    let rows = statement.query_and_then(params![client.as_str(), install, limit], |row| {
        let (install, number): (String, u64) = (row.get(0)?, row.get(1)?);
        decode(&row.get::<_, String>(2)?, || format!("run {number} of install `{install}`"))
    })?;
    rows.collect()
}
