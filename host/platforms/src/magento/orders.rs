//! Orders become snapshots of orders.
//!
//! What was paid, given back and sent are documents of their own (invoices, credit memos, shipments),
//! read beside the order. All amounts are those that begin with `base_`: in the shop's currency.
//!
//! `row_total_incl_tax` of a line is what the customer pays for it, discount and tax included, where
//! prices include tax; a line of a product in several shapes has another one below it, for the shape,
//! that costs nothing and is no line here. A bundle's parts are lines of their own, and the money is
//! with the bundle.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_model::{
    Aspect, Decimal, Entity, EntityKey, Location, Order, ShopId, Snapshot, Version,
    action::exceeds,
    commerce::{LineKind, Money, OrderHead, OrderLine, OrderState, Parcel, ParcelLine},
};

use super::{
    payloads::{self, CreditMemo, Invoice, Item, Shipment},
    people, times,
};
use crate::{
    Unreadable,
    plain::{Plain, decimal, number_of, number_or_zero, text_of},
    seen::Seen,
};

pub mod money;

/// The documents of an order.
#[derive(Debug, Default)]
pub struct Documents {
    pub invoices: Vec<Invoice>,
    pub credit_memos: Vec<CreditMemo>,
    pub shipments: Vec<Shipment>,
}

/// The snapshot of an order with all its documents.
pub fn snapshot(
    seen: &Seen<'_>,
    order: &payloads::Order,
    documents: &Documents,
) -> Result<Snapshot, Unreadable> {
    let what = format!("order {}", order.entity_id);
    let moment = |text: &Option<String>| text.as_deref().and_then(times::parse);
    let placed_at = moment(&order.created_at);
    let platform = moment(&order.updated_at).or(placed_at);
    let platform =
        platform.ok_or_else(|| Unreadable(format!("{what} has no date in `updated_at`")))?;
    let version = seen.version(platform);
    let lines = lines(&what, order)?;
    let paid_at = money::paid_at(order, &documents.invoices)?;
    let head = head(&what, order, placed_at.unwrap_or(platform), paid_at)?;
    let person = people::of_order(seen, order, version, head.placed_at);
    let head = OrderHead { customer: Some(person.key.id.clone()), ..head };
    let transactions = money::transactions(&what, &head, documents)?;
    let mut told = Order {
        transactions: Aspect::known(version, transactions),
        lines: Aspect::known(version, lines),
        ..Order::default()
    };
    let memos = &documents.credit_memos;
    let ids = memos.iter().map(|memo| memo.entity_id.to_string()).collect::<BTreeSet<_>>();
    told.refund_ids = Aspect::known(version, ids);
    for memo in memos {
        let refund = money::refund(&what, order, memo)?;
        told.refunds.insert(memo.entity_id.to_string(), Aspect::known(version, refund));
    }
    for shipment in &documents.shipments {
        let parcel = parcel(&what, order, shipment)?;
        told.parcels.insert(shipment.entity_id.to_string(), Aspect::known(version, parcel));
    }
    told.head = Aspect::known(version, head);
    Ok(Snapshot {
        key: EntityKey::order(seen.shop.clone(), order.entity_id.to_string()),
        entity: Entity::Order(told),
        people: vec![person],
    })
}

/// An order that is gone.
pub fn tombstone(shop: &ShopId, id: u64, version: Version) -> Snapshot {
    let order = Order {
        head: Aspect::deleted(version),
        lines: Aspect::deleted(version),
        transactions: Aspect::deleted(version),
        ..Order::default()
    };
    Snapshot::new(EntityKey::order(shop.clone(), id.to_string()), Entity::Order(order))
}

