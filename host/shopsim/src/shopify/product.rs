//! Products, their variants, and what lies where of them, as the API shows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::amounts::cents;
use super::ids::{gid, moment};
use super::state::State;

/// A product.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub id: u64,
    pub title: String,
    pub description: String,
    /// Whether it is sold; a draft otherwise.
    pub active: bool,
    pub tags: Vec<String>,
    pub seo_title: String,
    pub seo_description: String,
    pub updated_at: Timestamp,
}

/// What is sold of a product. Its inventory item has its number.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub id: u64,
    pub product: u64,
    pub sku: String,
    /// The option it stands for.
    pub title: String,
    pub price: Decimal,
    pub compare_at: Option<Decimal>,
    /// Whether it is counted.
    pub tracked: bool,
    /// Whether it is sold when there is none left.
    pub oversold: bool,
    /// What lies where, by the place's number.
    pub levels: BTreeMap<u64, Level>,
    pub updated_at: Timestamp,
}

/// What lies in a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub available: i64,
    /// Sold, and not yet sent.
    pub committed: i64,
    pub updated_at: Timestamp,
}

impl Variant {
    pub(crate) fn available(&self) -> i64 {
        self.levels.values().map(|level| level.available).sum()
    }

    const fn policy(&self) -> &'static str {
        if self.oversold { "CONTINUE" } else { "DENY" }
    }

    /// What the shop's older API says of it, which is what deliveries have.
    pub(crate) fn payload(&self) -> Value {
        json!({
            "id": self.id, "product_id": self.product, "sku": self.sku,
            "title": self.title, "price": cents(self.price).to_string(),
            "inventory_item_id": self.id, "updated_at": moment(self.updated_at),
            "admin_graphql_api_id": gid("ProductVariant", self.id),
        })
    }
}

impl Level {
    pub(crate) fn json(&self, place: u64) -> Value {
        let at = moment(self.updated_at);
        let quantity = |name: &str, quantity: i64| json!({ "name": name, "quantity": quantity, "updatedAt": at });
        json!({
            "updatedAt": at,
            "location": { "legacyResourceId": place.to_string() },
            "quantities": [
                quantity("available", self.available),
                quantity("on_hand", self.available + self.committed),
            ],
        })
    }
}

impl Product {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": gid("Product", self.id),
            "legacyResourceId": self.id.to_string(),
            "title": self.title,
            "descriptionHtml": self.description,
            "status": if self.active { "ACTIVE" } else { "DRAFT" },
            "tags": self.tags,
            "seo": { "title": self.seo_title, "description": self.seo_description },
            "updatedAt": moment(self.updated_at),
        })
    }
}

impl State {
    pub(crate) fn variant_json(&self, variant: &Variant) -> Value {
        let levels = variant.levels.iter().map(|(place, level)| level.json(*place));
        let product = self.products.get(&variant.product).map(Product::json).unwrap_or_default();
        json!({
            "id": gid("ProductVariant", variant.id),
            "legacyResourceId": variant.id.to_string(),
            "title": variant.title,
            "sku": variant.sku,
            "barcode": null,
            "price": cents(variant.price).to_string(),
            "compareAtPrice": variant.compare_at.map(|price| cents(price).to_string()),
            "inventoryPolicy": variant.policy(),
            "updatedAt": moment(variant.updated_at),
            "product": product,
            "inventoryItem": {
                "id": gid("InventoryItem", variant.id),
                "tracked": variant.tracked,
                "unitCost": null,
                "measurement": { "weight": { "unit": "KILOGRAMS", "value": 0.4 } },
                "inventoryLevels": levels.collect::<Vec<_>>(),
            },
        })
    }

    /// A level in the list of a place's.
    pub(crate) fn level_json(&self, variant: &Variant, place: u64, level: &Level) -> Value {
        let mut json = level.json(place);
        json["item"] = json!({
            "tracked": variant.tracked,
            "variants": [{
                "legacyResourceId": variant.id.to_string(),
                "inventoryPolicy": variant.policy(),
            }],
        });
        json
    }

    pub(crate) fn by_sku(&self, sku: &str) -> Option<&Variant> {
        self.skus.get(sku).and_then(|id| self.variants.get(id))
    }

    /// Units that can be sold. Absent: there is no such SKU, or nobody counts.
    pub(crate) fn available(&self, sku: &str) -> Option<i64> {
        self.by_sku(sku).filter(|variant| variant.tracked).map(Variant::available)
    }

    pub(crate) fn is_for_sale(&self, variant: &Variant) -> bool {
        self.products.get(&variant.product).is_some_and(|product| product.active)
    }

    /// Moves what can be sold of a variant in a place, and what is sold and not yet sent.
    pub(crate) fn move_level(&mut self, variant: u64, place: u64, available: i64, committed: i64) {
        let now = self.now();
        let Some(known) = self.variants.get_mut(&variant).filter(|variant| variant.tracked) else {
            return;
        };
        let Some(level) = known.levels.get_mut(&place) else { return };
        level.available += available;
        level.committed += committed;
        level.updated_at = now;
        let payload = json!({
            "inventory_item_id": variant, "location_id": place, "available": level.available,
            "updated_at": moment(now),
        });
        self.tell("inventory_levels/update", variant, &payload);
    }

    /// Tells of a product that was changed.
    pub(crate) fn product_changed(&mut self, product: u64) {
        let now = self.now();
        let Some(known) = self.products.get_mut(&product) else { return };
        known.updated_at = now;
        let payload = self.product_payload(product);
        self.tell("products/update", product, &payload);
    }

    pub(crate) fn product_payload(&self, product: u64) -> Value {
        let variants = self.variants.values().filter(|variant| variant.product == product);
        let title = self.products.get(&product).map(|product| product.title.as_str());
        json!({
            "id": product,
            "title": title,
            "variants": variants.map(Variant::payload).collect::<Vec<_>>(),
        })
    }
}
