//! People: what identifies a customer, apart from everything else.
//!
//! Orders, events and whatever is derived from them carry a person's id and nothing that says who
//! that is. The values are here, and a store keeps them in one place, where they can be destroyed.
//!
//! A customer with an account has the platform's id. A guest has one for each order
//! ([`PersonKey::guest`]): it tells no more than the order's own id does, and does not tie two
//! orders together. That they are one person's is told by their e-mail address alone, which only
//! the store can look up.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ShopId, Timestamp, Version};

/// What the id of a guest begins with; the id of the order follows.
const GUEST: &str = "guest:";

/// Which person, within a client.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonKey {
    /// The shop they are a customer of.
    pub shop: ShopId,
    /// Their id on the platform, or a guest's.
    pub id: String,
}

impl PersonKey {
    /// A customer with an account.
    #[must_use]
    pub fn new(shop: ShopId, id: impl Into<String>) -> Self {
        Self { shop, id: id.into() }
    }

    /// Whoever placed an order without an account.
    #[must_use]
    pub fn guest(shop: ShopId, order: &str) -> Self {
        Self { shop, id: format!("{GUEST}{order}") }
    }

    /// Whether an id is a guest's.
    #[must_use]
    pub fn is_guest(id: &str) -> bool {
        id.starts_with(GUEST)
    }
}

impl fmt::Display for PersonKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "customer {} on {}", self.id, self.shop)
    }
}

/// Where somebody lives, or wants goods sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Name of the recipient.
    pub name: Option<String>,
    /// Street, number and what else the shop asks for, a line each.
    pub lines: Vec<String>,
    /// City.
    pub city: String,
    /// Postal code; absent: the country has none.
    pub postcode: Option<String>,
    /// Province or state, in the platform's code.
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
}

/// What identifies a person: as their account has it, or as it stands on one order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Since when they are a customer, as far as this tells: when the account was made, or the
    /// order placed.
    pub since: Timestamp,
    /// Given and family name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Where they live.
    pub address: Option<Address>,
    /// Where goods are sent.
    pub shipping: Option<Address>,
    /// The company they buy for.
    pub company: Option<String>,
    /// VAT number (`vat`) and other tax codes (`it-sdi`), each with its name.
    pub tax_codes: Vec<(String, String)>,
}

impl Person {
    /// Somebody of whom nothing is known but since when.
    #[must_use]
    pub const fn nobody(since: Timestamp) -> Self {
        Self {
            since,
            name: None,
            email: None,
            phone: None,
            address: None,
            shipping: None,
            company: None,
            tax_codes: Vec::new(),
        }
    }
}

/// Shows nothing, so that no log and no error can.
impl fmt::Debug for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Person").finish_non_exhaustive()
    }
}

/// Shows nothing, so that no log and no error can.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Address").finish_non_exhaustive()
    }
}

/// What an observation of a person is made from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonSource {
    /// Their account with the shop.
    Account,
    /// An order, by its id.
    Order(String),
}

/// One observation of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSeen {
    /// Who.
    pub key: PersonKey,
    /// Where it was seen.
    pub source: PersonSource,
    /// Which of two observations from the same source is the newer one.
    pub version: Version,
    /// What was seen.
    pub person: Person,
}

/// An account that its shop no longer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountGone {
    /// Whose it was.
    pub key: PersonKey,
    /// Since when.
    pub version: Version,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_person_is_shown() {
        let address = Address {
            name: Some("Mario Rossi".into()),
            lines: vec!["Via Garibaldi 12".into()],
            city: "Bologna".into(),
            postcode: Some("40121".into()),
            region: Some("BO".into()),
            country: "IT".into(),
        };
        let person = Person {
            name: Some("Mario Rossi".into()),
            email: Some("mario@example.test".into()),
            phone: Some("+39 051 1234567".into()),
            shipping: Some(address.clone()),
            company: Some("Rossi & Figli".into()),
            tax_codes: vec![("vat".into(), "IT01234567890".into())],
            ..Person::nobody(Timestamp(1))
        };
        assert_eq!(format!("{person:?} {address:?}"), "Person { .. } Address { .. }");
    }

    #[test]
    fn a_guest_is_another_one_with_each_order() {
        let shop = ShopId::new("milano").unwrap();
        let guest = PersonKey::guest(shop.clone(), "54");
        assert_eq!(guest.to_string(), "customer guest:54 on milano");
        assert_ne!(guest, PersonKey::guest(shop.clone(), "55"));
        assert_ne!(guest, PersonKey::new(shop, "54"));
    }
}
