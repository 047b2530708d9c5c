//! The outbox: actions as they are stored, and which of them can be begun.

use fondaco_model::{
    Action, ActionEnd, ActionId, ActionState, ClientId, InstallId, Timestamp, TraceId,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    client::ClientWrite,
    fault::{Fault, corrupt, decode, stored},
    stops::held,
};
use crate::{ActionFilter, ReadyAction, SendingAction};

/// The columns that [`action_of`] reads.
macro_rules! action_columns {
    () => {
        "action, install, event, kind, terms, state, attempts, proposed_at, ending, ended_at,
         number, trace, tried_since, due_at, last_reason, shown"
    };
}
pub(super) use action_columns;

/// An action, of a row with these columns.
pub fn action_of(client: &ClientId, row: &Row<'_>) -> Result<Action, Fault> {
    let id: String = row.get(0)?;
    let what = |part: &str| format!("the {part} of action {id}");
    let install = InstallId::new(row.get::<_, String>(1)?)
        .map_err(|error| corrupt(what("install"), error))?;
    let state = match row.get::<_, String>(5)?.as_str() {
        "waiting" => ActionState::Waiting,
        "sending" => ActionState::Sending,
        "ended" => ActionState::Ended,
        other => return Err(corrupt(what("state"), format!("there is no {other}"))),
    };
    let end: Option<String> = row.get(8)?;
    let due_at = Some(row.get(13)?).filter(|due_at| *due_at > 0).map(Timestamp);
    Ok(Action {
        client: client.clone(),
        install,
        event: row.get(2)?,
        kind: decode(&row.get::<_, String>(3)?, || what("kind"))?,
        terms: decode(&row.get::<_, String>(4)?, || what("terms"))?,
        state,
        end: end.map(|end| decode(&end, || what("end"))).transpose()?,
        attempts: row.get(6)?,
        proposed_at: Timestamp(row.get(7)?),
        ended_at: row.get::<_, Option<u64>>(9)?.map(Timestamp),
        number: row.get(10)?,
        trace: TraceId::of_random(row.get(11)?),
        tried_since: Timestamp(row.get(12)?),
        next_try: due_at.filter(|_| state == ActionState::Waiting),
        last_reason: row.get(14)?,
        shown: decode(&row.get::<_, String>(15)?, || what("shown values"))?,
        id: ActionId::from_stored(id),
    })
}

/// One action.
pub fn action(
    connection: &Connection,
    client: &ClientId,
    id: &ActionId,
) -> Result<Option<Action>, Fault> {
    let sql =
        concat!("SELECT ", action_columns!(), " FROM actions WHERE client = ?1 AND action = ?2");
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows =
        statement.query_and_then([client.as_str(), id.as_str()], |row| action_of(client, row))?;
    rows.next().transpose()
}

/// The action that waits for a target, if any. There is at most one.
pub fn waiting_for(write: &ClientWrite<'_>, target: &str) -> Result<Option<Action>, Fault> {
    let sql = concat!(
        "SELECT ",
        action_columns!(),
        " FROM actions WHERE client = ?1 AND target = ?2 AND state = 'waiting'"
    );
    let mut statement = write.connection.prepare_cached(sql)?;
    let mut rows = statement
        .query_and_then([write.client.as_str(), target], |row| action_of(&write.client, row))?;
    rows.next().transpose()
}

/// Whether an action is being sent that none may be beside. While it is, it is a fence.
pub fn is_fenced(
    connection: &Connection,
    client: &ClientId,
    exclusive: &str,
) -> Result<bool, Fault> {
    let fenced = connection
        .prepare_cached(
            "SELECT 1 FROM actions WHERE client = ?1 AND exclusive = ?2 AND state = 'sending'",
        )?
        .exists([client.as_str(), exclusive])?;
    Ok(fenced)
}

