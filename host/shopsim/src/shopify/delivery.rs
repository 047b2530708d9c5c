//! How a webhook leaves the shop: one after the other, signed with the app's secret.

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
                let (secret, version) = shop
                    .with(|state| (state.app.client_secret.clone(), state.webhook_version.clone()));
                let outcome = send(&shop, &delivery, &secret, &version).await;
                shop.with(|state| state.settle_delivery(delivery, &outcome));
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

async fn send(shop: &Shop, delivery: &Delivery, secret: &str, version: &str) -> Outcome {
    let request = shop
        .client
        .post(&delivery.uri)
        .header("content-type", "application/json")
        .header("x-shopify-topic", &delivery.topic)
        .header("x-shopify-hmac-sha256", signature(secret, &delivery.body))
        .header("x-shopify-shop-domain", &shop.domain)
        .header("x-shopify-api-version", version)
        .header("x-shopify-webhook-id", &delivery.id)
        .body(delivery.body.clone());
    match request.send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        // The address may carry a secret in its path; the reason does without it.
        Err(error) if error.is_timeout() => Err("no answer in time".to_owned()),
        Err(error) if error.is_connect() => Err("no connection".to_owned()),
        Err(error) => Err(error.without_url().to_string()),
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
