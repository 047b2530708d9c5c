//! The amounts of an order: its lines, their taxes, and what they add up to.
//!
//! Lines are kept without tax and with six decimals. Rounding line by line, which is the default,
//! means that each line and each tax of it counts in cents; a half cent of tax goes down where
//! prices have it inside, so that net and tax make the price again. Rounding at the subtotal adds up
//! what was not rounded, so lines shown in cents need not add up to the order.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::fields::{Fields, id, money, object, objects, set, text};
use super::market::cents;
use super::order::{Order, amount_text, float, number};
use super::settings::{Place, Settings, TaxRate};

/// An amount without tax, and its taxes by id of the rate, six decimals each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taxed {
    pub net: Decimal,
    pub taxes: Vec<(u64, Decimal)>,
}

impl Taxed {
    /// An amount without tax, with these rates on top.
    pub(crate) fn on_top(net: Decimal, rates: &[&TaxRate]) -> Self {
        let tax = |rate: &&TaxRate| (rate.id, six(net * rate.percent / Decimal::ONE_HUNDRED));
        Self { net: six(net), taxes: rates.iter().map(tax).collect() }
    }

    /// An amount with these rates inside.
    pub(crate) fn inside(gross: Decimal, rates: &[&TaxRate]) -> Self {
        let percent: Decimal = rates.iter().map(|rate| rate.percent).sum();
        let net = gross * Decimal::ONE_HUNDRED / (Decimal::ONE_HUNDRED + percent);
        let tax = |rate: &&TaxRate| (rate.id, six(net * rate.percent / Decimal::ONE_HUNDRED));
        Self { net: six(net), taxes: rates.iter().map(tax).collect() }
    }

    fn tax_of(&self, rate: u64) -> Decimal {
        self.taxes.iter().find(|(known, _)| *known == rate).map_or(Decimal::ZERO, |(_, tax)| *tax)
    }
}

impl Settings {
    /// What an entered price comes to at a place, for a tax class.
    pub(crate) fn taxed(&self, entered: Decimal, class: &str, base: &Place, to: &Place) -> Taxed {
        let rates = self.rates(class, to);
        if !self.prices_include_tax {
            return Taxed::on_top(entered, &rates);
        }
        let at_home = self.rates(class, base);
        if at_home == rates {
            return Taxed::inside(entered, &rates);
        }
        Taxed::on_top(Taxed::inside(entered, &at_home).net, &rates)
    }

    /// A tax in cents. With the tax inside prices a half cent goes down.
    pub(crate) fn tax_cents(&self, tax: Decimal) -> Decimal {
        let half = if self.prices_include_tax {
            RoundingStrategy::MidpointTowardZero
        } else {
            RoundingStrategy::MidpointAwayFromZero
        };
        tax.round_dp_with_strategy(2, half)
    }

    /// A tax as it counts for a line.
    fn tax_of_line(&self, tax: Decimal) -> Decimal {
        if self.round_at_subtotal { tax } else { self.tax_cents(tax) }
    }

    fn net_of_line(&self, net: Decimal) -> Decimal {
        if self.round_at_subtotal { net } else { cents(net) }
    }

    fn tax_total(&self, taxes: &[(u64, Decimal)]) -> Decimal {
        taxes.iter().map(|(_, tax)| self.tax_of_line(*tax)).sum()
    }

    /// The amounts of a line of goods before and after discounts.
    pub(crate) fn goods_amounts(&self, before: &Taxed, after: &Taxed, quantity: i64) -> Fields {
        let taxes = after.taxes.iter().map(|(rate, tax)| {
            let subtotal = amount_text(before.tax_of(*rate), 6);
            json!({ "id": rate, "total": amount_text(*tax, 6), "subtotal": subtotal })
        });
        object(json!({
            "subtotal": amount_text(before.net, 6),
            "subtotal_tax": amount_text(self.tax_total(&before.taxes), 6),
            "total": amount_text(after.net, 6),
            "total_tax": amount_text(self.tax_total(&after.taxes), 6),
            "taxes": taxes.collect::<Vec<Value>>(),
            "price": unit_price(after.net, quantity),
        }))
    }

    /// The amounts of a line of sending or of a fee.
    pub(crate) fn other_amounts(&self, amount: &Taxed) -> Fields {
        let taxes = amount.taxes.iter().map(
            |(rate, tax)| json!({ "id": rate, "total": amount_text(*tax, 6), "subtotal": "" }),
        );
        object(json!({
            "total": amount_text(amount.net, 6),
            "total_tax": amount_text(self.tax_total(&amount.taxes), 6),
            "taxes": taxes.collect::<Vec<Value>>(),
        }))
    }

    /// The taxes of an order's lines by rate, in the order in which the rates appear: goods and fees
    /// together, sending apart.
    fn taxes_by_rate(&self, order: &Order) -> Vec<(u64, Decimal, Decimal)> {
        let mut sums: Vec<(u64, Decimal, Decimal)> = Vec::new();
        for list in ["line_items", "fee_lines", "shipping_lines"] {
            for tax in objects(&order.fields, list).flat_map(|line| objects(line, "taxes")) {
                let (rate, amount) = (id(tax, "id"), self.tax_of_line(money(tax, "total")));
                let at = sums.iter().position(|(known, ..)| *known == rate).unwrap_or_else(|| {
                    sums.push((rate, Decimal::ZERO, Decimal::ZERO));
                    sums.len() - 1
                });
                let (_, goods, shipping) = &mut sums[at];
                *(if list == "shipping_lines" { shipping } else { goods }) += amount;
            }
        }
        sums
    }

