//! A running shop: its state, its server, and the consumers of its bulk queue.

use std::sync::Arc;

use super::state::State;
use super::{MagentoShopConfig, SimError, bulk};
use crate::running::{Running, Work, listen};

/// What the handles of a shop, its server and its consumers share.
pub(crate) struct Shop {
    pub name: String,
    pub home: String,
    pub running: Running<State>,
}

impl Work for State {
    fn outstanding(&self) -> usize {
        self.effects_to_come + self.bulk.waiting()
    }

    fn has_work(&self) -> bool {
        self.bulk.waiting() > 0
    }
}

impl Shop {
    pub(crate) async fn start(config: &MagentoShopConfig) -> Result<Arc<Self>, SimError> {
        let (listener, address) = listen(config.port).await?;
        let home = format!("http://{address}");
        let running = Running::new(State::new(config, &home)?);
        let shop = Arc::new(Self { name: config.name.clone(), home, running });
        shop.running.open(listener, Arc::clone(&shop), bulk::consume(Arc::clone(&shop)));
        Ok(shop)
    }

    /// Does one step with the state.
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut State) -> R) -> R {
        self.running.with(step)
    }
}
