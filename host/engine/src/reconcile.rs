//! Reconciliation: all that a shop has is compared with the mirror, and the mirror put right.
//!
//! Webhooks and polls tell what changed. What was deleted for good no platform tells reliably
//! (WooCommerce sends nothing when an order is deleted past the trash), and what both ways lost once
//! stays lost. So from time to time, and whenever somebody asks, the shop lists what it has, ids and
//! versions alone:
//!
//! - what it has and the mirror has not, or has in another version, is read, and modules hear of it;
//! - what the mirror has and no list named is looked at once more, and only what the shop then says
//!   it has not is taken for gone.
//!
//! What changed lately is left to the poll: it is not lost, only not there yet. Each page is one
//! commit, together with how far it has come, so a host that dies goes on where it was, and what was
//! listed is in the store and not in memory, so it does not matter how much a shop has.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use fondaco_model::{
    Aspect, ClientId, Entity, EntityKey, EntityKind, Location, PersonKey, PersonSeen, PersonSource,
    ShopId, Snapshot, Timestamp, Version, person::AccountGone,
};
use fondaco_platforms::{Collection, Listed, PlatformError};
use fondaco_store::{
    Act, Drift, ListedKind, NewAlert, Reconciliation, ReconciliationStep, ShopProgress,
};
use tokio::sync::Notify;

use crate::{
    Engine,
    client::{Client, Ended},
    elapsed_ms, limits, notices, now,
    observe::{TakeIn, is_gone},
    setup::ShopSetup,
    shops::ShopCallError,
    watch::Happening,
};

impl Engine {
    /// Compares all that a shop has with the mirror, now, unless that is under way. Says whether it
    /// is begun. How far it has come, [`Engine::reconciliation`] tells.
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
        let standing = working.store.reconciliation(client, shop).await?;
        if standing.is_some_and(|standing| standing.ended_at.is_none()) {
            return Ok(false);
        }
        working.store.audit(&working.lease, now(), act).await?;
        if let Some(asked) = working.reconcile_asked.get(shop) {
            asked.notify_one();
        }
        Ok(true)
    }

    /// How the last reconciliation of a shop went, or how far the one has come that is under way.
    ///
    /// # Errors
    /// If there is no such shop, or the store fails.
    pub async fn reconciliation(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<Option<Reconciliation>, ShopCallError> {
        let (working, _) = self.shop_of(client, shop)?;
        Ok(working.store.reconciliation(client, shop).await?)
    }
}

/// What lets somebody ask for a reconciliation of each shop.
pub type Asked = BTreeMap<ShopId, Notify>;

/// Where a reconciliation goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Position {
    /// With a page of what the shop has of a kind.
    List(ListedKind, Option<String>),
    /// With what the mirror has of a kind and was not listed, after an id.
    Look(ListedKind, Option<String>),
}

impl Position {
    fn parse(text: Option<&str>) -> Self {
        let first = Self::List(ListedKind::ALL[0], None);
        let Some((phase, rest)) = text.and_then(|text| text.split_once('/')) else {
            return first;
        };
        let Some((kind, rest)) = rest.split_once('/') else { return first };
        let Some(kind) = ListedKind::ALL.into_iter().find(|known| known.as_str() == kind) else {
            return first;
        };
        let rest = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
        if phase == "look" { Self::Look(kind, rest) } else { Self::List(kind, rest) }
    }

    fn text(&self) -> String {
        let (phase, kind, rest) = match self {
            Self::List(kind, rest) => ("list", kind, rest),
            Self::Look(kind, rest) => ("look", kind, rest),
        };
        format!("{phase}/{}/{}", kind.as_str(), rest.as_deref().unwrap_or_default())
    }

    /// What comes when this one's pages are done.
    fn after(&self) -> Option<Self> {
        match self {
            Self::List(kind, _) => Some(Self::Look(*kind, None)),
            Self::Look(kind, _) => {
                let next = ListedKind::ALL.iter().skip_while(|known| *known != kind).nth(1)?;
                Some(Self::List(*next, None))
            }
        }
    }
}

