//! A shop that has been there for long: many products and orders, put in at once.
//!
//! They are an opening stock and a history: no webhook tells of them, nobody is mailed, and the
//! ledger begins after them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cart::{Cart, CartLine, MadeBy};
use super::checkout::{BUYERS, address, blank_order};
use super::fields::{Fields, id, objects, objects_mut, set, set_date};
use super::order::Order;
use super::state::State;
use super::stock::REDUCED;
use super::{Product, SimError};

/// How far orders of a history lie apart.
const APART: SignedDuration = SignedDuration::from_mins(7);
/// How many different carts a history is made of.
const CARTS: usize = 40;

impl State {
    /// Adds so many counted products, `BULK-00001` and on.
    pub(crate) fn add_bulk_products(&mut self, count: u32) -> Result<(), SimError> {
        for number in 1..=count {
            self.add_product(&Product {
                sku: Some(format!("BULK-{number:05}")),
                title: format!("Article {number}"),
                price: format!("{}.{:02}", number % 90 + 5, number % 100),
                stock: Some(1000),
                ..Product::default()
            })?;
        }
        Ok(())
    }

    /// Adds so many completed orders of what is sold, the last of them made just now.
    pub(crate) fn add_bulk_orders(&mut self, count: u32) {
        let sold: Vec<u64> = self
            .items
            .values()
            .filter(|item| !item.is_variable() && item.is_for_sale())
            .map(super::item::Item::id)
            .collect();
        let carts: Vec<Order> = (0..CARTS.min(sold.len()))
            .map(|number| self.bulk_order(&[sold[number], sold[(number * 7 + 3) % sold.len()]]))
            .collect();
        if carts.is_empty() {
            return;
        }
        let now = self.now();
        for number in 0..count {
            let order = carts[number as usize % carts.len()].clone();
            let ago = APART.saturating_mul(i32::try_from(count - 1 - number).unwrap_or(i32::MAX));
            let at = now.saturating_sub(ago).unwrap_or(now);
            self.insert_bulk_order(order, number, at);
        }
    }

    fn bulk_order(&mut self, items: &[u64]) -> Order {
        let mut cart = Cart { to: self.market.place(), ..Cart::default() };
        for item in items {
            if !cart.lines.iter().any(|line| line.item == *item) {
                cart.lines.push(CartLine { item: *item, quantity: 1 });
            }
        }
        let priced = self.price_cart(&cart, MadeBy::Checkout);
        let mut fields = blank_order();
        for (name, value) in [
            ("currency", json!(self.market.currency)),
            ("currency_symbol", json!(self.market.symbol)),
            ("prices_include_tax", json!(self.settings.prices_include_tax)),
            ("payment_method_title", json!("Cash on delivery")),
            ("order_key", json!(format!("wc_order_{}", self.digits(13)))),
            ("cart_hash", json!(self.digits(32))),
            ("meta_data", json!([])),
        ] {
            set(&mut fields, name, value);
        }
        self.fill_in_lines(&mut fields, &cart, &priced);
        let mut order = Order::new(fields);
        self.sum_up(&mut order);
        order.set_status("completed");
        order.stock_reduced = true;
        order
    }

    /// Puts in an order of the history, with rows and dates of its own.
    fn insert_bulk_order(&mut self, mut order: Order, number: u32, at: Timestamp) {
        let order_id = self.take_post_id();
        let (first, last, street) = BUYERS[number as usize % BUYERS.len()];
        let market = &self.market;
        let place = (market.country, market.state);
        let lines = [first, last, street, market.city, market.postcode];
        let mail = format!("buyer{number}@example.test");
        let link = format!("{}/checkout/order-pay/{order_id}/?pay_for_order=true", self.home);
        for (name, value) in [
            ("id", json!(order_id)),
            ("number", json!(order_id.to_string())),
            ("payment_url", json!(link)),
            ("billing", address(&lines, place, Some((&mail, market.phone)))),
            ("shipping", address(&lines, place, None)),
        ] {
            set(&mut order.fields, name, value);
        }
        for what in ["created", "modified", "paid", "completed"] {
            set_date(&mut order.fields, what, Some(at), &self.market);
        }
        for list in ["line_items", "tax_lines", "shipping_lines", "fee_lines"] {
            for line in objects_mut(&mut order.fields, list) {
                set(line, "id", self.take_row_id());
            }
        }
        self.orders.insert(order_id, order);
        let counted: Vec<(u64, i64)> = self
            .orders
            .get(&order_id)
            .into_iter()
            .flat_map(|order| objects(&order.fields, "line_items"))
            .filter(|line| self.stock_owner(self.line_item(line)).is_some())
            .map(|line| (id(line, "id"), units(line)))
            .collect();
        for (row, quantity) in counted {
            let meta_row = self.take_row_id();
            self.change_line(order_id, row, |line| {
                super::fields::set_line_meta(line, meta_row, REDUCED, quantity);
            });
        }
    }
}

fn units(line: &Fields) -> i64 {
    line.get("quantity").and_then(Value::as_i64).unwrap_or(0)
}
