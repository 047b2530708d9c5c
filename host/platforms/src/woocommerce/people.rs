//! Who a shop's customers are: what an order and an account tell of a person.
//!
//! An order has `billing`, who pays, and `shipping`, where it goes; an account has the same two and
//! a name and address of its own. WooCommerce has no field for tax codes. A shop adds some to its
//! checkout under names of its own, and they come as notes of the order; those whose names are
//! known here are read.

use fondaco_model::{
    Person, PersonKey, PersonSeen, PersonSource, Timestamp, Version, person::Address,
};
use serde_json::Value;

use super::{
    payloads::{Customer, Meta, Order},
    products::{plain_text, version_of},
    times,
};
use crate::{Unreadable, plain::text_of, seen::Seen};

/// Where the notes begin that a checkout's additional fields leave on an order, and the shop's own
/// namespace follows.
const ADDED_FIELDS: [&str; 2] = ["_wc_billing/", "_wc_other/"];

/// An additional field's own name, and what the contract calls it.
const TAX_CODES: [(&str, &str); 2] = [("piva", "vat"), ("sdi", "it-sdi")];

/// Who placed an order. One that names nobody (any more) has a guest of whom nothing is known: what it
/// said before is then forgotten.
pub fn of_order(
    seen: &Seen<'_>,
    order: &Order,
    version: Version,
    placed_at: Timestamp,
) -> PersonSeen {
    let person = Person {
        name: name(&order.billing),
        email: text(&order.billing, "email"),
        phone: text(&order.billing, "phone"),
        address: address(&order.billing),
        shipping: address(&order.shipping),
        company: text(&order.billing, "company"),
        tax_codes: tax_codes(&order.meta_data),
        ..Person::nobody(placed_at)
    };
    let id = order.id.to_string();
    let account = text_of(order.customer_id.as_ref()).filter(|account| account != "0");
    let key = match account {
        Some(account) => PersonKey::new(seen.shop.clone(), account),
        None => PersonKey::guest(seen.shop.clone(), &id),
    };
    PersonSeen { key, source: PersonSource::Order(id), version, person }
}

/// What WordPress calls those who work on a shop. Whoever has any other role buys there: shops make
/// up roles of their own for wholesale and the like.
const STAFF: [&str; 5] = ["administrator", "author", "contributor", "editor", "shop_manager"];

/// Whether an account is a customer's, and not one of somebody who only works on the shop.
pub fn is_customer(customer: &Customer) -> bool {
    let role = text_of(customer.role.as_ref()).unwrap_or_default();
    customer.is_paying_customer || !STAFF.contains(&role.as_str())
}

/// Whose account it is.
pub fn of_account(seen: &Seen<'_>, customer: &Customer) -> Result<PersonSeen, Unreadable> {
    let what = format!("customer {}", customer.id);
    let version = version_of(
        seen,
        &what,
        customer.date_modified_gmt.as_deref(),
        customer.date_created_gmt.as_deref(),
    )?;
    let created = customer.date_created_gmt.as_deref().and_then(times::parse);
    let own = [&customer.first_name, &customer.last_name];
    let own: Vec<String> = own
        .into_iter()
        .filter_map(|part| text_of(part.as_ref()))
        .map(|part| plain_text(&part))
        .collect();
    let own = Some(own.join(" ")).filter(|own| !own.is_empty());
    let person = Person {
        name: own.or_else(|| name(&customer.billing)),
        email: text_of(customer.email.as_ref()).or_else(|| text(&customer.billing, "email")),
        phone: text(&customer.billing, "phone"),
        address: address(&customer.billing),
        shipping: address(&customer.shipping),
        company: text(&customer.billing, "company"),
        ..Person::nobody(created.unwrap_or(version.platform))
    };
    let key = PersonKey::new(seen.shop.clone(), customer.id.to_string());
    Ok(PersonSeen { key, source: PersonSource::Account, version, person })
}

/// A field of an address, which is a list instead of an object where it is empty.
fn text(of: &Value, field: &str) -> Option<String> {
    let text = match of.get(field)? {
        Value::String(text) => plain_text(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn name(of: &Value) -> Option<String> {
    let parts = ["first_name", "last_name"].into_iter().filter_map(|field| text(of, field));
    Some(parts.collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty())
}

/// An address, if it says more than a country and a province: a shop fills in its own at once.
fn address(of: &Value) -> Option<Address> {
    let lines = ["address_1", "address_2"].into_iter().filter_map(|field| text(of, field));
    let lines: Vec<String> = lines.collect();
    let (city, postcode) = (text(of, "city"), text(of, "postcode"));
    if lines.is_empty() && city.is_none() && postcode.is_none() {
        return None;
    }
    Some(Address {
        name: name(of),
        lines,
        city: city.unwrap_or_default(),
        postcode,
        region: text(of, "state"),
        country: text(of, "country")?.to_ascii_uppercase(),
    })
}

fn tax_codes(notes: &[Meta]) -> Vec<(String, String)> {
    let code = |note: &Meta| {
        let added = ADDED_FIELDS.into_iter().find_map(|begin| note.key.strip_prefix(begin))?;
        let (_, field) = added.split_once('/')?;
        let (_, name) = TAX_CODES.into_iter().find(|(own, _)| *own == field)?;
        let value = note.value.as_str()?.trim();
        (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
    };
    notes.iter().filter_map(code).collect()
}
