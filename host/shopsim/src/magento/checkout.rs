//! How an order comes to be: what is in the cart is reserved, and nothing leaves its source.

use jiff::SignedDuration;

use super::amounts::Row;
use super::order::{Invoice, Line, Order};
use super::state::{Sequence, State};
use super::{BuyError, PlacedOrder, Purchase};
use crate::ledger::LedgerEvent;

/// Payment methods of the shop's own: nobody collects the money.
const OFFLINE: [&str; 2] = ["checkmo", "cashondelivery"];
/// How far orders of a history lie apart.
const APART: SignedDuration = SignedDuration::from_mins(7);

impl State {
    /// A customer checks out.
    pub(crate) fn check_out(&mut self, purchase: &Purchase) -> Result<PlacedOrder, BuyError> {
        let order = self.ordered(purchase)?;
        let total = order.total().to_string();
        let (id, number, status) = (order.id, order.increment_id(), order.status.clone());
        let placed: Vec<(String, String, i64)> = order
            .lines
            .iter()
            .map(|line| (line.sku.clone(), line.name.clone(), line.ordered))
            .collect();
        let collected = !OFFLINE.contains(&order.method.as_str());
        self.ledger.add(LedgerEvent::OrderMade { order: id, status, total });
        for line in order.lines.iter().filter(|line| line.counted) {
            self.reserve(&line.sku, -line.ordered);
            let (sku, quantity) = (line.sku.clone(), line.ordered);
            self.ledger.add(LedgerEvent::Sold { order: id, sku, quantity });
        }
        let subject = format!("Your order #{number}");
        self.ledger.add(LedgerEvent::Mailed { to: "mario@example.test".to_owned(), subject });
        self.orders.insert(id, order);
        if collected {
            let transaction = self.number(Sequence::Transaction);
            self.invoice(id, Some(format!("CAP-{transaction}")));
        }
        Ok(PlacedOrder { id, number, lines: placed })
    }

    /// The order for what is in a cart, if all of it can be had. It is not kept yet.
    fn ordered(&mut self, purchase: &Purchase) -> Result<Order, BuyError> {
        if purchase.lines.is_empty() {
            return Err(BuyError::Empty);
        }
        let method = match purchase.payment_method.as_str() {
            "" => "checkmo",
            method => method,
        };
        let known = self.gateways.iter().any(|gateway| gateway.id == method);
        if !known && !OFFLINE.contains(&method) {
            return Err(BuyError::UnknownPayment(method.to_owned()));
        }
        for (sku, quantity) in &purchase.lines {
            self.can_be_had(sku, *quantity)?;
        }
        let coupon = purchase.coupons.first().cloned();
        let mut lines = Vec::with_capacity(purchase.lines.len());
        for (sku, quantity) in &purchase.lines {
            lines.extend(self.line(sku, *quantity, coupon.is_some()));
        }
        let (id, now) = (self.number(Sequence::Order), self.now());
        let country = if purchase.country.is_empty() { "IT" } else { &purchase.country };
        Ok(Order {
            id,
            state: "new".to_owned(),
            status: "pending".to_owned(),
            held_from: None,
            created_at: now,
            updated_at: now,
            method: method.to_owned(),
            coupon,
            company: purchase.company.clone(),
            country: country.to_owned(),
            lines,
            comments: Vec::new(),
            paid: rust_decimal::Decimal::ZERO,
            refunded: rust_decimal::Decimal::ZERO,
            refunded_online: rust_decimal::Decimal::ZERO,
            shipping_refunded: rust_decimal::Decimal::ZERO,
        })
    }

    fn can_be_had(&self, sku: &str, quantity: i64) -> Result<(), BuyError> {
        let product = self.by_sku(sku).ok_or_else(|| BuyError::UnknownSku(sku.to_owned()))?;
        if !product.is_for_sale() {
            return Err(BuyError::NotForSale(sku.to_owned()));
        }
        if quantity < 1 {
            return Err(BuyError::Quantity { sku: sku.to_owned(), quantity });
        }
        match self.salable(sku) {
            Some(available) if available < quantity && !product.backorders => {
                Err(BuyError::OutOfStock { sku: sku.to_owned(), wanted: quantity, available })
            }
            _ => Ok(()),
        }
    }

    fn line(&mut self, sku: &str, quantity: i64, coupon: bool) -> Option<Line> {
        let id = self.number(Sequence::Line);
        let product = self.by_sku(sku)?.clone();
        let whole =
            self.products.values().find(|whole| whole.shapes.contains(&product.id)).cloned();
        let shape =
            whole.as_ref().map(|_| (self.number(Sequence::Line), product.id, product.name.clone()));
        Some(Line {
            id,
            shape,
            product: whole.as_ref().map_or(product.id, |whole| whole.id),
            sku: product.sku.clone(),
            name: whole.map_or_else(|| product.name.clone(), |whole| whole.name),
            counted: product.manage_stock,
            ordered: quantity,
            cancelled: 0,
            invoiced: 0,
            shipped: 0,
            refunded: 0,
            refunded_unsent: 0,
            row: Row::of(product.price_now(), quantity, coupon),
            given_back: rust_decimal::Decimal::ZERO,
            tax_given_back: rust_decimal::Decimal::ZERO,
            discount_given_back: rust_decimal::Decimal::ZERO,
        })
    }

    /// Adds so many completed orders of what is sold, the last of them made just now.
    pub(crate) fn add_bulk_orders(&mut self, count: u32) {
        let sold: Vec<String> = self
            .products
            .values()
            .filter(|product| product.is_for_sale())
            .map(|product| product.sku.clone())
            .collect();
        if sold.is_empty() {
            return;
        }
        let now = self.now();
        for number in 0..count as usize {
            let skus = [&sold[number % sold.len()], &sold[(number * 7 + 3) % sold.len()]];
            let lines: Vec<Line> =
                skus.into_iter().filter_map(|sku| self.line(sku, 1, false)).collect();
            let ago = i32::try_from(count as usize - 1 - number).unwrap_or(i32::MAX);
            let at = now.saturating_sub(APART.saturating_mul(ago)).unwrap_or(now);
            self.add_completed_order(lines, at);
        }
    }

    fn add_completed_order(&mut self, mut lines: Vec<Line>, at: jiff::Timestamp) {
        for line in &mut lines {
            (line.invoiced, line.shipped) = (line.ordered, line.ordered);
        }
        let id = self.number(Sequence::Order);
        let mut order = Order {
            id,
            state: "complete".to_owned(),
            status: "complete".to_owned(),
            held_from: None,
            created_at: at,
            updated_at: at,
            method: "checkmo".to_owned(),
            coupon: None,
            company: String::new(),
            country: "IT".to_owned(),
            lines,
            comments: Vec::new(),
            paid: rust_decimal::Decimal::ZERO,
            refunded: rust_decimal::Decimal::ZERO,
            refunded_online: rust_decimal::Decimal::ZERO,
            shipping_refunded: rust_decimal::Decimal::ZERO,
        };
        order.paid = order.total();
        let (number, total) = (self.number(Sequence::Invoice), order.paid);
        let invoice = Invoice { id: number, order: id, created_at: at, total, transaction: None };
        self.invoices.insert(number, invoice);
        self.orders.insert(id, order);
    }
}
