//! The shops' own APIs behind one trait.
//!
//! An adapter translates. What it hears (a webhook, a page of a poll, the answer to its own write)
//! becomes snapshots; what a module wants done becomes a request. It never says that something
//! changed (comparing with the mirror does that, in [`fondaco_model::observe`]), keeps nothing, and
//! knows no plugin and no database.
//!
//! Start reading at [`Platform`], which lists what every adapter must do, then `woocommerce/mod.rs`.
//! What each of them can do is a table, [`Capabilities`], and [`document`] is that table to read.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use fondaco_model::{
    ActionId, ActionKind, Decimal, Entity, EntityKey, EntityKind, PersonSeen, ShopId, Snapshot,
    Timestamp, action::Value, person::AccountGone,
};
use http::HeaderMap;
use secrecy::SecretString;
use url::Url;

pub mod address;
mod capabilities;
pub mod check;
mod gate;
pub mod limits;
pub mod magento;
mod oauth;
mod plain;
#[cfg(test)]
mod samples;
mod seen;
pub mod shopify;
pub mod timeouts;
mod transport;
pub mod woocommerce;

pub use address::ConfigError;
pub use capabilities::{Capabilities, Capability, document};
pub use check::{CheckItem, Expected, Subject, Verdict};
pub use gate::{Circuit, Traffic};

/// What every adapter's platform can do, in the order of their names.
pub const ALL: [&Capabilities; 3] =
    [&magento::CAPABILITIES, &shopify::CAPABILITIES, &woocommerce::CAPABILITIES];

/// What a shop sent, once it is known to be from that shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It only tries whether somebody is there; answer 200 and forget it.
    Ping,
    /// A delivery about this topic, such as `order.updated`.
    Delivery {
        /// The topic.
        topic: String,
    },
    /// A delivery with the shop's signature that another site sent: a copy of a shop keeps its
    /// webhooks and what they are signed with. Nothing it tells is about this shop.
    Foreign {
        /// The topic.
        topic: String,
        /// The site that sent it, without the scheme.
        site: String,
    },
}

/// Why a request is not taken for the shop's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// There is no signature.
    #[error("the request carries no signature")]
    Unsigned,
    /// The signature is another.
    #[error("the signature does not match: the webhook's secret is not the one configured here")]
    WrongSignature,
    /// The signature holds, but the request lacks what every delivery has.
    #[error("the delivery lacks the header `{0}`")]
    MissingHeader(&'static str),
}

/// Whom a shop's request about personal data concerns: by their id there, and by their e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub struct DataSubject {
    /// Their id; absent: they have no account.
    pub id: Option<String>,
    /// Their address, where the shop tells it.
    pub email: Option<String>,
}

/// Shows no address.
impl std::fmt::Debug for DataSubject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DataSubject").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a delivery came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It tells this.
    Snapshot(Box<Snapshot>),
    /// It tells who somebody is.
    Person(Box<PersonSeen>),
    /// It tells that an account is gone.
    AccountGone(AccountGone),
    /// Somebody has to be forgotten.
    Forget(DataSubject),
    /// Everybody has to be forgotten: the shop is no longer the host's.
    ForgetEverybody,
    /// Somebody wants to know what is held of them.
    DataRequest(DataSubject),
    /// It tells only that this entity should be read.
    Fetch(EntityKey),
    /// It is the shop's and tells nothing, because the shop may not tell it any more: until somebody
    /// sees to that, only asking the shop tells what changed.
    Denied {
        /// Why, and what can be done about it.
        reason: String,
    },
}

/// Why nothing can be made of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Why a call of the platform did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The platform could not be reached or was busy, and surely did nothing; repeat later.
    #[error("{reason}")]
    Unavailable {
        /// What happened.
        reason: String,
        /// How long the platform asks to wait.
        retry_after: Option<Duration>,
    },
    /// The request was sent and no answer came: it may have taken effect.
    #[error("{reason}")]
    Ambiguous {
        /// What happened.
        reason: String,
    },
    /// The platform will not do it, however often it is asked.
    #[error("{reason}")]
    Refused {
        /// What it said, and what can be done about it.
        reason: String,
    },
    /// The platform has no such thing, or no way to it.
    #[error("{reason}")]
    Unsupported {
        /// What it lacks, and what there is instead.
        reason: String,
    },
}

