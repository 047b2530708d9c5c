//! The shops' own APIs behind one trait.
//!
//! An adapter translates. What it hears (a webhook, a page of a poll, the answer to its own write)
//! becomes snapshots; what a module wants done becomes a request. It never says that something
//! changed (comparing with the mirror does that, in [`fondaco_model::observe`]), keeps nothing, and
//! knows no plugin and no database.
//!
//! Start reading at [`Platform`], then `woocommerce/mod.rs`.

use std::time::Duration;

use async_trait::async_trait;
use fondaco_model::{
    ActionKind, Decimal, Entity, EntityKey, PersonSeen, ShopId, Snapshot, Timestamp,
};
use http::HeaderMap;

pub mod limits;
pub mod woocommerce;

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

/// What a delivery came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It tells this.
    Snapshot(Box<Snapshot>),
    /// It tells who somebody is.
    Person(Box<PersonSeen>),
    /// It tells only that this entity should be read.
    Fetch(EntityKey),
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
}

/// What to read a page of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collection {
    /// Products, variants and their stock.
    Catalogue,
    /// Orders.
    Orders,
}

/// A page of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// What it tells.
    pub snapshots: Vec<Snapshot>,
    /// Where the next one begins, in the adapter's words; absent: this is the last.
    pub next: Option<String>,
    /// How many things the whole reading has, where the platform tells.
    pub total: Option<u64>,
}

/// A request as it will be sent, kept before it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Path below the shop's API, without credentials.
    pub path: String,
    /// JSON body.
    pub body: serde_json::Value,
    /// What the field must show for this to be sent; compared by value.
    pub only_if: Decimal,
    /// What it will show afterwards.
    pub result: Decimal,
    /// The entity it changes.
    pub entity: EntityKey,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executed {
    /// It took effect; the platform's answer shows this.
    Done {
        /// What the answer shows.
        snapshots: Vec<Snapshot>,
    },
    /// The field showed something else, and nothing was written.
    Stale {
        /// What it showed.
        found: Decimal,
        /// What was seen.
        snapshots: Vec<Snapshot>,
    },
}

/// What looking for the effect of a request found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// It took effect, as far as can be told.
    Done {
        /// What was seen.
        snapshots: Vec<Snapshot>,
    },
    /// It took none; it can be sent again.
    NotDone,
    /// Neither what was before nor what would be after.
    Neither {
        /// What the field shows.
        found: Decimal,
        /// What was seen.
        snapshots: Vec<Snapshot>,
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

/// What a shop says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopFacts {
    /// The platform's version.
    pub version: String,
    /// ISO 4217 code of the currency it sells in.
    pub currency: String,
}

/// A shop, spoken to in its own API.
#[async_trait]
pub trait Platform: Send + Sync + 'static {
    /// The shop's name within its client.
    fn shop(&self) -> &ShopId;

    /// Checks that a request to the shop's hook is the shop's, over the raw body and in constant
    /// time.
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
    /// without a cursor and go on with the one each page returns.
    async fn page(
        &self,
        now: Timestamp,
        collection: Collection,
        changed_since: Option<Timestamp>,
        cursor: Option<&str>,
    ) -> Result<Page, PlatformError>;

    /// Makes the request for an action, from what the mirror has of the entity.
    ///
    /// # Errors
    /// If the platform cannot do it: [`PlatformError::Refused`].
    fn request(&self, action: &ActionKind, entity: &Entity) -> Result<Request, PlatformError>;

    /// Looks whether the field still shows what the action was decided on, and if so sends the
    /// request.
    async fn execute(&self, now: Timestamp, request: &Request) -> Result<Executed, PlatformError>;

    /// Looks for the effect of a request of which nobody knows whether it was carried out. To be
    /// called only after [`Self::longest_request`] has passed since it was sent.
    async fn look(&self, now: Timestamp, request: &Request) -> Result<Looked, PlatformError>;

    /// How long after it was sent a request can still take effect.
    fn longest_request(&self) -> Duration;

    /// Makes the platform send its deliveries to this address, and tells what had to be done.
    async fn ensure_webhooks(&self, address: &str) -> Result<Vec<WebhookMade>, PlatformError>;

    /// Asks the shop what it is; the cheapest proof that the credentials work.
    async fn facts(&self) -> Result<ShopFacts, PlatformError>;
}
