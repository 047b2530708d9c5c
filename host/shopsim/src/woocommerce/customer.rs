//! Customers who have an account, as the vendor documents them; the endpoints were not observed.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fields::{Fields, id, object, set, set_date, text};
use super::item::hints;
use super::market::Market;

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
