//! Writing stock, guarded on both sides.
//!
//! WooCommerce sets a quantity absolutely, and accepts one for a product that is not counted and
//! drops it; so the answer is read too. (A relative write exists; it is not atomic either.)
//!
//! When nobody knows whether a request took effect, the quantity alone does not tell: orders move it
//! as well, and can make it what was to be written, or what it was before. The mark of the action
//! does.

use fondaco_model::{
    ActionId, Decimal, Entity, Location, ShopId, Snapshot, Timestamp, commerce::StockPolicy,
};
use http::Method;
use serde_json::json;

use super::{
    super::{
        answers::refused,
        payloads::{ManageStock, Product},
        products,
    },
    Sending, is_as_decided, is_marked, mark, noted, otherwise, variant_path,
};
use crate::{Executed, Looked, PlatformError, Request};

/// The metadata that says which action wrote the quantity last.
const MARK_KEY: &str = "_fondaco_stock_write";

/// Makes the request for a quantity.
pub fn request(
    shop: &ShopId,
    id: &ActionId,
    entity: Option<&Entity>,
    variant: &str,
    location: &Location,
    available: Decimal,
    decided_on: Decimal,
) -> Result<Request, PlatformError> {
    if location != &Location::WHOLE_SHOP {
        return Err(refused(
            "WooCommerce keeps one quantity for the whole shop, not one per place",
        ));
    }
    let path = variant_path(shop, variant, entity)?;
    let level = entity.and_then(Entity::as_variant).and_then(|known| known.stock.get(location));
    let policy = level.and_then(|level| level.value()).map(|level| level.policy);
    if policy == Some(StockPolicy::Untracked) {
        return Err(not_counted(variant));
    }
    let quantity = available.to_whole().ok_or_else(|| {
        refused(format!("WooCommerce counts whole pieces, and {available} is not a whole number"))
    })?;
    Ok(Request {
        method: Method::PUT.to_string(),
        path,
        body: json!({
            "stock_quantity": quantity,
            "meta_data": [mark(MARK_KEY, id)],
        }),
        only_if: Some(decided_on.into()),
        result: available.into(),
    })
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(sending: &Sending<'_>, variant: &str) -> Result<Executed, PlatformError> {
    let request = sending.request;
    let what = named(variant);
    let product = sending.product(&what).await?;
    let shown = shown_by(sending, &product, sending.now, variant)?;
    if is_marked(&product.meta_data, request, MARK_KEY) {
        return Ok(Executed::Done { ids: Vec::new(), snapshots: vec![shown.snapshot] });
    }
    let found = shown.quantity.into();
    if !is_as_decided(request, &found) {
        return Ok(Executed::Stale { found, snapshots: vec![shown.snapshot] });
    }
    if found == request.result {
        return Ok(Executed::Done { ids: Vec::new(), snapshots: vec![shown.snapshot] });
    }
    let written_at = sending.time();
    let answer = sending.send::<Product>(Vec::new(), &request.body).await;
    let answer = answer.map_err(|failed| super::gone_or(&what, failed))?;
    let written = shown_by(sending, &answer, written_at, variant)?;
    let quantity = written.quantity.into();
    if quantity != request.result {
        // Somebody bought in that moment, or a plugin has its own idea. The write went through.
        return Err(otherwise(&what, &request.result, &quantity));
    }
    Ok(Executed::Done { ids: Vec::new(), snapshots: vec![written.snapshot] })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, variant: &str) -> Result<Looked, PlatformError> {
    let product = sending.product(&named(variant)).await?;
    let shown = shown_by(sending, &product, sending.now, variant)?;
    let found = shown.quantity.into();
    let snapshots = vec![shown.snapshot];
    if is_marked(&product.meta_data, sending.request, MARK_KEY) {
        return Ok(Looked::Done { ids: Vec::new(), snapshots });
    }
    // The shop keeps marks, and has not got this one.
    let has_another = noted(&product.meta_data, MARK_KEY).is_some();
    Ok(match has_another || is_as_decided(sending.request, &found) {
        true => Looked::NotDone,
        false => Looked::Neither { found, snapshots },
    })
}

struct Shown {
    quantity: Decimal,
    snapshot: Snapshot,
}

/// The quantity an answer shows, if it is this product's own.
///
/// A variation can be counted on its product, together with its siblings. Such a quantity is not
/// written: it is no statement about this variation, and two variations told different quantities
/// would overwrite each other.
fn shown_by(
    sending: &Sending<'_>,
    product: &Product,
    read_at: Timestamp,
    variant: &str,
) -> Result<Shown, PlatformError> {
    match product.manage_stock {
        ManageStock::Yes => {}
        ManageStock::No => return Err(not_counted(variant)),
        ManageStock::Parent => {
            return Err(refused(format!(
                "variant {variant} is counted together with the other variations of its product; \
                 to set it alone, switch on stock management for the variation"
            )));
        }
    }
    let level = products::stock_level(product).map_err(|error| refused(error.0))?;
    let quantity = level.available.ok_or_else(|| not_counted(variant))?;
    Ok(Shown { quantity, snapshot: sending.snapshot(product, read_at)? })
}

fn named(variant: &str) -> String {
    format!("variant {variant}")
}

fn not_counted(variant: &str) -> PlatformError {
    refused(format!(
        "the shop does not count the stock of variant {variant}; switch on stock management for it"
    ))
}
