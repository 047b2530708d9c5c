//! What the tests share: shops like those that were captured, a client, a receiver, the samples.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use fondaco_shopsim::{Faults, Product, WooShop, WooShopConfig};
use serde_json::{Value, json};

pub const KEY: &str = "ck_test";
pub const SECRET: &str = "cs_test";

/// A captured file, below `tests/samples/`.
pub fn bytes(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A captured request with its answer.
pub fn sample(name: &str) -> Value {
    serde_json::from_slice(&bytes(&format!("{name}.json"))).unwrap()
}

pub fn product(sku: &str, title: &str, price: &str, stock: Option<i64>) -> Product {
    Product {
        sku: Some(sku.to_owned()),
        title: title.to_owned(),
        price: price.to_owned(),
        stock,
        ..Product::default()
    }
}

/// The products of the shop in New York: ids 10, 11 with 12 and 13, 14.
pub fn products() -> Vec<Product> {
    vec![
        product("MUG-1", "Mug \"Ünïcode\" 漢字 & <b>", "19.99", Some(10)),
        Product {
            sku: Some("TEE".to_owned()),
            title: "T-Shirt".to_owned(),
            variations: vec![
                product("TEE-S-Red", "S, Red", "25.00", Some(5)),
                product("TEE-M-Blue", "M, Blue", "25.00", Some(5)),
            ],
            ..Product::default()
        },
        product("NS", "nostock", "5", None),
    ]
}

pub fn config(currency: &str, products: Vec<Product>) -> WooShopConfig {
    WooShopConfig {
        name: "test".to_owned(),
        consumer_key: KEY.to_owned(),
        consumer_secret: SECRET.to_owned(),
        currency: currency.to_owned(),
        products,
        seed: 7,
        clock_ahead: jiff::SignedDuration::ZERO,
        port: None,
        webhooks: true,
        faults: Faults::default(),
    }
}

pub async fn new_york() -> WooShop {
    WooShop::start(config("USD", products())).await.unwrap()
}

pub async fn rome() -> WooShop {
    let products = vec![
        product("TAZZA", "Tazza", "9.99", Some(100)),
        Product { backorders: true, ..product("BO-yes", "BO-yes", "10.00", Some(1)) },
        product("UNMANAGED", "UNMANAGED", "10.00", None),
    ];
    WooShop::start(config("EUR", products)).await.unwrap()
}

/// An answer of a shop.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The values of a field, of a list.
    pub fn each(&self, field: &str) -> Vec<Value> {
        self.body.as_array().unwrap().iter().map(|entry| entry[field].clone()).collect()
    }
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub async fn read(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap();
    Answer { status, headers, text, body }
}

/// A request as it comes through a proxy that ends TLS, with key and secret.
pub async fn call(shop: &WooShop, method: &str, path: &str, body: Option<Value>) -> Answer {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client()
        .request(method, format!("{}/wp-json/wc/v3{path}", shop.url()))
        .header("x-forwarded-proto", "https")
        .basic_auth(KEY, Some(SECRET));
    if let Some(body) = body {
        request = request.json(&body);
    }
    read(request).await
}

pub async fn get(shop: &WooShop, path: &str) -> Answer {
    call(shop, "GET", path, None).await
}

pub async fn put(shop: &WooShop, path: &str, body: Value) -> Answer {
    call(shop, "PUT", path, Some(body)).await
}

/// What a receiver of webhooks got.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Somebody who takes webhooks. `/status/NNN` answers with that status, all else with 200.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let got = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(take).with_state(Arc::clone(&got));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, got }
    }

    /// Everything so far, pings included.
    pub fn all(&self) -> Vec<Received> {
        self.got.lock().unwrap().clone()
    }

    /// Deliveries only.
    pub fn deliveries(&self) -> Vec<Received> {
        let mut all = self.all();
        all.retain(|received| !received.header("x-wc-webhook-topic").is_empty());
        all
    }

    /// Topic and status, or topic and id where there is no status, of each delivery.
    pub fn told(&self) -> Vec<(String, String)> {
        let deliveries = self.deliveries();
        let told = deliveries.iter().map(|received| {
            let body = received.json();
            let topic = received.header("x-wc-webhook-topic").to_owned();
            let what = if topic.starts_with("order.") && body.get("status").is_some() {
                body["status"].as_str().unwrap().to_owned()
            } else {
                body["id"].to_string()
            };
            (topic, what)
        });
        told.collect()
    }
}

async fn take(
    State(got): State<Arc<Mutex<Vec<Received>>>>,
    request: axum::extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path().to_owned();
    let status = path.strip_prefix("/status/").map_or(200, |status| status.parse().unwrap());
    got.lock().unwrap().push(Received { path, headers: parts.headers, body });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    if status == 301 {
        response.headers_mut().insert("location", "/elsewhere".parse().unwrap());
    }
    response
}

/// Subscribes to a topic and returns the webhook's id.
pub async fn subscribe(shop: &WooShop, topic: &str, url: &str) -> u64 {
    let body = json!({ "topic": topic, "delivery_url": url, "secret": "rig-secret" });
    let answer = call(shop, "POST", "/webhooks", Some(body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["id"].as_u64().unwrap()
}
