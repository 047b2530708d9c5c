//! Products, and what the API shows of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::state::moment;

/// A product.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub id: u64,
    pub sku: String,
    pub name: String,
    /// In several shapes, each a product of its own.
    pub configurable: bool,
    pub price: Decimal,
    /// 1: it is sold; 2: it is not.
    pub status: u64,
    /// 1: not by itself, 4: in the catalogue and when searched for.
    pub visibility: u64,
    pub weight: Decimal,
    pub manage_stock: bool,
    pub backorders: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Attributes that not every product has, by their codes.
    pub attributes: BTreeMap<String, String>,
    /// Prices for groups, by group and quantity.
    pub tiers: BTreeMap<(String, Decimal), Decimal>,
    /// Its shapes, by id.
    pub shapes: Vec<u64>,
}

impl Product {
    pub(crate) fn is_for_sale(&self) -> bool {
        !self.configurable && self.status == 1
    }

    /// What it costs just now: its special price, where it has one without days.
    pub(crate) fn price_now(&self) -> Decimal {
        let special = self.attributes.get("special_price").and_then(|text| text.parse().ok());
        let days = ["special_from_date", "special_to_date"];
        let has_days = days.iter().any(|code| self.attributes.contains_key(*code));
        special.filter(|special| !has_days && *special < self.price).unwrap_or(self.price)
    }

    /// What the API shows of it: how it is counted only where it is asked for by its SKU.
    pub(crate) fn json(&self, whole: bool) -> Value {
        let mut extension = json!({ "website_ids": [1] });
        if whole {
            extension["stock_item"] = json!({
                "item_id": self.id, "product_id": self.id, "stock_id": 1, "qty": 0,
                "is_in_stock": true, "is_qty_decimal": false, "use_config_min_qty": true,
                "min_qty": 0, "use_config_backorders": !self.backorders,
                "backorders": i64::from(self.backorders),
                "use_config_manage_stock": self.manage_stock, "manage_stock": self.manage_stock,
            });
        }
        if self.configurable {
            extension["configurable_product_links"] = json!(self.shapes);
        }
        let mut attributes = vec![
            json!({ "attribute_code": "options_container", "value": "container2" }),
            json!({ "attribute_code": "category_ids", "value": [] }),
        ];
        let own =
            |(code, value): (&String, &String)| json!({ "attribute_code": code, "value": value });
        attributes.extend(self.attributes.iter().map(own));
        json!({
            "id": self.id,
            "sku": self.sku,
            "name": self.name,
            "attribute_set_id": 4,
            "price": number(self.price),
            "status": self.status,
            "visibility": self.visibility,
            "type_id": if self.configurable { "configurable" } else { "simple" },
            "created_at": moment(self.created_at),
            "updated_at": moment(self.updated_at),
            "weight": number(self.weight),
            "extension_attributes": extension,
            "product_links": [],
            "options": [],
            "media_gallery_entries": [],
            "tier_prices": [],
            "custom_attributes": attributes,
        })
    }
}

/// A number as PHP writes it: no zeros that say nothing.
pub(crate) fn number(number: Decimal) -> Value {
    serde_json::from_str(&number.normalize().to_string()).unwrap_or_default()
}
