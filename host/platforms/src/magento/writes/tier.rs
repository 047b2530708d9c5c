//! Prices for a group of customers, and for everybody from a quantity on: Magento's tier prices.

use fondaco_model::{
    Decimal,
    action::{PriceWrite, Value},
    catalogue::PriceScope,
};
use http::Method;
use serde_json::json;

use super::{
    super::{
        answers::{refused, said},
        client::Effect,
        payloads::{ApiError, PriceRefusal, TierPrice},
    },
    Sending, is_as_decided, json_number, otherwise,
};
use crate::{Executed, Looked, PlatformError, Request, plain::decimal};

/// Everybody, as Magento calls them.
const EVERYBODY: &str = "ALL GROUPS";

/// Whether a price is one of these.
pub fn is_tier(write: &PriceWrite) -> bool {
    matches!(write.scope, PriceScope::Group(_)) || write.from_quantity != Decimal::ONE
}

/// Makes the request for a price.
pub fn request(write: &PriceWrite) -> Result<Request, PlatformError> {
    if write.compare_at.is_some() || write.sale_from.is_some() || write.sale_until.is_some() {
        return Err(PlatformError::Unsupported {
            reason: "a price for a group, or from a quantity on, is never on sale on Magento"
                .to_owned(),
        });
    }
    if write.amount.amount < Decimal::ZERO || write.from_quantity < Decimal::ONE {
        return Err(refused("a price is not below zero, and holds from one piece on at least"));
    }
    Ok(Request {
        method: Method::POST.to_string(),
        path: "/V1/products/tier-prices".to_owned(),
        body: json!({
            "prices": [{
                "price": json_number(write.amount.amount),
                "price_type": "fixed",
                // All websites.
                "website_id": 0,
                "sku": write.variant,
                "customer_group": group(write),
                "quantity": json_number(write.from_quantity),
            }]
        }),
        only_if: Some(Value::from(write.decided_on)),
        result: write.amount.amount.into(),
    })
}

fn group(write: &PriceWrite) -> &str {
    match &write.scope {
        PriceScope::Group(name) => name,
        PriceScope::Everyone | PriceScope::Market(_) => EVERYBODY,
    }
}

/// Reads, compares, writes, and reads again.
pub async fn execute(sending: &Sending<'_>, write: &PriceWrite) -> Result<Executed, PlatformError> {
    sending.check_currency(&write.amount.currency)?;
    let found = shown(sending, write).await?;
    let done = || Executed::Done { ids: Vec::new(), snapshots: Vec::new() };
    if found == sending.request.result {
        return Ok(done());
    }
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots: Vec::new() });
    }
    let refusals = sending.send::<Vec<PriceRefusal>>(&sending.request.body).await;
    let refusals = refusals.map_err(PlatformError::from)?;
    if let Some(PriceRefusal { message, parameters }) = refusals.into_iter().next() {
        return Err(refused(said(&ApiError { message, parameters })));
    }
    let written = shown(sending, write)
        .await
        .map_err(|error| PlatformError::Ambiguous { reason: error.to_string() })?;
    if written != sending.request.result {
        return Err(otherwise(&named(write), &sending.request.result, &written));
    }
    Ok(done())
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &PriceWrite) -> Result<Looked, PlatformError> {
    let found = shown(sending, write).await?;
    Ok(if found == sending.request.result {
        Looked::Done { ids: Vec::new(), snapshots: Vec::new() }
    } else if is_as_decided(sending.request, &found) {
        Looked::NotDone
    } else {
        Looked::Neither { found, snapshots: Vec::new() }
    })
}

/// What the group pays now, from that quantity on.
async fn shown(sending: &Sending<'_>, write: &PriceWrite) -> Result<Value, PlatformError> {
    let body = json!({ "skus": [write.variant] });
    let path = "/V1/products/tier-prices-information";
    let client = &sending.shop.client;
    let call =
        client.call::<Vec<TierPrice>>(Method::POST, path, Vec::new(), Some(&body), Effect::None);
    let prices = call.await.map_err(|failed| super::gone_or(&named(write), failed))?;
    for price in prices {
        let number = |text: &str, field| {
            decimal(text, &named(write), field).map_err(|error| refused(error.0))
        };
        let same_group = price.customer_group.eq_ignore_ascii_case(group(write));
        if price.website_id != 0
            || !same_group
            || number(&price.quantity.0, "quantity")? != write.from_quantity
        {
            continue;
        }
        if price.price_type != "fixed" {
            return Ok(Value::Text(format!("{} % off", price.price.0)));
        }
        return Ok(number(&price.price.0, "price")?.into());
    }
    Ok(Value::Nothing)
}

fn named(write: &PriceWrite) -> String {
    let (group, from) = (group(write), write.from_quantity);
    format!("the price of variant {} for {group} from {from} on", write.variant)
}
