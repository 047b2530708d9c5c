//! What the shop sends by webhook: whether it is the shop's, and what it tells.
//!
//! A payload has the shape of Shopify's older API, a delivery may come hours late, and with the content
//! of then. So a delivery only says what should be read; who a customer is, it tells itself.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fondaco_model::{
    EntityKey, Person, PersonKey, PersonSeen, PersonSource, ShopId, Timestamp, Version,
    person::AccountGone,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::Sha256;

use super::{
    ids::{dated, plain},
    pages::BY_ITEM,
};
use crate::{
    DataSubject, Heard, Unreadable, Unverified, Verified, limits::SITE_CHARACTERS_MAX, plain::Plain,
};

const SIGNATURE: &str = "X-Shopify-Hmac-Sha256";
const TOPIC: &str = "X-Shopify-Topic";
const SHOP: &str = "X-Shopify-Shop-Domain";

/// What the host is told of, as subscriptions name it.
pub const TOPICS: [&str; 15] = [
    "APP_UNINSTALLED",
    "CUSTOMERS_CREATE",
    "CUSTOMERS_DELETE",
    "CUSTOMERS_UPDATE",
    "FULFILLMENTS_CREATE",
    "FULFILLMENTS_UPDATE",
    "INVENTORY_LEVELS_CONNECT",
    "INVENTORY_LEVELS_UPDATE",
    "ORDERS_CREATE",
    "ORDERS_DELETE",
    "ORDERS_UPDATED",
    "ORDER_TRANSACTIONS_CREATE",
    "PRODUCTS_CREATE",
    "PRODUCTS_UPDATE",
    "REFUNDS_CREATE",
];

/// Whether a request is the shop's, by the signature over the raw body, and not another shop's that the
/// same app is installed in.
pub fn verify(
    secret: &SecretString,
    own: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Verified, Unverified> {
    let signature = headers.get(SIGNATURE).ok_or(Unverified::Unsigned)?;
    let signature =
        BASE64_STANDARD.decode(signature.as_bytes()).map_err(|_| Unverified::WrongSignature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| Unverified::WrongSignature)?;
    mac.update(body);
    // Compares in constant time.
    mac.verify_slice(&signature).map_err(|_| Unverified::WrongSignature)?;
    let text = |name: &'static str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned).ok_or(Unverified::MissingHeader(name))
    };
    let (topic, site) = (text(TOPIC)?, text(SHOP)?);
    if site.eq_ignore_ascii_case(own) {
        return Ok(Verified::Delivery { topic });
    }
    let site = site.chars().take(SITE_CHARACTERS_MAX).collect();
    Ok(Verified::Foreign { topic, site })
}

#[derive(Deserialize)]
struct Numbered {
    id: Plain,
}

#[derive(Deserialize)]
struct OfOrder {
    order_id: Plain,
}

#[derive(Deserialize)]
struct OfItem {
    inventory_item_id: Plain,
}

#[derive(Deserialize)]
struct Product {
    #[serde(default)]
    variants: Vec<Numbered>,
}

/// A request about personal data. Whom it is about may have no account.
#[derive(Deserialize)]
struct AboutSomebody {
    customer: Somebody,
}

#[derive(Deserialize)]
struct Somebody {
    #[serde(default)]
    id: Option<Plain>,
    #[serde(default)]
    email: Option<String>,
}

#[derive(Deserialize)]
struct Customer {
    id: Plain,
    created_at: String,
    updated_at: String,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
}

/// What a delivery tells.
pub fn normalise(
    shop: &ShopId,
    topic: &str,
    received_at: Timestamp,
    body: &[u8],
) -> Result<Vec<Heard>, Unreadable> {
    let order = |id: &Plain| Heard::Fetch(EntityKey::order(shop.clone(), plain(id)));
    let variant = |id: String| Heard::Fetch(EntityKey::variant(shop.clone(), id));
    Ok(match topic {
        "orders/create" | "orders/updated" | "orders/delete" => {
            vec![order(&read::<Numbered>(body)?.id)]
        }
        "refunds/create"
        | "order_transactions/create"
        | "fulfillments/create"
        | "fulfillments/update" => vec![order(&read::<OfOrder>(body)?.order_id)],
        "products/create" | "products/update" => {
            let product: Product = read(body)?;
            product.variants.iter().map(|known| variant(plain(&known.id))).collect()
        }
        "inventory_levels/update" | "inventory_levels/connect" => {
            let item = plain(&read::<OfItem>(body)?.inventory_item_id);
            vec![variant(format!("{BY_ITEM}{item}"))]
        }
        "customers/create" | "customers/update" => {
            vec![Heard::Person(Box::new(person(shop, &read(body)?)?))]
        }
        "customers/delete" => {
            let key = PersonKey::new(shop.clone(), plain(&read::<Numbered>(body)?.id));
            vec![Heard::AccountGone(AccountGone { key, version: Version::pushed(received_at) })]
        }
        "customers/redact" => vec![Heard::Forget(subject(body)?)],
        "customers/data_request" => vec![Heard::DataRequest(subject(body)?)],
        "shop/redact" => vec![Heard::ForgetEverybody],
        "app/uninstalled" => vec![Heard::Denied {
            reason:
                "the app was taken out of the shop: install it again there, or take the shop out \
                     of the client's file"
                    .to_owned(),
        }],
        _ => Vec::new(),
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body)
        .map_err(|error| Unreadable(format!("it is not what Shopify sends: {error}")))
}

fn subject(body: &[u8]) -> Result<DataSubject, Unreadable> {
    let Somebody { id, email } = read::<AboutSomebody>(body)?.customer;
    let email = email.filter(|email| !email.trim().is_empty());
    if id.is_none() && email.is_none() {
        return Err(Unreadable("it does not say whom it is about".to_owned()));
    }
    Ok(DataSubject { id: id.as_ref().map(plain), email })
}

fn person(shop: &ShopId, customer: &Customer) -> Result<PersonSeen, Unreadable> {
    let id = plain(&customer.id);
    let what = format!("customer {id}");
    let said = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let names = [&customer.first_name, &customer.last_name];
    let names: Vec<String> = names.into_iter().filter_map(said).collect();
    let person = Person {
        name: Some(names.join(" ")).filter(|name| !name.is_empty()),
        email: said(&customer.email),
        phone: said(&customer.phone),
        ..Person::nobody(dated(&customer.created_at, &what, "created_at")?)
    };
    let version = Version::pushed(dated(&customer.updated_at, &what, "updated_at")?);
    let key = PersonKey::new(shop.clone(), id);
    Ok(PersonSeen { key, source: PersonSource::Account, version, person })
}