/// What a page of a reconciliation came to.
#[derive(Default)]
pub struct Page {
    listed: Vec<(ListedKind, String)>,
    /// What was read because it differs.
    pub snapshots: Vec<Snapshot>,
    people: Vec<PersonSeen>,
    accounts_gone: Vec<AccountGone>,
    drift: Drift,
    /// Where the next page of the same kind begins; absent: this was the last.
    pub next: Option<String>,
}

impl Client {
    /// Compares a shop with the mirror whenever it is time to or somebody asks for it, for as long as
    /// the host works.
    pub async fn reconcile_again_and_again(self: Arc<Self>, id: &ShopId) -> Result<(), Ended> {
        let (Some(shop), Some(asked)) = (self.shop(id), self.reconcile_asked.get(id)) else {
            return Ok(());
        };
        loop {
            let standing = self.store.reconciliation(&self.setup.id, id).await?;
            let standing = match standing {
                Some(under_way) if under_way.ended_at.is_none() => under_way,
                last => {
                    let progress = self.store.shop_progress(&self.setup.id, id).await?;
                    let share = share_of(&self.setup.id, id);
                    let due = due_at(last.as_ref(), &progress, shop.reconcile_every, share);
                    let wait = Duration::from_millis(due.0.saturating_sub(now().0));
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        // Whoever asks wants what changed lately, too, which is left to the poll.
                        () = asked.notified() => {
                            if let Err(error) = self.poll_once(id, shop).await? {
                                self.shop_trouble(id, "poll", &error);
                            }
                        }
                        () = self.cancel.cancelled() => return Err(Ended::Stopped),
                    }
                    self.forget_listed(id).await?;
                    Reconciliation { began_at: now(), ..Reconciliation::default() }
                }
            };
            self.reconcile(id, shop, standing).await?;
        }
    }

    /// Goes through all pages from where it stands.
    async fn reconcile(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
        mut standing: Reconciliation,
    ) -> Result<(), Ended> {
        let began = std::time::Instant::now();
        let mut position = Some(Position::parse(standing.position.as_deref()));
        while let Some(at) = position {
            self.until_there_is_room().await?;
            let page = self.page_of(id, shop, &at).await?;
            let kind = match &at {
                Position::List(kind, _) | Position::Look(kind, _) => *kind,
            };
            *standing.drift.entry(kind).or_default() += page.drift;
            self.metrics.drift_found(&self.setup.id, id, kind, page.drift);
            standing.compared += page.listed.len() as u64;
            position = match (&at, page.next) {
                (Position::List(kind, _), Some(next)) => Some(Position::List(*kind, Some(next))),
                (Position::Look(kind, _), Some(next)) => Some(Position::Look(*kind, Some(next))),
                (_, None) => at.after(),
            };
            standing.position = position.as_ref().map(Position::text);
            standing.ended_at = position.is_none().then(now);
            let step = ReconciliationStep {
                shop: id.clone(),
                reconciliation: standing.clone(),
                listed: page.listed,
            };
            let Page { snapshots, people, accounts_gone, .. } = page;
            let step = Some(step);
            let page = TakeIn { snapshots, people, accounts_gone, step, ..TakeIn::default() };
            self.take_in(page).await?;
            self.go_on()?;
        }
        tracing::info!(
            client.id = %self.setup.id, shop.id = %id, compared = standing.compared,
            drift = standing.drifted(), duration_ms = elapsed_ms(began),
            "all that a shop has was compared with the mirror",
        );
        self.tell_of_drift(id, shop, &standing).await?;
        self.forget_listed(id).await?;
        let (client, shop) = (self.setup.id.clone(), id.clone());
        self.tell(Happening::Reconciled { client, shop, reconciliation: Box::new(standing) });
        Ok(())
    }

    async fn tell_of_drift(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
        standing: &Reconciliation,
    ) -> Result<(), Ended> {
        if standing.drifted() == 0 {
            let key = NewAlert::drift_key(id);
            self.store.resolve_alert(&self.lease, now(), &key, None).await?;
            return Ok(());
        }
        let told = notices::shops::Shop { id, name: &shop.name };
        let alert = notices::shops::drift(told, standing);
        self.store.raise_alert(&self.lease, now(), alert).await?;
        Ok(())
    }

    /// Forgets what was listed, some at a time, so that others come between.
    async fn forget_listed(&self, id: &ShopId) -> Result<(), Ended> {
        while self.store.forget_listed(&self.lease, id, limits::LISTED_FORGOTTEN_MAX).await? > 0 {
            self.sleep(limits::RETENTION_PAUSE).await?;
        }
        Ok(())
    }

    /// One page, tried until the shop answers.
    async fn page_of(&self, id: &ShopId, shop: &ShopSetup, at: &Position) -> Result<Page, Ended> {
        let mut tries = 0;
        loop {
            let page = match at {
                Position::List(ListedKind::Variant, cursor) => {
                    self.list_page(shop, EntityKind::Variant, cursor.as_deref(), id).await?
                }
                Position::List(ListedKind::Order, cursor) => {
                    self.list_page(shop, EntityKind::Order, cursor.as_deref(), id).await?
                }
                Position::List(ListedKind::Customer, cursor) => {
                    self.customer_page(shop, cursor.as_deref()).await?
                }
                Position::Look(kind, after) => {
                    self.look_page(id, shop, *kind, after.as_deref()).await?
                }
            };
            match page {
                Ok(page) => {
                    self.heard_of(id);
                    return Ok(page);
                }
                Err(error) => {
                    tries += 1;
                    self.shop_trouble(id, "reconcile", &error);
                    self.sleep_after_error(tries, &error).await?;
                }
            }
        }
    }

    /// A page of what the shop has of a kind, with what has to be put right.
    pub async fn list_page(
        &self,
        shop: &ShopSetup,
        kind: EntityKind,
        cursor: Option<&str>,
        id: &ShopId,
    ) -> Result<Result<Page, PlatformError>, Ended> {
        let progress = self.store.shop_progress(&self.setup.id, id).await?;
        let settled_until = settled_until(kind, &progress);
        let listing = match shop.platform.list(now(), kind, cursor).await {
            Ok(listing) => listing,
            Err(error) => return Ok(Err(error)),
        };
        let mut page = Page { next: listing.next, ..Page::default() };
        for entry in listing.entries {
            let row = self.store.mirror(&self.setup.id, &entry.key).await?;
            let found = compare(row.as_ref().map(|row| &row.entity), &entry, settled_until);
            let kind = match kind {
                EntityKind::Variant => ListedKind::Variant,
                EntityKind::Order => ListedKind::Order,
            };
            page.listed.push((kind, entry.key.id.clone()));
            if found == Found::Same {
                continue;
            }
            let snapshots = match self.read(shop, &entry.key).await {
                Ok(snapshots) => snapshots,
                Err(error) => return Ok(Err(error)),
            };
            // What changed since then was on its way, and not lost.
            let lost = |snapshot: &Snapshot| {
                !is_gone(&snapshot.entity) && changed_at(&snapshot.entity) <= Some(settled_until)
            };
            let count = u64::from(snapshots.iter().any(lost));
            match found {
                Found::Missing => page.drift.missing += count,
                Found::Outdated => page.drift.outdated += count,
                // Nothing but this comparison tells of it, so it was not lost.
                Found::Moved | Found::Same => {}
            }
            page.snapshots.extend(snapshots);
        }
        Ok(Ok(page))
    }

    /// A page of the shop's customers. Their list tells all there is to them. No poll asks what
    /// changed about them, so what is new here was not lost and is no drift.
    async fn customer_page(
        &self,
        shop: &ShopSetup,
        cursor: Option<&str>,
    ) -> Result<Result<Page, PlatformError>, Ended> {
        let read = match shop.platform.page(now(), Collection::Customers, None, cursor).await {
            Ok(read) => read,
            Err(error) => return Ok(Err(error)),
        };
        let mut page = Page { next: read.next, ..Page::default() };
        for seen in read.people {
            page.listed.push((ListedKind::Customer, seen.key.id.clone()));
            let source = Some(&PersonSource::Account);
            let known = self.store.person(&self.setup.id, &seen.key, source).await?;
            if known.as_ref() != Some(&seen.person) {
                page.people.push(seen);
            }
        }
        Ok(Ok(page))
    }

    /// Some of what the mirror has and was not listed, each looked at once more.
    async fn look_page(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
        kind: ListedKind,
        after: Option<&str>,
    ) -> Result<Result<Page, PlatformError>, Ended> {
        let (client, limit) = (&self.setup.id, limits::UNLISTED_BATCH_MAX);
        let unlisted = self.store.unlisted(client, id, kind, after, limit).await?;
        let full = unlisted.len() == limit as usize;
        let mut page = Page { next: unlisted.last().cloned().filter(|_| full), ..Page::default() };
        for thing in unlisted {
            let looked = match kind {
                ListedKind::Variant => {
                    self.look_at(shop, EntityKey::variant(id.clone(), thing), &mut page).await
                }
                ListedKind::Order => {
                    self.look_at(shop, EntityKey::order(id.clone(), thing), &mut page).await
                }
                ListedKind::Customer => {
                    self.look_at_customer(shop, PersonKey::new(id.clone(), thing), &mut page).await
                }
            };
            if let Err(error) = looked {
                return Ok(Err(error));
            }
        }
        Ok(Ok(page))
    }

    async fn look_at(
        &self,
        shop: &ShopSetup,
        key: EntityKey,
        page: &mut Page,
    ) -> Result<(), PlatformError> {
        let snapshots = self.read(shop, &key).await?;
        page.drift.gone += u64::from(snapshots.iter().any(|seen| is_gone(&seen.entity)));
        page.snapshots.extend(snapshots);
        Ok(())
    }

    async fn look_at_customer(
        &self,
        shop: &ShopSetup,
        key: PersonKey,
        page: &mut Page,
    ) -> Result<(), PlatformError> {
        let begun_at = now();
        match shop.platform.customer(begun_at, &key.id).await? {
            Some(seen) => page.people.push(seen),
            None => {
                let version = Version::read(begun_at, begun_at);
                page.drift.gone += 1;
                page.accounts_gone.push(AccountGone { key, version });
            }
        }
        Ok(())
    }

    /// Reads an entity; one that nothing can be made of is left as it is.
    async fn read(
        &self,
        shop: &ShopSetup,
        key: &EntityKey,
    ) -> Result<Vec<Snapshot>, PlatformError> {
        match shop.platform.fetch(now(), key).await {
            Err(PlatformError::Refused { reason }) => {
                tracing::warn!(
                    client.id = %self.setup.id, shop.id = %key.shop, entity = %key, reason,
                    "an entity could not be read",
                );
                Ok(Vec::new())
            }
            read => read,
        }
    }
}

