//! Refunds: what they are made of, and what they do to an order and its stock.
//!
//! A refund is there as soon as it is begun, with its reason, while a payment gateway may still be
//! at work; its metadata and whether money moved come at the end, and one that the gateway declines
//! is gone again. Nothing but the order's rest limits it: lines may be refunded for more than they
//! cost, and the amount may differ from the lines.

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::fields::{
    Fields, id, line_meta, meta_integer, money, object, objects, set, set_date, set_line_meta, text,
};
use super::market::Market;
use super::order::{Order, amount_text, float, show_lines};
use super::state::State;
use super::stock::REDUCED;
use crate::ledger::LedgerEvent;

/// How many units of a line went back into stock by refunds.
pub(crate) const RESTOCKED: &str = "_restock_refunded_items";
/// What the shop writes as the reason when a status makes the refund.
const REASON_OF_STATUS: &str = "Order fully refunded.";

/// A refund of an order.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub id: u64,
    pub made: Timestamp,
    /// As it was sent, not rounded.
    pub amount: Decimal,
    pub reason: String,
    /// Whether a payment gateway sent money.
    pub money_moved: bool,
    /// Empty until the refund stands.
    pub meta: Vec<Value>,
    /// The lists of its lines, with six decimals.
    pub lines: Fields,
}

/// A refund that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub amount: Decimal,
    pub reason: String,
    pub lines: Vec<WantedLine>,
    pub meta: Vec<Value>,
    /// Whether the payment gateway is to send the money.
    pub by_gateway: bool,
    /// Whether the units of its lines go back into stock.
    pub restocks: bool,
    /// Whether nothing of the order was left but this, when it was asked for.
    pub full: bool,
}

/// A line of an order, of which something is to be refunded.
#[derive(Debug, Clone)]
pub(crate) struct WantedLine {
    /// The line's id in the order.
    pub line: u64,
    pub quantity: i64,
    pub total: Decimal,
    /// By id of the tax rate.
    pub taxes: Vec<(u64, Decimal)>,
}

impl Refund {
    /// A refund of which a captured order shows the id, the reason and the amount.
    pub(crate) fn captured(entry: &Fields, made: Timestamp) -> Self {
        Self {
            id: id(entry, "id"),
            made,
            amount: -money(entry, "total"),
            reason: text(entry, "reason").to_owned(),
            money_moved: false,
            meta: Vec::new(),
            lines: no_lines(),
        }
    }

    /// What its order shows of it.
    pub(crate) fn entry(&self, decimals: u32) -> Value {
        let total = format!("-{}", amount_text(self.amount, decimals));
        json!({ "id": self.id, "reason": self.reason, "total": total })
    }

    /// What `/orders/{id}/refunds/{id}` shows.
    pub(crate) fn json(&self, order: u64, decimals: u32, home: &str, market: &Market) -> Value {
        let mut fields = self.lines.clone();
        show_lines(&mut fields, decimals);
        set(&mut fields, "id", self.id);
        set_date(&mut fields, "created", Some(self.made), market);
        set(&mut fields, "amount", amount_text(self.amount, decimals));
        set(&mut fields, "reason", self.reason.clone());
        set(&mut fields, "refunded_by", 1);
        set(&mut fields, "refunded_payment", self.money_moved);
        set(&mut fields, "meta_data", self.meta.clone());
        let up = format!("{home}/wp-json/wc/v3/orders/{order}");
        let collection = format!("{up}/refunds");
        let own = format!("{collection}/{}", self.id);
        let links = json!({
            "self": [{ "href": own, "targetHints": { "allow": ["GET", "DELETE"] } }],
            "collection": [{ "href": collection }],
            "up": [{ "href": up }],
        });
        set(&mut fields, "_links", links);
        Value::Object(fields)
    }
}

impl WantedLine {
    /// The taxes of all rates.
    pub(crate) fn tax(&self) -> Decimal {
        self.taxes.iter().map(|(_, tax)| *tax).sum()
    }
}

