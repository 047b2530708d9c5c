//! Orders on their way to a hook.
//!
//! Three layers, each borrowing from the one before: [`OrderParts`] (numbers as text),
//! [`InnerLists`] (lists within lines, refunds and parcels), [`OrderLists`] (the lists of the
//! order). For each there are a fixed number of lists, whatever the size of the order, and a list
//! that is empty allocates nothing.

use fondaco_model::{
    EntityKey, Location, Order, Timestamp, Version,
    aspect::Aspect,
    commerce::{
        Charge, ChargeKind, LineKind, OrderHead, OrderLine, OrderState, Parcel, Refund,
        Transaction, TransactionKind,
    },
    decimal::DecimalText,
};

use super::{money, texts};
use crate::{
    CallError,
    contract::interfaces::commerce::{
        self, CampaignParam, ChargeParam, DeductionParam, OrderLineParam, OrderParam, ParcelParam,
        RefundLineParam, RefundParam, TransactionParam,
    },
    contract::interfaces::types::MoneyParam,
};

mod owned;

pub use owned::record;

/// An order with its numbers as text.
pub struct OrderParts<'a> {
    key: &'a EntityKey,
    order: &'a Order,
    head: &'a OrderHead,
    lines: &'a [OrderLine],
    transactions: &'a [Transaction],
    updated_at: Timestamp,
    total: DecimalText,
    presentment_total: Option<DecimalText>,
    total_tax: DecimalText,
    refunded: DecimalText,
    line_texts: Vec<LineTexts>,
    deduction_texts: Vec<DecimalText>,
    charge_texts: Vec<[DecimalText; 2]>,
    transaction_texts: Vec<DecimalText>,
    refund_texts: Vec<DecimalText>,
    refund_line_texts: Vec<[DecimalText; 3]>,
    parcel_line_texts: Vec<DecimalText>,
}

struct LineTexts {
    quantity: DecimalText,
    net: DecimalText,
    tax: DecimalText,
    discount: DecimalText,
}

/// The lists within the lists of an order, all of one kind one after the other.
pub struct InnerLists<'a> {
    deductions: Vec<DeductionParam<'a>>,
    refund_lines: Vec<RefundLineParam<'a>>,
    parcel_lines: Vec<(&'a str, &'a str)>,
}

/// The lists of an order.
pub struct OrderLists<'a> {
    codes: Vec<&'a str>,
    lines: Vec<OrderLineParam<'a>>,
    charges: Vec<ChargeParam<'a>>,
    transactions: Vec<TransactionParam<'a>>,
    refunds: Vec<RefundParam<'a>>,
    parcels: Vec<ParcelParam<'a>>,
}

impl<'a> OrderParts<'a> {
    /// Takes what is known of an order; of how its money moved nothing may be known yet.
    pub fn of(key: &'a EntityKey, order: &'a Order) -> Result<Self, CallError> {
        let incomplete = |aspect| CallError::Incomplete { key: key.clone(), aspect };
        let head = order.head.value().ok_or_else(|| incomplete("head"))?;
        let lines = order.lines.value().ok_or_else(|| incomplete("lines"))?;
        let transactions = order.transactions.value().map(Vec::as_slice).unwrap_or_default();
        let line_texts = lines.iter().map(|line| LineTexts {
            quantity: DecimalText::of(line.quantity),
            net: DecimalText::of(line.net),
            tax: DecimalText::of(line.tax),
            discount: DecimalText::of(line.discount),
        });
        let charge = |charge: &Charge| [charge.net, charge.tax].map(DecimalText::of);
        let refund_lines = refunds(order).flat_map(|(_, _, refund)| &refund.lines);
        let refund_lines =
            refund_lines.map(|line| [line.quantity, line.net, line.tax].map(DecimalText::of));
        let parcel_lines = parcels(order).flat_map(|(_, parcel)| &parcel.lines);
        let presentment = head.presentment_total.as_ref();
        Ok(Self {
            key,
            order,
            head,
            lines,
            transactions,
            updated_at: updated_at(order),
            total: DecimalText::of(head.total),
            presentment_total: presentment.map(|total| DecimalText::of(total.amount)),
            total_tax: DecimalText::of(head.total_tax),
            refunded: DecimalText::of(order.refunded()),
            line_texts: line_texts.collect(),
            deduction_texts: texts(lines.iter().flat_map(|line| line.deductions.values()).copied()),
            charge_texts: head.charges.iter().map(charge).collect(),
            transaction_texts: texts(transactions.iter().map(|transaction| transaction.amount)),
            refund_texts: texts(refunds(order).map(|(_, _, refund)| refund.amount)),
            refund_line_texts: refund_lines.collect(),
            parcel_line_texts: texts(parcel_lines.map(|line| line.quantity)),
        })
    }

