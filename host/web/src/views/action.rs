//! Actions, as they are listed.

use fondaco_engine::setup::ClientSetup;
use fondaco_model::{
    Action, ActionEnd, ActionKind,
    action::{
        DiscountWrite, OrderStep, OrderWrite, PriceWrite, ProductWrite, Reduction, RefundMethod,
        RefundWrite, Restock, Value,
    },
    catalogue::PriceScope,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionView {
    /// Its id.
    pub id: String,
    /// Its number within the client.
    pub number: u64,
    /// The trace it belongs to.
    pub trace: String,
    /// The install that proposed it.
    pub install: String,
    /// The event whose run proposed it.
    pub event: u64,
    /// The interface it was proposed by.
    pub kind: String,
    /// What it does, in words.
    pub what: String,
    /// Whether the shop may write to the customer because of it.
    pub mails_customer: bool,
    /// Why, in English.
    pub why_en: String,
    /// Why, in Italian.
    pub why_it: String,
    /// `waiting`, `sending` or `ended`.
    pub state: String,
    /// How it ended, once it has: `done`, `refused`, `stale`, `unsupported`, `superseded`,
    /// `failed`, `unknown`, `expired`, or `shadow`: its module ran in shadow, so it went nowhere.
    pub end: Option<String>,
    /// More about the end, in words.
    pub detail: Option<String>,
    /// How often sending it was begun.
    pub attempts: u32,
    /// When it was proposed, in milliseconds since 1970.
    pub proposed_at: u64,
    /// If it waits to be tried again: not before then, in milliseconds since 1970.
    pub next_try_at: Option<u64>,
    /// Why it was last put back, if it was.
    pub last_reason: Option<String>,
    /// What the shop showed before it was carried out, once that was seen.
    pub shown_before: Option<String>,
    /// What the shop showed afterwards, once that was seen.
    pub shown_after: Option<String>,
    /// When it ended, in milliseconds since 1970.
    pub ended_at: Option<u64>,
}

impl ActionView {
    /// An action of this client.
    pub fn of(action: Action, client: &ClientSetup) -> Self {
        let detail = match &action.end {
            Some(
                ActionEnd::Refused { reason }
                | ActionEnd::Failed { reason }
                | ActionEnd::Unsupported { reason },
            ) => Some(reason.clone()),
            Some(ActionEnd::Unknown { detail }) => Some(detail.clone()),
            Some(ActionEnd::Shadow { objection: Some(objection) }) => {
                Some(format!("live, it would be refused: {objection}"))
            }
            Some(ActionEnd::Stale { found }) => Some(format!("the shop showed {found}")),
            _ => None,
        };
        Self {
            id: action.id.to_string(),
            number: action.number,
            trace: action.trace.to_string(),
            install: action.install.to_string(),
            event: action.event,
            kind: action.kind.interface().to_owned(),
            what: words(&action.kind),
            mails_customer: client.mails_customer(&action.kind),
            why_en: action.terms.explanation.en,
            why_it: action.terms.explanation.it,
            state: action.state.as_str().to_owned(),
            end: action.end.as_ref().map(|end| end.as_str().to_owned()),
            detail,
            attempts: action.attempts,
            proposed_at: action.proposed_at.0,
            next_try_at: action.next_try.map(|moment| moment.0),
            last_reason: action.last_reason,
            shown_before: action.shown.before.map(|value| value.to_string()),
            shown_after: action.shown.after.map(|value| value.to_string()),
            ended_at: action.ended_at.map(|moment| moment.0),
        }
    }
}

/// What an action does, in words.
pub fn words(kind: &ActionKind) -> String {
    match kind {
        ActionKind::ChangeStock { shop, variant, available, decided_on, .. } => {
            format!("stock of variant {variant} on {shop}: {decided_on} → {available}")
        }
        ActionKind::ChangePrice(write) => price_words(write),
        ActionKind::ChangeProduct(ProductWrite { shop, product, field, value, decided_on }) => {
            let (before, after) = (Value::Text(decided_on.clone()), Value::Text(value.clone()));
            format!("{} of product {product} on {shop}: {before} → {after}", field.as_str())
        }
        ActionKind::ChangeOrder(write) => order_words(write),
        ActionKind::Refund(write) => refund_words(write),
        ActionKind::Discount(write) => discount_words(write),
        ActionKind::EndDiscount { shop, code } => format!("end of code {code} on {shop}"),
        ActionKind::Alert { title, .. } => title.en.clone(),
    }
}

fn price_words(write: &PriceWrite) -> String {
    let PriceWrite { shop, variant, amount, .. } = write;
    let whom = match &write.scope {
        PriceScope::Everyone => String::new(),
        PriceScope::Group(name) => format!(" for the group {name}"),
        PriceScope::Market(name) => format!(" for the market {name}"),
    };
    let sale = match &write.compare_at {
        Some(regular) => format!(", on sale from {regular}"),
        None => String::new(),
    };
    let before = Value::from(write.decided_on);
    let (amount, currency) = (amount.amount, &amount.currency);
    format!("price of variant {variant} on {shop}{whom}: {before} → {amount} {currency}{sale}")
}

fn order_words(write: &OrderWrite) -> String {
    let OrderWrite { shop, order, step, .. } = write;
    let which = format!("order {order} on {shop}");
    match step {
        OrderStep::Hold { reason } => format!("hold {which}: {}", Value::Text(reason.clone())),
        OrderStep::Release => format!("release {which}"),
        OrderStep::Cancel { reason } => {
            format!("call off {which}: {}", Value::Text(reason.clone()))
        }
        OrderStep::Tag { tag } => format!("tag {which} `{tag}`"),
        OrderStep::Untag { tag } => format!("take the tag `{tag}` from {which}"),
        OrderStep::Note { text } => format!("note on {which}: {}", Value::Text(text.clone())),
        OrderStep::Parcel { carrier, tracking, .. } => {
            let number = tracking.as_deref().map(|number| format!(" ({number})"));
            format!("parcel of {which} by {carrier}{}", number.unwrap_or_default())
        }
    }
}

fn refund_words(write: &RefundWrite) -> String {
    let RefundWrite { shop, order, amount, .. } = write;
    let how = match write.method {
        RefundMethod::Original => "the money is sent",
        RefundMethod::StoreCredit => "as credit for the shop",
        RefundMethod::Recorded => "recorded only, somebody sends the money",
    };
    let goods = match write.restock {
        Restock::Sellable => ", goods back to stock",
        Restock::WrittenOff => ", goods written off",
        Restock::None => "",
    };
    let (amount, currency) = (amount.amount, &amount.currency);
    format!("refund of {amount} {currency} for order {order} on {shop}: {how}{goods}")
}

fn discount_words(write: &DiscountWrite) -> String {
    let off = match &write.reduction {
        Reduction::Percent { percent } => format!("{percent} %"),
        Reduction::Amount { amount } => format!("{} {}", amount.amount, amount.currency),
        Reduction::Shipping => "the shipping".to_owned(),
    };
    format!("code {} on {}: {off} off", write.code, write.shop)
}
