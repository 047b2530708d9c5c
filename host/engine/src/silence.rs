//! Silence: a shop of which nothing is heard.
//!
//! A shop is heard of when it sends a delivery that is its own, or answers what it is asked. If
//! neither happens for as long as its people said, they are told, and modules can see it
//! (`catalogue.silent-since`): what is sold there meanwhile nobody knows. Since when is noted in the
//! store, by commits, so that a run can be shown again what it saw.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fondaco_model::{ShopId, Timestamp};
use fondaco_store::NewAlert;

use crate::{
    client::{Client, Ended},
    limits, notices, now,
    setup::ShopSetup,
};

/// When each shop was heard of last.
pub struct LastHeard(BTreeMap<ShopId, AtomicU64>);

impl LastHeard {
    /// As if all had been heard of now: what they did while the host was off, nobody can know.
    pub fn beginning<'a>(shops: impl Iterator<Item = &'a ShopId>) -> Self {
        Self(shops.map(|shop| (shop.clone(), AtomicU64::new(now().0))).collect())
    }

    fn at(&self, shop: &ShopId) -> Timestamp {
        self.0.get(shop).map_or_else(now, |at| Timestamp(at.load(Ordering::Relaxed)))
    }

    fn now(&self, shop: &ShopId) {
        if let Some(at) = self.0.get(shop) {
            at.fetch_max(now().0, Ordering::Relaxed);
        }
    }
}

/// Since when a shop is silent, if it is.
fn silent_since(
    known: Option<Timestamp>,
    heard_at: Timestamp,
    began_at: Timestamp,
    now: Timestamp,
    after: Duration,
) -> Option<Timestamp> {
    // What was known before the host began holds until the shop is heard of.
    if let Some(since) = known.filter(|_| heard_at <= began_at) {
        return Some(since);
    }
    let silent_for = Duration::from_millis(now.0.saturating_sub(heard_at.0));
    (silent_for >= after).then_some(known.unwrap_or(heard_at))
}

/// For how long nothing is heard of a shop before it counts as silent: one that is seldom asked is
/// seldom heard of.
fn silent_after(shop: &ShopSetup) -> Duration {
    shop.silent_after.max(shop.poll_every * 2)
}

impl Client {
    /// Notes that a shop was heard of.
    pub fn heard_of(&self, shop: &ShopId) {
        self.last_heard.now(shop);
    }

    /// Looks again and again whether every shop is heard of, for as long as the host works.
    pub async fn watch_silence(self: Arc<Self>) -> Result<(), Ended> {
        let began_at = now();
        let mut known = BTreeMap::new();
        for shop in self.setup.shops.keys() {
            let since = self.store.silent_since(&self.setup.id, shop, u64::MAX).await?;
            known.insert(shop.clone(), since);
        }
        loop {
            self.sleep(limits::SILENCE_LOOK_EVERY).await?;
            for (id, shop) in &self.setup.shops {
                // Without room nothing is asked of a shop, so that nothing can be told of it.
                if !self.has_room() {
                    self.heard_of(id);
                    continue;
                }
                let before = known.get(id).copied().flatten();
                let heard_at = self.last_heard.at(id);
                let since = silent_since(before, heard_at, began_at, now(), silent_after(shop));
                if since != before {
                    self.note_silence(id, shop, since).await?;
                    known.insert(id.clone(), since);
                }
            }
        }
    }

    async fn note_silence(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
        since: Option<Timestamp>,
    ) -> Result<(), Ended> {
        self.store.note_silence(&self.lease, id, since).await?;
        let Some(since) = since else {
            tracing::info!(client.id = %self.setup.id, shop.id = %id, "a shop is heard of again");
            let key = NewAlert::silent_key(id);
            self.store.resolve_alert(&self.lease, now(), &key, None).await?;
            return Ok(());
        };
        tracing::error!(client.id = %self.setup.id, shop.id = %id, "nothing is heard of a shop");
        let trouble = self.status().trouble.remove(id);
        let told = notices::shops::Shop { id, name: &shop.name };
        let alert = notices::shops::silent(told, since, trouble.as_deref());
        self.store.raise_alert(&self.lease, now(), alert).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_silent_since_it_was_heard_of_last() {
        let at = |second: u64| Timestamp(second * 1_000);
        let began = at(100);
        let after = Duration::from_secs(60);
        for (known, heard, now, since) in [
            (None, at(100), at(159), None),
            (None, at(100), at(160), Some(at(100))),
            (None, at(130), at(189), None),
            (None, at(130), at(190), Some(at(130))),
            // Of before the host began, and not heard of since.
            (Some(at(7)), at(100), at(101), Some(at(7))),
            (Some(at(7)), at(100), at(900), Some(at(7))),
            (Some(at(7)), at(101), at(102), None),
            // It stays silent: since when does not move.
            (Some(at(130)), at(130), at(500), Some(at(130))),
            (Some(at(130)), at(500), at(500), None),
            // A clock that was set back.
            (None, at(130), at(90), None),
        ] {
            let found = silent_since(known, heard, began, now, after);
            assert_eq!(found, since, "{known:?} {heard:?} {now:?}");
        }
    }
}
