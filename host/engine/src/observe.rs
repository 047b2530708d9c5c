//! Observe: snapshots are compared with the mirror, and what differs becomes events.
//!
//! The difference is made here, outside the store's writer, from the mirror row as it was read; the
//! commit happens only if that row is still the newest, otherwise the difference is made again.
//!
//! While an own write is on its way to a field, nobody can tell whether an observation of that
//! field is from before or after it. So the field is masked, and the entity is read once more after
//! the write has settled.

use std::{collections::BTreeMap, sync::Arc};

use fondaco_model::{
    Aspect, Entity, EntityKey, Observation, Order, PersonSeen, ShopId, Snapshot, Timestamp,
    TraceId, Variant,
    action::{order_exclusive, price_exclusive, product_exclusive, stock_target},
    event::Cause,
    observe,
    person::AccountGone,
};
use fondaco_platforms::Heard;
use fondaco_store::{
    Delivery, MirrorRow, NewAlert, ObserveOutcome, Observed, ObservedRow, ReconciliationStep,
    ShopProgress, StoreError,
};

use tracing::Instrument as _;

use crate::{
    client::{Asked, Client, Ended},
    limits, new_trace, notices, now,
    setup::ShopSetup,
    watch::Happening,
};

/// What to take into the mirror together.
#[derive(Default)]
pub struct TakeIn {
    /// What it belongs to; absent: a trace begins with it.
    pub trace: Option<TraceId>,
    /// What was seen.
    pub snapshots: Vec<Snapshot>,
    /// Who was seen apart from any of them.
    pub people: Vec<PersonSeen>,
    /// The accounts that are gone.
    pub accounts_gone: Vec<AccountGone>,
    /// The delivery it was made from.
    pub delivery: Option<u64>,
    /// How far reading the shop has come with it.
    pub progress: Option<(ShopId, ShopProgress)>,
    /// How far comparing the shop has come with it.
    pub step: Option<ReconciliationStep>,
    /// Whether modules hear what is different; a first import tells them nothing.
    pub silent: bool,
}

/// Rows made of snapshots.
#[derive(Default)]
pub struct Compared {
    /// What the mirror gets.
    pub rows: Vec<ObservedRow>,
    /// What has to be read from the platform to tell.
    pub to_fetch: Vec<EntityKey>,
    /// What was masked, each with the fence it is behind.
    pub masked: Vec<(String, EntityKey)>,
}

impl Client {
    /// Works through the inbox, oldest first.
    pub async fn observe_deliveries(self: Arc<Self>) -> Result<(), Ended> {
        let mut done = 0;
        loop {
            let batch =
                self.store.deliveries(&self.setup.id, done, limits::DELIVERIES_BATCH_MAX).await?;
            if batch.is_empty() {
                tokio::select! {
                    () = self.wakes.deliveries.notified() => {}
                    () = self.cancel.cancelled() => return Err(Ended::Stopped),
                }
            }
            for delivery in batch {
                self.go_on()?;
                done = delivery.number;
                let span = tracing::info_span!(
                    "delivery", client.id = %self.setup.id, delivery.number = delivery.number,
                    trace.id = %delivery.delivery.trace,
                );
                self.observe_delivery(delivery).instrument(span).await?;
            }
        }
    }

    async fn observe_delivery(&self, delivery: Delivery) -> Result<(), Ended> {
        let Delivery { number, delivery } = delivery;
        let Some(shop) = self.shop(&delivery.shop) else {
            return self.bury(number, "its shop is no longer in the client's file").await;
        };
        let heard = shop.platform.normalise(&delivery.topic, delivery.received_at, &delivery.body);
        let heard = match heard {
            Ok(heard) => heard,
            Err(unreadable) => return self.bury(number, &unreadable.to_string()).await,
        };
        let trace = delivery.trace;
        let mut take_in =
            TakeIn { trace: Some(trace), delivery: Some(number), ..TakeIn::default() };
        let mut denied = None;
        for heard in heard {
            match heard {
                Heard::Snapshot(snapshot) => take_in.snapshots.push(*snapshot),
                Heard::Person(person) => take_in.people.push(*person),
                Heard::AccountGone(gone) => take_in.accounts_gone.push(gone),
                Heard::Forget(whom) => self.forget(&delivery.shop, whom).await?,
                Heard::ForgetEverybody => self.forget_everybody(&delivery.shop).await?,
                Heard::DataRequest(whom) => self.tell_of_request(&delivery.shop, whom).await?,
                Heard::Denied { reason } => denied = Some(reason),
                Heard::Fetch(key) => self.ask_for(Asked { key, trace }),
            }
        }
        self.note_denial(&delivery.shop, shop, &take_in, denied).await?;
        self.take_in(take_in).await?;
        Ok(())
    }

