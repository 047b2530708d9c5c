//! Writing stock: the platform itself compares and sets, and knows a repeated request by its key.

use fondaco_model::{ActionId, Decimal, Entity, Location, action::Value};
use serde_json::json;

use super::{
    super::{documents::STOCK_SET, ids::gid, ids::plain, payloads::Variant, refused},
    Sending, done, kept, text, would_not,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a quantity in one place.
pub fn request(
    id: &ActionId,
    location: &Location,
    available: Decimal,
    decided_on: Decimal,
    entity: Option<&Entity>,
) -> Result<Request, PlatformError> {
    let place = match location.id() {
        Some(place) => place.to_owned(),
        None => only_place(entity)?,
    };
    for quantity in [available, decided_on] {
        quantity.to_whole().ok_or_else(|| {
            refused(format!("Shopify counts whole pieces, and {quantity} is not a whole number"))
        })?;
    }
    let variables = json!({ "place": place, "key": id.as_str() });
    Ok(kept(&STOCK_SET, variables, Some(decided_on.into()), available.into()))
}

/// The place of a variant that lies in one alone.
fn only_place(entity: Option<&Entity>) -> Result<String, PlatformError> {
    let stock = entity.and_then(Entity::as_variant).map(|variant| &variant.stock);
    let mut places = stock.into_iter().flat_map(|stock| stock.keys()).filter_map(Location::id);
    match (places.next(), places.next()) {
        (Some(only), None) => Ok(only.to_owned()),
        _ => Err(refused("Shopify keeps a quantity for each place: say which one is meant")),
    }
}

/// Sends it; the platform compares.
pub async fn execute(sending: &Sending<'_>, variant: &str) -> Result<Executed, PlatformError> {
    let request = sending.request;
    let known = sending.variant(variant).await?;
    if !known.inventory_item.tracked {
        return Err(refused(format!(
            "the shop does not count the stock of variant {variant}; switch on “Track quantity” for it"
        )));
    }
    let whole = |value: Option<&Value>| match value {
        Some(Value::Number(number)) => number.to_whole(),
        _ => None,
    };
    let broken = || refused("the request that was kept is none for a quantity");
    let quantity = whole(Some(&request.result)).ok_or_else(broken)?;
    let before = whole(request.only_if.as_ref()).ok_or_else(broken)?;
    let place = text(request, "place");
    let input = json!({
        "name": "available",
        "reason": "correction",
        "quantities": [{
            "inventoryItemId": known.inventory_item.id,
            "locationId": gid("Location", place)?,
            "quantity": quantity,
            "changeFromQuantity": before,
        }],
    });
    let root = "inventorySetQuantities";
    let sent = sending.send_once(&STOCK_SET, &input, text(request, "key"), root).await?;
    let Err(errors) = sent else {
        return Ok(done(sending.read_variant(variant).await));
    };
    let stale = |error: &super::UserError| {
        matches!(
            error.code.as_deref(),
            Some("CHANGE_FROM_QUANTITY_STALE" | "COMPARE_QUANTITY_STALE")
        )
    };
    if !errors.iter().any(stale) {
        return Err(would_not(&errors));
    }
    let read_at = sending.time();
    let known = sending.variant(variant).await?;
    let found = shown(&known, place);
    Ok(Executed::Stale { found, snapshots: sending.variant_snapshots(read_at, &known) })
}

/// Reads what became of a request. Where the quantity does not tell, the same request does, once more.
pub async fn look(sending: &Sending<'_>, variant: &str) -> Result<Looked, PlatformError> {
    let read_at = sending.time();
    let known = sending.variant(variant).await?;
    let snapshots = sending.variant_snapshots(read_at, &known);
    Ok(match shown(&known, text(sending.request, "place")) == sending.request.result {
        true => Looked::Done { ids: Vec::new(), snapshots },
        false => Looked::NotDone,
    })
}

/// What a variant shows in a place.
fn shown(variant: &Variant, place: &str) -> Value {
    let mut levels = variant.inventory_item.inventory_levels.nodes.iter();
    let level = levels.find(|level| plain(&level.location.legacy_resource_id) == place);
    let available = level
        .and_then(|level| level.quantities.iter().find(|quantity| quantity.name == "available"));
    available.map_or(Value::Nothing, |available| Decimal::from(available.quantity).into())
}
