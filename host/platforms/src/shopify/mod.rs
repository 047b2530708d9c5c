//! Shopify, by its Admin GraphQL API and its webhooks.
//!
//! What this adapter has to know of Shopify, and what is asked does not show:
//! - Almost every answer has status 200. What was refused stands in `errors` or in a mutation's
//!   `userErrors`; what is left of the shop's budget, beside it.
//! - Quantities are compared and set by the platform itself, and a repeated request is known by its key:
//!   so is a refund. Everything else is told by what it sets.
//! - A variant's date does not move with its stock, nor does a product's with either; levels have dates
//!   of their own.
//! - A delivery has the content of when it was first tried, up to four hours ago; it says what to read.
//!
//! Start reading at [`Shopify`]; `documents.rs` is what is asked, `pages.rs` the way in by reading,
//! `deliveries.rs` that by webhook, `writes/` writes.

use std::{
    fmt,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fondaco_model::{
    ActionId, ActionKind, Entity, EntityKey, EntityKind, PersonSeen, ShopId, Snapshot, Timestamp,
};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::{
    Capabilities, CheckItem, Collection, Executed, Expected, Heard, Listing, Looked, Page,
    Platform, PlatformError, Request, ShopCredentials, ShopFacts, Traffic, Unreadable, Unverified,
    Verified, WebhookMade, WebhookSeen, address, address::ConfigError, timeouts::Timeouts,
};

mod access;
mod check;
mod client;
mod deliveries;
mod documents;
mod ids;
mod orders;
mod pages;
mod payloads;
mod people;
mod variants;
mod webhooks;
mod writes;

pub use access::Access;
use client::Client;
pub use documents::{ALL as DOCUMENTS, Document};
use pages::Reading;
pub use writes::CAPABILITIES;

/// The versions of the API that are served, oldest first.
pub const VERSIONS: [&str; 4] = ["2026-01", "2026-04", "2026-07", "2026-10"];

/// The version that is asked for unless a shop's file says otherwise: the newest.
pub const VERSION: &str = VERSIONS[3];

/// How to reach a Shopify shop.
#[derive(Debug)]
pub struct Config {
    /// The shop's name within its client.
    pub shop: ShopId,
    /// Its own address at myshopify.com.
    pub url: Url,
    /// One of [`VERSIONS`].
    pub version: String,
    /// What it is spoken to with.
    pub access: Access,
    /// How long is waited for it.
    pub timeouts: Timeouts,
    /// Allow plain http to another machine.
    pub allow_http: bool,
}

/// A Shopify shop.
pub struct Shopify {
    shop: ShopId,
    /// Its domain at myshopify.com, as deliveries name it.
    domain: String,
    client: Client,
    previous_secret: RwLock<Option<SecretString>>,
    proven: AtomicBool,
    longest_request: Duration,
}

impl fmt::Debug for Shopify {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let site = self.client.site().as_str();
        formatter.debug_struct("Shopify").field("shop", &self.shop).field("site", &site).finish()
    }
}

impl Shopify {
    /// Takes a configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// If the configuration cannot be right.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        address::check(&config.url, config.allow_http)?;
        let parts = config.access.parts();
        if let Some((name, _)) = parts.iter().find(|(_, text)| text.expose_secret().is_empty()) {
            return Err(ConfigError::Empty(name));
        }
        let port = config.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let domain = format!("{}{port}", config.url.host_str().unwrap_or_default());
        let longest_request = config.timeouts.longest_request;
        let client = Client::new(config.url, config.version, config.access, config.timeouts);
        Ok(Self {
            shop: config.shop,
            domain,
            client: client.map_err(ConfigError::Client)?,
            previous_secret: RwLock::new(None),
            proven: AtomicBool::new(false),
            longest_request,
        })
    }

    const fn reading(&self, now: Timestamp, changed_since: Option<Timestamp>) -> Reading<'_> {
        Reading { client: &self.client, shop: &self.shop, now, changed_since }
    }
}

fn refused(reason: impl Into<String>) -> PlatformError {
    PlatformError::Refused { reason: reason.into() }
}

/// Refuses what a mutation would not do.
fn user_errors(answer: &Value, place: &str) -> Result<(), PlatformError> {
    let errors = answer.pointer(place).cloned().unwrap_or_default();
    let errors: Vec<payloads::UserError> = serde_json::from_value(errors).unwrap_or_default();
    if errors.is_empty() {
        return Ok(());
    }
    Err(refused(format!("the shop would not: {}", webhooks::in_words(&errors))))
}

