//! The admin door: the API that the `fondaco` command and the pages use.

#![expect(unused_qualifications, reason = "written by utoipa's macros")]

use axum::{
    Json, Router,
    extract::{Path, Query, State, connect_info::IntoMakeServiceWithConnectInfo},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use fondaco_engine::setup::{ClientSetup, Mode, ShopSetup};
use fondaco_model::{ActionEnd, ActionId, ClientId, InstallId};
use fondaco_store::{ActionFilter, Counter, Stop, StoreError, telling::hour_of};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    Host,
    figures::RunFigures,
    limits::{FIGURES_RUNS, LIST_ROWS_DEFAULT, LIST_ROWS_MAX},
    principal::{Peer, Principal},
    views::{
        ActionView, AlertView, ClientView, DeadDeliveryView, DiskView, FiguresView, InstallView,
        QuarantineView, ReconciliationView, RunView, ShopView, StatusView, StopView, TrafficView,
    },
};

mod alerts;
mod align;
mod audit;
mod control;
mod redo;
mod shops;
mod story;

pub use alerts::ResolveAlert;
pub use control::StopOrGo;
pub mod keeping;
pub mod privacy;

/// The API's description; each file below this one has its own part.
#[derive(OpenApi)]
#[openapi(
    info(title = "Fondaco admin API", description = "What the host does, and for whom."),
    paths(status, runs, actions, action, dead_deliveries)
)]
struct Api;

/// The routes of the admin API.
pub fn router(host: Host) -> Router {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/status", get(status))
        .route("/api/v1/clients/{client}/runs", get(runs))
        .route("/api/v1/clients/{client}/actions", get(actions))
        .route("/api/v1/clients/{client}/actions/{action}", get(action))
        .route("/api/v1/clients/{client}/dead-deliveries", get(dead_deliveries))
        .merge(alerts::routes())
        .merge(align::routes())
        .merge(audit::routes())
        .merge(redo::routes())
        .merge(shops::routes())
        .merge(story::routes())
        .merge(control::routes())
        .merge(privacy::routes())
        .merge(keeping::routes())
        .fallback(no_such_route)
        .with_state(host)
}

/// The routes, with who is at the other end of the socket.
pub fn service(host: Host) -> IntoMakeServiceWithConnectInfo<Router, Peer> {
    router(host).into_make_service_with_connect_info::<Peer>()
}

/// What went wrong, for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    #[serde(skip)]
    status: u16,
    /// What, and what to do.
    pub error: String,
}

impl Problem {
    /// A problem with its HTTP status.
    #[must_use]
    pub fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status: status.as_u16(), error: error.into() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self)).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store could not answer the admin API");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

/// How many rows, and which.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
struct ListQuery {
    /// Most rows; 20 if absent, at most 1000.
    limit: Option<u32>,
    /// Only those of this install.
    install: Option<String>,
    /// Only those of this event.
    event: Option<u64>,
    /// Only those that have not ended.
    open: Option<bool>,
    /// Only those that ended so: `done`, `failed`, `unknown` and so on.
    ended: Option<String>,
}

impl ListQuery {
    fn rows(&self) -> u32 {
        self.limit.unwrap_or(LIST_ROWS_DEFAULT).min(LIST_ROWS_MAX)
    }

    fn install(&self) -> Result<Option<InstallId>, Problem> {
        let install = self.install.as_deref().map(InstallId::new).transpose();
        install.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))
    }
}

/// The client, if there is one of this name that the principal may see. That one exists is not told
/// to those who may not see it.
fn visible<'a>(
    host: &'a Host,
    principal: &Principal,
    client: &str,
) -> Result<&'a ClientSetup, Problem> {
    let id = ClientId::new(client).ok().filter(|id| principal.may_see(id));
    host.engine.clients().find(|setup| Some(&setup.id) == id.as_ref()).ok_or_else(|| {
        let words = format!("there is no client `{client}` that {} may see", principal.name);
        Problem::new(StatusCode::NOT_FOUND, words)
    })
}

