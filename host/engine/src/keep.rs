//! What keeps a host's store in order: old rows are forgotten, backups taken, and what was spilled
//! is brought in.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use fondaco_model::{ClientId, InstallId};
use fondaco_store::{
    Absence, Act, Backup, Forget, Kept, Lease, NewAlert, Retention, Store, StoreError,
    spill::{Spill, Spilled},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    Engine,
    client::{Client, Ended},
    limits, notices, now,
    room::{FreeSpace, RoomBounds},
};

/// What the engine is given to keep its store with.
#[derive(Clone)]
pub struct Keeping {
    /// How long each kind of rows is kept.
    pub retention: Retention,
    /// Where deliveries go while the database cannot take them.
    pub spill: Spill,
    /// How much room is left on the store's disk.
    pub free_space: FreeSpace,
    /// What is done when there is little.
    pub room: RoomBounds,
}

impl Client {
    /// Forgets what is kept no longer, a small batch at a time, for as long as the host works.
    pub async fn forget_the_old(self: Arc<Self>) -> Result<(), Ended> {
        loop {
            match self.forget_once().await {
                // It is no work that anything waits for; the next time it is done again.
                Err(Ended::Store(error @ StoreError::Database { .. })) => {
                    tracing::warn!(client.id = %self.setup.id, %error, "nothing was forgotten");
                }
                ended => ended?,
            }
            self.sleep(limits::RETENTION_EVERY).await?;
        }
    }

    async fn forget_once(&self) -> Result<(), Ended> {
        self.store.mark_commit(&self.lease, now()).await?;
        self.keep_nothing_for_the_absent().await?;
        for kind in Kept::ALL {
            // Whoever looks into a restored store should find all that there is.
            if self.quarantined() {
                return Ok(());
            }
            self.forget_kind(kind).await?;
        }
        Ok(())
    }

    /// Notes which installs are in the client's file now, and tells what those missed that are back.
    pub async fn note_present(&self) -> Result<(), Ended> {
        let id = &self.setup.id;
        for absence in self.store.absences(id).await? {
            let install = &absence.install;
            if !self.setup.installs.contains_key(install) {
                continue;
            }
            if let Some(missed) = absence.missed() {
                // The alert first: it is told of, also if the host dies in between.
                let alert = notices::missed(id, install, missed, absence.since);
                self.store.raise_alert(&self.lease, now(), alert).await?;
            }
            let key = NewAlert::absent_key(install);
            self.store.resolve_alert(&self.lease, now(), &key, None).await?;
        }
        let present: Vec<InstallId> = self.setup.installs.keys().cloned().collect();
        self.store.note_present(&self.lease, now(), &present).await?;
        Ok(())
    }

    /// Lets retention go on past installs that have been out of the client's file for too long.
    async fn keep_nothing_for_the_absent(&self) -> Result<(), Ended> {
        let longest = self.retention.absent_installs;
        let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        let absences = self.store.absences(&self.setup.id).await?;
        let kept = absences.into_iter().filter(|absence| absence.missed_from.is_none());
        for Absence { install, since, .. } in kept {
            if self.quarantined() || since.plus_ms(longest_ms) > now() {
                continue;
            }
            tracing::warn!(
                client.id = %self.setup.id, install.id = %install,
                "nothing is kept any more for an install that is not in the client's file",
            );
            let alert = notices::absent(&install, since, longest);
            self.store.raise_alert(&self.lease, now(), alert).await?;
            self.store.keep_nothing_for(&self.lease, &install).await?;
        }
        Ok(())
    }

    async fn forget_kind(&self, kind: Kept) -> Result<(), Ended> {
        let kept_ms = u64::try_from(self.retention.of(kind).as_millis()).unwrap_or(u64::MAX);
        let before = now().minus_ms(kept_ms);
        let mut from = None;
        loop {
            self.go_on()?;
            let what = Forget { kind, before, from };
            let forgotten = self.store.forget(&self.lease, now(), what).await?;
            self.metrics.rows_forgotten(kind, forgotten.rows);
            from = forgotten.next;
            if from.is_none() {
                return Ok(());
            }
            self.sleep(limits::RETENTION_PAUSE).await?;
        }
    }
}

impl Engine {
    /// Writes a backup while everything goes on, and notes in each client's audit log who asked for
    /// it.
    ///
    /// # Errors
    /// If it could not be written; then there is no file of this name that was not there before.
    pub async fn backup(&self, file: &Path, principal: &str) -> Result<Backup, StoreError> {
        let backup = self.store.backup(file, now()).await?;
        let act = Act {
            principal: principal.to_owned(),
            what: "backup".to_owned(),
            subject: "all clients".to_owned(),
            detail: format!("{} bytes in {}", backup.bytes, file.display()),
        };
        for client in self.clients.values() {
            if let Err(error) = self.store.audit(&client.lease, now(), act.clone()).await {
                // Another host works for it, for one. The backup is there all the same.
                tracing::warn!(client.id = %client.setup.id, %error, "a backup was not noted");
            }
        }
        Ok(backup)
    }

    /// Bytes that shops sent and that the database has not taken in yet.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.keeping.spill.waiting_bytes()
    }
}

/// Brings what was spilled into the inbox.
pub(crate) struct Unspilling {
    pub spill: Spill,
    pub store: Arc<dyn Store>,
    pub clients: BTreeMap<ClientId, Arc<Client>>,
    pub owner: String,
    /// Something was spilled.
    pub spilled: Arc<Notify>,
    pub cancel: CancellationToken,
}

impl Unspilling {
    /// Does it as soon as the database takes deliveries again, for as long as the host works.
    pub async fn run(self) {
        loop {
            match self.bring_in().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "what was spilled is in the inbox"),
                Err(error) => {
                    tracing::warn!(%error, "what was spilled cannot be brought in yet");
                }
            }
            let again = async {
                if self.spill.waiting_bytes() == 0 {
                    self.spilled.notified().await;
                }
                // What did not go in just now would not a moment later either.
                tokio::time::sleep(limits::SPILL_LOOK_EVERY).await;
            };
            tokio::select! {
                () = again => {}
                () = self.cancel.cancelled() => return,
            }
        }
    }

    async fn bring_in(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        while let Some(spilled) = self.spill.first().await? {
            self.accept(&spilled).await?;
            self.spill.taken_in(&spilled).await?;
            count += 1;
        }
        Ok(count)
    }

    async fn accept(&self, spilled: &Spilled) -> Result<(), StoreError> {
        let lease: Lease = match self.clients.get(&spilled.client) {
            Some(client) => client.lease.clone(),
            // It was the host's when this came; in its inbox it waits until it is again.
            None => self.store.lease(&spilled.client, &self.owner).await?,
        };
        self.store.accept(&lease, spilled.delivery.clone()).await?;
        if let Some(client) = self.clients.get(&spilled.client) {
            client.wakes.deliveries.notify_one();
        }
        Ok(())
    }
}
