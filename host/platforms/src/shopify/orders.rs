//! Orders become snapshots of orders.
//!
//! All amounts are in the shop's currency. Where its prices include tax, so do those of lines, shipping
//! and refunds, and the tax is taken off. What a line took off the stock is told by the goods that are
//! to be sent for it, each from a place, less what was put back by a refund.

use std::collections::BTreeMap;

use fondaco_model::{
    Aspect, Decimal, Entity, EntityKey, Location, Order, ShopId, Snapshot, Timestamp, Version,
    commerce::{Campaign, LineKind, Money, OrderHead, OrderLine, OrderState, Parcel, ParcelLine},
};

use super::{
    ids::{dated, moment, number, plain},
    payloads::{self, Fulfillment, Line, Tax},
    people,
};
use crate::{Unreadable, plain::decimal, seen::Seen};

pub mod money;

/// The snapshot of an order.
pub fn snapshot(seen: &Seen<'_>, order: &payloads::Order) -> Result<Snapshot, Unreadable> {
    let id = plain(&order.legacy_resource_id);
    let what = format!("order {id}");
    let version = seen.version(dated(&order.updated_at, &what, "updatedAt")?);
    let placed_at = dated(&order.processed_at, &what, "processedAt")?;
    let head = head(&what, order, placed_at)?;
    let person = people::of_order(seen, order, version, placed_at);
    let head = OrderHead { customer: Some(person.key.id.clone()), ..head };
    let lines: Result<Vec<_>, _> =
        order.line_items.nodes.iter().map(|item| line(&what, order, item)).collect();
    let mut told = Order {
        lines: Aspect::known(version, lines?),
        transactions: Aspect::known(version, money::transactions(&what, order)?),
        ..Order::default()
    };
    let ids = order.parts.refunds.iter().map(|refund| plain(&refund.legacy_resource_id)).collect();
    told.refund_ids = Aspect::known(version, ids);
    for refund in &order.parts.refunds {
        let id = plain(&refund.legacy_resource_id);
        let made = money::refund(&what, order, refund)?;
        told.refunds.insert(id, Aspect::known(version, made));
    }
    for fulfillment in order.parts.fulfillments.iter().filter(|known| known.status == "SUCCESS") {
        let id = plain(&fulfillment.legacy_resource_id);
        told.parcels.insert(id, Aspect::known(version, parcel(fulfillment)));
    }
    told.head = Aspect::known(version, head);
    Ok(Snapshot {
        key: EntityKey::order(seen.shop.clone(), id),
        entity: Entity::Order(told),
        people: vec![person],
    })
}

/// An order that is gone.
pub fn tombstone(shop: &ShopId, id: &str, version: Version) -> Snapshot {
    let order = Order {
        head: Aspect::deleted(version),
        lines: Aspect::deleted(version),
        transactions: Aspect::deleted(version),
        ..Order::default()
    };
    Snapshot::new(EntityKey::order(shop.clone(), id), Entity::Order(order))
}

fn head(
    what: &str,
    order: &payloads::Order,
    placed_at: Timestamp,
) -> Result<OrderHead, Unreadable> {
    let total = decimal(&order.total_price_set.shop_money.amount.0, what, "totalPriceSet")?;
    let tax = order.total_tax_set.as_ref().map(|tax| &tax.shop_money.amount.0);
    let country = order.shipping_address.as_ref().and_then(|address| address.country_code.clone());
    Ok(OrderHead {
        number: order.name.trim_start_matches('#').to_owned(),
        state: state(order),
        test: order.test,
        channel: channel(order.source_name.as_deref().unwrap_or_default()),
        placed_at,
        paid_at: money::paid_at(order),
        customer: None,
        currency: order.currency_code.clone(),
        prices_include_tax: order.taxes_included,
        total,
        presentment_total: presentment(what, order)?,
        total_tax: tax.map_or(Ok(Decimal::ZERO), |tax| decimal(tax, what, "totalTaxSet"))?,
        payment_method: order.payment_gateway_names.first().cloned(),
        shipping_country: country,
        campaign: campaign(order),
        codes: order.discount_codes.clone(),
        charges: money::charges(what, order)?,
    })
}

fn presentment(what: &str, order: &payloads::Order) -> Result<Option<Money>, Unreadable> {
    let currency = order.presentment_currency_code.as_ref();
    let currency = currency.filter(|currency| **currency != order.currency_code);
    let Some((currency, total)) = currency.zip(order.total_price_set.presentment_money.as_ref())
    else {
        return Ok(None);
    };
    let amount = decimal(&total.amount.0, what, "totalPriceSet.presentmentMoney")?;
    Ok(Some(Money { amount, currency: currency.clone() }))
}

/// Where an order stands.
pub fn state(order: &payloads::Order) -> OrderState {
    let held = order.parts.fulfillment_orders.nodes.iter().any(|known| known.status == "ON_HOLD");
    let financial = order.display_financial_status.as_deref().unwrap_or_default();
    // Whoever pays by hand on delivery has it worked on before the money is there.
    let on_delivery = order.payment_gateway_names.iter().any(|name| name.contains("Delivery"));
    match (financial, order.display_fulfillment_status.as_str()) {
        ("REFUNDED", _) if order.cancelled_at.is_none() => OrderState::Refunded,
        _ if order.cancelled_at.is_some() => OrderState::Cancelled,
        ("EXPIRED" | "VOIDED", _) => OrderState::Failed,
        _ if held => OrderState::OnHold,
        (_, "FULFILLED") => OrderState::Completed,
        ("PENDING" | "AUTHORIZED" | "PARTIALLY_PAID", _) if !on_delivery => OrderState::Pending,
        _ => OrderState::Processing,
    }
}

