//! Orders, as they are kept and shown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Number, Value, json};

use super::fields::{Fields, date, id, money, object, objects, objects_mut, set, text};
use super::item::hints;
use super::market::{Market, Taxed, cents};

/// An order.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// What `/orders/{id}` shows, without `_links`, lines with six decimals.
    pub fields: Fields,
    /// Whether its units are out of stock now; the API does not show it.
    pub stock_reduced: bool,
    /// When its refunds were made, by their ids. Of a captured order they are not known.
    pub refunded_at: BTreeMap<u64, Timestamp>,
}

/// Statuses an order may be set to.
pub(crate) const STATUSES: [&str; 9] = [
    "auto-draft",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
];

const ORDER_MONEY: [&str; 7] = [
    "discount_total",
    "discount_tax",
    "shipping_total",
    "shipping_tax",
    "cart_tax",
    "total",
    "total_tax",
];
const LINE_LISTS: [&str; 6] =
    ["line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines", "refunds"];
const LINE_MONEY: [&str; 8] = [
    "subtotal",
    "subtotal_tax",
    "total",
    "total_tax",
    "tax_total",
    "shipping_tax_total",
    "discount",
    "discount_tax",
];

impl Order {
    /// A captured order.
    pub(crate) fn captured(captured: Fields) -> Self {
        let mut fields = captured;
        fields.remove("_links");
        Self { fields, stock_reduced: false, refunded_at: BTreeMap::new() }
    }

    pub(crate) fn id(&self) -> u64 {
        id(&self.fields, "id")
    }

    pub(crate) fn status(&self) -> &str {
        text(&self.fields, "status")
    }

    pub(crate) fn modified(&self) -> Option<Timestamp> {
        date(&self.fields, "modified")
    }

    /// Sets the status and what is worked out from it.
    pub(crate) fn set_status(&mut self, status: &str) {
        let fields = &mut self.fields;
        set(fields, "status", status);
        let unpaid = matches!(status, "pending" | "failed" | "checkout-draft");
        let payable = unpaid && money(fields, "total") > Decimal::ZERO;
        set(fields, "needs_payment", payable);
        set(fields, "is_editable", matches!(status, "pending" | "on-hold" | "auto-draft"));
    }

    /// What `/orders/{id}` shows with this many decimals.
    pub(crate) fn json(&self, home: &str, decimals: u32) -> Value {
        let mut fields = self.fields.clone();
        set_decimals(&mut fields, &ORDER_MONEY, decimals);
        for list in LINE_LISTS {
            for line in objects_mut(&mut fields, list) {
                set_decimals(line, &LINE_MONEY, decimals);
                for tax in objects_mut(line, "taxes") {
                    set_decimals(tax, &LINE_MONEY, decimals);
                }
            }
        }
        let collection = format!("{home}/wp-json/wc/v3/orders");
        let own = format!("{collection}/{}", self.id());
        let templates = format!("{own}/actions/email_templates");
        let links = json!({
            "self": [{ "href": own, "targetHints": hints() }],
            "collection": [{ "href": collection }],
            "email_templates": [{ "embeddable": true, "href": templates }],
        });
        set(&mut fields, "_links", links);
        Value::Object(fields)
    }

    /// Fills the totals from the lines, each in cents, so that lines and order add up.
    pub(crate) fn sum_up(&mut self, market: &Market) {
        let fields = &self.fields;
        let sum = |list: &str, key: &str| -> Decimal {
            objects(fields, list).map(|line| cents(money(line, key))).sum()
        };
        let cart_tax = sum("line_items", "total_tax");
        let shipping = sum("shipping_lines", "total");
        let shipping_tax = sum("shipping_lines", "total_tax");
        let total = sum("line_items", "total") + cart_tax + shipping + shipping_tax;
        for (key, amount) in [
            ("discount_total", Decimal::ZERO),
            ("discount_tax", Decimal::ZERO),
            ("shipping_total", shipping),
            ("shipping_tax", shipping_tax),
            ("cart_tax", cart_tax),
            ("total", total),
            ("total_tax", cart_tax + shipping_tax),
        ] {
            set(&mut self.fields, key, amount_text(amount, 2));
        }
        for line in objects_mut(&mut self.fields, "tax_lines") {
            set(line, "tax_total", amount_text(cart_tax, 2));
            set(line, "shipping_tax_total", amount_text(shipping_tax, 2));
            set(line, "rate_percent", number(market.rate_percent));
        }
    }
}

/// The amounts of a line of goods.
pub(crate) fn goods_amounts(market: &Market, price: Decimal, quantity: i64) -> Fields {
    let Taxed { net, tax } = market.taxed(price * Decimal::from(quantity));
    let line_tax = market.tax_cents(tax);
    let each = net.to_f64().unwrap_or(0.0) / quantity.to_f64().unwrap_or(1.0);
    object(json!({
        "subtotal": amount_text(net, 6),
        "subtotal_tax": amount_text(line_tax, 6),
        "total": amount_text(net, 6),
        "total_tax": amount_text(line_tax, 6),
        "taxes": [{
            "id": market.rate_id,
            "total": amount_text(tax, 6),
            "subtotal": amount_text(tax, 6),
        }],
        "price": float(each),
    }))
}

/// The amounts of the shipping line.
pub(crate) fn shipping_amounts(market: &Market, net: Decimal) -> Fields {
    let tax = net * market.rate_percent / Decimal::ONE_HUNDRED;
    object(json!({
        "total": amount_text(net, 2),
        "total_tax": amount_text(cents(tax), 2),
        "taxes": [{ "id": market.rate_id, "total": amount_text(tax, 6), "subtotal": "" }],
    }))
}

/// An amount as text with that many decimals.
pub(crate) fn amount_text(amount: Decimal, decimals: u32) -> String {
    let rounded = amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    format!("{rounded:.*}", decimals as usize)
}

fn set_decimals(fields: &mut Fields, keys: &[&str], decimals: u32) {
    for key in keys {
        // An empty text stays empty, and some amounts of coupons are numbers.
        if let Ok(amount) = text(fields, key).parse::<Decimal>() {
            set(fields, key, amount_text(amount, decimals));
        }
    }
}

fn number(amount: Decimal) -> Value {
    amount.to_f64().map_or(Value::Null, float)
}

fn float(amount: f64) -> Value {
    Number::from_f64(amount).map_or(Value::Null, Value::Number)
}
