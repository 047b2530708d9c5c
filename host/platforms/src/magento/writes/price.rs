//! Writing what a product costs, with a special price by days.
//!
//! Both are set by one request to the product, at `/rest/all`, whose answer shows what was kept.
//! (Magento has endpoints for prices alone, one for each kind; between two of them stands half a sale.)
//! A special price holds for whole days of the shop's clock, the last one included.

use fondaco_model::{
    Timestamp,
    action::{PriceWrite, Value},
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    super::{answers::refused, payloads::Product, products::Prices, times},
    Sending, is_as_decided, json_number, otherwise, product_path,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a price. The days of a sale are worked out by the shop's clock when it is sent.
pub fn request(write: &PriceWrite) -> Result<Request, PlatformError> {
    let amount = write.amount.amount;
    if amount < fondaco_model::Decimal::ZERO {
        return Err(refused(format!("the price is {amount}, which is below zero")));
    }
    match write.compare_at {
        None if write.sale_from.is_some() || write.sale_until.is_some() => {
            return Err(refused("a sale has a price it is compared with, and this one has none"));
        }
        Some(regular) if regular <= amount => {
            return Err(refused(format!(
                "a sale at {amount} is no cheaper than the regular price of {regular}"
            )));
        }
        _ => {}
    }
    if write.sale_from.zip(write.sale_until).is_some_and(|(from, until)| from >= until) {
        return Err(refused("the sale would end before it begins"));
    }
    Ok(Request {
        method: Method::PUT.to_string(),
        path: product_path(&write.variant),
        body: json!({
            "product": {
                "sku": write.variant,
                "price": json_number(write.compare_at.unwrap_or(amount)),
            }
        }),
        only_if: Some(Value::from(write.decided_on)),
        result: amount.into(),
    })
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(sending: &Sending<'_>, write: &PriceWrite) -> Result<Executed, PlatformError> {
    sending.check_currency(&write.amount.currency)?;
    let product = sending.product(&write.variant).await?;
    let prices = prices(sending, &product)?;
    let wanted = wanted(write, &prices, sending.now)?;
    if wanted == prices {
        let snapshots = sending.product_snapshots(&product).await;
        return Ok(Executed::Done { ids: Vec::new(), snapshots });
    }
    let found = Value::from(prices.now(sending.now));
    if !is_as_decided(sending.request, &found) {
        let snapshots = sending.product_snapshots(&product).await;
        return Ok(Executed::Stale { found, snapshots });
    }
    let body = body(sending, &wanted, &prices)?;
    let answer = sending.send::<Product>(&body).await;
    let what = format!("the price of variant {}", write.variant);
    let answer = answer.map_err(|failed| super::gone_or(&what, failed))?;
    let written = self::prices(sending, &answer)?;
    if written != wanted {
        let shown = Value::from(written.now(sending.now));
        return Err(otherwise(&what, &sending.request.result, &shown));
    }
    let snapshots = sending.product_snapshots(&answer).await;
    Ok(Executed::Done { ids: Vec::new(), snapshots })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &PriceWrite) -> Result<Looked, PlatformError> {
    let product = sending.product(&write.variant).await?;
    let prices = prices(sending, &product)?;
    let snapshots = sending.product_snapshots(&product).await;
    if wanted(write, &prices, sending.now).is_ok_and(|wanted| wanted == prices) {
        return Ok(Looked::Done { ids: Vec::new(), snapshots });
    }
    let found = Value::from(prices.now(sending.now));
    Ok(match is_as_decided(sending.request, &found) {
        true => Looked::NotDone,
        false => Looked::Neither { found, snapshots },
    })
}

fn prices(sending: &Sending<'_>, product: &Product) -> Result<Prices, PlatformError> {
    if !product.is_sold() {
        return Err(refused(format!(
            "product {} has no price of its own; what it is sold as has",
            product.sku
        )));
    }
    Prices::of(product, &sending.settings.zone).map_err(|error| refused(error.0))
}

/// What the shop's fields should be. A special price that somebody has set for later is left as it is:
/// a module cannot see it.
fn wanted(write: &PriceWrite, shown: &Prices, now: Timestamp) -> Result<Prices, PlatformError> {
    let amount = write.amount.amount;
    if let Some(regular) = write.compare_at {
        return Ok(Prices {
            regular: Some(regular),
            special: Some(amount),
            from: write.sale_from,
            until: write.sale_until,
        });
    }
    let plain = Prices { regular: Some(amount), special: None, from: None, until: None };
    let to_come = shown.special.filter(|_| shown.from.is_some_and(|from| from > now));
    match to_come {
        None => Ok(plain),
        Some(special) if special >= amount => Err(refused(format!(
            "a special price of {special} is set for later, and would be no cheaper than {amount}; \
             end it in the shop, or propose the price with the sale"
        ))),
        Some(special) => {
            Ok(Prices { special: Some(special), from: shown.from, until: shown.until, ..plain })
        }
    }
}

fn body(sending: &Sending<'_>, wanted: &Prices, shown: &Prices) -> Result<Json, PlatformError> {
    let mut body = sending.request.body.clone();
    if (wanted.special, wanted.from, wanted.until) == (shown.special, shown.from, shown.until) {
        return Ok(body);
    }
    let zone = &sending.settings.zone;
    let day = |moment: Option<Timestamp>, last: bool| -> Result<String, PlatformError> {
        let Some(moment) = moment else { return Ok(String::new()) };
        let day = times::day_beginning(moment, zone);
        let day = if last { day.and_then(times::before) } else { day };
        day.map(times::day_text).ok_or_else(|| {
            refused(format!(
                "a special price of Magento's holds for whole days of the shop's clock ({}), and \
                 this sale begins or ends within one: let it do so at midnight there",
                sending.settings.zone_name
            ))
        })
    };
    let attribute = |code: &str, value: String| json!({ "attribute_code": code, "value": value });
    let special = wanted.special.map(|special| special.to_string()).unwrap_or_default();
    body["product"]["custom_attributes"] = json!([
        attribute("special_price", special),
        attribute("special_from_date", day(wanted.from, false)?),
        attribute("special_to_date", day(wanted.until, true)?),
    ]);
    Ok(body)
}
