//! What is shown of shops: how they stand, are spoken to and compared, and their webhooks.

use fondaco_engine::shops::{CheckItem, WebhookMade, WebhookStanding};
use fondaco_store::{Drift, ListedKind, Reconciliation};
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

/// How requests to a shop fare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrafficView {
    /// `closed`: it is asked. `open`: it did not answer several times in a row, and is left alone for
    /// a while. `half-open`: one request tries whether it answers again.
    pub circuit: String,
    /// For how long it is not asked from now on, in milliseconds.
    pub rests_for_ms: Option<u64>,
    /// How many requests a second it is asked at most; absent: it never asked for fewer.
    pub requests_per_second: Option<f64>,
}

/// How comparing all that a shop has with what is known of it went, or how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReconciliationView {
    /// When it was begun, in milliseconds since 1970.
    pub began_at: u64,
    /// When it was complete, in milliseconds since 1970; absent: it is under way.
    pub ended_at: Option<u64>,
    /// What is being compared now: `list/order/…` or `look/order/…`; absent once it is complete.
    pub position: Option<String>,
    /// Entries of the shop's lists that were compared so far.
    pub compared: u64,
    /// What was found and put right, by kind.
    pub drift: Vec<DriftView>,
}

/// What of a kind was other on the shop than was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriftView {
    /// `variant`, `order` or `customer`.
    pub kind: String,
    /// The shop has them, and they were not known.
    pub missing: u64,
    /// The shop has another version: a newer one, or an older one since its own time stepped back.
    pub outdated: u64,
    /// They were known, and the shop has them no more.
    pub gone: u64,
}

impl From<Reconciliation> for ReconciliationView {
    fn from(reconciliation: Reconciliation) -> Self {
        let Reconciliation { began_at, ended_at, position, compared, drift } = reconciliation;
        Self {
            began_at: began_at.0,
            ended_at: ended_at.map(|moment| moment.0),
            position,
            compared,
            drift: drift.into_iter().map(DriftView::from).collect(),
        }
    }
}

impl From<(ListedKind, Drift)> for DriftView {
    fn from((kind, drift): (ListedKind, Drift)) -> Self {
        let Drift { missing, outdated, gone } = drift;
        Self { kind: kind.as_str().to_owned(), missing, outdated, gone }
    }
}
