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
    },
    convert::{order, variant},
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

    async fn silent_since(&mut self, shop: String) -> wasmtime::Result<Option<u64>> {
        self.count_host_call(shop.len())?;
        let Some(shop) = self.known_shop(&shop).await? else {
            return Ok(None);
        };
        let since = self.host.silent_since(&shop).await.map_err(CallError::Host)?;
        Ok(since.map(|moment| moment.0))
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

    not_served! {
        product_by_id as "catalogue.product-by-id" (shop: String, id: String)
            -> Option<ProductResult>;
        products as "catalogue.products" (shop: String, after: Option<String>, limit: u32)
            -> Vec<ProductResult>;
        product_texts_by_id as "catalogue.product-texts-by-id" (shop: String, id: String)
            -> Option<ProductTexts>;
        prices as "catalogue.prices" (shop: String, id: String) -> Vec<PriceResult>;
        price_history as "catalogue.price-history" (
            shop: String,
            id: String,
            scope: PriceScopeResult,
            since: u64
        ) -> Vec<PastPrice>;
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

    not_served! {
        placed_between as "orders.placed-between" (
            shop: String,
            from: u64,
            until: u64,
            after: Option<String>,
            limit: u32
        ) -> Vec<OrderResult>;
        notes as "orders.notes" (shop: String, order: String) -> Vec<String>;
        returns as "orders.returns" (shop: String, order: String) -> Vec<CustomerReturnResult>;
    }
}
