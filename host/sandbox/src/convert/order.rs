//! Orders.

use fondaco_model::{
    EntityKey, Order, Timestamp,
    aspect::Aspect,
    commerce::{LineKind, OrderHead, OrderLine, OrderState},
};

use super::decimal::DecimalText;
use crate::{
    CallError,
    contract::interfaces::commerce::{
        self, DeductionParam, DeductionResult, MoneyParam, MoneyResult, OrderLineParam,
        OrderLineResult, OrderParam, OrderResult,
    },
};

/// An order on its way to a hook: what the records of the contract borrow from.
///
/// Three lists are made for an order, whatever its size: its numbers as text, its deductions and
/// its lines.
pub struct OrderParts<'a> {
    key: &'a EntityKey,
    head: &'a OrderHead,
    lines: &'a [OrderLine],
    updated_at: Timestamp,
    total: DecimalText,
    total_tax: DecimalText,
    refunded: DecimalText,
    line_texts: Vec<LineTexts>,
    deduction_texts: Vec<DecimalText>,
}

struct LineTexts {
    quantity: DecimalText,
    net: DecimalText,
    tax: DecimalText,
}

impl<'a> OrderParts<'a> {
    pub fn of(key: &'a EntityKey, order: &'a Order) -> Result<Self, CallError> {
        let incomplete = |aspect| CallError::Incomplete { key: key.clone(), aspect };
        let head = order.head.value().ok_or_else(|| incomplete("head"))?;
        let lines = order.lines.value().ok_or_else(|| incomplete("lines"))?;
        let line_texts = lines.iter().map(|line| LineTexts {
            quantity: DecimalText::of(line.quantity),
            net: DecimalText::of(line.net),
            tax: DecimalText::of(line.tax),
        });
        let deductions = lines.iter().flat_map(|line| line.deductions.values());
        Ok(Self {
            key,
            head,
            lines,
            updated_at: updated_at(order),
            total: DecimalText::of(head.total),
            total_tax: DecimalText::of(head.total_tax),
            refunded: DecimalText::of(order.refunded()),
            line_texts: line_texts.collect(),
            deduction_texts: deductions.map(|quantity| DecimalText::of(*quantity)).collect(),
        })
    }

    /// The deductions of all lines, one after the other.
    pub fn deductions(&self) -> Vec<DeductionParam<'_>> {
        let locations = self.lines.iter().flat_map(|line| line.deductions.keys());
        let record = |(location, text): (&'a fondaco_model::Location, _)| DeductionParam {
            location: location.id(),
            quantity: DecimalText::as_str(text),
        };
        locations.zip(&self.deduction_texts).map(record).collect()
    }

    /// The lines, over what [`Self::deductions`] made.
    pub fn lines<'b>(&'b self, deductions: &'b [DeductionParam<'b>]) -> Vec<OrderLineParam<'b>> {
        let mut rest = deductions;
        let mut records = Vec::with_capacity(self.lines.len());
        for (line, texts) in self.lines.iter().zip(&self.line_texts) {
            let (own, others) = rest.split_at_checked(line.deductions.len()).unwrap_or((rest, &[]));
            rest = others;
            records.push(OrderLineParam {
                id: &line.id,
                kind: line_kind(line.kind),
                variant: line.variant.as_deref(),
                product: line.product.as_deref(),
                sku: line.sku.as_deref(),
                title: &line.title,
                quantity: texts.quantity.as_str(),
                net: texts.net.as_str(),
                tax: texts.tax.as_str(),
                deductions: own,
            });
        }
        records
    }

    /// The order, over what [`Self::lines`] made.
    pub fn record<'b>(&'b self, lines: &'b [OrderLineParam<'b>]) -> OrderParam<'b> {
        let head = self.head;
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
            total: MoneyParam { amount: self.total.as_str(), currency: &head.currency },
            total_tax: self.total_tax.as_str(),
            refunded: self.refunded.as_str(),
            payment_method: head.payment_method.as_deref(),
            shipping_country: head.shipping_country.as_deref(),
            lines,
        }
    }
}

/// An order as the answer of a read; nothing if it is gone or not wholly known.
pub fn record(key: &EntityKey, order: Order) -> Option<OrderResult> {
    let refunded = order.refunded().to_string();
    let updated_at = updated_at(&order).0;
    let (Aspect::Known { value: head, .. }, Aspect::Known { value: lines, .. }) =
        (order.head, order.lines)
    else {
        return None;
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
        total: MoneyResult { amount: head.total.to_string(), currency: head.currency },
        total_tax: head.total_tax.to_string(),
        refunded,
        payment_method: head.payment_method,
        shipping_country: head.shipping_country,
        lines: lines.into_iter().map(line_record).collect(),
    })
}

fn line_record(line: OrderLine) -> OrderLineResult {
    let deduction =
        |(location, quantity): (fondaco_model::Location, fondaco_model::Decimal)| DeductionResult {
            location: location.id().map(str::to_owned),
            quantity: quantity.to_string(),
        };
    OrderLineResult {
        id: line.id,
        kind: line_kind(line.kind),
        variant: line.variant,
        product: line.product,
        sku: line.sku,
        title: line.title,
        quantity: line.quantity.to_string(),
        net: line.net.to_string(),
        tax: line.tax.to_string(),
        deductions: line.deductions.into_iter().map(deduction).collect(),
    }
}

/// When the platform last changed any part of it.
fn updated_at(order: &Order) -> Timestamp {
    let versions = [order.head.version(), order.lines.version()];
    let refunds = order.refunds.values().map(Aspect::version);
    let moments = versions.into_iter().chain(refunds).flatten().map(|version| version.platform);
    moments.max().unwrap_or_default()
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
    }
}
