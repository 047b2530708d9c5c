//! The first import of a shop: it fills the mirror and raises nothing.
//!
//! It remembers the moment it was begun. What was changed on the shop after that is left to the
//! first poll, whose changes modules do hear, so that nothing between the two is lost.

use fondaco_model::{Entity, ShopId, Snapshot, Timestamp};
use fondaco_platforms::{Collection, Page, PlatformError};

use crate::{
    client::{Client, Ended},
    elapsed_ms, now,
    observe::TakeIn,
    setup::ShopSetup,
    watch::Happening,
};

const COLLECTIONS: [(Collection, &str); 3] = [
    (Collection::Catalogue, "catalogue"),
    (Collection::Customers, "customers"),
    (Collection::Orders, "orders"),
];

impl Client {
    /// Imports a shop, unless it was; goes on where a stopped host left it.
    pub async fn import(&self, id: &ShopId, shop: &ShopSetup) -> Result<(), Ended> {
        let began = std::time::Instant::now();
        let mut progress = self.store.shop_progress(&self.setup.id, id).await?;
        if progress.imported {
            return Ok(());
        }
        if progress.import_cursor.is_none() {
            progress.connected_at = now();
        }
        let (mut index, mut cursor) = resume(progress.import_cursor.as_deref());
        let mut done = 0;
        while let Some((collection, name)) = COLLECTIONS.get(index) {
            self.until_there_is_room().await?;
            let page = self.import_page(id, shop, *collection, cursor.as_deref()).await?;
            done += (page.snapshots.len() + page.people.len()) as u64;
            let total = page.total.unwrap_or(done).max(done);
            cursor = page.next;
            if cursor.is_none() {
                index += 1;
            }
            let (_, next_name) = COLLECTIONS.get(index).copied().unwrap_or((*collection, name));
            progress.import_cursor =
                Some(format!("{next_name}:{}", cursor.as_deref().unwrap_or_default()));
            progress.imported = index == COLLECTIONS.len();
            if progress.imported {
                progress.orders_known_until = Some(progress.connected_at);
                progress.catalogue_known_until = Some(progress.connected_at);
            }
            let snapshots = not_after(page.snapshots, progress.connected_at);
            let (people, progress) = (page.people, Some((id.clone(), progress.clone())));
            let page = TakeIn { snapshots, people, progress, silent: true, ..TakeIn::default() };
            self.take_in(page).await?;
            let client = self.setup.id.clone();
            self.tell(Happening::Importing { client, shop: id.clone(), done, total });
        }
        tracing::info!(
            client.id = %self.setup.id, shop.id = %id, entities = done,
            duration_ms = elapsed_ms(began), "first import is complete",
        );
        self.tell(Happening::Imported { client: self.setup.id.clone(), shop: id.clone() });
        Ok(())
    }

    async fn import_page(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
        collection: Collection,
        cursor: Option<&str>,
    ) -> Result<Page, Ended> {
        let mut tries = 0;
        loop {
            match shop.platform.page(now(), collection, None, cursor).await {
                Ok(page) => {
                    self.heard_of(id);
                    self.trouble(id, None);
                    return Ok(page);
                }
                Err(error) => {
                    tries += 1;
                    self.shop_trouble(id, "import", &error);
                    self.sleep_after_error(tries, &error).await?;
                }
            }
        }
    }

    /// Notes what a shop answered, for the status and the log.
    pub fn shop_trouble(&self, shop: &ShopId, doing: &str, error: &PlatformError) {
        tracing::warn!(
            client.id = %self.setup.id, shop.id = %shop, doing, error = %error,
            "a shop is in trouble; this is tried again",
        );
        self.trouble(shop, Some(format!("{doing}: {error}")));
    }
}

/// Which collection to go on with, and where.
fn resume(cursor: Option<&str>) -> (usize, Option<String>) {
    let Some((name, rest)) = cursor.and_then(|cursor| cursor.split_once(':')) else {
        return (0, None);
    };
    let index = COLLECTIONS.iter().position(|(_, known)| *known == name).unwrap_or(0);
    (index, Some(rest.to_owned()).filter(|rest| !rest.is_empty()))
}

/// Leaves out orders that were changed after a moment: modules are to hear of those.
fn not_after(snapshots: Vec<Snapshot>, moment: Timestamp) -> Vec<Snapshot> {
    let before = |snapshot: &Snapshot| match &snapshot.entity {
        Entity::Order(order) => {
            order.head.version().is_none_or(|version| version.platform <= moment)
        }
        Entity::Variant(_) => true,
    };
    snapshots.into_iter().filter(before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_goes_on_where_it_was() {
        assert_eq!(resume(None), (0, None));
        assert_eq!(resume(Some("catalogue:p3")), (0, Some("p3".into())));
        assert_eq!(resume(Some("customers:")), (1, None));
        assert_eq!(resume(Some("orders:p:2")), (2, Some("p:2".into())));
    }
}
