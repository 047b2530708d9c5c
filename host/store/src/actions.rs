//! Actions on their way: which are listed, which can be begun, and how one is settled.

use fondaco_model::{
    Action, ActionEnd, ActionId, EntityKey, Event, InstallId, Timestamp, action::Shown,
};

use crate::ObservedRow;

/// Which actions to list.
#[derive(Debug, Clone, Default)]
pub struct ActionFilter {
    /// Only those that have not ended.
    pub open_only: bool,
    /// Only those that ended so: a word of [`ActionEnd::as_str`].
    pub ended: Option<String>,
    /// Only those of this event.
    pub event: Option<u64>,
    /// Only those of this install.
    pub install: Option<InstallId>,
    /// How many at most, newest first.
    pub limit: u32,
}

/// An action that can be begun, or has to be ended, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyAction {
    /// The action. If it has expired it is here whatever it waits for.
    pub action: Action,
    /// One of the actions it comes after that ended otherwise than done, or was never proposed:
    /// this one can never be done.
    pub after_failed: Option<ActionId>,
}

/// An action that is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendingAction {
    /// The action.
    pub action: Action,
    /// When sending it was begun.
    pub began_at: Timestamp,
    /// The request, as it was given to [`Store::begin`](crate::Store::begin).
    pub request: String,
}

/// A fence to lift: what ends an action.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The action.
    pub action: ActionId,
    /// How it ended.
    pub end: ActionEnd,
    /// When.
    pub at: Timestamp,
    /// What the shop showed of the action's target.
    pub shown: Shown,
    /// What the platform's answer showed, as of after the write. What the action itself changed
    /// has it as its cause.
    pub rows: Vec<ObservedRow>,
}

/// Whether a settlement was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettleOutcome {
    /// It is. Entities that were masked meanwhile have to be read again.
    Settled {
        /// The entities to read.
        masked: Vec<EntityKey>,
        /// The events raised: changes first, then the outcome.
        events: Vec<Event>,
    },
    /// A mirror row has moved on since the difference was made: make it again.
    Moved,
    /// The action had ended before.
    AlreadyDone,
}
