//! The public door: webhooks, health, metrics.

use std::fmt::Write as _;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use fondaco_engine::{Accepted, IntakeError, limits::ROOM_RETRY_AFTER, room::RoomLevel};
use fondaco_model::ClientId;
use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use serde_json::json;

use crate::{
    Host,
    gauges::Gauges,
    limits::{HOOK_BODY_BYTES_MAX, READY_WITHIN},
};

/// The routes that shops and monitors use.
pub fn router(host: Host) -> Router {
    Router::new()
        .route("/hooks/{client}/{shop}", post(hook))
        .layer(DefaultBodyLimit::max(HOOK_BODY_BYTES_MAX))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(host)
}

/// Takes what a shop sends. 2xx means that it is on disk.
async fn hook(
    State(host): State<Host>,
    Path((client, shop)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let accepted = host.engine.accept(&client, &shop, &headers, body.into()).await;
    let (status, result, words) = match &accepted {
        Ok(Accepted::Ping) => (StatusCode::OK, "ping", None),
        Ok(Accepted::Delivery(_)) => (StatusCode::OK, "accepted", None),
        Ok(Accepted::Spilled) => (StatusCode::OK, "spilled", None),
        Ok(Accepted::Foreign(_)) => (StatusCode::OK, "foreign", None),
        Err(error @ IntakeError::NoRoom) => {
            (StatusCode::SERVICE_UNAVAILABLE, "no-room", Some(error.to_string()))
        }
        Err(error @ IntakeError::UnknownShop { .. }) => {
            (StatusCode::NOT_FOUND, "unknown-shop", Some(error.to_string()))
        }
        Err(error @ IntakeError::Unverified(_)) => {
            (StatusCode::UNAUTHORIZED, "unverified", Some(error.to_string()))
        }
        Err(error @ IntakeError::Store(source)) => {
            tracing::error!(client.id = client, shop.id = shop, cause = %source, "{error}");
            (StatusCode::SERVICE_UNAVAILABLE, "not-stored", Some(error.to_string()))
        }
    };
    let known = ClientId::new(client.as_str()).ok().filter(|id| host.engine.works_for(id));
    host.engine.metrics().hook(known.as_ref(), result);
    if let Some(words) = words {
        // What was asked for is the asker's choice: it goes into the log only where it is a name.
        tracing::info!(client.id = known.as_ref().map(ClientId::as_str), result, "hook refused");
        let mut answer = (status, Json(json!({ "error": words }))).into_response();
        if matches!(accepted, Err(IntakeError::NoRoom)) {
            let seconds = ROOM_RETRY_AFTER.as_secs();
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return answer;
    }
    status.into_response()
}

/// The process answers.
async fn healthy() -> &'static str {
    "ok\n"
}

/// The host can do its work: the store can be written to and has room, and no client's work has
/// ended.
async fn ready(State(host): State<Host>) -> Response {
    let mut troubles = String::new();
    if let Err(error) = host.store.check_writable(READY_WITHIN).await {
        let _ = writeln!(troubles, "store: {error}");
    }
    let room = host.engine.room();
    if room.level == RoomLevel::Short {
        let free_mib = room.free_bytes / (1024 * 1024);
        let _ = writeln!(troubles, "store: only {free_mib} MiB are free on its disk; make room");
    }
    for client in host.engine.clients() {
        let status = host.engine.status(&client.id).unwrap_or_default();
        if let Some(ended) = status.ended {
            let _ = writeln!(troubles, "client {}: {ended}", client.id);
        }
    }
    if troubles.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, troubles).into_response()
}

/// Counters and what waits, for Prometheus.
async fn metrics(State(host): State<Host>) -> Response {
    let mut text = String::new();
    let encoded = encode_registry(&mut text, host.engine.metrics().registry());
    let waiting = waiting(&host).await;
    let encoded = encoded.and_then(|()| encode_registry(&mut text, &waiting));
    if encoded.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    text.push_str("# EOF\n");
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// Adds a registry's metrics; the mark of the end comes after the last one.
fn encode_registry(text: &mut String, registry: &Registry) -> std::fmt::Result {
    let mut part = String::new();
    encode(&mut part, registry)?;
    text.push_str(part.strip_suffix("# EOF\n").unwrap_or(&part));
    Ok(())
}

/// How much waits, counted when it is asked for.
async fn waiting(host: &Host) -> Registry {
    let mut registry = Registry::with_prefix("fondaco");
    let spilled: Gauge = Gauge::default();
    spilled.set(i64::try_from(host.engine.spilled_bytes()).unwrap_or(i64::MAX));
    registry.register("spilled_bytes", "Deliveries beside the database", spilled);
    let waiting = Family::<Vec<(String, String)>, Gauge>::default();
    registry.register("waiting", "Things that wait to be worked on", waiting.clone());
    let gauges = Gauges::register(&mut registry);
    for client in host.engine.clients() {
        if let Err(error) = gauges.set(host, client).await {
            tracing::warn!(client.id = %client.id, %error, "it cannot be told how long things wait");
        }
        let Ok(backlog) = host.store.backlog(&client.id).await else {
            continue;
        };
        let counts = [
            ("delivery", backlog.deliveries),
            ("dead-delivery", backlog.dead_deliveries),
            ("action", backlog.actions),
            ("unknown-action", backlog.actions_unknown),
        ];
        for (what, count) in counts {
            let labels = vec![
                ("client".to_owned(), client.id.to_string()),
                ("what".to_owned(), what.to_owned()),
            ];
            waiting.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
    registry
}
