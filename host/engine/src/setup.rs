//! What the engine is told to work on: the configuration, resolved.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fondaco_egress::EgressPolicy;
use fondaco_model::{ActionKind, ClientId, InstallId, ShopId, schedule::Schedule};
pub use fondaco_platforms::{Circuit, Traffic};
use fondaco_platforms::{Platform, ShopCredentials};
use fondaco_sandbox::Module;
pub use fondaco_store::{Mode, ShadowState};
use jiff::tz::TimeZone;

/// A client with its shops and installs.
pub struct ClientSetup {
    /// Its name in files and addresses.
    pub id: ClientId,
    /// What people call it.
    pub name: String,
    /// Its shops.
    pub shops: BTreeMap<ShopId, ShopSetup>,
    /// Its modules.
    pub installs: BTreeMap<InstallId, InstallSetup>,
    /// For what several installs would write, by its interface (`change-stock`): the one that
    /// does.
    pub wins: BTreeMap<String, InstallId>,
}

impl ClientSetup {
    /// Whether a shop may write to the customer because of this action.
    #[must_use]
    pub fn mails_customer(&self, action: &ActionKind) -> bool {
        let (Some(shop), Some(verb)) = (action.shop(), action.verb()) else {
            return false;
        };
        let platform = self.shops.get(shop).map(|shop| shop.platform.capabilities());
        platform.is_some_and(|platform| platform.mails_customer(verb))
    }
}

/// Where the credentials of a shop are read from, anew each time; or why they cannot be.
pub type CredentialsSource = Arc<dyn Fn() -> Result<ShopCredentials, String> + Send + Sync>;

/// A shop of a client.
pub struct ShopSetup {
    /// What people call it.
    pub name: String,
    /// `woocommerce` …
    pub platform_name: &'static str,
    /// Whether real customers buy there.
    pub production: bool,
    /// How it is spoken to.
    pub platform: Arc<dyn Platform>,
    /// Where its credentials are read from when they were changed.
    pub credentials: CredentialsSource,
    /// How often it is asked what changed.
    pub poll_every: Duration,
    /// How long an action that it cannot be reached for is tried, and the effect of one looked for.
    pub give_up_after: Duration,
    /// How often all that it has is compared with the mirror.
    pub reconcile_every: Duration,
    /// For how long nothing is heard of it before its people are told.
    pub silent_after: Duration,
    /// Where it is to send its webhooks; absent: they are looked after by hand.
    pub hook_address: Option<String>,
    /// Its time zone, an IANA name; absent: none is configured.
    pub time_zone: Option<String>,
}

/// A module installed for a client.
pub struct InstallSetup {
    /// The module.
    pub module: Module,
    /// Whether it works.
    pub mode: Mode,
    /// What becomes of the state it had in shadow, when it goes live.
    pub shadow_state: ShadowState,
    /// Its settings as JSON, resolved.
    pub settings: Arc<str>,
    /// Its schedules.
    pub schedules: BTreeMap<String, Schedule>,
    /// The time zone whose clock they follow.
    pub time_zone: TimeZone,
    /// Where it may make HTTP requests to, and its secrets.
    pub egress: Arc<EgressPolicy>,
}
