//! The REST API: one door, the routes behind it.

mod answer;
mod auth;
mod customers;
mod fields;
mod inventory;
mod orders;
mod prices;
mod products;
mod request;
mod search;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http;
use serde_json::{Value, json};

pub(crate) use answer::Answer;
pub(crate) use auth::Nonces;
pub use auth::{Integration, IntegrationRights};
pub(crate) use request::Request;

use super::shop::Shop;
use crate::door::{Desk, Refusal};
use crate::faults::{Faults, RequestFault};
use crate::ledger::{LedgerEvent, SeenRequest};

impl Desk for Shop {
    type Asked = Request;

    fn latency(&self) -> Duration {
        self.running.latency()
    }

    async fn read(&self, request: http::Request<Body>) -> Result<Request, http::Response<Body>> {
        let read = Request::read(request).await;
        read.map_err(|refusal| refusal.into_response(&self.with(|state| state.now())))
    }

    fn writes(asked: &Request) -> bool {
        asked.writes()
    }

    fn fault_of(&self, asked: &Request) -> Option<RequestFault> {
        self.with(|state| {
            let fault = state.fate.of_request(asked.writes())?;
            let (method, path) = (asked.method.clone(), asked.path.clone());
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
        asked: &Request,
        fault: Option<RequestFault>,
    ) -> http::Response<Body> {
        let answer = answered(self, asked).await.unwrap_or_else(|refusal| refusal);
        note(self, asked, fault, answer.status);
        answer.only(asked.query("fields")).into_response(&self.with(|state| state.now()))
    }

    fn refuse(&self, asked: &Request, refusal: Refusal) -> http::Response<Body> {
        let (fault, answer) = match refusal {
            Refusal::Throttled { after } => {
                let answer = Answer::error(429, "Too many requests.");
                let after = after.as_secs().to_string();
                (RequestFault::Throttled, answer.header("retry-after", after))
            }
            Refusal::Broken { status } => {
                let words = "Internal Error. Details are available in Magento log file.";
                (RequestFault::Broken(status), Answer::error(status, words))
            }
        };
        note(self, asked, Some(fault), answer.status);
        answer.into_response(&self.with(|state| state.now()))
    }
}

async fn answered(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    if request.is_public() {
        return Ok(shop.with(|state| settings::currency(state)));
    }
    shop.with(|state| auth::authenticate(state, request))?;
    dispatch(shop, request).await
}

/// Remembers a request that is no mere reading.
fn note(shop: &Shop, request: &Request, fault: Option<RequestFault>, status: u16) {
    if !request.writes() {
        return;
    }
    let seen = SeenRequest {
        method: request.method.clone(),
        path: request.path.clone(),
        body: request.body.clone().unwrap_or_default(),
        status,
        fault,
    };
    shop.with(|state| state.requests.push(seen));
}

/// Does what a request asks for that was let in.
pub(crate) async fn dispatch(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let segments = request.segments()?;
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    if let (["schema"], "GET") = (parts.as_slice(), method) {
        return Ok(settings::schema());
    }
    if let ["async", "bulk", "V1", ..] = parts.as_slice() {
        return queued(shop, request);
    }
    let ["V1", route @ ..] = parts.as_slice() else {
        return Err(Answer::no_route());
    };
    let id = |text: &str| text.parse::<u64>().map_err(|_| Answer::no_route());
    match (method, route) {
        ("GET", ["products"]) => products::list(shop, request),
        ("GET", ["products", sku]) => products::single(shop, sku),
        ("PUT", ["products", sku]) => products::put(shop, request, sku),
        ("POST", ["products", "base-prices"]) => prices::base(shop, request),
        ("POST", ["products", "tier-prices"]) => prices::tiers(shop, request),
        ("POST", ["products", "tier-prices-information"]) => prices::tiers_of(shop, request),
        ("GET", ["inventory", "source-items"]) => inventory::items(shop, request),
        ("POST", ["inventory", "source-items"]) => inventory::write(shop, request),
        ("GET", ["inventory", "sources"]) => inventory::sources(shop, request),
        ("GET", ["inventory", "stocks"]) => inventory::stocks(shop, request),
        ("GET", ["inventory", "get-product-salable-quantity", sku, stock]) => {
            inventory::salable(shop, sku, stock)
        }
        ("GET", ["orders"]) => orders::list(shop, request),
        ("GET", ["orders", order]) => orders::single(shop, id(order)?),
        ("POST", ["orders", order, "hold"]) => orders::hold(shop, id(order)?),
        ("POST", ["orders", order, "unhold"]) => orders::unhold(shop, id(order)?),
        ("POST", ["orders", order, "cancel"]) => orders::cancel(shop, id(order)?),
        ("POST", ["orders", order, "comments"]) => orders::comment(shop, request, id(order)?),
        ("POST", ["order", order, "ship"]) => orders::ship(shop, request, id(order)?),
        ("POST", ["order", order, "refund"]) => {
            orders::refund(shop, request, id(order)?, None).await
        }
        ("POST", ["invoice", invoice, "refund"]) => {
            let invoice = id(invoice)?;
            let order = shop.with(|state| Some(state.invoices.get(&invoice)?.order));
            let order = order.ok_or_else(Answer::no_entity)?;
            orders::refund(shop, request, order, Some(invoice)).await
        }
        ("GET", ["invoices"]) => orders::invoices(shop, request),
        ("GET", ["creditmemos"]) => orders::memos(shop, request),
        ("GET", ["shipments"]) => orders::shipments(shop, request),
        ("GET", ["customers", "search"]) => customers::list(shop, request),
        ("GET", ["customers", customer]) => customers::single(shop, id(customer)?),
        ("GET", ["store", "storeConfigs"]) => Ok(shop.with(|state| settings::configs(state))),
        ("GET", ["bulk", bulk, "status"]) => {
            let status = shop.with(|state| state.bulk.status(bulk));
            status.map(Answer::ok).ok_or_else(Answer::no_entity)
        }
        _ if is_elsewhere(route) => Err(Answer::not_simulated(method, &request.path)),
        _ => Err(Answer::no_route()),
    }
}

/// Takes many requests to the bulk queue.
fn queued(shop: &Shop, request: &Request) -> Result<Answer, Answer> {
    let Some(Value::Array(bodies)) = &request.body else {
        return Err(Answer::error(400, "Decoding error."));
    };
    let path = request.path.replace("/async/bulk/", "/");
    let taken = shop.with(|state| state.bulk.take(&path, bodies));
    Ok(Answer::accepted(taken))
}

/// Whether the real shop has it, here or further down, and this one has not.
fn is_elsewhere(route: &[&str]) -> bool {
    const KNOWN: [&str; 18] = [
        "bulk",
        "carts",
        "categories",
        "coupons",
        "creditmemo",
        "customers",
        "inventory",
        "invoices",
        "modules",
        "orders",
        "order",
        "products",
        "salesRules",
        "shipment",
        "stockItems",
        "stockStatuses",
        "store",
        "transactions",
    ];
    route.first().is_some_and(|first| KNOWN.contains(first))
}

/// A page of a search.
fn found(items: Vec<Value>, total: usize) -> Answer {
    Answer::ok(json!({
        "items": items, "search_criteria": { "filter_groups": [] }, "total_count": total,
    }))
}
