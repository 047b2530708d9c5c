//! What a refund says of each line: pure, from the order and what was refunded of it before.

use fondaco_model::{
    Decimal,
    action::{RefundWrite, Restock, divide, exceeds},
    commerce::RefundLine,
};
use serde_json::{Value as Json, json};

use super::super::{
    super::payloads::{Charge, Line, LineTax, Meta, Order, Refund},
    amounts::{AMOUNT_PLACES, PART_PLACES, part},
};
use crate::plain::{decimal, number_of};

/// The metadata by which a line of a refund says of which line of the order it is.
const REFUNDED_KEY: &str = "_refunded_item_id";

/// The lines of a refund as they are sent, each with its tax by rates; why not, if it would give
/// back more than is left of the order or of a line, or its parts do not make its amount.
pub fn line_items(
    order: &Order,
    refunds: &[Refund],
    write: &RefundWrite,
) -> Result<Vec<Json>, String> {
    let currency = order.currency.to_ascii_uppercase();
    if currency != write.amount.currency {
        let asked = &write.amount.currency;
        return Err(format!("the order is in {currency}, and the refund is in {asked}"));
    }
    let left = left_of(order, refunds)?;
    let amount = write.amount.amount;
    if amount > left {
        return Err(format!(
            "{amount} is more than the {left} that are left of order {}",
            write.order
        ));
    }
    let of_lines: Decimal = write.lines.iter().map(|line| line.net + line.tax).sum();
    let parts = of_lines + write.shipping;
    if exceeds(parts, amount) {
        return Err(format!(
            "the parts of the refund come to {parts}, which is more than {amount}"
        ));
    }
    let mut items = Vec::new();
    for (index, line) in write.lines.iter().enumerate() {
        let before = write.lines.iter().take(index);
        if before.into_iter().any(|before| before.line == line.line) {
            return Err(format!("line {} is given back twice in one refund", line.line));
        }
        items.push(line_item(order, refunds, line, write.restock)?);
    }
    items.extend(shipping_items(order, refunds, write.shipping)?);
    Ok(items)
}

/// What is left of an order to give back.
fn left_of(order: &Order, refunds: &[Refund]) -> Result<Decimal, String> {
    let mut left = number(&order.total.0, "total")?;
    for refund in refunds {
        left -= positive(&refund.amount.0, "amount")?;
    }
    Ok(left)
}

/// Something of an order that can be given back.
struct Left {
    net: Decimal,
    /// By the rates of tax on it.
    taxes: Vec<(u64, Decimal)>,
}

impl Left {
    fn tax(&self) -> Decimal {
        self.taxes.iter().map(|(_, tax)| *tax).sum()
    }

    /// Takes off what was given back before.
    fn take(&mut self, net: &str, taxes: &[LineTax]) -> Result<(), String> {
        self.net -= positive(net, "total")?;
        for (rate, tax) in rates(taxes)? {
            if let Some((_, left)) = self.taxes.iter_mut().find(|(known, _)| *known == rate) {
                *left -= tax.max(-tax);
            }
        }
        for (_, left) in &mut self.taxes {
            *left = Decimal::max(*left, Decimal::ZERO);
        }
        Ok(())
    }
}

fn line_item(
    order: &Order,
    refunds: &[Refund],
    line: &RefundLine,
    restock: Restock,
) -> Result<Json, String> {
    let name = &line.line;
    if line.quantity < Decimal::ZERO || line.net < Decimal::ZERO || line.tax < Decimal::ZERO {
        return Err(format!("what is given back of line {name} is below zero"));
    }
    let id = name.parse::<u64>().ok();
    let item = order.line_items.iter().find(|item| Some(item.id) == id);
    let item = item.ok_or_else(|| format!("the order has no line {name}"))?;
    let before = refunds.iter().flat_map(|refund| &refund.line_items);
    let before: Vec<&Line> = before.filter(|line| is_of(&line.meta_data, item.id)).collect();
    let mut quantity = number(&item.quantity.0, "quantity")?;
    let mut left = Left { net: number(&item.total.0, "total")?, taxes: rates(&item.taxes)? };
    for line in before {
        quantity -= positive(&line.quantity.0, "quantity")?;
        left.take(&line.total.0, &line.taxes)?;
    }
    if line.quantity > quantity {
        let given = line.quantity;
        return Err(format!("{given} is more than the {quantity} that are left of line {name}"));
    }
    if exceeds(line.net, left.net) || exceeds(line.tax, left.tax()) {
        return Err(format!(
            "{} net and {} tax are more than the {} and {} that are left of line {name}",
            line.net,
            line.tax,
            left.net,
            left.tax()
        ));
    }
    let places = if line.tax.units(AMOUNT_PLACES).is_some() { AMOUNT_PLACES } else { PART_PLACES };
    let shares: Vec<Decimal> = left.taxes.iter().map(|(_, tax)| *tax).collect();
    let taxes = divide(line.tax, &shares, places)
        .map_err(|error| format!("the tax of line {name}: {error}"))?;
    let mut sent = json!({
        "id": item.id,
        "refund_total": part(line.net),
        "refund_tax": sent_taxes(&left.taxes, &taxes),
    });
    if line.quantity > Decimal::ZERO {
        let whole = line.quantity.to_whole().ok_or_else(|| {
            format!("WooCommerce takes back whole pieces, not {} of line {name}", line.quantity)
        })?;
        sent["quantity"] = json!(whole);
    } else if restock == Restock::Sellable && line.net == Decimal::ZERO {
        return Err(format!("line {name} gives back neither goods nor money"));
    }
    Ok(sent)
}

