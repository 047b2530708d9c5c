//! What somebody wants to buy, priced, and the lines of an order that come of it.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::discounts::{Discountable, spread};
use super::fields::{line_meta, money, objects, set, text};
use super::market::cents;
use super::order::number;
use super::settings::Place;
use super::state::State;
use super::totals::Taxed;

/// Goods, coupons, and where they go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cart {
    pub lines: Vec<CartLine>,
    /// Ids of coupons, in the order they were given.
    pub coupons: Vec<u64>,
    pub to: Place,
}

/// Units of a product or variation; an id that no product has is a line of nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CartLine {
    pub item: u64,
    pub quantity: i64,
}

/// A cart's lines before and after its coupons, and what each coupon takes off each line.
pub(crate) struct Priced {
    pub before: Vec<Taxed>,
    pub after: Vec<Taxed>,
    cents_off: Vec<Vec<i64>>,
}

/// Where an order is made; the two round the sums of coupons in their own ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MadeBy {
    Checkout,
    Api,
}

impl State {
    /// The tax class of a product or variation; one that takes its product's shows the product's.
    pub(crate) fn tax_class(&self, item: u64) -> String {
        let Some(item) = self.items.get(&item) else {
            return String::new();
        };
        let own = text(&item.fields, "tax_class");
        if own == "parent" {
            return item.parent().map(|parent| self.tax_class(parent)).unwrap_or_default();
        }
        own.to_owned()
    }

    /// What a cart comes to, line by line.
    pub(crate) fn price_cart(&self, cart: &Cart, by: MadeBy) -> Priced {
        let entered: Vec<Decimal> = cart
            .lines
            .iter()
            .map(|line| {
                let item = self.items.get(&line.item);
                let price = item.map(|item| money(&item.fields, "price")).unwrap_or_default();
                price * Decimal::from(line.quantity)
            })
            .collect();
        let mut taken = vec![0; cart.lines.len()];
        let mut cents_off = Vec::new();
        for coupon in cart.coupons.iter().filter_map(|coupon| self.coupons.get(coupon)) {
            let lines: Vec<Discountable> = cart
                .lines
                .iter()
                .zip(&entered)
                .map(|(line, entered)| Discountable {
                    cents: in_cents(*entered),
                    quantity: line.quantity,
                    applies: coupon.applies_to(
                        line.item,
                        self.items.get(&line.item).and_then(super::item::Item::parent),
                    ),
                })
                .collect();
            let off = spread(coupon.discount(), &lines, &taken);
            taken.iter_mut().zip(&off).for_each(|(taken, off)| *taken += off);
            cents_off.push(off);
        }
        let taxed = |line: &CartLine, entered: Decimal| self.taxed(line.item, entered, &cart.to);
        let lines = || cart.lines.iter().zip(&entered);
        let after = lines().zip(&taken).map(|((line, entered), taken)| {
            let off = Decimal::new(*taken, 2);
            match by {
                MadeBy::Checkout => taxed(line, *entered - off),
                // Here what is off is taken from the amount without tax, which was rounded before.
                MadeBy::Api => {
                    let net = taxed(line, *entered).net - taxed(line, off).net;
                    let class = self.tax_class(line.item);
                    Taxed::on_top(net, &self.settings.rates(&class, &cart.to))
                }
            }
        });
        Priced {
            after: after.collect(),
            before: lines().map(|(line, entered)| taxed(line, *entered)).collect(),
            cents_off,
        }
    }

    fn taxed(&self, item: u64, entered: Decimal, to: &Place) -> Taxed {
        self.settings.taxed(entered, &self.tax_class(item), &self.market.place(), to)
    }

    /// The lines of goods of an order.
    pub(crate) fn goods_lines(&mut self, cart: &Cart, priced: &Priced) -> Vec<Value> {
        let amounts = priced.before.iter().zip(&priced.after);
        let lines = cart.lines.iter().zip(amounts);
        lines.map(|(line, (before, after))| self.goods_line(line, before, after)).collect()
    }

