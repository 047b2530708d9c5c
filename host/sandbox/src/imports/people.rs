//! Who a shop's customers are, as far as the install may know it.

use fondaco_model::{Person, PersonKey, PersonSource, ShopId};

use crate::{
    CallError,
    contract::interfaces::{people, types::Refusal},
    convert::person,
    grants::PersonalField,
    run::Run,
};

impl Run {
    /// The shop, or why nothing is told of it.
    async fn shop_of_people(&mut self, shop: &str) -> Result<Result<ShopId, Refusal>, CallError> {
        let known = self.known_shop(shop).await?;
        Ok(known.ok_or_else(|| Refusal::Invalid(format!("there is no shop `{shop}`"))))
    }

    /// Who placed an order, as it stands on it; nothing if the order is not known or they were
    /// forgotten.
    async fn person_of_order(
        &mut self,
        shop: ShopId,
        order: &str,
    ) -> Result<Option<(PersonKey, Person)>, CallError> {
        let found = self.host.order(&shop, order).await.map_err(CallError::Host)?;
        let head = found.and_then(|(_, order)| order.head.value().cloned());
        let Some(customer) = head.and_then(|head| head.customer) else {
            return Ok(None);
        };
        let key = PersonKey::new(shop, customer);
        let source = PersonSource::Order(order.to_owned());
        let person = self.host.person(&key, Some(&source)).await.map_err(CallError::Host)?;
        Ok(person.map(|person| (key, person)))
    }

    fn record(&self, key: PersonKey, person: Person) -> people::Customer {
        person::record(key, person, self.grants.personal_fields())
    }
}

impl people::Host for Run {
    async fn by_id(
        &mut self,
        shop: String,
        customer: String,
    ) -> wasmtime::Result<Result<Option<people::Customer>, Refusal>> {
        self.count_host_call(shop.len() + customer.len())?;
        let shop = match self.shop_of_people(&shop).await? {
            Ok(shop) => shop,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let key = PersonKey::new(shop, customer);
        let person = self.host.person(&key, None).await.map_err(CallError::Host)?;
        Ok(Ok(person.map(|person| self.record(key, person))))
    }

    async fn of_order(
        &mut self,
        shop: String,
        order: String,
    ) -> wasmtime::Result<Result<Option<people::Customer>, Refusal>> {
        self.count_host_call(shop.len() + order.len())?;
        let shop = match self.shop_of_people(&shop).await? {
            Ok(shop) => shop,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let found = self.person_of_order(shop, &order).await?;
        Ok(Ok(found.map(|(key, person)| self.record(key, person))))
    }

    async fn shipping_address(
        &mut self,
        shop: String,
        order: String,
    ) -> wasmtime::Result<Result<Option<people::Address>, Refusal>> {
        self.count_host_call(shop.len() + order.len())?;
        let shop = match self.shop_of_people(&shop).await? {
            Ok(shop) => shop,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !self.grants.personal_fields().contains(&PersonalField::Address) {
            return Ok(Ok(None));
        }
        let found = self.person_of_order(shop, &order).await?;
        let address = found.and_then(|(_, person)| person.shipping);
        let fields = self.grants.personal_fields();
        Ok(Ok(address.map(|address| person::address(address, fields))))
    }
}
