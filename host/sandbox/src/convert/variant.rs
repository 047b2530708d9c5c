//! Variants and their stock.

use fondaco_model::{
    Aspect, EntityKey, Location, Variant,
    commerce::{StockLevel, StockPolicy},
};

use super::decimal::DecimalText;
use crate::contract::interfaces::commerce::{
    self, StockLevelParam, StockLevelResult, Variant as VariantRecord,
};

/// A variant as the answer of a read; nothing if it is gone or not known.
pub fn record(key: &EntityKey, variant: Variant) -> Option<VariantRecord> {
    let Aspect::Known { value: content, .. } = variant.content else {
        return None;
    };
    Some(VariantRecord {
        shop: key.shop.as_str().to_owned(),
        id: key.id.clone(),
        product: content.product,
        sku: content.sku,
        title: content.title,
        price: content.price.map(|price| price.to_string()),
        barcode: content.barcode,
        published: content.published,
    })
}

/// The known levels of a variant, one for each place.
pub fn levels(key: &EntityKey, variant: &Variant) -> Vec<StockLevelResult> {
    let record = |(location, level): (&Location, &Aspect<StockLevel>)| {
        let level = level.value()?;
        Some(StockLevelResult {
            shop: key.shop.as_str().to_owned(),
            variant: key.id.clone(),
            sku: sku(variant).map(str::to_owned),
            location: location.id().map(str::to_owned),
            policy: stock_policy(level.policy),
            available: level.available.map(|available| available.to_string()),
        })
    };
    variant.stock.iter().filter_map(record).collect()
}

/// One level on its way to a hook; nothing if it is gone or not known.
pub fn level<'a>(
    key: &'a EntityKey,
    variant: &'a Variant,
    location: &'a Location,
    available: Option<&'a DecimalText>,
) -> Option<StockLevelParam<'a>> {
    let level = variant.stock.get(location)?.value()?;
    Some(StockLevelParam {
        shop: key.shop.as_str(),
        variant: &key.id,
        sku: sku(variant),
        location: location.id(),
        policy: stock_policy(level.policy),
        available: available.map(DecimalText::as_str),
    })
}

/// What is available of a variant in one place, as text for [`level`] to borrow from.
pub fn available(variant: &Variant, location: &Location) -> Option<DecimalText> {
    variant.stock.get(location)?.value()?.available.map(DecimalText::of)
}

fn sku(variant: &Variant) -> Option<&str> {
    variant.content.value()?.sku.as_deref()
}

const fn stock_policy(policy: StockPolicy) -> commerce::StockPolicy {
    match policy {
        StockPolicy::Untracked => commerce::StockPolicy::Untracked,
        StockPolicy::Tracked => commerce::StockPolicy::Tracked,
        StockPolicy::Backorder => commerce::StockPolicy::Backorder,
    }
}
