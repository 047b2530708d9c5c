//! Who may ask, and what the others are told.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fondaco_shopsim::WooShop;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;

use crate::scene::{self, Answer, KEY, SECRET, read, sample};

fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// How a signed request is to be.
struct Signed<'a> {
    method: &'a str,
    path: &'a str,
    query: Vec<(&'a str, &'a str)>,
    key: &'a str,
    secret: &'a str,
    hash: &'a str,
    nonce: String,
    seconds_off: i64,
    in_header: bool,
}

fn signed<'a>(path: &'a str, query: &[(&'a str, &'a str)]) -> Signed<'a> {
    static NONCE: AtomicU64 = AtomicU64::new(0);
    Signed {
        method: "GET",
        path,
        query: query.to_vec(),
        key: KEY,
        secret: SECRET,
        hash: "HMAC-SHA256",
        nonce: format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed)),
        seconds_off: 0,
        in_header: false,
    }
}

impl Signed<'_> {
    async fn send(&self, shop: &WooShop) -> Answer {
        let url = format!("{}/wp-json/wc/v3{}", shop.url(), self.path);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let timestamp = (now.as_secs().cast_signed() + self.seconds_off).to_string();
        let mut oauth = vec![
            ("oauth_consumer_key", self.key),
            ("oauth_nonce", &self.nonce),
            ("oauth_signature_method", self.hash),
            ("oauth_timestamp", &timestamp),
        ];
        let mut all: Vec<(String, String)> = oauth
            .iter()
            .chain(&self.query)
            .map(|(name, value)| (percent(name), percent(value)))
            .collect();
        all.sort();
        let pairs: Vec<String> =
            all.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let base = format!("{}&{}&{}", self.method, percent(&url), percent(&pairs.join("&")));
        let key = format!("{}&", self.secret);
        let signature = if self.hash == "HMAC-SHA1" {
            let mut mac = Hmac::<sha1::Sha1>::new_from_slice(key.as_bytes()).unwrap();
            mac.update(base.as_bytes());
            BASE64.encode(mac.finalize().into_bytes())
        } else {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
            mac.update(base.as_bytes());
            BASE64.encode(mac.finalize().into_bytes())
        };
        oauth.push(("oauth_signature", &signature));
        let method = reqwest::Method::from_bytes(self.method.as_bytes()).unwrap();
        let mut request = scene::client().request(method, url).query(&self.query);
        if self.in_header {
            let fields: Vec<String> = oauth
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", percent(value)))
                .collect();
            request = request.header("authorization", format!("OAuth {}", fields.join(", ")));
        } else {
            request = request.query(&oauth);
        }
        read(request).await
    }
}

#[tokio::test]
async fn a_signature_opens_over_plain_http() {
    let shop = scene::new_york().await;
    for hash in ["HMAC-SHA256", "HMAC-SHA1"] {
        for in_header in [false, true] {
            let query = [("orderby", "id"), ("sku", "MUG-1,a b+c/ü"), ("per_page", "5")];
            let request = Signed { hash, in_header, ..signed("/products", &query) };
            let answer = request.send(&shop).await;
            assert_eq!(answer.status, 200, "{hash} {in_header}: {}", answer.text);
            assert_eq!(answer.header("x-wp-total"), "1");
        }
    }
    shop.stop().await;
}

#[tokio::test]
async fn key_and_secret_count_for_nothing_over_plain_http() {
    let shop = scene::new_york().await;
    let url = format!("{}/wp-json/wc/v3/orders", shop.url());
    let basic = read(scene::client().get(&url).basic_auth(KEY, Some(SECRET))).await;
    let query = [("consumer_key", KEY), ("consumer_secret", SECRET)];
    let in_query = read(scene::client().get(&url).query(&query)).await;
    for answer in [basic, in_query] {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.body, sample("woocommerce/err_no_auth")["body"]);
    }
    let behind_proxy = scene::client().get(&url).query(&query).header("x-forwarded-proto", "https");
    assert_eq!(read(behind_proxy).await.status, 200);
    shop.stop().await;
}

#[tokio::test]
async fn who_may_not_is_told_as_captured() {
    let shop = scene::new_york().await;
    shop.add_reading_key("ck_reads", "cs_reads");
    let url = |path: &str| format!("{}/wp-json/wc/v3{path}", shop.url());
    let secure = |request: reqwest::RequestBuilder| request.header("x-forwarded-proto", "https");
    let http = scene::client();
    for (request, name) in [
        (http.get(url("/orders")), "err_no_auth"),
        (secure(http.get(url("/orders")).basic_auth("ck_x", Some("y"))), "err_bad_key"),
        (secure(http.get(url("/orders")).basic_auth(KEY, Some("y"))), "err_bad_secret"),
        (
            secure(
                http.post(url("/products"))
                    .basic_auth("ck_reads", Some("cs_reads"))
                    .json(&json!({ "name": "x" })),
            ),
            "err_readonly_write",
        ),
    ] {
        let answer = read(request).await;
        let captured = sample(&format!("woocommerce/{name}"));
        assert_eq!(json!(answer.status), captured["status"], "{name}");
        assert_eq!(answer.body, captured["body"], "{name}");
        assert_eq!(answer.header("vary"), "Origin", "{name}");
        assert_eq!(answer.header("allow"), "", "{name}");
    }
    let reading = secure(http.get(url("/orders")).basic_auth("ck_reads", Some("cs_reads")));
    assert_eq!(read(reading).await.status, 200);
    assert!(shop.requests().iter().all(|request| request.status == 401));
    shop.stop().await;
}

#[tokio::test]
async fn a_wrong_signature_is_refused_as_captured() {
    let shop = scene::new_york().await;
    let wrong = Signed { secret: "cs_other", ..signed("/orders", &[]) };
    let answer = wrong.send(&shop).await;
    let captured = sample("woocommerce/err_oauth_bad_signature");
    assert_eq!(json!(answer.status), captured["status"]);
    assert_eq!(answer.body, captured["body"]);

    let message = |answer: &Answer| answer.body["message"].as_str().unwrap().to_owned();
    let unknown = Signed { key: "ck_other", ..signed("/orders", &[]) }.send(&shop).await;
    assert_eq!(message(&unknown), "Consumer key is invalid.");
    for seconds_off in [-1000, 1000] {
        let late = Signed { seconds_off, ..signed("/orders", &[]) }.send(&shop).await;
        assert_eq!((late.status, message(&late)), (401, "Invalid timestamp.".to_owned()));
    }
    let plain = Signed { hash: "PLAINTEXT", ..signed("/orders", &[]) }.send(&shop).await;
    assert!(message(&plain).contains("signature method is invalid"));
    let url = format!("{}/wp-json/wc/v3/orders?oauth_nonce=1", shop.url());
    let partial = read(scene::client().get(url)).await;
    assert_eq!(partial.body["code"], "woocommerce_rest_authentication_missing_parameter");
    shop.stop().await;
}

#[tokio::test]
async fn a_nonce_serves_once() {
    let shop = scene::new_york().await;
    let request = signed("/orders", &[]);
    assert_eq!(request.send(&shop).await.status, 200);
    let again = request.send(&shop).await;
    assert_eq!(again.status, 401);
    assert_eq!(again.body["code"], "woocommerce_rest_authentication_error");
    assert!(again.body["message"].as_str().unwrap().starts_with("Invalid nonce"));
    assert_eq!(signed("/orders", &[]).send(&shop).await.status, 200);
    shop.stop().await;
}
