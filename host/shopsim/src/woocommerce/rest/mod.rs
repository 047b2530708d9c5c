//! The REST API: one door, the routes behind it.
//!
//! Every request passes the [door](crate::door): what is to go wrong with requests goes wrong there.

mod answer;
mod auth;
mod batch;
mod coupons;
mod customers;
mod list;
mod notes;
mod orders;
mod products;
mod refunds;
mod request;
mod settings;
mod status;
mod taxes;
mod validate;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http;
use serde_json::Value;

use answer::Answer;
pub(crate) use answer::Front;
pub use auth::KeyRights;
pub(crate) use auth::{ApiKey, Nonces};
pub(crate) use request::Request;

use super::handover;
use super::shop::Shop;
use super::state::State;
use super::webhook::without_secret;
use crate::door::{Desk, Refusal};
use crate::faults::{Faults, RequestFault};
use crate::ledger::{LedgerEvent, SeenRequest};

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Products,
    ProductBatch,
    Product(u64),
    Variations(u64),
    Variation(u64, u64),
    AllVariations,
    Orders,
    Order(u64),
    Notes(u64),
    Note(u64, u64),
    Refunds(u64),
    Refund(u64, u64),
    AllRefunds,
    Coupons,
    Coupon(u64),
    Customers,
    Customer(u64),
    TaxRates,
    TaxClasses,
    Webhooks,
    Webhook(u64),
    GeneralSettings,
    ManageStock,
    SystemStatus,
    Currency,
    /// The real shop has it, this one has not.
    Elsewhere,
}

/// First parts of paths of the real API that are not simulated, here or further down.
const ELSEWHERE: [&str; 14] = [
    "coupons",
    "customers",
    "data",
    "orders",
    "payment_gateways",
    "products",
    "refunds",
    "reports",
    "settings",
    "shipping",
    "system_status",
    "taxes",
    "variations",
    "webhooks",
];

impl Desk for Shop {
    type Asked = Request;

    fn latency(&self) -> Duration {
        self.running.latency()
    }

    async fn read(&self, request: http::Request<Body>) -> Result<Request, http::Response<Body>> {
        let read = Request::read(request).await;
        read.map_err(|refusal| self.with(|state| refusal.into_response(&state.front(), false)))
    }

    fn writes(asked: &Request) -> bool {
        asked.writes()
    }

    fn fault_of(&self, asked: &Request) -> Option<RequestFault> {
        self.with(|state| fault_of(state, asked))
    }

    fn faults(&self) -> Faults {
        self.with(|state| *state.fate.faults())
    }

    fn effects_to_come(&self, change: impl FnOnce(&mut usize)) {
        self.with(|state| change(&mut state.effects_to_come));
    }

    fn carry_out(
        self: &Arc<Self>,
        asked: &Request,
        fault: Option<RequestFault>,
    ) -> impl Future<Output = http::Response<Body>> + Send {
        carry_out(self, asked, fault)
    }

    fn refuse(&self, asked: &Request, refusal: Refusal) -> http::Response<Body> {
        let (fault, answer) = match refusal {
            Refusal::Throttled { after } => {
                let answer = Answer::error(429, "shopsim_throttled", "Too many requests.");
                let answer = answer.header("retry-after", after.as_secs().to_string());
                (RequestFault::Throttled, answer)
            }
            Refusal::Broken { status } => {
                let answer = Answer::error(status, "shopsim_broken", "The shop is out of order.");
                (RequestFault::Broken(status), answer)
            }
        };
        refuse(self, asked, Some(fault), answer)
    }
}

/// Draws what goes wrong with a request, and enters it in the ledger.
fn fault_of(state: &mut State, request: &Request) -> Option<RequestFault> {
    let fault = state.fate.of_request(request.writes())?;
    let (method, path) = (request.method.clone(), request.path.clone());
    state.ledger.add(LedgerEvent::RequestDisturbed { method, path, fault });
    Some(fault)
}

