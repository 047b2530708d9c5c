//! What an install may be granted to read of its client's shops.

use fondaco_model::{EntityKey, ShopId, Variant};

use crate::{
    CallError,
    contract::interfaces::{
        catalogue,
        commerce::{
            CustomerReturnResult, Environment, OrderResult, PastPrice, PriceResult,
            PriceScopeResult, ProductResult, ProductTexts, Shop, StockLevelResult,
            Variant as VariantRecord,
        },
        orders, stock,
        types::Refusal,
    },
    convert::{order, variant},
    imports::not_served,
    run::Run,
    state::check_limit,
};

impl Run {
    /// A variant of a shop the install may see.
    pub(super) async fn variant(
        &mut self,
        shop: &str,
        id: &str,
    ) -> Result<Option<(EntityKey, Variant)>, CallError> {
        let Some(shop) = self.known_shop(shop).await? else {
            return Ok(None);
        };
        self.host.variant(&shop, id).await.map_err(CallError::Host)
    }

    /// A shop the install may see, by its name.
    pub(super) async fn known_shop(&mut self, shop: &str) -> Result<Option<ShopId>, CallError> {
        let shops = self.shops().await?;
        Ok(shops.iter().find(|known| known.id.as_str() == shop).map(|known| known.id.clone()))
    }
}

impl catalogue::Host for Run {
    async fn shops(&mut self) -> wasmtime::Result<Vec<Shop>> {
        self.count_host_call(0)?;
        let shop = |shop: &crate::ShopInfo| Shop {
            id: shop.id.as_str().to_owned(),
            name: shop.name.clone(),
            platform: shop.platform.clone(),
            environment: match shop.production {
                true => Environment::Production,
                false => Environment::Staging,
            },
        };
        Ok(Run::shops(self).await?.iter().map(shop).collect())
    }

    async fn variant_by_id(
        &mut self,
        shop: String,
        id: String,
    ) -> wasmtime::Result<Option<VariantRecord>> {
        self.count_host_call(shop.len() + id.len())?;
        let found = self.variant(&shop, &id).await?;
        Ok(found.and_then(|(key, found)| variant::record(&key, found)))
    }

    async fn variants_by_sku(&mut self, sku: String) -> wasmtime::Result<Vec<VariantRecord>> {
        self.count_host_call(sku.len())?;
        let mut found = self.host.variants_by_sku(&sku).await.map_err(CallError::Host)?;
        found.retain(|(key, _)| self.grants.sees(&key.shop));
        Ok(found.into_iter().filter_map(|(key, found)| variant::record(&key, found)).collect())
    }

    async fn skus(&mut self, after: Option<String>, limit: u32) -> wasmtime::Result<Vec<String>> {
        self.count_host_call(0)?;
        check_limit("catalogue.skus", limit)?;
        Ok(self.host.skus(after.as_deref(), limit).await.map_err(CallError::Host)?)
    }

    async fn product_by_id(
        &mut self,
        _shop: String,
        _product: String,
    ) -> wasmtime::Result<Result<Option<ProductResult>, Refusal>> {
        self.count_host_call(0)?;
        Ok(Err(not_served("catalogue.product-by-id")))
    }

    async fn products(
        &mut self,
        _shop: String,
        _after: Option<String>,
        _limit: u32,
    ) -> wasmtime::Result<Result<Vec<ProductResult>, Refusal>> {
        self.count_host_call(0)?;
        Ok(Err(not_served("catalogue.products")))
    }

    async fn product_texts_by_id(
        &mut self,
        _shop: String,
        _product: String,
    ) -> wasmtime::Result<Result<Option<ProductTexts>, Refusal>> {
        self.count_host_call(0)?;
        Ok(Err(not_served("catalogue.product-texts-by-id")))
    }

    async fn prices(
        &mut self,
        _shop: String,
        _variant: String,
    ) -> wasmtime::Result<Result<Vec<PriceResult>, Refusal>> {
        self.count_host_call(0)?;
        Ok(Err(not_served("catalogue.prices")))
    }

    async fn price_history(
        &mut self,
        _shop: String,
        _variant: String,
        _scope: PriceScopeResult,
        _since: u64,
    ) -> wasmtime::Result<Result<Vec<PastPrice>, Refusal>> {
        self.count_host_call(0)?;
        Ok(Err(not_served("catalogue.price-history")))
    }
}

impl stock::Host for Run {
    async fn levels(
        &mut self,
        shop: String,
        id: String,
    ) -> wasmtime::Result<Vec<StockLevelResult>> {
        self.count_host_call(shop.len() + id.len())?;
        let found = self.variant(&shop, &id).await?;
        Ok(found.map(|(key, found)| variant::levels(&key, &found)).unwrap_or_default())
    }
}

impl orders::Host for Run {
    async fn get(&mut self, shop: String, id: String) -> wasmtime::Result<Option<OrderResult>> {
        self.count_host_call(shop.len() + id.len())?;
        let Some(shop) = self.known_shop(&shop).await? else {
            return Ok(None);
        };
        let found = self.host.order(&shop, &id).await.map_err(CallError::Host)?;
        Ok(found.and_then(|(key, found)| order::record(&key, found)))
    }

    async fn known_until(&mut self, shop: String) -> wasmtime::Result<Option<u64>> {
        self.count_host_call(shop.len())?;
        let Some(shop) = self.known_shop(&shop).await? else {
            return Ok(None);
        };
        let until = self.host.orders_known_until(&shop).await.map_err(CallError::Host)?;
        Ok(until.map(|moment| moment.0))
    }

    async fn placed_between(
        &mut self,
        _shop: String,
        _from: u64,
        _until: u64,
        _after: Option<String>,
        _limit: u32,
    ) -> wasmtime::Result<Result<Vec<OrderResult>, Refusal>> {
        self.count_host_call(0)?;
        Ok(Err(not_served("orders.placed-between")))
    }

    async fn notes(
        &mut self,
        _shop: String,
        _order: String,
    ) -> wasmtime::Result<Result<Vec<String>, Refusal>> {
        self.count_host_call(0)?;
        Ok(Err(not_served("orders.notes")))
    }

    async fn returns(
        &mut self,
        _shop: String,
        _order: String,
    ) -> wasmtime::Result<Result<Vec<CustomerReturnResult>, Refusal>> {
        self.count_host_call(0)?;
        Ok(Err(not_served("orders.returns")))
    }
}
