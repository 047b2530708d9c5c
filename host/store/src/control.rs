//! Modes of installs, and what of a client's work is stopped.

use crate::{Alert, Lease, NewAlert, RunCommit, StoreError};
use async_trait::async_trait;
use fondaco_model::ClientId;
use std::{fmt, str::FromStr};

use fondaco_model::{InstallId, NameError, ShopId, Timestamp};
use serde::{Deserialize, Serialize};

/// What of a client's work something is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// All of it.
    Client,
    /// One shop.
    Shop(ShopId),
    /// One install.
    Install(InstallId),
}

impl Scope {
    /// Whether an install does not run while this is stopped.
    #[must_use]
    pub fn holds_runs_of(&self, install: &InstallId) -> bool {
        match self {
            Self::Client => true,
            Self::Install(stopped) => stopped == install,
            // Only what is sent to it waits.
            Self::Shop(_) => false,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => formatter.write_str("client"),
            Self::Shop(shop) => write!(formatter, "shop {shop}"),
            Self::Install(install) => write!(formatter, "install {install}"),
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// Why a text is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// It begins with another word.
    #[error("`{0}` is neither `client`, `shop …` nor `install …`")]
    Unknown(String),
    /// What it names cannot be a name.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        match text.split_once(' ') {
            None if text == "client" => Ok(Self::Client),
            Some(("shop", name)) => Ok(Self::Shop(ShopId::new(name)?)),
            Some(("install", name)) => Ok(Self::Install(InstallId::new(name)?)),
            _ => Err(ScopeError::Unknown(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

/// What is stopped, by whom, since when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What.
    pub scope: Scope,
    /// Since when.
    pub at: Timestamp,
    /// By whom: a principal's name; [`Act::HOST`](crate::Act::HOST) for the host itself.
    pub principal: String,
    /// Why; may be empty.
    pub reason: String,
}

/// That a stop is lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Go {
    /// What goes on.
    pub scope: Scope,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub principal: String,
    /// Why; may be empty.
    pub reason: String,
    /// Of an install that was paused because it kept failing: whether its failures are counted
    /// anew. The event it failed on is tried again in any case; if not, failing on it once more
    /// pauses it again.
    pub forgive: bool,
}

/// Whether a module works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Its events pass by.
    Off,
    /// It runs on a fork of its state, and what it proposes is recorded and goes nowhere.
    Shadow,
    /// It runs, and what it proposes is done.
    Live,
    /// Its events wait, and so do its actions.
    Paused,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Off, Self::Shadow, Self::Live, Self::Paused];

    /// The word for it in files, in the store and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::Live => "live",
            Self::Paused => "paused",
        }
    }
}

/// What becomes of the fork that a module ran on in shadow, when it goes live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShadowState {
    /// It is thrown away; the module goes on with the state it had when it was last live.
    #[default]
    Discard,
    /// It takes the place of the live state.
    Keep,
}

impl ShadowState {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Discard, Self::Keep];

    /// The word for it in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discard => "discard",
            Self::Keep => "keep",
        }
    }
}

/// What is remembered of how an install is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstallStanding {
    /// What it was last brought up as; absent: it never was.
    pub mode: Option<Mode>,
    /// Since when it has a fork of its state, if it has one. A fork is made when the install enters
    /// shadow, and lasts until it goes live.
    pub fork_since: Option<Timestamp>,
    /// How many of its runs have failed for good in a row.
    pub failures: u32,
}

/// Modes, stops, alerts. What a person does of these is audited in its transaction. See [`Store`](crate::Store) for the rules that hold.
#[async_trait]
pub trait ControlStore: Send + Sync + 'static {
    /// Brings an install into a mode, if it is in another. Entering shadow makes a fork of its
    /// state unless it has one; going live ends the fork. Says whether it was in another.
    async fn enter_mode(
        &self,
        lease: &Lease,
        at: Timestamp,
        install: &InstallId,
        mode: Mode,
        shadow_state: ShadowState,
    ) -> Result<bool, StoreError>;

    /// What is remembered of how an install is run; nothing if it was never registered.
    async fn install_standing(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<InstallStanding>, StoreError>;

    /// Stops something: from this commit on none of its actions is begun. Says whether it was not
    /// stopped already; who stopped it first stays.
    async fn stop(&self, lease: &Lease, stop: Stop) -> Result<bool, StoreError>;

    /// Lifts a stop. Says whether there was one.
    async fn go(&self, lease: &Lease, go: Go) -> Result<bool, StoreError>;

    /// What is stopped, in the order of their scopes' names.
    async fn stops(&self, client: &ClientId) -> Result<Vec<Stop>, StoreError>;

    /// Records a run that failed without moving its install's cursor, stops the install, and
    /// raises the alert. Does nothing and says so if the install is past the run's event.
    async fn pause_failing(
        &self,
        lease: &Lease,
        at: Timestamp,
        run: RunCommit,
        alert: NewAlert,
    ) -> Result<bool, StoreError>;

    /// Opens an alert; one that is open under its key gets the newer words. Says whether it was
    /// opened.
    async fn raise_alert(
        &self,
        lease: &Lease,
        at: Timestamp,
        alert: NewAlert,
    ) -> Result<bool, StoreError>;

    /// Resolves the alert that is open under a key, by a person or, if none, because its cause is
    /// gone. Says whether there was one.
    async fn resolve_alert(
        &self,
        lease: &Lease,
        at: Timestamp,
        key: &str,
        by: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// The alerts, newest first, at most `limit`.
    async fn alerts(
        &self,
        client: &ClientId,
        open_only: bool,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        let shop = Scope::Shop(ShopId::new("milano").unwrap());
        let install = Scope::Install(InstallId::new("stock-sync").unwrap());
        for (scope, text) in
            [(Scope::Client, "client"), (shop, "shop milano"), (install, "install stock-sync")]
        {
            assert_eq!(scope.to_string(), text);
            assert_eq!(text.parse(), Ok(scope));
        }
        for bad in ["", "clients", "client x", "shop", "shop ", "shop Milano", "area it"] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }
}
