//! What of an order is money: shipping, payments and refunds.

use fondaco_model::{
    Decimal, Timestamp,
    commerce::{Charge, ChargeKind, Refund, RefundLine, Transaction, TransactionKind},
};

use super::{
    super::{
        ids::{moment, number},
        payloads::{self, Order},
    },
    taxes,
};
use crate::{Unreadable, plain::decimal};

/// What sending costs.
pub fn charges(what: &str, order: &Order) -> Result<Vec<Charge>, Unreadable> {
    let lines = order.shipping_lines.nodes.iter().enumerate();
    lines
        .map(|(index, line)| {
            let paid = decimal(
                &line.discounted_price_set.shop_money.amount.0,
                what,
                "shippingLines.discountedPriceSet",
            )?;
            let tax = taxes(&line.tax_lines, what)?;
            Ok(Charge {
                id: line.id.as_deref().map_or_else(|| index.to_string(), number),
                kind: ChargeKind::Shipping,
                title: line.title.trim().to_owned(),
                net: if order.taxes_included { paid - tax } else { paid },
                tax,
            })
        })
        .collect()
}

/// When the last of the money came, if all of it is there.
pub fn paid_at(order: &Order) -> Option<Timestamp> {
    let status = order.display_financial_status.as_deref().unwrap_or_default();
    if !matches!(status, "PAID" | "PARTIALLY_REFUNDED" | "REFUNDED") {
        return None;
    }
    let payments = order.transactions.iter().filter(|known| is_payment(known) && has_moved(known));
    payments.filter_map(|known| moment(known.processed_at.as_deref()?)).max()
}

/// Whether a movement is from the customer.
pub fn is_payment(transaction: &payloads::Transaction) -> bool {
    matches!(transaction.kind.as_str(), "SALE" | "CAPTURE")
}

fn has_moved(transaction: &payloads::Transaction) -> bool {
    transaction.status == "SUCCESS"
}

/// How the money moved, and what of it is promised.
pub fn transactions(what: &str, order: &Order) -> Result<Vec<Transaction>, Unreadable> {
    let mut told = Vec::new();
    for known in &order.transactions {
        let kind = match known.kind.as_str() {
            "SALE" | "CAPTURE" => TransactionKind::Payment,
            "REFUND" => TransactionKind::Refund,
            _ => continue,
        };
        if !matches!(known.status.as_str(), "SUCCESS" | "PENDING" | "AWAITING_RESPONSE") {
            continue;
        }
        // What somebody sends by hand is recorded here, and sent elsewhere.
        let by_hand = known.manual_payment_gateway && kind == TransactionKind::Refund;
        let moved = has_moved(known) && !by_hand;
        told.push(Transaction {
            id: Some(number(&known.id)),
            kind,
            method: known.gateway.clone(),
            amount: decimal(&known.amount_set.shop_money.amount.0, what, "transactions")?,
            moved,
            at: known.processed_at.as_deref().and_then(moment).filter(|_| moved),
        });
    }
    Ok(told)
}

/// What a refund gives back.
pub fn amount_of(what: &str, refund: &payloads::Refund) -> Result<Decimal, Unreadable> {
    decimal(&refund.total_refunded_set.shop_money.amount.0, what, "refunds.totalRefundedSet")
}

/// A refund with its lines.
pub fn refund(what: &str, order: &Order, refund: &payloads::Refund) -> Result<Refund, Unreadable> {
    let mut lines = Vec::new();
    for line in &refund.refund_line_items.nodes {
        let subtotal = decimal(&line.subtotal_set.shop_money.amount.0, what, "subtotalSet")?;
        let tax = decimal(&line.total_tax_set.shop_money.amount.0, what, "totalTaxSet")?;
        lines.push(RefundLine {
            line: number(&line.line_item.id),
            quantity: line.quantity.into(),
            net: if order.taxes_included { subtotal - tax } else { subtotal },
            tax,
        });
    }
    Ok(Refund {
        at: refund.created_at.as_deref().and_then(moment),
        amount: amount_of(what, refund)?,
        reason: refund.note.clone().filter(|note| !note.trim().is_empty()),
        lines,
    })
}
