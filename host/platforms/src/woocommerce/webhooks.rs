//! The shop's webhooks to this host.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{client::Client, pages, payloads::Webhook};
use crate::{PlatformError, WebhookMade};

const TOPICS: [&str; 8] = [
    "order.created",
    "order.updated",
    "order.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "customer.created",
    "customer.updated",
];

/// Makes the webhooks that are missing or switched off.
///
/// WooCommerce switches a webhook off after some failures in a row, and switching it on again keeps
/// the count: the next failure switches it off at once. So one that is off is replaced. The new one
/// is made before the old one is deleted, so that a failure between leaves one too many and none
/// too few.
pub async fn ensure(
    client: &Client,
    secret: &SecretString,
    address: &str,
) -> Result<Vec<WebhookMade>, PlatformError> {
    let webhooks = list(client).await?;
    let mut made = Vec::new();
    for topic in TOPICS {
        let ours: Vec<&Webhook> = webhooks
            .iter()
            .filter(|webhook| webhook.topic == topic && webhook.delivery_url == address)
            .collect();
        if ours.iter().any(|webhook| webhook.status == "active") {
            continue;
        }
        let body = json!({
            "name": format!("Fondaco {topic}"),
            "topic": topic,
            "delivery_url": address,
            // Without one WooCommerce makes up its own and tells nobody.
            "secret": secret.expose_secret(),
            "status": "active",
        });
        client.call::<Webhook>(Method::POST, "/webhooks", Vec::new(), Some(&body)).await?;
        let because = ours.first().map_or("missing", |webhook| webhook.status.as_str());
        made.push(WebhookMade { topic: topic.to_owned(), because: because.to_owned() });
        for webhook in ours {
            let path = format!("/webhooks/{}", webhook.id);
            // Webhooks cannot be put into the trash.
            let force = vec![("force", "true".to_owned())];
            client.call::<Value>(Method::DELETE, &path, force, None).await?;
        }
    }
    Ok(made)
}

async fn list(client: &Client) -> Result<Vec<Webhook>, PlatformError> {
    let mut webhooks = Vec::new();
    let mut position = Some(pages::Position::default());
    while let Some(begin) = position {
        let listed = pages::list(client, "/webhooks", &Vec::new(), begin).await?;
        webhooks.extend(listed.entries);
        position = listed.next;
    }
    Ok(webhooks)
}
