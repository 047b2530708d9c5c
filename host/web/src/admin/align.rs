//! Bringing the stock of a client's shops into line.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use fondaco_engine::align::{AlignError, Choice};
use fondaco_model::ShopId;
use utoipa::OpenApi;

use super::{Problem, operable, visible};
use crate::{
    Host,
    principal::Principal,
    views::align::{AlignAsked, AlignedView, DifferencesView},
};

#[derive(OpenApi)]
#[openapi(paths(differences, align))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new().route("/api/v1/clients/{client}/align", get(differences).post(align))
}

impl From<AlignError> for Problem {
    fn from(error: AlignError) -> Self {
        let status = match error {
            AlignError::Store(error) => return error.into(),
            AlignError::NotCompared(_) => StatusCode::BAD_REQUEST,
            AlignError::TooFewShops(_)
            | AlignError::UnknownListing(_)
            | AlignError::NothingToApprove(_) => StatusCode::CONFLICT,
        };
        Self::new(status, error.to_string())
    }
}

/// What differs between a client's production shops.
#[utoipa::path(get, path = "/api/v1/clients/{client}/align", responses(
    (status = 200, body = DifferencesView),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
    (status = 409, body = Problem),
))]
async fn differences(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
) -> Result<Json<DifferencesView>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let (listing, digest) = host.engine.list_differences(&setup.id).await?;
    Ok(Json(DifferencesView::of(&listing, digest)))
}

/// Says which shop is right, or approves that; tells what became of it.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/align",
    request_body = AlignAsked,
    responses(
        (status = 200, body = AlignedView),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    )
)]
async fn align(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(asked): Json<AlignAsked>,
) -> Result<Json<AlignedView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let AlignAsked { right, choice: digest, approve } = asked;
    let right = ShopId::new(right)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    if approve && !principal.may_approve(&setup.id) {
        let Principal { name, role, .. } = principal;
        let words = format!(
            "{name} may choose and not approve: {} does not; the client's owner or the agency's \
             admin does",
            role.as_str()
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, words));
    }
    let choice = Choice { right, digest, principal: principal.name };
    let aligned = match approve {
        true => host.engine.approve_alignment(&setup.id, choice).await?,
        false => host.engine.align(&setup.id, choice).await?,
    };
    Ok(Json(AlignedView::from(aligned)))
}
