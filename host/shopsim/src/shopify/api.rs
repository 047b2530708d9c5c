//! The Admin API: one door, the queries and mutations behind it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http;
use serde_json::{Map, Value, json};

use super::graphql::{Query, Root, cost_of_answer};
use super::shop::Shop;
use super::state::{Remembered, Sequence, State};
use super::{BUDGET_SECONDS, VERSIONS, mutations, queries};
use crate::door::{Desk, Refusal};
use crate::faults::{Faults, RequestFault};
use crate::ledger::{LedgerEvent, SeenRequest};
use crate::limits::{REQUEST_BODY_BYTES_MAX, SHOPIFY_QUERY_COST_MAX};

/// How long a granted token is good, in seconds.
const TOKEN_SECONDS: u64 = 86_399;
/// Mutations that have to have a key, from the second version on.
const KEYED: [&str; 2] = ["inventorySetQuantities", "refundCreate"];

/// A request as the shop reads it.
#[derive(Debug)]
pub(crate) struct Asked {
    path: String,
    token: String,
    body: Value,
    /// Absent: it is no query.
    query: Option<Result<Query, String>>,
}

impl Asked {
    fn is_write(&self) -> bool {
        matches!(&self.query, Some(Ok(query)) if query.writes)
    }
}

/// Why something of a document is not answered.
#[derive(Debug)]
pub(crate) struct Fault {
    code: &'static str,
    message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn json(&self, root: Option<&str>) -> Value {
        json!({
            "message": self.message, "path": root.map(|root| [root]),
            "extensions": { "code": self.code },
        })
    }
}

fn answer(status: u16, body: &Value) -> http::Response<Body> {
    let mut response = http::Response::new(Body::from(body.to_string()));
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let json = http::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

impl Desk for Shop {
    type Asked = Asked;

    fn latency(&self) -> Duration {
        self.running.latency()
    }

    async fn read(&self, request: http::Request<Body>) -> Result<Asked, http::Response<Body>> {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, REQUEST_BODY_BYTES_MAX).await else {
            return Err(answer(413, &json!({ "errors": "shopsim_body_too_large" })));
        };
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let token = parts.headers.get("x-shopify-access-token");
        let token = token.and_then(|token| token.to_str().ok()).unwrap_or_default().to_owned();
        let text = body.get("query").and_then(Value::as_str);
        let variables = body.get("variables").cloned().unwrap_or_default();
        let query = text.map(|text| Query::read(text, variables));
        Ok(Asked { path: parts.uri.path().to_owned(), token, body, query })
    }

    fn writes(asked: &Asked) -> bool {
        asked.is_write()
    }

    fn fault_of(&self, asked: &Asked) -> Option<RequestFault> {
        self.with(|state| {
            let fault = state.fate.of_request(asked.is_write())?;
            let (method, path) = ("POST".to_owned(), asked.path.clone());
            state.ledger.add(LedgerEvent::RequestDisturbed { method, path, fault });
            Some(fault)
        })
    }

    fn faults(&self) -> Faults {
        self.with(|state| *state.fate.faults())
    }

    fn effects_to_come(&self, change: impl FnOnce(&mut usize)) {
        self.with(|state| change(&mut state.effects_to_come));
    }

    async fn carry_out(
        self: &Arc<Self>,
        asked: &Asked,
        fault: Option<RequestFault>,
    ) -> http::Response<Body> {
        let (status, body) = self.with(|state| {
            let answered = answered(state, asked);
            note(state, asked, fault, answered.0);
            answered
        });
        answer(status, &body)
    }

    fn refuse(&self, asked: &Asked, refusal: Refusal) -> http::Response<Body> {
        let (fault, status, body) = match refusal {
            Refusal::Throttled { .. } => {
                let body = self.with(|state| throttled(state, 1.0));
                (RequestFault::Throttled, 200, body)
            }
            Refusal::Broken { status } => {
                (RequestFault::Broken(status), status, json!({ "errors": "Internal Server Error" }))
            }
        };
        self.with(|state| note(state, asked, Some(fault), status));
        answer(status, &body)
    }
}

/// Remembers a request that is no mere reading.
fn note(state: &mut State, asked: &Asked, fault: Option<RequestFault>, status: u16) {
    if asked.is_write() {
        let (method, path) = ("POST".to_owned(), asked.path.clone());
        let body = asked.body.clone();
        state.requests.push(SeenRequest { method, path, body, status, fault });
    }
}

fn answered(state: &mut State, asked: &Asked) -> (u16, Value) {
    if asked.path == "/admin/oauth/access_token" {
        return granted(state, &asked.body);
    }
    let version = asked.path.strip_prefix("/admin/api/");
    let version = version.and_then(|rest| rest.strip_suffix("/graphql.json"));
    let (Some(version), Some(query)) = (version, &asked.query) else {
        return (404, json!({ "errors": "Not Found" }));
    };
    if !state.tokens.contains(&asked.token) {
        let words = "[API] Invalid API key or access token (unrecognized login or wrong password)";
        return (401, json!({ "errors": words }));
    }
    let query = match query {
        Ok(query) => query,
        Err(error) => {
            return (200, json!({ "errors": [Fault::new("parseError", error).json(None)] }));
        }
    };
    // One that is not served any more is answered as the oldest that is.
    let version = VERSIONS.iter().position(|known| *known == version).unwrap_or(0);
    (200, queried(state, query, version))
}

