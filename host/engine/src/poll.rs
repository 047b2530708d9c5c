//! Polling: what no webhook told is found by asking.
//!
//! A platform may lose a webhook (WooCommerce never repeats one), so each shop is asked, from time
//! to time and at every start, what changed since the last answer. Only a poll lets the host say
//! until when a shop's orders are complete.
//!
//! A poll's pages need no inbox: how far it has come is committed with what it brought, so that
//! what is lost in between is read again.

use std::{sync::Arc, time::Instant};

use fondaco_model::{ShopId, Timestamp};
use fondaco_platforms::{Collection, PlatformError};

use crate::{
    client::{Client, Ended},
    limits, now,
    observe::{TakeIn, reach_back},
    setup::ShopSetup,
    tempo::Tempo,
};

/// What a shop is asked about. Customers are not among it: of them, WooCommerce cannot tell what
/// changed.
#[derive(Debug, Clone, Copy)]
enum Polled {
    Catalogue,
    Orders,
}

impl From<Polled> for Collection {
    fn from(polled: Polled) -> Self {
        match polled {
            Polled::Catalogue => Self::Catalogue,
            Polled::Orders => Self::Orders,
        }
    }
}

impl Client {
    /// Asks a shop again and again what changed.
    pub async fn poll(self: Arc<Self>, id: &ShopId) -> Result<(), Ended> {
        let Some(shop) = self.shop(id) else {
            return Ok(());
        };
        let mut webhooks_checked: Option<Instant> = None;
        let mut failures = 0;
        let mut tempo = Tempo::of_polls(shop);
        loop {
            self.until_there_is_room().await?;
            if webhooks_checked.is_none_or(|at| at.elapsed() > limits::WEBHOOKS_CHECK_EVERY) {
                webhooks_checked = self.check_webhooks(id, shop).await.then(Instant::now);
            }
            let mut wait = shop.poll_every;
            match self.poll_once(id, shop).await? {
                Ok(events) => {
                    wait = tempo.next(events > 0);
                    failures = 0;
                    self.heard_of(id);
                    self.trouble(id, None);
                    self.may_be_released().await?;
                }
                Err(error) => {
                    failures += 1;
                    self.shop_trouble(id, "poll", &error);
                    wait = wait.min(crate::retry::wait_after(failures));
                }
            }
            self.sleep(wait).await?;
        }
    }

    async fn check_webhooks(&self, id: &ShopId, shop: &ShopSetup) -> bool {
        let Some(address) = &shop.hook_address else {
            return true;
        };
        match shop.platform.ensure_webhooks(address).await {
            Ok(made) => {
                for webhook in made {
                    tracing::info!(
                        client.id = %self.setup.id, shop.id = %id, topic = webhook.topic,
                        because = webhook.because, "a webhook was made on a shop",
                    );
                }
                true
            }
            Err(error) => {
                self.shop_trouble(id, "look after the webhooks", &error);
                false
            }
        }
    }

    /// Reads what changed, and returns how many events came of it; the outer error ends the client's
    /// work, the inner one is the shop's.
    pub async fn poll_once(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
    ) -> Result<Result<usize, PlatformError>, Ended> {
        let mut events = 0;
        // Stock before orders: an order that explains a change of stock is then known no later
        // than the moment that the orders are said to be complete until.
        for polled in [Polled::Catalogue, Polled::Orders] {
            match self.poll_collection(id, shop, polled).await? {
                Ok(raised) => events += raised,
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(events))
    }

    async fn poll_collection(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
        polled: Polled,
    ) -> Result<Result<usize, PlatformError>, Ended> {
        let began_at = now();
        let mut events = 0;
        let progress = self.store.shop_progress(&self.setup.id, id).await?;
        let known_until = match polled {
            Polled::Catalogue => progress.catalogue_known_until,
            Polled::Orders => progress.orders_known_until,
        };
        let since = reach_back(known_until.unwrap_or(progress.connected_at));
        let mut cursor: Option<String> = None;
        loop {
            let page =
                shop.platform.page(now(), polled.into(), Some(since), cursor.as_deref()).await;
            let page = match page {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            cursor = page.next;
            let mut take_in = TakeIn { snapshots: page.snapshots, ..TakeIn::default() };
            if cursor.is_none() {
                take_in.progress = Some(self.known_until(id, polled, began_at).await?);
            }
            events += self.take_in(take_in).await?;
            if cursor.is_none() {
                return Ok(Ok(events));
            }
            self.go_on()?;
        }
    }

    async fn known_until(
        &self,
        id: &ShopId,
        polled: Polled,
        moment: Timestamp,
    ) -> Result<(ShopId, fondaco_store::ShopProgress), Ended> {
        let mut progress = self.store.shop_progress(&self.setup.id, id).await?;
        match polled {
            Polled::Catalogue => progress.catalogue_known_until = Some(moment),
            Polled::Orders => progress.orders_known_until = Some(moment),
        }
        Ok((id.clone(), progress))
    }
}
