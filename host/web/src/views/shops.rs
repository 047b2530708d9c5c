//! What is shown of shops: how they stand, and their webhooks.

use fondaco_engine::shops::{CheckItem, WebhookMade, WebhookStanding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckItemView {
    /// What: `read`, `write`, `webhooks` and so on.
    pub subject: String,
    /// `good`, `attention`, `wrong` or `unknown`.
    pub verdict: String,
    /// What was found.
    pub found: String,
    /// What to do, and where on the shop.
    pub fix: Option<String>,
}

impl From<CheckItem> for CheckItemView {
    fn from(item: CheckItem) -> Self {
        Self {
            subject: item.subject.as_str().to_owned(),
            verdict: item.verdict.as_str().to_owned(),
            found: item.found,
            fix: item.fix,
        }
    }
}

/// A webhook of a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// Its id on the shop.
    pub id: String,
    /// What it is called there.
    pub name: String,
    /// What it tells of.
    pub topic: String,
    /// Where it sends.
    pub address: String,
    /// Whether that is this host.
    pub ours: bool,
    /// Whether it sends at all.
    pub active: bool,
    /// The shop's word for how it stands.
    pub status: String,
    /// When the last delivery of its topic came, if it is ours, in milliseconds since 1970.
    pub last_delivery_at: Option<u64>,
}

impl From<WebhookStanding> for WebhookView {
    fn from(standing: WebhookStanding) -> Self {
        let WebhookStanding { webhook, is_ours, last_delivery } = standing;
        Self {
            id: webhook.id,
            name: webhook.name,
            topic: webhook.topic,
            address: webhook.address,
            ours: is_ours,
            active: webhook.active,
            status: webhook.status,
            last_delivery_at: last_delivery.map(|moment| moment.0),
        }
    }
}

/// Which webhooks are made anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepairWebhooks {
    /// Those that work, too; otherwise those that are missing or switched off.
    pub all: bool,
}

/// A webhook that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookMadeView {
    /// What it tells of.
    pub topic: String,
    /// Why: `missing`, or how the one stood that it took the place of.
    pub because: String,
}

impl From<WebhookMade> for WebhookMadeView {
    fn from(made: WebhookMade) -> Self {
        Self { topic: made.topic, because: made.because }
    }
}

/// How the credentials of a shop stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CredentialsView {
    /// Whether a delivery signed with the webhook secret that the host has now has come since it was
    /// taken.
    pub webhook_secret_proven: bool,
}
