//! People, with the fields that are granted and no others.

use std::collections::BTreeSet;

use fondaco_model::{Person, PersonKey, person::Address};

use crate::{contract::interfaces::people, grants::PersonalField};

/// A person as the answer of a read. What is not granted is absent.
pub fn record(
    key: PersonKey,
    person: Person,
    granted: &BTreeSet<PersonalField>,
) -> people::Customer {
    let may = |field: PersonalField| granted.contains(&field);
    people::Customer {
        shop: key.shop.as_str().to_owned(),
        id: key.id,
        created_at: person.since.0,
        // No platform that is read tells these.
        language: None,
        groups: Vec::new(),
        consents: Vec::new(),
        name: person.name.filter(|_| may(PersonalField::Name)),
        email: person.email.filter(|_| may(PersonalField::Email)),
        phone: person.phone.filter(|_| may(PersonalField::Phone)),
        address: person
            .address
            .filter(|_| may(PersonalField::Address))
            .map(|own| address(own, granted)),
        company: person.company.filter(|_| may(PersonalField::Company)),
        tax_codes: if may(PersonalField::TaxCodes) { person.tax_codes } else { Vec::new() },
    }
}

/// An address; its name is granted as other names are.
pub fn address(address: Address, granted: &BTreeSet<PersonalField>) -> people::Address {
    people::Address {
        name: address.name.filter(|_| granted.contains(&PersonalField::Name)),
        lines: address.lines,
        city: address.city,
        postcode: address.postcode,
        region: address.region,
        country: address.country,
    }
}
