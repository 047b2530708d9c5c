//! Quarantine: after a backup was restored, a client does not act until a person releases it.
//!
//! The host that went on after the backup was taken carried out actions that this one takes for
//! waiting, or for being sent. So each is looked for on its shop before anything else is heard of
//! it. What the shop shows already is done; what it shows as it was when the action was decided
//! waits on, and is sent once the client is released; of anything else nobody can tell, and it ends
//! so. Nothing is sent meanwhile.
//!
//! Of what the lost host decided after the backup there is no trace but in the shops. Each of them is
//! asked what has changed since the backup before the client can be released; modules hear it then,
//! after they have heard that they were restored ([`LifecycleStep::Restored`]). So a module can tell
//! what the lost host did from what a person did, as far as anybody can.
//!
//! [`LifecycleStep::Restored`]: fondaco_model::hear::LifecycleStep::Restored

use std::{sync::Arc, time::Duration};

use fondaco_model::{Action, ActionEnd, ActionState, ClientId, Timestamp, action::Value};
use fondaco_platforms::{Looked, PlatformError, Request};
use fondaco_store::{Act, ActionFilter, Quarantine, StoreError};

use crate::{
    Engine,
    client::{Client, Ended},
    now,
    settle::Seen,
};

/// A client that is in quarantine, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarantined {
    /// Since when, and of which backup.
    pub quarantine: Quarantine,
    /// Whether every action that was under way has been looked for, and every shop was asked what has
    /// changed. Only then it can be released.
    pub looked: bool,
}

impl Quarantined {
    /// As it stands when the host begins.
    #[must_use]
    pub const fn before_looking(quarantine: Quarantine) -> Self {
        Self { quarantine, looked: false }
    }

    /// Whether nobody has released it yet.
    #[must_use]
    pub const fn holds(self) -> bool {
        self.quarantine.released_event.is_none()
    }
}

/// What became of the wish to release a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// It is released.
    Released,
    /// It was not in quarantine.
    Free,
    /// It is not, because what was under way is still being looked for, or a shop has not answered.
    StillLooking,
}

impl Client {
    /// Whether the client is in quarantine: nothing of it runs, and nothing is sent.
    pub fn quarantined(&self) -> bool {
        self.quarantine.borrow().is_some_and(Quarantined::holds)
    }

    /// Whether the client may act now: run a module, send an action.
    pub fn may_act(&self) -> bool {
        !self.quarantined() && self.has_room()
    }

    /// Waits until the client may act.
    pub async fn until_it_may_act(&self) -> Result<(), Ended> {
        let (mut quarantine, mut room) = (self.quarantine.subscribe(), self.room.clone());
        while !self.may_act() {
            tokio::select! {
                _ = quarantine.changed() => {}
                _ = room.changed() => {}
                () = self.cancel.cancelled() => return Err(Ended::Stopped),
            }
        }
        Ok(())
    }

    /// Looks for all that was under way when the backup was taken.
    pub async fn look_for_all(self: &Arc<Self>, quarantine: Quarantine) -> Result<(), Ended> {
        self.wait_out(quarantine).await?;
        for sending in self.store.sending(&self.setup.id).await? {
            match serde_json::from_str::<Request>(&sending.request) {
                Ok(request) => self.look_for(&sending.action, &request).await?,
                Err(_) => {
                    let detail = "what was being sent cannot be read back".to_owned();
                    let end = ActionEnd::Unknown { detail };
                    self.settle(&sending.action, end, Seen::default()).await?;
                }
            }
        }
        // Only now: one that waits may have taken the place of one that was being sent.
        let filter = ActionFilter { open_only: true, limit: u32::MAX, ..ActionFilter::default() };
        let open = self.store.actions(&self.setup.id, filter).await?;
        let waiting = open.iter().rev().filter(|action| action.state == ActionState::Waiting);
        for action in waiting.filter(|action| action.kind.shop().is_some()) {
            // One that there can be no request for was not sent either.
            if let Ok(request) = self.request(action).await? {
                self.look_for(action, &request).await?;
            }
        }
        Ok(())
    }

