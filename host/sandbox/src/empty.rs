//! A host that has nothing, for measuring and for trying a module without a shop.

use async_trait::async_trait;
use fondaco_model::{
    EntityKey, Order, Person, PersonKey, PersonSource, ShopId, Timestamp, Variant,
    http::{HttpAnswer, HttpFailure, HttpRequest},
    run::StateValue,
};

use crate::{HostError, RunHost, ShopInfo};

/// No shop, no network, and the same value under every key of state.
#[derive(Debug, Clone, Default)]
pub struct EmptyHost {
    /// What is under every key; absent: there are no keys.
    pub value: Option<String>,
}

#[async_trait]
impl RunHost for EmptyHost {
    async fn state_get(&self, _: &str) -> Result<StateValue, HostError> {
        let commit = u64::from(self.value.is_some());
        Ok(StateValue { value: self.value.clone(), commit })
    }

    async fn state_list(
        &self,
        _: &str,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<(String, StateValue)>, HostError> {
        Ok(Vec::new())
    }

    async fn shops(&self) -> Result<Vec<ShopInfo>, HostError> {
        Ok(Vec::new())
    }

    async fn variant(
        &self,
        _: &ShopId,
        _: &str,
    ) -> Result<Option<(EntityKey, Variant)>, HostError> {
        Ok(None)
    }

    async fn variants_by_sku(&self, _: &str) -> Result<Vec<(EntityKey, Variant)>, HostError> {
        Ok(Vec::new())
    }

    async fn skus(&self, _: Option<&str>, _: u32) -> Result<Vec<String>, HostError> {
        Ok(Vec::new())
    }

    async fn order(&self, _: &ShopId, _: &str) -> Result<Option<(EntityKey, Order)>, HostError> {
        Ok(None)
    }

    async fn person(
        &self,
        _: &PersonKey,
        _: Option<&PersonSource>,
    ) -> Result<Option<Person>, HostError> {
        Ok(None)
    }

    async fn orders_known_until(&self, _: &ShopId) -> Result<Option<Timestamp>, HostError> {
        Ok(None)
    }

    async fn silent_since(&self, _: &ShopId) -> Result<Option<Timestamp>, HostError> {
        Ok(None)
    }

    async fn http_get(&self, _: &HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        Err(HttpFailure::Unreachable { reason: "there is no network".to_owned() })
    }
}
