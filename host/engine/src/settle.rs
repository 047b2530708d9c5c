//! Settling: actions are judged once more, carried out, and their outcome is committed.
//!
//! An action is marked as being sent, with the request as it will be sent, before it is. If the
//! host dies or the connection breaks after that, nobody knows whether it took effect; then the
//! platform's longest request time is waited out, and the effect is looked for. What cannot be told
//! even then stands as unknown, and a person decides.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use fondaco_model::{
    Action, ActionEnd, ActionKind, ShopId, Snapshot, Timestamp,
    action::{Shown, Value},
    event::Cause,
};
use fondaco_platforms::{Executed, Looked, PlatformError, Request};
use fondaco_store::{ReadyAction, SettleOutcome, Settlement, failpoint::Failpoint};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument as _;

use crate::{
    client::{Asked, Client, Ended},
    judge, limits, now,
    observe::never_settles,
    retry,
    watch::Happening,
};

/// What was seen of an action's target while it was carried out.
#[derive(Default)]
pub struct Seen {
    shown: Shown,
    snapshots: Vec<Snapshot>,
}

impl Seen {
    /// A request that took effect.
    pub fn written(request: &Request, snapshots: Vec<Snapshot>) -> Self {
        Self::after(request, request.result.clone(), snapshots)
    }

    /// A request after which the target showed this.
    pub fn after(request: &Request, found: Value, snapshots: Vec<Snapshot>) -> Self {
        Self { shown: Shown { before: request.only_if.clone(), after: Some(found) }, snapshots }
    }
}

impl Client {
    /// Begins actions as they become ready, for as long as the host works.
    pub async fn settle_actions(self: Arc<Self>) -> Result<(), Ended> {
        loop {
            self.until_it_may_act().await?;
            let ready = self.store.ready(&self.setup.id, now(), limits::ACTIONS_BATCH_MAX).await?;
            let mut begun = 0;
            let mut resting = BTreeSet::new();
            for ready in ready {
                self.go_on()?;
                if !self.may_act() {
                    break;
                }
                begun += usize::from(self.begin(ready, &mut resting).await?);
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
                self.settle(&sending.action, ActionEnd::Unknown { detail }, Seen::default())
                    .await?;
                continue;
            };
            // It may have left at the very last moment before the host ended, long after it was
            // begun: it can still be under way as long as if it had left now.
            let (action, left_at) = (sending.action, now().max(sending.began_at));
            let span = span_of(&action);
            self.task("look", |client| {
                async move { client.look(&action, &request, left_at).await }.instrument(span)
            });
        }
        Ok(())
    }

