//! The audit log.

#![expect(unused_qualifications, reason = "written by utoipa's macros")]

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::{Problem, visible};
use crate::{
    Host,
    limits::{LIST_ROWS_DEFAULT, LIST_ROWS_MAX},
    principal::Principal,
    views::AuditEntryView,
};

#[derive(OpenApi)]
#[openapi(paths(audit))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new().route("/api/v1/clients/{client}/audit", get(audit))
}

/// How many entries, and which.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
struct AuditQuery {
    /// Most entries; 20 if absent, at most 1000.
    limit: Option<u32>,
    /// Only those with a smaller number.
    before: Option<u64>,
}

/// Who did what to a client's work, newest first.
#[utoipa::path(get, path = "/api/v1/clients/{client}/audit", params(AuditQuery), responses(
    (status = 200, body = [AuditEntryView]),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn audit(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Vec<AuditEntryView>>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let limit = query.limit.unwrap_or(LIST_ROWS_DEFAULT).min(LIST_ROWS_MAX);
    let log = host.store.audit_log(&setup.id, query.before, limit).await?;
    Ok(Json(log.into_iter().map(AuditEntryView::from).collect()))
}
