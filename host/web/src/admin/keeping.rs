//! Backups, and the release of clients whose database was restored from one.

use std::path::PathBuf;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use fondaco_engine::quarantine::Released;
use fondaco_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Problem, operable};
use crate::{
    Host,
    principal::{Principal, Role},
    views::BackupView,
};

#[derive(OpenApi)]
#[openapi(paths(backup, release))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new()
        .route("/api/v1/backup", post(backup))
        .route("/api/v1/clients/{client}/quarantine/release", post(release))
}

/// Where a backup is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupOrder {
    /// A file on the host's machine that is not there yet: an absolute path.
    #[schema(value_type = String)]
    pub file: PathBuf,
}

/// Writes a backup of all clients while everything goes on.
#[utoipa::path(post, path = "/api/v1/backup", request_body = BackupOrder, responses(
    (status = 200, body = BackupView),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, body = Problem),
))]
async fn backup(
    State(host): State<Host>,
    principal: Principal,
    Json(order): Json<BackupOrder>,
) -> Result<Json<BackupView>, Problem> {
    if principal.role != Role::AgencyAdmin {
        let words = format!("a backup holds every client, so {} cannot take one", principal.name);
        return Err(Problem::new(StatusCode::FORBIDDEN, words));
    }
    if !order.file.is_absolute() {
        let words = format!("`{}` is no absolute path", order.file.display());
        return Err(Problem::new(StatusCode::BAD_REQUEST, words));
    }
    match host.engine.backup(&order.file, &principal.name).await {
        Ok(backup) => Ok(Json(BackupView::from(backup))),
        // The reason is about the file that was asked for.
        Err(error @ StoreError::Unusable { .. }) => {
            Err(Problem::new(StatusCode::CONFLICT, error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// What became of the wish to release a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseView {
    /// Whether it had been in quarantine until now.
    pub released: bool,
}

/// Lets a client act again whose database was restored from a backup.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/quarantine/release",
    responses(
        (status = 200, body = ReleaseView),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    )
)]
async fn release(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
) -> Result<Json<ReleaseView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    match host.engine.release(&setup.id, &principal.name).await? {
        Released::Released => Ok(Json(ReleaseView { released: true })),
        Released::Free => Ok(Json(ReleaseView { released: false })),
        Released::StillLooking => {
            let words = format!(
                "what was under way for client `{client}` when the backup was taken is still being \
                 looked for, or a shop has not told yet what changed since; `fondaco status` tells \
                 when that is done"
            );
            Err(Problem::new(StatusCode::CONFLICT, words))
        }
    }
}
