//! Proposals of discount codes.

use fondaco_model::{
    ActionKind, Decimal, Timestamp,
    action::{DiscountWrite, Reduction},
};

use super::{checked_money, checked_text, positive, terms_bytes};
use crate::{
    CallError,
    contract::interfaces::{
        change_discounts::{self, Discount},
        types::{self, Refusal},
    },
    limits::PROPOSAL_NAME_BYTES_MAX,
    run::Run,
};

impl change_discounts::Host for Run {
    async fn propose(
        &mut self,
        discount: Discount,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let ids = discount.shop.len() + discount.customer.as_ref().map_or(0, String::len);
        self.count_host_call(ids + discount.code.len() + terms_bytes(&terms))?;
        let kind = self.discount(discount).await?;
        self.propose(kind, terms)
    }

    async fn end(
        &mut self,
        shop: String,
        code: String,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        self.count_host_call(shop.len() + code.len() + terms_bytes(&terms))?;
        let kind = match self.shop_of_proposal(&shop).await? {
            Ok(shop) => checked_code(code).map(|code| ActionKind::EndDiscount { shop, code }),
            Err(reason) => Err(reason),
        };
        self.propose(kind, terms)
    }
}

impl Run {
    async fn discount(
        &mut self,
        discount: Discount,
    ) -> Result<Result<ActionKind, String>, CallError> {
        let shop = match self.shop_of_proposal(&discount.shop).await? {
            Ok(shop) => shop,
            Err(reason) => return Ok(Err(reason)),
        };
        let write = || {
            let (starts_at, ends_at) = (discount.starts_at, discount.ends_at);
            if starts_at.zip(ends_at).is_some_and(|(starts, ends)| starts >= ends) {
                return Err("the code would end before it begins".to_owned());
            }
            let minimum = discount.minimum.map(|money| checked_money("minimum", money));
            Ok(ActionKind::Discount(DiscountWrite {
                shop,
                code: checked_code(discount.code)?,
                reduction: reduction(discount.reduction)?,
                minimum: minimum.transpose()?,
                uses: discount.uses,
                customer: discount.customer,
                starts_at: starts_at.map(Timestamp),
                ends_at: ends_at.map(Timestamp),
            }))
        };
        Ok(write())
    }
}

fn reduction(reduction: change_discounts::Reduction) -> Result<Reduction, String> {
    Ok(match reduction {
        change_discounts::Reduction::Percent(percent) => {
            let percent = positive("reduction.percent", &percent)?;
            if percent > Decimal::from(100) {
                return Err(format!("reduction.percent is {percent}, which is more than all"));
            }
            Reduction::Percent { percent }
        }
        change_discounts::Reduction::Amount(amount) => {
            Reduction::Amount { amount: checked_money("reduction.amount", amount)? }
        }
        change_discounts::Reduction::Shipping => Reduction::Shipping,
    })
}

fn checked_code(code: String) -> Result<String, String> {
    if code.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err("code has a space or a control character; customers type it".to_owned());
    }
    checked_text("code", code, PROPOSAL_NAME_BYTES_MAX)
}
