//! Magento 2 and Adobe Commerce, by their REST API.
//!
//! What this adapter has to know of Magento, and its documentation does not tell:
//! - Magento Open Source sends no webhooks. Everything is found by asking, and the date of a product
//!   moves neither with its stock nor with a price that was written in bulk.
//! - What lies in a source is not what can be sold: an order only reserves. Reading and writing of
//!   stock go by what can be sold (`products.rs`, `writes/stock.rs`).
//! - A request that leaves something out gets more of it: a credit memo without lines gives all back,
//!   a shipment without lines sends all. So nothing is left out.
//! - An answer of success can say no: `false` for a cancellation, a list of messages for prices.
//! - Everything is written at `/rest/all`; elsewhere a store view would get a text of its own.
//!
//! Start reading at [`Magento`]; `pages.rs` is the way in, `orders.rs` and `products.rs` make the
//! snapshots, `people.rs` tells whom they name, `writes/` writes.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use fondaco_model::{
    ActionId, ActionKind, Entity, EntityKey, EntityKind, PersonSeen, ShopId, Snapshot, Timestamp,
};
use http::HeaderMap;
use secrecy::ExposeSecret;
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
mod facts;
mod orders;
mod pages;
mod payloads;
mod people;
mod products;
mod search;
mod times;
mod writes;

pub use auth::Access;
use client::Client;
use facts::Settings;
use pages::Reading;
pub use writes::CAPABILITIES;

/// The website that a new installation has.
pub const WEBSITE: &str = "base";

/// How to reach a Magento shop.
#[derive(Debug)]
pub struct Config {
    /// The shop's name within its client.
    pub shop: ShopId,
    /// The shop's address, with the folder if it is in one, and without a store's code.
    pub url: Url,
    /// What it is spoken to with.
    pub access: Access,
    /// The code of the website whose stock is read and written.
    pub website: String,
    /// The code of the source that is written and sent from; absent: there is only one.
    pub source: Option<String>,
    /// How long is waited for it.
    pub timeouts: Timeouts,
    /// Allow plain http to another machine.
    pub allow_http: bool,
}

/// A Magento shop.
pub struct Magento {
    shop: ShopId,
    /// The site's identity ([`site_identity`]).
    site: String,
    client: Client,
    website: String,
    source: Option<String>,
    longest_request: Duration,
    /// What is set for the whole shop, read before the first thing that needs it.
    settings: OnceCell<Settings>,
}

impl fmt::Debug for Magento {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.client.base().as_str();
        formatter.debug_struct("Magento").field("shop", &self.shop).field("base", &base).finish()
    }
}

impl Magento {
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
        if config.website.is_empty() {
            return Err(ConfigError::Empty("website"));
        }
        let mut base = config.url.clone();
        base.set_path(&format!("{}/rest/all", config.url.path().trim_end_matches('/')));
        Ok(Self {
            shop: config.shop,
            site: site_identity(&config.url),
            client: Client::new(base, config.access, config.timeouts)
                .map_err(ConfigError::Client)?,
            website: config.website,
            source: config.source,
            longest_request: config.timeouts.longest_request,
            settings: OnceCell::new(),
        })
    }

    async fn settings(&self) -> Result<&Settings, PlatformError> {
        self.settings.get_or_try_init(|| facts::settings(&self.client, &self.website)).await
    }

    async fn reading(
        &self,
        now: Timestamp,
        changed_since: Option<Timestamp>,
    ) -> Result<Reading<'_>, PlatformError> {
        let settings = self.settings().await?;
        Ok(Reading { client: &self.client, shop: &self.shop, settings, now, changed_since })
    }
}

/// An id of Magento's that is a number. Nothing else may become part of a path as it is.
fn number(id: &str) -> Result<u64, PlatformError> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { id.parse().ok() } else { None };
    number.ok_or_else(|| {
        answers::refused("ids of a Magento shop's orders are numbers, and this one is not")
    })
}

#[async_trait]
impl Platform for Magento {
    fn shop(&self) -> &ShopId {
        &self.shop
    }

    /// A Magento shop sends nothing, so nothing is from it.
    fn verify(&self, _: &HeaderMap, _: &[u8]) -> Result<Verified, Unverified> {
        Err(Unverified::Unsigned)
    }

    fn normalise(&self, _: &str, _: Timestamp, _: &[u8]) -> Result<Vec<Heard>, Unreadable> {
        Err(Unreadable("a Magento shop sends no deliveries".to_owned()))
    }

    async fn fetch(&self, now: Timestamp, key: &EntityKey) -> Result<Vec<Snapshot>, PlatformError> {
        pages::fetch(self.reading(now, None).await?, key).await
    }

    async fn page(
        &self,
        now: Timestamp,
        collection: Collection,
        changed_since: Option<Timestamp>,
        cursor: Option<&str>,
    ) -> Result<Page, PlatformError> {
        let reading = self.reading(now, changed_since).await?;
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
        let reading = self.reading(now, None).await?;
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

    async fn ensure_webhooks(&self, _: &str) -> Result<Vec<WebhookMade>, PlatformError> {
        Ok(Vec::new())
    }

    async fn renew_webhooks(&self, _: &str) -> Result<Vec<WebhookMade>, PlatformError> {
        Ok(Vec::new())
    }

    fn take_credentials(&self, credentials: ShopCredentials) {
        if let ShopCredentials::Magento(access) = credentials {
            self.client.take_access(access);
        }
    }

    /// There is none to be proven.
    fn webhook_secret_proven(&self) -> bool {
        true
    }

    async fn webhooks(&self) -> Result<Vec<WebhookSeen>, PlatformError> {
        Ok(Vec::new())
    }

    async fn check(&self, expected: &Expected) -> Vec<CheckItem> {
        check::check(&self.client, &self.site, &self.website, expected).await
    }

    async fn facts(&self) -> Result<ShopFacts, PlatformError> {
        facts::read(&self.client, &self.website).await
    }
}

#[cfg(test)]
mod tests;
