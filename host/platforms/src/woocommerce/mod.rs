//! WooCommerce, by its REST API (`wc/v3`) and its webhooks.
//!
//! What this adapter has to know of WooCommerce, and its documentation does not tell:
//! - A webhook's body is built when it is delivered, not when something happened, and deliveries
//!   overtake each other. None is repeated after a failure. So a delivery is only ever a snapshot.
//! - `date_modified_gmt` counts seconds. It is the version of everything in a snapshot.
//! - A write can be accepted with 200 and ignored. So the answer to a write is checked.
//! - Text is HTML-escaped, numbers come as strings or numbers, and `manage_stock` is a boolean or
//!   the word `parent`.
//!
//! Start reading at [`WooCommerce`]; `deliveries.rs` is the way in by webhook, `pages.rs` the way
//! in by reading, `orders.rs` and `products.rs` make the snapshots, `people.rs` tells whom they name,
//! `writes/` writes.

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
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
use tokio::sync::OnceCell;
use url::Url;

use crate::{
    Capabilities, CheckItem, Collection, Executed, Expected, Heard, Listing, Looked, Page,
    Platform, PlatformError, Request, ShopCredentials, ShopFacts, Traffic, Unreadable, Unverified,
    Verified, WebhookMade, WebhookSeen, address, address::ConfigError, site_identity,
    timeouts::Timeouts,
};

mod answers;
mod auth;
mod check;
mod client;
mod copies;
mod deliveries;
mod facts;
mod orders;
mod pages;
mod payloads;
mod people;
mod products;
mod times;
mod webhooks;
mod writes;

use auth::Credentials;
use client::Client;
pub use writes::CAPABILITIES;

/// How to reach a WooCommerce shop.
#[derive(Debug)]
pub struct Config {
    /// The shop's name within its client.
    pub shop: ShopId,
    /// The shop's address as WordPress has it (Settings, General, "Site Address"), with the folder
    /// if WordPress is in one. Over plain http it is part of what is signed.
    pub url: Url,
    /// The REST API key, `ck_…`.
    pub consumer_key: SecretString,
    /// The secret of that key, `cs_…`.
    pub consumer_secret: SecretString,
    /// What the shop signs its webhooks with. WooCommerce never tells it again.
    pub webhook_secret: SecretString,
    /// How long is waited for it. After `longest_request` a request can no longer take effect: PHP's
    /// `max_execution_time`, with what a proxy before it adds.
    pub timeouts: Timeouts,
    /// Allow plain http to another machine. Everything is readable on the way; only the secrets
    /// are not sent.
    pub allow_http: bool,
}

/// A WooCommerce shop.
pub struct WooCommerce {
    shop: ShopId,
    /// The site's identity ([`site_identity`]).
    site: String,
    client: Client,
    webhook_secrets: RwLock<Arc<WebhookSecrets>>,
    longest_request: Duration,
    /// What it sells in, read before the first price is written.
    currency: OnceCell<String>,
}

/// What deliveries are signed with.
struct WebhookSecrets {
    current: SecretString,
    previous: Option<SecretString>,
    /// Whether a delivery with the current one has come.
    proven: AtomicBool,
}

impl WebhookSecrets {
    const fn new(current: SecretString, previous: Option<SecretString>) -> Self {
        Self { current, previous, proven: AtomicBool::new(false) }
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Verified, Unverified> {
        let verified = deliveries::verify(&self.current, headers, body);
        match (verified, &self.previous) {
            (Err(Unverified::WrongSignature), Some(previous)) => {
                deliveries::verify(previous, headers, body)
            }
            (verified, _) => {
                if matches!(verified, Ok(Verified::Delivery { .. })) {
                    self.proven.store(true, Ordering::Relaxed);
                }
                verified
            }
        }
    }
}

impl fmt::Debug for WooCommerce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.client.base().as_str();
        formatter
            .debug_struct("WooCommerce")
            .field("shop", &self.shop)
            .field("base", &base)
            .finish()
    }
}