/// What comparing an entry of a list with the mirror found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Same,
    Missing,
    Outdated,
    /// It has another quantity or price, of which no version tells.
    Moved,
}

/// Compares an entry with what the mirror has. What changed after `settled_until` is not looked at.
fn compare(known: Option<&Entity>, entry: &Listed, settled_until: Timestamp) -> Found {
    if entry.version.is_some_and(|version| version > settled_until) {
        return Found::Same;
    }
    let Some(known) = known.filter(|entity| !is_gone(entity)) else {
        return Found::Missing;
    };
    let refunds = known.as_order().map(|order| -> BTreeSet<String> {
        let there = order.refunds.iter().filter(|(_, refund)| refund.value().is_some());
        there.map(|(id, _)| id.clone()).collect()
    });
    match (version_of(known), entry.version) {
        (None, _) => Found::Missing,
        (Some(known), Some(listed)) if known < listed => Found::Outdated,
        // What the shop shows is older than what it showed: its own time stepped back.
        (Some(known), Some(listed)) if listed < known && known <= settled_until => Found::Outdated,
        _ if entry.refunds.is_some() && entry.refunds != refunds => Found::Outdated,
        _ if has_moved(known, entry) => Found::Moved,
        (Some(_), _) => Found::Same,
    }
}

/// Whether a variant is listed with another quantity or price than is known.
fn has_moved(known: &Entity, entry: &Listed) -> bool {
    let Some(variant) = known.as_variant() else {
        return false;
    };
    let stock = variant.stock.get(&Location::WHOLE_SHOP).and_then(Aspect::value);
    let on_hand = stock.and_then(|level| level.on_hand);
    let price = variant.content.value().and_then(|content| content.price);
    // What is not counted has no quantity that could be another.
    (on_hand.is_some() && entry.on_hand.is_some() && entry.on_hand != on_hand)
        || (entry.price.is_some() && entry.price != price)
}

