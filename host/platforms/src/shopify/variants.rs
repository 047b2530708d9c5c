//! Variants, and how much there is of them in each place.

use std::collections::BTreeMap;

use fondaco_model::{
    Aspect, Decimal, Entity, EntityKey, Location, ShopId, Snapshot, Variant, Version,
    commerce::{StockLevel, StockPolicy, VariantContent},
};

use super::{
    ids::{dated, plain},
    payloads::{self, Level},
};
use crate::{
    Unreadable,
    plain::{Plain, decimal, number_of},
    seen::Seen,
};

/// The title of the only variant of a product that has no options.
const NO_OPTIONS: &str = "Default Title";

/// The snapshot of a variant with its levels.
pub fn snapshot(seen: &Seen<'_>, variant: &payloads::Variant) -> Result<Snapshot, Unreadable> {
    let id = plain(&variant.legacy_resource_id);
    let what = format!("variant {id}");
    // What its product says belongs to it.
    let own = dated(&variant.updated_at, &what, "updatedAt")?;
    let of_product = dated(&variant.product.updated_at, &what, "product.updatedAt")?;
    let version = seen.version(own.max(of_product));
    let content = Aspect::known(version, content(variant, &what)?);
    let item = &variant.inventory_item;
    let mut stock = BTreeMap::new();
    for level in &item.inventory_levels.nodes {
        let (location, level) = level_of(seen, level, item.tracked, &variant.inventory_policy)?;
        stock.insert(location, level);
    }
    let entity = Entity::Variant(Variant { content, stock });
    Ok(Snapshot::new(EntityKey::variant(seen.shop.clone(), id), entity))
}

/// The snapshot of one level, which tells nothing else of its variant; nothing if it is of none.
pub fn level_snapshot(seen: &Seen<'_>, level: &Level) -> Result<Option<Snapshot>, Unreadable> {
    let Some(item) = &level.item else { return Ok(None) };
    let Some(variant) = item.variants.nodes.first() else { return Ok(None) };
    let (location, level) = level_of(seen, level, item.tracked, &variant.inventory_policy)?;
    let stock = BTreeMap::from([(location, level)]);
    let entity = Entity::Variant(Variant { content: Aspect::Unknown, stock });
    let id = plain(&variant.legacy_resource_id);
    Ok(Some(Snapshot::new(EntityKey::variant(seen.shop.clone(), id), entity)))
}

fn level_of(
    seen: &Seen<'_>,
    level: &Level,
    tracked: bool,
    policy: &str,
) -> Result<(Location, Aspect<StockLevel>), Unreadable> {
    let location = Location::new(plain(&level.location.legacy_resource_id));
    let quantity = |name: &str| level.quantities.iter().find(|quantity| quantity.name == name);
    let available = quantity("available");
    let on_hand = quantity("on_hand");
    let changed = [available, on_hand].into_iter().flatten();
    let changed = changed.filter_map(|quantity| quantity.updated_at.as_deref());
    let mut platform = dated(&level.updated_at, "a level", "updatedAt")?;
    for text in changed {
        platform = platform.max(dated(text, "a level", "quantities.updatedAt")?);
    }
    let shown = if tracked {
        StockLevel {
            policy: match policy {
                "CONTINUE" => StockPolicy::Backorder,
                _ => StockPolicy::Tracked,
            },
            available: Some(available.map_or(0, |known| known.quantity).into()),
            on_hand: on_hand.map(|known| known.quantity.into()),
        }
    } else {
        StockLevel { policy: StockPolicy::Untracked, available: None, on_hand: None }
    };
    Ok((location, Aspect::known(seen.version(platform), shown)))
}

/// A variant that is gone as of a reading.
pub fn tombstone(shop: &ShopId, id: &str, version: Version) -> Snapshot {
    let entity =
        Entity::Variant(Variant { content: Aspect::deleted(version), stock: BTreeMap::new() });
    Snapshot::new(EntityKey::variant(shop.clone(), id), entity)
}

fn content(variant: &payloads::Variant, what: &str) -> Result<VariantContent, Unreadable> {
    let product = &variant.product;
    let price = decimal(&variant.price.0, what, "price")?;
    let compare_at = number_of(variant.compare_at_price.as_ref(), what, "compareAtPrice")?;
    let said = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let option =
        Some(variant.title.trim()).filter(|title| *title != NO_OPTIONS && !title.is_empty());
    let cost = variant.inventory_item.unit_cost.as_ref().map(|cost| &cost.amount);
    let measurement = variant.inventory_item.measurement.as_ref();
    let weight = measurement.and_then(|measurement| measurement.weight.as_ref());
    Ok(VariantContent {
        product: plain(&product.legacy_resource_id),
        sku: said(&variant.sku),
        title: match option {
            Some(option) => format!("{} - {option}", product.title.trim()),
            None => product.title.trim().to_owned(),
        },
        price: Some(price),
        compare_at: compare_at.filter(|regular| price < *regular),
        cost: number_of(cost, what, "unitCost")?,
        barcode: said(&variant.barcode),
        weight: weight
            .map(|weight| grams(&weight.value, &weight.unit, what))
            .transpose()?
            .flatten(),
        published: product.status == "ACTIVE",
    })
}

/// A weight in grams, to the millionth; nothing if it is none.
fn grams(value: &Plain, unit: &str, what: &str) -> Result<Option<Decimal>, Unreadable> {
    let value = decimal(&value.0, what, "weight")?;
    // In hundred-thousandths of a gram; pound and ounce by definition (international yard and pound
    // agreement, 1959), the ounce to that place.
    let unit: i128 = match unit {
        "KILOGRAMS" => 100_000_000,
        "POUNDS" => 45_359_237,
        "OUNCES" => 2_834_952,
        _ => 100_000,
    };
    let millionths = value.units(6).and_then(|value| value.checked_mul(unit));
    let weight = millionths.and_then(|weight| Decimal::from_units(weight / 100_000, 6));
    Ok(weight.filter(|weight| *weight > Decimal::ZERO))
}
