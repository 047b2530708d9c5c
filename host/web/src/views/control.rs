//! What is stopped, and the host's own alerts.

use fondaco_store::{Alert, NewAlert, Stop};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StopView {
    /// What: `client`, `shop milano`, `install stock-sync`.
    pub scope: String,
    /// Since when, in milliseconds since 1970.
    pub at: u64,
    /// By whom: a principal's name, or `fondaco` for the host itself.
    pub principal: String,
    /// Why; may be empty.
    pub reason: String,
}

impl From<Stop> for StopView {
    fn from(stop: Stop) -> Self {
        let Stop { scope, at, principal, reason } = stop;
        Self { scope: scope.to_string(), at: at.0, principal, reason }
    }
}

/// An alert of the host's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertView {
    /// Its number within the client.
    pub number: u64,
    /// Names its cause, such as `failing/stock-sync`.
    pub key: String,
    /// Since when it is open, in milliseconds since 1970.
    pub at: u64,
    /// When it was resolved, in milliseconds since 1970; absent: it is open.
    pub resolved_at: Option<u64>,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// What it is about: `client`, `shop milano`, `install stock-sync`.
    pub about: String,
    /// One line, in English.
    pub title_en: String,
    /// One line, in Italian.
    pub title_it: String,
    /// What happened and what to do, in English.
    pub text_en: String,
    /// What happened and what to do, in Italian.
    pub text_it: String,
}

impl From<Alert> for AlertView {
    fn from(alert: Alert) -> Self {
        let Alert { number, at, resolved_at, alert } = alert;
        let NewAlert { key, severity, about, title, text } = alert;
        Self {
            number,
            key,
            at: at.0,
            resolved_at: resolved_at.map(|moment| moment.0),
            severity: severity.as_str().to_owned(),
            about: about.to_string(),
            title_en: title.en,
            title_it: title.it,
            text_en: text.en,
            text_it: text.it,
        }
    }
}