    /// The lists within its lists.
    pub fn inner(&self) -> InnerLists<'_> {
        let locations = self.lines.iter().flat_map(|line| line.deductions.keys());
        let deduction = |(location, text): (&'a Location, _)| DeductionParam {
            location: location.id(),
            quantity: DecimalText::as_str(text),
        };
        let refund_lines = refunds(self.order).flat_map(|(_, _, refund)| &refund.lines);
        let refund_lines = refund_lines.zip(&self.refund_line_texts).map(|(line, texts)| {
            let [quantity, net, tax] = texts.each_ref().map(DecimalText::as_str);
            RefundLineParam { line: &line.line, quantity, net, tax }
        });
        let parcel_lines = parcels(self.order).flat_map(|(_, parcel)| &parcel.lines);
        let parcel_lines = parcel_lines.zip(&self.parcel_line_texts);
        InnerLists {
            deductions: locations.zip(&self.deduction_texts).map(deduction).collect(),
            refund_lines: refund_lines.collect(),
            parcel_lines: parcel_lines
                .map(|(line, text)| (line.line.as_str(), text.as_str()))
                .collect(),
        }
    }

    /// Its lists, over what [`Self::inner`] made.
    pub fn lists<'b>(&'b self, inner: &'b InnerLists<'b>) -> OrderLists<'b> {
        OrderLists {
            codes: self.head.codes.iter().map(String::as_str).collect(),
            lines: self.line_records(&inner.deductions),
            charges: self.charge_records(),
            transactions: self.transaction_records(),
            refunds: self.refund_records(&inner.refund_lines),
            parcels: self.parcel_records(&inner.parcel_lines),
        }
    }

    fn line_records<'b>(&'b self, deductions: &'b [DeductionParam<'b>]) -> Vec<OrderLineParam<'b>> {
        let mut rest = deductions;
        let lines = self.lines.iter().zip(&self.line_texts);
        let record = |(line, texts): (&'b OrderLine, &'b LineTexts)| OrderLineParam {
            id: &line.id,
            kind: line_kind(line.kind),
            variant: line.variant.as_deref(),
            product: line.product.as_deref(),
            sku: line.sku.as_deref(),
            title: &line.title,
            quantity: texts.quantity.as_str(),
            net: texts.net.as_str(),
            tax: texts.tax.as_str(),
            discount: texts.discount.as_str(),
            deductions: take(&mut rest, line.deductions.len()),
        };
        lines.map(record).collect()
    }

    fn charge_records(&self) -> Vec<ChargeParam<'_>> {
        let charges = self.head.charges.iter().zip(&self.charge_texts);
        let records = charges.map(|(charge, [net, tax])| ChargeParam {
            id: &charge.id,
            kind: charge_kind(charge.kind),
            title: &charge.title,
            net: net.as_str(),
            tax: tax.as_str(),
        });
        records.collect()
    }

    fn transaction_records(&self) -> Vec<TransactionParam<'_>> {
        let transactions = self.transactions.iter().zip(&self.transaction_texts);
        let records = transactions.map(|(transaction, amount)| TransactionParam {
            id: transaction.id.as_deref(),
            kind: transaction_kind(transaction.kind),
            method: transaction.method.as_deref(),
            amount: amount.as_str(),
            moved: transaction.moved,
            at: transaction.at.map(|moment| moment.0),
        });
        records.collect()
    }

    fn refund_records<'b>(&'b self, lines: &'b [RefundLineParam<'b>]) -> Vec<RefundParam<'b>> {
        let mut rest = lines;
        let mut records = Vec::with_capacity(self.refund_texts.len());
        for ((id, version, refund), amount) in refunds(self.order).zip(&self.refund_texts) {
            records.push(RefundParam {
                id,
                at: refund.at.unwrap_or(version.platform).0,
                amount: amount.as_str(),
                reason: refund.reason.as_deref(),
                lines: take(&mut rest, refund.lines.len()),
            });
        }
        records
    }

    fn parcel_records<'b>(&'b self, lines: &'b [(&'b str, &'b str)]) -> Vec<ParcelParam<'b>> {
        let mut rest = lines;
        let record = |(id, parcel): (&'b str, &'b Parcel)| ParcelParam {
            id,
            carrier: parcel.carrier.as_deref(),
            tracking: parcel.tracking.as_deref(),
            shipped_at: parcel.shipped_at.map(|moment| moment.0),
            delivered_at: parcel.delivered_at.map(|moment| moment.0),
            lines: take(&mut rest, parcel.lines.len()),
        };
        parcels(self.order).map(record).collect()
    }

    /// The order, over what [`Self::lists`] made.
    pub fn record<'b>(&'b self, lists: &'b OrderLists<'b>) -> OrderParam<'b> {
        let head = self.head;
        let presentment = self.presentment_total.as_ref().zip(head.presentment_total.as_ref());
        OrderParam {
            shop: self.key.shop.as_str(),
            id: &self.key.id,
            number: &head.number,
            state: order_state(head.state),
            test: head.test,
            channel: &head.channel,
            placed_at: head.placed_at.0,
            updated_at: self.updated_at.0,
            paid_at: head.paid_at.map(|moment| moment.0),
            customer: head.customer.as_deref(),
            prices_include_tax: head.prices_include_tax,
            total: MoneyParam { amount: self.total.as_str(), currency: &head.currency },
            presentment_total: presentment.map(|(text, total)| money(text, total)),
            total_tax: self.total_tax.as_str(),
            refunded: self.refunded.as_str(),
            payment_method: head.payment_method.as_deref(),
            shipping_country: head.shipping_country.as_deref(),
            campaign: head.campaign.as_ref().map(|campaign| CampaignParam {
                source: campaign.source.as_deref(),
                medium: campaign.medium.as_deref(),
                name: campaign.name.as_deref(),
            }),
            codes: &lists.codes,
            lines: &lists.lines,
            charges: &lists.charges,
            transactions: &lists.transactions,
            refunds: &lists.refunds,
            parcels: &lists.parcels,
        }
    }
}