impl State {
    /// Enters a refund that is not settled yet, and returns its id.
    pub(crate) fn begin_refund(&mut self, order_id: u64, wanted: &Wanted) -> Option<u64> {
        let order = self.orders.get(&order_id)?.clone();
        let refund = Refund {
            id: self.take_post_id(),
            made: self.now(),
            amount: wanted.amount,
            reason: wanted.reason.clone(),
            money_moved: false,
            meta: Vec::new(),
            lines: self.refund_lines(&order, wanted),
        };
        let refund_id = refund.id;
        self.orders.get_mut(&order_id)?.refunds.push(refund);
        Some(refund_id)
    }

    /// Takes away a refund that the gateway declined, or that somebody deletes. What it put back
    /// into stock stays there.
    pub(crate) fn remove_refund(&mut self, order_id: u64, refund: u64) {
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.refunds.retain(|other| other.id != refund);
        }
    }

    /// What follows once a refund stands: stock, metadata, the order's status, what is told.
    pub(crate) fn finish_refund(&mut self, order_id: u64, refund_id: u64, wanted: &Wanted) {
        if wanted.restocks {
            for line in &wanted.lines {
                self.restock(order_id, line);
            }
        }
        let kind = if wanted.full { "full" } else { "partial" };
        let mut meta =
            vec![json!({ "id": self.take_row_id(), "key": "_refund_type", "value": kind })];
        for sent in wanted.meta.iter().filter_map(Value::as_object) {
            let (row, value) = (self.take_row_id(), sent.get("value"));
            meta.push(json!({ "id": row, "key": text(sent, "key"), "value": value }));
        }
        meta.sort_by(|one, other| one["key"].as_str().cmp(&other["key"].as_str()));
        let money_moved = wanted.by_gateway;
        let order = self.orders.get_mut(&order_id);
        let refund =
            order.and_then(|order| order.refunds.iter_mut().find(|refund| refund.id == refund_id));
        if let Some(refund) = refund {
            refund.meta = meta;
            refund.money_moved = money_moved;
        }
        self.enter_refund(order_id, refund_id, wanted.amount, money_moved);
        self.mail_refund(order_id, wanted.full);
        if wanted.full {
            self.change_status(order_id, "refunded");
        }
        self.touch_order(order_id);
        self.tell("order.updated", order_id);
    }

    /// Setting the status `refunded` refunds what is left, moves no money and puts nothing back
    /// into stock.
    pub(crate) fn refund_the_rest(&mut self, order_id: u64) {
        let Some(rest) = self.orders.get(&order_id).map(Order::rest) else {
            return;
        };
        if rest <= Decimal::ZERO {
            return;
        }
        let wanted = Wanted {
            amount: rest,
            reason: REASON_OF_STATUS.to_owned(),
            lines: Vec::new(),
            meta: Vec::new(),
            by_gateway: false,
            restocks: false,
            full: true,
        };
        let Some(refund_id) = self.begin_refund(order_id, &wanted) else {
            return;
        };
        let row = self.take_row_id();
        let order = self.orders.get_mut(&order_id);
        if let Some(refund) = order.and_then(|order| order.refunds.last_mut()) {
            refund.meta = vec![json!({ "id": row, "key": "_refund_type", "value": "full" })];
        }
        self.enter_refund(order_id, refund_id, rest, false);
        self.mail_refund(order_id, true);
    }

    fn enter_refund(&mut self, order: u64, refund: u64, amount: Decimal, money_moved: bool) {
        let amount = amount.normalize().to_string();
        self.ledger.add(LedgerEvent::Refunded { order, refund, amount, money_moved });
    }

    /// Puts refunded units back. Only a line that is out of stock now is followed, but then for as
    /// many units as the refund says, even if that is more than were sold.
    fn restock(&mut self, order_id: u64, wanted: &WantedLine) {
        let Some(order) = self.orders.get(&order_id) else {
            return;
        };
        let Some(line) =
            objects(&order.fields, "line_items").find(|line| id(line, "id") == wanted.line)
        else {
            return;
        };
        let reduced = meta_integer(line, REDUCED).unwrap_or(0);
        let restocked = meta_integer(line, RESTOCKED).unwrap_or(0);
        let item = self.line_item(line);
        let Some(owner) = self.stock_owner(item).filter(|_| reduced != 0 && wanted.quantity != 0)
        else {
            return;
        };
        let quantity = wanted.quantity;
        let Some((before, after)) = self.add_stock(owner, quantity) else {
            return;
        };
        self.enter(owner, |sku| LedgerEvent::Restored { order: order_id, sku, quantity });
        let row = self.take_row_id();
        self.change_line(order_id, wanted.line, |line| {
            set_line_meta(line, row, REDUCED, reduced - quantity);
            set_line_meta(line, row, RESTOCKED, restocked + quantity);
        });
        let note = format!("Item #{item} stock increased from {before} to {after}.");
        self.note_by_shop(order_id, &note);
    }

    /// The lists of a refund's lines, in the order's own words with the amounts turned round.
    fn refund_lines(&mut self, order: &Order, wanted: &Wanted) -> Fields {
        let mut lines = no_lines();
        for list in ["line_items", "fee_lines", "shipping_lines"] {
            let mut refunded = Vec::new();
            for line in objects(&order.fields, list) {
                let Some(wanted) = wanted.lines.iter().find(|wanted| wanted.line == id(line, "id"))
                else {
                    continue;
                };
                refunded.push(self.refund_line(line, wanted, list == "line_items"));
            }
            set(&mut lines, list, refunded);
        }
        let taxes = self.refund_taxes(order, &lines);
        set(&mut lines, "tax_lines", taxes);
        lines
    }

    fn refund_line(&mut self, line: &Fields, wanted: &WantedLine, goods: bool) -> Value {
        let (row, meta_row) = (self.take_row_id(), self.take_row_id());
        let mut refunded = line.clone();
        let total = negative(wanted.total);
        let total_tax = negative(wanted.tax());
        let taxes = wanted.taxes.iter().map(|(rate, tax)| {
            let tax = negative(*tax);
            let subtotal = if goods { tax.clone() } else { String::new() };
            json!({ "id": rate, "total": tax, "subtotal": subtotal })
        });
        let key = "_refunded_item_id";
        for (name, value) in [
            ("id", json!(row)),
            ("total", json!(total)),
            ("total_tax", json!(total_tax)),
            ("taxes", taxes.collect()),
            ("meta_data", json!([line_meta(meta_row, key, key, &wanted.line.to_string())])),
        ] {
            set(&mut refunded, name, value);
        }
        if goods {
            let units = wanted.quantity.max(1);
            let each = wanted.total.to_f64().unwrap_or(0.0) / units.to_f64().unwrap_or(1.0);
            set(&mut refunded, "quantity", -wanted.quantity);
            set(&mut refunded, "subtotal", total);
            set(&mut refunded, "subtotal_tax", total_tax);
            set(&mut refunded, "price", float(each));
        }
        Value::Object(refunded)
    }

    /// The sums of the lines' taxes by rate, in the order in which the rates appear.
    fn refund_taxes(&mut self, order: &Order, lines: &Fields) -> Vec<Value> {
        let mut sums: Vec<(u64, Decimal, Decimal)> = Vec::new();
        for list in ["line_items", "fee_lines", "shipping_lines"] {
            for tax in objects(lines, list).flat_map(|line| objects(line, "taxes")) {
                let (rate, total) = (id(tax, "id"), money(tax, "total"));
                if !sums.iter().any(|(known, ..)| *known == rate) {
                    sums.push((rate, Decimal::ZERO, Decimal::ZERO));
                }
                for (known, goods, shipping) in &mut sums {
                    if *known == rate {
                        *(if list == "shipping_lines" { &mut *shipping } else { &mut *goods }) +=
                            total;
                    }
                }
            }
        }
        let known = |rate: u64| {
            objects(&order.fields, "tax_lines").find(|line| id(line, "rate_id") == rate).cloned()
        };
        sums.into_iter()
            .filter_map(|(rate, goods, shipping)| {
                let mut line = known(rate)?;
                set(&mut line, "id", self.take_row_id());
                set(&mut line, "tax_total", amount_text(goods, 6));
                set(&mut line, "shipping_tax_total", amount_text(shipping, 6));
                Some(Value::Object(line))
            })
            .collect()
    }
}

/// The lists of a refund that is of no line.
fn no_lines() -> Fields {
    object(json!({ "line_items": [], "shipping_lines": [], "tax_lines": [], "fee_lines": [] }))
}

/// An amount turned round, with six decimals; nothing has no sign.
fn negative(amount: Decimal) -> String {
    amount_text(if amount.is_zero() { Decimal::ZERO } else { -amount }, 6)
}
