//! The host's own alerts.

#![expect(unused_qualifications, reason = "written by utoipa's macros")]

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{Problem, operable, visible};
use crate::{
    Host,
    limits::{LIST_ROWS_DEFAULT, LIST_ROWS_MAX},
    principal::Principal,
    views::AlertView,
};

#[derive(OpenApi)]
#[openapi(paths(alerts, resolve))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new()
        .route("/api/v1/clients/{client}/alerts", get(alerts))
        .route("/api/v1/clients/{client}/alerts/resolve", post(resolve))
}

/// How many alerts, and which.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
struct AlertsQuery {
    /// Most alerts; 20 if absent, at most 1000.
    limit: Option<u32>,
    /// Only those that are open.
    open: Option<bool>,
}

/// Which alert a person has seen to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveAlert {
    /// The alert's key, such as `passed-by/stock-sync`.
    pub key: String,
}

/// The host's own alerts about a client, newest first.
#[utoipa::path(get, path = "/api/v1/clients/{client}/alerts", params(AlertsQuery), responses(
    (status = 200, body = [AlertView]),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn alerts(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Query(query): Query<AlertsQuery>,
) -> Result<Json<Vec<AlertView>>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let limit = query.limit.unwrap_or(LIST_ROWS_DEFAULT).min(LIST_ROWS_MAX);
    let alerts = host.store.alerts(&setup.id, query.open.unwrap_or(false), limit).await?;
    Ok(Json(alerts.into_iter().map(AlertView::from).collect()))
}

/// Resolves an alert that was seen to; tells those that are open still.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/alerts/resolve",
    request_body = ResolveAlert,
    responses(
        (status = 200, body = [AlertView]),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
async fn resolve(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(ResolveAlert { key }): Json<ResolveAlert>,
) -> Result<Json<Vec<AlertView>>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let resolved = host.engine.resolve_alert(&setup.id, &key, &principal.name).await?;
    if resolved != Some(true) {
        let words = format!("client `{client}` has no open alert `{key}`");
        return Err(Problem::new(StatusCode::NOT_FOUND, words));
    }
    let open = host.store.alerts(&setup.id, true, LIST_ROWS_MAX).await?;
    Ok(Json(open.into_iter().map(AlertView::from).collect()))
}