/// What all actions that are being sent exclude.
pub fn fences(connection: &Connection, client: &ClientId) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT exclusive FROM actions
         WHERE client = ?1 AND state = 'sending' AND exclusive IS NOT NULL ORDER BY number",
    )?;
    let rows = statement.query_map([client.as_str()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The actions that are being sent.
pub fn sending(connection: &Connection, client: &ClientId) -> Result<Vec<SendingAction>, Fault> {
    let sql = concat!(
        "SELECT ",
        action_columns!(),
        ", began_at, request FROM actions WHERE client = ?1 AND state = 'sending' ORDER BY number"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_and_then([client.as_str()], |row| {
        Ok(SendingAction {
            action: action_of(client, row)?,
            began_at: Timestamp(row.get(16)?),
            request: row.get(17)?,
        })
    })?;
    rows.collect()
}

/// The actions, newest first.
pub fn actions(
    connection: &Connection,
    client: &ClientId,
    filter: &ActionFilter,
) -> Result<Vec<Action>, Fault> {
    let sql = match (filter.event, filter.open_only) {
        (Some(_), _) => concat!(
            "SELECT ",
            action_columns!(),
            " FROM actions WHERE client = ?1 AND event = ?2 AND (NOT ?3 OR state <> 'ended')
              AND (?6 IS NULL OR ending ->> '$.end' = ?6) AND (?5 IS NULL OR install = ?5) ORDER BY number DESC LIMIT ?4"
        ),
        // Two short lists by their own indexes, and not the long one of all that have ended.
        (None, true) => concat!(
            "SELECT * FROM (SELECT ",
            action_columns!(),
            " FROM actions WHERE client = ?1 AND state = 'waiting'
              UNION ALL SELECT ",
            action_columns!(),
            " FROM actions WHERE client = ?1 AND state = 'sending')
              WHERE ?2 IS NULL AND ?3 AND ?6 IS NULL AND (?5 IS NULL OR install = ?5)
              ORDER BY number DESC LIMIT ?4"
        ),
        (None, false) => concat!(
            "SELECT ",
            action_columns!(),
            " FROM actions WHERE client = ?1 AND ?2 IS NULL AND NOT ?3
              AND (?6 IS NULL OR ending ->> '$.end' = ?6) AND (?5 IS NULL OR install = ?5) ORDER BY number DESC LIMIT ?4"
        ),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_and_then(
        params![
            client.as_str(),
            filter.event,
            filter.open_only,
            filter.limit,
            filter.install.as_ref().map(InstallId::as_str),
            filter.ended,
        ],
        |row| action_of(client, row),
    )?;
    rows.collect()
}

/// The actions that can be begun, or have to be ended, now.
pub fn ready(
    connection: &Connection,
    client: &ClientId,
    at: Timestamp,
    limit: u32,
) -> Result<Vec<ReadyAction>, Fault> {
    let sql = concat!(
        "SELECT ",
        action_columns!(),
        " FROM actions WHERE client = ?1 AND state = 'waiting' AND due_at <= ?2 AND NOT ",
        held!("actions"),
        " ORDER BY number"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let waiting = statement
        .query_and_then(params![client.as_str(), stored(at)], |row| action_of(client, row))?;
    let mut ready = Vec::new();
    for action in waiting {
        if ready.len() == limit as usize {
            break;
        }
        ready.extend(readiness(connection, client, at, action?)?);
    }
    Ok(ready)
}

/// Where one of the actions stands that another comes after.
enum Before {
    Done,
    Open,
    Failed,
}

fn readiness(
    connection: &Connection,
    client: &ClientId,
    at: Timestamp,
    action: Action,
) -> Result<Option<ReadyAction>, Fault> {
    let mut blocked = match action.kind.exclusive() {
        Some(exclusive) => is_fenced(connection, client, &exclusive)?,
        None => false,
    };
    let mut after_failed = None;
    for before in &action.terms.after {
        match standing(connection, client, before)? {
            Before::Done => {}
            Before::Open => blocked = true,
            Before::Failed => after_failed = Some(before.clone()),
        }
    }
    let expired = action.terms.expires_at.is_some_and(|moment| moment <= at);
    // What can never be done need not wait until it could be begun.
    let now = expired || after_failed.is_some() || !blocked;
    Ok(now.then_some(ReadyAction { action, after_failed }))
}

fn standing(connection: &Connection, client: &ClientId, id: &ActionId) -> Result<Before, Fault> {
    let ending = connection
        .prepare_cached("SELECT ending FROM actions WHERE client = ?1 AND action = ?2")?
        .query_row([client.as_str(), id.as_str()], |row| row.get::<_, Option<String>>(0))
        .optional()?;
    let end = match ending {
        None => return Ok(Before::Failed),
        Some(None) => return Ok(Before::Open),
        Some(Some(json)) => decode::<ActionEnd>(&json, || format!("the end of action {id}"))?,
    };
    Ok(if matches!(end, ActionEnd::Done { .. }) { Before::Done } else { Before::Failed })
}