/// The head of an order, without who placed it.
fn head(
    what: &str,
    order: &payloads::Order,
    placed_at: fondaco_model::Timestamp,
    paid_at: Option<fondaco_model::Timestamp>,
) -> Result<OrderHead, Unreadable> {
    let number = |text: Option<&Plain>, field| number_or_zero(text, what, field);
    let currency = order.base_currency_code.to_ascii_uppercase();
    let presented = order.order_currency_code.as_deref().unwrap_or_default().to_ascii_uppercase();
    let presentment_total = match order.grand_total.as_ref() {
        Some(total) if !presented.is_empty() && presented != currency => {
            let amount = decimal(&total.0, what, "grand_total")?;
            Some(Money { amount, currency: presented })
        }
        _ => None,
    };
    let assigned = order.extension_attributes.shipping_assignments.first();
    let country =
        assigned.and_then(|assigned| assigned.shipping.address.as_ref()?.country_id.clone());
    Ok(OrderHead {
        number: text_of(order.increment_id.as_ref()).unwrap_or_else(|| order.entity_id.to_string()),
        state: state(order)?,
        test: false,
        channel: if order.remote_ip.is_some() { "web" } else { "admin" }.to_owned(),
        placed_at,
        paid_at,
        customer: None,
        currency,
        prices_include_tax: prices_include_tax(what, order)?,
        total: decimal(&order.base_grand_total.0, what, "base_grand_total")?,
        presentment_total,
        total_tax: number(order.base_tax_amount.as_ref(), "base_tax_amount")?,
        payment_method: order.payment.as_ref().and_then(|payment| payment.method.clone()),
        shipping_country: country.filter(|code| !code.is_empty()).map(|code| code.to_uppercase()),
        campaign: None,
        codes: text_of(order.coupon_code.as_ref()).into_iter().collect(),
        charges: money::charges(what, order)?,
    })
}

/// Where an order stands. `new` is one that is placed and not invoiced: whoever pays on delivery has
/// it worked on, anybody else's waits for the money. It is `new` again after part of it was sent and
/// given back, and then its money has come.
pub fn state(order: &payloads::Order) -> Result<OrderState, Unreadable> {
    let what = format!("order {}", order.entity_id);
    let number = |text: Option<&Plain>, field| number_or_zero(text, &what, field);
    let paid = number(order.base_total_paid.as_ref(), "base_total_paid")?;
    let refunded = number(order.base_total_refunded.as_ref(), "base_total_refunded")?;
    let method = order.payment.as_ref().and_then(|payment| payment.method.as_deref());
    let all_back = paid > Decimal::ZERO && refunded >= paid;
    Ok(match order.state.as_str() {
        "pending_payment" => OrderState::Pending,
        "holded" | "payment_review" => OrderState::OnHold,
        "canceled" => OrderState::Cancelled,
        "closed" => OrderState::Refunded,
        "complete" if all_back => OrderState::Refunded,
        "complete" => OrderState::Completed,
        "new" if paid == Decimal::ZERO && method != Some("cashondelivery") => OrderState::OnHold,
        _ => OrderState::Processing,
    })
}

/// Whether the shop's prices included tax: the price somebody entered is then the one with tax.
fn prices_include_tax(what: &str, order: &payloads::Order) -> Result<bool, Unreadable> {
    for item in &order.items {
        let number = |text: Option<&Plain>, field| number_of(text, what, field);
        let entered = number(item.base_original_price.as_ref(), "base_original_price")?;
        let with_tax = number(item.base_price_incl_tax.as_ref(), "base_price_incl_tax")?;
        let without = number(item.base_price.as_ref(), "base_price")?;
        if entered.is_some() && with_tax != without {
            return Ok(entered == with_tax);
        }
    }
    Ok(false)
}

/// The lines of an order.
fn lines(what: &str, order: &payloads::Order) -> Result<Vec<OrderLine>, Unreadable> {
    let amounts = Amounts::of(what, order)?;
    let mut lines = Vec::new();
    for item in &order.items {
        if is_shape(order, item) {
            continue;
        }
        lines.push(line(what, order, item, &amounts)?);
    }
    Ok(lines)
}

/// Whether a line is only the shape that its parent was bought in.
pub fn is_shape(order: &payloads::Order, item: &Item) -> bool {
    let parent = item.parent_item_id;
    order.items.iter().any(|other| {
        Some(other.item_id) == parent && other.product_type.as_deref() == Some("configurable")
    })
}

/// What lines cost, net and tax.
pub struct Amounts {
    lines: BTreeMap<u64, (Decimal, Decimal)>,
}

