//! What differs between shops, SKU by SKU, and what would bring them into line: pure functions.
//!
//! Whose SKU is whose is not guessed. Where one shop has an SKU twice, or two shops write it in other
//! letters or with other spaces, it is told and never written: a person has to say first which
//! products are the same.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_model::{Decimal, Entity, EntityKey, Location, ShopId, commerce::StockPolicy};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::limits::{ALIGN_CHANGED_PERCENT_MAX, ALIGN_ZEROED_PERCENT_MAX};

/// Bytes of a listing's digest.
const DIGEST_BYTES: usize = 12;

/// A variant that one shop has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Held {
    /// The shop.
    pub shop: ShopId,
    /// The SKU as that shop writes it.
    pub sku: String,
    /// The variant's id there.
    pub variant: String,
    /// How much of it there is.
    pub stock: HeldStock,
}

/// How much of a variant there is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldStock {
    /// The shop does not count it.
    Untracked,
    /// It is counted, in one place.
    Counted {
        /// The place.
        location: Location,
        /// What can be sold.
        available: Decimal,
    },
    /// It is counted in several places, or nobody has read yet how much there is.
    Unclear,
}

impl Held {
    /// What the mirror has of a variant; nothing if it is gone or has no SKU.
    #[must_use]
    pub fn of(key: &EntityKey, entity: &Entity) -> Option<Self> {
        let variant = entity.as_variant()?;
        let sku = variant.content.value()?.sku.clone()?;
        let mut levels =
            variant.stock.iter().filter_map(|(location, level)| Some((location, level.value()?)));
        let stock = match (levels.next(), levels.next()) {
            (Some((location, level)), None) => match (level.policy, level.available) {
                (StockPolicy::Untracked, _) => HeldStock::Untracked,
                (StockPolicy::Tracked | StockPolicy::Backorder, Some(available)) => {
                    HeldStock::Counted { location: location.clone(), available }
                }
                (StockPolicy::Tracked | StockPolicy::Backorder, None) => HeldStock::Unclear,
            },
            _ => HeldStock::Unclear,
        };
        Some(Self { shop: key.shop.clone(), sku, variant: key.id.clone(), stock })
    }

    const fn available(&self) -> Option<Decimal> {
        match &self.stock {
            HeldStock::Counted { available, .. } => Some(*available),
            HeldStock::Untracked | HeldStock::Unclear => None,
        }
    }
}

/// How an SKU differs between the shops.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "difference", rename_all = "kebab-case")]
pub enum Difference {
    /// The quantities are others.
    Quantity,
    /// A shop has no such SKU.
    Missing {
        /// Which.
        shop: ShopId,
    },
    /// A shop has the SKU more than once.
    Double {
        /// Which.
        shop: ShopId,
    },
    /// The shops write it in other letters, or with other spaces.
    Spelling,
    /// A shop does not count it.
    Untracked {
        /// Which.
        shop: ShopId,
    },
    /// How much there is on a shop cannot be told: it lies in several places, or was not read yet.
    Unclear {
        /// Which.
        shop: ShopId,
    },
}

impl Difference {
    /// Whether it leaves open which variants are the same, or how much there is of one.
    const fn is_ambiguous(&self) -> bool {
        match self {
            Self::Double { .. } | Self::Spelling | Self::Unclear { .. } => true,
            Self::Quantity | Self::Missing { .. } | Self::Untracked { .. } => false,
        }
    }
}

/// An SKU that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The SKU, without spaces and in small letters.
    pub sku: String,
    /// How it differs.
    pub differences: BTreeSet<Difference>,
    /// The variants that have it, in the order of shop, spelling and id.
    pub held: Vec<Held>,
}

impl Row {
    /// The SKU as the first shop writes it.
    #[must_use]
    pub fn written(&self) -> &str {
        self.held.first().map_or(&self.sku, |held| &held.sku)
    }
}

/// What differs between the shops of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The shops that were compared.
    pub shops: BTreeSet<ShopId>,
    /// How many SKUs there are over all of them.
    pub skus: usize,
    /// Those that differ, in their order.
    pub rows: Vec<Row>,
}

