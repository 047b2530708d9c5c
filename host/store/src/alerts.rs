//! The host's own alerts: what a client's people have to know of the host's work for them.
//!
//! What a module alerts of is an action of that module. An alert of the host's is opened under a
//! key, is open once however often its cause is found, and is resolved under the same key when the
//! cause is gone.

use fondaco_model::{
    InstallId, ShopId, Timestamp,
    action::{Localised, Severity},
};
use serde::{Deserialize, Serialize};

use crate::Scope;

/// An alert, as it is raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAlert {
    /// Names its cause within the client, such as `failing/stock-sync`.
    pub key: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub about: Scope,
    /// One line.
    pub title: Localised,
    /// What happened, to what, since when, and what to do.
    pub text: Localised,
}

impl NewAlert {
    /// The key of: an install was paused because it kept failing. Resolved when it goes on.
    #[must_use]
    pub fn failing_key(install: &InstallId) -> String {
        format!("failing/{install}")
    }

    /// The key of: the disk of the host's store is nearly full. Resolved when there is room again.
    pub const ROOM_KEY: &str = "room";

    /// The key of: much waits for an install that stands still. Resolved when it goes on.
    #[must_use]
    pub fn backlog_key(install: &InstallId) -> String {
        format!("backlog/{install}")
    }

    /// The key of: an install has been out of its client's file for so long that nothing is kept for
    /// it. Resolved when it is back.
    #[must_use]
    pub fn absent_key(install: &InstallId) -> String {
        format!("absent/{install}")
    }

    /// The key of: an install that is back missed events. Resolved by a person, who has seen to it.
    #[must_use]
    pub fn missed_key(install: &InstallId) -> String {
        format!("missed/{install}")
    }

    /// The key of: nothing is heard of a shop. Resolved when it is heard of again.
    #[must_use]
    pub fn silent_key(shop: &ShopId) -> String {
        format!("silent/{shop}")
    }

    /// The key of: a shop may not tell any more what happens on it. Resolved when it tells again.
    #[must_use]
    pub fn denied_key(shop: &ShopId) -> String {
        format!("denied/{shop}")
    }

    /// The key of: somebody wants to know what a shop holds of them. Resolved by a person, who has
    /// answered them.
    #[must_use]
    pub fn data_request_key(shop: &ShopId, whom: &str) -> String {
        format!("data-request/{shop}/{whom}")
    }

    /// The key of: a shop had other things than were known of it. Resolved when a later comparison
    /// finds no more such.
    #[must_use]
    pub fn drift_key(shop: &ShopId) -> String {
        format!("drift/{shop}")
    }

    /// The key of: too much waited for an install, and its oldest events passed by. Resolved by a
    /// person, who has seen to it.
    #[must_use]
    pub fn passed_by_key(install: &InstallId) -> String {
        format!("passed-by/{install}")
    }

    /// The key of: a copy of a shop sends deliveries as if it were that shop. Resolved by a person,
    /// who has seen to it.
    #[must_use]
    pub fn foreign_key(shop: &ShopId) -> String {
        format!("foreign/{shop}")
    }
}

/// An alert that was raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number within the client: 1, 2, 3 …
    pub number: u64,
    /// Since when it is open.
    pub at: Timestamp,
    /// When its cause was gone; absent: it is open.
    pub resolved_at: Option<Timestamp>,
    /// What it says.
    #[serde(flatten)]
    pub alert: NewAlert,
}
