//! Orders become snapshots of orders.
//!
//! An order tells that there are refunds, and neither when, nor of which lines, nor whether the
//! money was sent. That is read apart; an order without it tells nothing of refunds and of how the
//! money moved, so that what was known of them stands.

use fondaco_model::{
    Aspect, Decimal, Entity, EntityKey, Location, Order, ShopId, Snapshot, Version,
    commerce::{Campaign, LineKind, OrderHead, OrderLine, OrderState},
};

use super::{
    payloads, people,
    products::{plain_text, version_of},
    times,
};
use crate::{
    Unreadable,
    plain::{decimal, number_of, text_of},
    seen::Seen,
};

mod money;

/// The refunds of an order, as far as they were read.
#[derive(Debug, Clone, Copy)]
pub enum Refunds<'a> {
    /// They were not.
    NotRead,
    /// All of them.
    Read(&'a [payloads::Refund]),
}

/// The snapshot of an order; none for a cart that is not an order yet.
pub fn snapshot(
    seen: &Seen<'_>,
    order: &payloads::Order,
    refunds: Refunds<'_>,
) -> Result<Option<Snapshot>, Unreadable> {
    let status = order.status.strip_prefix("wc-").unwrap_or(&order.status);
    if is_draft(status) {
        return Ok(None);
    }
    let what = format!("order {}", order.id);
    let version = version_of(
        seen,
        &what,
        order.date_modified_gmt.as_deref(),
        order.date_created_gmt.as_deref(),
    )?;
    if status == "trash" {
        return Ok(Some(tombstone(seen.shop, order.id, version)));
    }
    let lines: Result<Vec<_>, _> = order.line_items.iter().map(|item| line(&what, item)).collect();
    let refunds = match refunds {
        Refunds::NotRead if order.refunds.is_empty() => Some(&[][..]),
        Refunds::NotRead => None,
        Refunds::Read(refunds) => Some(refunds),
    };
    let mut head = head(&what, status, order, version)?;
    let person = people::of_order(seen, order, version, head.placed_at);
    head.customer = Some(person.key.id.clone());
    let mut told = Order { lines: Aspect::known(version, lines?), ..Order::default() };
    if let Some(refunds) = refunds {
        let ids = refunds.iter().map(|refund| refund.id.to_string()).collect();
        told.refund_ids = Aspect::known(version, ids);
        let transactions = money::transactions(&what, &head, order, refunds)?;
        told.transactions = Aspect::known(version, transactions);
        for refund in refunds {
            let refunded = money::refund(&what, refund, version)?;
            told.refunds.insert(refund.id.to_string(), Aspect::known(version, refunded));
        }
    }
    told.head = Aspect::known(version, head);
    Ok(Some(Snapshot {
        key: EntityKey::order(seen.shop.clone(), order.id.to_string()),
        entity: Entity::Order(told),
        people: vec![person],
    }))
}

/// Whether something is not an order yet: the checkout saves a draft while the customer types, and an
/// editor's new order is one too.
pub fn is_draft(status: &str) -> bool {
    let status = status.strip_prefix("wc-").unwrap_or(status);
    matches!(status, "checkout-draft" | "auto-draft" | "new" | "draft")
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
    status: &str,
    order: &payloads::Order,
    version: Version,
) -> Result<OrderHead, Unreadable> {
    let paid_at = order.date_paid_gmt.as_deref().and_then(times::parse);
    let placed_at = order.date_created_gmt.as_deref().and_then(times::parse);
    let country = order.shipping.get("country").and_then(|country| country.as_str());
    let country = country.unwrap_or_default().trim();
    let method = order.payment_method.as_deref().unwrap_or_default().trim();
    Ok(OrderHead {
        number: text_of(order.number.as_ref()).unwrap_or_else(|| order.id.to_string()),
        state: state(status, paid_at.is_some()),
        test: false,
        channel: channel(order.created_via.as_deref().unwrap_or_default()),
        placed_at: placed_at.unwrap_or(version.platform),
        paid_at,
        customer: None,
        currency: order.currency.to_ascii_uppercase(),
        prices_include_tax: order.prices_include_tax,
        total: decimal(&order.total.0, what, "total")?,
        // WooCommerce itself knows one currency; the plugins that add others each tell it their way.
        presentment_total: None,
        total_tax: decimal(&order.total_tax.0, what, "total_tax")?,
        payment_method: Some(method.to_owned()).filter(|method| !method.is_empty()),
        shipping_country: Some(country.to_ascii_uppercase()).filter(|code| !code.is_empty()),
        campaign: campaign(&order.meta_data),
        codes: order.coupon_lines.iter().filter_map(|line| text_of(line.code.as_ref())).collect(),
        charges: money::charges(what, order)?,
    })
}