impl Listing {
    /// Names what a person saw. Another listing has another one.
    #[must_use]
    pub fn digest(&self) -> String {
        // Writing plain values as JSON does not fail.
        let text = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::digest(text);
        digest.iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// An SKU without what people write in different ways.
fn folded(sku: &str) -> String {
    let spaceless = sku.chars().filter(|character| !character.is_whitespace());
    spaceless.flat_map(char::to_lowercase).collect()
}

/// Compares what shops have.
#[must_use]
pub fn compare(shops: &BTreeSet<ShopId>, held: Vec<Held>) -> Listing {
    let mut by_sku: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for held in held.into_iter().filter(|held| shops.contains(&held.shop)) {
        by_sku.entry(folded(&held.sku)).or_default().push(held);
    }
    let skus = by_sku.len();
    let rows = by_sku.into_iter().filter_map(|(sku, mut held)| {
        held.sort();
        let differences = differences(shops, &held);
        (!differences.is_empty()).then_some(Row { sku, differences, held })
    });
    Listing { shops: shops.clone(), skus, rows: rows.collect() }
}

fn differences(shops: &BTreeSet<ShopId>, held: &[Held]) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    for shop in shops {
        let mut of_shop = held.iter().filter(|held| held.shop == *shop);
        let shop = shop.clone();
        match (of_shop.next(), of_shop.next()) {
            (None, _) => {
                found.insert(Difference::Missing { shop });
            }
            (Some(_), Some(_)) => {
                found.insert(Difference::Double { shop });
            }
            (Some(one), None) => match one.stock {
                HeldStock::Untracked => {
                    found.insert(Difference::Untracked { shop });
                }
                HeldStock::Unclear => {
                    found.insert(Difference::Unclear { shop });
                }
                HeldStock::Counted { .. } => {}
            },
        }
    }
    let spellings: BTreeSet<&str> = held.iter().map(|held| &*held.sku).collect();
    if spellings.len() > 1 {
        found.insert(Difference::Spelling);
    }
    let quantities: BTreeSet<Decimal> = held.iter().filter_map(Held::available).collect();
    if quantities.len() > 1 {
        found.insert(Difference::Quantity);
    }
    found
}

/// What would be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The SKU, as its row has it.
    pub sku: String,
    /// The shop that is written to.
    pub shop: ShopId,
    /// The variant there.
    pub variant: String,
    /// The place there.
    pub location: Location,
    /// What that shop shows.
    pub before: Decimal,
    /// What the shop shows that is right.
    pub after: Decimal,
}

/// What brings the others into line with the shop that is right. Nothing is written where it is
/// ambiguous who is who, or where either side does not count.
#[must_use]
pub fn changes(rows: &[Row], right: &ShopId) -> Vec<Change> {
    let clear = rows.iter().filter(|row| !row.differences.iter().any(Difference::is_ambiguous));
    clear.flat_map(|row| changes_of(row, right)).collect()
}

fn changes_of(row: &Row, right: &ShopId) -> Vec<Change> {
    let of_right = row.held.iter().find(|held| held.shop == *right);
    let Some(after) = of_right.and_then(Held::available) else {
        return Vec::new();
    };
    let changed = |held: &Held| match &held.stock {
        HeldStock::Counted { location, available } if *available != after => Some(Change {
            sku: row.sku.clone(),
            shop: held.shop.clone(),
            variant: held.variant.clone(),
            location: location.clone(),
            before: *available,
            after,
        }),
        _ => None,
    };
    row.held.iter().filter_map(changed).collect()
}

/// How much a pass would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// SKUs over all shops.
    pub skus: usize,
    /// SKUs that are changed anywhere.
    pub changed: usize,
    /// SKUs of which there was some anywhere, and will be none.
    pub zeroed: usize,
}

impl Extent {
    /// How much these changes come to.
    #[must_use]
    pub fn of(skus: usize, changes: &[Change]) -> Self {
        let count = |counted: fn(&&Change) -> bool| {
            let counted = changes.iter().filter(counted).map(|change| &change.sku);
            counted.collect::<BTreeSet<_>>().len()
        };
        let zeroed = count(|change| change.after <= Decimal::ZERO && change.before > Decimal::ZERO);
        Self { skus, changed: count(|_| true), zeroed }
    }

    /// Whether so much waits until somebody has approved it.
    #[must_use]
    pub const fn needs_approval(&self) -> bool {
        self.changed * 100 > self.skus * ALIGN_CHANGED_PERCENT_MAX
            || self.zeroed * 100 > self.skus * ALIGN_ZEROED_PERCENT_MAX
    }
}

#[cfg(test)]
mod tests;
