//! Variants and their stock.

use fondaco_model::{
    Aspect, EntityKey, Location, Variant,
    commerce::{StockLevel, StockPolicy},
    decimal::DecimalText,
};

use crate::{
    CallError,
    contract::interfaces::commerce::{
        self, StockLevelParam, StockLevelResult, Variant as VariantRecord,
    },
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
        price: content.price.map(String::from),
        compare_at: content.compare_at.map(String::from),
        cost: content.cost.map(String::from),
        barcode: content.barcode,
        weight: content.weight.map(String::from),
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
            available: level.available.map(String::from),
            on_hand: level.on_hand.map(String::from),
        })
    };
    variant.stock.iter().filter_map(record).collect()
}

/// A level on its way to a hook, with its numbers as text.
pub struct LevelParts<'a> {
    key: &'a EntityKey,
    sku: Option<&'a str>,
    location: &'a Location,
    policy: StockPolicy,
    available: Option<DecimalText>,
    on_hand: Option<DecimalText>,
}

impl<'a> LevelParts<'a> {
    /// The level of a variant in one place.
    pub fn of(
        key: &'a EntityKey,
        variant: &'a Variant,
        location: &'a Location,
    ) -> Result<Self, CallError> {
        let level = variant.stock.get(location).and_then(Aspect::value);
        let level =
            level.ok_or_else(|| CallError::Incomplete { key: key.clone(), aspect: "stock" })?;
        Ok(Self {
            key,
            sku: sku(variant),
            location,
            policy: level.policy,
            available: level.available.map(DecimalText::of),
            on_hand: level.on_hand.map(DecimalText::of),
        })
    }

    /// The level.
    pub fn record(&self) -> StockLevelParam<'_> {
        StockLevelParam {
            shop: self.key.shop.as_str(),
            variant: &self.key.id,
            sku: self.sku,
            location: self.location.id(),
            policy: stock_policy(self.policy),
            available: self.available.as_ref().map(DecimalText::as_str),
            on_hand: self.on_hand.as_ref().map(DecimalText::as_str),
        }
    }
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
