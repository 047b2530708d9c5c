//! Fixed prices in a price list, which a group of business customers or a market has: by its name.

use fondaco_model::{
    Decimal,
    action::{PriceWrite, Value},
    catalogue::PriceScope,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    super::{
        documents::{LIST_PRICE, LIST_PRICE_SET, PRICE_LISTS},
        ids::gid,
        payloads::Connection,
        refused,
    },
    Sending, done, is_as_decided, kept, otherwise,
};
use crate::{Executed, Looked, PlatformError, Request, limits::PAGE_ENTRIES_MAX, plain::decimal};

#[derive(Deserialize)]
struct PriceList {
    id: String,
    name: String,
    currency: String,
}

/// Makes the request for a price.
pub fn request(write: &PriceWrite) -> Result<Request, PlatformError> {
    let unsupported = |reason: &str| PlatformError::Unsupported { reason: reason.to_owned() };
    if write.from_quantity != Decimal::ONE {
        return Err(unsupported(
            "quantity breaks of a price list are not written yet by this host",
        ));
    }
    if write.sale_from.is_some() || write.sale_until.is_some() {
        return Err(unsupported("a price in a price list has no dates"));
    }
    if write.amount.amount < Decimal::ZERO {
        return Err(refused("a price is not below zero"));
    }
    let money = |amount: Decimal| json!({ "amount": amount.to_string(), "currencyCode": write.amount.currency });
    let variables = json!({
        "price": money(write.amount.amount),
        "compareAtPrice": write.compare_at.map(money),
        "variantId": gid("ProductVariant", &write.variant)?,
    });
    let only_if = Some(Value::from(write.decided_on));
    Ok(kept(&LIST_PRICE_SET, variables, only_if, write.amount.amount.into()))
}

/// Reads, compares, writes, and reads again.
pub async fn execute(sending: &Sending<'_>, write: &PriceWrite) -> Result<Executed, PlatformError> {
    let list = list(sending, write).await?;
    let found = shown(sending, &list, write).await?;
    if found == sending.request.result {
        return Ok(done(Vec::new()));
    }
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots: Vec::new() });
    }
    let variables = json!({ "list": list.id, "prices": [sending.request.body] });
    sending.send(&LIST_PRICE_SET, variables, "priceListFixedPricesAdd").await?;
    let written = shown(sending, &list, write)
        .await
        .map_err(|error| PlatformError::Ambiguous { reason: error.to_string() })?;
    if written != sending.request.result {
        let what = format!("the price of variant {} in {}", write.variant, list.name);
        return Err(otherwise(&what, &sending.request.result, &written));
    }
    Ok(done(Vec::new()))
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &PriceWrite) -> Result<Looked, PlatformError> {
    let list = list(sending, write).await?;
    let found = shown(sending, &list, write).await?;
    Ok(if found == sending.request.result {
        Looked::Done { ids: Vec::new(), snapshots: Vec::new() }
    } else if is_as_decided(sending.request, &found) {
        Looked::NotDone
    } else {
        Looked::Neither { found, snapshots: Vec::new() }
    })
}

/// The price list of a group or a market.
async fn list(sending: &Sending<'_>, write: &PriceWrite) -> Result<PriceList, PlatformError> {
    let name = match &write.scope {
        PriceScope::Group(name) | PriceScope::Market(name) => name,
        PriceScope::Everyone => return Err(refused("a price for everybody is in no price list")),
    };
    let mut after: Option<String> = None;
    loop {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            price_lists: Connection<PriceList>,
        }
        let variables = json!({ "first": PAGE_ENTRIES_MAX, "after": after });
        let answer: Answer = sending.shop.client.ask(&PRICE_LISTS, variables).await?;
        let Connection { nodes, page_info } = answer.price_lists;
        let found = nodes.into_iter().find(|list| list.name.eq_ignore_ascii_case(name));
        match found {
            Some(list) if list.currency == write.amount.currency => return Ok(list),
            Some(list) => {
                return Err(refused(format!(
                    "the price list {name} is in {}, and the amount is in {}",
                    list.currency, write.amount.currency
                )));
            }
            None => after = page_info.end_cursor.filter(|_| page_info.has_next_page),
        }
        if after.is_none() {
            return Err(refused(format!(
                "the shop has no price list `{name}`; make it there first"
            )));
        }
    }
}

async fn shown(
    sending: &Sending<'_>,
    list: &PriceList,
    write: &PriceWrite,
) -> Result<Value, PlatformError> {
    let variables = json!({ "list": list.id, "filter": format!("variant_id:{}", write.variant) });
    let answer: Json = sending.shop.client.ask(&LIST_PRICE, variables).await?;
    let price = answer.pointer("/priceList/prices/nodes/0/price/amount");
    let Some(price) =
        price.map(|price| price.as_str().map_or_else(|| price.to_string(), str::to_owned))
    else {
        return Ok(Value::Nothing);
    };
    let price = decimal(&price, "the price list", "price").map_err(|error| refused(error.0))?;
    Ok(price.into())
}