impl PlatformError {
    /// The same error, with other words.
    pub(crate) fn map_reason(mut self, words: impl FnOnce(&str) -> String) -> Self {
        let (Self::Unavailable { reason, .. }
        | Self::Ambiguous { reason }
        | Self::Refused { reason }
        | Self::Unsupported { reason }) = &mut self;
        *reason = words(reason);
        self
    }
}

/// What to read a page of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collection {
    /// Products, variants and their stock.
    Catalogue,
    /// Customers with an account.
    Customers,
    /// Orders.
    Orders,
}

/// A page of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// What it tells.
    pub snapshots: Vec<Snapshot>,
    /// Who it tells of, apart from any snapshot.
    pub people: Vec<PersonSeen>,
    /// Where the next one begins, in the adapter's words; absent: this is the last.
    pub next: Option<String>,
    /// How many things the whole reading has, where the platform tells.
    pub total: Option<u64>,
}

/// One entry of what a shop has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which entity.
    pub key: EntityKey,
    /// Its version on the platform, where the list tells it.
    pub version: Option<Timestamp>,
    /// The refunds of an order, where the list tells them: they come and go without another version.
    pub refunds: Option<BTreeSet<String>>,
    /// What is there of a variant, where the list tells it: it moves without another version.
    pub on_hand: Option<Decimal>,
    /// What a variant costs now, where the list tells it: it changes without another version.
    pub price: Option<Decimal>,
}

impl Listed {
    /// An entity, of which the list tells nothing else.
    #[must_use]
    pub const fn of(key: EntityKey) -> Self {
        Self { key, version: None, refunds: None, on_hand: None, price: None }
    }
}

/// A page of a list of all that a shop has of a collection: which entities, and no more of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The entries.
    pub entries: Vec<Listed>,
    /// Where the next page begins, in the adapter's words; absent: this is the last.
    pub next: Option<String>,
}

/// A request as it will be sent, kept before it is. What depends on what the shop shows just then
/// (which rates of tax a refund is parted by, whether a sale is running) is added when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Path below the shop's API, without credentials.
    pub path: String,
    /// JSON body.
    pub body: serde_json::Value,
    /// What the target must show for this to be sent; absent: it is sent whatever it shows.
    pub only_if: Option<Value>,
    /// What it will show afterwards.
    pub result: Value,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executed {
    /// It took effect, now or before; the platform's answer shows this.
    Done {
        /// The platform's ids of what it made, where it made something.
        ids: Vec<String>,
        /// What the answer shows.
        snapshots: Vec<Snapshot>,
    },
    /// The target showed something else, and nothing was written.
    Stale {
        /// What it showed.
        found: Value,
        /// What was seen.
        snapshots: Vec<Snapshot>,
    },
}

/// What looking for the effect of a request found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// It took effect, as far as can be told.
    Done {
        /// The platform's ids of what it made, where it made something.
        ids: Vec<String>,
        /// What was seen.
        snapshots: Vec<Snapshot>,
    },
    /// It took none; it can be sent again.
    NotDone,
    /// Neither what was before nor what would be after.
    Neither {
        /// What the target shows.
        found: Value,
        /// What was seen.
        snapshots: Vec<Snapshot>,
    },
}

