//! Proposals of stock.

use fondaco_model::{ActionKind, Location, commerce::StockPolicy};

use super::{decimal, shown, terms_bytes};
use crate::{
    CallError,
    contract::interfaces::{
        change_stock,
        types::{self, Refusal},
    },
    run::Run,
};

impl change_stock::Host for Run {
    async fn propose(
        &mut self,
        change: change_stock::StockChange,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let bytes = change.shop.len() + change.variant.len() + terms_bytes(&terms);
        self.count_host_call(bytes)?;
        let kind = self.stock_change(change).await?;
        self.propose(kind, terms)
    }
}

impl Run {
    async fn stock_change(
        &mut self,
        change: change_stock::StockChange,
    ) -> Result<Result<ActionKind, String>, CallError> {
        let decimals = decimal("available", &change.available)
            .and_then(|available| Ok((available, decimal("decided-on", &change.decided_on)?)));
        let (available, decided_on) = match decimals {
            Ok(decimals) => decimals,
            Err(reason) => return Ok(Err(reason)),
        };
        let shop = match self.shop_of_proposal(&change.shop).await? {
            Ok(shop) => shop,
            Err(reason) => return Ok(Err(reason)),
        };
        let found = self.host.variant(&shop, &change.variant).await.map_err(CallError::Host)?;
        let Some((_, found)) = found else {
            let variant = shown(&change.variant);
            return Ok(Err(format!("shop `{shop}` has no variant `{variant}`")));
        };
        let location = change.location.map_or(Location::WHOLE_SHOP, Location::new);
        let Some(level) = found.stock.get(&location).and_then(|level| level.value()) else {
            let place = location.id().map_or("the shop as a whole".to_owned(), shown);
            let variant = shown(&change.variant);
            return Ok(Err(format!("shop `{shop}` keeps no stock of `{variant}` at {place}")));
        };
        if level.policy == StockPolicy::Untracked {
            let variant = shown(&change.variant);
            return Ok(Err(format!("shop `{shop}` does not count the stock of `{variant}`")));
        }
        let variant = change.variant;
        Ok(Ok(ActionKind::ChangeStock { shop, variant, location, available, decided_on }))
    }
}
