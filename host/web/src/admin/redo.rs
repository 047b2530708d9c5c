//! Dead deliveries and actions: retried, discarded, decided on.

use std::ops::RangeInclusive;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use fondaco_model::{Action, ActionEnd, ActionId, ClientId, InstallId, ShopId};
use fondaco_store::{Act, ActionSelection, DeadSelection, Redo, redo::ALL_NUMBERS};
use utoipa::OpenApi;

use super::{Problem, operable};
use crate::{
    Host,
    limits::BECAUSE_BYTES_MAX,
    principal::Principal,
    views::redo::{Decided, DecidedEnd, RedoAsked, RedoneView},
};

#[derive(OpenApi)]
#[openapi(paths(retry_deliveries, discard_deliveries, retry_actions, discard_actions, decide))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new()
        .route("/api/v1/clients/{client}/dead-deliveries/retry", post(retry_deliveries))
        .route("/api/v1/clients/{client}/dead-deliveries/discard", post(discard_deliveries))
        .route("/api/v1/clients/{client}/actions/retry", post(retry_actions))
        .route("/api/v1/clients/{client}/actions/discard", post(discard_actions))
        .route("/api/v1/clients/{client}/actions/{action}/decide", post(decide))
}

fn bad(words: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, words)
}

/// Why something is done, if that has to be said.
fn because(words: &str, needed: bool) -> Result<String, Problem> {
    let words = words.trim();
    if needed && words.is_empty() {
        return Err(bad("say why: `because`"));
    }
    if words.len() > BECAUSE_BYTES_MAX {
        return Err(bad(format!("say why in at most {BECAUSE_BYTES_MAX} bytes")));
    }
    Ok(words.to_owned())
}

fn numbers(asked: &RedoAsked) -> Result<RangeInclusive<u64>, Problem> {
    let chosen = asked.from.is_some()
        || asked.to.is_some()
        || asked.shop.is_some()
        || asked.install.is_some();
    match (chosen, asked.all) {
        (true, true) => return Err(bad("say either which ones or `all`")),
        (false, false) => {
            return Err(bad("say which ones: one, `from` and `to`, `shop`, `install`, or `all`"));
        }
        (true, false) | (false, true) => {}
    }
    let from = asked.from.unwrap_or(*ALL_NUMBERS.start());
    let to = asked.to.unwrap_or(*ALL_NUMBERS.end());
    if from > to {
        return Err(bad(format!(
            "there is nothing from {from} to {to}; write the smaller one first"
        )));
    }
    Ok(from..=to)
}

fn shop(asked: &RedoAsked) -> Result<Option<ShopId>, Problem> {
    asked.shop.as_deref().map(ShopId::new).transpose().map_err(|error| bad(error.to_string()))
}

/// The selection in words, for the audit log.
fn subject(what: &str, asked: &RedoAsked) -> String {
    let part = |name: &str, value: Option<&dyn ToString>| {
        value.map(|value| format!(" {name} {}", value.to_string())).unwrap_or_default()
    };
    let (one, install) = (asked.one.as_ref(), asked.install.as_ref());
    [
        what.to_owned(),
        one.map(|one| format!(" {one}")).unwrap_or_default(),
        part("from", asked.from.as_ref().map(|number| number as _)),
        part("to", asked.to.as_ref().map(|number| number as _)),
        part("of shop", asked.shop.as_ref().map(|shop| shop as _)),
        part("of install", install.map(|install| install as _)),
        if asked.all { " all".to_owned() } else { String::new() },
    ]
    .concat()
}

fn act(principal: &Principal, what: &str, subject: String, detail: String) -> Act {
    Act { principal: principal.name.clone(), what: what.to_owned(), subject, detail }
}

fn dead_selection(asked: &RedoAsked) -> Result<DeadSelection, Problem> {
    if asked.install.is_some() {
        return Err(bad("a delivery is of a shop, not of an install: leave out `install`"));
    }
    let numbers = match &asked.one {
        None => numbers(asked)?,
        Some(one) => {
            let number =
                one.parse().map_err(|_| bad(format!("`{one}` is no delivery's number")))?;
            number..=number
        }
    };
    Ok(DeadSelection { numbers, shop: shop(asked)? })
}

/// Nothing is as selected: told to who named one, who may have mistyped.
fn found(redone: RedoneView, client: &str, asked: &RedoAsked) -> Result<Json<RedoneView>, Problem> {
    match &asked.one {
        Some(one) if redone.done.is_empty() && redone.left.is_empty() => {
            let words = format!("client `{client}` has no dead delivery {one}");
            Err(Problem::new(StatusCode::NOT_FOUND, words))
        }
        _ => Ok(Json(redone)),
    }
}

