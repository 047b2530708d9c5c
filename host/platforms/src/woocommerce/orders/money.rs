//! What of an order is money: charges besides the lines, payments and refunds.

use fondaco_model::{
    Decimal, Version,
    commerce::{
        Charge, ChargeKind, OrderHead, OrderState, Refund, RefundLine, Transaction, TransactionKind,
    },
};

use super::super::{payloads, products::plain_text, times};
use crate::{
    Unreadable,
    plain::{decimal, text_of},
};

/// Shipping and fees. Their totals are without tax, also where the shop's prices include it.
pub fn charges(what: &str, order: &payloads::Order) -> Result<Vec<Charge>, Unreadable> {
    let shipping = order.shipping_lines.iter().map(|charge| (ChargeKind::Shipping, charge));
    let fees = order.fee_lines.iter().map(|charge| (ChargeKind::Fee, charge));
    shipping.chain(fees).map(|(kind, line)| charge(what, kind, line)).collect()
}

fn charge(order: &str, kind: ChargeKind, line: &payloads::Charge) -> Result<Charge, Unreadable> {
    let what = match kind {
        ChargeKind::Shipping => format!("{order}, shipping {}", line.id),
        ChargeKind::Fee => format!("{order}, fee {}", line.id),
    };
    Ok(Charge {
        id: line.id.to_string(),
        kind,
        title: plain_text(line.name.as_deref().unwrap_or_default()),
        net: decimal(&line.total.0, &what, "total")?,
        tax: decimal(&line.total_tax.0, &what, "total_tax")?,
    })
}

/// How the money moved: the payment, then the refunds, oldest first.
pub fn transactions(
    what: &str,
    head: &OrderHead,
    order: &payloads::Order,
    refunds: &[payloads::Refund],
) -> Result<Vec<Transaction>, Unreadable> {
    let mut transactions: Vec<_> = payment(head, order).into_iter().collect();
    let mut refunds: Vec<_> = refunds.iter().collect();
    refunds.sort_by_key(|refund| refund.id);
    for refund in refunds {
        let amount = refunded(what, refund)?;
        // Goods can be taken back for nothing.
        if amount == Decimal::ZERO {
            continue;
        }
        transactions.push(Transaction {
            id: None,
            kind: TransactionKind::Refund,
            method: head.payment_method.clone(),
            amount,
            moved: refund.refunded_payment,
            at: created(refund).filter(|_| refund.refunded_payment),
        });
    }
    Ok(transactions)
}

/// The payment. WooCommerce knows that money came by one thing, the order's date of payment:
/// orders paid by bank transfer or on delivery have none until somebody says that it came.
fn payment(head: &OrderHead, order: &payloads::Order) -> Option<Transaction> {
    let moved = head.paid_at.is_some();
    let called_off = matches!(head.state, OrderState::Cancelled | OrderState::Failed);
    let promised = head.payment_method.is_some() && !called_off;
    if head.total <= Decimal::ZERO || !(moved || promised) {
        return None;
    }
    Some(Transaction {
        id: text_of(order.transaction_id.as_ref()),
        kind: TransactionKind::Payment,
        method: head.payment_method.clone(),
        amount: head.total,
        moved,
        at: head.paid_at,
    })
}

/// A refund with its lines. Shipping and fees that were refunded are the rest of its amount.
pub fn refund(
    order: &str,
    refund: &payloads::Refund,
    version: Version,
) -> Result<Refund, Unreadable> {
    let amount = refunded(order, refund)?;
    let reason = plain_text(refund.reason.as_deref().unwrap_or_default());
    let lines: Result<Vec<_>, _> = refund
        .line_items
        .iter()
        .filter_map(|item| refund_line(&format!("{order}, refund {}", refund.id), item).transpose())
        .collect();
    Ok(Refund {
        at: Some(created(refund).unwrap_or(version.platform)),
        amount,
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        lines: lines?,
    })
}

/// A line of a refund; nothing if it does not say of which line of the order it is.
fn refund_line(refund: &str, item: &payloads::Line) -> Result<Option<RefundLine>, Unreadable> {
    let of = item.meta_data.iter().find(|note| note.key == "_refunded_item_id");
    let line = match of.map(|note| &note.value) {
        Some(serde_json::Value::String(line)) => line.trim().to_owned(),
        Some(serde_json::Value::Number(line)) => line.to_string(),
        _ => return Ok(None),
    };
    let what = format!("{refund}, line {}", item.id);
    Ok(Some(RefundLine {
        line,
        quantity: positive(decimal(&item.quantity.0, &what, "quantity")?),
        net: positive(decimal(&item.total.0, &what, "total")?),
        tax: positive(decimal(&item.total_tax.0, &what, "total_tax")?),
    }))
}

fn refunded(order: &str, refund: &payloads::Refund) -> Result<Decimal, Unreadable> {
    let amount = decimal(&refund.amount.0, &format!("{order}, refund {}", refund.id), "amount")?;
    Ok(positive(amount))
}

fn created(refund: &payloads::Refund) -> Option<fondaco_model::Timestamp> {
    refund.date_created_gmt.as_deref().and_then(times::parse)
}

fn positive(number: Decimal) -> Decimal {
    number.max(-number)
}
