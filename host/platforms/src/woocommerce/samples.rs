//! Requests, answers and deliveries as they were captured from running shops, and a shop that
//! answers with them.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router, body::Body, http::Request as HttpRequest, response::Response, serve::ListenerExt as _,
};
use fondaco_model::{ShopId, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::{Config, WooCommerce};
use crate::samples::path;
pub use crate::samples::{answer, captured};
use crate::timeouts::Timeouts;

/// What the captured webhooks are signed with.
pub const SECRET: &str = "rig-secret";

pub fn shop() -> ShopId {
    ShopId::new("milano").unwrap()
}

pub fn at(milliseconds: u64) -> Timestamp {
    Timestamp(milliseconds)
}

/// A captured delivery, byte for byte.
pub fn delivery(name: &str) -> (HeaderMap, Vec<u8>) {
    let body = fs::read(path(&format!("{name}.body"))).unwrap();
    let meta = fs::read(path(&format!("{name}.meta.json"))).unwrap();
    let meta: Value = serde_json::from_slice(&meta).unwrap();
    let mut headers = HeaderMap::new();
    for header in meta["headers"].as_array().unwrap() {
        let name = header[0].as_str().unwrap().parse::<HeaderName>().unwrap();
        headers.append(name, HeaderValue::from_str(header[1].as_str().unwrap()).unwrap());
    }
    (headers, body)
}

/// A request as the shop got it.
#[derive(Debug, Clone)]
pub struct Got {
    pub method: String,
    /// Below the API.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub body: Value,
}

impl Got {
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }
}

/// What the shop answers.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(body: &Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: serde_json::to_vec(body).unwrap() }
    }

    /// A captured answer.
    pub fn captured(name: &str) -> Self {
        let captured = captured(name);
        let status = u16::try_from(captured["status"].as_u64().unwrap()).unwrap();
        Self { status, ..Self::json(&captured["body"]) }
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A shop on this machine that answers as a closure says.
pub struct Replay {
    pub shop: WooCommerce,
    pub address: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Replay {
    pub async fn new(answer: impl FnMut(&Got) -> Reply + Send + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::new(Mutex::new(answer));
        let log = got.clone();
        let router = Router::new().fallback(move |request: HttpRequest<Body>| {
            let (shared, log) = (shared.clone(), log.clone());
            async move {
                let got = read(request).await;
                log.lock().unwrap().push(got.clone());
                let reply = (shared.lock().unwrap())(&got);
                respond(reply)
            }
        });
        // Otherwise each answer waits for the one before to be acknowledged.
        let listener = listener.tap_io(|connection| connection.set_nodelay(true).unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shop: shop_at(&address), address, got }
    }

    /// What the shop got so far.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Method and path of what it got.
    pub fn calls(&self) -> Vec<String> {
        self.got().iter().map(|got| format!("{} {}", got.method, got.path)).collect()
    }
}

/// The adapter of a shop at an address.
pub fn shop_at(address: &str) -> WooCommerce {
    WooCommerce::new(Config {
        shop: shop(),
        url: address.parse().unwrap(),
        consumer_key: "ck_rig".into(),
        consumer_secret: "cs_rig".into(),
        webhook_secret: SECRET.into(),
        timeouts: Timeouts { longest_request: Duration::from_secs(60), ..Timeouts::default() },
        allow_http: false,
    })
    .unwrap()
}

async fn read(request: HttpRequest<Body>) -> Got {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path();
    Got {
        method: parts.method.to_string(),
        path: path.strip_prefix("/wp-json/wc/v3").unwrap_or(path).to_owned(),
        query,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap()
}
