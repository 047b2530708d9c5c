//! What a credit memo says of each line: pure, from the order.
//!
//! A line is given back by its quantity; what that comes to Magento works out itself, and shipping and
//! an adjustment are named beside it. So what the lines will come to is worked out here in the same
//! way, and the adjustment is what the amount differs from it by.

use fondaco_model::{
    Decimal,
    action::{RefundWrite, Restock},
    commerce::RefundLine,
};
use serde_json::{Value as Json, json};

use super::super::{
    super::{
        orders::is_shape,
        payloads::{Item, Order},
    },
    json_number,
};
use crate::plain::{Plain, decimal, number_or_zero};

/// Digits after the dot of amounts that Magento rounds to.
const PLACES: u32 = 2;

/// The parts of a credit memo as they are sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts {
    pub items: Json,
    pub arguments: Json,
}

/// Works them out; why not, if it would give back more than is left, or its parts do not make its
/// amount.
pub fn of(order: &Order, write: &RefundWrite) -> Result<Parts, String> {
    let name = &write.order;
    let amount = write.amount.amount;
    let paid = zero_or(order.base_total_paid.as_ref(), "base_total_paid")?;
    let left = paid - zero_or(order.base_total_refunded.as_ref(), "base_total_refunded")?;
    if amount > left {
        return Err(format!(
            "{amount} is more than the {left} that were paid and not given back of order {name}"
        ));
    }
    let left_of_shipping = left_of_shipping(order)?;
    if write.shipping < Decimal::ZERO || write.shipping > left_of_shipping {
        return Err(format!(
            "{} is not within the {left_of_shipping} that are left of the shipping of order {name}",
            write.shipping
        ));
    }
    for line in &write.lines {
        let known = order.items.iter().find(|item| item.item_id.to_string() == line.line);
        if known.is_none_or(|item| is_shape(order, item)) {
            return Err(format!("order {name} has no line {}", line.line));
        }
    }
    let (mut items, mut returned, mut of_lines) = (Vec::new(), Vec::new(), Decimal::ZERO);
    for item in order.items.iter().filter(|item| !is_shape(order, item)) {
        let mut lines = write.lines.iter().filter(|line| line.line == item.item_id.to_string());
        let line = lines.next();
        if lines.next().is_some() {
            return Err(format!("line {} is given back twice in one refund", item.item_id));
        }
        let quantity = line.map_or(Ok(Decimal::ZERO), |line| quantity(item, line))?;
        of_lines += comes_to(item, quantity)?;
        // One that is left out would be given back whole, if it were the only one.
        items.push(json!({ "order_item_id": item.item_id, "qty": json_number(quantity) }));
        if quantity > Decimal::ZERO && write.restock == Restock::Sellable {
            returned.push(json!(item.item_id));
        }
    }
    let adjustment = amount - of_lines - write.shipping;
    let positive = adjustment.max(Decimal::ZERO);
    let negative = (-adjustment).max(Decimal::ZERO);
    Ok(Parts {
        items: Json::Array(items),
        arguments: json!({
            "shipping_amount": json_number(write.shipping),
            "adjustment_positive": json_number(positive),
            "adjustment_negative": json_number(negative),
            "extension_attributes": { "return_to_stock_items": returned },
        }),
    })
}

/// How much of a line is given back.
fn quantity(item: &Item, line: &RefundLine) -> Result<Decimal, String> {
    if line.quantity < Decimal::ZERO || line.net < Decimal::ZERO || line.tax < Decimal::ZERO {
        return Err(format!("what is given back of line {} is below zero", line.line));
    }
    let invoiced = zero_or(item.qty_invoiced.as_ref(), "qty_invoiced")?;
    let left = invoiced - zero_or(item.qty_refunded.as_ref(), "qty_refunded")?;
    if line.quantity > left {
        return Err(format!(
            "{} is more than the {left} that are paid and not given back of line {}",
            line.quantity, line.line
        ));
    }
    Ok(line.quantity)
}

/// What so many of a line come to, as Magento works it out: the last of them take what is left, others
/// their price less their share of the discount.
fn comes_to(item: &Item, quantity: Decimal) -> Result<Decimal, String> {
    if quantity == Decimal::ZERO {
        return Ok(Decimal::ZERO);
    }
    let of = |text: Option<&Plain>, field| zero_or(text, field);
    let ordered = decimal(&item.qty_ordered.0, "a line", "qty_ordered").map_err(|error| error.0)?;
    let refunded = of(item.qty_refunded.as_ref(), "qty_refunded")?;
    if quantity == ordered - refunded {
        let whole = of(item.base_row_total_incl_tax.as_ref(), "base_row_total_incl_tax")?;
        let given = of(item.base_amount_refunded.as_ref(), "base_amount_refunded")?
            + of(item.base_tax_refunded.as_ref(), "base_tax_refunded")?
            + of(
                item.base_discount_tax_compensation_refunded.as_ref(),
                "base_discount_tax_compensation_refunded",
            )?
            - of(item.base_discount_refunded.as_ref(), "base_discount_refunded")?;
        return Ok(whole - given);
    }
    let price = of(item.base_price_incl_tax.as_ref(), "base_price_incl_tax")?;
    let discount = of(item.base_discount_amount.as_ref(), "base_discount_amount")?;
    Ok(share(price, quantity, Decimal::ONE)? - share(discount, quantity, ordered)?)
}

/// So much of an amount that is for `whole`, to the cent, half a cent up.
fn share(amount: Decimal, part: Decimal, whole: Decimal) -> Result<Decimal, String> {
    let too_large = || format!("{amount} is no amount of a line");
    let millionths = |number: Decimal| number.units(6).ok_or_else(too_large);
    let (amount, part, whole) = (millionths(amount)?, millionths(part)?, millionths(whole)?);
    let product = amount.checked_mul(part).ok_or_else(too_large)?;
    // A cent is ten thousand millionths.
    let unit = whole.checked_mul(10_000).filter(|unit| *unit > 0).ok_or_else(too_large)?;
    let cents = (2 * product + unit).div_euclid(2 * unit);
    Decimal::from_units(cents, PLACES).ok_or_else(too_large)
}

fn left_of_shipping(order: &Order) -> Result<Decimal, String> {
    let of = |text: Option<&Plain>, field| zero_or(text, field);
    Ok(of(order.base_shipping_incl_tax.as_ref(), "base_shipping_incl_tax")?
        - of(order.base_shipping_discount_amount.as_ref(), "base_shipping_discount_amount")?
        - of(order.base_shipping_refunded.as_ref(), "base_shipping_refunded")?
        - of(order.base_shipping_tax_refunded.as_ref(), "base_shipping_tax_refunded")?)
}

fn zero_or(text: Option<&Plain>, field: &str) -> Result<Decimal, String> {
    number_or_zero(text, "the order", field).map_err(|error| error.0)
}

#[cfg(test)]
mod tests;
