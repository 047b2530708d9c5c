//! What is held of somebody, and forgetting them.
//!
//! Whom it is about comes in the body, since addresses are written down in logs.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use fondaco_engine::privacy::{Dossier, PrivacyError};
use fondaco_model::{Order, PersonSource, ShopId};
use fondaco_store::{Erased, Erasure, Whom};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Problem, operable};
use crate::{Host, principal::Principal};

/// Why figures stay when somebody is forgotten.
const STAYS: &str = "an order and its figures are the merchant's accounts, which the law has them \
                     keep; nothing in it says any more whose it was";

#[derive(OpenApi)]
#[openapi(paths(export, erase))]
pub(super) struct Api;

pub(super) fn routes() -> Router<Host> {
    Router::new()
        .route("/api/v1/clients/{client}/privacy/export", post(export))
        .route("/api/v1/clients/{client}/privacy/erase", post(erase))
}

/// Whom it is about: by the one or the other.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhomView {
    /// The shop.
    pub shop: String,
    /// The customer's id on it: them, and the guests who gave the same e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// An e-mail address: everybody who gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl WhomView {
    fn read(self) -> Result<(ShopId, Whom), Problem> {
        let wrong = |words: String| Problem::new(StatusCode::BAD_REQUEST, words);
        let shop = ShopId::new(self.shop).map_err(|error| wrong(error.to_string()))?;
        let whom = match (self.customer, self.email) {
            (Some(customer), None) => Whom::Id(customer),
            (None, Some(email)) => Whom::Email(SecretString::from(email)),
            _ => return Err(wrong("name either a customer or an e-mail address".to_owned())),
        };
        Ok((shop, whom))
    }
}

/// All that is held of one person.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DossierView {
    /// Their id on the shop.
    pub customer: String,
    /// What identifies them, wherever it was seen.
    pub seen: Vec<SeenView>,
    /// Their orders.
    pub orders: Vec<OrderView>,
    /// What modules noted about them.
    pub noted: Vec<NotedView>,
}

/// What identifies a person, as one place told it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SeenView {
    /// `account`, or an order and its id.
    pub place: String,
    /// Name, addresses and so on.
    #[schema(value_type = Object)]
    pub person: serde_json::Value,
}

/// The figures of an order.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    /// Its id on the shop.
    pub id: String,
    /// The order without whose it is; its parts are as in the mirror.
    #[schema(value_type = Object)]
    pub order: serde_json::Value,
}

/// A value of a module's state that is about a person.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct NotedView {
    /// Whose state.
    pub install: String,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// What was forgotten, and what stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasedView {
    /// Whose values are gone: ids on the shop.
    pub customers: Vec<String>,
    /// How many accounts and orders said who they are.
    pub values: u64,
    /// How many values of modules' state were about them.
    pub noted: u64,
    /// Dead deliveries that named them, which were discarded.
    pub dead_deliveries: Vec<u64>,
    /// Their orders, which stay.
    pub orders: Vec<String>,
    /// Why.
    pub stays_because: String,
    /// Whether the database's log was cleared of their keys at once. If not, it is overwritten as the
    /// host goes on.
    pub log_cleared: bool,
}

/// All that is held of somebody. Who asks is written into the audit log.
#[utoipa::path(post, path = "/api/v1/clients/{client}/privacy/export", request_body = WhomView,
    responses(
        (status = 200, body = [DossierView]),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
async fn export(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(whom): Json<WhomView>,
) -> Result<Json<Vec<DossierView>>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let (shop, whom) = whom.read()?;
    let dossiers = host.engine.export_person(&setup.id, shop, &whom, &principal.name).await?;
    dossiers.into_iter().map(dossier_view).collect::<Result<_, _>>().map(Json)
}

/// Forgets somebody. Orders and their figures stay.
#[utoipa::path(post, path = "/api/v1/clients/{client}/privacy/erase", request_body = WhomView,
    responses(
        (status = 200, body = ErasedView),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
async fn erase(
    State(host): State<Host>,
    principal: Principal,
    Path(client): Path<String>,
    Json(whom): Json<WhomView>,
) -> Result<Json<ErasedView>, Problem> {
    let setup = operable(&host, &principal, &client)?;
    let (shop, whom) = whom.read()?;
    let erasure = Erasure { shop, whom, principal: principal.name };
    Ok(Json(ErasedView::from(host.engine.erase_person(&setup.id, erasure).await?)))
}

impl From<PrivacyError> for Problem {
    fn from(error: PrivacyError) -> Self {
        match error {
            PrivacyError::Store(error) => error.into(),
            other => Self::new(StatusCode::NOT_FOUND, other.to_string()),
        }
    }
}

impl From<Erased> for ErasedView {
    fn from(erased: Erased) -> Self {
        Self {
            customers: erased.people,
            values: erased.values,
            noted: erased.state_values,
            dead_deliveries: erased.dead_deliveries,
            orders: erased.orders,
            stays_because: STAYS.to_owned(),
            log_cleared: erased.log_cleared,
        }
    }
}

fn dossier_view(dossier: Dossier) -> Result<DossierView, Problem> {
    let Dossier { held, orders } = dossier;
    let seen = held.seen.iter().map(|(source, person)| {
        let place = match source {
            PersonSource::Account => "account".to_owned(),
            PersonSource::Order(id) => format!("order {id}"),
        };
        Ok(SeenView { place, person: json(person)? })
    });
    let noted = held.state.into_iter().map(|noted| NotedView {
        install: noted.install.to_string(),
        key: noted.key,
        value: noted.value,
    });
    Ok(DossierView {
        customer: held.key.id,
        seen: seen.collect::<Result<_, Problem>>()?,
        orders: orders.into_iter().map(order_view).collect::<Result<_, _>>()?,
        noted: noted.collect(),
    })
}

fn order_view((id, order): (String, Order)) -> Result<OrderView, Problem> {
    Ok(OrderView { id, order: json(&order)? })
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, Problem> {
    serde_json::to_value(value).map_err(|error| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("it cannot be written: {error}"))
    })
}
