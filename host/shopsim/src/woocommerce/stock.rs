//! What an order's status does to the stock.
//!
//! Processing, on-hold and completed take the units out, once; cancelled and pending give back what
//! each line's `_reduced_stock` says; failed, refunded and the trash leave it alone. The deduction
//! is kept as line metadata because that is where the shop shows it, in answers and webhooks.

use serde_json::{Value, json};

use super::fields::{
    Fields, id, integer, line_meta, meta_integer, objects, objects_mut, set, set_date,
    set_line_meta, text,
};
use super::note::status_name;
use super::order::Order;
use super::refund::RESTOCKED;
use super::state::State;
use crate::ledger::LedgerEvent;

/// How many units of a line are out of stock now.
pub(crate) const REDUCED: &str = "_reduced_stock";
/// Statuses with which the units are out of stock.
const REDUCING: [&str; 3] = ["processing", "on-hold", "completed"];

/// A line as the stock sees it.
struct Line {
    row: u64,
    item: u64,
    quantity: i64,
    reduced: Option<i64>,
}

impl State {
    /// Sets an order's status with all that follows from it, and tells `order.updated`.
    pub(crate) fn change_status(&mut self, order_id: u64, status: &str) -> bool {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return false;
        };
        let before = order.status().to_owned();
        order.set_status(status);
        if before != status {
            self.follow_status(order_id, before, status);
        }
        self.touch_order(order_id);
        if status == "trash" {
            self.tell("order.deleted", order_id);
        } else {
            self.tell("order.updated", order_id);
        }
        true
    }

    /// What a new status does to the stock, the refunds and the dates, and who is told of it.
    fn follow_status(&mut self, order_id: u64, before: String, status: &str) {
        match status {
            status if REDUCING.contains(&status) => self.reduce_stock(order_id),
            "cancelled" | "pending" => self.restore_stock(order_id),
            "refunded" => self.refund_the_rest(order_id),
            _ => {}
        }
        self.date_status(order_id, status);
        if status == "trash" {
            self.mark_trashed(order_id, &before);
        }
        // What the checkout writes at its end depends on the payment method; little of it was seen.
        if before != "checkout-draft" && status != "trash" {
            let (from, to) = (status_name(&before), status_name(status));
            self.note_by_shop(order_id, &format!("Order status changed from {from} to {to}."));
        }
        self.mail_status(order_id, &before, status);
        let after = status.to_owned();
        self.ledger.add(LedgerEvent::StatusChanged { order: order_id, before, after });
    }

    /// Notes what an order was before the trash, and when it came there.
    fn mark_trashed(&mut self, order_id: u64, before: &str) {
        let now = self.now().as_second().to_string();
        for (key, value) in
            [("_wp_trash_meta_status", format!("wc-{before}")), ("_wp_trash_meta_time", now)]
        {
            let row = self.take_row_id();
            let order = self.orders.get_mut(&order_id);
            let meta = order.and_then(|order| order.fields.get_mut("meta_data"));
            if let Some(meta) = meta.and_then(Value::as_array_mut) {
                meta.push(json!({ "id": row, "key": key, "value": value }));
            }
        }
    }

    /// Takes an order's units out of stock, unless they are out already.
    pub(crate) fn reduce_stock(&mut self, order_id: u64) {
        if self.orders.get(&order_id).is_none_or(|order| order.stock_reduced) {
            return;
        }
        let mut moved = Vec::new();
        for line in self.lines(order_id) {
            if line.reduced.is_some() {
                continue;
            }
            let Some(owner) = self.stock_owner(line.item) else {
                continue;
            };
            self.count_sale(line.item, line.quantity);
            let Some((before, after)) = self.add_stock(owner, -line.quantity) else {
                continue;
            };
            let name = self.items.get(&line.item).map(|item| item.name()).unwrap_or_default();
            moved.push(format!("{name} ({before}&rarr;{after})"));
            self.enter(owner, |sku| LedgerEvent::Sold {
                order: order_id,
                sku,
                quantity: line.quantity,
            });
            self.set_reduced(order_id, line.row, Some(line.quantity));
        }
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.stock_reduced = true;
        }
        if !moved.is_empty() {
            let note = format!("Stock levels reduced: {}", moved.join(", "));
            self.note_by_shop(order_id, &note);
        }
    }

    /// Has the stock follow how many units a line has now, less what refunds put back, where the
    /// order's units are out of stock.
    pub(crate) fn follow_quantity(&mut self, order_id: u64, row: u64, quantity: i64) {
        let Some(order) =
            self.orders.get(&order_id).filter(|order| REDUCING.contains(&order.status()))
        else {
            return;
        };
        let Some(line) = objects(&order.fields, "line_items").find(|line| id(line, "id") == row)
        else {
            return;
        };
        let reduced = meta_integer(line, REDUCED).unwrap_or(0);
        let restocked = meta_integer(line, RESTOCKED).unwrap_or(0);
        let difference = quantity - restocked - reduced;
        let Some(owner) = self.stock_owner(self.line_item(line)).filter(|_| difference != 0) else {
            return;
        };
        if self.add_stock(owner, -difference).is_none() {
            return;
        }
        let order = order_id;
        self.enter(owner, |sku| match difference > 0 {
            true => LedgerEvent::Sold { order, sku, quantity: difference },
            false => LedgerEvent::Restored { order, sku, quantity: -difference },
        });
        let meta_row = self.take_row_id();
        self.change_line(order_id, row, |line| {
            set_line_meta(line, meta_row, REDUCED, reduced + difference);
        });
    }

    fn restore_stock(&mut self, order_id: u64) {
        if self.orders.get(&order_id).is_none_or(|order| !order.stock_reduced) {
            return;
        }
        for line in self.lines(order_id) {
            let Some(quantity) = line.reduced else {
                continue;
            };
            if let Some(owner) = self.stock_owner(line.item)
                && self.add_stock(owner, quantity).is_some()
            {
                self.enter(owner, |sku| LedgerEvent::Restored { order: order_id, sku, quantity });
            }
            self.set_reduced(order_id, line.row, None);
        }
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.stock_reduced = false;
        }
    }

    /// Takes over a captured order; with `deduct`, what it says it has deducted leaves the stock.
    pub(crate) fn put_order(&mut self, fields: Fields, deduct: bool) -> u64 {
        let now = self.now();
        let order = Order::captured(fields);
        let order_id = order.id();
        self.reserve_post_id(order_id);
        // With one of these the shop has been through the lines, even if it deducted nothing.
        let mut reduced = REDUCING.contains(&order.status());
        self.orders.insert(order_id, order);
        for line in self.lines(order_id) {
            let Some(quantity) = line.reduced else {
                continue;
            };
            reduced = true;
            let Some(owner) = self.stock_owner(line.item).filter(|_| deduct) else {
                continue;
            };
            let Some(item) = self.items.get_mut(&owner) else {
                continue;
            };
            let before = item.quantity().unwrap_or(0);
            set(&mut item.fields, "stock_quantity", before - quantity);
            item.touch(now, &self.market);
            self.enter(owner, |sku| LedgerEvent::Sold { order: order_id, sku, quantity });
        }
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.stock_reduced = reduced;
        }
        order_id
    }

    fn lines(&self, order_id: u64) -> Vec<Line> {
        let Some(order) = self.orders.get(&order_id) else {
            return Vec::new();
        };
        objects(&order.fields, "line_items")
            .map(|line| Line {
                row: id(line, "id"),
                item: self.line_item(line),
                quantity: integer(line, "quantity").unwrap_or(0),
                reduced: meta_integer(line, REDUCED),
            })
            .collect()
    }

    /// What a line sold. A captured order may come from a shop with other ids.
    pub(crate) fn line_item(&self, line: &Fields) -> u64 {
        let named = match id(line, "variation_id") {
            0 => id(line, "product_id"),
            variation => variation,
        };
        if self.items.contains_key(&named) {
            return named;
        }
        self.by_sku(text(line, "sku")).unwrap_or(named)
    }

    /// Changes a line of an order.
    pub(crate) fn change_line(&mut self, order_id: u64, row: u64, change: impl Fn(&mut Fields)) {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        objects_mut(&mut order.fields, "line_items")
            .filter(|line| id(line, "id") == row)
            .for_each(change);
    }

    fn set_reduced(&mut self, order_id: u64, row: u64, reduced: Option<i64>) {
        let meta = reduced.map(|quantity| {
            let row = self.take_row_id();
            line_meta(row, REDUCED, REDUCED, &quantity.to_string())
        });
        self.change_line(order_id, row, |line| {
            let mut kept: Vec<Value> = objects(line, "meta_data")
                .filter(|entry| text(entry, "key") != REDUCED)
                .map(|entry| Value::Object(entry.clone()))
                .collect();
            kept.extend(meta.clone());
            set(line, "meta_data", kept);
        });
    }

    /// Enters something about a stock in the ledger.
    pub(crate) fn enter(&mut self, owner: u64, event: impl FnOnce(String) -> LedgerEvent) {
        let sku = self.items.get(&owner).map(|item| item.ledger_name()).unwrap_or_default();
        self.ledger.add(event(sku));
    }

    fn count_sale(&mut self, item: u64, quantity: i64) {
        let Some(item) = self.items.get_mut(&item) else {
            return;
        };
        // For a variation the shop shows this number as text, and never moves it.
        if let Some(sold) = integer(&item.fields, "total_sales") {
            set(&mut item.fields, "total_sales", sold + quantity);
        }
    }

    /// The dates that come with a status. Cash on delivery is paid when the order is completed.
    fn date_status(&mut self, order_id: u64, status: &str) {
        let now = Some(self.now());
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        let on_delivery = text(&order.fields, "payment_method") == "cod";
        let paid = status == "completed" || (status == "processing" && !on_delivery);
        if paid && text(&order.fields, "date_paid_gmt").is_empty() {
            set_date(&mut order.fields, "paid", now, &self.market);
        }
        if status == "completed" {
            set_date(&mut order.fields, "completed", now, &self.market);
        }
    }
}
