//! Writing what a variant costs, with the price it is compared with while it is on sale.

use fondaco_model::{
    Decimal,
    action::{PriceWrite, Value},
};
use serde_json::json;

use super::{
    super::{documents::PRICE_SET, ids::gid, ids::plain, payloads::Variant, refused},
    Sending, done, is_as_decided, kept, otherwise,
};
use crate::{
    Executed, Looked, PlatformError, Request,
    plain::{Plain, decimal, number_of},
};

/// Makes the request for a price.
pub fn request(write: &PriceWrite) -> Result<Request, PlatformError> {
    if write.from_quantity != Decimal::ONE {
        return Err(unsupported(
            "Shopify has one price for everybody however many are bought; prices from a quantity on \
             belong to price lists",
        ));
    }
    if write.sale_from.is_some() || write.sale_until.is_some() {
        return Err(unsupported(
            "Shopify's price to compare with has no dates; propose the price when the sale begins, and \
             again when it ends",
        ));
    }
    let amount = write.amount.amount;
    if amount < Decimal::ZERO {
        return Err(refused(format!("the price is {amount}, which is below zero")));
    }
    if let Some(regular) = write.compare_at.filter(|regular| *regular <= amount) {
        return Err(refused(format!(
            "a sale at {amount} is no cheaper than the regular price of {regular}"
        )));
    }
    let variables = json!({
        "price": amount.to_string(),
        "compareAtPrice": write.compare_at.map(|regular| regular.to_string()),
    });
    Ok(kept(&PRICE_SET, variables, Some(Value::from(write.decided_on)), amount.into()))
}

fn unsupported(reason: &str) -> PlatformError {
    PlatformError::Unsupported { reason: reason.to_owned() }
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(sending: &Sending<'_>, write: &PriceWrite) -> Result<Executed, PlatformError> {
    let read_at = sending.time();
    let variant = sending.variant(&write.variant).await?;
    let shown = prices(&variant.price, variant.compare_at_price.as_ref())?;
    let wanted = (write.amount.amount, write.compare_at);
    let snapshots = sending.variant_snapshots(read_at, &variant);
    if shown == wanted {
        return Ok(done(snapshots));
    }
    let found = Value::from(shown.0);
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots });
    }
    let mut input = sending.request.body.clone();
    input["id"] = json!(gid("ProductVariant", &write.variant)?);
    let product = gid("Product", &plain(&variant.product.legacy_resource_id))?;
    let variables = json!({ "product": product, "variants": [input] });
    let answer = sending.send(&PRICE_SET, variables, "productVariantsBulkUpdate").await?;
    let written: Option<Written> = answer
        .pointer("/productVariants/0")
        .cloned()
        .and_then(|it| serde_json::from_value(it).ok());
    let what = format!("the price of variant {}", write.variant);
    let written = written.map(|it| prices(&it.price, it.compare_at_price.as_ref())).transpose()?;
    if written != Some(wanted) {
        let shown = Value::from(written.map(|(price, _)| price));
        return Err(otherwise(&what, &sending.request.result, &shown));
    }
    Ok(done(sending.read_variant(&write.variant).await))
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &PriceWrite) -> Result<Looked, PlatformError> {
    let read_at = sending.time();
    let variant: Variant = sending.variant(&write.variant).await?;
    let shown = prices(&variant.price, variant.compare_at_price.as_ref())?;
    let snapshots = sending.variant_snapshots(read_at, &variant);
    let found = Value::from(shown.0);
    Ok(if shown == (write.amount.amount, write.compare_at) {
        Looked::Done { ids: Vec::new(), snapshots }
    } else if is_as_decided(sending.request, &found) {
        Looked::NotDone
    } else {
        Looked::Neither { found, snapshots }
    })
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    price: Plain,
    compare_at_price: Option<Plain>,
}

fn prices(
    price: &Plain,
    compare_at: Option<&Plain>,
) -> Result<(Decimal, Option<Decimal>), PlatformError> {
    let broken = |error: crate::Unreadable| refused(error.0);
    let price = decimal(&price.0, "the variant", "price").map_err(broken)?;
    let compare_at = number_of(compare_at, "the variant", "compareAtPrice").map_err(broken)?;
    Ok((price, compare_at))
}
