//! Stop and go.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use fondaco_engine::{
    now,
    setup::{ClientSetup, Mode},
};
use fondaco_model::{InstallId, ShopId};
use fondaco_store::{Go, Scope, Stop};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Problem, operable};
use crate::{Host, limits::REASON_BYTES_MAX, principal::Principal, views::StopView};

#[derive(OpenApi)]
#[openapi(paths(stop, go))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new()
        .route("/api/v1/clients/{client}/stop", post(stop))
        .route("/api/v1/clients/{client}/go", post(go))
}

/// What is to stop or to go on: a shop, an install, or with neither all of the client's work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopOrGo {
    /// Only this shop: nothing is sent to it.
    pub shop: Option<String>,
    /// Only this install: it does not run, and its actions wait.
    pub install: Option<String>,
    /// Why, for the audit log.
    pub reason: String,
    /// For `go` on an install that was paused because it kept failing: counts its failures anew,
    /// so that events it fails on again are set aside.
    pub forgive: bool,
}

impl StopOrGo {
    /// What it is about, if the client has it.
    fn scope(&self, setup: &ClientSetup) -> Result<Scope, Problem> {
        let no = |what: &str, name: &str| {
            let words = format!("client `{}` has no {what} `{name}`", setup.id);
            Problem::new(StatusCode::NOT_FOUND, words)
        };
        match (&self.shop, &self.install) {
            (None, None) => Ok(Scope::Client),
            (Some(shop), None) => {
                let known = ShopId::new(shop).ok().filter(|id| setup.shops.contains_key(id));
                known.map(Scope::Shop).ok_or_else(|| no("shop", shop))
            }
            (None, Some(install)) => {
                let known =
                    InstallId::new(install).ok().filter(|id| setup.installs.contains_key(id));
                known.map(Scope::Install).ok_or_else(|| no("install", install))
            }
            (Some(_), Some(_)) => {
                let words = "name a shop or an install, not both";
                Err(Problem::new(StatusCode::BAD_REQUEST, words))
            }
        }
    }

    fn check(&self) -> Result<(), Problem> {
        if self.reason.len() <= REASON_BYTES_MAX {
            return Ok(());
        }
        let words = format!("the reason is longer than {REASON_BYTES_MAX} bytes; shorten it");
        Err(Problem::new(StatusCode::BAD_REQUEST, words))
    }
}

/// Stops all of a client's work, a shop, or an install, while what shops tell is still taken in;
/// tells what is stopped now. What is stopped already stays as it is.
#[utoipa::path(post, path = "/api/v1/clients/{client}/stop", request_body = StopOrGo, responses(
    (status = 200, body = [StopView]),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn stop(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(what): Json<StopOrGo>,
) -> Result<Json<Vec<StopView>>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    what.check()?;
    let scope = what.scope(setup)?;
    let stop = Stop { scope, at: now(), principal: principal.name, reason: what.reason };
    host.engine.stop_work(&setup.id, stop).await?;
    stops(&host, setup).await
}

/// Lets something go on that was stopped, in order; tells what is still stopped.
#[utoipa::path(post, path = "/api/v1/clients/{client}/go", request_body = StopOrGo, responses(
    (status = 200, body = [StopView]),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
    (status = 409, body = Problem),
))]
async fn go(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(what): Json<StopOrGo>,
) -> Result<Json<Vec<StopView>>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    what.check()?;
    let scope = what.scope(setup)?;
    let words = not_stopped(&scope, setup);
    let StopOrGo { reason, forgive, .. } = what;
    let go = Go { scope, at: now(), principal: principal.name, reason, forgive };
    if host.engine.let_go_on(&setup.id, go).await? != Some(true) {
        return Err(Problem::new(StatusCode::CONFLICT, words));
    }
    stops(&host, setup).await
}

fn not_stopped(scope: &Scope, setup: &ClientSetup) -> String {
    let by_file = match scope {
        Scope::Install(install) => setup.installs.get(install).map(|install| install.mode),
        Scope::Client | Scope::Shop(_) => None,
    };
    if by_file == Some(Mode::Paused) {
        return format!(
            "{scope} is paused by the file of client `{}`; write mode = \"live\" there, and \
             restart the host",
            setup.id
        );
    }
    format!("{scope} of client `{}` is not stopped", setup.id)
}

async fn stops(host: &Host, setup: &ClientSetup) -> Result<Json<Vec<StopView>>, Problem> {
    let stops = host.store.stops(&setup.id).await?;
    Ok(Json(stops.into_iter().map(StopView::from).collect()))
}