#[async_trait]
impl Platform for Shopify {
    fn shop(&self) -> &ShopId {
        &self.shop
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Verified, Unverified> {
        let access = self.client.access();
        let verified = deliveries::verify(access.client_secret(), &self.domain, headers, body);
        let previous = self.previous_secret.read().unwrap_or_else(PoisonError::into_inner);
        match (verified, previous.as_ref()) {
            (Err(Unverified::WrongSignature), Some(previous)) => {
                deliveries::verify(previous, &self.domain, headers, body)
            }
            (verified, _) => {
                if matches!(verified, Ok(Verified::Delivery { .. })) {
                    self.proven.store(true, Ordering::Relaxed);
                }
                verified
            }
        }
    }

    fn normalise(
        &self,
        topic: &str,
        received_at: Timestamp,
        body: &[u8],
    ) -> Result<Vec<Heard>, Unreadable> {
        deliveries::normalise(&self.shop, topic, received_at, body)
    }

    async fn fetch(&self, now: Timestamp, key: &EntityKey) -> Result<Vec<Snapshot>, PlatformError> {
        pages::fetch(self.reading(now, None), key).await
    }

    async fn page(
        &self,
        now: Timestamp,
        collection: Collection,
        changed_since: Option<Timestamp>,
        cursor: Option<&str>,
    ) -> Result<Page, PlatformError> {
        let reading = self.reading(now, changed_since);
        match collection {
            Collection::Catalogue => pages::catalogue(reading, cursor).await,
            Collection::Customers => pages::customers(reading, cursor).await,
            Collection::Orders => pages::orders(reading, cursor).await,
        }
    }

    async fn list(
        &self,
        now: Timestamp,
        kind: EntityKind,
        cursor: Option<&str>,
    ) -> Result<Listing, PlatformError> {
        let reading = self.reading(now, None);
        match kind {
            EntityKind::Variant => pages::variant_list(reading, cursor).await,
            EntityKind::Order => pages::order_list(reading, cursor).await,
        }
    }

    async fn customer(
        &self,
        now: Timestamp,
        id: &str,
    ) -> Result<Option<PersonSeen>, PlatformError> {
        pages::customer(self.reading(now, None), id).await
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn request(
        &self,
        id: &ActionId,
        action: &ActionKind,
        entity: Option<&Entity>,
    ) -> Result<Request, PlatformError> {
        writes::request(&self.shop, id, action, entity)
    }

    async fn execute(
        &self,
        now: Timestamp,
        action: &ActionKind,
        request: &Request,
    ) -> Result<Executed, PlatformError> {
        writes::execute(self, now, action, request).await
    }

    async fn look(
        &self,
        now: Timestamp,
        action: &ActionKind,
        request: &Request,
    ) -> Result<Looked, PlatformError> {
        writes::look(self, now, action, request).await
    }

    fn longest_request(&self) -> Duration {
        self.longest_request
    }

    fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    async fn ensure_webhooks(&self, address: &str) -> Result<Vec<WebhookMade>, PlatformError> {
        webhooks::ensure(&self.client, address).await
    }

    async fn renew_webhooks(&self, address: &str) -> Result<Vec<WebhookMade>, PlatformError> {
        webhooks::renew(&self.client, address).await
    }

    fn take_credentials(&self, credentials: ShopCredentials) {
        let ShopCredentials::Shopify { access, previous_client_secret } = credentials else {
            return;
        };
        let known = self.client.access();
        let same = known.client_secret().expose_secret() == access.client_secret().expose_secret();
        if !same {
            self.proven.store(false, Ordering::Relaxed);
        }
        self.client.take_access(access);
        let mut previous = self.previous_secret.write().unwrap_or_else(PoisonError::into_inner);
        *previous = previous_client_secret;
    }

    fn webhook_secret_proven(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    async fn webhooks(&self) -> Result<Vec<WebhookSeen>, PlatformError> {
        webhooks::seen(&self.client).await
    }

    async fn check(&self, expected: &Expected) -> Vec<CheckItem> {
        check::check(&self.client, &self.domain, expected).await
    }

    async fn facts(&self) -> Result<ShopFacts, PlatformError> {
        let about = check::about(&self.client).await?;
        let version = format!("Admin API {}", self.client.version());
        Ok(ShopFacts { version, currency: about.shop.currency_code })
    }
}
