//! Dead deliveries and actions that a person retries, discards or decides on.

use fondaco_model::{Action, ActionEnd, ActionId, InstallId, ShopId, Timestamp};
use rusqlite::params;

use super::{
    audit,
    client::ClientWrite,
    fault::{Fault, capped, encode, stored},
    inbox, outbox, proposals,
    writer::Verdict,
};
use crate::{
    Act, ActionSelection, DeadSelection, Redo, Redone, RedoneActions, limits::REDONE_AT_ONCE_MAX,
};

/// Puts dead deliveries back into the inbox.
pub fn retry_deliveries(
    write: &ClientWrite<'_>,
    at: Timestamp,
    which: &DeadSelection,
    act: &Act,
) -> Result<Verdict<Redone<u64>>, Fault> {
    let mut redone = dead(write, which)?;
    leave_foreign(write, &mut redone)?;
    for number in &redone.done {
        let client = write.client.as_str();
        write
            .connection
            .prepare_cached(
                "UPDATE clients SET last_delivery = last_delivery + 1 WHERE client = ?1",
            )?
            .execute([client])?;
        write
            .connection
            .prepare_cached(
                "INSERT INTO deliveries (client, number, shop, topic, received_at, trace, body)
                 SELECT client, (SELECT last_delivery FROM clients WHERE client = ?1),
                     shop, topic, received_at, trace, body
                 FROM dead_deliveries WHERE client = ?1 AND number = ?2",
            )?
            .execute(params![client, capped(*number)])?;
        inbox::delete_dead(write, *number)?;
    }
    conclude(write, at, redone, act)
}

/// What another site sent never gets into the inbox.
fn leave_foreign(write: &ClientWrite<'_>, redone: &mut Redone<u64>) -> Result<(), Fault> {
    let mut site_of = write
        .connection
        .prepare_cached("SELECT site FROM dead_deliveries WHERE client = ?1 AND number = ?2")?;
    for number in std::mem::take(&mut redone.done) {
        let site: Option<String> =
            site_of.query_row(params![write.client.as_str(), capped(number)], |row| row.get(0))?;
        match site {
            None => redone.done.push(number),
            Some(site) => {
                let words = format!("`{site}` sent it, which is not the shop: discard it");
                redone.left.push((number, words));
            }
        }
    }
    Ok(())
}

/// Deletes dead deliveries.
pub fn discard_deliveries(
    write: &ClientWrite<'_>,
    at: Timestamp,
    which: &DeadSelection,
    act: &Act,
) -> Result<Verdict<Redone<u64>>, Fault> {
    let redone = dead(write, which)?;
    redone.done.iter().try_for_each(|number| inbox::delete_dead(write, *number))?;
    conclude(write, at, redone, act)
}

/// The numbers of the dead deliveries selected, as many as one transaction takes.
fn dead(write: &ClientWrite<'_>, which: &DeadSelection) -> Result<Redone<u64>, Fault> {
    let mut statement = write.connection.prepare_cached(
        "SELECT number FROM dead_deliveries
         WHERE client = ?1 AND number BETWEEN ?2 AND ?3 AND (?4 IS NULL OR shop = ?4)
         ORDER BY number LIMIT ?5",
    )?;
    let selected = params![
        write.client.as_str(),
        capped(*which.numbers.start()),
        capped(*which.numbers.end()),
        which.shop.as_ref().map(ShopId::as_str),
        REDONE_AT_ONCE_MAX + 1,
    ];
    let rows = statement.query_map(selected, |row| row.get(0))?;
    let mut done = rows.collect::<rusqlite::Result<Vec<u64>>>()?;
    let more = done.len() > REDONE_AT_ONCE_MAX as usize;
    done.truncate(REDONE_AT_ONCE_MAX as usize);
    Ok(Redone { done, more, ..Redone::default() })
}

/// Retries or discards actions.
pub fn redo_actions(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    which: &ActionSelection,
    redo: &Redo,
    act: &Act,
) -> Result<Verdict<RedoneActions>, Fault> {
    let mut redone = Redone::default();
    let mut actions = selected(write, which, redo)?;
    redone.more = actions.len() > REDONE_AT_ONCE_MAX as usize;
    actions.truncate(REDONE_AT_ONCE_MAX as usize);
    for action in actions {
        match redo {
            Redo::Discard { reason } => {
                proposals::end(write, &action, ActionEnd::Refused { reason: reason.clone() }, at)?;
            }
            Redo::Retry => match newer(write, &action)? {
                None => retry(write, at, &action)?,
                Some(newer) => {
                    let words = format!("action {newer} came after it and writes the same");
                    redone.left.push((action.id, words));
                    continue;
                }
            },
        }
        redone.done.push(action.id);
    }
    conclude(write, at, redone, act)
}