    /// Notes that the client can be released, if it is in quarantine and every shop has told since
    /// the restore what changed. All that was under way has been looked for.
    pub async fn may_be_released(&self) -> Result<(), Ended> {
        let standing = *self.quarantine.borrow();
        let Some(standing) = standing.filter(|standing| standing.holds() && !standing.looked)
        else {
            return Ok(());
        };
        let since = standing.quarantine.since;
        let told = |until: Option<Timestamp>| until.is_some_and(|until| until >= since);
        for shop in self.setup.shops.keys() {
            let progress = self.store.shop_progress(&self.setup.id, shop).await?;
            if !(told(progress.catalogue_known_until) && told(progress.orders_known_until)) {
                return Ok(());
            }
        }
        self.quarantine.send_modify(|standing| {
            if let Some(standing) = standing {
                standing.looked = true;
            }
        });
        tracing::warn!(
            client.id = %self.setup.id,
            "what was under way when the backup was taken has been looked for, and what has changed \
             was read; the client stays in quarantine until somebody releases it",
        );
        Ok(())
    }

    /// Waits until nothing can take effect any more that the other host sent just before it ended.
    async fn wait_out(&self, quarantine: Quarantine) -> Result<(), Ended> {
        let longest = self.setup.shops.values().map(|shop| shop.platform.longest_request());
        let longest = longest.max().unwrap_or_default();
        let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        let certain_at = quarantine.since.plus_ms(longest);
        self.sleep(Duration::from_millis(certain_at.0.saturating_sub(now().0))).await
    }

    /// Looks for one action until its shop answers, and ends it if it is not to wait on.
    async fn look_for(self: &Arc<Self>, action: &Action, request: &Request) -> Result<(), Ended> {
        let Some(shop) = self.shop_of(action) else {
            return self.shop_is_gone(action).await;
        };
        let id = shop.platform.shop();
        let mut tries = 0;
        let (end, seen) = loop {
            tries += 1;
            match shop.platform.look(now(), &action.kind, request).await {
                Ok(Looked::Done { ids, snapshots }) => {
                    let seen = Seen::written(request, snapshots);
                    break (ActionEnd::Done { ids }, seen);
                }
                Ok(Looked::NotDone) => {
                    return self
                        .put_back(action, now(), "the restored host finds it not done")
                        .await;
                }
                Ok(Looked::Neither { found, .. }) => {
                    let detail = format!(
                        "a backup was restored that is from before its end; the shop shows {found} \
                         now, neither {} nor {}",
                        request.only_if.clone().unwrap_or(Value::Nothing),
                        request.result,
                    );
                    break (ActionEnd::Unknown { detail }, Seen::default());
                }
                Err(PlatformError::Refused { reason } | PlatformError::Unsupported { reason }) => {
                    let detail = format!("the shop did not let its effect be looked for: {reason}");
                    break (ActionEnd::Unknown { detail }, Seen::default());
                }
                Err(error) => {
                    self.shop_trouble(id, "look for what was under way", &error);
                    self.sleep_after(tries).await?;
                }
            }
        };
        self.trouble(id, None);
        self.settle(action, end, seen).await
    }
}

impl Engine {
    /// The quarantine of a client, if it is in one.
    #[must_use]
    pub fn quarantine(&self, client: &ClientId) -> Option<Quarantined> {
        let standing = self.clients.get(client).and_then(|client| *client.quarantine.borrow());
        standing.filter(|standing| standing.holds())
    }

    /// Lets a client act again, at a person's wish.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn release(
        &self,
        client: &ClientId,
        principal: &str,
    ) -> Result<Released, StoreError> {
        let Some(client) = self.clients.get(client) else {
            return Ok(Released::Free);
        };
        let standing = client.quarantine.borrow().filter(|standing| standing.holds());
        match standing {
            None => return Ok(Released::Free),
            Some(Quarantined { looked: false, .. }) => return Ok(Released::StillLooking),
            Some(Quarantined { looked: true, .. }) => {}
        }
        let act = Act {
            principal: principal.to_owned(),
            what: "release".to_owned(),
            subject: "the client".to_owned(),
            detail: "from the quarantine after a backup was restored".to_owned(),
        };
        self.store.release(&client.lease, now(), act).await?;
        let released = self.store.quarantine(&client.setup.id).await?;
        client.quarantine.send_replace(released.map(Quarantined::before_looking));
        client.wakes.outbox.notify_one();
        Ok(Released::Released)
    }
}