/// When an entity was changed last, its refunds included: they do not change its version.
fn changed_at(entity: &Entity) -> Option<Timestamp> {
    let refunds = entity.as_order().into_iter().flat_map(|order| order.refunds.values());
    let refunded_at = refunds.filter_map(|refund| refund.value()?.at).max();
    version_of(entity).max(refunded_at)
}

/// The newest version of what is known of an entity, where anything is.
fn version_of(entity: &Entity) -> Option<Timestamp> {
    let version = match entity {
        Entity::Order(order) => order.head.version(),
        Entity::Variant(variant) => variant.content.version(),
    };
    version.map(|version| version.platform)
}

/// Until when what changed on a shop is surely known, if nothing was lost.
fn settled_until(kind: EntityKind, progress: &ShopProgress) -> Timestamp {
    let known_until = match kind {
        EntityKind::Variant => progress.catalogue_known_until,
        EntityKind::Order => progress.orders_known_until,
    };
    crate::observe::reach_back(known_until.unwrap_or(progress.connected_at))
}

/// When a shop is to be compared next.
fn due_at(
    last: Option<&Reconciliation>,
    progress: &ShopProgress,
    every: Duration,
    share: f64,
) -> Timestamp {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    match last {
        Some(last) => last.began_at.plus_ms(milliseconds(every)),
        None => progress.connected_at.plus_ms(milliseconds(every.mul_f64(share))),
    }
}

