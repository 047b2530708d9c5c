//! Customers who have an account, as the vendor documents them; the endpoints were not observed.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fields::{Fields, id, object, set, set_date, text};
use super::item::hints;
use super::market::Market;
use super::state::State;

impl State {
    /// Somebody opens an account.
    pub(crate) fn open_account(&mut self, email: &str, given: &str, family: &str) -> u64 {
        let id = self.take_customer_id();
        let mut account = Account::new(id, email, self.now(), &self.market);
        set(&mut account.fields, "first_name", given);
        set(&mut account.fields, "last_name", family);
        self.customers.insert(id, account);
        self.tell("customer.created", id);
        id
    }

    /// Somebody changes a field of their account; says whether there is such an account.
    pub(crate) fn change_account(&mut self, id: u64, field: &str, value: &str) -> bool {
        let now = self.now();
        let Some(account) = self.customers.get_mut(&id) else {
            return false;
        };
        set(&mut account.fields, field, value);
        set_date(&mut account.fields, "modified", Some(now), &self.market);
        self.tell("customer.updated", id);
        true
    }

    /// An account is closed; says whether there was one.
    pub(crate) fn close_account(&mut self, id: u64) -> bool {
        let closed = self.customers.remove(&id).is_some();
        if closed {
            self.tell("customer.deleted", id);
        }
        closed
    }
}

/// An account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// What `/customers/{id}` shows, without `_links`.
    pub fields: Fields,
}

impl Account {
    /// One that nothing was filled in yet.
    pub(crate) fn new(customer: u64, email: &str, now: Timestamp, market: &Market) -> Self {
        let digest = Sha256::digest(email.to_lowercase());
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let address = json!({
            "first_name": "", "last_name": "", "company": "", "address_1": "", "address_2": "",
            "city": "", "state": "", "postcode": "", "country": "", "phone": "",
        });
        let mut billing = address.clone();
        billing["email"] = json!("");
        let mut fields = object(json!({
            "id": customer,
            "email": email,
            "first_name": "",
            "last_name": "",
            "role": "customer",
            "username": email.split('@').next().unwrap_or_default(),
            "billing": billing,
            "shipping": address,
            "is_paying_customer": false,
            "avatar_url": format!("https://secure.gravatar.com/avatar/{hash}?s=96"),
            "meta_data": [],
        }));
        set_date(&mut fields, "created", Some(now), market);
        set_date(&mut fields, "modified", None, market);
        Self { fields }
    }

    pub(crate) fn id(&self) -> u64 {
        id(&self.fields, "id")
    }

    pub(crate) fn email(&self) -> &str {
        text(&self.fields, "email")
    }

    /// What `/customers/{id}` shows.
    pub(crate) fn json(&self, home: &str) -> Value {
        let mut fields = self.fields.clone();
        let collection = format!("{home}/wp-json/wc/v3/customers");
        let own = format!("{collection}/{}", self.id());
        let links = json!({
            "self": [{ "href": own, "targetHints": hints() }],
            "collection": [{ "href": collection }],
        });
        set(&mut fields, "_links", links);
        Value::Object(fields)
    }
}
