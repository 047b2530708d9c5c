//! What installs hear of their own life: one step after the other, ahead of all other events.
//!
//! A step is raised when the one before it is done. So the history that a new install hears is
//! never in the table of events as a whole, but one page of it at a time.

use fondaco_model::{
    ClientId, EventBody, InstallId, Timestamp,
    hear::{BackfillRange, LifecycleStep},
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    ahead,
    client::ClientWrite,
    fault::{Fault, decode, encode},
    history,
    writer::Verdict,
};
use crate::{InstallIdentity, LifecycleProgress, RunCommit, RunResult};

struct Row {
    progress: LifecycleProgress,
    steps: Vec<LifecycleStep>,
}

/// Notes what an install is now, and adds to what it is to hear of its own life.
pub fn begin(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    install: &InstallId,
    identity: InstallIdentity,
    mut steps: Vec<LifecycleStep>,
) -> Result<Verdict<()>, Fault> {
    if ahead::cursor(write.connection, &write.client, install)?.is_none() {
        return Err(write.missing(format!("install `{install}`")));
    }
    for step in &mut steps {
        if let LifecycleStep::Backfill(range) = step {
            range.as_of = write.commit_number();
        }
    }
    let mut row = load(write.connection, &write.client, install)?.unwrap_or_else(|| Row {
        progress: LifecycleProgress { identity: identity.clone(), event: None, cursor: None },
        steps: Vec::new(),
    });
    row.progress.identity = identity;
    steps.append(&mut row.steps);
    row.steps = steps;
    if row.progress.event.is_none() {
        raise_next(write, at, install, &mut row)?;
    }
    save(write, install, &row)?;
    Ok(Verdict::Keep(()))
}

/// Where an install stands in its own life.
pub fn progress(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
) -> Result<Option<LifecycleProgress>, Fault> {
    Ok(load(connection, client, install)?.map(|row| row.progress))
}

/// Whether a run of a step was committed before: the step is done, or this page of it.
pub fn is_done(write: &ClientWrite<'_>, run: &RunCommit) -> Result<bool, Fault> {
    let row = load(write.connection, &write.client, &run.install)?;
    Ok(row.is_none_or(|Row { progress, .. }| {
        progress.event != Some(run.event) || progress.cursor != run.cursor
    }))
}

/// Moves on to the next page of a step, or to the next step.
pub fn advance(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    install: &InstallId,
    result: &RunResult,
) -> Result<(), Fault> {
    let Some(mut row) = load(write.connection, &write.client, install)? else {
        return Ok(());
    };
    match result {
        RunResult::Again { cursor } => row.progress.cursor = Some(cursor.clone()),
        RunResult::Done | RunResult::Failed { .. } | RunResult::Skipped { .. } => {
            raise_next(write, at, install, &mut row)?;
        }
    }
    save(write, install, &row)
}

/// Raises the next step; of history, the next page.
fn raise_next(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    install: &InstallId,
    row: &mut Row,
) -> Result<(), Fault> {
    row.progress.cursor = None;
    row.progress.event = None;
    if row.steps.is_empty() {
        return Ok(());
    }
    let mut step = row.steps.remove(0);
    if let LifecycleStep::Backfill(range) = &mut step {
        history::take_page(write, range)?;
        if !range.last {
            let rest = BackfillRange { after: range.until.clone(), until: None, ..range.clone() };
            row.steps.insert(0, LifecycleStep::Backfill(rest));
        }
    }
    let body = EventBody::Lifecycle { install: install.clone(), step };
    row.progress.event = Some(write.raise(at, None, body)?.number);
    Ok(())
}

fn load(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
) -> Result<Option<Row>, Fault> {
    let row = connection
        .prepare_cached(
            "SELECT identity, steps, event, cursor FROM lifecycles
             WHERE client = ?1 AND install = ?2",
        )?
        .query_row([client.as_str(), install.as_str()], |row| {
            let (identity, steps): (String, String) = (row.get(0)?, row.get(1)?);
            Ok((identity, steps, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((identity, steps, event, cursor)) = row else {
        return Ok(None);
    };
    let what = || format!("the life of install `{install}`");
    let progress = LifecycleProgress { identity: decode(&identity, what)?, event, cursor };
    Ok(Some(Row { progress, steps: decode(&steps, what)? }))
}

fn save(write: &ClientWrite<'_>, install: &InstallId, row: &Row) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached(
            "INSERT INTO lifecycles (client, install, identity, steps, event, cursor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (client, install) DO UPDATE SET identity = excluded.identity,
                 steps = excluded.steps, event = excluded.event, cursor = excluded.cursor",
        )?
        .execute(params![
            write.client.as_str(),
            install.as_str(),
            encode(&row.progress.identity)?,
            encode(&row.steps)?,
            row.progress.event,
            row.progress.cursor,
        ])?;
    Ok(())
}
