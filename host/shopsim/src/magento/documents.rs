//! How an order is invoiced, held, called off, shipped and given back.

use std::collections::BTreeSet;
use std::time::Duration;

use rust_decimal::Decimal;

use super::amounts::{cents, shipping, tax_within};
use super::order::{Comment, CreditMemo, Invoice, Line, MemoItem, Shipment};
use super::state::{Sequence, State};
use crate::ledger::LedgerEvent;

/// What a credit memo is asked for with.
#[derive(Debug, Clone, Default)]
pub(crate) struct RefundAsked {
    /// By the payment service.
    pub online: bool,
    /// Lines and quantities; empty: all that is left.
    pub items: Vec<(u64, i64)>,
    /// Of shipping, tax included; absent: all that is left.
    pub shipping: Option<Decimal>,
    pub adjustment: Decimal,
    /// Lines that go back to where they are sold from.
    pub returned: BTreeSet<u64>,
    pub comment: Option<String>,
    pub notify: bool,
}

/// What the shop says when it will not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WillNot {
    /// It has no such order or invoice.
    Missing,
    /// With 400, these words, and what goes into them.
    Says(String, Vec<String>),
    /// What the real one does then was not seen.
    NotSeen,
}

/// A credit memo that is not kept yet.
#[derive(Debug)]
pub(crate) struct Draft {
    pub memo: CreditMemo,
    shipping: Decimal,
    /// How long the payment service works on it, and what it says instead of sending the money.
    pub service: Option<(Duration, Option<String>)>,
}

fn invalid(words: &str) -> WillNot {
    WillNot::Says(format!("Creditmemo Document Validation Error(s):\n{words}"), Vec::new())
}

/// What it says of anything that goes wrong while a memo is kept, the payment service included.
pub(crate) fn not_saved() -> WillNot {
    WillNot::Says("Could not save a Creditmemo, see error log for details".to_owned(), Vec::new())
}

impl State {
    /// Invoices all of an order; the number of the invoice, unless nothing is left.
    pub(crate) fn invoice(&mut self, order: u64, transaction: Option<String>) -> Option<u64> {
        let now = self.now();
        let known = self.orders.get_mut(&order)?;
        if known.paid > Decimal::ZERO || !matches!(known.state.as_str(), "new" | "processing") {
            return None;
        }
        for line in &mut known.lines {
            line.invoiced = line.ordered - line.cancelled;
        }
        let total = known.total();
        known.paid = total;
        let id = self.number(Sequence::Invoice);
        self.invoices.insert(id, Invoice { id, order, created_at: now, total, transaction });
        self.settle(order);
        Some(id)
    }

    /// Holds an order.
    pub(crate) fn hold(&mut self, order: u64) -> Result<(), WillNot> {
        let known = self.orders.get_mut(&order).ok_or(WillNot::Missing)?;
        if !matches!(known.state.as_str(), "new" | "processing" | "pending_payment") {
            return Err(WillNot::NotSeen);
        }
        known.held_from = Some((known.state.clone(), known.status.clone()));
        self.set_state(order, "holded", "holded");
        Ok(())
    }

    /// Releases an order.
    pub(crate) fn unhold(&mut self, order: u64) -> Result<(), WillNot> {
        let known = self.orders.get_mut(&order).ok_or(WillNot::Missing)?;
        let (state, status) = known.held_from.take().ok_or(WillNot::NotSeen)?;
        self.set_state(order, &state, &status);
        Ok(())
    }

    /// Calls an order off. False: it is invoiced, held or done with.
    pub(crate) fn cancel(&mut self, order: u64) -> bool {
        let Some(known) = self.orders.get_mut(&order) else { return false };
        let open = matches!(known.state.as_str(), "new" | "pending_payment" | "processing");
        if !open || known.paid > Decimal::ZERO {
            return false;
        }
        let mut released = Vec::new();
        for line in &mut known.lines {
            line.cancelled = line.ordered;
            if line.counted {
                released.push((line.sku.clone(), line.ordered));
            }
        }
        for (sku, quantity) in released {
            self.reserve(&sku, quantity);
            self.ledger.add(LedgerEvent::Restored { order, sku, quantity });
        }
        self.set_state(order, "canceled", "canceled");
        true
    }

    /// Adds a comment to an order. It has to name the status the order has.
    pub(crate) fn comment(
        &mut self,
        order: u64,
        text: &str,
        status: &str,
        notified: bool,
    ) -> Result<(), WillNot> {
        let (id, at) = (self.number(Sequence::Comment), self.now());
        let known = self.orders.get_mut(&order).ok_or(WillNot::Missing)?;
        if known.status != status {
            let words = "Unable to add comment: The status \"%1\" is not part of the order\n                \u{20}status history.";
            return Err(WillNot::Says(words.to_owned(), vec![status.to_owned()]));
        }
        let (text, status) = (text.to_owned(), status.to_owned());
        known.comments.push(Comment { id, text: text.clone(), at, notified, status });
        self.ledger.add(LedgerEvent::NoteAdded { order, note: id, text, to_customer: notified });
        if notified {
            self.mail(order, "was updated");
        }
        Ok(())
    }

