//! Settling: actions are judged once more, carried out, and their outcome is committed.
//!
//! An action is marked as being sent, with the request as it will be sent, before it is. If the
//! host dies or the connection breaks after that, nobody knows whether it took effect; then the
//! platform's longest request time is waited out, and the effect is looked for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fondaco_model::{Action, ActionEnd, ActionKind, EntityKey, Snapshot, Timestamp, event::Cause};
use fondaco_platforms::{Executed, Looked, PlatformError, Request};
use fondaco_store::{ReadyAction, SettleOutcome, Settlement};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    client::{Client, Ended},
    judge, limits, now,
    observe::never_settles,
    retry,
    watch::Happening,
};

impl Client {
    /// Begins actions as they become ready, for as long as the host works.
    pub async fn settle_actions(self: Arc<Self>) -> Result<(), Ended> {
        loop {
            let ready = self.store.ready(&self.setup.id, now(), limits::ACTIONS_BATCH_MAX).await?;
            let mut begun = 0;
            for ready in ready {
                self.go_on()?;
                begun += usize::from(self.begin(ready).await?);
            }
            if begun == 0 {
                tokio::select! {
                    () = self.wakes.outbox.notified() => {}
                    () = tokio::time::sleep(limits::OUTBOX_LOOK_EVERY) => {}
                    () = self.cancel.cancelled() => return Err(Ended::Stopped),
                }
            }
        }
    }

    /// Looks for the effect of what was being sent when the host last ended.
    pub async fn resume_sending(self: &Arc<Self>) -> Result<(), Ended> {
        for sending in self.store.sending(&self.setup.id).await? {
            let Ok(request) = serde_json::from_str::<Request>(&sending.request) else {
                let detail = "what was being sent cannot be read back".to_owned();
                self.settle(&sending.action, ActionEnd::Unknown { detail }, &[]).await?;
                continue;
            };
            let (action, began_at) = (sending.action, sending.began_at);
            self.task(
                "look",
                |client| async move { client.look(&action, &request, began_at).await },
            );
        }
        Ok(())
    }

    /// Begins one action, or ends it if it is not to be done. Says whether it is off the queue.
    async fn begin(self: &Arc<Self>, ready: ReadyAction) -> Result<bool, Ended> {
        let ReadyAction { action, after_failed } = ready;
        let expired = action.terms.expires_at.is_some_and(|moment| moment <= now());
        let objection = after_failed
            .map(|other| format!("action {other}, which had to be done first, was not"))
            .or_else(|| judge::objection(&self.setup, &action.install, &action.kind));
        let end = match objection {
            _ if expired => Some(ActionEnd::Expired),
            Some(reason) => Some(ActionEnd::Refused { reason }),
            None if matches!(action.kind, ActionKind::Alert { .. }) => {
                // It is told by being there: the status and the pages list it.
                Some(ActionEnd::Done { ids: Vec::new() })
            }
            None => None,
        };
        if let Some(end) = end {
            self.settle(&action, end, &[]).await?;
            return Ok(true);
        }
        let permit = action
            .kind
            .shop()
            .and_then(|shop| self.requests(shop))
            .and_then(|requests| Arc::clone(requests).try_acquire_owned().ok());
        // A shop that is busy leaves the others' actions alone; this one's turn comes again.
        let Some(permit) = permit else {
            return Ok(false);
        };
        self.send(action, permit).await
    }

    async fn send(
        self: &Arc<Self>,
        action: Action,
        permit: OwnedSemaphorePermit,
    ) -> Result<bool, Ended> {
        let request = match self.request(&action).await? {
            Ok(request) => request,
            Err(reason) => {
                self.settle(&action, ActionEnd::Failed { reason }, &[]).await?;
                return Ok(true);
            }
        };
        let text = serde_json::to_string(&request).unwrap_or_default();
        if !self.store.begin(&self.lease, now(), &action.id, &text).await? {
            return Ok(false);
        }
        self.task("send", |client| async move {
            let unsure_since = client.execute(&action, &request).await?;
            drop(permit);
            client.wakes.outbox.notify_one();
            match unsure_since {
                Some(sent_at) => client.look(&action, &request, sent_at).await,
                None => Ok(()),
            }
        });
        Ok(true)
    }

    /// The request for an action, or why there can be none.
    async fn request(&self, action: &Action) -> Result<Result<Request, String>, Ended> {
        let ActionKind::ChangeStock { shop, variant, .. } = &action.kind else {
            return Ok(Err("the host has no request for it".to_owned()));
        };
        let key = EntityKey::variant(shop.clone(), variant.clone());
        let row = self.store.mirror(&self.setup.id, &key).await?;
        Ok(match (row, self.shop(shop)) {
            (Some(row), Some(setup)) => {
                setup.platform.request(&action.kind, &row.entity).map_err(|error| error.to_string())
            }
            (None, _) => Err(format!("shop `{shop}` has no variant `{variant}`")),
            (_, None) => Err(format!("there is no shop `{shop}`")),
        })
    }