fn channel(source: &str) -> String {
    match source {
        "shopify_draft_order" => "draft",
        "" => "unknown",
        word => word,
    }
    .to_owned()
}

fn campaign(order: &payloads::Order) -> Option<Campaign> {
    let noted = |name: &str| {
        let place = format!("/lastVisit/utmParameters/{name}");
        let text = order.customer_journey_summary.pointer(&place)?.as_str()?.trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    let campaign =
        Campaign { source: noted("source"), medium: noted("medium"), name: noted("campaign") };
    Some(campaign).filter(|campaign| *campaign != Campaign::default())
}

fn line(order_name: &str, order: &payloads::Order, item: &Line) -> Result<OrderLine, Unreadable> {
    let id = number(&item.id);
    let what = format!("{order_name}, line {id}");
    let original =
        decimal(&item.original_total_set.shop_money.amount.0, &what, "originalTotalSet")?;
    let mut discount = Decimal::ZERO;
    for allocation in &item.discount_allocations {
        let amount = &allocation.allocated_amount_set.shop_money.amount.0;
        discount += decimal(amount, &what, "discountAllocations")?;
    }
    let tax = taxes(&item.tax_lines, &what)?;
    let paid = original - discount;
    let net = if order.taxes_included { paid - tax } else { paid };
    let title = match item.variant_title.as_deref().map(str::trim) {
        Some(option) if !option.is_empty() && option != "Default Title" => {
            format!("{} - {option}", item.title.trim())
        }
        _ => item.title.trim().to_owned(),
    };
    let variant = item.variant.as_ref().map(|variant| plain(&variant.legacy_resource_id));
    Ok(OrderLine {
        kind: match (&item.product, item.is_gift_card) {
            (_, true) => LineKind::GiftCard,
            (None, _) => LineKind::Custom,
            _ => LineKind::Goods,
        },
        variant,
        product: item.product.as_ref().map(|product| plain(&product.legacy_resource_id)),
        sku: item.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty()).map(str::to_owned),
        title,
        quantity: item.quantity.into(),
        net,
        tax,
        discount: without_tax(discount, net, tax, order.taxes_included),
        deductions: deductions(order, item),
        id,
    })
}

/// A discount without the tax that is in it, in proportion to what is left of its line.
fn without_tax(discount: Decimal, net: Decimal, tax: Decimal, included: bool) -> Decimal {
    let parts = fondaco_model::action::divide(discount, &[net, tax], 2);
    let net_part = parts.ok().and_then(|parts| parts.first().copied());
    if included { net_part.unwrap_or(discount) } else { discount }
}

/// The sum of taxes.
pub fn taxes(taxes: &[Tax], what: &str) -> Result<Decimal, Unreadable> {
    let tax = |tax: &Tax| decimal(&tax.price_set.shop_money.amount.0, what, "taxLines");
    taxes.iter().map(tax).sum()
}

/// What a line has taken off the stock, by place: all of it where it is sent from, less what was put
/// back.
fn deductions(order: &payloads::Order, item: &Line) -> BTreeMap<Location, Decimal> {
    let mut deductions: BTreeMap<Location, Decimal> = BTreeMap::new();
    let orders = &order.parts.fulfillment_orders.nodes;
    let sends = orders
        .iter()
        .find(|known| known.line_items.nodes.iter().any(|line| line.line_item.id == item.id));
    let place = sends.and_then(|known| known.assigned_location.location.as_ref());
    let Some(place) = place else { return deductions };
    let place = Location::new(plain(&place.legacy_resource_id));
    deductions.insert(place.clone(), item.quantity.into());
    for refund in &order.parts.refunds {
        let back = refund.refund_line_items.nodes.iter();
        for line in back.filter(|line| line.restocked && line.line_item.id == item.id) {
            let to = line.location.as_ref().map(|to| Location::new(plain(&to.legacy_resource_id)));
            *deductions.entry(to.unwrap_or_else(|| place.clone())).or_default() -=
                Decimal::from(line.quantity);
        }
    }
    deductions.retain(|_, quantity| *quantity != Decimal::ZERO);
    deductions
}

fn parcel(fulfillment: &Fulfillment) -> Parcel {
    let tracking = fulfillment.tracking_info.first();
    let said = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let lines = fulfillment.fulfillment_line_items.nodes.iter().map(|line| ParcelLine {
        line: number(&line.line_item.id),
        quantity: line.quantity.unwrap_or_default().into(),
    });
    Parcel {
        carrier: tracking.and_then(|tracking| said(&tracking.company)),
        tracking: tracking.and_then(|tracking| said(&tracking.number)),
        shipped_at: moment(&fulfillment.created_at),
        delivered_at: fulfillment.delivered_at.as_deref().and_then(moment),
        lines: lines.collect(),
    }
}