/// Takes the first few off a list.
fn take<'b, T>(rest: &mut &'b [T], count: usize) -> &'b [T] {
    let (own, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
    *rest = others;
    own
}

fn refunds(order: &Order) -> impl Iterator<Item = (&str, Version, &Refund)> {
    order.refunds.iter().filter_map(|(id, refund)| match refund {
        Aspect::Known { version, value } => Some((id.as_str(), *version, value)),
        Aspect::Unknown | Aspect::Deleted { .. } => None,
    })
}

fn parcels(order: &Order) -> impl Iterator<Item = (&str, &Parcel)> {
    order.parcels.iter().filter_map(|(id, parcel)| Some((id.as_str(), parcel.value()?)))
}

/// When the platform last changed any part of it.
fn updated_at(order: &Order) -> Timestamp {
    let whole = [order.head.version(), order.lines.version(), order.transactions.version()];
    let refunds = order.refunds.values().map(Aspect::version);
    let parcels = order.parcels.values().map(Aspect::version);
    let versions = whole.into_iter().chain(refunds).chain(parcels).flatten();
    versions.map(|version| version.platform).max().unwrap_or_default()
}

const fn order_state(state: OrderState) -> commerce::OrderState {
    match state {
        OrderState::Pending => commerce::OrderState::Pending,
        OrderState::OnHold => commerce::OrderState::OnHold,
        OrderState::Processing => commerce::OrderState::Processing,
        OrderState::Completed => commerce::OrderState::Completed,
        OrderState::Cancelled => commerce::OrderState::Cancelled,
        OrderState::Refunded => commerce::OrderState::Refunded,
        OrderState::Failed => commerce::OrderState::Failed,
    }
}

const fn line_kind(kind: LineKind) -> commerce::LineKind {
    match kind {
        LineKind::Goods => commerce::LineKind::Goods,
        LineKind::Custom => commerce::LineKind::Custom,
        LineKind::GiftCard => commerce::LineKind::GiftCard,
        LineKind::Bundle => commerce::LineKind::Bundle,
    }
}

const fn charge_kind(kind: ChargeKind) -> commerce::ChargeKind {
    match kind {
        ChargeKind::Shipping => commerce::ChargeKind::Shipping,
        ChargeKind::Fee => commerce::ChargeKind::Fee,
    }
}

const fn transaction_kind(kind: TransactionKind) -> commerce::TransactionKind {
    match kind {
        TransactionKind::Payment => commerce::TransactionKind::Payment,
        TransactionKind::Refund => commerce::TransactionKind::Refund,
    }
}

#[cfg(test)]
mod tests;
