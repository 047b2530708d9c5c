//! What of an order is money: shipping, invoices and credit memos.

use fondaco_model::{
    Decimal, Timestamp,
    commerce::{
        Charge, ChargeKind, OrderHead, OrderState, Refund, RefundLine, Transaction, TransactionKind,
    },
};

use super::{
    super::{
        payloads::{CreditMemo, CreditMemoItem, Invoice, Order},
        times,
    },
    Documents, is_shape,
};
use crate::{
    Unreadable,
    plain::{Plain, decimal, number_of, number_or_zero, text_of},
};

/// The invoice's state once its money has come.
const PAID: u64 = 2;

/// What sending an order costs, discount taken off.
pub struct Shipping {
    pub net: Decimal,
    pub tax: Decimal,
}

pub fn shipping(what: &str, order: &Order) -> Result<Shipping, Unreadable> {
    let number = |text: Option<&Plain>, field| number_or_zero(text, what, field);
    let gross = number(order.base_shipping_incl_tax.as_ref(), "base_shipping_incl_tax")?;
    let tax = number(order.base_shipping_tax_amount.as_ref(), "base_shipping_tax_amount")?;
    let discount =
        number(order.base_shipping_discount_amount.as_ref(), "base_shipping_discount_amount")?;
    Ok(Shipping { net: gross - discount - tax, tax })
}

/// What is charged for besides the lines. Magento itself knows no fees.
pub fn charges(what: &str, order: &Order) -> Result<Vec<Charge>, Unreadable> {
    let Some(title) = order.shipping_description.as_deref() else {
        return Ok(Vec::new());
    };
    let Shipping { net, tax } = shipping(what, order)?;
    let (id, kind, title) = ("shipping".to_owned(), ChargeKind::Shipping, title.trim().to_owned());
    Ok(vec![Charge { id, kind, title, net, tax }])
}

/// When the last of the money came, if nothing is due any more.
pub fn paid_at(order: &Order, invoices: &[Invoice]) -> Result<Option<Timestamp>, Unreadable> {
    let what = format!("order {}", order.entity_id);
    let due = number_of(order.base_total_due.as_ref(), &what, "base_total_due")?;
    let paid = number_of(order.base_total_paid.as_ref(), &what, "base_total_paid")?;
    let has_paid = paid.is_some_and(|paid| paid > Decimal::ZERO);
    let settled = due.is_none_or(|due| due <= Decimal::ZERO);
    let paid_invoices = invoices.iter().filter(|invoice| invoice.state == Some(PAID));
    let last =
        paid_invoices.filter_map(|invoice| times::parse(invoice.created_at.as_deref()?)).max();
    Ok(last.filter(|_| has_paid && settled))
}

/// How the money moved: invoices, then credit memos, oldest first.
pub fn transactions(
    what: &str,
    head: &OrderHead,
    documents: &Documents,
) -> Result<Vec<Transaction>, Unreadable> {
    let mut transactions = Vec::new();
    let mut invoiced = Decimal::ZERO;
    for invoice in documents.invoices.iter().filter(|invoice| invoice.state == Some(PAID)) {
        let what = format!("{what}, invoice {}", invoice.entity_id);
        let amount = decimal(&invoice.base_grand_total.0, &what, "base_grand_total")?;
        invoiced += amount;
        transactions.push(Transaction {
            id: text_of(invoice.transaction_id.as_ref()),
            kind: TransactionKind::Payment,
            method: head.payment_method.clone(),
            amount,
            moved: true,
            at: invoice.created_at.as_deref().and_then(times::parse),
        });
    }
    let called_off = matches!(head.state, OrderState::Cancelled | OrderState::Refunded);
    if head.total > invoiced && head.payment_method.is_some() && !called_off {
        transactions.push(Transaction {
            id: None,
            kind: TransactionKind::Payment,
            method: head.payment_method.clone(),
            amount: head.total - invoiced,
            moved: false,
            at: None,
        });
    }
    for memo in &documents.credit_memos {
        let amount = amount_of(what, memo)?;
        // Goods can be taken back for nothing.
        if amount == Decimal::ZERO {
            continue;
        }
        let id = text_of(memo.transaction_id.as_ref());
        let moved = id.is_some();
        transactions.push(Transaction {
            id,
            kind: TransactionKind::Refund,
            method: head.payment_method.clone(),
            amount,
            moved,
            at: memo.created_at.as_deref().and_then(times::parse).filter(|_| moved),
        });
    }
    Ok(transactions)
}

/// What a credit memo gives back.
pub fn amount_of(what: &str, memo: &CreditMemo) -> Result<Decimal, Unreadable> {
    let what = format!("{what}, credit memo {}", memo.entity_id);
    decimal(&memo.base_grand_total.0, &what, "base_grand_total")
}

/// A credit memo with its lines. Shipping and adjustments are the rest of its amount.
pub fn refund(what: &str, order: &Order, memo: &CreditMemo) -> Result<Refund, Unreadable> {
    let mut lines = Vec::new();
    for item in &memo.items {
        let known = order.items.iter().find(|known| known.item_id == item.order_item_id);
        if known.is_some_and(|known| !is_shape(order, known)) {
            lines.extend(refund_line(&format!("{what}, credit memo {}", memo.entity_id), item)?);
        }
    }
    let reason = memo.comments.iter().find_map(|comment| comment.comment.clone());
    Ok(Refund {
        at: memo.created_at.as_deref().and_then(times::parse),
        amount: amount_of(what, memo)?,
        reason: reason.filter(|reason| !reason.trim().is_empty()),
        lines,
    })
}

/// A line of a credit memo, whose amounts are before its discount; nothing if it gives back nothing.
/// What it comes to is put together as the shop does it: `row_total_incl_tax` is a cent off where the
/// line is part of a discounted one.
fn refund_line(what: &str, item: &CreditMemoItem) -> Result<Option<RefundLine>, Unreadable> {
    let what = format!("{what}, line {}", item.order_item_id);
    let number = |text: Option<&Plain>, field| number_or_zero(text, &what, field);
    let quantity = decimal(&item.qty.0, &what, "qty")?;
    let row = number(item.base_row_total.as_ref(), "base_row_total")?;
    let discount = number(item.base_discount_amount.as_ref(), "base_discount_amount")?;
    let within = number(
        item.base_discount_tax_compensation_amount.as_ref(),
        "base_discount_tax_compensation_amount",
    )?;
    let tax = number(item.base_tax_amount.as_ref(), "base_tax_amount")?;
    let nothing = quantity == Decimal::ZERO && row == Decimal::ZERO;
    let line = item.order_item_id.to_string();
    let line = RefundLine { line, quantity, net: row + within - discount, tax };
    Ok(Some(line).filter(|_| !nothing))
}
