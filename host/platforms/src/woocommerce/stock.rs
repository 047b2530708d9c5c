//! Writing stock, guarded on both sides.
//!
//! WooCommerce sets a quantity absolutely and knows no condition, so the host reads before it
//! writes, and the gap between the two is as small as one request. (A relative write exists; it is
//! not atomic either.) And WooCommerce accepts a quantity for a product that is not counted and
//! drops it, so the answer is read too.
//!
//! Each request leaves a mark in the product's metadata, saved together with the quantity. When
//! nobody knows whether a request took effect, the quantity alone does not tell: orders move it as
//! well, and can make it what was to be written, or what it was before. The mark does.

use std::time::Instant;

use fondaco_model::{
    ActionKind, Decimal, Entity, EntityKey, Location, ShopId, Snapshot, Timestamp,
    commerce::StockPolicy,
};
use http::Method;
use serde_json::{Value, json};

use super::{
    answers::{Failed, refused},
    client::Client,
    payloads::{ManageStock, Product},
    products::{self, Naming, Seen},
};
use crate::{Executed, Looked, PlatformError, Request};

/// The metadata that says which request wrote the quantity last. The underscore keeps it off the
/// product's pages.
const MARK_KEY: &str = "_fondaco_stock_write";

/// Makes the request for an action.
pub fn request(
    shop: &ShopId,
    action: &ActionKind,
    entity: &Entity,
) -> Result<Request, PlatformError> {
    let ActionKind::ChangeStock { shop: whose, variant, location, available, decided_on } = action
    else {
        return Err(refused(format!("a WooCommerce shop cannot do `{}`", action.interface())));
    };
    if whose != shop {
        return Err(refused(format!("this is the shop `{shop}`, and the action is for `{whose}`")));
    }
    if location != &Location::WHOLE_SHOP {
        return Err(refused(
            "WooCommerce keeps one quantity for the whole shop, not one per place",
        ));
    }
    let content = entity.as_variant().and_then(|variant| variant.content.value());
    let content = content
        .ok_or_else(|| refused(format!("variant {variant} is not known on `{shop}`, or gone")))?;
    let level = entity.as_variant().and_then(|variant| variant.stock.get(location));
    let policy = level.and_then(|level| level.value()).map(|level| level.policy);
    if policy == Some(StockPolicy::Untracked) {
        return Err(not_counted(variant));
    }
    let quantity = available.to_whole().ok_or_else(|| {
        refused(format!("WooCommerce counts whole pieces, and {available} is not a whole number"))
    })?;
    let variant = number(variant)?;
    let path = match number(&content.product)? {
        product if product == variant => format!("/products/{variant}"),
        // A variation is read under `/products` and refused there when it is written.
        product => format!("/products/{product}/variations/{variant}"),
    };
    Ok(Request {
        method: Method::PUT.to_string(),
        path,
        body: json!({
            "stock_quantity": quantity,
            "meta_data": [{ "key": MARK_KEY, "value": format!("{:032x}", rand::random::<u128>()) }],
        }),
        only_if: *decided_on,
        result: *available,
        entity: EntityKey::variant(shop.clone(), variant.to_string()),
    })
}

/// An id of WooCommerce's, which are numbers. Nothing else may become part of a path.
pub fn number(id: &str) -> Result<u64, PlatformError> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { id.parse().ok() } else { None };
    number.ok_or_else(|| refused("ids of a WooCommerce shop are numbers, and this one is not"))
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(
    client: &Client,
    now: Timestamp,
    request: &Request,
) -> Result<Executed, PlatformError> {
    let begun = Instant::now();
    let shown = read(client, now, request).await?;
    if shown.quantity != request.only_if {
        return Ok(Executed::Stale { found: shown.quantity, snapshots: vec![shown.snapshot] });
    }
    if shown.quantity == request.result {
        return Ok(Executed::Done { snapshots: vec![shown.snapshot] });
    }
    let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let written_at = now.plus_ms(elapsed);
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| refused(format!("`{}` is no HTTP method", request.method)))?;
    let answer = client
        .call::<Product>(method, &request.path, Vec::new(), Some(&request.body))
        .await
        .map_err(|failed| failed_on(request, failed))?;
    let written = shown_by(&answer.content, written_at, request)?;
    if written.quantity != request.result {
        // Somebody bought in that moment, or a plugin has its own idea. The write went through.
        return Err(PlatformError::Ambiguous {
            reason: format!(
                "the shop took {} for {} and answered that it has {}",
                request.result, request.entity, written.quantity
            ),
        });
    }
    Ok(Executed::Done { snapshots: vec![written.snapshot] })
}

/// Reads what became of a request. It can no longer take effect.
pub async fn look(
    client: &Client,
    now: Timestamp,
    request: &Request,
) -> Result<Looked, PlatformError> {
    let shown = read(client, now, request).await?;
    let snapshots = vec![shown.snapshot];
    Ok(match shown.mark {
        Some(mark) if mark == request.body["meta_data"][0]["value"] => Looked::Done { snapshots },
        // The shop keeps marks, and has not got this one.
        Some(_) => Looked::NotDone,
        None if shown.quantity == request.only_if => Looked::NotDone,
        None => Looked::Neither { found: shown.quantity, snapshots },
    })
}

struct Shown {
    quantity: Decimal,
    /// The mark of the last request; none if there was none, or the shop drops them.
    mark: Option<Value>,
    snapshot: Snapshot,
}

async fn read(client: &Client, now: Timestamp, request: &Request) -> Result<Shown, PlatformError> {
    let answer = client.get::<Product>(&request.path, Vec::new()).await;
    let answer = answer.map_err(|failed| failed_on(request, failed))?;
    shown_by(&answer.content, now, request)
}

/// The quantity an answer shows, if it is this product's own.
///
/// A variation can be counted on its product, together with its siblings. Such a quantity is not
/// written: it is no statement about this variation, and two variations told different quantities
/// would overwrite each other.
fn shown_by(
    product: &Product,
    begun_at: Timestamp,
    request: &Request,
) -> Result<Shown, PlatformError> {
    let id = &request.entity.id;
    if product.status.as_deref() == Some("trash") {
        return Err(refused(format!("variant {id} is in the shop's trash")));
    }
    match product.manage_stock {
        ManageStock::Yes => {}
        ManageStock::No => return Err(not_counted(id)),
        ManageStock::Parent => {
            return Err(refused(format!(
                "variant {id} is counted together with the other variations of its product; to set \
                 it alone, switch on stock management for the variation"
            )));
        }
    }
    let unreadable = |error: crate::Unreadable| refused(error.0);
    let level = products::stock_level(product).map_err(unreadable)?;
    let quantity = level.available.ok_or_else(|| not_counted(id))?;
    let seen = Seen { shop: &request.entity.shop, read: Some(begun_at) };
    // What is read under a product has the variation's short name.
    let naming = match request.path.contains("/variations/") {
        true => Naming::VariationAlone,
        false => Naming::Whole,
    };
    let snapshot = products::snapshot(&seen, product, naming).map_err(unreadable)?;
    let mark = product.meta_data.iter().find(|meta| meta.key == MARK_KEY);
    let mark = mark.map(|meta| meta.value.clone());
    Ok(Shown { quantity, mark, snapshot })
}

fn not_counted(variant: &str) -> PlatformError {
    refused(format!(
        "the shop does not count the stock of variant {variant}; switch on stock management for it"
    ))
}

fn failed_on(request: &Request, failed: Failed) -> PlatformError {
    match failed {
        Failed::Gone => refused(format!("the shop no longer has {}", request.entity)),
        Failed::Otherwise(error) => error,
    }
}