/// A token for an app of the shop's own organisation.
fn granted(state: &mut State, body: &Value) -> (u16, Value) {
    let given = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let known = given("grant_type") == "client_credentials"
        && given("client_id") == state.app.client_id
        && given("client_secret") == state.app.client_secret;
    if !known {
        let error = json!({ "error": "invalid_request", "error_description": "application_cannot_be_found" });
        return (400, error);
    }
    let number = state.number(Sequence::Token);
    let token = format!("shpat_granted_{number}");
    state.tokens.push(token.clone());
    let scope = state.scopes.join(",");
    (200, json!({ "access_token": token, "scope": scope, "expires_in": TOKEN_SECONDS }))
}

/// Fills the budget up with what came in since.
fn refill(state: &mut State) {
    let (left, at) = state.budget;
    let now = Instant::now();
    let maximum = state.restore_per_second * BUDGET_SECONDS;
    let restored = now.saturating_duration_since(at).as_secs_f64() * state.restore_per_second;
    state.budget = ((left + restored).min(maximum), now);
}

fn cost(state: &State, requested: f64, actual: Option<u64>) -> Value {
    json!({ "cost": {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": {
            "maximumAvailable": state.restore_per_second * BUDGET_SECONDS,
            "currentlyAvailable": state.budget.0.floor(),
            "restoreRate": state.restore_per_second,
        },
    } })
}

fn throttled(state: &State, requested: f64) -> Value {
    let errors = [Fault::new("THROTTLED", "Throttled").json(None)];
    json!({ "errors": errors, "extensions": cost(state, requested, None) })
}

fn queried(state: &mut State, query: &Query, version: usize) -> Value {
    refill(state);
    let wanted = query.cost();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let requested = wanted as f64;
    if wanted > SHOPIFY_QUERY_COST_MAX {
        let words = format!(
            "Query cost is {wanted}, which exceeds the single query max cost limit \
             ({SHOPIFY_QUERY_COST_MAX})."
        );
        let errors = [Fault::new("MAX_COST_EXCEEDED", words).json(None)];
        return json!({ "errors": errors, "extensions": cost(state, requested, None) });
    }
    if requested > state.budget.0 {
        return throttled(state, requested);
    }
    let (mut data, mut errors) = (Map::new(), Vec::new());
    for root in &query.roots {
        let whole = allowed(state, root).and_then(|()| {
            if query.writes { once(state, root, version) } else { queries::answer(state, root) }
        });
        let taken = whole.and_then(|whole| {
            query.taken(root, &whole).map_err(|error| Fault::new("undefinedField", error))
        });
        let taken = taken.unwrap_or_else(|fault| {
            errors.push(fault.json(Some(&root.name)));
            Value::Null
        });
        data.insert(root.name.clone(), taken);
    }
    let data = Value::Object(data);
    let read = cost_of_answer(&data).saturating_sub(1).min(wanted);
    let actual = if query.writes { wanted } else { read };
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let paid = actual as f64;
    state.budget.0 -= paid;
    let extensions = cost(state, requested, Some(actual));
    if errors.is_empty() {
        return json!({ "data": data, "extensions": extensions });
    }
    json!({ "data": data, "errors": errors, "extensions": extensions })
}

/// Does a mutation, unless it was done with the same key.
fn once(state: &mut State, root: &Root, version: usize) -> Result<Value, Fault> {
    let Some(key) = &root.key else {
        if version > 0 && KEYED.contains(&root.name.as_str()) {
            let words =
                "The @idempotent directive is required for this mutation but was not provided.";
            return Err(Fault::new("BAD_REQUEST", words));
        }
        return mutations::answer(state, root);
    };
    let failed = |code: &str, words: &str| {
        let error = json!({ "code": code, "field": null, "message": words });
        let mut answer = json!({ "userErrors": [error] });
        for part in ["inventoryAdjustmentGroup", "refund"] {
            answer[part] = Value::Null;
        }
        Ok(answer)
    };
    if let Some(known) = state.remembered.get(key) {
        if known.arguments != root.arguments {
            let words = "The same key was used with other parameters.";
            return failed("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", words);
        }
        if known.answer.get("userErrors").is_some_and(|errors| *errors != json!([])) {
            let words = "The previous attempt with this key failed.";
            return failed("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", words);
        }
        return Ok(known.answer.clone());
    }
    let answer = mutations::answer(state, root)?;
    let arguments = root.arguments.clone();
    state.remembered.insert(key.clone(), Remembered { arguments, answer: answer.clone() });
    Ok(answer)
}

/// Whether the app has the scope for a root.
fn allowed(state: &State, root: &Root) -> Result<(), Fault> {
    let scope = match root.name.as_str() {
        "productVariants" | "productVariant" | "product" | "priceLists" | "priceList" => {
            "read_products"
        }
        "productUpdate" | "productVariantsBulkUpdate" | "priceListFixedPricesAdd" => {
            "write_products"
        }
        "inventoryItem" => "read_inventory",
        "inventorySetQuantities" => "write_inventory",
        "locations" | "location" => "read_locations",
        "orders" | "order" => "read_orders",
        "orderUpdate" | "orderCancel" | "refundCreate" | "tagsAdd" | "tagsRemove" => "write_orders",
        "customers" | "customer" => "read_customers",
        "fulfillmentOrderHold" | "fulfillmentOrderReleaseHold" | "fulfillmentCreate" => {
            "write_merchant_managed_fulfillment_orders"
        }
        "codeDiscountNodeByCode" => "read_discounts",
        name if name.starts_with("discountCode") => "write_discounts",
        _ => return Ok(()),
    };
    let writing = scope.replacen("read_", "write_", 1);
    if state.scopes.iter().any(|known| known == scope || *known == writing) {
        return Ok(());
    }
    let words =
        format!("Access denied for {} field. Required access: `{scope}` access scope.", root.name);
    Err(Fault::new("ACCESS_DENIED", words))
}