/// What a shop is spoken to with, and how its deliveries are known.
#[derive(Debug, Clone)]
pub enum ShopCredentials {
    /// A WooCommerce shop's.
    WooCommerce {
        /// The REST API key.
        key: SecretString,
        /// Its secret.
        secret: SecretString,
        /// What its webhooks are signed with.
        webhook_secret: SecretString,
        /// What they were signed with before: taken as well, until those with the new one deliver.
        previous_webhook_secret: Option<SecretString>,
    },
    /// A Magento shop's, which sends nothing.
    Magento(magento::Access),
    /// A Shopify shop's.
    Shopify {
        /// What it is spoken to with, and what deliveries are signed with.
        access: shopify::Access,
        /// What deliveries were signed with before: taken as well.
        previous_client_secret: Option<SecretString>,
    },
}

/// A webhook subscription that had to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookMade {
    /// What it tells of.
    pub topic: String,
    /// Why it had to be made: `missing`, or the state the platform had put it in.
    pub because: String,
}

/// A webhook subscription as the shop has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSeen {
    /// Its id on the platform.
    pub id: String,
    /// What it is called there.
    pub name: String,
    /// What it tells of.
    pub topic: String,
    /// Where it sends.
    pub address: String,
    /// Whether it sends at all.
    pub active: bool,
    /// The platform's word for how it stands.
    pub status: String,
}

/// What a shop says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopFacts {
    /// The platform's version.
    pub version: String,
    /// ISO 4217 code of the currency it sells in.
    pub currency: String,
}

/// What two addresses of the same site have in common: not the scheme, and not a slash at the end.
#[must_use]
pub fn site_identity(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{host}{port}{}", url.path().trim_end_matches('/'))
}