    fn mail(&mut self, order: u64, what: &str) {
        let subject = format!("Your order #{order:09} {what}");
        self.ledger.add(LedgerEvent::Mailed { to: "mario@example.test".to_owned(), subject });
    }

    /// Ships all that is left. False: nothing is.
    pub(crate) fn ship_all(&mut self, order: u64) -> bool {
        self.ship(order, &[], Vec::new(), None, false).is_ok()
    }

    /// Ships these lines, or all of them, and no more than is left of any.
    pub(crate) fn ship(
        &mut self,
        order: u64,
        items: &[(u64, i64)],
        tracks: Vec<(String, String, String)>,
        comment: Option<String>,
        notify: bool,
    ) -> Result<u64, WillNot> {
        let now = self.now();
        let known = self.orders.get(&order).ok_or(WillNot::Missing)?;
        if !matches!(known.state.as_str(), "new" | "processing") {
            return Err(WillNot::NotSeen);
        }
        let asked = |line: &Line| match items.iter().find(|(id, _)| *id == line.id) {
            Some((_, quantity)) => *quantity,
            None if items.is_empty() => i64::MAX,
            None => 0,
        };
        let sent: Vec<(u64, i64)> = known
            .lines
            .iter()
            .map(|line| (line.id, asked(line).min(line.unsent())))
            .filter(|(_, quantity)| *quantity > 0)
            .collect();
        if sent.is_empty() {
            return Err(WillNot::NotSeen);
        }
        let mut goods = Vec::new();
        if let Some(known) = self.orders.get_mut(&order) {
            for (id, quantity) in &sent {
                for line in known.lines.iter_mut().filter(|line| line.id == *id) {
                    line.shipped += quantity;
                    if line.counted {
                        goods.push((line.sku.clone(), *quantity));
                    }
                }
            }
        }
        for (sku, quantity) in goods {
            self.deduct(&sku, -quantity);
            self.reserve(&sku, quantity);
        }
        let id = self.number(Sequence::Shipment);
        let comments = comment.into_iter().map(|text| self.new_comment(text, notify)).collect();
        let source = self.sources.first().cloned().unwrap_or_default();
        let shipment =
            Shipment { id, order, created_at: now, items: sent, tracks, comments, source };
        self.shipments.insert(id, shipment);
        self.ledger.add(LedgerEvent::Shipped { order, shipment: id });
        if notify {
            self.mail(order, "has shipped");
        }
        self.settle(order);
        Ok(id)
    }

    fn new_comment(&mut self, text: String, notified: bool) -> Comment {
        let (id, at) = (self.number(Sequence::Comment), self.now());
        Comment { id, text, at, notified, status: String::new() }
    }

    /// Works out a credit memo of an order, or of an invoice, and checks it.
    pub(crate) fn draft_refund(
        &mut self,
        order: u64,
        invoice: Option<u64>,
        asked: &RefundAsked,
    ) -> Result<Draft, WillNot> {
        let known = self.orders.get(&order).ok_or(WillNot::Missing)?;
        let collected = invoice.and_then(|id| self.invoices.get(&id));
        let service = match collected {
            None => None,
            Some(Invoice { transaction: None, .. }) => {
                return Err(invalid("We can't create creditmemo for the invoice."));
            }
            Some(_) if asked.online => {
                let gateway = self.gateways.iter().find(|gateway| gateway.id == known.method);
                gateway.map(|gateway| (gateway.takes, gateway.declines.clone()))
            }
            Some(_) => None,
        };
        let is_known = |(id, _): &(u64, i64)| known.lines.iter().any(|line| line.id == *id);
        if !asked.items.iter().all(is_known) {
            return Err(invalid("The creditmemo contains incorrect product items."));
        }
        let quantity = |line: &Line| match asked.items.iter().find(|(id, _)| *id == line.id) {
            Some((_, quantity)) => *quantity,
            None if asked.items.is_empty() => line.refundable(),
            None => 0,
        };
        let mut items = Vec::new();
        for line in &known.lines {
            let quantity = quantity(line);
            if quantity > line.refundable() {
                let words = "We found an invalid quantity to refund item \"%1\".".to_owned();
                return Err(WillNot::Says(words, vec![line.name.clone()]));
            }
            if quantity > 0 {
                items.push(memo_item(line, quantity));
            }
        }
        let left = if known.paid > Decimal::ZERO {
            shipping() - known.shipping_refunded
        } else {
            Decimal::ZERO
        };
        let of_shipping = asked.shipping.unwrap_or(left);
        let of_items: Decimal = items.iter().map(|item| item.gross - item.discount).sum();
        let total = of_items + of_shipping + asked.adjustment;
        if total > known.refundable() {
            return Err(invalid(&format!(
                "The most money available to refund is {}.",
                known.refundable()
            )));
        }
        let comments = asked.comment.clone().map(|text| self.new_comment(text, asked.notify));
        let memo = CreditMemo {
            id: 0,
            order,
            invoice,
            created_at: self.now(),
            total,
            adjustment: asked.adjustment,
            items,
            transaction: None,
            comments: comments.into_iter().collect(),
        };
        Ok(Draft { memo, shipping: of_shipping, service })
    }