/// The actions selected that it can be done to, and one more than a transaction takes.
fn selected(
    write: &ClientWrite<'_>,
    which: &ActionSelection,
    redo: &Redo,
) -> Result<Vec<Action>, Fault> {
    let (waiting, ended) = (
        concat!(
            "SELECT ",
            outbox::action_columns!(),
            " FROM actions WHERE client = ?1 AND number BETWEEN ?2 AND ?3
              AND (?4 IS NULL OR kind ->> '$.shop' = ?4) AND (?5 IS NULL OR install = ?5)
              AND state = 'waiting' ORDER BY number LIMIT ?6"
        ),
        concat!(
            "SELECT ",
            outbox::action_columns!(),
            " FROM actions WHERE client = ?1 AND number BETWEEN ?2 AND ?3
              AND (?4 IS NULL OR kind ->> '$.shop' = ?4) AND (?5 IS NULL OR install = ?5)
              AND ending ->> '$.end' IN ('failed', 'refused', 'expired')
              ORDER BY number LIMIT ?6"
        ),
    );
    let sql = if matches!(redo, Redo::Retry) { ended } else { waiting };
    let mut statement = write.connection.prepare_cached(sql)?;
    let rows = statement.query_and_then(
        params![
            write.client.as_str(),
            capped(*which.numbers.start()),
            capped(*which.numbers.end()),
            which.shop.as_ref().map(ShopId::as_str),
            which.install.as_ref().map(InstallId::as_str),
            REDONE_AT_ONCE_MAX + 1,
        ],
        |row| outbox::action_of(&write.client, row),
    )?;
    rows.collect()
}

/// The newest action that was proposed for the same target later, if there is one. Trying the older
/// one again could only undo it.
fn newer(write: &ClientWrite<'_>, action: &Action) -> Result<Option<String>, Fault> {
    let Some(target) = action.kind.target() else {
        return Ok(None);
    };
    let mut statement = write.connection.prepare_cached(
        "SELECT action FROM actions WHERE client = ?1 AND target = ?2 AND number > ?3
         ORDER BY number DESC LIMIT 1",
    )?;
    let mut rows = statement
        .query_map(params![write.client.as_str(), target, action.number], |row| row.get(0))?;
    Ok(rows.next().transpose()?)
}

fn retry(write: &mut ClientWrite<'_>, at: Timestamp, action: &Action) -> Result<(), Fault> {
    let mut kind = action.kind.clone();
    // One that is older, and was put back meanwhile, gives way as it would to a new proposal.
    if let Some(target) = kind.target()
        && let Some(older) = outbox::waiting_for(write, &target)?
    {
        kind.take_value_before(&older.kind);
        proposals::end(write, &older, ActionEnd::Superseded, at)?;
    }
    let mut terms = action.terms.clone();
    // Who retries what has expired wants it done all the same.
    terms.expires_at = terms.expires_at.filter(|moment| *moment > at);
    write
        .connection
        .prepare_cached(
            "UPDATE actions SET state = 'waiting', kind = ?3, terms = ?4, attempts = 0, due_at = 0,
                 tried_since = ?5, last_reason = NULL, ending = NULL, ended_at = NULL, shown = '{}'
             WHERE client = ?1 AND action = ?2",
        )?
        .execute(params![
            write.client.as_str(),
            action.id.as_str(),
            encode(&kind)?,
            encode(&terms)?,
            stored(at)
        ])?;
    Ok(())
}

/// Gives an action that stands as unknown the end that a person found out.
pub fn decide(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    id: &ActionId,
    end: ActionEnd,
    act: &Act,
) -> Result<Verdict<bool>, Fault> {
    let action = outbox::action(write.connection, &write.client, id)?
        .ok_or_else(|| write.missing(format!("action {id}")))?;
    if !matches!(action.end, Some(ActionEnd::Unknown { .. })) {
        return Ok(Verdict::Undo(false));
    }
    proposals::end(write, &action, end, at)?;
    audit::record(write, at, act)?;
    Ok(Verdict::Keep(true))
}

/// Writes the audit log, if anything was done.
fn conclude<T>(
    write: &ClientWrite<'_>,
    at: Timestamp,
    redone: Redone<T>,
    act: &Act,
) -> Result<Verdict<Redone<T>>, Fault> {
    if redone.done.is_empty() {
        return Ok(Verdict::Undo(redone));
    }
    audit::record(write, at, act)?;
    Ok(Verdict::Keep(redone))
}
