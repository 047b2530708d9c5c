//! How a webhook leaves the shop: one after the other, signed with the app's secret.

use std::sync::Arc;
use std::time::Instant;

use super::VERSIONS;
use super::shop::Shop;
use super::webhook::{Delivery, Next, Outcome};
use crate::client;

/// Delivers until the shop stops.
pub(crate) async fn work(shop: Arc<Shop>) {
    loop {
        match shop.with(|state| state.next_step(Instant::now())) {
            Next::Send(delivery) => {
                let secret = shop.with(|state| state.app.client_secret.clone());
                let outcome = send(&shop, &delivery, &secret).await;
                shop.with(|state| state.settle_delivery(delivery, &outcome));
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

async fn send(shop: &Shop, delivery: &Delivery, secret: &str) -> Outcome {
    let request = shop
        .client
        .post(&delivery.uri)
        .header("content-type", "application/json")
        .header("x-shopify-topic", &delivery.topic)
        .header("x-shopify-hmac-sha256", client::signature(secret, &delivery.body))
        .header("x-shopify-shop-domain", &shop.domain)
        .header("x-shopify-api-version", VERSIONS[VERSIONS.len() - 1])
        .header("x-shopify-webhook-id", &delivery.id)
        .body(delivery.body.clone());
    client::send(request).await
}