    fn goods_line(&mut self, line: &CartLine, before: &Taxed, after: &Taxed) -> Value {
        let row = self.take_row_id();
        let mut fields = self.settings.goods_amounts(before, after, line.quantity);
        let item = self.items.get(&line.item).cloned();
        let parent = item.as_ref().and_then(super::item::Item::parent);
        let mut meta = Vec::new();
        if let Some(item) = item.as_ref().filter(|_| parent.is_some()) {
            for attribute in objects(&item.fields, "attributes") {
                let (key, label) = (text(attribute, "slug"), text(attribute, "name"));
                let meta_row = self.take_row_id();
                meta.push(line_meta(meta_row, key, label, text(attribute, "option")));
            }
        }
        let missing = self.backordered(line);
        if missing > 0 {
            let meta_row = self.take_row_id();
            meta.push(line_meta(meta_row, "Backordered", "Backordered", &missing.to_string()));
        }
        let of_item = |key: &str| item.as_ref().map(|item| text(&item.fields, key).to_owned());
        let product = if item.is_some() { parent.unwrap_or(line.item) } else { 0 };
        // Without a picture the shop's id is text for a product and a number for all else.
        let is_product = item.is_some() && parent.is_none();
        let no_picture = if is_product { json!("") } else { json!(0) };
        let parent_name = parent.and_then(|id| self.items.get(&id)).map(|item| item.name());
        for (key, value) in [
            ("id", json!(row)),
            ("name", json!(of_item("name").unwrap_or_default())),
            ("product_id", json!(product)),
            ("variation_id", json!(if parent.is_some() { line.item } else { 0 })),
            ("quantity", json!(line.quantity)),
            ("tax_class", json!(self.tax_class(line.item))),
            ("meta_data", json!(meta)),
            ("sku", item.as_ref().map_or(Value::Null, |item| json!(item.sku()))),
            ("global_unique_id", json!(of_item("global_unique_id"))),
            ("image", json!({ "id": no_picture, "src": "" })),
            ("parent_name", json!(parent_name)),
        ] {
            set(&mut fields, key, value);
        }
        Value::Object(fields)
    }

    /// Units of a line that are not there, of a product that says so.
    fn backordered(&self, line: &CartLine) -> i64 {
        let owner = self.stock_owner(line.item).and_then(|owner| self.items.get(&owner));
        owner
            .filter(|owner| owner.backorders() == "notify")
            .and_then(|owner| owner.quantity())
            .map_or(0, |available| line.quantity - available.max(0))
    }

    /// The lines of the cart's coupons.
    pub(crate) fn coupon_lines(&mut self, cart: &Cart, priced: &Priced, by: MadeBy) -> Vec<Value> {
        let given = cart.coupons.clone().into_iter().zip(&priced.cents_off);
        given.filter_map(|(coupon, off)| self.coupon_line(coupon, cart, off, by)).collect()
    }

    fn coupon_line(&mut self, id: u64, cart: &Cart, off: &[i64], by: MadeBy) -> Option<Value> {
        let (row, meta_row) = (self.take_row_id(), self.take_row_id());
        let coupon = self.coupons.get(&id)?;
        let taxes: Decimal = cart
            .lines
            .iter()
            .zip(off)
            .map(|(line, off)| {
                let parts = self.taxed(line.item, Decimal::new(*off, 2), &cart.to).taxes;
                let tax = parts.into_iter().map(|(_, tax)| tax).sum();
                let whole = by == MadeBy::Api && !self.settings.round_at_subtotal;
                if whole { self.settings.tax_cents(tax) } else { tax }
            })
            .sum();
        let entered = Decimal::new(off.iter().sum(), 2);
        let net = if self.settings.prices_include_tax { entered - taxes } else { entered };
        let shown = |amount: Decimal| {
            let decimals = if by == MadeBy::Checkout { 2 } else { 6 };
            let half = RoundingStrategy::MidpointTowardZero;
            amount.round_dp_with_strategy(decimals, half).normalize().to_string()
        };
        let kind = text(&coupon.fields, "discount_type");
        let named = if kind == "fixed_cart" { Value::Null } else { json!(kind) };
        let amount = number(coupon.amount());
        let info = super::php_json::encode(&json!([id, coupon.code(), named, amount]));
        Some(json!({
            "id": row,
            "code": coupon.code(),
            "discount": shown(net),
            "discount_tax": shown(taxes),
            "meta_data": [line_meta(meta_row, "coupon_info", "coupon_info", &info)],
            "discount_type": kind,
            "nominal_amount": amount,
            "free_shipping": coupon.fields.get("free_shipping"),
        }))
    }
}

fn in_cents(amount: Decimal) -> i64 {
    (cents(amount) * Decimal::ONE_HUNDRED).to_i64().unwrap_or(0)
}
