//! Events: what modules hear.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    ActionEnd, ActionId, Change, EntityKey, InstallId, PersonKey, ShopId, Timestamp, TraceId,
    care::CustomerChange,
    hear::{LifecycleStep, Signal},
};

/// Something that happened for a client, numbered in the order of its commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number: 1, 2, 3 … for each client.
    pub number: u64,
    /// The commit that raised it. What a run may read of the mirror's completeness ends here.
    pub commit: u64,
    /// When the host observed it.
    pub observed_at: Timestamp,
    /// What it belongs to, from the delivery that told of it to the last action it led to.
    pub trace: TraceId,
    /// The action whose effect it is.
    pub caused_by: Option<Cause>,
    /// What happened.
    pub body: EventBody,
}

/// The action that led to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The action.
    pub action: ActionId,
    /// The install that proposed it, which does not hear the event.
    pub install: InstallId,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum EventBody {
    /// An entity is different.
    Changed {
        /// Which.
        key: EntityKey,
        /// The mirror's row of it that this is about.
        sequence: u64,
        /// What is different.
        change: Change,
    },
    /// A customer with an account is different. What of them, only their row in the store tells.
    Customer {
        /// Who.
        customer: PersonKey,
        /// What is different.
        changes: BTreeSet<CustomerChange>,
    },
    /// A schedule of an install is due.
    Tick {
        /// Whose.
        install: InstallId,
        /// Which schedule.
        schedule: String,
        /// When it was due.
        due_at: Timestamp,
    },
    /// An action of an install ended.
    Outcome {
        /// Whose.
        install: InstallId,
        /// Which action.
        action: ActionId,
        /// The interface it was proposed by.
        kind: String,
        /// The key it was proposed with.
        key: Option<String>,
        /// The entity it wrote to, if it was to write to one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entity: Option<EntityKey>,
        /// How it ended.
        end: ActionEnd,
    },
    /// A module told the others something.
    Signal {
        /// Which install sent it. It does not hear it.
        sender: InstallId,
        /// What it said.
        signal: Signal,
    },
    /// Something happened to an install itself.
    Lifecycle {
        /// Which.
        install: InstallId,
        /// What.
        step: LifecycleStep,
    },
}

impl EventBody {
    /// The hook of the contract that hears it; absent if none does yet.
    #[must_use]
    pub const fn hook(&self) -> Option<&'static str> {
        match self {
            Self::Changed { change: Change::Order(_), .. } => Some("on-order"),
            Self::Changed { change: Change::Stock { .. }, .. } => Some("on-stock"),
            Self::Changed { change: Change::Variant(_), .. } => None,
            Self::Customer { .. } => Some("on-customer"),
            Self::Tick { .. } => Some("on-schedule"),
            Self::Outcome { .. } => Some("on-outcome"),
            Self::Signal { .. } => Some("on-signal"),
            Self::Lifecycle { .. } => Some("on-lifecycle"),
        }
    }

    /// The only install it is for; absent if it is for all.
    #[must_use]
    pub const fn addressee(&self) -> Option<&InstallId> {
        match self {
            Self::Changed { .. } | Self::Customer { .. } | Self::Signal { .. } => None,
            Self::Tick { install, .. }
            | Self::Outcome { install, .. }
            | Self::Lifecycle { install, .. } => Some(install),
        }
    }

    /// The only shop it is about; absent if it is about none or several.
    #[must_use]
    pub const fn shop(&self) -> Option<&ShopId> {
        match self {
            Self::Changed { key, .. } => Some(&key.shop),
            Self::Customer { customer, .. } => Some(&customer.shop),
            Self::Signal { signal, .. } => signal.shop.as_ref(),
            Self::Lifecycle { step: LifecycleStep::Backfill(range), .. } => Some(&range.shop),
            Self::Tick { .. } | Self::Outcome { .. } | Self::Lifecycle { .. } => None,
        }
    }
}
