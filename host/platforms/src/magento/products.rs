//! Products become variants, and what sources and reservations tell becomes their stock.
//!
//! A product's id is its SKU: everything is asked for and written by it, and a line of an order has
//! the SKU of what was really bought, also where that is one shape of a product in several.
//!
//! What lies in the sources is not what can be sold: an order only notes a reservation, which is gone
//! when its goods are. So two things are read, the sources' quantities (what is there) and the salable
//! quantity (what can be sold), and neither has a date. Their version is the moment of the reading.

use std::collections::BTreeMap;

use fondaco_model::{
    Aspect, Decimal, Entity, EntityKey, Location, ShopId, Snapshot, Timestamp, Variant, Version,
    commerce::{StockLevel, StockPolicy, VariantContent},
};
use jiff::tz::TimeZone;

use super::{
    facts::Settings,
    payloads::{Product, SourceItem, StockItem},
    times,
};
use crate::{
    Unreadable,
    plain::{decimal, number_of},
    seen::Seen,
};

/// How much there is of a product, as it was read.
#[derive(Debug, Clone)]
pub struct Levels {
    /// What can be sold; absent where the shop does not count it.
    pub salable: Option<Decimal>,
    /// In the sources that count, together.
    pub on_hand: Decimal,
}

impl Product {
    /// Whether it is sold as itself: not one in several shapes, whose shapes are products of their
    /// own, nor a set of others.
    pub fn is_sold(&self) -> bool {
        is_sold(self.type_id.as_deref().unwrap_or_default())
    }

    /// What happens when it runs out; untracked where that was not told.
    pub fn policy(&self) -> StockPolicy {
        match &self.extension_attributes.stock_item {
            Some(StockItem { manage_stock: true, backorders: 0 }) => StockPolicy::Tracked,
            Some(StockItem { manage_stock: true, .. }) => StockPolicy::Backorder,
            _ => StockPolicy::Untracked,
        }
    }
}

/// Whether products of a type are sold as themselves. Extensions add types; what is not known
/// otherwise is.
pub fn is_sold(kind: &str) -> bool {
    !matches!(kind, "configurable" | "grouped" | "bundle")
}

/// What lies in the sources that count. One whose status is 0 is taken for empty, whatever it has.
pub fn on_hand(items: &[SourceItem]) -> Result<Decimal, Unreadable> {
    let counted = items.iter().filter(|item| item.status != 0);
    let quantity = |item: &SourceItem| decimal(&item.quantity.0, &item.sku, "quantity");
    counted.map(quantity).sum::<Result<Decimal, _>>()
}

/// The snapshot of a product that is sold as itself.
pub fn snapshot(
    seen: &Seen<'_>,
    now: Timestamp,
    settings: &Settings,
    product: &Product,
    levels: &Levels,
) -> Result<Snapshot, Unreadable> {
    let version = version(seen, product)?;
    let content = Aspect::known(version, content(product, now, settings)?);
    let policy = product.policy();
    let level = match levels.salable {
        Some(available) if policy != StockPolicy::Untracked => {
            StockLevel { policy, available: Some(available), on_hand: Some(levels.on_hand) }
        }
        _ => StockLevel { policy: StockPolicy::Untracked, available: None, on_hand: None },
    };
    let stock = Aspect::known(Version::read(now, now), level);
    let stock = BTreeMap::from([(Location::WHOLE_SHOP, stock)]);
    Ok(Snapshot::new(
        EntityKey::variant(seen.shop.clone(), product.sku.clone()),
        Entity::Variant(Variant { content, stock }),
    ))
}

/// The version of a product's content. A price that was written in bulk has the same one as the price
/// before it; of two readings the later one counts then.
pub fn version(seen: &Seen<'_>, product: &Product) -> Result<Version, Unreadable> {
    let text = product.updated_at.as_deref().unwrap_or_default();
    let platform = times::parse(text).ok_or_else(|| {
        Unreadable(format!("product {} has no date in `updated_at`: `{text}`", product.sku))
    })?;
    Ok(seen.version(platform))
}

/// A variant that is gone as of a reading.
pub fn tombstone(shop: &ShopId, sku: &str, version: Version) -> Snapshot {
    let stock = BTreeMap::from([(Location::WHOLE_SHOP, Aspect::deleted(version))]);
    Snapshot::new(
        EntityKey::variant(shop.clone(), sku),
        Entity::Variant(Variant { content: Aspect::deleted(version), stock }),
    )
}

fn content(
    product: &Product,
    now: Timestamp,
    settings: &Settings,
) -> Result<VariantContent, Unreadable> {
    let prices = Prices::of(product, &settings.zone)?;
    let what = format!("product {}", product.sku);
    let cost = product.attribute("cost").filter(|cost| !cost.is_empty());
    let cost = cost.map(|cost| decimal(cost, &what, "cost")).transpose()?;
    let weight = number_of(product.weight.as_ref(), &what, "weight")?;
    Ok(VariantContent {
        product: product.sku.clone(),
        sku: Some(product.sku.clone()),
        title: product.name.clone().unwrap_or_default().trim().to_owned(),
        price: prices.now(now),
        compare_at: prices.regular.filter(|_| prices.is_on_sale(now)),
        cost: cost.filter(|cost| *cost != Decimal::ZERO),
        // Magento itself has no field for it.
        barcode: None,
        weight: weight.zip(settings.weight_unit).and_then(|(weight, unit)| unit.grams(weight)),
        published: product.status == Some(1),
    })
}

/// What a product costs: always, and by special price within some days of the shop's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    pub regular: Option<Decimal>,
    pub special: Option<Decimal>,
    /// When the special price begins; absent: it has.
    pub from: Option<Timestamp>,
    /// When it no longer holds; absent: it does not end.
    pub until: Option<Timestamp>,
}

impl Prices {
    /// What a product shows.
    pub fn of(product: &Product, zone: &TimeZone) -> Result<Self, Unreadable> {
        let what = format!("product {}", product.sku);
        let day = |code: &str| product.attribute(code).and_then(times::day);
        let special = product.attribute("special_price").filter(|text| !text.is_empty());
        Ok(Self {
            regular: number_of(product.price.as_ref(), &what, "price")?,
            special: special.map(|text| decimal(text, &what, "special_price")).transpose()?,
            from: day("special_from_date").and_then(|day| times::begins(day, zone)),
            // The last day belongs to it.
            until: day("special_to_date")
                .and_then(times::after)
                .and_then(|day| times::begins(day, zone)),
        })
    }

    /// Whether the special price holds at a moment, and is lower.
    pub fn is_on_sale(&self, now: Timestamp) -> bool {
        let begun = self.from.is_none_or(|from| from <= now);
        let ended = self.until.is_some_and(|until| until <= now);
        let lower = self.special.zip(self.regular).is_some_and(|(special, price)| special < price);
        begun && !ended && lower
    }

    /// What it costs at a moment.
    pub fn now(&self, now: Timestamp) -> Option<Decimal> {
        if self.is_on_sale(now) { self.special } else { self.regular }
    }
}
