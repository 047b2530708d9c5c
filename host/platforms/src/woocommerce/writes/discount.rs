//! Discount codes, which WooCommerce calls coupons.
//!
//! A code is its own key: it is looked for first, what is there is changed, and a second one of the
//! same code is never made. A date of expiry is written with its offset, since without one it would
//! be in the shop's own time; `date_expires_gmt` is for reading only.

use fondaco_model::{
    ActionId, Decimal, Timestamp,
    action::{DiscountWrite, Reduction, Value},
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    super::{answers::refused, payloads::Discount, times},
    Sending,
    amounts::amount,
    gone_or, is_marked, mark,
};
use crate::{
    Executed, Looked, PlatformError, Request,
    plain::{number_of, text_of},
};

const MARK_KEY: &str = "_fondaco_discount_write";
const PATH: &str = "/coupons";

/// Makes the request for a code.
pub fn request(id: &ActionId, write: &DiscountWrite) -> Result<Request, PlatformError> {
    if write.customer.is_some() {
        return Err(unsupported(
            "WooCommerce ties a code to an e-mail address and not to a customer; let anybody redeem \
             it, and once only",
        ));
    }
    if write.starts_at.is_some() {
        return Err(unsupported(
            "WooCommerce codes begin at once; propose the code when it is to begin",
        ));
    }
    let (kind, off) = match &write.reduction {
        Reduction::Percent { percent } => ("percent", amount("the percentage", *percent)?),
        Reduction::Amount { amount: money } => ("fixed_cart", amount("the amount", money.amount)?),
        Reduction::Shipping => ("fixed_cart", "0.00".to_owned()),
    };
    let minimum = write.minimum.as_ref().map_or(Decimal::ZERO, |money| money.amount);
    let body = json!({
        "code": write.code,
        "discount_type": kind,
        "amount": off,
        "free_shipping": write.reduction == Reduction::Shipping,
        "minimum_amount": amount("the minimum", minimum)?,
        // None at all would leave the one there is.
        "usage_limit": write.uses.unwrap_or_default(),
        "date_expires": write.ends_at.map(expiry),
        "meta_data": [mark(MARK_KEY, id)],
    });
    Ok(Request {
        method: Method::POST.to_string(),
        path: PATH.to_owned(),
        body,
        only_if: None,
        result: Value::Text(write.code.clone()),
    })
}

/// Makes the request that ends a code.
pub fn end_request(id: &ActionId, code: &str) -> Result<Request, PlatformError> {
    Ok(Request {
        method: Method::PUT.to_string(),
        path: PATH.to_owned(),
        body: json!({ "code": code, "meta_data": [mark(MARK_KEY, id)] }),
        only_if: None,
        result: Value::Nothing,
    })
}

/// Makes the code, or changes the one that is there.
pub async fn execute(
    sending: &Sending<'_>,
    write: &DiscountWrite,
) -> Result<Executed, PlatformError> {
    let amounts = match &write.reduction {
        Reduction::Amount { amount } => Some(amount),
        Reduction::Percent { .. } | Reduction::Shipping => None,
    };
    for money in amounts.into_iter().chain(&write.minimum) {
        sending.check_currency(&money.currency).await?;
    }
    let known = find(sending, &write.code).await?;
    let wanted = Terms::wanted(&sending.request.body)?;
    if let Some(known) = &known
        && Terms::of(known)? == wanted
    {
        return Ok(done(known));
    }
    let mut body = sending.request.body.clone();
    if wanted.expires.is_none() && known.as_ref().is_some_and(|known| expires(known).is_some()) {
        body["date_expires"] = json!("");
    }
    let written = put(sending, known.as_ref(), &body).await?;
    if Terms::of(&written)? != wanted {
        return Err(PlatformError::Ambiguous {
            reason: format!(
                "the shop took the code {} and answered that it takes off something else",
                write.code
            ),
        });
    }
    Ok(done(&written))
}