/// Does what a request asks for.
async fn carry_out(
    shop: &Arc<Shop>,
    request: &Request,
    fault: Option<RequestFault>,
) -> http::Response<Body> {
    if handover::is_for(request) {
        return handover::answer(shop, request).await;
    }
    let mut signed_in = false;
    let answer = match shop.with(|state| auth::authenticate(state, request)) {
        Ok(caller) => {
            signed_in = caller.is_some();
            dispatch(shop, request, caller).await.unwrap_or_else(|refusal| refusal)
        }
        Err(refusal) => refusal,
    };
    note(shop, request, fault, answer.status);
    let answer = answer.only_fields(&request.list("_fields"));
    let front = shop.with(|state| state.front());
    answer.into_response(&front, signed_in)
}

/// Answers a request without doing what it asks for.
fn refuse(
    shop: &Shop,
    request: &Request,
    fault: Option<RequestFault>,
    answer: Answer,
) -> http::Response<Body> {
    note(shop, request, fault, answer.status);
    let front = shop.with(|state| state.front());
    answer.into_response(&front, false)
}

/// Remembers a request that is no mere reading.
fn note(shop: &Shop, request: &Request, fault: Option<RequestFault>, status: u16) {
    if !request.writes() {
        return;
    }
    let seen = SeenRequest {
        method: request.method.clone(),
        path: request.path.clone(),
        body: without_secret(request.body.as_ref().unwrap_or(&Value::Null)),
        status,
        fault,
    };
    shop.with(|state| state.requests.push(seen));
}

async fn dispatch(
    shop: &Arc<Shop>,
    request: &Request,
    caller: Option<ApiKey>,
) -> Result<Answer, Answer> {
    if request.path == settings::INDEX && request.method == "GET" {
        return Ok(shop.with(|state| settings::index(state)));
    }
    let route = route(request).ok_or_else(Answer::no_route)?;
    let methods = methods(route);
    let caller = caller.ok_or_else(|| denied(route, request, 401))?;
    if caller.rights == KeyRights::Lost {
        return Err(denied(route, request, 403).allow(methods));
    }
    shop.with(State::follow_sales);
    if let Route::Variation(parent, id) = route {
        products::permit_variation(shop, parent, id)?;
    }
    let answer = match route {
        Route::Products => products::list(shop, request),
        Route::ProductBatch => batch::products(shop, request),
        Route::Product(id) => products::single(shop, request, id).await,
        Route::Variations(parent) => products::variations(shop, request, Some(parent)),
        Route::AllVariations => products::variations(shop, request, None),
        Route::Variation(_, id) => products::variation(shop, request, id).await,
        Route::Orders => orders::collection(shop, request),
        Route::Order(id) => orders::single(shop, request, id),
        Route::Notes(order) => notes::collection(shop, request, order),
        Route::Note(order, id) => notes::single(shop, request, order, id),
        Route::Refunds(order) => refunds::collection(shop, request, order).await,
        Route::Refund(order, id) => refunds::single(shop, request, order, id),
        Route::AllRefunds => refunds::list_all(shop, request),
        Route::Coupons => coupons::collection(shop, request),
        Route::Coupon(id) => coupons::single(shop, request, id),
        Route::Customers => customers::collection(shop, request),
        Route::Customer(id) => customers::single(shop, request, id),
        Route::TaxRates => taxes::rates(shop, request),
        Route::TaxClasses => taxes::classes(shop, request),
        Route::Webhooks => webhooks::collection(shop, request, &caller.key).await,
        Route::Webhook(id) => webhooks::single(shop, request, id),
        Route::GeneralSettings => shop.with(|state| Ok(settings::general(state))),
        Route::ManageStock => shop.with(|state| Ok(settings::manage_stock(state))),
        Route::SystemStatus => shop.with(|state| Ok(status::system_status(state))),
        Route::Currency => shop.with(|state| Ok(settings::currency(state))),
        Route::Elsewhere => Err(not_simulated(request)),
    };
    answer.map(|answer| answer.allow(methods)).map_err(|refusal| refusal.allow(methods))
}