    /// Tells people that a shop may not tell any more what happens on it, or no longer has to be
    /// told: it told something again.
    async fn note_denial(
        &self,
        id: &ShopId,
        shop: &ShopSetup,
        told: &TakeIn,
        denied: Option<String>,
    ) -> Result<(), Ended> {
        let key = NewAlert::denied_key(id);
        if let Some(reason) = denied {
            tracing::error!(client.id = %self.setup.id, shop.id = %id, reason, "a shop is denied");
            let told = notices::shops::Shop { id, name: &shop.name };
            let alert = notices::shops::denied(told, now(), &reason);
            self.store.raise_alert(&self.lease, now(), alert).await?;
            self.denied_shops().insert(id.clone());
            return Ok(());
        }
        // That something was deleted it tells with nobody's rights.
        let is_there = |snapshot: &Snapshot| !is_gone(&snapshot.entity);
        let tells = told.snapshots.iter().any(is_there) || !told.people.is_empty();
        if tells && self.denied_shops().remove(id) {
            self.store.resolve_alert(&self.lease, now(), &key, None).await?;
        }
        Ok(())
    }

    async fn bury(&self, delivery: u64, reason: &str) -> Result<(), Ended> {
        self.store.bury(&self.lease, delivery, reason).await?;
        tracing::warn!(
            client.id = %self.setup.id, delivery.number = delivery, reason,
            "a delivery was set aside",
        );
        self.metrics.deliveries_buried(&self.setup.id);
        self.tell(Happening::Buried {
            client: self.setup.id.clone(),
            delivery,
            reason: reason.to_owned(),
        });
        Ok(())
    }

    /// Takes what was seen into the mirror and raises what is different; returns how many events.
    pub async fn take_in(&self, take_in: TakeIn) -> Result<usize, Ended> {
        let trace = take_in.trace.unwrap_or_else(new_trace);
        let named = take_in.snapshots.iter().flat_map(|snapshot| &snapshot.people);
        let people: Vec<PersonSeen> = named.chain(&take_in.people).cloned().collect();
        for _ in 0..limits::MOVED_TRIES_MAX {
            let fences = self.store.fences(&self.setup.id).await?;
            let mut compared = self.compare(&take_in.snapshots, &fences, None).await?;
            if take_in.silent {
                for row in &mut compared.rows {
                    row.changes.clear();
                }
            }
            let observed = Observed {
                trace: Some(trace),
                delivery: take_in.delivery,
                rows: compared.rows,
                people: people.clone(),
                accounts_gone: take_in.accounts_gone.clone(),
                silent: take_in.silent,
                progress: take_in.progress.clone(),
                step: take_in.step.clone(),
                masked: compared.masked,
            };
            match self.store.observe(&self.lease, now(), observed).await? {
                ObserveOutcome::Moved => {}
                ObserveOutcome::Applied(events) => {
                    let count = events.len();
                    if count > 0 {
                        tracing::debug!(
                            client.id = %self.setup.id, trace.id = %trace, events = count,
                            "something is different",
                        );
                    }
                    self.raised(events);
                    let asked = |key| self.ask_for(Asked { key, trace });
                    compared.to_fetch.into_iter().for_each(asked);
                    return Ok(count);
                }
            }
        }
        Err(never_settles("observation"))
    }

    /// Lets the installs look for events. Looking in vain costs one read.
    pub fn wake_installs(&self) {
        self.wakes.events.send_modify(|times| *times += 1);
    }

    /// Wakes the installs for new events, and tells those who watch.
    pub fn raised(&self, events: Vec<fondaco_model::Event>) {
        self.metrics.events_raised(&self.setup.id, events.len());
        for event in events {
            let client = self.setup.id.clone();
            self.tell(Happening::Raised { client, event: Box::new(event) });
        }
        self.wake_installs();
    }

