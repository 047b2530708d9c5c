//! A running shop: its state, its server and its delivery worker.

use std::sync::Arc;

use super::state::State;
use super::{SimError, USER_AGENT, WooShopConfig, delivery};
use crate::client;
use crate::running::{Running, Work, listen};

/// What the handles of a shop, its server and its worker share.
pub(crate) struct Shop {
    pub name: String,
    pub home: String,
    pub client: reqwest::Client,
    pub running: Running<State>,
}

impl Work for State {
    /// Deliveries that wait or are on their way, and effects still to come.
    fn outstanding(&self) -> usize {
        self.pending.len() + self.in_flight + self.effects_to_come
    }

    fn has_work(&self) -> bool {
        !self.pending.is_empty()
    }
}

impl Shop {
    pub(crate) async fn start(config: &WooShopConfig) -> Result<Arc<Self>, SimError> {
        Self::open(&config.name, config.port, |home| State::new(config, home)).await
    }

    /// Opens a copy of this shop at an address of its own.
    pub(crate) async fn copy(&self, name: &str) -> Result<Arc<Self>, SimError> {
        Self::open(name, None, |home| Ok(self.with(|state| state.copy(home)))).await
    }

    async fn open(
        name: &str,
        port: Option<u16>,
        state: impl FnOnce(String) -> Result<State, SimError>,
    ) -> Result<Arc<Self>, SimError> {
        let (listener, address) = listen(port).await?;
        let home = format!("http://{address}");
        let shop = Arc::new(Self {
            name: name.to_owned(),
            home: home.clone(),
            client: client::of_deliveries(USER_AGENT)?,
            running: Running::new(state(home)?),
        });
        shop.running.open(listener, Arc::clone(&shop), delivery::work(Arc::clone(&shop)));
        Ok(shop)
    }

    /// Does one step with the state.
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut State) -> R) -> R {
        self.running.with(step)
    }
}
