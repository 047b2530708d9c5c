//! Quarantine: after a backup was restored, a client does not act until a person releases it.
//!
//! The host that went on after the backup was taken carried out actions that this one takes for
//! waiting, or for being sent. So each is looked for on its shop before anything else is heard of
//! it. What the shop shows already is done; what it shows as it was when the action was decided
//! waits on, and is sent once the client is released; of anything else nobody can tell, and it ends
//! so. Nothing is sent meanwhile.
//!
//! Of what the lost host decided after the backup there is no trace but in the shops. The orders of
//! that time are read again, and modules hear them after the release, as they hear what else is
//! different: a stock that the lost host wrote looks to them like one that a person changed.

use std::{sync::Arc, time::Duration};

use fondaco_model::{Action, ActionEnd, ActionState, ClientId, action::Value};
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
    /// Whether every action that was under way has been looked for. Only then it can be released.
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
    /// It is not, because what was under way is still being looked for.
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
        for sending in self.store.sending(&self.setup.id).await? {
            match serde_json::from_str::<Request>(&sending.request) {
                Ok(request) => self.look_for(&sending.action, &request, quarantine).await?,
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
                self.look_for(action, &request, quarantine).await?;
            }
        }
        self.quarantine.send_modify(|standing| {
            if let Some(standing) = standing {
                standing.looked = true;
            }
        });
        tracing::warn!(
            client.id = %self.setup.id,
            "what was under way when the backup was taken has been looked for; the client stays in \
             quarantine until somebody releases it",
        );
        Ok(())
    }

    /// Looks for one action until its shop answers, and ends it if it is not to wait on.
    async fn look_for(
        self: &Arc<Self>,
        action: &Action,
        request: &Request,
        quarantine: Quarantine,
    ) -> Result<(), Ended> {
        let Some(shop) = action.kind.shop().and_then(|shop| self.shop(shop)) else {
            return Ok(());
        };
        let id = shop.platform.shop();
        // The other host may have sent it just before it ended.
        let longest = u64::try_from(shop.platform.longest_request().as_millis());
        let certain_at = quarantine.since.plus_ms(longest.unwrap_or(u64::MAX));
        self.sleep(Duration::from_millis(certain_at.0.saturating_sub(now().0))).await?;
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
