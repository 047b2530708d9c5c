//! What a person asks of a client's shops: how they stand, and their webhooks.

use std::sync::Arc;

use fondaco_model::{ClientId, ShopId, Timestamp};
use fondaco_platforms::Expected;
pub use fondaco_platforms::{CheckItem, PlatformError, WebhookMade, WebhookSeen};
use fondaco_store::{Act, StoreError};

use crate::{Engine, client::Client, now, setup::ShopSetup};

/// Why something could not be asked of a shop.
#[derive(Debug, thiserror::Error)]
pub enum ShopCallError {
    /// There is no such shop.
    #[error("client `{client}` has no shop `{shop}`")]
    NoShop {
        /// The client.
        client: ClientId,
        /// The shop.
        shop: ShopId,
    },
    /// Its first import is not complete.
    #[error("the first import of `{0}` is not complete; it reads all of the shop anyway")]
    NotImported(ShopId),
    /// Its credentials cannot be read.
    #[error("the credentials of `{shop}` cannot be read, so nothing is changed: {reason}")]
    Credentials {
        /// The shop.
        shop: ShopId,
        /// Why.
        reason: String,
    },
    /// There is nowhere to send webhooks to.
    #[error(
        "the host has no address that shops could send to; write public-url into [server] of its \
         file, and restart it"
    )]
    NoAddress,
    /// The shop would not.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A webhook of a shop, and what the host knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookStanding {
    /// The webhook as the shop has it.
    pub webhook: WebhookSeen,
    /// Whether it sends to this host.
    pub is_ours: bool,
    /// When the last delivery of its topic came, if it is ours; as far as that is kept.
    pub last_delivery: Option<Timestamp>,
}

impl Engine {
    /// Looks at everything that the host needs of a shop.
    ///
    /// # Errors
    /// If there is no such shop.
    pub async fn check_shop(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<Vec<CheckItem>, ShopCallError> {
        let (_, setup) = self.shop_of(client, shop)?;
        let expected = Expected {
            hook_address: setup.hook_address.clone(),
            time_zone: setup.time_zone.clone(),
            now: now(),
        };
        Ok(setup.platform.check(&expected).await)
    }

    /// The webhooks of a shop.
    ///
    /// # Errors
    /// If there is no such shop, or it does not say.
    pub async fn shop_webhooks(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<Vec<WebhookStanding>, ShopCallError> {
        let (working, setup) = self.shop_of(client, shop)?;
        let webhooks = setup.platform.webhooks().await?;
        let last = working.store.last_deliveries(client, shop).await?;
        let standing = |webhook: WebhookSeen| {
            let is_ours = setup.hook_address.as_deref() == Some(&*webhook.address);
            let of_topic = last.iter().find(|(topic, _)| *topic == webhook.topic);
            let last_delivery = of_topic.filter(|_| is_ours).map(|(_, at)| *at);
            WebhookStanding { webhook, is_ours, last_delivery }
        };
        Ok(webhooks.into_iter().map(standing).collect())
    }

    /// Makes the webhooks anew that a shop lacks or has switched off; `all`: those that work, too.
    ///
    /// # Errors
    /// If there is no such shop, the host has no address, or the shop would not.
    pub async fn repair_webhooks(
        &self,
        client: &ClientId,
        shop: &ShopId,
        all: bool,
        act: Act,
    ) -> Result<Vec<WebhookMade>, ShopCallError> {
        let (working, setup) = self.shop_of(client, shop)?;
        let address = setup.hook_address.as_deref().ok_or(ShopCallError::NoAddress)?;
        let made = match all {
            true => setup.platform.renew_webhooks(address).await?,
            false => setup.platform.ensure_webhooks(address).await?,
        };
        working.store.audit(&working.lease, now(), act).await?;
        Ok(made)
    }

    /// Reads the credentials of a shop anew, and goes on with them.
    ///
    /// # Errors
    /// If there is no such shop, or they cannot be read.
    pub async fn reread_credentials(
        &self,
        client: &ClientId,
        shop: &ShopId,
        act: Act,
    ) -> Result<(), ShopCallError> {
        let (working, setup) = self.shop_of(client, shop)?;
        let source = Arc::clone(&setup.credentials);
        // It reads files.
        let read = tokio::task::spawn_blocking(move || source()).await;
        let read = read.unwrap_or_else(|_| Err("reading them was broken off".to_owned()));
        let unread = |reason| ShopCallError::Credentials { shop: shop.clone(), reason };
        setup.platform.take_credentials(read.map_err(unread)?);
        working.store.audit(&working.lease, now(), act).await?;
        Ok(())
    }

    /// Whether a delivery signed with the webhook secret that the shop has now has come since it was
    /// taken.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn webhook_secret_proven(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<bool, ShopCallError> {
        let (_, setup) = self.shop_of(client, shop)?;
        Ok(setup.platform.webhook_secret_proven())
    }

    pub(crate) fn shop_of(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<(&Arc<Client>, &ShopSetup), ShopCallError> {
        let found = self.clients.get(client);
        let found = found.and_then(|client| Some((client, client.setup.shops.get(shop)?)));
        found.ok_or_else(|| ShopCallError::NoShop { client: client.clone(), shop: shop.clone() })
    }
}