/// Ends a code.
pub async fn end(sending: &Sending<'_>, code: &str) -> Result<Executed, PlatformError> {
    let known = find(sending, code).await?;
    let known = known.ok_or_else(|| refused(format!("the shop has no code {code}")))?;
    if is_over(&known, sending.now) {
        return Ok(done(&known));
    }
    let mut body = sending.request.body.clone();
    body["date_expires"] = json!(expiry(sending.now));
    let written = put(sending, Some(&known), &body).await?;
    if !is_over(&written, sending.time().plus_ms(1_000)) {
        return Err(PlatformError::Ambiguous {
            reason: format!(
                "the shop was told to end the code {code} and answered that it goes on"
            ),
        });
    }
    Ok(done(&written))
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, code: &str) -> Result<Looked, PlatformError> {
    let known = find(sending, code).await?;
    Ok(match known.filter(|known| is_marked(&known.meta_data, sending.request, MARK_KEY)) {
        Some(known) => Looked::Done { ids: vec![known.id.to_string()], snapshots: Vec::new() },
        None => Looked::NotDone,
    })
}

fn done(discount: &Discount) -> Executed {
    Executed::Done { ids: vec![discount.id.to_string()], snapshots: Vec::new() }
}

/// The one with this code. The shop tells capitals not apart.
async fn find(sending: &Sending<'_>, code: &str) -> Result<Option<Discount>, PlatformError> {
    let query = vec![("code", code.to_owned())];
    let found = sending.shop.client.get::<Vec<Discount>>(PATH, query).await?.content;
    let same = |discount: &Discount| {
        text_of(discount.code.as_ref())
            .is_some_and(|known| known.to_lowercase() == code.to_lowercase())
    };
    Ok(found.into_iter().find(same))
}

async fn put(
    sending: &Sending<'_>,
    known: Option<&Discount>,
    body: &Json,
) -> Result<Discount, PlatformError> {
    let (method, path) = match known {
        Some(known) => (Method::PUT, format!("{PATH}/{}", known.id)),
        None => (Method::POST, PATH.to_owned()),
    };
    let answer = sending.shop.client.call(method, &path, Vec::new(), Some(body)).await;
    Ok(answer.map_err(|failed| gone_or("the code", failed))?.content)
}

fn expires(discount: &Discount) -> Option<Timestamp> {
    discount.date_expires_gmt.as_deref().and_then(times::parse)
}

fn is_over(discount: &Discount, now: Timestamp) -> bool {
    expires(discount).is_some_and(|expires| expires <= now)
}

/// A date of expiry as it is sent.
fn expiry(moment: Timestamp) -> String {
    format!("{}Z", times::format(moment))
}

/// What makes two codes the same.
#[derive(PartialEq, Eq)]
struct Terms {
    kind: String,
    off: Decimal,
    free_shipping: bool,
    minimum: Decimal,
    uses: Decimal,
    expires: Option<Timestamp>,
}

impl Terms {
    fn of(discount: &Discount) -> Result<Self, PlatformError> {
        let what = format!("code {}", discount.id);
        let number = |text, field| {
            let number = number_of(text, &what, field).map_err(|error| refused(error.0));
            number.map(Option::unwrap_or_default)
        };
        Ok(Self {
            kind: discount.discount_type.clone().unwrap_or_default(),
            off: number(discount.amount.as_ref(), "amount")?,
            free_shipping: discount.free_shipping,
            minimum: number(discount.minimum_amount.as_ref(), "minimum_amount")?,
            uses: number(discount.usage_limit.as_ref(), "usage_limit")?,
            expires: expires(discount),
        })
    }

    /// What a request is to make of a code.
    fn wanted(body: &Json) -> Result<Self, PlatformError> {
        let mut body = body.clone();
        body["id"] = json!(0);
        body["date_expires_gmt"] = body["date_expires"].take();
        let wanted: Discount = serde_json::from_value(body)
            .map_err(|_| refused("the request that was kept is no discount code"))?;
        Self::of(&wanted)
    }
}

fn unsupported(reason: &str) -> PlatformError {
    PlatformError::Unsupported { reason: reason.to_owned() }
}