    /// Fills an order's totals and tax lines from its lines. Tax lines that are there already keep
    /// their ids.
    pub(crate) fn sum_up(&self, order: &mut Order, mut take_row: impl FnMut() -> u64) {
        let taxes = self.taxes_by_rate(order);
        let tax_lines: Vec<Value> = taxes
            .iter()
            .filter_map(|(rate, goods, shipping)| {
                let known = objects(&order.fields, "tax_lines")
                    .find(|line| id(line, "rate_id") == *rate)
                    .map(|line| id(line, "id"));
                let rate = self.tax_rates.iter().find(|known| known.id == *rate)?;
                let row = known.unwrap_or_else(&mut take_row);
                Some(tax_line(row, rate, *goods, *shipping))
            })
            .collect();
        let fields = &order.fields;
        let sum = |list: &str, key: &str| -> Decimal {
            objects(fields, list).map(|line| money(line, key)).sum()
        };
        let goods = |key: &str| -> Decimal {
            objects(fields, "line_items").map(|line| self.net_of_line(money(line, key))).sum()
        };
        let taxes_of = |key: &str| -> Decimal {
            let all = objects(fields, "line_items").flat_map(|line| objects(line, "taxes"));
            all.map(|tax| money(tax, key)).sum()
        };
        let cart_tax: Decimal = taxes.iter().map(|(_, goods, _)| *goods).sum();
        let shipping_tax: Decimal = taxes.iter().map(|(.., shipping)| *shipping).sum();
        let shipping = sum("shipping_lines", "total");
        let others = shipping + sum("fee_lines", "total");
        let discount_tax = taxes_of("subtotal") - taxes_of("total");
        let amounts = [
            ("discount_total", cents(goods("subtotal") - goods("total"))),
            ("discount_tax", self.tax_cents(discount_tax)),
            ("shipping_total", shipping),
            ("shipping_tax", shipping_tax),
            ("cart_tax", cart_tax),
            ("total", cents(goods("total") + others + cart_tax + shipping_tax)),
            ("total_tax", self.tax_cents(cart_tax + shipping_tax)),
        ];
        set(&mut order.fields, "tax_lines", tax_lines);
        for (key, amount) in amounts {
            set(&mut order.fields, key, amount_text(amount, 6));
        }
    }

    /// The taxes of a fee that takes something off: spread over what the order's lines cost, each
    /// part at its own rate.
    pub(crate) fn rebate(&self, amount: Decimal, order: &Fields, to: &Place) -> Taxed {
        let mut costs: Vec<(String, Decimal)> = Vec::new();
        for line in objects(order, "line_items") {
            let (class, total) = (text(line, "tax_class"), money(line, "total"));
            match costs.iter_mut().find(|(known, _)| known == class) {
                Some((_, sum)) => *sum += total,
                None => costs.push((class.to_owned(), total)),
            }
        }
        let all: Decimal = costs.iter().map(|(_, cost)| *cost).sum();
        let mut taxes: Vec<(u64, Decimal)> = Vec::new();
        for (class, cost) in costs.into_iter().filter(|_| !all.is_zero()) {
            let part = Taxed::on_top(amount * cost / all, &self.rates(&class, to));
            taxes.extend(part.taxes);
        }
        Taxed { net: amount, taxes }
    }
}

fn tax_line(row: u64, rate: &TaxRate, goods: Decimal, shipping: Decimal) -> Value {
    json!({
        "id": row,
        "rate_code": rate.code(),
        "rate_id": rate.id,
        "label": rate.label,
        "compound": false,
        "tax_total": amount_text(goods, 6),
        "shipping_tax_total": amount_text(shipping, 6),
        "rate_percent": number(rate.percent),
        "meta_data": [],
    })
}

/// What one unit comes to without tax.
pub(crate) fn unit_price(net: Decimal, quantity: i64) -> Value {
    let units = quantity.max(1).to_f64().unwrap_or(1.0);
    float(net.to_f64().unwrap_or(0.0) / units)
}

fn six(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::woocommerce::market::Market;

    #[test]
    fn net_and_tax_in_cents_make_the_price_again() {
        let market = Market::of_currency("EUR").unwrap();
        let (settings, home) = (Settings::of(&market), market.place());
        for class in ["", "reduced-rate", "super-ridotta"] {
            for price in 1..5000 {
                let gross = Decimal::new(price, 2);
                let taxed = settings.taxed(gross, class, &home, &home);
                let tax = settings.tax_cents(taxed.taxes[0].1);
                assert_eq!(cents(taxed.net) + tax, gross, "{class}");
            }
        }
    }

    #[test]
    fn a_place_without_a_rate_pays_the_net_price() {
        let market = Market::of_currency("EUR").unwrap();
        let (settings, home) = (Settings::of(&market), market.place());
        let berlin = Place { country: "DE".to_owned(), state: String::new() };
        let taxed = settings.taxed(Decimal::new(999, 2), "", &home, &berlin);
        assert_eq!(taxed, Taxed { net: Decimal::new(8_188_525, 6), taxes: Vec::new() });
    }
}