/// Which part of the time between two comparisons passes before a shop's first one: another for each
/// shop, so that those connected together are not all read at once.
fn share_of(client: &ClientId, shop: &ShopId) -> f64 {
    let bytes = client.as_str().bytes().chain(shop.as_str().bytes());
    let mixed = bytes.fold(0_u32, |mixed, byte| mixed.wrapping_mul(31).wrapping_add(byte.into()));
    // Not at once: the shop has just been read.
    f64::midpoint(1.0, f64::from(mixed % 1000) / 1000.0)
}

#[cfg(test)]
mod tests {
    use fondaco_model::{
        Decimal, Variant,
        commerce::{StockLevel, StockPolicy, VariantContent},
    };

    use super::*;

    fn shop() -> ShopId {
        ShopId::new("milano").unwrap()
    }

    #[test]
    fn every_position_is_passed_once_and_read_back() {
        let mut position = Some(Position::parse(None));
        let mut passed = Vec::new();
        while let Some(at) = position {
            assert_eq!(Position::parse(Some(&at.text())), at);
            passed.push(at.text());
            position = at.after();
        }
        let expected = [
            "list/variant/",
            "look/variant/",
            "list/customer/",
            "look/customer/",
            "list/order/",
            "look/order/",
        ];
        assert_eq!(passed, expected);
        let far = Position::List(ListedKind::Order, Some("200:5/7".to_owned()));
        assert_eq!(Position::parse(Some(&far.text())), far);
        for strange in ["", "list", "list/ghost/1"] {
            assert_eq!(Position::parse(Some(strange)), Position::List(ListedKind::Variant, None));
        }
    }

