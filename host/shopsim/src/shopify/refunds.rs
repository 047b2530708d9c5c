//! How money and goods are given back.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::amounts::cents;
use super::ids::number;
use super::mutations::Refused;
use super::order::{Order, Refund, RefundLine, Transaction};
use super::state::{Sequence, State};
use crate::ledger::LedgerEvent;

/// What a store credit is called among the movements of money.
const STORE_CREDIT: &str = "shopify_store_credit";

/// Units of a line that come back, and where to.
struct Back {
    line: u64,
    quantity: i64,
    place: Option<u64>,
    /// Whether they were not sent yet.
    unsent: bool,
    subtotal: Decimal,
}

fn refused(words: impl Into<String>) -> Refused {
    ("INVALID", words.into())
}

pub(crate) fn create(state: &mut State, input: &Value) -> Result<Value, Refused> {
    let order = number("Order", input.get("orderId"));
    let order = order.and_then(|order| state.orders.get(&order));
    let order = order.ok_or_else(|| refused("Order does not exist"))?.clone();
    let back = lines(&order, input)?;
    let moves = moves(state, &order, input)?;
    let amount = moves.iter().map(|known| known.amount).sum::<Decimal>();
    let (id, now) = (state.number(Sequence::Refund), state.now());
    for known in moves.iter().filter(|known| !known.manual) {
        let gateway = state.gateways.iter().find(|gateway| gateway.id == known.gateway);
        if let Some(reason) = gateway.and_then(|gateway| gateway.declines.clone()) {
            let words = reason.clone();
            let (order, refund) = (order.id, id);
            state.ledger.add(LedgerEvent::RefundDeclined { order, refund, reason });
            return Err(refused(words));
        }
    }
    let money_moved =
        moves.iter().any(|known| !known.manual && known.gateway.as_str() != STORE_CREDIT);
    for line in &back {
        if let Some(place) = line.place {
            state.put_back(order.id, line.line, place, line.quantity, line.unsent);
        }
    }
    let note = input.get("note").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(known) = state.orders.get_mut(&order.id) else { return Ok(Value::Null) };
    for line in &back {
        take_off(known, line);
    }
    known.transactions.extend(moves);
    let lines = back.into_iter().map(|back| RefundLine {
        line: back.line,
        quantity: back.quantity,
        place: back.place,
        subtotal: back.subtotal,
    });
    known.refunds.push(Refund { id, at: now, note, amount, lines: lines.collect() });
    let (order, refund, amount) = (order.id, id, cents(amount).to_string());
    state.ledger.add(LedgerEvent::Refunded { order, refund, amount, money_moved });
    state.order_changed(order, "refunds/create");
    Ok(json!({ "legacyResourceId": id.to_string() }))
}

fn take_off(order: &mut Order, back: &Back) {
    let Some(line) = order.lines.iter_mut().find(|known| known.id == back.line) else { return };
    line.refunded += back.quantity;
    if back.unsent {
        line.removed += back.quantity;
        let items = order.to_send.iter_mut().flat_map(|goods| &mut goods.lines);
        for item in items.filter(|item| item.line == back.line) {
            item.remaining = (item.remaining - back.quantity).max(0);
        }
    }
}

fn lines(order: &Order, input: &Value) -> Result<Vec<Back>, Refused> {
    let asked = input.get("refundLineItems").and_then(Value::as_array).into_iter().flatten();
    let each = asked.map(|asked| {
        let id = number("LineItem", asked.get("lineItemId")).unwrap_or_default();
        let line = order.lines.iter().find(|line| line.id == id);
        let line = line.ok_or_else(|| refused("Line item does not exist"))?;
        let quantity = asked.get("quantity").and_then(Value::as_i64).unwrap_or_default();
        if quantity < 1 || quantity > line.quantity - line.refunded {
            return Err(refused("Quantity cannot refund more items than were purchased"));
        }
        let restock = asked.get("restockType").and_then(Value::as_str).unwrap_or("NO_RESTOCK");
        let unsent = restock == "CANCEL";
        if unsent && quantity > line.unfulfilled() {
            return Err(refused("Quantity cannot be removed, it has been fulfilled"));
        }
        let place = number("Location", asked.get("locationId"));
        let place = place.filter(|_| restock != "NO_RESTOCK");
        let share = Decimal::from(quantity) / Decimal::from(line.quantity);
        Ok(Back { line: id, quantity, place, unsent, subtotal: cents(line.paid() * share) })
    });
    each.collect()
}

/// How the money goes back. Without any, none does.
fn moves(state: &mut State, order: &Order, input: &Value) -> Result<Vec<Transaction>, Refused> {
    let amount = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        let amount = text.parse::<Decimal>().ok().filter(|amount| *amount > Decimal::ZERO);
        amount.ok_or_else(|| refused("Amount must be greater than zero"))
    };
    let list = |name: &str| input.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let now = state.now();
    let mut moves = Vec::new();
    for asked in list("transactions") {
        let amount = amount(asked.get("amount"))?;
        let parent = number("OrderTransaction", asked.get("parentId")).unwrap_or_default();
        let paid = order.transactions.iter().find(|known| known.id == parent);
        let paid = paid.ok_or_else(|| refused("Parent transaction does not exist"))?;
        if amount > order.left_of(parent) {
            return Err(refused("Refund amount cannot be greater than the amount available"));
        }
        moves.push(Transaction {
            id: state.number(Sequence::Transaction),
            kind: "REFUND",
            status: "SUCCESS",
            gateway: paid.gateway.clone(),
            manual: paid.manual,
            at: now,
            amount,
            parent: Some(parent),
        });
    }
    for asked in list("refundMethods") {
        let amount = amount(asked.pointer("/storeCreditRefund/amount/amount"))?;
        if order.customer.is_none() {
            return Err(refused("Store credit needs a customer"));
        }
        if amount > order.paid() - order.refunded() {
            return Err(refused("Refund amount cannot be greater than the amount available"));
        }
        moves.push(Transaction {
            id: state.number(Sequence::Transaction),
            kind: "REFUND",
            status: "SUCCESS",
            gateway: STORE_CREDIT.to_owned(),
            manual: false,
            at: now,
            amount,
            parent: None,
        });
    }
    Ok(moves)
}