/// The client, if the principal may change something of its work.
fn operable<'a>(
    host: &'a Host,
    principal: &Principal,
    client: &str,
) -> Result<&'a ClientSetup, Problem> {
    let setup = visible(host, principal, client)?;
    if principal.may_operate(&setup.id) {
        return Ok(setup);
    }
    let Principal { name, role, .. } = principal;
    let words = format!(
        "{name} reads about client `{client}` and changes nothing: {role} only reads",
        role = role.as_str()
    );
    Err(Problem::new(StatusCode::FORBIDDEN, words))
}

async fn no_such_route(_: Principal) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such address; see /api/v1/openapi.json")
}

async fn openapi(_: Principal) -> Json<utoipa::openapi::OpenApi> {
    let parts = [
        alerts::Api::openapi(),
        align::Api::openapi(),
        audit::Api::openapi(),
        control::Api::openapi(),
        keeping::Api::openapi(),
        privacy::Api::openapi(),
        redo::Api::openapi(),
        shops::Api::openapi(),
        story::Api::openapi(),
    ];
    Json(parts.into_iter().fold(Api::openapi(), utoipa::openapi::OpenApi::merge_from))
}

fn traffic_view(shop: &ShopSetup) -> TrafficView {
    let traffic = shop.platform.traffic();
    let rests_for = traffic.rests_for.map(|time| time.as_millis());
    TrafficView {
        circuit: traffic.circuit.as_str().to_owned(),
        rests_for_ms: rests_for.map(|time| u64::try_from(time).unwrap_or(u64::MAX)),
        requests_per_second: traffic.requests_per_second,
    }
}

/// How the host and its clients stand.
#[utoipa::path(get, path = "/api/v1/status", responses(
    (status = 200, body = StatusView),
    (status = 401, body = Problem),
))]
async fn status(
    State(host): State<Host>,
    principal: Principal,
) -> Result<Json<StatusView>, Problem> {
    let mut clients = Vec::new();
    for setup in host.engine.clients().filter(|setup| principal.may_see(&setup.id)) {
        clients.push(client_view(&host, setup).await?);
    }
    let room = host.engine.room();
    let store = DiskView {
        free_bytes: room.free_bytes,
        room: room.level.as_str().to_owned(),
        spilled_bytes: host.engine.spilled_bytes(),
    };
    Ok(Json(StatusView { version: env!("CARGO_PKG_VERSION").to_owned(), store, clients }))
}

async fn client_view(host: &Host, setup: &ClientSetup) -> Result<ClientView, Problem> {
    let status = host.engine.status(&setup.id).unwrap_or_default();
    let backlog = host.store.backlog(&setup.id).await?;
    let oldest = host.store.oldest_actions(&setup.id).await?;
    let stops = host.store.stops(&setup.id).await?;
    let alerts = host.store.alerts(&setup.id, true, LIST_ROWS_DEFAULT).await?;
    let mut shops = Vec::new();
    for (id, shop) in &setup.shops {
        let progress = host.store.shop_progress(&setup.id, id).await?;
        let silent_since = host.store.silent_since(&setup.id, id, u64::MAX).await?;
        let reconciliation = host.engine.reconciliation(&setup.id, id).await?;
        shops.push(ShopView {
            id: id.to_string(),
            name: shop.name.clone(),
            platform: shop.platform_name.to_owned(),
            environment: if shop.production { "production" } else { "staging" }.to_owned(),
            imported: progress.imported,
            orders_known_until: progress.orders_known_until.map(|moment| moment.0),
            oldest_action_at: oldest
                .iter()
                .find(|action| action.shop == *id)
                .map(|action| action.proposed_at.0),
            trouble: status.trouble.get(id).cloned(),
            silent_since: silent_since.map(|moment| moment.0),
            traffic: traffic_view(shop),
            reconciliation: reconciliation.map(ReconciliationView::from),
        });
    }
    let mut installs = Vec::new();
    for (id, install) in &setup.installs {
        let progress = host.store.install_progress(&setup.id, id).await?.unwrap_or_default();
        installs.push(InstallView {
            id: id.to_string(),
            version: install.module.manifest().version.to_string(),
            mode: mode_now(id, install.mode, &stops).as_str().to_owned(),
            event: progress.event,
            behind: progress.behind(backlog.last_event),
            figures: figures(host, setup, id).await?,
        });
    }
    let state = match (&status.ended, status.live) {
        (Some(_), _) => "ended",
        (None, true) => "live",
        (None, false) => "importing",
    };
    Ok(ClientView {
        id: setup.id.to_string(),
        name: setup.name.clone(),
        state: state.to_owned(),
        ended: status.ended,
        quarantine: host.engine.quarantine(&setup.id).map(QuarantineView::from),
        shops,
        installs,
        stops: stops.into_iter().map(StopView::from).collect(),
        alerts: alerts.into_iter().map(AlertView::from).collect(),
        deliveries_waiting: backlog.deliveries,
        deliveries_dead: backlog.dead_deliveries,
        actions_open: backlog.actions,
        actions_unknown: backlog.actions_unknown,
        events: backlog.last_event,
    })
}

