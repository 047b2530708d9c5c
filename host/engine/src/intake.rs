//! Intake: what a shop sends is verified and put on disk before it is answered.

use fondaco_model::{ClientId, ShopId};
use fondaco_platforms::{Unverified, Verified};
use fondaco_store::{NewDelivery, StoreError, spill::Taken};
use http::HeaderMap;

use crate::{Engine, client::Client, new_trace, notices, now, room::RoomLevel, setup::ShopSetup};

/// What became of a request to a shop's hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// The shop only tried whether somebody is there.
    Ping,
    /// It is on disk, under this number.
    Delivery(u64),
    /// It is on disk, and put into the inbox once the database can take it.
    Spilled,
    /// A copy of the shop sent it. It is on disk, kept apart under this number.
    Foreign(u64),
}

/// Why a request to a hook was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// No such client or shop.
    #[error("there is no shop `{shop}` of a client `{client}` here")]
    UnknownShop {
        /// The client, as asked for.
        client: String,
        /// The shop, as asked for.
        shop: String,
    },
    /// It is not the shop's.
    #[error(transparent)]
    Unverified(#[from] Unverified),
    /// The store's disk is nearly full, so nothing is accepted.
    #[error("the host's disk is nearly full; send it again later")]
    NoRoom,
    /// It could not be put on disk.
    #[error("the delivery could not be stored")]
    Store(#[from] StoreError),
}

impl Engine {
    /// Takes a request to a shop's hook. Once this returns, the delivery is on disk.
    ///
    /// # Errors
    /// If there is no such shop, the request is not the shop's, or it could not be stored.
    pub async fn accept(
        &self,
        client: &str,
        shop: &str,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Result<Accepted, IntakeError> {
        let unknown =
            || IntakeError::UnknownShop { client: client.to_owned(), shop: shop.to_owned() };
        let client_id = ClientId::new(client).map_err(|_| unknown())?;
        let shop_id = ShopId::new(shop).map_err(|_| unknown())?;
        let client = self.clients.get(&client_id).ok_or_else(unknown)?;
        let setup = client.setup.shops.get(&shop_id).ok_or_else(unknown)?;
        let (topic, site) = match setup.platform.verify(headers, &body)? {
            Verified::Ping => return Ok(Accepted::Ping),
            Verified::Delivery { topic } => (topic, None),
            Verified::Foreign { topic, site } => (topic, Some(site)),
        };
        client.heard_of(&shop_id);
        if self.room().level == RoomLevel::Short {
            return Err(IntakeError::NoRoom);
        }
        let trace = new_trace();
        let delivery = NewDelivery { shop: shop_id, topic, received_at: now(), trace, body };
        if let Some(site) = site {
            return client.keep_apart(setup, delivery, &site).await;
        }
        let spill = &self.keeping.spill;
        match spill.accept(client.store.as_ref(), &client.lease, delivery).await? {
            Taken::Inbox(number) => {
                tracing::debug!(
                    client.id = %client_id, delivery.number = number, trace.id = %trace, "accepted",
                );
                client.wakes.deliveries.notify_one();
                Ok(Accepted::Delivery(number))
            }
            Taken::Spilled => {
                self.spilled.notify_one();
                Ok(Accepted::Spilled)
            }
        }
    }
}

impl Client {
    /// Keeps a delivery of a copy of a shop apart. It is not spilled if the database cannot take it:
    /// nothing is lost for the shop with it.
    async fn keep_apart(
        &self,
        shop: &ShopSetup,
        delivery: NewDelivery,
        site: &str,
    ) -> Result<Accepted, IntakeError> {
        let alert = notices::foreign(&self.setup.id, &delivery.shop, &shop.name, site);
        let shop = delivery.shop.clone();
        let number = self.store.keep_apart(&self.lease, delivery, site, alert).await?;
        tracing::warn!(
            client.id = %self.setup.id, shop.id = %shop, delivery.number = number, site,
            "a copy of a shop sent a delivery as if it were the shop; it is kept apart",
        );
        Ok(Accepted::Foreign(number))
    }
}