    /// Compares snapshots with the mirror as it is now. Several may be of one entity.
    pub async fn compare(
        &self,
        snapshots: &[Snapshot],
        fences: &[String],
        caused_by: Option<&Cause>,
    ) -> Result<Compared, StoreError> {
        let mut rows: BTreeMap<EntityKey, ObservedRow> = BTreeMap::new();
        let mut compared = Compared::default();
        for snapshot in snapshots {
            let (base_sequence, known) = match rows.get(&snapshot.key) {
                Some(row) => (row.base_sequence, Some(row.entity.clone())),
                None => match self.store.mirror(&self.setup.id, &snapshot.key).await? {
                    Some(MirrorRow { sequence, entity }) => (sequence, Some(entity)),
                    None => (0, None),
                },
            };
            let mut seen = snapshot.clone();
            if let Some(target) = mask(&mut seen, known.as_ref(), fences) {
                compared.masked.push((target, seen.key.clone()));
            }
            let Observation { entity, moved, changes, needs_fetch } =
                observe(known.as_ref(), &seen);
            if needs_fetch {
                compared.to_fetch.push(seen.key.clone());
            }
            if !moved {
                continue;
            }
            let row = rows.entry(seen.key.clone()).or_insert_with(|| ObservedRow {
                key: seen.key,
                base_sequence,
                entity: entity.clone(),
                changes: Vec::new(),
                caused_by: caused_by.cloned(),
            });
            row.entity = entity;
            row.changes.extend(changes);
        }
        compared.rows = rows.into_values().collect();
        Ok(compared)
    }
}

/// Whether an entity is known to be gone.
pub fn is_gone(entity: &Entity) -> bool {
    match entity {
        Entity::Order(order) => order.head.is_deleted(),
        Entity::Variant(variant) => variant.content.is_deleted(),
    }
}

/// Takes out of a snapshot what is behind a fence, if it differs from what is known; returns that
/// fence.
fn mask(seen: &mut Snapshot, known: Option<&Entity>, fences: &[String]) -> Option<String> {
    if fences.is_empty() {
        return None;
    }
    let (shop, id) = (&seen.key.shop, &seen.key.id);
    match &mut seen.entity {
        Entity::Variant(variant) => {
            let known = known.and_then(Entity::as_variant);
            let content = mask_content(shop, id, variant, known, fences);
            mask_stock(shop, id, variant, known, fences).or(content)
        }
        Entity::Order(order) => {
            let fence = order_exclusive(shop, id);
            if !fences.contains(&fence) {
                return None;
            }
            let known = known.and_then(Entity::as_order);
            // Where an order stands, what its lines took off the stock and what was given back move
            // together.
            known.is_none_or(|known| order_differs(known, order)).then(|| {
                *order = Order::default();
                fence
            })
        }
    }
}

/// What a price and a field of a product are written to.
fn mask_content(
    shop: &ShopId,
    id: &str,
    variant: &mut Variant,
    known: Option<&Variant>,
    fences: &[String],
) -> Option<String> {
    let content = variant.content.value()?;
    if known.and_then(|known| known.content.value()) == Some(content) {
        return None;
    }
    let all = [price_exclusive(shop, id), product_exclusive(shop, &content.product)];
    let fence = all.into_iter().find(|fence| fences.contains(fence))?;
    variant.content = Aspect::Unknown;
    Some(fence)
}

fn mask_stock(
    shop: &ShopId,
    id: &str,
    variant: &mut Variant,
    known: Option<&Variant>,
    fences: &[String],
) -> Option<String> {
    let mut masked = None;
    variant.stock.retain(|location, level| {
        let target = stock_target(shop, id, location);
        let is_known = known.and_then(|known| known.stock.get(location));
        if !fences.contains(&target) || is_known.map(|known| known.value()) == Some(level.value()) {
            return true;
        }
        masked = Some(target);
        false
    });
    masked
}

fn order_differs(known: &Order, seen: &Order) -> bool {
    fn other<T: PartialEq>(known: &Aspect<T>, seen: &Aspect<T>) -> bool {
        !matches!(seen, Aspect::Unknown) && known.value() != seen.value()
    }
    other(&known.head, &seen.head)
        || other(&known.lines, &seen.lines)
        || other(&known.transactions, &seen.transactions)
        || other(&known.refund_ids, &seen.refund_ids)
        || seen
            .refunds
            .iter()
            .any(|(id, refund)| known.refunds.get(id).is_none_or(|known| other(known, refund)))
}

/// The mirror never stands still long enough: something else keeps writing the same rows.
pub fn never_settles(what: &'static str) -> Ended {
    Ended::Store(StoreError::Database {
        doing: what,
        source: format!("its rows had moved on {} times", limits::MOVED_TRIES_MAX).into(),
    })
}

/// When a poll that was begun now has to reach back to.
pub fn reach_back(known_until: Timestamp) -> Timestamp {
    let overlap = u64::try_from(limits::POLL_OVERLAP.as_millis()).unwrap_or(u64::MAX);
    known_until.minus_ms(overlap)
}

#[cfg(test)]
mod tests;
