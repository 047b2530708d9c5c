//! The traits, each method handed to the writer or to a reader: [`Store`] here, the others below.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use fondaco_model::{
    Action, ActionEnd, ActionId, ClientId, Entity, EntityKey, Event, InstallId, Person, PersonKey,
    PersonSource, Proposal, ShopId, Timestamp, TraceId,
    hear::{BackfillRange, LifecycleStep},
    run::StateValue,
};

use super::{
    SqliteStore, absences, ahead, alerts, audit, backup,
    client::{self, ClientWrite},
    erase, events,
    fault::Fault,
    history, inbox, lifecycle, mirror, modes, outbox, people, progress, proposals, quarantine,
    redo, retention, runs, settle, shops,
    state::{self, Listing},
    stops, telling,
    writer::{Guard, Verdict},
};
use crate::{
    Absence, Act, ActionFilter, ActionSelection, Alert, AuditEntry, AuditStore, Backlog, Backup,
    CommitOutcome, ControlStore, Counter, DeadDelivery, DeadSelection, Delivery, Erased, Erasure,
    Forget, Forgotten, Go, HeldPerson, InstallIdentity, InstallProgress, InstallStanding,
    KeepingStore, LastTick, Lease, LifecycleProgress, LifecycleStore, ListedKind, MirrorRow, Mode,
    NewAlert, NewDelivery, ObserveOutcome, Observed, OldestAction, PeopleStore, Quarantine,
    ReadyAction, Reconciliation, Redo, RedoStore, Redone, RedoneActions, RunCommit, RunRecord,
    RunTime, RunView, SendingAction, SettleOutcome, Settlement, ShadowState, ShopProgress,
    ShopStore, Stop, Store, StoreError, TellingStore, TraceStory, Whom,
};

mod audit_store;
mod control_store;
mod keeping_store;
mod lifecycle_store;
mod people_store;
mod redo_store;
mod shop_store;
mod telling_store;

impl SqliteStore {
    /// A transaction of a client, in the next commit.
    async fn write<T, F>(
        &self,
        lease: &Lease,
        doing: &'static str,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut ClientWrite<'_>) -> Result<Verdict<T>, Fault> + Send + 'static,
    {
        let (lease, vault) = (lease.clone(), Arc::clone(&self.vault));
        let job = move |connection: &_| ClientWrite::run(connection, lease, vault, work);
        self.writer.write(doing, Guard::Savepoint, job).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn lease(&self, client: &ClientId, owner: &str) -> Result<Lease, StoreError> {
        let (client, owner) = (client.clone(), owner.to_owned());
        let job = move |connection: &_| client::lease(connection, client, &owner);
        self.writer.write("take the lease of a client", Guard::Savepoint, job).await
    }

    async fn accept(&self, lease: &Lease, mut delivery: NewDelivery) -> Result<u64, StoreError> {
        let lease = lease.clone();
        let NewDelivery { shop, topic, body, .. } = &delivery;
        // Sealed here and not by the writer, for whom all others wait.
        let sealed = self.vault.seal_body(&lease.client, shop, topic, body);
        delivery.body = sealed.map_err(|fault| fault.during("seal a delivery"))?;
        let job = move |connection: &_| inbox::accept(connection, lease, &delivery);
        self.writer.write("accept a delivery", Guard::None, job).await
    }

    async fn check_writable(&self, within: Duration) -> Result<(), StoreError> {
        let doing = "write within the time allowed";
        let probe = self.writer.write(doing, Guard::Savepoint, client::probe);
        match tokio::time::timeout(within, probe).await {
            Ok(written) => written,
            Err(late) => Err(StoreError::Database { doing, source: Box::new(late) }),
        }
    }

    async fn deliveries(
        &self,
        client: &ClientId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (client, vault) = (client.clone(), Arc::clone(&self.vault));
        self.readers
            .read("read the inbox", move |connection| {
                inbox::deliveries(connection, &vault, &client, after, limit)
            })
            .await
    }

    async fn bury(&self, lease: &Lease, delivery: u64, reason: &str) -> Result<(), StoreError> {
        let reason = reason.to_owned();
        self.write(lease, "bury a delivery", move |write| inbox::bury(write, delivery, &reason))
            .await
    }

    async fn keep_apart(
        &self,
        lease: &Lease,
        mut delivery: NewDelivery,
        site: &str,
        alert: NewAlert,
    ) -> Result<u64, StoreError> {
        let NewDelivery { shop, topic, body, received_at, .. } = &delivery;
        let sealed = self.vault.seal_body(&lease.client, shop, topic, body);
        let at = *received_at;
        delivery.body = sealed.map_err(|fault| fault.during("seal a delivery"))?;
        let site = site.to_owned();
        self.write(lease, "keep a delivery apart", move |write| {
            alerts::raise(write, at, &alert)?;
            Ok(Verdict::Keep(inbox::keep_apart(write, &delivery, &site)?))
        })
        .await
    }

    async fn mirror(
        &self,
        client: &ClientId,
        key: &EntityKey,
    ) -> Result<Option<MirrorRow>, StoreError> {
        let (client, key) = (client.clone(), key.clone());
        self.readers
            .read("read the mirror", move |connection| mirror::current(connection, &client, &key))
            .await
    }

    async fn observe(
        &self,
        lease: &Lease,
        at: Timestamp,
        observed: Observed,
    ) -> Result<ObserveOutcome, StoreError> {
        self.write(lease, "take in an observation", move |write| {
            mirror::observe(write, at, observed)
        })
        .await
    }

    async fn shop_progress(
        &self,
        client: &ClientId,
        shop: &ShopId,
    ) -> Result<ShopProgress, StoreError> {
        let (client, shop) = (client.clone(), shop.clone());
        self.readers
            .read("read a shop's progress", move |connection| {
                progress::load(connection, &client, &shop)
            })
            .await
    }

    async fn tick(
        &self,
        lease: &Lease,
        at: Timestamp,
        install: &InstallId,
        schedule: &str,
        due_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (install, schedule) = (install.clone(), schedule.to_owned());
        self.write(lease, "raise a tick", move |write| {
            events::tick(write, at, install, schedule, due_at)
        })
        .await
    }

    async fn last_tick(
        &self,
        client: &ClientId,
        install: &InstallId,
        schedule: &str,
    ) -> Result<Option<LastTick>, StoreError> {
        let (client, install) = (client.clone(), install.clone());
        let schedule = schedule.to_owned();
        self.readers
            .read("read the last tick", move |connection| {
                events::last_tick(connection, &client, &install, &schedule)
            })
            .await
    }

    async fn install(
        &self,
        lease: &Lease,
        install: &InstallId,
    ) -> Result<InstallProgress, StoreError> {
        let install = install.clone();
        self.write(lease, "register an install", move |write| runs::install(write, &install)).await
    }

    async fn install_progress(
        &self,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Option<InstallProgress>, StoreError> {
        let (client, install) = (client.clone(), install.clone());
        self.readers
            .read("read where an install stands", move |connection| {
                ahead::stands(connection, &client, &install)
            })
            .await
    }

    async fn pass(&self, lease: &Lease, install: &InstallId, until: u64) -> Result<(), StoreError> {
        let install = install.clone();
        self.write(lease, "pass events by", move |write| ahead::pass(write, &install, until)).await
    }

    async fn events(
        &self,
        client: &ClientId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read events", move |connection| {
                events::events(connection, &client, after, limit)
            })
            .await
    }

