//! Who a shop's customers are: what an order and an account tell of a person.

use fondaco_model::{
    Person, PersonKey, PersonSeen, PersonSource, Timestamp, Version, person::Address as Home,
};
use serde_json::Value;

use super::{
    payloads::{Address, Customer, Order},
    times,
};
use crate::{Unreadable, plain::text_of, seen::Seen};

/// Who placed an order.
pub fn of_order(
    seen: &Seen<'_>,
    order: &Order,
    version: Version,
    placed_at: Timestamp,
) -> PersonSeen {
    let billing = order.billing_address.as_ref();
    let assigned = order.extension_attributes.shipping_assignments.first();
    let shipping = assigned.and_then(|assigned| assigned.shipping.address.as_ref());
    let own = joined([&order.customer_firstname, &order.customer_lastname]);
    let person = Person {
        name: billing.and_then(name).or(own),
        email: said(order.customer_email.as_deref()),
        phone: billing.and_then(|address| text_of(address.telephone.as_ref())),
        address: billing.and_then(home),
        shipping: shipping.and_then(home),
        company: billing.and_then(|address| said(address.company.as_deref())),
        tax_codes: tax_codes(billing, order.customer_taxvat.as_deref()),
        ..Person::nobody(placed_at)
    };
    let id = order.entity_id.to_string();
    let key = match order.customer_id.filter(|account| *account != 0) {
        Some(account) => PersonKey::new(seen.shop.clone(), account.to_string()),
        None => PersonKey::guest(seen.shop.clone(), &id),
    };
    PersonSeen { key, source: PersonSource::Order(id), version, person }
}

/// Whose account it is.
pub fn of_account(seen: &Seen<'_>, customer: &Customer) -> Result<PersonSeen, Unreadable> {
    let moment = |text: &Option<String>| text.as_deref().and_then(times::parse);
    let created = moment(&customer.created_at);
    let platform = moment(&customer.updated_at).or(created);
    let platform =
        platform.ok_or_else(|| Unreadable(format!("customer {} has no date", customer.id)))?;
    let addresses = &customer.addresses;
    let billing = addresses.iter().find(|address| address.default_billing).or(addresses.first());
    let shipping = addresses.iter().find(|address| address.default_shipping).or(billing);
    let own = joined([&customer.firstname, &customer.lastname]);
    let person = Person {
        name: own.or_else(|| billing.and_then(name)),
        email: said(customer.email.as_deref()),
        phone: billing.and_then(|address| text_of(address.telephone.as_ref())),
        address: billing.and_then(home),
        shipping: shipping.and_then(home),
        company: billing.and_then(|address| said(address.company.as_deref())),
        tax_codes: tax_codes(billing, customer.taxvat.as_deref()),
        ..Person::nobody(created.unwrap_or(platform))
    };
    let key = PersonKey::new(seen.shop.clone(), customer.id.to_string());
    Ok(PersonSeen { key, source: PersonSource::Account, version: seen.version(platform), person })
}

/// A registered customer's `taxvat` is one field for either code: an Italian person's is sixteen
/// characters and begins with letters, a VAT number does not.
fn tax_codes(billing: Option<&Address>, taxvat: Option<&str>) -> Vec<(String, String)> {
    let vat = billing.and_then(|address| text_of(address.vat_id.as_ref()));
    let own = said(taxvat);
    let is_person = |code: &String| {
        code.chars().count() == 16
            && code.chars().take(6).all(|character| character.is_alphabetic())
    };
    let codice = own.clone().filter(is_person).map(|code| ("it-codice-fiscale".to_owned(), code));
    let vat = vat.or_else(|| own.filter(|code| !is_person(code)));
    vat.map(|code| ("vat".to_owned(), code)).into_iter().chain(codice).collect()
}

fn said(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn joined(parts: [&Option<String>; 2]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().filter_map(|part| said(part.as_deref())).collect();
    Some(parts.join(" ")).filter(|name| !name.is_empty())
}

fn name(address: &Address) -> Option<String> {
    joined([&address.firstname, &address.lastname])
}

/// An address, if it says more than a country.
fn home(address: &Address) -> Option<Home> {
    let street = address.street.iter().flatten();
    let lines: Vec<String> = street.filter_map(|line| said(Some(line))).collect();
    let (city, postcode) = (said(address.city.as_deref()), text_of(address.postcode.as_ref()));
    if lines.is_empty() && city.is_none() && postcode.is_none() {
        return None;
    }
    let code = said(address.region_code.as_deref()).or_else(|| match &address.region {
        Value::Object(region) => said(region.get("region_code").and_then(Value::as_str)),
        _ => None,
    });
    Some(Home {
        name: name(address),
        lines,
        city: city.unwrap_or_default(),
        postcode,
        region: code,
        country: said(address.country_id.as_deref())?.to_ascii_uppercase(),
    })
}