/// A shop, spoken to in its own API.
///
/// What every adapter MUST do, and `tests/conformance` holds each of them to:
/// 1. **Keep nothing.** Between two calls it remembers neither what it read nor what it sent; a
///    second adapter for the same shop, made after a crash, goes on where the first one ended.
/// 2. **Say what it saw, never that something changed.** Everything comes out as snapshots; what a
///    payload does not tell is unknown, not empty. A version is the platform's, and never newer.
/// 3. **Take nothing unsigned for the shop's**, and compare signatures in constant time.
/// 4. **Lose nothing while reading.** A list that changes while it is read is read without gaps; ties
///    of the platform's clock are read twice rather than not at all.
/// 5. **Tell its errors apart.** [`PlatformError::Unavailable`] only if there was surely no effect and
///    trying again helps; [`PlatformError::Refused`] only if there was surely no effect and trying
///    again does not; [`PlatformError::Ambiguous`] whenever there may have been one. A read is never
///    ambiguous.
/// 6. **Do what its table says, and refuse the rest.** Where [`Platform::capabilities`] says `Cannot`,
///    [`Platform::request`] answers [`PlatformError::Unsupported`] with that reason, and nothing is
///    sent. What it does it does on the newest versions that the table names.
/// 7. **Never write what was not decided.** [`Platform::execute`] reads first, and where the target
///    shows something else than the action was decided on it writes nothing ([`Executed::Stale`]).
///    Between reading and writing lies one request at most.
/// 8. **Do nothing twice.** An action whose effect is there already is [`Executed::Done`], without a
///    write. Each write leaves a mark of its action on the platform, or is told by what it sets.
/// 9. **Find what it did.** After [`Platform::longest_request`] has passed, [`Platform::look`] tells
///    done, not done and neither apart; it writes nothing. Where money may have moved and nobody can
///    tell, it is neither.
/// 10. **Check what was answered.** An answer of success that shows another value than was sent is no
///     success: the write may have been dropped or understood differently.
/// 11. **Send amounts the platform cannot misread**, and never move money unless the action says so.
/// 12. **Say when a write makes the platform write to the customer** ([`Capability::Does`]).
/// 13. **Keep secrets.** No credential and nothing that identifies a person is in an error, a request
///     that is kept, or a log.
#[async_trait]
pub trait Platform: Send + Sync + 'static {
    /// The shop's name within its client.
    fn shop(&self) -> &ShopId;

    /// Checks that a request to the shop's hook is the shop's, over the raw body and in constant
    /// time, and that no copy of the shop sent it.
    ///
    /// # Errors
    /// If it is not.
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Verified, Unverified>;

    /// Makes snapshots of a delivery. An empty list: it tells nothing that is kept.
    ///
    /// # Errors
    /// If nothing can be made of it, ever.
    fn normalise(
        &self,
        topic: &str,
        received_at: Timestamp,
        body: &[u8],
    ) -> Result<Vec<Heard>, Unreadable>;

    /// Reads one entity. One that is gone comes back as deleted.
    async fn fetch(&self, now: Timestamp, key: &EntityKey) -> Result<Vec<Snapshot>, PlatformError>;

    /// Reads a page of what a collection has, or of what was changed in it since a moment. Begin
    /// without a cursor and go on with the one each page returns. Where a platform cannot tell what
    /// was changed, as WooCommerce cannot of customers, all of it counts as changed.
    async fn page(
        &self,
        now: Timestamp,
        collection: Collection,
        changed_since: Option<Timestamp>,
        cursor: Option<&str>,
    ) -> Result<Page, PlatformError>;

    /// Lists a page of which entities of a kind there are now. What is not on any page is gone, or was
    /// added meanwhile.
    async fn list(
        &self,
        now: Timestamp,
        kind: EntityKind,
        cursor: Option<&str>,
    ) -> Result<Listing, PlatformError>;

    /// Reads the account of a customer, by their id; absent: the shop has no such customer.
    async fn customer(&self, now: Timestamp, id: &str)
    -> Result<Option<PersonSeen>, PlatformError>;

    /// What the platform can do, and how.
    fn capabilities(&self) -> &'static Capabilities;

    /// Makes the request for an action, from what the mirror has of the entity it writes to, if it
    /// writes to one. The id is what its effect is marked with.
    ///
    /// # Errors
    /// [`PlatformError::Unsupported`] if the platform cannot do it at all, [`PlatformError::Refused`]
    /// if it cannot do it so.
    fn request(
        &self,
        id: &ActionId,
        action: &ActionKind,
        entity: Option<&Entity>,
    ) -> Result<Request, PlatformError>;

    /// Looks whether the target still shows what the action was decided on, and if so sends the
    /// request.
    async fn execute(
        &self,
        now: Timestamp,
        action: &ActionKind,
        request: &Request,
    ) -> Result<Executed, PlatformError>;

    /// Looks for the effect of a request of which nobody knows whether it was carried out. To be
    /// called only after [`Self::longest_request`] has passed since it was sent.
    async fn look(
        &self,
        now: Timestamp,
        action: &ActionKind,
        request: &Request,
    ) -> Result<Looked, PlatformError>;

    /// How long after it was sent a request can still take effect.
    fn longest_request(&self) -> Duration;

    /// How requests to the shop fare.
    fn traffic(&self) -> Traffic;

    /// Makes the platform send its deliveries to this address, and tells what had to be done.
    async fn ensure_webhooks(&self, address: &str) -> Result<Vec<WebhookMade>, PlatformError>;

    /// Replaces every webhook that sends to this address, whether it works or not, and makes those
    /// that are missing: what they are signed with cannot be asked, only set.
    async fn renew_webhooks(&self, address: &str) -> Result<Vec<WebhookMade>, PlatformError>;

    /// Goes on with other credentials from now on; what is under way ends with those it began with.
    fn take_credentials(&self, credentials: ShopCredentials);

    /// Whether a delivery signed with the webhook secret that was taken last has come since.
    fn webhook_secret_proven(&self) -> bool;

    /// The webhooks that the shop has, ours and others'.
    async fn webhooks(&self) -> Result<Vec<WebhookSeen>, PlatformError>;

    /// Looks at everything that the host needs of a shop, changes nothing, and says of each thing
    /// how it stands and where on the shop it is put right.
    async fn check(&self, expected: &Expected) -> Vec<CheckItem>;

    /// Asks the shop what it is; the cheapest proof that the credentials work.
    async fn facts(&self) -> Result<ShopFacts, PlatformError>;
}
