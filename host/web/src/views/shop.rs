//! How shops are spoken to and compared, for people.

use fondaco_store::{Drift, ListedKind, Reconciliation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// The shop has a newer version.
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