fn route(request: &Request) -> Option<Route> {
    let segments = request.segments()?;
    let number = |text: &str| text.parse::<u64>().ok();
    let found = match segments.as_slice() {
        ["products"] => Some(Route::Products),
        ["products", "batch"] => Some(Route::ProductBatch),
        ["products", id] => number(id).map(Route::Product),
        ["products", parent, "variations"] => number(parent).map(Route::Variations),
        ["products", parent, "variations", id] => {
            number(parent).zip(number(id)).map(|(parent, id)| Route::Variation(parent, id))
        }
        ["variations"] => Some(Route::AllVariations),
        ["orders"] => Some(Route::Orders),
        ["orders", id] => number(id).map(Route::Order),
        ["orders", id, "notes"] => number(id).map(Route::Notes),
        ["orders", order, "notes", id] => {
            number(order).zip(number(id)).map(|(order, id)| Route::Note(order, id))
        }
        ["orders", id, "refunds"] => number(id).map(Route::Refunds),
        ["orders", order, "refunds", id] => {
            number(order).zip(number(id)).map(|(order, id)| Route::Refund(order, id))
        }
        ["refunds"] => Some(Route::AllRefunds),
        ["coupons"] => Some(Route::Coupons),
        ["coupons", id] => number(id).map(Route::Coupon),
        ["customers"] => Some(Route::Customers),
        ["customers", id] => number(id).map(Route::Customer),
        ["taxes"] => Some(Route::TaxRates),
        ["taxes", "classes"] => Some(Route::TaxClasses),
        ["webhooks"] => Some(Route::Webhooks),
        ["webhooks", id] => number(id).map(Route::Webhook),
        ["settings", "general"] => Some(Route::GeneralSettings),
        ["settings", "products", "woocommerce_manage_stock"] => Some(Route::ManageStock),
        ["system_status"] => Some(Route::SystemStatus),
        ["data", "currencies", "current"] => Some(Route::Currency),
        _ => None,
    };
    match found {
        // A method the route does not take is no route either.
        Some(route) => {
            methods(route).split(", ").any(|method| method == request.method).then_some(route)
        }
        None => {
            let known = segments.first().is_some_and(|first| ELSEWHERE.contains(first));
            known.then_some(Route::Elsewhere)
        }
    }
}

fn methods(route: Route) -> &'static str {
    match route {
        Route::Products
        | Route::Variations(_)
        | Route::Orders
        | Route::Notes(_)
        | Route::Refunds(_)
        | Route::Coupons
        | Route::Customers
        | Route::TaxRates
        | Route::TaxClasses
        | Route::Webhooks => answer::COLLECTION,
        Route::Product(_)
        | Route::Variation(..)
        | Route::Order(_)
        | Route::Coupon(_)
        | Route::Customer(_)
        | Route::Webhook(_) => answer::SINGLE,
        Route::ProductBatch => answer::BATCH,
        Route::Note(..) | Route::Refund(..) => answer::DELETABLE,
        Route::AllVariations
        | Route::AllRefunds
        | Route::GeneralSettings
        | Route::ManageStock
        | Route::SystemStatus
        | Route::Currency
        | Route::Elsewhere => answer::READ_ONLY,
    }
}

/// What somebody unknown is told, and with another status somebody who may not do anything.
fn denied(route: Route, request: &Request, status: u16) -> Answer {
    let single = matches!(
        route,
        Route::Product(_)
            | Route::Variation(..)
            | Route::Order(_)
            | Route::Note(..)
            | Route::Refund(..)
            | Route::Coupon(_)
            | Route::Customer(_)
            | Route::Webhook(_)
    );
    let (code, message) = match (request.method.as_str(), single) {
        ("GET", true) => ("cannot_view", "Sorry, you cannot view this resource."),
        ("GET", false) => ("cannot_view", "Sorry, you cannot list resources."),
        ("DELETE", _) => ("cannot_delete", "Sorry, you are not allowed to delete this resource."),
        (_, true) => ("cannot_edit", "Sorry, you are not allowed to edit this resource."),
        (_, false) => ("cannot_create", "Sorry, you are not allowed to create resources."),
    };
    Answer::error(status, &format!("woocommerce_rest_{code}"), message)
}

fn not_simulated(request: &Request) -> Answer {
    Answer::not_simulated(&format!("{} {}", request.method, request.path))
}

/// Refuses a filter that the real shop has and this one would silently pass over.
fn refuse_filters(request: &Request, filters: &[&str]) -> Result<(), Answer> {
    match filters.iter().find(|filter| request.query(filter).is_some()) {
        Some(filter) => Err(Answer::not_simulated(&format!("{}?{filter}=", request.path))),
        None => Ok(()),
    }
}
