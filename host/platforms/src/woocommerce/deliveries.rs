//! What the shop sends by webhook: whether it is the shop's, and what it tells.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fondaco_model::{
    EntityKey, PersonKey, ShopId, Snapshot, Timestamp, Version, person::AccountGone,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::{
    orders::{self, Refunds},
    payloads::{ApiError, Customer, Deleted, ManageStock, Order, Product},
    people,
    products::{self, Naming, Sold},
};
use crate::{Heard, Unreadable, Unverified, Verified, seen::Seen};

const SIGNATURE: &str = "X-WC-Webhook-Signature";
const TOPIC: &str = "X-WC-Webhook-Topic";

/// Whether a request is the shop's, by the signature over the raw body.
///
/// When a webhook is made, WooCommerce tries the address with a form that is not signed. That is
/// the only thing that passes unsigned, and nothing is made of it.
pub fn verify(
    secret: &SecretString,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Verified, Unverified> {
    let Some(signature) = headers.get(SIGNATURE) else {
        return if is_ping(headers, body) { Ok(Verified::Ping) } else { Err(Unverified::Unsigned) };
    };
    let signature =
        BASE64_STANDARD.decode(signature.as_bytes()).map_err(|_| Unverified::WrongSignature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| Unverified::WrongSignature)?;
    mac.update(body);
    // Compares in constant time.
    mac.verify_slice(&signature).map_err(|_| Unverified::WrongSignature)?;
    let topic = headers.get(TOPIC).and_then(|topic| topic.to_str().ok());
    let topic = topic.ok_or(Unverified::MissingHeader(TOPIC))?.to_owned();
    Ok(Verified::Delivery { topic })
}

fn is_ping(headers: &HeaderMap, body: &[u8]) -> bool {
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    let number = body.strip_prefix(b"webhook_id=").unwrap_or_default();
    let numbered = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    form && numbered && !headers.keys().any(|name| name.as_str().starts_with("x-wc-"))
}

/// What a delivery tells.
pub fn normalise(
    shop: &ShopId,
    topic: &str,
    received_at: Timestamp,
    body: &[u8],
) -> Result<Vec<Heard>, Unreadable> {
    if let Some(reason) = denied(body) {
        return Ok(vec![Heard::Denied { reason }]);
    }
    let seen = Seen { shop, read: None };
    // What is gone no longer says when; it was before the delivery arrived.
    let gone = Version::pushed(received_at);
    let snapshot = match topic.split_once('.') {
        Some(("order", "deleted")) => {
            let Deleted { id } = parse(body, "the id of an order")?;
            orders::tombstone(shop, id, gone)
        }
        Some(("product", "deleted")) => {
            let Deleted { id } = parse(body, "the id of a product")?;
            products::tombstone(shop, id, gone)
        }
        Some(("order", _)) => {
            let order: Order = parse(body, "an order")?;
            let snapshot = orders::snapshot(&seen, &order, Refunds::NotRead)?;
            return Ok(order_heard(&order, snapshot));
        }
        Some(("product", _)) => {
            let product: Product = parse(body, "a product")?;
            match product.sold() {
                Sold::Itself => products::snapshot(&seen, &product, Naming::Whole)?,
                Sold::AsVariations => return Ok(variations_to_fetch(shop, &product)),
                Sold::NotHere => return Ok(Vec::new()),
            }
        }
        Some(("customer", "created" | "updated")) => {
            let customer: Customer = parse(body, "a customer")?;
            if !people::is_customer(&customer) {
                return Ok(Vec::new());
            }
            return Ok(vec![Heard::Person(Box::new(people::of_account(&seen, &customer)?))]);
        }
        Some(("customer", "deleted")) => {
            let Deleted { id } = parse(body, "the id of a customer")?;
            let key = PersonKey::new(shop.clone(), id.to_string());
            return Ok(vec![Heard::AccountGone(AccountGone { key, version: gone })]);
        }
        // Coupons and plugins' own: nothing of them is kept.
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Heard::Snapshot(Box::new(snapshot))])
}

/// An order that was delivered says that there are refunds and no more of them, so it is read too.
fn order_heard(order: &Order, snapshot: Option<Snapshot>) -> Vec<Heard> {
    let Some(snapshot) = snapshot else {
        return Vec::new();
    };
    let gone = snapshot.entity.as_order().is_some_and(|order| order.head.is_deleted());
    let fetch = Heard::Fetch(snapshot.key.clone());
    let fetch = Some(fetch).filter(|_| !gone && !order.refunds.is_empty());
    [Heard::Snapshot(Box::new(snapshot))].into_iter().chain(fetch).collect()
}

/// A product that counts for its variations changes theirs without a word from them. One that does
/// not tells nothing they would not tell themselves; it is heard after every sale of each of them,
/// so reading them all then would be a burden.
fn variations_to_fetch(shop: &ShopId, product: &Product) -> Vec<Heard> {
    if product.manage_stock == ManageStock::No || product.status.as_deref() == Some("trash") {
        return Vec::new();
    }
    let fetch = |id: &u64| Heard::Fetch(EntityKey::variant(shop.clone(), id.to_string()));
    product.variations.iter().map(fetch).collect()
}

/// Why the shop sent an error in place of what the delivery is about, if it did because it may not
/// tell: the payload is made with the rights of a WordPress user, and that one has lost them.
fn denied(body: &[u8]) -> Option<String> {
    // The error is short, and no order begins like it; so no delivery is parsed twice.
    if !body.starts_with(b"{\"code\":") {
        return None;
    }
    let ApiError { code, .. } = serde_json::from_slice(body).ok()?;
    (code.0 == "woocommerce_rest_cannot_view").then(|| {
        format!(
            "the shop sent no content, but `{}`: the WordPress user to whom the webhook belongs may \
             no longer see orders and products; give that user the role of shop manager again, or \
             delete the webhook and let it be made anew",
            code.0
        )
    })
}

fn parse<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, Unreadable> {
    let error = match serde_json::from_slice(body) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    if !error.is_data() {
        let (line, column) = (error.line(), error.column());
        return Err(Unreadable(format!(
            "the body is not JSON: it breaks off or goes wrong at line {line}, column {column}"
        )));
    }
    match serde_json::from_slice::<ApiError>(body) {
        Ok(ApiError { code, message }) => Err(Unreadable(format!(
            "the shop sent an error in place of {what}: {} (`{}`)",
            products::plain_text(&message),
            code.0
        ))),
        Err(_) => {
            let error = without_values(&error);
            Err(Unreadable(format!("the body is not {what} as WooCommerce sends it: {error}")))
        }
    }
}

/// What is wrong with a body, without what stands there: that may be somebody's name.
fn without_values(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let named = ["missing field", "duplicate field"].iter().any(|begin| words.starts_with(begin));
    match words.rsplit_once(", expected ") {
        _ if named => words,
        Some((_, expected)) => format!("expected {expected}"),
        None => format!("line {}, column {} is wrong", error.line(), error.column()),
    }
}