    fn variant(version: u64) -> Entity {
        let content: VariantContent = serde_json::from_str(
            r#"{"product": "1", "sku": "A", "title": "A", "price": "1", "barcode": null,
                "published": true}"#,
        )
        .unwrap();
        let version = Version::pushed(Timestamp(version));
        Entity::Variant(Variant { content: Aspect::known(version, content), ..Variant::default() })
    }

    #[test]
    fn what_is_not_there_or_older_is_found_unless_it_is_new() {
        let gone = Entity::Variant(Variant {
            content: Aspect::deleted(Version::pushed(Timestamp(5))),
            ..Variant::default()
        });
        let unknown = Entity::unknown(EntityKind::Variant);
        for (known, listed, found) in [
            (None, Some(50), Found::Missing),
            (None, None, Found::Missing),
            (Some(gone), Some(50), Found::Missing),
            (Some(unknown), Some(50), Found::Missing),
            (Some(variant(50)), Some(50), Found::Same),
            (Some(variant(49)), Some(50), Found::Outdated),
            // The shop's own time stepped back, or the list is older than what is known.
            (Some(variant(51)), Some(50), Found::Outdated),
            (Some(variant(101)), Some(50), Found::Same),
            (Some(variant(1)), None, Found::Same),
            // On its way.
            (None, Some(101), Found::Same),
            (Some(variant(1)), Some(101), Found::Same),
        ] {
            let version = listed.map(Timestamp);
            let entry = Listed { version, ..Listed::of(EntityKey::variant(shop(), "1")) };
            assert_eq!(compare(known.as_ref(), &entry, Timestamp(100)), found, "{known:?}");
        }
    }

    #[test]
    fn a_quantity_or_price_that_moved_is_found_without_another_version() {
        let Entity::Variant(mut known) = variant(50) else { unreachable!() };
        let level = StockLevel {
            policy: StockPolicy::Tracked,
            available: Some(7.into()),
            on_hand: Some(10.into()),
        };
        let version = Version::pushed(Timestamp(50));
        known.stock.insert(Location::WHOLE_SHOP, Aspect::known(version, level));
        let known = Entity::Variant(known);
        let number = |number: Option<i64>| number.map(Decimal::from);
        for (on_hand, price, found) in [
            (None, None, Found::Same),
            (Some(10), Some(1), Found::Same),
            (Some(9), Some(1), Found::Moved),
            (Some(10), Some(2), Found::Moved),
        ] {
            let entry = Listed {
                version: Some(Timestamp(50)),
                on_hand: number(on_hand),
                price: number(price),
                ..Listed::of(EntityKey::variant(shop(), "1"))
            };
            assert_eq!(compare(Some(&known), &entry, Timestamp(100)), found, "{entry:?}");
        }
        // What is not counted lies nowhere.
        let entry =
            Listed { on_hand: Some(9.into()), ..Listed::of(EntityKey::variant(shop(), "1")) };
        assert_eq!(compare(Some(&variant(50)), &entry, Timestamp(100)), Found::Same);
    }

    #[test]
    fn a_shop_is_compared_in_its_turn() {
        let progress = ShopProgress { connected_at: Timestamp(1_000), ..ShopProgress::default() };
        let every = Duration::from_secs(100);
        assert_eq!(due_at(None, &progress, every, 0.75), Timestamp(76_000));
        let last = Reconciliation { began_at: Timestamp(500_000), ..Reconciliation::default() };
        assert_eq!(due_at(Some(&last), &progress, every, 0.75), Timestamp(600_000));
        let client = ClientId::new("rossi").unwrap();
        let shares: Vec<f64> = ["milano", "torino", "roma"]
            .map(|shop| share_of(&client, &ShopId::new(shop).unwrap()))
            .to_vec();
        assert!(shares.iter().all(|share| (0.5..1.0).contains(share)), "{shares:?}");
        assert!(shares[0] != shares[1] && shares[1] != shares[2], "{shares:?}");
    }
}
