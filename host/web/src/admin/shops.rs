//! A client's shops: how they stand, and their webhooks.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use fondaco_engine::{
    setup::ClientSetup,
    shops::{PlatformError, ShopCallError},
};
use fondaco_model::ShopId;
use fondaco_store::Act;
use utoipa::OpenApi;

use super::{Problem, operable, visible};
use crate::{
    Host,
    principal::Principal,
    views::{
        ReconciliationView,
        shops::{CheckItemView, CredentialsView, RepairWebhooks, WebhookMadeView, WebhookView},
    },
};

#[derive(OpenApi)]
#[openapi(paths(
    check,
    webhooks,
    repair_webhooks,
    sync,
    begin_sync,
    credentials,
    reread_credentials
))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new()
        .route("/api/v1/clients/{client}/shops/{shop}/check", get(check))
        .route("/api/v1/clients/{client}/shops/{shop}/webhooks", get(webhooks))
        .route("/api/v1/clients/{client}/shops/{shop}/webhooks/repair", post(repair_webhooks))
        .route("/api/v1/clients/{client}/shops/{shop}/credentials", get(credentials))
        .route("/api/v1/clients/{client}/shops/{shop}/credentials/reread", post(reread_credentials))
        .route("/api/v1/clients/{client}/shops/{shop}/sync", get(sync).post(begin_sync))
}

impl From<ShopCallError> for Problem {
    fn from(error: ShopCallError) -> Self {
        let status = match error {
            ShopCallError::Store(error) => return error.into(),
            ShopCallError::NoShop { .. } => StatusCode::NOT_FOUND,
            ShopCallError::NoAddress
            | ShopCallError::NotImported(_)
            | ShopCallError::Credentials { .. } => StatusCode::CONFLICT,
            ShopCallError::Platform(PlatformError::Unavailable { .. }) => {
                StatusCode::GATEWAY_TIMEOUT
            }
            ShopCallError::Platform(_) => StatusCode::BAD_GATEWAY,
        };
        Self::new(status, error.to_string())
    }
}

/// The shop, if the client has it.
pub(super) fn shop_of(setup: &ClientSetup, shop: &str) -> Result<ShopId, Problem> {
    let known = ShopId::new(shop).ok().filter(|id| setup.shops.contains_key(id));
    known.ok_or_else(|| {
        let words = format!("client `{}` has no shop `{shop}`", setup.id);
        Problem::new(StatusCode::NOT_FOUND, words)
    })
}

pub(super) fn act(principal: Principal, what: &str, shop: &ShopId, detail: String) -> Act {
    Act {
        principal: principal.name,
        what: what.to_owned(),
        subject: format!("shop {shop}"),
        detail,
    }
}

/// What the host needs of a shop, and how each stands.
#[utoipa::path(get, path = "/api/v1/clients/{client}/shops/{shop}/check", responses(
    (status = 200, body = [CheckItemView]),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn check(
    State(host): State<Host>,
    principal: Principal,
    Path((client, shop)): Path<(String, String)>,
) -> Result<Json<Vec<CheckItemView>>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let items = host.engine.check_shop(&setup.id, &shop_of(setup, &shop)?).await?;
    Ok(Json(items.into_iter().map(CheckItemView::from).collect()))
}

/// The webhooks that a shop has, ours and others'.
#[utoipa::path(get, path = "/api/v1/clients/{client}/shops/{shop}/webhooks", responses(
    (status = 200, body = [WebhookView]),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
    (status = 502, body = Problem),
    (status = 504, body = Problem),
))]
async fn webhooks(
    State(host): State<Host>,
    principal: Principal,
    Path((client, shop)): Path<(String, String)>,
) -> Result<Json<Vec<WebhookView>>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let webhooks = host.engine.shop_webhooks(&setup.id, &shop_of(setup, &shop)?).await?;
    Ok(Json(webhooks.into_iter().map(WebhookView::from).collect()))
}

/// Makes webhooks of a shop anew; tells which.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/shops/{shop}/webhooks/repair",
    request_body = RepairWebhooks,
    responses(
        (status = 200, body = [WebhookMadeView]),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 502, body = Problem),
        (status = 504, body = Problem),
    )
)]
async fn repair_webhooks(
    State(host): State<Host>,
    principal: Principal,
    Path((client, shop)): Path<(String, String)>,
    Json(asked): Json<RepairWebhooks>,
) -> Result<Json<Vec<WebhookMadeView>>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let shop = shop_of(setup, &shop)?;
    let detail = if asked.all { "all" } else { "those that do not work" }.to_owned();
    let act = act(principal, "repair-webhooks", &shop, detail);
    let made = host.engine.repair_webhooks(&setup.id, &shop, asked.all, act).await?;
    Ok(Json(made.into_iter().map(WebhookMadeView::from).collect()))
}

/// How the last comparison of all that a shop has with what is known of it went, or how far the one has
/// come that is under way; nothing if there was none.
#[utoipa::path(get, path = "/api/v1/clients/{client}/shops/{shop}/sync", responses(
    (status = 200, body = Option<ReconciliationView>),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn sync(
    State(host): State<Host>,
    principal: Principal,
    Path((client, shop)): Path<(String, String)>,
) -> Result<Json<Option<ReconciliationView>>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let known = host.engine.reconciliation(&setup.id, &shop_of(setup, &shop)?).await?;
    Ok(Json(known.map(ReconciliationView::from)))
}

/// Begins to compare all that a shop has with what is known of it and to put that right, unless this is
/// under way. Returns whether it begins.
#[utoipa::path(post, path = "/api/v1/clients/{client}/shops/{shop}/sync", responses(
    (status = 200, body = bool),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
    (status = 409, body = Problem),
))]
async fn begin_sync(
    State(host): State<Host>,
    principal: Principal,
    Path((client, shop)): Path<(String, String)>,
) -> Result<Json<bool>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let shop = shop_of(setup, &shop)?;
    let act = act(principal, "sync", &shop, String::new());
    Ok(Json(host.engine.reconcile(&setup.id, &shop, act).await?))
}

/// How the credentials of a shop stand; never what they are.
#[utoipa::path(get, path = "/api/v1/clients/{client}/shops/{shop}/credentials", responses(
    (status = 200, body = CredentialsView),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn credentials(
    State(host): State<Host>,
    principal: Principal,
    Path((client, shop)): Path<(String, String)>,
) -> Result<Json<CredentialsView>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let shop = shop_of(setup, &shop)?;
    let webhook_secret_proven = host.engine.webhook_secret_proven(&setup.id, &shop)?;
    Ok(Json(CredentialsView { webhook_secret_proven }))
}

/// Reads the credentials of a shop anew from where the client's file says they are, and goes on with
/// them.
#[utoipa::path(
    post,
    path = "/api/v1/clients/{client}/shops/{shop}/credentials/reread",
    responses(
        (status = 200, body = CredentialsView),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    )
)]
async fn reread_credentials(
    State(host): State<Host>,
    principal: Principal,
    Path((client, shop)): Path<(String, String)>,
) -> Result<Json<CredentialsView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let shop = shop_of(setup, &shop)?;
    let act = act(principal, "reread-credentials", &shop, String::new());
    host.engine.reread_credentials(&setup.id, &shop, act).await?;
    let webhook_secret_proven = host.engine.webhook_secret_proven(&setup.id, &shop)?;
    Ok(Json(CredentialsView { webhook_secret_proven }))
}
