//! How a webhook leaves the shop.
//!
//! One worker takes one delivery after the other, as `State::next_step` hands them out: what is to
//! go wrong with them goes wrong there. [`send`] is the only place where a delivery goes out.

use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::shop::Shop;
use super::webhook::{Delivery, Next, Outcome};

/// Delivers until the shop stops.
pub(crate) async fn work(shop: Arc<Shop>) {
    loop {
        match shop.with(|state| state.next_step(Instant::now())) {
            Next::Send(delivery) => {
                let outcome = send(&shop.client, &delivery).await;
                shop.with(|state| state.settle_delivery(&delivery, outcome));
            }
            Next::WaitUntil(moment) => {
                let wait = tokio::time::timeout_at(moment.into(), shop.wake.notified());
                // Whichever comes first, the next look tells.
                let _ = wait.await;
            }
            Next::Idle => shop.wake.notified().await,
        }
    }
}

async fn send(client: &reqwest::Client, delivery: &Delivery) -> Outcome {
    let (resource, event) = delivery.topic.split_once('.').unwrap_or((delivery.topic.as_str(), ""));
    let request = client
        .post(&delivery.url)
        .header("accept", "*/*")
        .header("accept-encoding", "deflate, gzip, br, zstd")
        .header("content-type", "application/json")
        .header("x-wc-webhook-source", &delivery.source)
        .header("x-wc-webhook-topic", &delivery.topic)
        .header("x-wc-webhook-resource", resource)
        .header("x-wc-webhook-event", event)
        .header("x-wc-webhook-signature", signature(&delivery.secret, &delivery.body))
        .header("x-wc-webhook-id", delivery.webhook)
        .header("x-wc-webhook-delivery-id", &delivery.id)
        .header("connection", "close")
        .body(delivery.body.clone());
    match request.send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        // The address may carry a secret in its path; the reason does without it.
        Err(error) if error.is_timeout() => Err("no answer in time".to_owned()),
        Err(error) if error.is_connect() => Err("no connection".to_owned()),
        Err(error) => Err(error.without_url().to_string()),
    }
}

/// Tries whether anybody is there. Whatever comes of it changes nothing.
pub(crate) async fn ping(client: &reqwest::Client, url: &str, webhook: u64) {
    let request = client
        .post(url)
        .header("accept", "*/*")
        .header("accept-encoding", "deflate, gzip, br, zstd")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("connection", "close")
        .body(format!("webhook_id={webhook}"));
    if let Err(error) = request.send().await {
        tracing::debug!(webhook.id = webhook, error = %error.without_url(), "ping not answered");
    }
}

fn signature(secret: &str, body: &str) -> String {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}
