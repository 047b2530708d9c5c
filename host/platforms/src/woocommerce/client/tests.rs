//! What every kind of failure comes to.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering},
};

use fondaco_model::{EntityKey, Timestamp};
use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::{
    Circuit, Platform,
    limits::{BREAKER_FAILURES_MAX, REQUESTS_AT_ONCE_MAX},
    woocommerce::samples::{Replay, Reply, shop, shop_at},
};

/// What a read and a write come to when the shop answers so.
async fn answered(reply: Reply) -> (PlatformError, PlatformError) {
    // A shop each, since what the one answered may hold the other up.
    let again = reply.clone();
    let (reading, writing) =
        (Replay::new(move |_| reply.clone()).await, Replay::new(move |_| again.clone()).await);
    let client = &reading.shop.client;
    let read = client.get::<Value>("/products/11", Vec::new()).await.map(|_| ()).unwrap_err();
    let body = json!({ "stock_quantity": 1 });
    let client = &writing.shop.client;
    let written = client.call::<Value>(Method::PUT, "/products/11", Vec::new(), Some(&body)).await;
    (read.into(), written.map(|_| ()).unwrap_err().into())
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let check = async |name: &str, end: &str| {
        let (read, written) = answered(Reply::captured(&format!("woocommerce/{name}"))).await;
        for error in [read, written] {
            assert!(matches!(error, PlatformError::Refused { .. }), "{name}: {error:?}");
            assert!(error.to_string().ends_with(end), "{name}: {error}");
        }
    };
    check(
        "err_bad_secret",
        "with 401 Unauthorized: Consumer secret is invalid. \
         (`woocommerce_rest_authentication_error`); put in the key and its secret again, or make a \
         new key in WooCommerce, Settings, Advanced, REST API",
    )
    .await;
    check(
        "err_bad_key",
        "with 401 Unauthorized: Sorry, you cannot list resources. \
         (`woocommerce_rest_cannot_view`); the shop does not know the key, or the user it belongs \
         to may not do this: make a key with read and write for a shop manager",
    )
    .await;
    check(
        "err_readonly_write",
        "with 401 Unauthorized: The API key provided does not have write permissions. \
         (`woocommerce_rest_authentication_error`); set the key to read and write in WooCommerce, \
         Settings, Advanced, REST API",
    )
    .await;
    check("err_oauth_bad_signature", "must be written exactly as WordPress has it").await;
    check("err_route", "(`rest_no_route`); is WooCommerce active in that shop?").await;
    check(
        "err_validation_type",
        "Invalid parameter(s): status, stock_quantity (`rest_invalid_param`)",
    )
    .await;
    check("err_variation_via_products_put", "(`woocommerce_rest_invalid_product_id`)").await;
    check("err_bad_product_id", "the shop no longer has it").await;
}

#[tokio::test]
async fn a_shop_that_is_busy_did_nothing_or_perhaps_something() {
    let busy = |status: u16| Reply::text(status, "<html>busy</html>").header("retry-after", "7");
    let wait = Some(std::time::Duration::from_secs(7));
    let (read, written) = answered(busy(429)).await;
    for error in [read, written] {
        let PlatformError::Unavailable { retry_after, .. } = error else { panic!("{error:?}") };
        assert_eq!(retry_after, wait);
    }
    for status in [500, 502, 503, 504] {
        let (read, written) = answered(busy(status)).await;
        assert!(
            matches!(read, PlatformError::Unavailable { retry_after, .. } if retry_after == wait)
        );
        assert!(matches!(written, PlatformError::Ambiguous { .. }), "{written:?}");
    }
}

#[tokio::test]
async fn an_error_with_a_number_for_data_is_read() {
    let (_, written) = answered(Reply::captured("woocommerce/err_refund_too_much")).await;
    let end = "500 Internal Server Error: Invalid refund amount. \
               (`woocommerce_rest_cannot_create_order_refund`)";
    assert!(written.to_string().ends_with(end), "{written}");
}