    async fn view(&self, client: &ClientId) -> Result<RunView, StoreError> {
        let client = client.clone();
        self.readers
            .read("read the last commit", move |connection| client::view(connection, client))
            .await
    }

    async fn commit_run(
        &self,
        lease: &Lease,
        at: Timestamp,
        run: RunCommit,
    ) -> Result<CommitOutcome, StoreError> {
        self.write(lease, "commit a run", move |write| runs::commit_run(write, at, run)).await
    }

    async fn propose(
        &self,
        lease: &Lease,
        at: Timestamp,
        proposer: &InstallId,
        proposals: Vec<Proposal>,
        act: Option<Act>,
    ) -> Result<(), StoreError> {
        let proposer = proposer.clone();
        self.write(lease, "propose at a person's wish", move |write| {
            proposals::propose_for_person(write, at, &proposer, proposals, act.as_ref())
        })
        .await
    }

    async fn ready(
        &self,
        client: &ClientId,
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<ReadyAction>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read which actions are ready", move |connection| {
                outbox::ready(connection, &client, at, limit)
            })
            .await
    }

    async fn sending(&self, client: &ClientId) -> Result<Vec<SendingAction>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read which actions are being sent", move |connection| {
                outbox::sending(connection, &client)
            })
            .await
    }

    async fn begin(
        &self,
        lease: &Lease,
        at: Timestamp,
        action: &ActionId,
        request: &str,
    ) -> Result<bool, StoreError> {
        let (action, request) = (action.clone(), request.to_owned());
        self.write(lease, "begin an action", move |write| {
            settle::begin(write, at, &action, &request)
        })
        .await
    }

    async fn postpone(
        &self,
        lease: &Lease,
        at: Timestamp,
        action: &ActionId,
        until: Timestamp,
        reason: &str,
    ) -> Result<Vec<EntityKey>, StoreError> {
        let (action, reason) = (action.clone(), reason.to_owned());
        self.write(lease, "put an action back", move |write| {
            settle::postpone(write, at, &action, until, &reason)
        })
        .await
    }

    async fn settle(
        &self,
        lease: &Lease,
        settlement: Settlement,
    ) -> Result<SettleOutcome, StoreError> {
        self.write(lease, "settle an action", move |write| settle::settle(write, settlement)).await
    }

    async fn fences(&self, client: &ClientId) -> Result<Vec<String>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read the fences", move |connection| outbox::fences(connection, &client))
            .await
    }

    async fn backlog(&self, client: &ClientId) -> Result<Backlog, StoreError> {
        let client = client.clone();
        self.readers
            .read("count what waits", move |connection| client::backlog(connection, &client))
            .await
    }

    async fn dead_deliveries(
        &self,
        client: &ClientId,
        limit: u32,
    ) -> Result<Vec<DeadDelivery>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read the dead deliveries", move |connection| {
                inbox::dead_deliveries(connection, &client, limit)
            })
            .await
    }

    async fn runs(
        &self,
        client: &ClientId,
        install: Option<&InstallId>,
        limit: u32,
    ) -> Result<Vec<RunRecord>, StoreError> {
        let (client, install) = (client.clone(), install.cloned());
        self.readers
            .read("read the runs", move |connection| {
                runs::runs(connection, &client, install.as_ref(), limit)
            })
            .await
    }

    async fn actions(
        &self,
        client: &ClientId,
        filter: ActionFilter,
    ) -> Result<Vec<Action>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read the actions", move |connection| {
                outbox::actions(connection, &client, &filter)
            })
            .await
    }

    async fn action(
        &self,
        client: &ClientId,
        action: &ActionId,
    ) -> Result<Option<Action>, StoreError> {
        let (client, action) = (client.clone(), action.clone());
        self.readers
            .read("read an action", move |connection| outbox::action(connection, &client, &action))
            .await
    }

    async fn event(&self, client: &ClientId, number: u64) -> Result<Option<Event>, StoreError> {
        let client = client.clone();
        self.readers
            .read("read an event", move |connection| events::event(connection, &client, number))
            .await
    }

    async fn state_get(
        &self,
        view: &RunView,
        install: &InstallId,
        key: &str,
    ) -> Result<StateValue, StoreError> {
        let (view, install, key) = (view.clone(), install.clone(), key.to_owned());
        let vault = Arc::clone(&self.vault);
        self.readers
            .read("read a state", move |connection| {
                let state_of = modes::StateOf::now(connection, &view.client, &install)?;
                state::get(connection, &vault, &view, &state_of, &key)
            })
            .await
    }

    async fn state_list(
        &self,
        view: &RunView,
        install: &InstallId,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, StateValue)>, StoreError> {
        let (view, install) = (view.clone(), install.clone());
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let vault = Arc::clone(&self.vault);
        self.readers
            .read("list a state", move |connection| {
                let listing = Listing {
                    prefix: &prefix,
                    after: after.as_deref(),
                    until: None,
                    limit: Some(limit),
                };
                let state_of = modes::StateOf::now(connection, &view.client, &install)?;
                state::list(connection, &vault, &view, &state_of, listing)
            })
            .await
    }

    async fn entity(&self, view: &RunView, key: &EntityKey) -> Result<Option<Entity>, StoreError> {
        let (view, key) = (view.clone(), key.clone());
        self.readers
            .read("read the mirror", move |connection| {
                Ok(mirror::as_of(connection, &view, &key)?.map(|row| row.entity))
            })
            .await
    }

    async fn entity_at(
        &self,
        client: &ClientId,
        key: &EntityKey,
        sequence: u64,
    ) -> Result<Option<Entity>, StoreError> {
        let (client, key) = (client.clone(), key.clone());
        self.readers
            .read("read the mirror", move |connection| {
                mirror::entity_at(connection, &client, &key, sequence)
            })
            .await
    }

    async fn variants_by_sku(
        &self,
        view: &RunView,
        sku: &str,
    ) -> Result<Vec<(EntityKey, Entity)>, StoreError> {
        let (view, sku) = (view.clone(), sku.to_owned());
        self.readers
            .read("look up an SKU", move |connection| {
                mirror::variants_by_sku(connection, &view, &sku)
            })
            .await
    }

    async fn skus(
        &self,
        view: &RunView,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let (view, after) = (view.clone(), after.map(str::to_owned));
        self.readers
            .read("list the SKUs", move |connection| {
                mirror::skus(connection, &view, after.as_deref(), limit)
            })
            .await
    }

    async fn orders_known_until(
        &self,
        client: &ClientId,
        shop: &ShopId,
        commit: u64,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (client, shop) = (client.clone(), shop.clone());
        self.readers
            .read("read a shop's progress", move |connection| {
                progress::orders_known_until(connection, &client, &shop, commit)
            })
            .await
    }
}
