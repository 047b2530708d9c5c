//! Actions: what a module proposed, on its way to a shop.
//!
//! [`ActionKind`] is what to do, [`Value`] what a shop shows of what it writes, [`Verb`] the word by
//! which platforms say whether they can do it. [`divide`] parts an amount of money.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{ClientId, InstallId, Timestamp, TraceId};

mod kind;
mod refund;
mod value;
mod verb;
mod write;

pub use kind::{ActionKind, order_exclusive, price_exclusive, product_exclusive, stock_target};
pub use refund::{DivideError, divide, exceeds};
pub use value::Value;
pub use verb::Verb;
pub use write::{
    DiscountWrite, OrderStep, OrderWrite, PriceWrite, ProductField, ProductWrite, Reduction,
    RefundMethod, RefundWrite, Restock,
};

/// An action's id: the same proposal of the same run has the same id, however often it is run.
///
/// Towards a platform it is the idempotency key or the marker of the effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(String);

/// Which proposal of which run.
#[derive(Debug, Clone, Copy)]
pub struct ProposalOrigin<'a> {
    /// The client.
    pub client: &'a ClientId,
    /// The install that proposed it.
    pub install: &'a InstallId,
    /// The event it handled.
    pub event: u64,
    /// Which of the calls for this event: none for the first, the cursor for the others.
    pub cursor: Option<&'a str>,
    /// The proposal's key, or its number within the run.
    pub name: &'a str,
}

impl ActionId {
    /// Bytes of the digest that make the id: 128 bits, so that no two actions of a host meet.
    const DIGEST_BYTES: usize = 16;

    /// The id of a proposal.
    #[must_use]
    pub fn of(origin: ProposalOrigin<'_>) -> Self {
        let mut digest = Sha256::new();
        let event = origin.event.to_string();
        let cursor = origin.cursor.unwrap_or_default();
        let parts = [origin.client.as_str(), origin.install.as_str(), &event, cursor, origin.name];
        for part in parts {
            // With its length in front, no part can look like the end of another.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let bytes = digest.finalize();
        let hex = |byte: &u8| format!("{byte:02x}");
        Self(bytes.iter().take(Self::DIGEST_BYTES).map(hex).collect())
    }

    /// An id as it is stored or typed by a person.
    #[must_use]
    pub fn from_stored(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning of the id: short enough for a text that people read beside it, and long enough
    /// that no two actions on one order have the same.
    #[must_use]
    pub fn short(&self) -> &str {
        const SHORT_CHARACTERS: usize = 12;
        self.0.get(..SHORT_CHARACTERS).unwrap_or(&self.0)
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A sentence for a merchant, in English and Italian.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Localised {
    /// English.
    pub en: String,
    /// Italian.
    pub it: String,
}

/// What goes with every proposal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    /// Names the proposal within its run.
    pub key: Option<String>,
    /// Why this should be done.
    pub explanation: Localised,
    /// Actions that must be done first.
    pub after: Vec<ActionId>,
    /// When it is no longer worth doing.
    pub expires_at: Option<Timestamp>,
}

/// How much an alert matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Should be looked at.
    Warning,
    /// Needs somebody now.
    Critical,
}

impl Severity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The word for it in the store and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What a run proposed: an action that is not committed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: ActionId,
    /// What to do.
    pub kind: ActionKind,
    /// On which terms.
    pub terms: Terms,
}

/// Where an action stands.
///
/// An action that a person has to approve will stand between its commit and [`Self::Waiting`], in a
/// state of its own: what looks for work asks for what is waiting, and so passes it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionState {
    /// Committed, and waiting for its turn.
    Waiting,
    /// Being sent, or sent with no answer yet. After a crash nobody knows which.
    Sending,
    /// Ended; see its [`ActionEnd`].
    Ended,
}

impl ActionState {
    /// The word for it in the store and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Ended => "ended",
        }
    }
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum ActionEnd {
    /// It is done.
    Done {
        /// The ids of what it made, where it made something.
        ids: Vec<String>,
    },
    /// The host or a person would not have it.
    Refused {
        /// Why.
        reason: String,
    },
    /// The shop showed another value than it was decided on, and was left alone.
    Stale {
        /// What the shop showed.
        found: Value,
    },
    /// The platform has no such thing, or no way to it: no try will ever do it.
    Unsupported {
        /// What it lacks, and what there is instead.
        reason: String,
    },
    /// A newer action took its place before it was sent.
    Superseded,
    /// The platform would not do it, or could not for too long.
    Failed {
        /// Why.
        reason: String,
    },
    /// Whether it took effect cannot be told.
    Unknown {
        /// What is known.
        detail: String,
    },
    /// Its time ran out before it was sent.
    Expired,
    /// Its module ran in shadow: it was recorded and goes nowhere. The module hears nothing of it.
    Shadow {
        /// Why it would have been refused, if it would have been.
        objection: Option<String>,
    },
}

impl ActionEnd {
    /// All the words of [`Self::as_str`].
    pub const WORDS: [&str; 8] =
        ["done", "refused", "stale", "unsupported", "superseded", "failed", "unknown", "expired"];

    /// The word for it in the store, in metrics and on pages.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::Stale { .. } => "stale",
            Self::Unsupported { .. } => "unsupported",
            Self::Superseded => "superseded",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
            Self::Expired => "expired",
            Self::Shadow { .. } => "shadow",
        }
    }
}