/// The shipping that is given back, parted over shipping lines, their net and their taxes, in
/// proportion to what is left of each.
fn shipping_items(order: &Order, refunds: &[Refund], amount: Decimal) -> Result<Vec<Json>, String> {
    if amount == Decimal::ZERO {
        return Ok(Vec::new());
    }
    if amount < Decimal::ZERO {
        return Err("what is given back of the shipping is below zero".to_owned());
    }
    let mut lines = Vec::new();
    for line in &order.shipping_lines {
        lines.push((line.id, left_of_charge(line, refunds)?));
    }
    let whole: Decimal = lines.iter().map(|(_, left)| left.net + left.tax()).sum();
    if exceeds(amount, whole) {
        return Err(format!("{amount} is more than the {whole} that are left of the shipping"));
    }
    let mut shares = Vec::new();
    for (_, left) in &lines {
        shares.push(left.net);
        shares.extend(left.taxes.iter().map(|(_, tax)| *tax));
    }
    let parts =
        divide(amount, &shares, AMOUNT_PLACES).map_err(|error| format!("the shipping: {error}"))?;
    let mut parts = parts.into_iter();
    let mut sent = Vec::new();
    for (id, left) in &lines {
        let net = parts.next().unwrap_or_default();
        let taxes: Vec<Decimal> = parts.by_ref().take(left.taxes.len()).collect();
        if net == Decimal::ZERO && taxes.iter().all(|tax| *tax == Decimal::ZERO) {
            continue;
        }
        sent.push(json!({
            "id": id,
            "refund_total": part(net),
            "refund_tax": sent_taxes(&left.taxes, &taxes),
        }));
    }
    Ok(sent)
}

fn left_of_charge(line: &Charge, refunds: &[Refund]) -> Result<Left, String> {
    let mut left = Left { net: number(&line.total.0, "total")?, taxes: rates(&line.taxes)? };
    let before = refunds.iter().flat_map(|refund| &refund.shipping_lines);
    for before in before.filter(|before| is_of(&before.meta_data, line.id)) {
        left.take(&before.total.0, &before.taxes)?;
    }
    left.net = left.net.max(Decimal::ZERO);
    Ok(left)
}

/// The tax by rates, as it is sent. Leaving it out would mean that there is none.
fn sent_taxes(rates: &[(u64, Decimal)], taxes: &[Decimal]) -> Json {
    let taxes = rates.iter().zip(taxes);
    taxes.map(|((rate, _), tax)| json!({ "id": rate, "refund_total": part(*tax) })).collect()
}

fn rates(taxes: &[LineTax]) -> Result<Vec<(u64, Decimal)>, String> {
    let rate = |tax: &LineTax| {
        let total = number_of(tax.total.as_ref(), "a line", "taxes").map_err(|error| error.0)?;
        Ok(total.map(|total| (tax.id, total)))
    };
    taxes.iter().filter_map(|tax| rate(tax).transpose()).collect()
}

fn is_of(notes: &[Meta], line: u64) -> bool {
    let note = notes.iter().find(|note| note.key == REFUNDED_KEY);
    match note.map(|note| &note.value) {
        Some(Json::String(text)) => text.trim() == line.to_string(),
        Some(Json::Number(number)) => number.as_u64() == Some(line),
        _ => false,
    }
}

fn number(text: &str, field: &str) -> Result<Decimal, String> {
    decimal(text, "the order", field).map_err(|error| error.0)
}

fn positive(text: &str, field: &str) -> Result<Decimal, String> {
    number(text, field).map(|number| number.max(-number))
}

#[cfg(test)]
mod tests;