/// Puts dead deliveries back into the inbox.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/dead-deliveries/retry",
    request_body = RedoAsked,
    responses(
        (status = 200, body = RedoneView),
        (status = 400, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
async fn retry_deliveries(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(asked): Json<RedoAsked>,
) -> Result<Json<RedoneView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let (which, why) = (dead_selection(&asked)?, because(&asked.because, false)?);
    let act = act(&principal, "retry", subject("delivery", &asked), why);
    let redone = host.engine.retry_deliveries(&setup.id, which, act).await?;
    found(RedoneView::from(redone), &client, &asked)
}

/// Deletes dead deliveries.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/dead-deliveries/discard",
    request_body = RedoAsked,
    responses(
        (status = 200, body = RedoneView),
        (status = 400, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
async fn discard_deliveries(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(asked): Json<RedoAsked>,
) -> Result<Json<RedoneView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let (which, why) = (dead_selection(&asked)?, because(&asked.because, true)?);
    let act = act(&principal, "discard", subject("delivery", &asked), why);
    let redone = host.engine.discard_deliveries(&setup.id, which, act).await?;
    found(RedoneView::from(redone), &client, &asked)
}

/// Lets actions that failed, were refused or expired be tried again.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/actions/retry",
    request_body = RedoAsked,
    responses(
        (status = 200, body = RedoneView),
        (status = 400, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    )
)]
async fn retry_actions(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(asked): Json<RedoAsked>,
) -> Result<Json<RedoneView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let why = because(&asked.because, false)?;
    let which = action_selection(&host, &setup.id, &asked, Action::no_retry).await?;
    let act = act(&principal, "retry", subject("action", &asked), why);
    let redone = host.engine.redo_actions(&setup.id, which, Redo::Retry, act).await?;
    Ok(Json(RedoneView::from(redone)))
}

/// Ends actions that wait.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/actions/discard",
    request_body = RedoAsked,
    responses(
        (status = 200, body = RedoneView),
        (status = 400, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    )
)]
async fn discard_actions(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(asked): Json<RedoAsked>,
) -> Result<Json<RedoneView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let why = because(&asked.because, true)?;
    let which = action_selection(&host, &setup.id, &asked, Action::no_discard).await?;
    let act = act(&principal, "discard", subject("action", &asked), why.clone());
    let redo = Redo::Discard { reason: format!("discarded by a person: {why}") };
    let redone = host.engine.redo_actions(&setup.id, which, redo, act).await?;
    Ok(Json(RedoneView::from(redone)))
}

async fn action_selection(
    host: &Host,
    client: &ClientId,
    asked: &RedoAsked,
    objection: impl Fn(&Action) -> Option<&'static str>,
) -> Result<ActionSelection, Problem> {
    let numbers = match &asked.one {
        None => numbers(asked)?,
        Some(one) => {
            let action = action(host, client, one).await?;
            if let Some(why_not) = objection(&action) {
                let words = format!("action `{one}` is left as it is: {why_not}");
                return Err(Problem::new(StatusCode::CONFLICT, words));
            }
            action.number..=action.number
        }
    };
    let install = asked.install.as_deref().map(InstallId::new).transpose();
    let install = install.map_err(|error| bad(error.to_string()))?;
    Ok(ActionSelection { numbers, shop: shop(asked)?, install })
}

async fn action(host: &Host, client: &ClientId, id: &str) -> Result<Action, Problem> {
    let action = host.store.action(client, &ActionId::from_stored(id)).await?;
    action.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, format!("client `{client}` has no action `{id}`"))
    })
}

/// Says how an action ended of which nobody knew whether it took effect.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/actions/{action}/decide",
    request_body = Decided,
    responses(
        (status = 200, body = RedoneView),
        (status = 400, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    )
)]
async fn decide(
    State(host): State<Host>,
    principal: Principal,
    Path((client, id)): Path<(String, String)>,
    Json(decided): Json<Decided>,
) -> Result<Json<RedoneView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let why = because(&decided.because, true)?;
    let action = action(&host, &setup.id, &id).await?;
    let (word, end) = match decided.end {
        DecidedEnd::Done => ("done", ActionEnd::Done { ids: Vec::new() }),
        DecidedEnd::Failed => {
            ("failed", ActionEnd::Failed { reason: format!("a person found out: {why}") })
        }
    };
    let act = act(&principal, "settle", format!("action {id} as {word}"), why);
    if host.engine.decide_action(&setup.id, &action.id, end, act).await? {
        let done = vec![id];
        return Ok(Json(RedoneView { done, left: Vec::new(), more: false }));
    }
    let words = format!("action `{id}` does not stand as unknown; nothing is to be decided");
    Err(Problem::new(StatusCode::CONFLICT, words))
}