    /// Carries out a request. If nobody knows whether it took effect, returns when it was sent.
    async fn execute(
        &self,
        action: &Action,
        request: &Request,
    ) -> Result<Option<Timestamp>, Ended> {
        let Some(shop) = self.shop(&request.entity.shop) else {
            return Ok(None);
        };
        let sent_at = now();
        let began = Instant::now();
        let executed = shop.platform.execute(sent_at, request).await;
        self.metrics.action_sent(&self.setup.id, &request.entity.shop, began.elapsed());
        match executed {
            Ok(Executed::Done { snapshots }) => {
                self.settle(action, ActionEnd::Done { ids: Vec::new() }, &snapshots).await?;
            }
            Ok(Executed::Stale { found, snapshots }) => {
                self.settle(action, ActionEnd::Stale { found }, &snapshots).await?;
            }
            Err(PlatformError::Refused { reason }) => {
                self.settle(action, ActionEnd::Failed { reason }, &[]).await?;
            }
            Err(PlatformError::Unavailable { reason, retry_after }) => {
                self.postpone(action, &reason, retry_after).await?;
            }
            Err(PlatformError::Ambiguous { reason }) => {
                tracing::warn!(
                    client.id = %self.setup.id, action.id = %action.id, reason,
                    "nobody knows whether a request took effect; it will be looked for",
                );
                return Ok(Some(sent_at));
            }
        }
        Ok(None)
    }

    /// Puts an action back that surely had no effect, or gives it up after too long.
    async fn postpone(
        &self,
        action: &Action,
        reason: &str,
        retry_after: Option<Duration>,
    ) -> Result<(), Ended> {
        let tried_for = now().0.saturating_sub(action.proposed_at.0);
        if u128::from(tried_for) > limits::ACTION_TRIES_FOR.as_millis() {
            let reason = format!("given up after three days: {reason}");
            return self.settle(action, ActionEnd::Failed { reason }, &[]).await;
        }
        let wait = retry_after.unwrap_or_default().max(retry::wait_after(action.attempts + 1));
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(
            client.id = %self.setup.id, action.id = %action.id, reason, wait_ms = wait,
            "an action could not be sent; it is tried again",
        );
        self.put_back(action, now().plus_ms(wait), reason).await
    }

    /// Puts an action that surely had no effect back to waiting.
    async fn put_back(&self, action: &Action, until: Timestamp, reason: &str) -> Result<(), Ended> {
        let masked = self.store.postpone(&self.lease, now(), &action.id, until, reason).await?;
        masked.into_iter().for_each(|key| self.ask_for(key));
        // If a newer one has taken its place, that is an outcome for its install.
        self.wake_installs();
        Ok(())
    }

    /// Waits until a request can no longer take effect, then looks whether it did.
    async fn look(
        &self,
        action: &Action,
        request: &Request,
        sent_at: Timestamp,
    ) -> Result<(), Ended> {
        let Some(shop) = self.shop(&request.entity.shop) else {
            return Ok(());
        };
        let longest = u64::try_from(shop.platform.longest_request().as_millis());
        let certain_at = sent_at.plus_ms(longest.unwrap_or(u64::MAX));
        self.sleep(Duration::from_millis(certain_at.0.saturating_sub(now().0))).await?;
        for tries in 1.. {
            match shop.platform.look(now(), request).await {
                Ok(Looked::Done { snapshots }) => {
                    return self
                        .settle(action, ActionEnd::Done { ids: Vec::new() }, &snapshots)
                        .await;
                }
                Ok(Looked::NotDone) => {
                    self.put_back(action, now(), "it had no effect").await?;
                    self.wakes.outbox.notify_one();
                    return Ok(());
                }
                Ok(Looked::Neither { found, snapshots }) => {
                    let detail = format!(
                        "the connection broke while {} was being written over {}; the shop shows \
                         {found} now",
                        request.result, request.only_if,
                    );
                    return self.settle(action, ActionEnd::Unknown { detail }, &snapshots).await;
                }
                Err(PlatformError::Refused { reason }) => {
                    let detail = format!("the shop did not let its effect be looked for: {reason}");
                    return self.settle(action, ActionEnd::Unknown { detail }, &[]).await;
                }
                Err(PlatformError::Unavailable { .. } | PlatformError::Ambiguous { .. }) => {
                    self.sleep_after(tries).await?;
                }
            }
        }
        Ok(())
    }

    /// Commits how an action ended, with what the platform's answer showed.
    async fn settle(
        &self,
        action: &Action,
        end: ActionEnd,
        snapshots: &[Snapshot],
    ) -> Result<(), Ended> {
        // Only what the action itself did has it as its cause; what a stale one came upon has not.
        let done = matches!(end, ActionEnd::Done { .. });
        let cause =
            done.then(|| Cause { action: action.id.clone(), install: action.install.clone() });
        for _ in 0..limits::MOVED_TRIES_MAX {
            let compared = self.compare(snapshots, &[], cause.as_ref()).await?;
            let settlement = Settlement {
                action: action.id.clone(),
                end: end.clone(),
                at: now(),
                rows: compared.rows,
            };
            match self.store.settle(&self.lease, settlement).await? {
                SettleOutcome::Moved => {}
                SettleOutcome::AlreadyDone => return Ok(()),
                SettleOutcome::Settled { masked, events } => {
                    self.metrics.action_ended(&self.setup.id, &end);
                    self.tell(Happening::Ended {
                        client: self.setup.id.clone(),
                        action: Box::new(action.clone()),
                        end,
                    });
                    self.raised(events);
                    masked.into_iter().chain(compared.to_fetch).for_each(|key| self.ask_for(key));
                    self.wakes.outbox.notify_one();
                    return Ok(());
                }
            }
        }
        Err(never_settles("settlement"))
    }
}