/// What the shop showed of an action's target before and after it was carried out. Undoing it
/// writes back the one if the shop still shows the other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// Before; absent if that was not seen.
    pub before: Option<Value>,
    /// After; absent if that was not seen, or nothing was written.
    pub after: Option<Value>,
}

/// A committed action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// Its number: 1, 2, 3 … for each client, in the order of their commits.
    pub number: u64,
    /// What the run that proposed it belongs to.
    pub trace: TraceId,
    /// Whose module proposed it.
    pub client: ClientId,
    /// Which install.
    pub install: InstallId,
    /// The event whose run proposed it.
    pub event: u64,
    /// What to do.
    pub kind: ActionKind,
    /// On which terms.
    pub terms: Terms,
    /// Where it stands.
    pub state: ActionState,
    /// How it ended, once it has.
    pub end: Option<ActionEnd>,
    /// How often sending it was begun, since it was proposed or a person last retried it.
    pub attempts: u32,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Since when it has been tried: it was proposed then, or a person retried it.
    pub tried_since: Timestamp,
    /// If it waits to be tried again: not before then.
    pub next_try: Option<Timestamp>,
    /// Why it was last put back, if it was.
    pub last_reason: Option<String>,
    /// What the shop showed, once it has ended.
    pub shown: Shown,
    /// When it ended, once it has.
    pub ended_at: Option<Timestamp>,
}

impl Action {
    /// Why a person cannot let it be tried again; nothing if they can, as far as it is about this
    /// action alone.
    #[must_use]
    pub const fn no_retry(&self) -> Option<&'static str> {
        match &self.end {
            Some(ActionEnd::Failed { .. } | ActionEnd::Refused { .. } | ActionEnd::Expired) => None,
            Some(ActionEnd::Done { .. }) => Some("it is done"),
            Some(ActionEnd::Stale { .. }) => {
                Some("the shop showed another value than it was decided on; its module was told")
            }
            Some(ActionEnd::Unsupported { .. }) => Some("its platform cannot do it"),
            Some(ActionEnd::Superseded) => Some("a newer action took its place"),
            Some(ActionEnd::Shadow { .. }) => Some("its module ran in shadow"),
            Some(ActionEnd::Unknown { .. }) => Some(
                "it may have taken effect: look at the shop, and say what you found with `fondaco \
                 actions settle`",
            ),
            None => Some("it has not ended"),
        }
    }

    /// Why a person cannot discard it; nothing if they can.
    #[must_use]
    pub const fn no_discard(&self) -> Option<&'static str> {
        match self.state {
            ActionState::Waiting => None,
            ActionState::Sending => Some("it is being sent; whether it takes effect is found out"),
            ActionState::Ended => Some("it has ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(event: u64, cursor: Option<&str>, name: &str) -> ActionId {
        let client = ClientId::new("rossi").unwrap();
        let install = InstallId::new("stock-sync").unwrap();
        ActionId::of(ProposalOrigin { client: &client, install: &install, event, cursor, name })
    }

    #[test]
    fn the_same_proposal_has_the_same_id() {
        assert_eq!(id(7, None, "a"), id(7, None, "a"));
        let others = [id(8, None, "a"), id(7, Some("a"), "a"), id(7, None, "b"), id(7, None, "")];
        for other in &others {
            assert_ne!(id(7, None, "a"), *other);
        }
        assert_ne!(id(7, Some("ab"), "c"), id(7, Some("a"), "bc"));
    }

    #[test]
    fn only_what_surely_had_no_effect_is_tried_again() {
        let reason = || "down".to_owned();
        let action = |end: Option<ActionEnd>| Action {
            id: id(7, None, "a"),
            number: 1,
            trace: TraceId::of_random([7; 16]),
            client: ClientId::new("rossi").unwrap(),
            install: InstallId::new("stock-sync").unwrap(),
            event: 7,
            kind: ActionKind::Alert {
                severity: Severity::Info,
                title: Localised::default(),
                text: Localised::default(),
            },
            terms: Terms::default(),
            state: if end.is_some() { ActionState::Ended } else { ActionState::Waiting },
            end,
            attempts: 0,
            proposed_at: Timestamp(1),
            tried_since: Timestamp(1),
            next_try: None,
            last_reason: None,
            shown: Shown::default(),
            ended_at: None,
        };
        for (end, retried) in [
            (Some(ActionEnd::Failed { reason: reason() }), true),
            (Some(ActionEnd::Refused { reason: reason() }), true),
            (Some(ActionEnd::Expired), true),
            (Some(ActionEnd::Unknown { detail: reason() }), false),
            (Some(ActionEnd::Stale { found: Value::Number(3.into()) }), false),
            (Some(ActionEnd::Unsupported { reason: reason() }), false),
            (Some(ActionEnd::Done { ids: Vec::new() }), false),
            (Some(ActionEnd::Superseded), false),
            (None, false),
        ] {
            let waits = end.is_none();
            let action = action(end);
            assert_eq!(action.no_retry().is_none(), retried, "{:?}", action.end);
            assert_eq!(action.no_discard().is_none(), waits, "{:?}", action.end);
        }
        let sending = Action { state: ActionState::Sending, ..action(None) };
        assert!(sending.no_discard().is_some() && sending.no_retry().is_some());
    }

    #[test]
    fn the_id_does_not_change_between_versions_of_the_host() {
        // What is in an outbox when the host is upgraded must keep its id.
        assert_eq!(id(7, None, "a").as_str(), "39ca6e9be3e609a033636f7a2f9a5372");
    }
}
