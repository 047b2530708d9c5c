//! Who a shop's customers are: what an order and an account tell of a person. What the shop's plan, or
//! the access that Shopify gave the app, keeps back is absent.

use fondaco_model::{
    Person, PersonKey, PersonSeen, PersonSource, Timestamp, Version, person::Address as Home,
};

use super::{
    ids::{dated, plain},
    payloads::{Address, Customer, Order},
};
use crate::{Unreadable, seen::Seen};

/// Who placed an order.
pub fn of_order(
    seen: &Seen<'_>,
    order: &Order,
    version: Version,
    placed_at: Timestamp,
) -> PersonSeen {
    let billing = order.billing_address.as_ref();
    let person = Person {
        name: billing.and_then(|address| said(&address.name)),
        email: said(&order.email),
        phone: said(&order.phone).or_else(|| billing.and_then(|address| said(&address.phone))),
        address: billing.and_then(home),
        shipping: order.shipping_address.as_ref().and_then(home),
        company: billing.and_then(|address| said(&address.company)),
        ..Person::nobody(placed_at)
    };
    let id = plain(&order.legacy_resource_id);
    let key = match &order.customer {
        Some(customer) => PersonKey::new(seen.shop.clone(), plain(&customer.legacy_resource_id)),
        None => PersonKey::guest(seen.shop.clone(), &id),
    };
    PersonSeen { key, source: PersonSource::Order(id), version, person }
}

/// Whose account it is.
pub fn of_account(seen: &Seen<'_>, customer: &Customer) -> Result<PersonSeen, Unreadable> {
    let id = plain(&customer.legacy_resource_id);
    let what = format!("customer {id}");
    let version = seen.version(dated(&customer.updated_at, &what, "updatedAt")?);
    let address = customer.default_address.as_ref();
    let email = customer.default_email_address.as_ref().map(|email| email.email_address.clone());
    let phone = customer.default_phone_number.as_ref().map(|phone| phone.phone_number.clone());
    let person = Person {
        name: said(&customer.display_name),
        email: said(&email),
        phone: said(&phone),
        address: address.and_then(home),
        shipping: address.and_then(home),
        company: address.and_then(|address| said(&address.company)),
        ..Person::nobody(dated(&customer.created_at, &what, "createdAt")?)
    };
    let key = PersonKey::new(seen.shop.clone(), id);
    Ok(PersonSeen { key, source: PersonSource::Account, version, person })
}

fn said(text: &Option<String>) -> Option<String> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn home(address: &Address) -> Option<Home> {
    let lines = [&address.address1, &address.address2];
    let lines: Vec<String> = lines.into_iter().filter_map(said).collect();
    let (city, postcode) = (said(&address.city), said(&address.zip));
    if lines.is_empty() && city.is_none() && postcode.is_none() {
        return None;
    }
    Some(Home {
        name: said(&address.name),
        lines,
        city: city.unwrap_or_default(),
        postcode,
        region: said(&address.province_code),
        country: said(&address.country_code)?,
    })
}
