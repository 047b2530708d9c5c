//! What a guest reads, answered from the store as of one moment.

use std::sync::Arc;

use async_trait::async_trait;
use fondaco_egress::{Egress, EgressPolicy};
use fondaco_model::{
    Entity, EntityKey, InstallId, Order, Person, PersonKey, PersonSource, ShopId, Timestamp,
    Variant,
    http::{HttpAnswer, HttpFailure, HttpRequest},
    run::StateValue,
};
use fondaco_sandbox::{HostError, RunHost, ShopInfo};
use fondaco_store::{RunView, Store, StoreError};

/// Answers the reads of one run.
pub struct RunReads {
    /// Where from.
    pub store: Arc<dyn Store>,
    /// As of when.
    pub view: RunView,
    /// Whose state.
    pub install: InstallId,
    /// The last commit all of whose events the module has heard.
    pub known_commit: u64,
    /// The client's shops.
    pub shops: Vec<ShopInfo>,
    /// Makes requests for modules.
    pub egress: Egress,
    /// Where to, for this install.
    pub egress_policy: Arc<EgressPolicy>,
}

#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
fn failed(error: StoreError) -> HostError {
    HostError(error.to_string())
}

fn variant_of((key, entity): (EntityKey, Entity)) -> Option<(EntityKey, Variant)> {
    match entity {
        // A variant that is gone has nothing to tell.
        Entity::Variant(variant) if variant.content.value().is_some() => Some((key, variant)),
        Entity::Variant(_) | Entity::Order(_) => None,
    }
}

#[async_trait]
impl RunHost for RunReads {
    async fn state_get(&self, key: &str) -> Result<StateValue, HostError> {
        self.store.state_get(&self.view, &self.install, key).await.map_err(failed)
    }

    async fn state_list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, StateValue)>, HostError> {
        self.store.state_list(&self.view, &self.install, prefix, after, limit).await.map_err(failed)
    }

    async fn shops(&self) -> Result<Vec<ShopInfo>, HostError> {
        Ok(self.shops.clone())
    }

    async fn variant(
        &self,
        shop: &ShopId,
        id: &str,
    ) -> Result<Option<(EntityKey, Variant)>, HostError> {
        let key = EntityKey::variant(shop.clone(), id);
        let entity = self.store.entity(&self.view, &key).await.map_err(failed)?;
        Ok(entity.and_then(|entity| variant_of((key, entity))))
    }

    async fn variants_by_sku(&self, sku: &str) -> Result<Vec<(EntityKey, Variant)>, HostError> {
        let found = self.store.variants_by_sku(&self.view, sku).await.map_err(failed)?;
        Ok(found.into_iter().filter_map(variant_of).collect())
    }

    async fn skus(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, HostError> {
        self.store.skus(&self.view, after, limit).await.map_err(failed)
    }

    async fn order(
        &self,
        shop: &ShopId,
        id: &str,
    ) -> Result<Option<(EntityKey, Order)>, HostError> {
        let key = EntityKey::order(shop.clone(), id);
        let entity = self.store.entity(&self.view, &key).await.map_err(failed)?;
        Ok(match entity {
            Some(Entity::Order(order)) if order.head.value().is_some() => Some((key, order)),
            _ => None,
        })
    }

    async fn person(
        &self,
        key: &PersonKey,
        source: Option<&PersonSource>,
    ) -> Result<Option<Person>, HostError> {
        self.store.person(&self.view.client, key, source).await.map_err(failed)
    }

    async fn orders_known_until(&self, shop: &ShopId) -> Result<Option<Timestamp>, HostError> {
        // As of the event, not as of now: the module has not heard what came after the event.
        self.store
            .orders_known_until(&self.view.client, shop, self.known_commit)
            .await
            .map_err(failed)
    }

    async fn silent_since(&self, shop: &ShopId) -> Result<Option<Timestamp>, HostError> {
        let (client, commit) = (&self.view.client, self.view.commit);
        self.store.silent_since(client, shop, commit).await.map_err(failed)
    }

    async fn http_get(&self, request: &HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        self.egress.get(&self.egress_policy, request).await
    }
}
