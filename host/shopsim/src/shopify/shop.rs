//! A running shop: its state, its server, and the worker that delivers its webhooks.

use std::sync::Arc;

use super::state::State;
use super::{ShopifyShopConfig, SimError, delivery};
use crate::client;
use crate::running::{Running, Work, listen};

/// What deliveries call their sender.
const USER_AGENT: &str = "Shopify-Captain-Hook";

/// What the handles of a shop, its server and its worker share.
pub(crate) struct Shop {
    pub name: String,
    pub home: String,
    /// What it calls itself: where it is, as real ones are at myshopify.com.
    pub domain: String,
    pub client: reqwest::Client,
    pub running: Running<State>,
}

impl Work for State {
    fn outstanding(&self) -> usize {
        self.webhooks.outstanding() + self.effects_to_come
    }

    /// What is held back is waited for by the worker itself.
    fn has_work(&self) -> bool {
        self.webhooks.has_pending()
    }
}

impl Shop {
    pub(crate) async fn start(config: &ShopifyShopConfig) -> Result<Arc<Self>, SimError> {
        let (listener, address) = listen(config.port).await?;
        let domain = address.to_string();
        let shop = Arc::new(Self {
            name: config.name.clone(),
            home: format!("http://{domain}"),
            running: Running::new(State::new(config, &domain)?),
            domain,
            client: client::of_deliveries(USER_AGENT)?,
        });
        shop.running.open(listener, Arc::clone(&shop), delivery::work(Arc::clone(&shop)));
        Ok(shop)
    }

    /// Does one step with the state.
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut State) -> R) -> R {
        self.running.with(step)
    }
}