#[tokio::test]
async fn what_is_not_woocommerces_is_told_apart() {
    let page = "<html><body>Just a moment…</body></html>";
    let (read, _) = answered(Reply::text(403, page)).await;
    assert_eq!(
        read.to_string(),
        "the shop answered GET /products/11 with 403 Forbidden; something before WooCommerce keeps \
         the host out: a firewall, a security plugin or a password on the whole site"
    );
    let (read, _) = answered(Reply::text(404, page)).await;
    assert!(
        read.to_string()
            .ends_with("is this the shop's url, and are its permalinks other than `plain`?")
    );
    let (read, written) = answered(Reply::text(200, "<b>Notice</b>: {\"id\":1}")).await;
    assert!(matches!(&read, PlatformError::Unavailable { .. }), "{read:?}");
    assert!(read.to_string().contains("(line 1, column 1)"), "{read}");
    assert!(matches!(written, PlatformError::Ambiguous { .. }));
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = "https://www.shop.test/wp-json/wc/v3/products/11?oauth_signature=abc";
    let reply = Reply::text(301, "").header("location", elsewhere);
    let (read, written) = answered(reply).await;
    assert_eq!(
        read.to_string(),
        "the shop answered GET /products/11 with 301 Moved Permanently to \
         https://www.shop.test/wp-json/wc/v3/products/11; redirections are not followed: correct \
         the shop's url"
    );
    assert!(matches!(written, PlatformError::Refused { .. }));
}

#[tokio::test]
async fn an_echoed_key_is_not_repeated() {
    let reply = Reply::text(400, r#"{"code":"x","message":"no ck_rig, no cs_rig"}"#);
    let (read, _) = answered(reply).await;
    assert!(read.to_string().contains("no …, no … (`x`)"), "{read}");
}

#[tokio::test]
async fn a_shop_that_is_not_there_did_nothing() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let adapter = shop_at(&format!("http://{free}"));
    let body = json!({});
    let written =
        adapter.client.call::<Value>(Method::PUT, "/products/11", Vec::new(), Some(&body)).await;
    let error = PlatformError::from(written.map(|_| ()).unwrap_err());
    assert!(matches!(error, PlatformError::Unavailable { .. }), "{error:?}");
    no_secret(&error);
}

fn no_secret(error: &PlatformError) {
    for secret in ["ck_rig", "cs_rig", "oauth"] {
        assert!(!error.to_string().contains(secret), "{error}");
    }
}

/// A shop that reads a request and answers with these bytes, once.
fn cut_off_after(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = connection.read(&mut request).unwrap();
        connection.write_all(answer).unwrap();
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_connection_that_breaks_off_leaves_a_write_open() {
    let cuts: [&[u8]; 3] = [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":1",
    ];
    for cut in cuts {
        let adapter = shop_at(&cut_off_after(cut));
        let read = adapter.client.get::<Value>("/products/11", Vec::new()).await;
        let read = PlatformError::from(read.map(|_| ()).unwrap_err());
        assert!(matches!(read, PlatformError::Unavailable { .. }), "{read:?}");
        no_secret(&read);

        let adapter = shop_at(&cut_off_after(cut));
        let call = adapter.client.call::<Value>(Method::PUT, "/products/11", Vec::new(), None);
        let written = PlatformError::from(call.await.map(|_| ()).unwrap_err());
        assert!(matches!(written, PlatformError::Ambiguous { .. }), "{written:?}");
        no_secret(&written);
    }
}

#[tokio::test]
async fn an_answer_is_not_read_without_end() {
    let replay = Replay::new(|_| Reply::json(&json!("x".repeat(2000)))).await;
    let mut adapter = shop_at(&replay.address);
    adapter.client.transport.answer_bytes_max = 1000;
    let read = adapter.client.get::<Value>("/products/11", Vec::new()).await;
    let read = PlatformError::from(read.map(|_| ()).unwrap_err());
    let reason = "the shop's answer to GET /products/11 is larger than 1000 bytes";
    assert_eq!(read, PlatformError::Unavailable { reason: reason.to_owned(), retry_after: None });
    adapter.client.transport.answer_bytes_max = 2002;
    adapter.client.get::<Value>("/products/11", Vec::new()).await.unwrap();
}

#[tokio::test]
async fn every_request_is_signed_anew() {
    let replay = Replay::new(|_| Reply::captured("woocommerce/product_get")).await;
    let key = EntityKey::variant(shop(), "11");
    for _ in 0..3 {
        replay.shop.fetch(Timestamp(1), &key).await.unwrap();
    }
    let got = replay.got();
    let nonces: std::collections::BTreeSet<_> =
        got.iter().map(|got| got.query["oauth_nonce"].clone()).collect();
    assert_eq!(nonces.len(), 3);
    for got in &got {
        assert_eq!(got.query("oauth_consumer_key"), Some("ck_rig"));
        assert_eq!(got.query("oauth_signature_method"), Some("HMAC-SHA256"));
        assert_eq!(got.query["oauth_signature"].len(), 44);
    }
}

#[tokio::test]
async fn no_more_are_asked_at_once_than_the_shop_bears() {
    let replay = Replay::new(|_| Reply::json(&json!({}))).await;
    let client = &replay.shop.client;
    let mut held = Vec::new();
    for _ in 0..REQUESTS_AT_ONCE_MAX {
        held.push(client.transport.gate.enter().await.unwrap());
    }
    let mut waiting = Box::pin(client.get::<Value>("/products/11", Vec::new()));
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("it did not wait"),
        () = tokio::task::yield_now() => {}
    }
    assert!(replay.got().is_empty());
    drop(held);
    waiting.await.map(|_| ()).unwrap();
}

