//! The shop's webhooks to this host.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{client::Client, pages, payloads::Webhook, products::plain_text};
use crate::{PlatformError, WebhookMade, WebhookSeen};

/// What the host is told of.
pub const TOPICS: [&str; 9] = [
    "order.created",
    "order.updated",
    "order.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "customer.created",
    "customer.updated",
    "customer.deleted",
];

/// Which webhooks are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replace {
    /// Those that are off.
    Off,
    /// All that send to the address.
    All,
}

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
    replace(client, secret, address, Replace::Off).await
}

/// Makes all webhooks anew, with this secret.
pub async fn renew(
    client: &Client,
    secret: &SecretString,
    address: &str,
) -> Result<Vec<WebhookMade>, PlatformError> {
    replace(client, secret, address, Replace::All).await
}

async fn replace(
    client: &Client,
    secret: &SecretString,
    address: &str,
    which: Replace,
) -> Result<Vec<WebhookMade>, PlatformError> {
    let webhooks = list(client).await?;
    let mut made = Vec::new();
    for topic in TOPICS {
        let ours: Vec<&Webhook> = webhooks
            .iter()
            .filter(|webhook| webhook.topic == topic && webhook.delivery_url == address)
            .collect();
        if which == Replace::Off && ours.iter().any(|webhook| webhook.is_active()) {
            continue;
        }
        make(client, secret, address, topic).await?;
        let because = ours.first().map_or("missing", |webhook| webhook.status.as_str());
        made.push(WebhookMade { topic: topic.to_owned(), because: because.to_owned() });
        for webhook in ours {
            delete(client, webhook).await?;
        }
    }
    Ok(made)
}

async fn make(
    client: &Client,
    secret: &SecretString,
    address: &str,
    topic: &str,
) -> Result<(), PlatformError> {
    let body = json!({
        "name": format!("Fondaco {topic}"),
        "topic": topic,
        "delivery_url": address,
        // Without one WooCommerce makes up its own and tells nobody.
        "secret": secret.expose_secret(),
        "status": "active",
    });
    client.call::<Webhook>(Method::POST, "/webhooks", Vec::new(), Some(&body)).await?;
    Ok(())
}

async fn delete(client: &Client, webhook: &Webhook) -> Result<(), PlatformError> {
    let path = format!("/webhooks/{}", webhook.id);
    // Webhooks cannot be put into the trash.
    let force = vec![("force", "true".to_owned())];
    client.call::<Value>(Method::DELETE, &path, force, None).await?;
    Ok(())
}

/// The webhooks that the shop has.
pub async fn seen(client: &Client) -> Result<Vec<WebhookSeen>, PlatformError> {
    let seen = |webhook: Webhook| WebhookSeen {
        active: webhook.is_active(),
        id: webhook.id.to_string(),
        name: plain_text(&webhook.name.unwrap_or_default()),
        topic: webhook.topic,
        address: webhook.delivery_url,
        status: webhook.status,
    };
    Ok(list(client).await?.into_iter().map(seen).collect())
}

pub async fn list(client: &Client) -> Result<Vec<Webhook>, PlatformError> {
    let mut webhooks = Vec::new();
    let mut position = Some(pages::Position::default());
    while let Some(begin) = position {
        let listed = pages::list(client, "/webhooks", &Vec::new(), begin).await?;
        webhooks.extend(listed.entries);
        position = listed.next;
    }
    Ok(webhooks)
}
