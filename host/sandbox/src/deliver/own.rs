//! What is the module's own: its schedules, outcomes, feeds, signals, its life.

use fondaco_model::{
    ActionEnd, ActionId, InstallId, Timestamp,
    hear::{BackfillPage, FeedRows, Lifecycle},
};
use wasmtime::component::InstancePre;

use super::{Door, Handled, Returned, check::check_type, handled, there};
use crate::{
    CallError, Hook,
    contract::{
        hooks::{on_feed, on_lifecycle, on_outcome, on_schedule, on_signal},
        interfaces::{commerce::OrderParam, types::Envelope},
    },
    convert::order::{InnerLists, OrderLists, OrderParts},
    run::Run,
};

#[derive(Clone, Default)]
pub struct Hooks {
    schedule: Option<on_schedule::GuestIndices>,
    outcome: Option<on_outcome::GuestIndices>,
    feed: Option<on_feed::GuestIndices>,
    signal: Option<on_signal::GuestIndices>,
    lifecycle: Option<on_lifecycle::GuestIndices>,
}

impl Hooks {
    pub fn find(&mut self, hook: Hook, component: &InstancePre<Run>) -> wasmtime::Result<()> {
        match hook {
            Hook::Schedule => {
                check_type::<(Envelope<'_>, on_schedule::Tick<'_>), Handled>(hook, component)?;
                self.schedule = Some(on_schedule::GuestIndices::new(component)?);
            }
            Hook::Outcome => {
                check_type::<(Envelope<'_>, on_outcome::Outcome<'_>), Handled>(hook, component)?;
                self.outcome = Some(on_outcome::GuestIndices::new(component)?);
            }
            Hook::Feed => {
                check_type::<(Envelope<'_>, on_feed::FeedRows<'_>), Handled>(hook, component)?;
                self.feed = Some(on_feed::GuestIndices::new(component)?);
            }
            Hook::Signal => {
                check_type::<(Envelope<'_>, on_signal::SignalEvent<'_>), Handled>(hook, component)?;
                self.signal = Some(on_signal::GuestIndices::new(component)?);
            }
            Hook::Lifecycle => {
                type Parameters<'a> = (Envelope<'a>, on_lifecycle::LifecycleEvent<'a>);
                check_type::<Parameters<'_>, Handled>(hook, component)?;
                self.lifecycle = Some(on_lifecycle::GuestIndices::new(component)?);
            }
            _ => {}
        }
        Ok(())
    }

    pub async fn tick(
        &self,
        door: Door<'_>,
        schedule: &str,
        due_at: Timestamp,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.schedule.as_ref(), Hook::Schedule)?;
        let tick = on_schedule::Tick { schedule, due_at: due_at.0 };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, tick).await?))
    }

    pub async fn outcome(
        &self,
        door: Door<'_>,
        action: &ActionId,
        kind: &str,
        key: Option<&str>,
        end: &ActionEnd,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.outcome.as_ref(), Hook::Outcome)?;
        let (ids, found) = ends(end);
        let end = outcome_end(end, &ids, &found);
        let outcome = on_outcome::Outcome { action: action.as_str(), kind, key, end };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, outcome).await?))
    }

    pub async fn feed(&self, door: Door<'_>, rows: &FeedRows) -> wasmtime::Result<Returned> {
        let hook = there(self.feed.as_ref(), Hook::Feed)?;
        let columns: Vec<&str> = rows.columns.iter().map(String::as_str).collect();
        // All fields in one list, and each row a piece of it.
        let fields: Vec<&str> = rows.rows.iter().flatten().map(String::as_str).collect();
        let mut rest = fields.as_slice();
        let mut records = Vec::with_capacity(rows.rows.len());
        for row in &rows.rows {
            let (own, others) = rest.split_at_checked(row.len()).unwrap_or((rest, &[]));
            rest = others;
            records.push(own);
        }
        let event = on_feed::FeedRows {
            feed: &rows.feed,
            columns: &columns,
            rows: &records,
            first: rows.first,
            last: rows.last,
        };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    pub async fn signal(
        &self,
        door: Door<'_>,
        name: &str,
        sender: &InstallId,
        payload: &str,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.signal.as_ref(), Hook::Signal)?;
        let event = on_signal::SignalEvent { name, sender: sender.as_str(), payload };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    pub async fn lifecycle(
        &self,
        door: Door<'_>,
        happened: &Lifecycle,
    ) -> wasmtime::Result<Returned> {
        use on_lifecycle::LifecycleEvent;

        let hook = there(self.lifecycle.as_ref(), Hook::Lifecycle)?;
        let event = match happened {
            Lifecycle::Installed => LifecycleEvent::Installed,
            Lifecycle::Backfill(page) => return self.backfill(door, page).await,
            Lifecycle::SettingsChanged => LifecycleEvent::SettingsChanged,
            Lifecycle::Upgraded { version, state_schema } => {
                LifecycleEvent::Upgraded((version, *state_schema))
            }
            Lifecycle::Restored(restoration) => {
                LifecycleEvent::Restored(on_lifecycle::Restoration {
                    taken_at: restoration.taken_at.0,
                    restored_at: restoration.restored_at.0,
                })
            }
            Lifecycle::Live => LifecycleEvent::Live,
            Lifecycle::Shadow => LifecycleEvent::Shadow,
        };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    async fn backfill(&self, door: Door<'_>, page: &BackfillPage) -> wasmtime::Result<Returned> {
        let hook = there(self.lifecycle.as_ref(), Hook::Lifecycle)?;
        let parts: Result<Vec<OrderParts<'_>>, CallError> =
            page.orders.iter().map(|(key, order)| OrderParts::of(key, order)).collect();
        let parts = parts?;
        let inner: Vec<InnerLists<'_>> = parts.iter().map(OrderParts::inner).collect();
        let lists: Vec<OrderLists<'_>> =
            parts.iter().zip(&inner).map(|(parts, inner)| parts.lists(inner)).collect();
        let orders: Vec<OrderParam<'_>> =
            parts.iter().zip(&lists).map(|(parts, lists)| parts.record(lists)).collect();
        let page = on_lifecycle::BackfillPage {
            shop: page.shop.as_str(),
            orders: &orders,
            last: page.last,
        };
        let event = on_lifecycle::LifecycleEvent::Backfill(page);
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }
}

/// What the record of an end borrows from.
fn ends(end: &ActionEnd) -> (Vec<&str>, String) {
    match end {
        ActionEnd::Done { ids } => (ids.iter().map(String::as_str).collect(), String::new()),
        ActionEnd::Stale { found } => (Vec::new(), found.told()),
        _ => (Vec::new(), String::new()),
    }
}

fn outcome_end<'a>(end: &'a ActionEnd, ids: &'a [&'a str], found: &'a str) -> on_outcome::End<'a> {
    match end {
        ActionEnd::Done { .. } => on_outcome::End::Done(ids),
        ActionEnd::Refused { reason } => on_outcome::End::Refused(reason),
        ActionEnd::Stale { .. } => on_outcome::End::Stale(found),
        ActionEnd::Unsupported { reason } => on_outcome::End::Unsupported(reason),
        ActionEnd::Superseded => on_outcome::End::Superseded,
        ActionEnd::Failed { reason } => on_outcome::End::Failed(reason),
        ActionEnd::Unknown { detail } => on_outcome::End::Unknown(detail),
        ActionEnd::Expired => on_outcome::End::Expired,
        // Nobody is told of what was proposed in shadow; it was as good as refused.
        ActionEnd::Shadow { .. } => on_outcome::End::Refused("its module runs in shadow"),
    }
}
