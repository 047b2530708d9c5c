//! How a webhook leaves the shop.
//!
//! One worker takes one delivery after the other, as `State::next_step` hands them out: what is to
//! go wrong with them goes wrong there. [`send`] is the only place where a delivery goes out.

use std::sync::Arc;
use std::time::Instant;

use super::shop::Shop;
use super::webhook::{Delivery, Next, Outcome};
use crate::client;

/// Delivers until the shop stops.
pub(crate) async fn work(shop: Arc<Shop>) {
    loop {
        match shop.with(|state| state.next_step(Instant::now())) {
            Next::Send(delivery) => {
                let outcome = send(&shop.client, &delivery).await;
                shop.with(|state| state.settle_delivery(&delivery, outcome));
            }
            Next::WaitUntil(moment) => {
                let wait = tokio::time::timeout_at(moment.into(), shop.running.wake.notified());
                // Whichever comes first, the next look tells.
                let _ = wait.await;
            }
            Next::Idle => shop.running.wake.notified().await,
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
        .header("x-wc-webhook-signature", client::signature(&delivery.secret, &delivery.body))
        .header("x-wc-webhook-id", delivery.webhook)
        .header("x-wc-webhook-delivery-id", &delivery.id)
        .header("connection", "close")
        .body(delivery.body.clone());
    client::send(request).await
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