impl WooCommerce {
    /// Takes a configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// If the configuration cannot be right.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let base = api_base(&config.url, config.allow_http)?;
        let filled = [
            ("consumer key", &config.consumer_key),
            ("consumer secret", &config.consumer_secret),
            ("webhook secret", &config.webhook_secret),
        ];
        if let Some((name, _)) = filled.iter().find(|(_, text)| text.expose_secret().is_empty()) {
            return Err(ConfigError::Empty(name));
        }
        let credentials = Credentials { key: config.consumer_key, secret: config.consumer_secret };
        Ok(Self {
            shop: config.shop,
            site: site_identity(&config.url),
            client: Client::new(base, credentials, config.timeouts).map_err(ConfigError::Client)?,
            webhook_secrets: RwLock::new(Arc::new(WebhookSecrets::new(
                config.webhook_secret,
                None,
            ))),
            longest_request: config.timeouts.longest_request,
            currency: OnceCell::new(),
        })
    }

    fn webhook_secrets(&self) -> Arc<WebhookSecrets> {
        Arc::clone(&self.webhook_secrets.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where the REST API is, for the address of a shop.
fn api_base(shop: &Url, allow_http: bool) -> Result<Url, ConfigError> {
    address::check(shop, allow_http)?;
    let mut base = shop.clone();
    base.set_path(&format!("{}/wp-json/wc/v3", shop.path().trim_end_matches('/')));
    Ok(base)
}

#[async_trait]
impl Platform for WooCommerce {
    fn shop(&self) -> &ShopId {
        &self.shop
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Verified, Unverified> {
        let topic = match self.webhook_secrets().verify(headers, body)? {
            Verified::Delivery { topic } => topic,
            other => return Ok(other),
        };
        Ok(match copies::foreign_site(&self.site, headers, body) {
            Some(site) => Verified::Foreign { topic, site },
            None => Verified::Delivery { topic },
        })
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
        pages::fetch(&self.client, &self.shop, now, key).await
    }

    async fn page(
        &self,
        now: Timestamp,
        collection: Collection,
        changed_since: Option<Timestamp>,
        cursor: Option<&str>,
    ) -> Result<Page, PlatformError> {
        let reading = pages::Reading { shop: &self.shop, now, changed_since };
        match collection {
            Collection::Catalogue => pages::catalogue(&self.client, &reading, cursor).await,
            Collection::Customers => pages::customers(&self.client, &reading, cursor).await,
            Collection::Orders => pages::orders(&self.client, &reading, cursor).await,
        }
    }

    async fn list(
        &self,
        _now: Timestamp,
        kind: EntityKind,
        cursor: Option<&str>,
    ) -> Result<Listing, PlatformError> {
        match kind {
            EntityKind::Variant => pages::variant_list(&self.client, &self.shop, cursor).await,
            EntityKind::Order => pages::order_list(&self.client, &self.shop, cursor).await,
        }
    }

    async fn customer(
        &self,
        now: Timestamp,
        id: &str,
    ) -> Result<Option<PersonSeen>, PlatformError> {
        pages::customer(&self.client, &self.shop, now, id).await
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
        webhooks::ensure(&self.client, &self.webhook_secrets().current, address).await
    }

    async fn renew_webhooks(&self, address: &str) -> Result<Vec<WebhookMade>, PlatformError> {
        webhooks::renew(&self.client, &self.webhook_secrets().current, address).await
    }

    fn take_credentials(&self, credentials: ShopCredentials) {
        let ShopCredentials::WooCommerce { key, secret, webhook_secret, previous_webhook_secret } =
            credentials
        else {
            return;
        };
        self.client.take_credentials(Credentials { key, secret });
        let mut secrets = self.webhook_secrets.write().unwrap_or_else(PoisonError::into_inner);
        let known = secrets.current.expose_secret() == webhook_secret.expose_secret();
        let proven = known && secrets.proven.load(Ordering::Relaxed);
        let taken = WebhookSecrets::new(webhook_secret, previous_webhook_secret);
        taken.proven.store(proven, Ordering::Relaxed);
        *secrets = Arc::new(taken);
    }

    fn webhook_secret_proven(&self) -> bool {
        self.webhook_secrets().proven.load(Ordering::Relaxed)
    }

    async fn webhooks(&self) -> Result<Vec<WebhookSeen>, PlatformError> {
        webhooks::seen(&self.client).await
    }

    async fn check(&self, expected: &Expected) -> Vec<CheckItem> {
        check::check(&self.client, &self.site, expected).await
    }

    async fn facts(&self) -> Result<ShopFacts, PlatformError> {
        facts::read(&self.client).await
    }
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests;
