//! Proposals become actions; a newer one takes the place of one that still waits.

use fondaco_model::{
    Action, ActionEnd, ActionState, Event, EventBody, InstallId, Proposal, Timestamp, TraceId,
};
use rusqlite::params;

use super::{
    audit,
    client::ClientWrite,
    fault::{Fault, encode, stored},
    outbox, telling,
    writer::Verdict,
};
use crate::{Act, Counter};

/// The run that proposed.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The install.
    pub install: &'a InstallId,
    /// The event it handled.
    pub event: u64,
    /// When.
    pub at: Timestamp,
}

/// Puts proposals of the host itself into the outbox, at a person's wish.
pub fn propose_for_person(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    proposer: &InstallId,
    proposals: Vec<Proposal>,
    act: Option<&Act>,
) -> Result<Verdict<()>, Fault> {
    // A cursor that waits for nothing keeps nothing from being forgotten.
    write
        .connection
        .prepare_cached(
            "INSERT INTO installs (client, install, last_event) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![write.client.as_str(), proposer.as_str(), i64::MAX])?;
    let origin = Origin { install: proposer, event: write.last_event(), at };
    proposals.into_iter().try_for_each(|proposal| propose(write, origin, proposal))?;
    if let Some(act) = act {
        audit::record(write, at, act)?;
    }
    Ok(Verdict::Keep(()))
}

/// Puts a proposal into the outbox, unless it is there.
pub fn propose(
    write: &mut ClientWrite<'_>,
    origin: Origin<'_>,
    mut proposal: Proposal,
) -> Result<(), Fault> {
    if outbox::action(write.connection, &write.client, &proposal.id)?.is_some() {
        return Ok(());
    }
    let waiting = match proposal.kind.target() {
        Some(target) => outbox::waiting_for(write, &target)?,
        None => None,
    };
    if let Some(older) = waiting {
        proposal.kind.take_value_before(&older.kind);
        end(write, &older, ActionEnd::Superseded, origin.at)?;
    }
    insert(write, origin, &proposal, None)?;
    telling::count(write, origin.at, origin.install, Counter::Actions, 1)
}

/// Records a proposal that is refused at once, unless it is there, and tells its install.
pub fn refuse(
    write: &mut ClientWrite<'_>,
    origin: Origin<'_>,
    proposal: &Proposal,
    reason: String,
) -> Result<(), Fault> {
    if outbox::action(write.connection, &write.client, &proposal.id)?.is_some() {
        return Ok(());
    }
    let end = ActionEnd::Refused { reason };
    insert(write, origin, proposal, Some(&end))?;
    let trace = write.trace();
    raise_outcome(write, (origin.at, trace), origin.install, proposal, end)?;
    Ok(())
}

/// Records what a run in shadow proposed, unless it is there: it goes nowhere, takes nobody's place,
/// and its install hears nothing of it.
pub fn record_shadow(
    write: &mut ClientWrite<'_>,
    origin: Origin<'_>,
    proposal: &Proposal,
    objection: Option<String>,
) -> Result<(), Fault> {
    if outbox::action(write.connection, &write.client, &proposal.id)?.is_some() {
        return Ok(());
    }
    insert(write, origin, proposal, Some(&ActionEnd::Shadow { objection }))
}

/// Ends an action and tells its install.
pub fn end(
    write: &mut ClientWrite<'_>,
    action: &Action,
    end: ActionEnd,
    at: Timestamp,
) -> Result<Event, Fault> {
    write
        .connection
        .prepare_cached(
            "UPDATE actions SET state = 'ended', ending = ?3, ended_at = ?4
             WHERE client = ?1 AND action = ?2",
        )?
        .execute(params![write.client.as_str(), action.id.as_str(), encode(&end)?, stored(at)])?;
    let proposal =
        Proposal { id: action.id.clone(), kind: action.kind.clone(), terms: action.terms.clone() };
    raise_outcome(write, (at, action.trace), &action.install, &proposal, end)
}

fn raise_outcome(
    write: &mut ClientWrite<'_>,
    (at, trace): (Timestamp, TraceId),
    install: &InstallId,
    proposal: &Proposal,
    end: ActionEnd,
) -> Result<Event, Fault> {
    let body = EventBody::Outcome {
        install: install.clone(),
        action: proposal.id.clone(),
        kind: proposal.kind.interface().to_owned(),
        key: proposal.terms.key.clone(),
        entity: proposal.kind.entity(),
        end,
    };
    write.raise_in(trace, at, None, body)
}

fn insert(
    write: &mut ClientWrite<'_>,
    origin: Origin<'_>,
    proposal: &Proposal,
    end: Option<&ActionEnd>,
) -> Result<(), Fault> {
    let (number, trace) = (write.next_action(), write.trace());
    let state = if end.is_some() { ActionState::Ended } else { ActionState::Waiting };
    write
        .connection
        .prepare_cached(
            "INSERT INTO actions (client, action, number, install, event, target, kind, terms,
                 state, proposed_at, ending, ended_at, exclusive, trace, tried_since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?10)",
        )?
        .execute(params![
            write.client.as_str(),
            proposal.id.as_str(),
            number,
            origin.install.as_str(),
            origin.event,
            proposal.kind.target(),
            encode(&proposal.kind)?,
            encode(&proposal.terms)?,
            state.as_str(),
            stored(origin.at),
            end.map(encode).transpose()?,
            end.map(|_| stored(origin.at)),
            proposal.kind.exclusive(),
            trace.bytes(),
        ])?;
    Ok(())
}
