//! Orders as the answers of reads.

use std::collections::BTreeMap;

use fondaco_model::{
    Decimal, EntityKey, Location, Order,
    aspect::Aspect,
    commerce::{Charge, OrderLine, Parcel, Refund, Transaction},
};

use super::{charge_kind, line_kind, order_state, transaction_kind, updated_at};
use crate::{
    contract::interfaces::{
        commerce::{
            CampaignResult, ChargeResult, DeductionResult, OrderLineResult, OrderResult,
            ParcelResult, RefundLineResult, RefundResult, TransactionResult,
        },
        types::MoneyResult,
    },
    convert::owned_money,
};

/// An order as the answer of a read; nothing if it is gone or not wholly known.
pub fn record(key: &EntityKey, order: Order) -> Option<OrderResult> {
    let refunded = order.refunded().into();
    let updated_at = updated_at(&order).0;
    let (Aspect::Known { value: head, .. }, Aspect::Known { value: lines, .. }) =
        (order.head, order.lines)
    else {
        return None;
    };
    let transactions = match order.transactions {
        Aspect::Known { value, .. } => value,
        Aspect::Unknown | Aspect::Deleted { .. } => Vec::new(),
    };
    Some(OrderResult {
        shop: key.shop.as_str().to_owned(),
        id: key.id.clone(),
        number: head.number,
        state: order_state(head.state),
        test: head.test,
        channel: head.channel,
        placed_at: head.placed_at.0,
        updated_at,
        paid_at: head.paid_at.map(|moment| moment.0),
        customer: head.customer,
        prices_include_tax: head.prices_include_tax,
        total: MoneyResult { amount: head.total.into(), currency: head.currency },
        presentment_total: head.presentment_total.map(owned_money),
        total_tax: head.total_tax.into(),
        refunded,
        payment_method: head.payment_method,
        shipping_country: head.shipping_country,
        campaign: head.campaign.map(|campaign| CampaignResult {
            source: campaign.source,
            medium: campaign.medium,
            name: campaign.name,
        }),
        codes: head.codes,
        lines: lines.into_iter().map(line).collect(),
        charges: head.charges.into_iter().map(charge).collect(),
        transactions: transactions.into_iter().map(transaction).collect(),
        refunds: refunds(order.refunds),
        parcels: parcels(order.parcels),
    })
}

fn line(line: OrderLine) -> OrderLineResult {
    let deduction = |(location, quantity): (Location, Decimal)| DeductionResult {
        location: location.id().map(str::to_owned),
        quantity: quantity.into(),
    };
    OrderLineResult {
        id: line.id,
        kind: line_kind(line.kind),
        variant: line.variant,
        product: line.product,
        sku: line.sku,
        title: line.title,
        quantity: line.quantity.into(),
        net: line.net.into(),
        tax: line.tax.into(),
        discount: line.discount.into(),
        deductions: line.deductions.into_iter().map(deduction).collect(),
    }
}

fn charge(charge: Charge) -> ChargeResult {
    ChargeResult {
        id: charge.id,
        kind: charge_kind(charge.kind),
        title: charge.title,
        net: charge.net.into(),
        tax: charge.tax.into(),
    }
}

fn transaction(transaction: Transaction) -> TransactionResult {
    TransactionResult {
        id: transaction.id,
        kind: transaction_kind(transaction.kind),
        method: transaction.method,
        amount: transaction.amount.into(),
        moved: transaction.moved,
        at: transaction.at.map(|moment| moment.0),
    }
}

fn refunds(refunds: BTreeMap<String, Aspect<Refund>>) -> Vec<RefundResult> {
    let known = refunds.into_iter().filter_map(|(id, refund)| match refund {
        Aspect::Known { version, value } => Some((id, version, value)),
        Aspect::Unknown | Aspect::Deleted { .. } => None,
    });
    let records = known.map(|(id, version, refund)| RefundResult {
        id,
        at: refund.at.unwrap_or(version.platform).0,
        amount: refund.amount.into(),
        reason: refund.reason,
        lines: refund
            .lines
            .into_iter()
            .map(|line| RefundLineResult {
                line: line.line,
                quantity: line.quantity.into(),
                net: line.net.into(),
                tax: line.tax.into(),
            })
            .collect(),
    });
    records.collect()
}

fn parcels(parcels: BTreeMap<String, Aspect<Parcel>>) -> Vec<ParcelResult> {
    let known = parcels.into_iter().filter_map(|(id, parcel)| match parcel {
        Aspect::Known { value, .. } => Some((id, value)),
        Aspect::Unknown | Aspect::Deleted { .. } => None,
    });
    let records = known.map(|(id, parcel)| ParcelResult {
        id,
        carrier: parcel.carrier,
        tracking: parcel.tracking,
        shipped_at: parcel.shipped_at.map(|moment| moment.0),
        delivered_at: parcel.delivered_at.map(|moment| moment.0),
        lines: parcel.lines.into_iter().map(|line| (line.line, line.quantity.into())).collect(),
    });
    records.collect()
}
