//! Stories: all that is under one trace, and all there is to one run.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use fondaco_model::{InstallId, TraceId};
use utoipa::OpenApi;

use super::{Problem, visible};
use crate::{
    Host,
    limits::LIST_ROWS_MAX,
    principal::Principal,
    views::{
        ActionView,
        story::{RunStoryView, TraceView},
    },
};

#[derive(OpenApi)]
#[openapi(paths(trace, run))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new()
        .route("/api/v1/clients/{client}/traces/{trace}", get(trace))
        .route("/api/v1/clients/{client}/runs/{install}/{number}", get(run))
}

/// All that is under one trace, in order.
#[utoipa::path(get, path = "/api/v1/clients/{client}/traces/{trace}", responses(
    (status = 200, body = TraceView),
    (status = 400, body = Problem),
    (status = 404, body = Problem),
))]
async fn trace(
    State(host): State<Host>,
    principal: Principal,
    Path((client, trace)): Path<(String, String)>,
) -> Result<Json<TraceView>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let id: TraceId = trace.parse().map_err(|error: fondaco_model::trace::TraceIdError| {
        Problem::new(StatusCode::BAD_REQUEST, error.to_string())
    })?;
    let story = host.store.trace(&setup.id, id, LIST_ROWS_MAX).await?;
    if story.is_empty() {
        let words = format!("client `{client}` has nothing under trace {id}");
        return Err(Problem::new(StatusCode::NOT_FOUND, words));
    }
    Ok(Json(TraceView::of(trace, story, setup)))
}

/// All there is to one run.
#[utoipa::path(get, path = "/api/v1/clients/{client}/runs/{install}/{number}", responses(
    (status = 200, body = RunStoryView),
    (status = 404, body = Problem),
))]
async fn run(
    State(host): State<Host>,
    principal: Principal,
    Path((client, install, number)): Path<(String, String, u64)>,
) -> Result<Json<RunStoryView>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let run = match InstallId::new(install.as_str()) {
        Ok(install) => host.store.run(&setup.id, &install, number).await?,
        Err(_) => None,
    };
    let Some(run) = run else {
        let words = format!("client `{client}` has no run {number} of an install `{install}`");
        return Err(Problem::new(StatusCode::NOT_FOUND, words));
    };
    let event = host.store.event(&setup.id, run.event).await?;
    let mut actions = Vec::with_capacity(run.actions.len());
    for id in &run.actions {
        let action = host.store.action(&setup.id, id).await?;
        actions.extend(action.map(|action| ActionView::of(action, setup)));
    }
    Ok(Json(RunStoryView::of(run, event.as_ref(), actions)))
}
