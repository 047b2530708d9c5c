//! The adapter of a shop, by its platform.

use std::sync::Arc;

use fondaco_model::ShopId;
use fondaco_platforms::{
    ConfigError, Platform, ShopCredentials,
    magento::{self, Magento},
    shopify::{self, Shopify},
    timeouts::Timeouts,
    woocommerce::{self, WooCommerce},
};
use url::Url;

use crate::config::ShopAccess;

/// Where a shop is, and how long it is waited for.
#[derive(Debug)]
pub struct Address {
    /// Its name within its client.
    pub shop: ShopId,
    /// Its address.
    pub url: Url,
    /// Whether it may be spoken to in plain HTTP.
    pub allow_http: bool,
    /// How long it is waited for.
    pub timeouts: Timeouts,
}

/// Makes the adapter of a shop. Nothing is sent yet.
///
/// # Errors
/// If the configuration cannot be right.
pub fn open(at: Address, access: ShopAccess) -> Result<Arc<dyn Platform>, ConfigError> {
    let taken = credentials(&access);
    let Address { shop, url, allow_http, timeouts } = at;
    let platform: Arc<dyn Platform> = match access {
        ShopAccess::Woocommerce { key, secret, webhook_secret, .. } => {
            Arc::new(WooCommerce::new(woocommerce::Config {
                shop,
                url,
                consumer_key: key,
                consumer_secret: secret,
                webhook_secret,
                timeouts,
                allow_http,
            })?)
        }
        ShopAccess::Magento { access, website, source } => {
            Arc::new(Magento::new(magento::Config {
                shop,
                url,
                access,
                website,
                source,
                timeouts,
                allow_http,
            })?)
        }
        ShopAccess::Shopify { access, version, .. } => Arc::new(Shopify::new(shopify::Config {
            shop,
            url,
            version,
            access,
            timeouts,
            allow_http,
        })?),
    };
    platform.take_credentials(taken);
    Ok(platform)
}

/// What of it can be changed while the host works.
#[must_use]
pub fn credentials(access: &ShopAccess) -> ShopCredentials {
    match access.clone() {
        ShopAccess::Woocommerce { key, secret, webhook_secret, previous_webhook_secret } => {
            ShopCredentials::WooCommerce { key, secret, webhook_secret, previous_webhook_secret }
        }
        ShopAccess::Magento { access, .. } => ShopCredentials::Magento(access),
        ShopAccess::Shopify { access, previous_client_secret, .. } => {
            ShopCredentials::Shopify { access, previous_client_secret }
        }
    }
}
