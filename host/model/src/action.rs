//! Actions: what a module proposed, on its way to a shop.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{ClientId, Decimal, EntityKey, InstallId, Location, ShopId, Timestamp};

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

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ActionKind {
    /// Set what a shop shows as available to sell.
    ChangeStock {
        /// The shop.
        shop: ShopId,
        /// The variant's id on that shop.
        variant: String,
        /// The place.
        location: Location,
        /// What should be available afterwards.
        available: Decimal,
        /// What was available when this was decided: the value-before. If the shop shows
        /// something else, nothing is written.
        decided_on: Decimal,
    },
    /// Tell the people of the module's area.
    Alert {
        /// How much it matters.
        severity: Severity,
        /// One line.
        title: Localised,
        /// What it means and what can be done.
        text: Localised,
    },
}

impl ActionKind {
    /// The interface of the contract it is proposed by.
    #[must_use]
    pub const fn interface(&self) -> &'static str {
        match self {
            Self::ChangeStock { .. } => "change-stock",
            Self::Alert { .. } => "alert",
        }
    }

    /// The shop it is carried out on; absent if the host does it itself.
    #[must_use]
    pub const fn shop(&self) -> Option<&ShopId> {
        match self {
            Self::ChangeStock { shop, .. } => Some(shop),
            Self::Alert { .. } => None,
        }
    }

    /// The entity it writes to; absent if it writes to none.
    #[must_use]
    pub fn entity(&self) -> Option<EntityKey> {
        match self {
            Self::ChangeStock { shop, variant, .. } => {
                Some(EntityKey::variant(shop.clone(), variant.clone()))
            }
            Self::Alert { .. } => None,
        }
    }

    /// The field it writes. Actions on one target are carried out one after the other, and a newer
    /// one takes the place of one that still waits. Absent: it writes none.
    #[must_use]
    pub fn target(&self) -> Option<String> {
        match self {
            Self::ChangeStock { shop, variant, location, .. } => {
                Some(stock_target(shop, variant, location))
            }
            Self::Alert { .. } => None,
        }
    }
}

/// The target of actions that write what is available of a variant in one place.
#[must_use]
pub fn stock_target(shop: &ShopId, variant: &str, location: &Location) -> String {
    let place = location.id().unwrap_or_default();
    format!("stock/{shop}/{variant}/{place}")
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
        found: Decimal,
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
}

impl ActionEnd {
    /// The word for it in the store, in metrics and on pages.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::Stale { .. } => "stale",
            Self::Superseded => "superseded",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
            Self::Expired => "expired",
        }
    }
}

/// A committed action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
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
    /// How often sending it was begun.
    pub attempts: u32,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// When it ended, once it has.
    pub ended_at: Option<Timestamp>,
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
    fn the_id_does_not_change_between_versions_of_the_host() {
        // What is in an outbox when the host is upgraded must keep its id.
        assert_eq!(id(7, None, "a").as_str(), "39ca6e9be3e609a033636f7a2f9a5372");
    }
}