#[tokio::test]
async fn a_shop_that_is_down_is_not_asked_by_everything() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let adapter = shop_at(&format!("http://{free}"));
    for _ in 0..BREAKER_FAILURES_MAX {
        assert_eq!(adapter.traffic().circuit, Circuit::Closed);
        adapter.client.get::<Value>("/products/11", Vec::new()).await.map(|_| ()).unwrap_err();
    }
    let traffic = adapter.traffic();
    assert_eq!(traffic.circuit, Circuit::Open);
    // Also what would be a write surely had no effect: it was not sent.
    let body = json!({});
    let written =
        adapter.client.call::<Value>(Method::PUT, "/products/11", Vec::new(), Some(&body)).await;
    let error = PlatformError::from(written.map(|_| ()).unwrap_err());
    let PlatformError::Unavailable { retry_after, .. } = &error else { panic!("{error:?}") };
    assert!(*retry_after <= traffic.rests_for && retry_after.is_some(), "{error:?}");
    assert!(error.to_string().contains("did not answer several times in a row"), "{error}");
}

#[tokio::test]
async fn what_the_shop_says_of_its_limits_is_kept_to() {
    let replay = Replay::new(|_| {
        Reply::json(&json!({})).header("ratelimit-remaining", "0").header("ratelimit-reset", "120")
    })
    .await;
    let client = &replay.shop.client;
    client.get::<Value>("/products/11", Vec::new()).await.map(|_| ()).unwrap();
    let refused = client.get::<Value>("/products/11", Vec::new()).await.map(|_| ()).unwrap_err();
    let error = PlatformError::from(refused);
    assert!(matches!(error, PlatformError::Unavailable { retry_after: Some(_), .. }), "{error:?}");
    assert_eq!(replay.calls().len(), 1, "the second was not sent");
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(async || (StatusCode::NOT_FOUND, "{}"));
    let listener = axum::serve::ListenerExt::tap_io(listener, move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let adapter = shop_at(&address);
    for _ in 0..5 {
        // Also after an answer that is an error.
        adapter.client.get::<Value>("/products/11", Vec::new()).await.map(|_| ()).unwrap_err();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn over_https_the_key_goes_into_a_header() {
    let mut adapter = shop_at("http://127.0.0.1:1");
    adapter.client.base = "https://shop.test/wp-json/wc/v3".parse().unwrap();
    let query = vec![("per_page", "100".to_owned())];
    let request = adapter
        .client
        .request(&adapter.client.credentials(), &Method::GET, "/products", query, None)
        .unwrap();
    let request = request.build().unwrap();
    assert_eq!(request.url().as_str(), "https://shop.test/wp-json/wc/v3/products?per_page=100");
    let header = &request.headers()["authorization"];
    assert_eq!(header, "Basic Y2tfcmlnOmNzX3JpZw==");
    assert!(header.is_sensitive());
}

#[tokio::test]
async fn over_http_neither_key_nor_secret_goes_into_a_header() {
    let adapter = shop_at("http://127.0.0.1:1");
    let request = adapter
        .client
        .request(&adapter.client.credentials(), &Method::GET, "/products", Vec::new(), None)
        .unwrap();
    let request = request.build().unwrap();
    assert!(!request.headers().contains_key("authorization"));
    assert!(!request.url().as_str().contains("cs_rig"));
}