    /// Keeps a credit memo. Money that the payment service sent stays sent if it cannot be kept.
    pub(crate) fn keep_refund(
        &mut self,
        draft: Draft,
        asked: &RefundAsked,
    ) -> Result<u64, WillNot> {
        let Draft { mut memo, shipping, service } = draft;
        let (order, total) = (memo.order, memo.total);
        let sent = service.is_some();
        let known = self.orders.get_mut(&order).ok_or(WillNot::Missing)?;
        if total > known.refundable() {
            if sent {
                let amount = total.to_string();
                self.ledger.add(LedgerEvent::MoneySentWithoutRefund { order, amount });
            }
            return Err(not_saved());
        }
        known.refunded += total;
        known.shipping_refunded += shipping;
        if sent {
            known.refunded_online += total;
        }
        let mut moves = Vec::new();
        for item in &memo.items {
            let back = asked.returned.contains(&item.line);
            for line in known.lines.iter_mut().filter(|line| line.id == item.line) {
                moves.extend(give_back(line, item, back).map(|moved| (line.sku.clone(), moved)));
            }
        }
        for (sku, moved) in moves {
            self.reserve(&sku, moved.reserved);
            self.deduct(&sku, moved.there);
            let quantity = moved.reserved + moved.there;
            if quantity > 0 {
                self.ledger.add(LedgerEvent::Restored { order, sku, quantity });
            }
        }
        let id = self.number(Sequence::Memo);
        memo.id = id;
        if sent {
            memo.transaction = Some(format!("REF-{}", self.number(Sequence::Transaction)));
        }
        self.memos.insert(id, memo);
        let amount = total.to_string();
        self.ledger.add(LedgerEvent::Refunded { order, refund: id, amount, money_moved: sent });
        if asked.notify {
            self.mail(order, "was refunded");
        }
        self.settle(order);
        Ok(id)
    }

    /// Where an order stands after something was done to it.
    fn settle(&mut self, order: u64) {
        let Some(known) = self.orders.get(&order) else { return };
        let all_back = known.paid > Decimal::ZERO && known.refunded >= known.paid;
        let nothing_to_send = known.lines.iter().all(|line| line.unsent() <= 0);
        let begun = known.paid > Decimal::ZERO || known.lines.iter().any(|line| line.shipped > 0);
        let (state, status) = match (all_back, nothing_to_send, begun) {
            (true, ..) => ("closed", "closed"),
            (_, true, true) if known.paid > Decimal::ZERO => ("complete", "complete"),
            (_, _, true) => ("processing", "processing"),
            _ => ("new", "pending"),
        };
        self.set_state(order, state, status);
    }
}

/// What so many of a line come to: the last of them take what is left.
fn memo_item(line: &Line, quantity: i64) -> MemoItem {
    let row = &line.row;
    let gross = cents(row.price * Decimal::from(quantity));
    if quantity == line.ordered - line.refunded {
        let discount = row.discount - line.discount_given_back;
        let gross = row.paid() - line.given_back + discount;
        return MemoItem {
            line: line.id,
            quantity,
            gross,
            discount,
            tax: row.tax - line.tax_given_back,
        };
    }
    let share = Decimal::from(quantity) / Decimal::from(line.ordered);
    let discount = cents(row.discount * share);
    MemoItem { line: line.id, quantity, gross, discount, tax: tax_within(gross - discount) }
}

/// What a line that is given back does to the stock.
struct Moved {
    reserved: i64,
    there: i64,
}

/// Gives back some of a line: what was not sent first. What was not sent and does not come back lies in
/// the source no longer, and its reservation is gone; what comes back can be sold again.
fn give_back(line: &mut Line, item: &MemoItem, back: bool) -> Option<Moved> {
    let unsent = item.quantity.min(line.unsent().max(0));
    let sent = item.quantity - unsent;
    line.refunded += item.quantity;
    line.refunded_unsent += unsent;
    line.given_back += item.gross - item.discount;
    line.tax_given_back += item.tax;
    line.discount_given_back += item.discount;
    line.counted.then_some(if back {
        Moved { reserved: unsent, there: sent }
    } else {
        Moved { reserved: unsent, there: -unsent }
    })
}
