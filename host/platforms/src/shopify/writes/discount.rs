//! Discount codes. A code is its own key: it is looked for first, what is there is changed, and a second
//! one of the same code is never made.

use fondaco_model::{
    Decimal, Timestamp,
    action::{DiscountWrite, Reduction, Value},
};
use serde_json::{Value as Json, json};

use super::{
    super::{
        documents::{
            DISCOUNT, DISCOUNT_BASIC_CREATE, DISCOUNT_BASIC_UPDATE, DISCOUNT_END,
            DISCOUNT_FREE_SHIPPING_CREATE, DISCOUNT_FREE_SHIPPING_UPDATE,
        },
        ids::{gid, moment, number, written},
        refused,
    },
    Sending, kept,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a code.
pub fn request(write: &DiscountWrite) -> Result<Request, PlatformError> {
    let mut discount = json!({
        "title": write.code,
        "code": write.code,
        "usageLimit": write.uses,
        "endsAt": write.ends_at.map(written),
        "minimumRequirement": write.minimum.as_ref().map(|minimum| json!({
            "subtotal": { "greaterThanOrEqualToSubtotal": minimum.amount.to_string() },
        })),
        "context": match &write.customer {
            None => json!({ "all": "ALL" }),
            Some(customer) => {
                json!({ "customers": { "add": [gid("Customer", customer)?] } })
            }
        },
    });
    let (document, off) = match &write.reduction {
        Reduction::Percent { percent } => {
            if *percent <= Decimal::ZERO || *percent > Decimal::from(100) {
                return Err(refused(format!("{percent} per cent cannot be taken off")));
            }
            (&DISCOUNT_BASIC_CREATE, Some(json!({ "percentage": fraction(*percent)? })))
        }
        Reduction::Amount { amount } => {
            let amount = json!({ "amount": amount.amount.to_string(), "appliesOnEachItem": false });
            (&DISCOUNT_BASIC_CREATE, Some(json!({ "discountAmount": amount })))
        }
        Reduction::Shipping => {
            discount["destination"] = json!({ "all": true });
            (&DISCOUNT_FREE_SHIPPING_CREATE, None)
        }
    };
    if let Some(value) = off {
        discount["customerGets"] = json!({ "value": value, "items": { "all": true } });
    }
    if let Some(starts_at) = write.starts_at {
        discount["startsAt"] = json!(written(starts_at));
    }
    let body = json!({ "discount": discount });
    Ok(kept(document, body, None, Value::Text(write.code.clone())))
}

/// A percentage as the platform has it: 0.1 for ten.
fn fraction(percent: Decimal) -> Result<Json, PlatformError> {
    let units = percent.units(4).and_then(|units| Decimal::from_units(units, 6));
    let fraction = units.ok_or_else(|| refused(format!("{percent} per cent is too fine")))?;
    Ok(serde_json::from_str(&fraction.to_string()).unwrap_or_default())
}

/// Makes the request that ends a code.
pub fn end_request(code: &str) -> Result<Request, PlatformError> {
    Ok(kept(&DISCOUNT_END, json!({ "code": code }), None, Value::Nothing))
}

/// Makes the code, or changes the one that is there.
pub async fn execute(
    sending: &Sending<'_>,
    write: &DiscountWrite,
) -> Result<Executed, PlatformError> {
    let free_shipping = write.reduction == Reduction::Shipping;
    let known = find(sending, &write.code).await?;
    if let Some(known) = known.as_ref().filter(|known| known.is(write)) {
        return Ok(known.done());
    }
    let mut discount = sending.request.body.get("discount").cloned().unwrap_or_default();
    if discount.get("startsAt").is_none() {
        // A code needs a beginning: that which it has, or now.
        let begins = known.as_ref().and_then(|known| known.starts_at).unwrap_or(sending.now);
        discount["startsAt"] = json!(written(begins));
    }
    match &known {
        None => {
            let (document, root) = match free_shipping {
                true => (&DISCOUNT_FREE_SHIPPING_CREATE, "discountCodeFreeShippingCreate"),
                false => (&DISCOUNT_BASIC_CREATE, "discountCodeBasicCreate"),
            };
            sending.send(document, json!({ "discount": discount }), root).await?;
        }
        Some(known) if known.free_shipping != free_shipping => {
            return Err(refused(format!(
                "the code {} takes off something of another kind; end it, and propose another code",
                write.code
            )));
        }
        Some(known) => {
            let (document, root) = match free_shipping {
                true => (&DISCOUNT_FREE_SHIPPING_UPDATE, "discountCodeFreeShippingUpdate"),
                false => (&DISCOUNT_BASIC_UPDATE, "discountCodeBasicUpdate"),
            };
            let variables = json!({ "id": known.id, "discount": discount });
            sending.send(document, variables, root).await?;
        }
    }
    let written = find(sending, &write.code)
        .await
        .map_err(|error| PlatformError::Ambiguous { reason: error.to_string() })?;
    match written.filter(|written| written.is(write)) {
        Some(written) => Ok(written.done()),
        None => Err(PlatformError::Ambiguous {
            reason: format!(
                "the shop took the code {} and shows that it takes off something else",
                write.code
            ),
        }),
    }
}

/// Ends a code.
pub async fn end(sending: &Sending<'_>, code: &str) -> Result<Executed, PlatformError> {
    let known = find(sending, code).await?;
    let known = known.ok_or_else(|| refused(format!("the shop has no code {code}")))?;
    if !known.is_over() {
        sending.send(&DISCOUNT_END, json!({ "id": known.id }), "discountCodeDeactivate").await?;
    }
    Ok(known.done())
}

/// Looks whether the code takes off what it should.
pub async fn look(sending: &Sending<'_>, write: &DiscountWrite) -> Result<Looked, PlatformError> {
    let known = find(sending, &write.code).await?;
    Ok(match known.filter(|known| known.is(write)) {
        Some(known) => Looked::Done { ids: vec![number(&known.id)], snapshots: Vec::new() },
        None => Looked::NotDone,
    })
}

/// Looks whether the code is over.
pub async fn look_at_end(sending: &Sending<'_>, code: &str) -> Result<Looked, PlatformError> {
    let known = find(sending, code).await?;
    Ok(match known.filter(Known::is_over) {
        Some(known) => Looked::Done { ids: vec![number(&known.id)], snapshots: Vec::new() },
        None => Looked::NotDone,
    })
}

/// A code as the shop has it.
struct Known {
    id: String,
    free_shipping: bool,
    status: String,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    uses: Option<u64>,
    minimum: Option<Decimal>,
    /// A fraction, or an amount.
    percentage: Option<Decimal>,
    amount: Option<Decimal>,
}

impl Known {
    fn of(node: &Json) -> Option<Self> {
        let discount = node.get("codeDiscount")?;
        let number = |place: &str| -> Option<Decimal> {
            let value = discount.pointer(place)?;
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Decimal::from_platform(&text).ok()
        };
        let at = |field: &str| discount.get(field)?.as_str().and_then(moment);
        let kind = discount.get("__typename")?.as_str()?;
        let value = "/customerGets/value";
        Some(Self {
            id: node.get("id")?.as_str()?.to_owned(),
            free_shipping: kind == "DiscountCodeFreeShipping",
            status: discount.get("status")?.as_str()?.to_owned(),
            starts_at: at("startsAt"),
            ends_at: at("endsAt"),
            uses: discount.get("usageLimit").and_then(Json::as_u64),
            minimum: number("/minimumRequirement/greaterThanOrEqualToSubtotal/amount"),
            percentage: number(&format!("{value}/percentage")),
            amount: number(&format!("{value}/amount/amount")),
        })
    }

    /// Whether it is what is to be.
    fn is(&self, write: &DiscountWrite) -> bool {
        let seconds = |moment: Option<Timestamp>| moment.map(|moment| moment.0 / 1_000);
        let hundredth =
            |percent: Decimal| percent.units(4).and_then(|units| Decimal::from_units(units, 6));
        let off = match &write.reduction {
            Reduction::Percent { percent } => {
                !self.free_shipping && self.percentage == hundredth(*percent)
            }
            Reduction::Amount { amount } => {
                !self.free_shipping && self.amount == Some(amount.amount)
            }
            Reduction::Shipping => self.free_shipping,
        };
        off && !self.is_over()
            && self.uses == write.uses.map(u64::from)
            && self.minimum == write.minimum.as_ref().map(|minimum| minimum.amount)
            && seconds(self.ends_at) == seconds(write.ends_at)
            && (write.starts_at.is_none() || seconds(self.starts_at) == seconds(write.starts_at))
    }

    fn is_over(&self) -> bool {
        self.status == "EXPIRED"
    }

    fn done(&self) -> Executed {
        Executed::Done { ids: vec![number(&self.id)], snapshots: Vec::new() }
    }
}

async fn find(sending: &Sending<'_>, code: &str) -> Result<Option<Known>, PlatformError> {
    let answer: Json = sending.shop.client.ask(&DISCOUNT, json!({ "code": code })).await?;
    let node = answer.get("codeDiscountNodeByCode").filter(|node| !node.is_null());
    match node {
        None => Ok(None),
        Some(node) => Known::of(node).map(Some).ok_or_else(|| {
            refused(format!("the code {code} is of a kind that this host does not write"))
        }),
    }
}
