//! Coupons.
//!
//! How they are spread over a cart and what orders show of them was observed. The endpoints were
//! not: their shape is that of the vendor's documentation.

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::discounts::Discount;
use super::fields::{Fields, date, id, money, object, set, set_date, text};
use super::item::hints;
use super::market::Market;
use super::state::State;
use crate::ledger::LedgerEvent;

/// What a coupon may take off.
pub(crate) const DISCOUNT_TYPES: [&str; 3] = ["percent", "fixed_cart", "fixed_product"];
/// Restrictions that are stored, but that no checkout here looks at.
const RESTRICTIONS: [&str; 9] = [
    "individual_use",
    "excluded_product_ids",
    "usage_limit_per_user",
    "limit_usage_to_x_items",
    "product_categories",
    "excluded_product_categories",
    "exclude_sale_items",
    "email_restrictions",
    "free_shipping",
];

/// A coupon.
#[derive(Debug, Clone)]
pub(crate) struct Coupon {
    /// What `/coupons/{id}` shows, without `_links`.
    pub fields: Fields,
}

impl Coupon {
    /// One that nothing was filled in yet.
    pub(crate) fn new(coupon: u64, code: &str, now: Timestamp, market: &Market) -> Self {
        let mut fields = object(json!({
            "id": coupon,
            "code": code.to_lowercase(),
            "amount": "0.00",
            "status": "publish",
            "discount_type": "fixed_cart",
            "description": "",
            "date_expires": null,
            "date_expires_gmt": null,
            "usage_count": 0,
            "individual_use": false,
            "product_ids": [],
            "excluded_product_ids": [],
            "usage_limit": null,
            "usage_limit_per_user": null,
            "limit_usage_to_x_items": null,
            "free_shipping": false,
            "product_categories": [],
            "excluded_product_categories": [],
            "exclude_sale_items": false,
            "minimum_amount": "0.00",
            "maximum_amount": "0.00",
            "email_restrictions": [],
            "used_by": [],
            "meta_data": [],
        }));
        set_date(&mut fields, "created", Some(now), market);
        set_date(&mut fields, "modified", Some(now), market);
        Self { fields }
    }

    pub(crate) fn id(&self) -> u64 {
        id(&self.fields, "id")
    }

    pub(crate) fn code(&self) -> &str {
        text(&self.fields, "code")
    }

    pub(crate) fn amount(&self) -> Decimal {
        money(&self.fields, "amount")
    }

    /// What it takes off a cart.
    pub(crate) fn discount(&self) -> Discount {
        let cents = (self.amount() * Decimal::ONE_HUNDRED).to_i64().unwrap_or(0);
        match text(&self.fields, "discount_type") {
            "percent" => Discount::Percent(self.amount()),
            "fixed_product" => Discount::Unit(cents),
            _ => Discount::Cart(cents),
        }
    }

    /// Whether it is for this product or variation.
    pub(crate) fn applies_to(&self, item: u64, parent: Option<u64>) -> bool {
        let only = self.fields.get("product_ids").and_then(Value::as_array);
        let only: Vec<u64> = only.into_iter().flatten().filter_map(Value::as_u64).collect();
        only.is_empty() || only.contains(&item) || parent.is_some_and(|id| only.contains(&id))
    }

    /// Why it cannot be used for goods of this price, now.
    pub(crate) fn refusal(&self, goods: Decimal, now: Timestamp) -> Option<&'static str> {
        let limit = self.fields.get("usage_limit").and_then(Value::as_u64);
        let used = id(&self.fields, "usage_count");
        let most = money(&self.fields, "maximum_amount");
        if date(&self.fields, "expires").is_some_and(|at| at < now) {
            Some("it has expired")
        } else if limit.is_some_and(|limit| used >= limit) {
            Some("it was used as often as it may be")
        } else if goods < money(&self.fields, "minimum_amount") {
            Some("the goods cost too little")
        } else if !most.is_zero() && goods > most {
            Some("the goods cost too much")
        } else {
            None
        }
    }

    /// A restriction it has that a checkout here would pass over.
    pub(crate) fn restriction(&self) -> Option<&'static str> {
        RESTRICTIONS.into_iter().find(|name| match self.fields.get(*name) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Array(entries)) => !entries.is_empty(),
            Some(_) => true,
        })
    }

    /// What `/coupons/{id}` shows.
    pub(crate) fn json(&self, home: &str) -> Value {
        let mut fields = self.fields.clone();
        let collection = format!("{home}/wp-json/wc/v3/coupons");
        let own = format!("{collection}/{}", self.id());
        let links = json!({
            "self": [{ "href": own, "targetHints": hints() }],
            "collection": [{ "href": collection }],
        });
        set(&mut fields, "_links", links);
        Value::Object(fields)
    }
}

impl State {
    /// The coupon with this code, whatever its letters' case.
    pub(crate) fn coupon_by_code(&self, code: &str) -> Option<&Coupon> {
        let wanted = code.to_lowercase();
        self.coupons.values().find(|coupon| coupon.code() == wanted)
    }

    /// Notes a change of a coupon, and enters it in the ledger.
    pub(crate) fn updated_coupon(&mut self, coupon: u64) {
        let now = self.now();
        let Some(coupon) = self.coupons.get_mut(&coupon) else {
            return;
        };
        set_date(&mut coupon.fields, "modified", Some(now), &self.market);
        self.ledger.add(LedgerEvent::CouponWritten {
            coupon: coupon.id(),
            code: coupon.code().to_owned(),
            discount_type: text(&coupon.fields, "discount_type").to_owned(),
            amount: text(&coupon.fields, "amount").to_owned(),
        });
    }
}