impl Amounts {
    /// Reads them. Discounts are off `row_total_incl_tax` where prices include tax. If the whole does
    /// not come to the order's total so, and does once they are taken off, they were not.
    fn of(what: &str, order: &payloads::Order) -> Result<Self, Unreadable> {
        let mut lines = BTreeMap::new();
        let (mut gross, mut discounts) = (Decimal::ZERO, Decimal::ZERO);
        for item in order.items.iter().filter(|item| item.parent_item_id.is_none()) {
            let what = format!("{what}, line {}", item.item_id);
            let number = |text: Option<&Plain>, field| number_or_zero(text, &what, field);
            let whole = number(item.base_row_total_incl_tax.as_ref(), "base_row_total_incl_tax")?;
            let tax = number(item.base_tax_amount.as_ref(), "base_tax_amount")?;
            let discount = number(item.base_discount_amount.as_ref(), "base_discount_amount")?;
            gross += whole;
            discounts += discount;
            lines.insert(item.item_id, (whole, tax, discount));
        }
        let shipping = money::shipping(what, order)?;
        let total = decimal(&order.base_grand_total.0, what, "base_grand_total")?;
        let too_much = gross + shipping.net + shipping.tax - total;
        let before = exceeds(too_much, Decimal::ZERO) && !exceeds(too_much, discounts);
        let off = |discount: Decimal| if before { discount } else { Decimal::ZERO };
        let amount = |(id, (whole, tax, discount)): (u64, (Decimal, Decimal, Decimal))| {
            (id, (whole - off(discount) - tax, tax))
        };
        Ok(Self { lines: lines.into_iter().map(amount).collect() })
    }

    fn of_line(&self, item: &Item) -> (Decimal, Decimal) {
        self.lines.get(&item.item_id).copied().unwrap_or_default()
    }
}

fn line(
    order_name: &str,
    order: &payloads::Order,
    item: &Item,
    amounts: &Amounts,
) -> Result<OrderLine, Unreadable> {
    let what = format!("{order_name}, line {}", item.item_id);
    let number = |text: Option<&Plain>, field| number_or_zero(text, &what, field);
    let kind = match item.product_type.as_deref() {
        Some("bundle") => LineKind::Bundle,
        Some("giftcard") => LineKind::GiftCard,
        _ => LineKind::Goods,
    };
    let quantity = decimal(&item.qty_ordered.0, &what, "qty_ordered")?;
    let cancelled = number(item.qty_canceled.as_ref(), "qty_canceled")?;
    // What is called off is salable again. What is given back may or may not be: no field tells, and
    // the next reading of the stock does.
    let deducted = if kind == LineKind::Goods { quantity - cancelled } else { Decimal::ZERO };
    let deductions = (deducted > Decimal::ZERO).then_some((Location::WHOLE_SHOP, deducted));
    let (net, tax) = amounts.of_line(item);
    let discount = number(item.base_discount_amount.as_ref(), "base_discount_amount")?;
    let within = number(
        item.base_discount_tax_compensation_amount.as_ref(),
        "base_discount_tax_compensation_amount",
    )?;
    let sku = text_of(item.sku.as_ref());
    // A bundle's own SKU is put together from those of its parts.
    let variant = sku.clone().filter(|_| kind == LineKind::Goods);
    let title = item.name.clone().unwrap_or_default();
    let shape = order.items.iter().find(|other| other.parent_item_id == Some(item.item_id));
    let shape = shape.filter(|_| item.product_type.as_deref() == Some("configurable"));
    Ok(OrderLine {
        id: item.item_id.to_string(),
        kind,
        product: variant.clone(),
        variant,
        sku,
        title: shape.and_then(|shape| shape.name.clone()).unwrap_or(title).trim().to_owned(),
        quantity,
        net,
        tax,
        discount: (discount - within).max(Decimal::ZERO),
        deductions: deductions.into_iter().collect(),
    })
}

fn parcel(what: &str, order: &payloads::Order, shipment: &Shipment) -> Result<Parcel, Unreadable> {
    let numbers: Vec<String> =
        shipment.tracks.iter().filter_map(|track| text_of(track.track_number.as_ref())).collect();
    let carrier = shipment.tracks.iter().find_map(|track| track.title.clone());
    let mut lines = Vec::new();
    for item in &shipment.items {
        let known = order.items.iter().find(|known| known.item_id == item.order_item_id);
        if known.is_none_or(|known| is_shape(order, known)) {
            continue;
        }
        let what = format!("{what}, shipment {}", shipment.entity_id);
        let quantity = decimal(&item.qty.0, &what, "qty")?;
        lines.push(ParcelLine { line: item.order_item_id.to_string(), quantity });
    }
    Ok(Parcel {
        carrier: carrier.filter(|carrier| !carrier.trim().is_empty()),
        tracking: Some(numbers.join(", ")).filter(|numbers| !numbers.is_empty()),
        shipped_at: shipment.created_at.as_deref().and_then(times::parse),
        delivered_at: None,
        lines,
    })
}
