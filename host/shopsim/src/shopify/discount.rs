//! Discount codes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ids::{gid, moment};
use super::state::{Sequence, State};
use crate::ledger::LedgerEvent;

/// A code, as it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Discount {
    pub id: u64,
    pub code: String,
    pub free_shipping: bool,
    pub asked: Value,
    pub ended: bool,
}

impl Discount {
    fn status(&self, now: Timestamp) -> &'static str {
        let at = |name: &str| self.asked.get(name)?.as_str()?.parse::<Timestamp>().ok();
        if self.ended || at("endsAt").is_some_and(|ends| ends <= now) {
            "EXPIRED"
        } else if at("startsAt").is_some_and(|starts| starts > now) {
            "SCHEDULED"
        } else {
            "ACTIVE"
        }
    }

    pub(crate) fn json(&self, now: Timestamp) -> Value {
        let asked = |name: &str| self.asked.get(name).cloned().unwrap_or_default();
        let minimum =
            self.asked.pointer("/minimumRequirement/subtotal/greaterThanOrEqualToSubtotal");
        let minimum = minimum.filter(|minimum| !minimum.is_null()).map(|minimum| {
            json!({
                "__typename": "DiscountMinimumSubtotal",
                "greaterThanOrEqualToSubtotal": { "amount": minimum },
            })
        });
        let value = "/customerGets/value";
        let percentage = self.asked.pointer(&format!("{value}/percentage"));
        let amount = self.asked.pointer(&format!("{value}/discountAmount/amount"));
        let off = match (percentage, amount) {
            (Some(percentage), _) => {
                json!({ "__typename": "DiscountPercentage", "percentage": percentage })
            }
            (_, Some(amount)) => {
                json!({ "__typename": "DiscountAmount", "amount": { "amount": amount } })
            }
            _ => Value::Null,
        };
        let ends = if self.ended { json!(moment(now)) } else { asked("endsAt") };
        json!({
            "id": gid("DiscountCodeNode", self.id),
            "codeDiscount": {
                "__typename":
                    if self.free_shipping { "DiscountCodeFreeShipping" } else { "DiscountCodeBasic" },
                "title": asked("title"),
                "status": self.status(now),
                "startsAt": asked("startsAt"),
                "endsAt": ends,
                "usageLimit": asked("usageLimit"),
                "minimumRequirement": minimum,
                "customerGets": { "value": off },
            },
        })
    }
}

impl State {
    /// The code as it is written, in capitals or not.
    pub(crate) fn discount_by_code(&self, code: &str) -> Option<&Discount> {
        self.discounts.values().find(|known| known.code.eq_ignore_ascii_case(code))
    }

    /// Makes a code, or changes the one with this id.
    ///
    /// # Errors
    /// It cannot be; in words.
    pub(crate) fn write_discount(
        &mut self,
        id: Option<u64>,
        asked: &Value,
        free_shipping: bool,
    ) -> Result<u64, &'static str> {
        let code = asked.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
        if code.is_empty() || asked.get("startsAt").is_none_or(Value::is_null) {
            return Err("A code and a start are needed");
        }
        let taken = self.discount_by_code(&code).is_some_and(|known| Some(known.id) != id);
        if taken {
            return Err("Code must be unique. Please try a different code.");
        }
        if id.is_some_and(|id| !self.discounts.contains_key(&id)) {
            return Err("Discount does not exist");
        }
        let id = id.unwrap_or_else(|| self.number(Sequence::Discount));
        let asked = asked.clone();
        let (kind, amount) = match asked.pointer("/customerGets/value/percentage") {
            Some(percentage) => ("percentage", percentage.to_string()),
            None if free_shipping => ("free_shipping", String::new()),
            None => {
                let amount = asked.pointer("/customerGets/value/discountAmount/amount");
                ("amount", amount.and_then(Value::as_str).unwrap_or_default().to_owned())
            }
        };
        let discount_type = kind.to_owned();
        self.ledger.add(LedgerEvent::CouponWritten {
            coupon: id,
            code: code.clone(),
            discount_type,
            amount,
        });
        self.discounts.insert(id, Discount { id, code, free_shipping, asked, ended: false });
        Ok(id)
    }

    /// Ends a code. False: there is none.
    pub(crate) fn end_discount(&mut self, id: u64) -> bool {
        let Some(known) = self.discounts.get_mut(&id) else { return false };
        known.ended = true;
        let (coupon, code) = (known.id, known.code.clone());
        self.ledger.add(LedgerEvent::CouponDeleted { coupon, code });
        true
    }
}
