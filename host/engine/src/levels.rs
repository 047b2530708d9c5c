//! Stock and prices of a platform that sends nothing and whose versions do not tell of them.
//!
//! What orders move, a poll finds, since it reads what is in each order that changed. What somebody
//! corrects by hand moves nothing else. So the shop's list, which tells quantities and prices many at
//! a time, is compared with the mirror again and again, less often while nothing is found; what
//! differs is read.

use std::sync::Arc;

use fondaco_model::{EntityKind, ShopId};
use fondaco_platforms::PlatformError;

use crate::{
    client::{Client, Ended},
    observe::TakeIn,
    setup::ShopSetup,
    tempo::Tempo,
};

impl Client {
    /// Compares a shop's stock and prices for as long as the host works, if it is such a platform.
    pub async fn compare_levels(self: Arc<Self>, id: &ShopId) -> Result<(), Ended> {
        let Some(shop) = self.shop(id).filter(|shop| shop.platform.capabilities().only_polled)
        else {
            return Ok(());
        };
        let mut tempo = Tempo::of_levels(shop);
        let mut wait = tempo.next(true);
        loop {
            self.sleep(wait).await?;
            self.until_there_is_room().await?;
            match self.levels_once(id, shop).await? {
                Ok(events) => wait = tempo.next(events > 0),
                Err(error) => self.shop_trouble(id, "compare stock and prices", &error),
            }
        }
    }

    /// Compares all of them once, and returns how many events came of it.
    async fn levels_once(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
    ) -> Result<Result<usize, PlatformError>, Ended> {
        let mut events = 0;
        let mut cursor: Option<String> = None;
        loop {
            let page = self.list_page(shop, EntityKind::Variant, cursor.as_deref(), id).await?;
            let page = match page {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            self.heard_of(id);
            events +=
                self.take_in(TakeIn { snapshots: page.snapshots, ..TakeIn::default() }).await?;
            cursor = page.next;
            if cursor.is_none() {
                return Ok(Ok(events));
            }
            self.go_on()?;
        }
    }
}