/// What brought the customer, as WooCommerce's order attribution noted it.
fn campaign(notes: &[payloads::Meta]) -> Option<Campaign> {
    let noted = |name: &str| {
        let mut notes = notes.iter();
        let note =
            notes.find(|note| note.key.strip_prefix("_wc_order_attribution_utm_") == Some(name))?;
        let text = note.value.as_str()?.trim();
        // So it is written where there is none.
        Some(text.to_owned()).filter(|text| !text.is_empty() && text != "(none)")
    };
    let campaign =
        Campaign { source: noted("source"), medium: noted("medium"), name: noted("campaign") };
    Some(campaign).filter(|campaign| *campaign != Campaign::default())
}

/// Where an order stands. Plugins add statuses of their own (`shipped`, `awaiting-pickup`, …):
/// such an order was accepted, and is being worked on once it is paid.
pub fn state(status: &str, paid: bool) -> OrderState {
    match status {
        "pending" => OrderState::Pending,
        "on-hold" => OrderState::OnHold,
        "processing" => OrderState::Processing,
        "completed" => OrderState::Completed,
        "cancelled" => OrderState::Cancelled,
        "refunded" => OrderState::Refunded,
        "failed" => OrderState::Failed,
        _ if paid => OrderState::Processing,
        _ => OrderState::OnHold,
    }
}

/// Where an order came from, by `created_via`. Both checkouts are the web shop and the vendor's
/// own till says `pos-rest-api`; other words (`admin`, `rest-api`, a plugin's name) stay, since
/// only the merchant knows who works by them.
fn channel(created_via: &str) -> String {
    match created_via.trim() {
        "checkout" | "store-api" => "web",
        word if word.starts_with("pos") => "pos",
        "" => "unknown",
        word => word,
    }
    .to_owned()
}

fn line(order: &str, item: &payloads::Line) -> Result<OrderLine, Unreadable> {
    let what = format!("{order}, line {}", item.id);
    let product = item.product_id.filter(|product| *product != 0);
    let variation = item.variation_id.filter(|variation| *variation != 0);
    let variant = variation.or(product).filter(|_| product.is_some());
    let deducted = deducted(item);
    let deductions = deducted.map(|quantity| (Location::WHOLE_SHOP, quantity));
    let net = decimal(&item.total.0, &what, "total")?;
    let before = number_of(item.subtotal.as_ref(), &what, "subtotal")?;
    let bundles = item.bundled_items.as_array().is_some_and(|items| !items.is_empty());
    Ok(OrderLine {
        id: item.id.to_string(),
        kind: match product {
            None => LineKind::Custom,
            Some(_) if bundles => LineKind::Bundle,
            Some(_) => LineKind::Goods,
        },
        variant: variant.map(|variant| variant.to_string()),
        product: product.map(|product| product.to_string()),
        sku: text_of(item.sku.as_ref()),
        title: plain_text(item.name.as_deref().unwrap_or_default()),
        quantity: decimal(&item.quantity.0, &what, "quantity")?,
        net,
        tax: decimal(&item.total_tax.0, &what, "total_tax")?,
        // Somebody may have written a higher total by hand, which is no discount.
        discount: before.map_or(Decimal::ZERO, |before| (before - net).max(Decimal::ZERO)),
        deductions: deductions.into_iter().collect(),
    })
}

/// What the shop has taken off its stock for a line now: restocked refunds are already given back,
/// and a line that is not deducted (not paid, cancelled, not counted) has no such note, or a zero.
fn deducted(item: &payloads::Line) -> Option<Decimal> {
    let note = item.meta_data.iter().find(|meta| meta.key == "_reduced_stock")?;
    let quantity = match &note.value {
        serde_json::Value::String(text) => Decimal::from_platform(text.trim()),
        serde_json::Value::Number(number) => Decimal::from_platform(&number.to_string()),
        _ => return None,
    };
    quantity.ok().filter(|quantity| *quantity != Decimal::ZERO)
}
