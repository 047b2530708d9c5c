//! What is asked and answered when a person retries, discards or decides.

use fondaco_store::Redone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which dead deliveries or actions, and why. What is said must hold for each; all of them are meant
/// only if that is said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedoAsked {
    /// The number of one, or an action's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one: Option<String>,
    /// From this number on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Up to this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Those from or for this shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
    /// Actions that this install proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<String>,
    /// All there are.
    pub all: bool,
    /// Why; has to be said when something is discarded.
    pub because: String,
}

/// What became of those selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedoneView {
    /// Those that it was done to, oldest first.
    pub done: Vec<String>,
    /// Those that were left as they are.
    pub left: Vec<LeftView>,
    /// Whether there are more; asked again, the next ones are taken.
    pub more: bool,
}

/// One that was left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftView {
    /// Which.
    pub which: String,
    /// Why.
    pub reason: String,
}

impl<T: ToString> From<Redone<T>> for RedoneView {
    fn from(redone: Redone<T>) -> Self {
        let left = |(which, reason): (T, String)| LeftView { which: which.to_string(), reason };
        Self {
            done: redone.done.iter().map(ToString::to_string).collect(),
            left: redone.left.into_iter().map(left).collect(),
            more: redone.more,
        }
    }
}

/// What a person found out about an action of which nobody knew whether it took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// Whether it took effect: `done` or `failed`.
    pub end: DecidedEnd,
    /// How they know.
    pub because: String,
}

/// How an action ended, as a person may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecidedEnd {
    /// It took effect.
    Done,
    /// It took none.
    Failed,
}