async fn figures(
    host: &Host,
    setup: &ClientSetup,
    install: &InstallId,
) -> Result<FiguresView, Problem> {
    let times = host.store.run_times(&setup.id, install, FIGURES_RUNS).await?;
    let this_hour = hour_of(fondaco_engine::now());
    let actions = host.store.counted(&setup.id, install, Counter::Actions, this_hour).await?;
    let oldest = host.engine.oldest_event(&setup.id, install).await?;
    Ok(FiguresView {
        runs: RunFigures::of(&times),
        actions_this_hour: actions,
        oldest_event_at: oldest.map(|moment| moment.0),
    })
}

/// The mode of an install: what its client's file says, unless it is paused or off.
fn mode_now(install: &InstallId, mode: Mode, stops: &[Stop]) -> Mode {
    let is_paused = stops.iter().any(|stop| stop.scope.holds_runs_of(install));
    if is_paused && mode != Mode::Off { Mode::Paused } else { mode }
}

/// The runs of a client's modules, newest first.
#[utoipa::path(get, path = "/api/v1/clients/{client}/runs", params(ListQuery), responses(
    (status = 200, body = [RunView]),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn runs(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Vec<RunView>>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let runs = host.store.runs(&setup.id, query.install()?.as_ref(), query.rows()).await?;
    Ok(Json(runs.into_iter().map(RunView::from).collect()))
}

/// The actions of a client's modules, newest first.
#[utoipa::path(get, path = "/api/v1/clients/{client}/actions", params(ListQuery), responses(
    (status = 200, body = [ActionView]),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn actions(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Vec<ActionView>>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    if let Some(end) = query.ended.as_ref().filter(|end| !ActionEnd::WORDS.contains(&end.as_str()))
    {
        let words =
            format!("no action ends as `{end}`; write one of {}", ActionEnd::WORDS.join(", "));
        return Err(Problem::new(StatusCode::BAD_REQUEST, words));
    }
    let filter = ActionFilter {
        open_only: query.open.unwrap_or(false),
        ended: query.ended.clone(),
        event: query.event,
        install: query.install()?,
        limit: query.rows(),
    };
    let actions = host.store.actions(&setup.id, filter).await?;
    Ok(Json(actions.into_iter().map(|action| ActionView::of(action, setup)).collect()))
}

/// One action.
#[utoipa::path(get, path = "/api/v1/clients/{client}/actions/{action}", responses(
    (status = 200, body = ActionView),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn action(
    State(host): State<Host>,
    principal: Principal,
    Path((client, action)): Path<(String, String)>,
) -> Result<Json<ActionView>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let id = ActionId::from_stored(action.as_str());
    match host.store.action(&setup.id, &id).await? {
        Some(action) => Ok(Json(ActionView::of(action, setup))),
        None => {
            let words = format!("client `{client}` has no action `{action}`");
            Err(Problem::new(StatusCode::NOT_FOUND, words))
        }
    }
}

/// The deliveries that nothing could be made of, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/clients/{client}/dead-deliveries",
    params(ListQuery),
    responses(
        (status = 200, body = [DeadDeliveryView]),
        (status = 401, body = Problem),
        (status = 404, body = Problem),
    )
)]
async fn dead_deliveries(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Vec<DeadDeliveryView>>, Problem> {
    let setup = visible(&host, &principal, &client)?;
    let dead = host.store.dead_deliveries(&setup.id, query.rows()).await?;
    Ok(Json(dead.into_iter().map(DeadDeliveryView::from).collect()))
}
