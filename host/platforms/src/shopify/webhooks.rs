//! The shop's webhook subscriptions to this host. Shopify takes one away that failed for four hours.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    client::Client,
    deliveries::TOPICS,
    documents::{WEBHOOK_CREATE, WEBHOOK_DELETE, WEBHOOKS},
    ids::number,
    payloads::{Connection, UserError, Webhook},
    user_errors,
};
use crate::{PlatformError, WebhookMade, WebhookSeen, limits::PAGE_ENTRIES_MAX};

/// Makes the subscriptions that are missing.
pub async fn ensure(client: &Client, address: &str) -> Result<Vec<WebhookMade>, PlatformError> {
    let webhooks = list(client).await?;
    let mut made = Vec::new();
    for topic in TOPICS {
        let there = webhooks.iter().any(|known| known.topic == topic && known.uri == address);
        if !there {
            make(client, topic, address).await?;
            made.push(WebhookMade { topic: topic.to_owned(), because: "missing".to_owned() });
        }
    }
    Ok(made)
}

/// Makes all of them anew.
pub async fn renew(client: &Client, address: &str) -> Result<Vec<WebhookMade>, PlatformError> {
    for webhook in list(client).await?.into_iter().filter(|known| known.uri == address) {
        delete(client, &webhook.id).await?;
    }
    ensure(client, address).await
}

async fn make(client: &Client, topic: &str, address: &str) -> Result<(), PlatformError> {
    let variables = json!({
        "topic": topic,
        "webhook": { "uri": address, "format": "JSON" },
    });
    let answer: Value = client.ask(&WEBHOOK_CREATE, variables).await?;
    user_errors(&answer, "/webhookSubscriptionCreate/userErrors")
}

async fn delete(client: &Client, id: &str) -> Result<(), PlatformError> {
    let answer: Value = client.ask(&WEBHOOK_DELETE, json!({ "id": id })).await?;
    user_errors(&answer, "/webhookSubscriptionDelete/userErrors")
}

/// The subscriptions that the app has.
pub async fn seen(client: &Client) -> Result<Vec<WebhookSeen>, PlatformError> {
    let seen = |webhook: Webhook| WebhookSeen {
        id: number(&webhook.id),
        name: String::new(),
        topic: webhook.topic,
        address: webhook.uri,
        active: true,
        status: "active".to_owned(),
    };
    Ok(list(client).await?.into_iter().map(seen).collect())
}

pub async fn list(client: &Client) -> Result<Vec<Webhook>, PlatformError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        webhook_subscriptions: Connection<Webhook>,
    }
    let (mut webhooks, mut after) = (Vec::new(), None);
    loop {
        let variables = json!({ "first": PAGE_ENTRIES_MAX, "after": after });
        let answer: Answer = client.ask(&WEBHOOKS, variables).await?;
        let Connection { nodes, page_info } = answer.webhook_subscriptions;
        webhooks.extend(nodes);
        after = page_info.end_cursor.filter(|_| page_info.has_next_page);
        if after.is_none() {
            return Ok(webhooks);
        }
    }
}

/// What a mutation would not do, in words.
pub fn in_words(errors: &[UserError]) -> String {
    let words: Vec<String> = errors
        .iter()
        .map(|error| {
            let field = error.field.as_deref().unwrap_or_default().join(".");
            let code = error.code.as_deref().unwrap_or_default();
            let place = [field.as_str(), code].into_iter().filter(|part| !part.is_empty());
            let place: Vec<&str> = place.collect();
            match place.is_empty() {
                true => error.message.clone(),
                false => format!("{} ({})", error.message, place.join(", ")),
            }
        })
        .collect();
    words.join("; ")
}
