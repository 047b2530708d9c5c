//! Proposals of prices.

use fondaco_model::{ActionKind, Decimal, Timestamp, action::PriceWrite, catalogue::PriceScope};

use super::{checked_money, checked_text, positive, shown, terms_bytes};
use crate::{
    CallError,
    contract::interfaces::{
        change_prices,
        commerce::{PriceResult, PriceScopeResult},
        types::{self, Refusal},
    },
    limits::PROPOSAL_NAME_BYTES_MAX,
    run::Run,
};

impl change_prices::Host for Run {
    async fn propose(
        &mut self,
        change: change_prices::PriceChange,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let scope = match &change.price.scope {
            PriceScopeResult::Everyone => 0,
            PriceScopeResult::Group(name) | PriceScopeResult::Market(name) => name.len(),
        };
        let ids = change.price.shop.len() + change.price.variant.len();
        self.count_host_call(ids + scope + terms_bytes(&terms))?;
        let kind = self.price_change(change).await?;
        self.propose(kind, terms)
    }
}

impl Run {
    async fn price_change(
        &mut self,
        change: change_prices::PriceChange,
    ) -> Result<Result<ActionKind, String>, CallError> {
        let shop = match self.shop_of_proposal(&change.price.shop).await? {
            Ok(shop) => shop,
            Err(reason) => return Ok(Err(reason)),
        };
        let variant = change.price.variant.clone();
        let found = self.host.variant(&shop, &variant).await.map_err(CallError::Host)?;
        if found.is_none() {
            return Ok(Err(format!("shop `{shop}` has no variant `{}`", shown(&variant))));
        }
        let optional = |field, text: &Option<String>| {
            text.as_deref().map(|text| positive(field, text)).transpose()
        };
        let write = || {
            let PriceResult {
                scope, from_quantity, amount, compare_at, sale_from, sale_until, ..
            } = change.price;
            let sale_from = sale_from.map(Timestamp);
            let sale_until = sale_until.map(Timestamp);
            let from_quantity = positive("price.from-quantity", &from_quantity)?;
            if from_quantity == Decimal::ZERO {
                return Err("price.from-quantity is 0; 1 is always".to_owned());
            }
            if compare_at.is_none() && (sale_from.is_some() || sale_until.is_some()) {
                let words = "a sale has a price it is compared with: `compare-at` is absent";
                return Err(words.to_owned());
            }
            Ok(ActionKind::ChangePrice(PriceWrite {
                shop,
                variant,
                scope: price_scope(scope)?,
                from_quantity,
                amount: checked_money("price.amount", amount)?,
                compare_at: optional("price.compare-at", &compare_at)?,
                sale_from,
                sale_until,
                decided_on: optional("decided-on", &change.decided_on)?,
            }))
        };
        Ok(write())
    }
}

fn price_scope(scope: PriceScopeResult) -> Result<PriceScope, String> {
    let named = |name| checked_text("price.scope", name, PROPOSAL_NAME_BYTES_MAX);
    Ok(match scope {
        PriceScopeResult::Everyone => PriceScope::Everyone,
        PriceScopeResult::Group(name) => PriceScope::Group(named(name)?),
        PriceScopeResult::Market(name) => PriceScope::Market(named(name)?),
    })
}