    /// Begins one action, or ends it if it is not to be done. Says whether it is off the queue. What
    /// waits for a shop that rests is put off once for all that are ready.
    async fn begin(
        self: &Arc<Self>,
        ready: ReadyAction,
        resting: &mut BTreeSet<ShopId>,
    ) -> Result<bool, Ended> {
        let ReadyAction { action, after_failed } = ready;
        if self.is_beginning(&action.install) {
            return Ok(false);
        }
        let expired = action.terms.expires_at.is_some_and(|moment| moment <= now());
        let objection = after_failed
            .map(|other| format!("action {other}, which had to be done first, was not"))
            .or_else(|| {
                let objection = judge::objection(&self.setup, &action.install, &action.kind);
                objection.map(|objection| objection.to_string())
            });
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
            self.settle(&action, end, Seen::default()).await?;
            return Ok(true);
        }
        if let Some(shop) = action.kind.shop()
            && (resting.contains(shop) || self.put_off(shop).await?)
        {
            resting.insert(shop.clone());
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

    /// Puts off what waits for a shop if that is not to be asked for a while; says whether it is so.
    async fn put_off(&self, shop: &ShopId) -> Result<bool, Ended> {
        let traffic = self.shop(shop).map(|setup| setup.platform.traffic());
        let Some(rests) = traffic.and_then(|traffic| traffic.rests_for) else {
            return Ok(false);
        };
        let until = now().plus_ms(u64::try_from(rests.as_millis()).unwrap_or(u64::MAX));
        let reason = "the shop does not answer, or asked to be left alone for a while";
        let put_off = self.store.put_off(&self.lease, shop, until, reason).await?;
        tracing::warn!(
            client.id = %self.setup.id, shop.id = %shop, actions = put_off,
            wait_ms = until.0.saturating_sub(now().0), reason, "actions wait for a shop",
        );
        Ok(true)
    }

    async fn send(
        self: &Arc<Self>,
        action: Action,
        permit: OwnedSemaphorePermit,
    ) -> Result<bool, Ended> {
        let request = match self.request(&action).await? {
            Ok(request) => request,
            Err(end) => {
                self.settle(&action, end, Seen::default()).await?;
                return Ok(true);
            }
        };
        let text = serde_json::to_string(&request).unwrap_or_default();
        if !self.store.begin(&self.lease, now(), &action.id, &text).await? {
            return Ok(false);
        }
        let span = span_of(&action);
        self.task("send", |client| {
            async move {
                let unsure_since = client.execute(&action, &request).await?;
                drop(permit);
                client.wakes.outbox.notify_one();
                match unsure_since {
                    Some(left_at) => client.look(&action, &request, left_at).await,
                    None => Ok(()),
                }
            }
            .instrument(span)
        });
        Ok(true)
    }

    /// The request for an action, or how it ends because there can be none.
    pub async fn request(&self, action: &Action) -> Result<Result<Request, ActionEnd>, Ended> {
        let failed = |reason: String| Ok(Err(ActionEnd::Failed { reason }));
        let Some(setup) = self.shop_of(action) else {
            return failed("its shop is not in the client's file".to_owned());
        };
        let entity = match action.kind.entity() {
            None => None,
            Some(key) => match self.store.mirror(&self.setup.id, &key).await? {
                Some(row) => Some(row.entity),
                None => return failed(format!("there is no {key}")),
            },
        };
        let request = setup.platform.request(&action.id, &action.kind, entity.as_ref());
        Ok(request.map_err(|error| match error {
            PlatformError::Unsupported { reason } => ActionEnd::Unsupported { reason },
            error => ActionEnd::Failed { reason: error.to_string() },
        }))
    }

    /// Carries out a request. If nobody knows whether it took effect, returns the moment by which it
    /// had left.
    async fn execute(
        &self,
        action: &Action,
        request: &Request,
    ) -> Result<Option<Timestamp>, Ended> {
        let Some(shop) = self.shop_of(action) else {
            return self.shop_is_gone(action).await.map(|()| None);
        };
        let began = Instant::now();
        Failpoint::BeforeSend.pass();
        let executed = shop.platform.execute(now(), &action.kind, request).await;
        Failpoint::AfterSend.pass();
        self.metrics.action_sent(&self.setup.id, shop.platform.shop(), began.elapsed());
        match executed {
            Ok(Executed::Done { ids, snapshots }) => {
                let seen = Seen::written(request, snapshots);
                self.settle(action, ActionEnd::Done { ids }, seen).await?;
            }
            Ok(Executed::Stale { found, snapshots }) => {
                let shown = Shown { before: Some(found.clone()), after: None };
                let seen = Seen { shown, snapshots };
                self.settle(action, ActionEnd::Stale { found }, seen).await?;
            }
            Err(PlatformError::Refused { reason }) => {
                self.settle(action, ActionEnd::Failed { reason }, Seen::default()).await?;
            }
            Err(PlatformError::Unsupported { reason }) => {
                self.settle(action, ActionEnd::Unsupported { reason }, Seen::default()).await?;
            }
            Err(PlatformError::Unavailable { reason, retry_after }) => {
                self.postpone(action, &reason, retry_after).await?;
            }
            Err(PlatformError::Ambiguous { reason }) => {
                tracing::warn!(
                    client.id = %self.setup.id, action.id = %action.id, reason,
                    "nobody knows whether a request took effect; it will be looked for",
                );
                // Not the moment it was begun: it first looked what the shop shows.
                return Ok(Some(now()));
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
        let shop = self.shop_of(action);
        let longest = shop.map(|shop| shop.give_up_after).unwrap_or_default();
        let Some(until) = retry::next_try(now(), action, longest, retry_after) else {
            let reason = format!("given up after {}: {reason}", in_words(longest));
            return self.settle(action, ActionEnd::Failed { reason }, Seen::default()).await;
        };
        tracing::warn!(
            client.id = %self.setup.id, action.id = %action.id, reason,
            wait_ms = until.0.saturating_sub(now().0),
            "an action had no effect; it is tried again",
        );
        self.put_back(action, until, reason).await
    }

    /// Puts an action that surely had no effect back to waiting.
    pub async fn put_back(
        &self,
        action: &Action,
        until: Timestamp,
        reason: &str,
    ) -> Result<(), Ended> {
        let masked = self.store.postpone(&self.lease, now(), &action.id, until, reason).await?;
        masked.into_iter().for_each(|key| self.ask_for(Asked { key, trace: action.trace }));
        // If a newer one has taken its place, that is an outcome for its install.
        self.wake_installs();
        self.wakes.outbox.notify_one();
        Ok(())
    }

    /// Ends an action that may be under way to a shop that nobody can ask any more.
    pub async fn shop_is_gone(&self, action: &Action) -> Result<(), Ended> {
        let detail = "its shop was taken out of the client's file while it was being sent";
        let end = ActionEnd::Unknown { detail: detail.to_owned() };
        self.settle(action, end, Seen::default()).await
    }

    /// Waits until a request can no longer take effect, then looks whether it did.
    async fn look(
        &self,
        action: &Action,
        request: &Request,
        left_at: Timestamp,
    ) -> Result<(), Ended> {
        let Some(shop) = self.shop_of(action) else {
            return self.shop_is_gone(action).await;
        };
        let longest = u64::try_from(shop.platform.longest_request().as_millis());
        let certain_at = left_at.plus_ms(longest.unwrap_or(u64::MAX));
        self.sleep(Duration::from_millis(certain_at.0.saturating_sub(now().0))).await?;
        for tries in 1.. {
            match shop.platform.look(now(), &action.kind, request).await {
                Ok(Looked::Done { ids, snapshots }) => {
                    let seen = Seen::written(request, snapshots);
                    return self.settle(action, ActionEnd::Done { ids }, seen).await;
                }
                Ok(Looked::NotDone) => {
                    return self.postpone(action, "it had no effect", None).await;
                }
                Ok(Looked::Neither { found, snapshots }) => {
                    let over = request.only_if.as_ref();
                    let over = over.map(|value| format!(" over {value}")).unwrap_or_default();
                    let detail = format!(
                        "the connection broke while {} was being written{over}; the shop shows \
                         {found} now",
                        request.result,
                    );
                    let seen = Seen::after(request, found, snapshots);
                    return self.settle(action, ActionEnd::Unknown { detail }, seen).await;
                }
                Err(PlatformError::Refused { reason } | PlatformError::Unsupported { reason }) => {
                    let detail = format!("the shop did not let its effect be looked for: {reason}");
                    let end = ActionEnd::Unknown { detail };
                    return self.settle(action, end, Seen::default()).await;
                }
                Err(
                    PlatformError::Unavailable { reason, .. } | PlatformError::Ambiguous { reason },
                ) => {
                    if looked_long_enough(now(), left_at, shop.give_up_after) {
                        let detail = format!("its effect could not be looked for: {reason}");
                        let end = ActionEnd::Unknown { detail };
                        return self.settle(action, end, Seen::default()).await;
                    }
                    tracing::debug!(action.id = %action.id, reason, "it is looked for again");
                    self.sleep_after(tries).await?;
                }
            }
        }
        Ok(())
    }

    /// Commits how an action ended, with what the platform's answer showed.
    pub async fn settle(&self, action: &Action, end: ActionEnd, seen: Seen) -> Result<(), Ended> {
        // Only what the action itself did has it as its cause; what a stale one came upon has not.
        let done = matches!(end, ActionEnd::Done { .. });
        let cause =
            done.then(|| Cause { action: action.id.clone(), install: action.install.clone() });
        for _ in 0..limits::MOVED_TRIES_MAX {
            let compared = self.compare(&seen.snapshots, &[], cause.as_ref()).await?;
            let settlement = Settlement {
                action: action.id.clone(),
                end: end.clone(),
                at: now(),
                shown: seen.shown.clone(),
                rows: compared.rows,
            };
            match self.store.settle(&self.lease, settlement).await? {
                SettleOutcome::Moved => {}
                SettleOutcome::AlreadyDone => return Ok(()),
                SettleOutcome::Settled { masked, events } => {
                    self.metrics.action_ended(&self.setup.id, &action.install, &end);
                    tracing::debug!(
                        client.id = %self.setup.id, action.id = %action.id,
                        trace.id = %action.trace, end = end.as_str(), "an action ended",
                    );
                    self.tell(Happening::Ended {
                        client: self.setup.id.clone(),
                        action: Box::new(action.clone()),
                        end,
                    });
                    self.raised(events);
                    let asked = |key| self.ask_for(Asked { key, trace: action.trace });
                    masked.into_iter().chain(compared.to_fetch).for_each(asked);
                    self.wakes.outbox.notify_one();
                    return Ok(());
                }
            }
        }
        Err(never_settles("settlement"))
    }
}

/// What the log lines of an action have in common.
fn span_of(action: &Action) -> tracing::Span {
    tracing::info_span!(
        "action", client.id = %action.client, action.id = %action.id, trace.id = %action.trace,
    )
}

/// Whether the effect of a request that left then need not be looked for any longer: a shop that
/// answers nothing for so long leaves the decision to a person.
fn looked_long_enough(now: Timestamp, left_at: Timestamp, longest: Duration) -> bool {
    u128::from(now.0.saturating_sub(left_at.0)) > longest.as_millis()
}

/// A time in the largest unit that leaves nothing over.
fn in_words(time: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(3600, "hour"), (60, "minute"), (1, "second")];
    let seconds = time.as_secs();
    let unit = UNITS.iter().find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, name) = unit.copied().unwrap_or((1, "second"));
    let count = seconds / length;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_is_looked_for_as_long_as_an_action_is_tried() {
        let longest = Duration::from_secs(72 * 3600);
        let left_at = Timestamp(1_000);
        let days = |days: u64| left_at.plus_ms(days * 24 * 3_600_000);
        assert!(!looked_long_enough(left_at, days(1), longest), "a clock that was set back");
        assert!(!looked_long_enough(days(3), left_at, longest));
        assert!(looked_long_enough(days(3).plus_ms(1), left_at, longest));
    }

    #[test]
    fn a_time_is_told_in_its_largest_unit() {
        for (seconds, words) in [(259_200, "72 hours"), (90, "90 seconds"), (60, "1 minute")] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
