//! What somebody may ask of a shop: what is held of them, and to be forgotten.
//!
//! Both are asked for by a person who acts for the client, and leave an entry in the audit log that
//! names nobody but by id.

use fondaco_model::{ClientId, Entity, EntityKey, Order, ShopId};
use fondaco_store::{Act, Erased, Erasure, HeldPerson, StoreError, Whom};

use crate::{Engine, client::Client, now};

/// What the audit log calls showing somebody what is held of them.
const EXPORT: &str = "export-person";

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// No such client or shop.
    #[error("client `{client}` has no shop `{shop}`")]
    UnknownShop {
        /// The client.
        client: ClientId,
        /// The shop.
        shop: ShopId,
    },
    /// Nothing is held of them.
    #[error("shop `{shop}` has nobody like that, or they were forgotten before")]
    Nobody {
        /// The shop.
        shop: ShopId,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All that is held of one person.
#[derive(Debug)]
pub struct Dossier {
    /// Who they are, and what modules noted about them.
    pub held: HeldPerson,
    /// Their orders, by id, as far as the mirror has them.
    pub orders: Vec<(String, Order)>,
}

impl Engine {
    /// All that is held of somebody.
    ///
    /// # Errors
    /// If there is no such shop, or nothing is held of them.
    pub async fn export_person(
        &self,
        client: &ClientId,
        shop: ShopId,
        whom: &Whom,
        principal: &str,
    ) -> Result<Vec<Dossier>, PrivacyError> {
        let client = self.of_shop(client, &shop)?;
        let found = client.store.held(&client.setup.id, &shop, whom).await?;
        if found.is_empty() {
            return Err(PrivacyError::Nobody { shop });
        }
        let mut dossiers = Vec::with_capacity(found.len());
        for held in found {
            let act = Act {
                principal: principal.to_owned(),
                what: EXPORT.to_owned(),
                subject: held.key.to_string(),
                detail: String::new(),
            };
            client.store.audit(&client.lease, now(), act).await?;
            let orders = client.orders_of(&held).await?;
            dossiers.push(Dossier { held, orders });
        }
        Ok(dossiers)
    }

    /// Forgets somebody.
    ///
    /// # Errors
    /// If there is no such shop, or nothing is held of them.
    pub async fn erase_person(
        &self,
        client: &ClientId,
        erasure: Erasure,
    ) -> Result<Erased, PrivacyError> {
        let client = self.of_shop(client, &erasure.shop)?;
        let shop = erasure.shop.clone();
        let erased = client.store.erase(&client.lease, now(), erasure).await?;
        if erased.people.is_empty() {
            return Err(PrivacyError::Nobody { shop });
        }
        tracing::info!(
            client.id = %client.setup.id, shop.id = %shop, people = erased.people.len(),
            "somebody was forgotten",
        );
        Ok(erased)
    }

    fn of_shop(&self, client: &ClientId, shop: &ShopId) -> Result<&Client, PrivacyError> {
        let found = self.clients.get(client).filter(|found| found.shop(shop).is_some());
        found
            .map(AsRef::as_ref)
            .ok_or_else(|| PrivacyError::UnknownShop { client: client.clone(), shop: shop.clone() })
    }
}

impl Client {
    async fn orders_of(&self, held: &HeldPerson) -> Result<Vec<(String, Order)>, StoreError> {
        let mut orders = Vec::new();
        for id in held.orders() {
            let key = EntityKey::order(held.key.shop.clone(), id);
            if let Some(row) = self.store.mirror(&self.setup.id, &key).await?
                && let Entity::Order(order) = row.entity
            {
                orders.push((id.to_owned(), order));
            }
        }
        Ok(orders)
    }
}
