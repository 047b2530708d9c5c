//! Reconciling a shop with the mirror, at a person's wish: all of it is read again, and what is
//! different is taken in, as if it had been told. So modules hear of it.
//!
//! It goes on beside everything else, as a job that can be asked how far it is. Of one shop there is
//! one at a time; one that a host did not finish is begun anew by whoever wants it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use fondaco_model::{ClientId, ShopId, Timestamp};
use fondaco_platforms::{Collection, Page, PlatformError};
use fondaco_store::Act;

use crate::{
    Engine,
    client::{Client, Ended},
    limits, now,
    observe::TakeIn,
    setup::ShopSetup,
    shops::ShopCallError,
};

/// How far the reconciliation of a shop is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// When it was begun.
    pub began_at: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// Why it was given up, if it was.
    pub given_up: Option<String>,
    /// What is being read, and how far.
    pub reading: Reading,
    /// How many differences were found, and repaired in the mirror.
    pub differences: u64,
}

/// How far the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What: `catalogue` or `orders`.
    pub collection: &'static str,
    /// Things read of both together.
    pub done: u64,
    /// Things there are in what is being read and what was, as far as the shop tells.
    pub total: u64,
}

/// The last reconciliation of each shop.
#[derive(Default)]
pub struct Reconciliations(Mutex<BTreeMap<ShopId, Reconciliation>>);

impl Reconciliations {
    fn with<T>(&self, change: impl FnOnce(&mut BTreeMap<ShopId, Reconciliation>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn of(&self, shop: &ShopId) -> Option<Reconciliation> {
        self.with(|all| all.get(shop).cloned())
    }

    /// Begins one, unless one is under way. Says whether it did.
    fn begin(&self, shop: &ShopId) -> bool {
        self.with(|all| {
            if all.get(shop).is_some_and(|known| known.ended_at.is_none()) {
                return false;
            }
            let begun = Reconciliation {
                began_at: now(),
                ended_at: None,
                given_up: None,
                reading: Reading { collection: CATALOGUE, done: 0, total: 0 },
                differences: 0,
            };
            all.insert(shop.clone(), begun);
            true
        })
    }

    fn change(&self, shop: &ShopId, change: impl FnOnce(&mut Reconciliation)) {
        self.with(|all| all.get_mut(shop).map(change));
    }

    fn end(&self, shop: &ShopId, given_up: Option<String>) {
        self.change(shop, |known| {
            known.ended_at = Some(now());
            known.given_up = given_up;
        });
    }
}

const CATALOGUE: &str = "catalogue";

/// Stock before orders, as in a poll.
const COLLECTIONS: [(Collection, &str); 2] =
    [(Collection::Catalogue, CATALOGUE), (Collection::Orders, "orders")];

impl Engine {
    /// Begins to reconcile a shop with the mirror, unless that is under way. Says whether it did.
    ///
    /// # Errors
    /// If there is no such shop, its first import is not complete, or the store fails.
    pub async fn reconcile(
        &self,
        client: &ClientId,
        shop: &ShopId,
        act: Act,
    ) -> Result<bool, ShopCallError> {
        let (working, _) = self.shop_of(client, shop)?;
        if !working.store.shop_progress(client, shop).await?.imported {
            return Err(ShopCallError::NotImported(shop.clone()));
        }
        if !working.reconciliations.begin(shop) {
            return Ok(false);
        }
        let audited = working.store.audit(&working.lease, now(), act).await;
        if let Err(error) = audited {
            working.reconciliations.end(shop, Some(error.to_string()));
            return Err(error.into());
        }
        let shop = shop.clone();
        working.task("reconcile", |client| async move { client.reconcile(&shop).await });
        Ok(true)
    }

    /// How far the last reconciliation of a shop is; nothing if there was none since the host was
    /// started.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn reconciliation(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<Option<Reconciliation>, ShopCallError> {
        let (working, _) = self.shop_of(client, shop)?;
        Ok(working.reconciliations.of(shop))
    }
}

impl Client {
    /// Reads all of a shop again and takes in what is different.
    async fn reconcile(self: Arc<Self>, id: &ShopId) -> Result<(), Ended> {
        let Some(shop) = self.shop(id) else {
            return Ok(());
        };
        let ended = self.reconcile_all(id, shop).await;
        let given_up = match &ended {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(ended) => Some(ended.to_string()),
        };
        self.reconciliations.end(id, given_up);
        ended.map(|_| ())
    }

    /// The outer error ends the client's work, the inner one is the shop's.
    async fn reconcile_all(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
    ) -> Result<Result<(), PlatformError>, Ended> {
        let mut before = 0;
        for (collection, name) in COLLECTIONS {
            let mut cursor: Option<String> = None;
            let mut done = 0;
            loop {
                self.until_there_is_room().await?;
                let page = match self.page_again(shop, collection, cursor.as_deref()).await? {
                    Ok(page) => page,
                    Err(error) => return Ok(Err(error)),
                };
                done += page.snapshots.len() as u64;
                let total = before + page.total.unwrap_or(done).max(done);
                let take_in = TakeIn { snapshots: page.snapshots, ..TakeIn::default() };
                let differences = self.take_in(take_in).await?;
                let reading = Reading { collection: name, done: before + done, total };
                self.reconciliations.change(id, |known| {
                    known.reading = reading;
                    known.differences += differences as u64;
                });
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
                self.go_on()?;
            }
            before += done;
        }
        Ok(Ok(()))
    }

    /// Reads a page, and tries again for a while if the shop does not answer.
    async fn page_again(
        &self,
        shop: &ShopSetup,
        collection: Collection,
        cursor: Option<&str>,
    ) -> Result<Result<Page, PlatformError>, Ended> {
        let mut tries = 0;
        loop {
            let error = match shop.platform.page(now(), collection, None, cursor).await {
                Ok(page) => return Ok(Ok(page)),
                Err(error) => error,
            };
            tries += 1;
            let hopeless = matches!(error, PlatformError::Refused { .. });
            if hopeless || tries >= limits::RECONCILE_TRIES_MAX {
                return Ok(Err(error));
            }
            self.sleep_after(tries).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_shop_there_is_one_at_a_time() {
        let all = Reconciliations::default();
        let [milano, torino] = ["milano", "torino"].map(|name| ShopId::new(name).unwrap());
        assert_eq!(all.of(&milano), None);
        assert!(all.begin(&milano) && all.begin(&torino));
        assert!(!all.begin(&milano));
        all.change(&milano, |known| known.differences = 3);
        all.end(&milano, Some("gone".to_owned()));
        let ended = all.of(&milano).unwrap();
        assert_eq!((ended.differences, ended.given_up.as_deref()), (3, Some("gone")));
        assert!(all.begin(&milano));
        assert_eq!(all.of(&milano).unwrap().given_up, None);
    }
}
