//! Whom the shop writes to, and when. There is no way to change something quietly.
//!
//! Only what was seen is told: a change of status that was not observed sends nothing here.

use super::fields::{date, text};
use super::state::State;
use crate::ledger::LedgerEvent;

/// Who runs the shop.
const MERCHANT: &str = "admin@example.test";

impl State {
    /// Mails what follows from a status. An order that is paid for or promised is new to the
    /// merchant; whoever ordered is told of it, and of its end.
    pub(crate) fn mail_status(&mut self, order_id: u64, before: &str, after: &str) {
        let new = matches!(before, "pending" | "checkout-draft" | "failed")
            && matches!(after, "processing" | "on-hold" | "completed");
        let shop = self.title.clone();
        let received = format!("Your {shop} order has been received!");
        let new_order = format!("[{shop}]: New order #{order_id}");
        match after {
            "on-hold" if new => {
                self.mail_merchant(&new_order);
                self.mail_customer(order_id, &received);
            }
            "processing" if new || before == "on-hold" || before == "cancelled" => {
                if new {
                    self.mail_merchant(&new_order);
                }
                self.mail_customer(order_id, &received);
            }
            "completed" => {
                self.mail_customer(order_id, &format!("Your {shop} order is now complete"));
                if new {
                    self.mail_merchant(&new_order);
                }
            }
            "cancelled" if matches!(before, "processing" | "on-hold") => {
                self.mail_merchant(&format!("[{shop}]: Order #{order_id} has been cancelled"));
            }
            "failed" => {
                self.mail_customer(order_id, &format!("Your order at {shop} was unsuccessful"));
            }
            _ => {}
        }
    }

    pub(crate) fn mail_refund(&mut self, order_id: u64, full: bool) {
        let how = if full { "refunded" } else { "partially refunded" };
        let subject = format!("Your {} order #{order_id} has been {how}", self.title);
        self.mail_customer(order_id, &subject);
    }

    pub(crate) fn mail_note(&mut self, order_id: u64) {
        let Some(order) = self.orders.get(&order_id) else {
            return;
        };
        let day = date(&order.fields, "created").map(|at| self.market.day(at)).unwrap_or_default();
        let subject = format!("Note added to your {} order from {day}", self.title);
        self.mail_customer(order_id, &subject);
    }

    /// Mails whom the order names; an order without an address is nobody's.
    fn mail_customer(&mut self, order_id: u64, subject: &str) {
        let Some(order) = self.orders.get(&order_id) else {
            return;
        };
        let billing = order.fields.get("billing").and_then(serde_json::Value::as_object);
        let to = billing.map(|billing| text(billing, "email").to_owned()).unwrap_or_default();
        if !to.is_empty() {
            self.mail(&to, subject);
        }
    }

    fn mail_merchant(&mut self, subject: &str) {
        self.mail(MERCHANT, subject);
    }

    /// Notes that something was mailed.
    pub(crate) fn mail(&mut self, to: &str, subject: &str) {
        let (to, subject) = (to.to_owned(), subject.to_owned());
        self.ledger.add(LedgerEvent::Mailed { to, subject });
    }
}
