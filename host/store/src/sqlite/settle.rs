//! Actions on their way: begun, put back, and ended.

use fondaco_model::{Action, ActionId, ActionState, EntityKey, Timestamp, action::Shown};
use rusqlite::params;

use super::{
    client::ClientWrite,
    fault::{Fault, encode, stored},
    mirror, outbox, proposals,
    stops::held,
    writer::Verdict,
};
use crate::{SettleOutcome, Settlement};

/// Marks an action as being sent.
pub fn begin(
    write: &ClientWrite<'_>,
    at: Timestamp,
    id: &ActionId,
    request: &str,
) -> Result<Verdict<bool>, Fault> {
    let changed = write
        .connection
        .prepare_cached(concat!(
            "UPDATE actions AS this
             SET state = 'sending', attempts = attempts + 1, began_at = ?3, request = ?4
             WHERE client = ?1 AND action = ?2 AND state = 'waiting' AND NOT EXISTS (
                 SELECT 1 FROM actions AS other
                 WHERE other.client = ?1 AND other.exclusive = this.exclusive
                     AND other.state = 'sending'
             ) AND NOT ",
            held!("this"),
        ))?
        .execute(params![write.client.as_str(), id.as_str(), stored(at), request])?;
    Ok(Verdict::Keep(changed == 1))
}

/// Puts an action back to waiting, or lets a newer one take its place.
pub fn postpone(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    id: &ActionId,
    until: Timestamp,
    reason: &str,
) -> Result<Verdict<Vec<EntityKey>>, Fault> {
    let action = load(write, id)?;
    if action.state != ActionState::Sending {
        return Ok(Verdict::Undo(Vec::new()));
    }
    let newer = match action.kind.target() {
        Some(target) => outbox::waiting_for(write, &target)?,
        None => None,
    };
    match newer {
        Some(newer) => give_way(write, at, &action, newer)?,
        None => put_back(write, &action, until, reason)?,
    }
    Ok(Verdict::Keep(lift(write, &action)?))
}

fn put_back(
    write: &ClientWrite<'_>,
    action: &Action,
    until: Timestamp,
    reason: &str,
) -> Result<(), Fault> {
    let due_at = action.terms.expires_at.map_or(until, |expires_at| until.min(expires_at));
    write
        .connection
        .prepare_cached(
            "UPDATE actions SET state = 'waiting', due_at = ?3, last_reason = ?4
             WHERE client = ?1 AND action = ?2",
        )?
        .execute(params![write.client.as_str(), action.id.as_str(), stored(due_at), reason])?;
    Ok(())
}

fn give_way(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    older: &Action,
    mut newer: Action,
) -> Result<(), Fault> {
    newer.kind.take_value_before(&older.kind);
    write
        .connection
        .prepare_cached("UPDATE actions SET kind = ?3 WHERE client = ?1 AND action = ?2")?
        .execute(params![write.client.as_str(), newer.id.as_str(), encode(&newer.kind)?])?;
    proposals::end(write, older, fondaco_model::ActionEnd::Superseded, at)?;
    Ok(())
}

/// Ends an action, with what the platform's answer showed.
pub fn settle(
    write: &mut ClientWrite<'_>,
    settlement: Settlement,
) -> Result<Verdict<SettleOutcome>, Fault> {
    let action = load(write, &settlement.action)?;
    if action.state == ActionState::Ended {
        return Ok(Verdict::Undo(SettleOutcome::AlreadyDone));
    }
    write.belongs_to(Some(action.trace));
    let at = settlement.at;
    let Some(mut events) = mirror::take_rows(write, at, settlement.rows)? else {
        return Ok(Verdict::Undo(SettleOutcome::Moved));
    };
    keep_shown(write, &action, settlement.shown)?;
    events.push(proposals::end(write, &action, settlement.end, at)?);
    // One that was never begun has no fence; what stands there is another's.
    let masked = match action.state {
        ActionState::Sending => lift(write, &action)?,
        ActionState::Waiting | ActionState::Ended => Vec::new(),
    };
    Ok(Verdict::Keep(SettleOutcome::Settled { masked, events }))
}

/// Keeps what the shop showed before and after. It is what undoing the action goes by.
fn keep_shown(write: &ClientWrite<'_>, action: &Action, shown: Shown) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached("UPDATE actions SET shown = ?3 WHERE client = ?1 AND action = ?2")?
        .execute(params![write.client.as_str(), action.id.as_str(), encode(&shown)?])?;
    Ok(())
}

fn load(write: &ClientWrite<'_>, id: &ActionId) -> Result<Action, Fault> {
    outbox::action(write.connection, &write.client, id)?
        .ok_or_else(|| write.missing(format!("action {id}")))
}

fn lift(write: &ClientWrite<'_>, action: &Action) -> Result<Vec<EntityKey>, Fault> {
    match action.kind.exclusive() {
        Some(fence) => mirror::take_masked(write, &fence),
        None => Ok(Vec::new()),
    }
}
