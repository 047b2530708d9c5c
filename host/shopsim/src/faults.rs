//! What goes wrong between a shop and those who talk with it.
//!
//! Everything is drawn from the shop's seed: the same seed gives the nth webhook, the nth reading and
//! the nth write the same fate, each counted apart, so that one more poll changes nothing for the
//! writes. A thing meets one fault at most, and the ledger says which.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::limits::{REORDERED_BEHIND_MAX, REORDERED_WAIT_MAX};

/// How often what goes wrong. Shares are from 0 to 1; those of webhooks together, and those of
/// requests together, are 1 at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Faults {
    /// Webhooks that never leave. The shop does not notice, so it is no failure to it.
    pub webhooks_lost: f64,
    /// Webhooks that are delivered twice.
    pub webhooks_repeated: f64,
    /// Webhooks that arrive behind some that left later, with what they told when it was their turn.
    pub webhooks_reordered: f64,
    /// Webhooks that arrive late, whatever else leaves meanwhile.
    pub webhooks_delayed: f64,
    /// How late a delayed one is at most.
    pub webhook_delay: Duration,
    /// Requests whose connection is cut before they have an effect.
    pub cut_before: f64,
    /// Writes whose connection is cut after their effect.
    pub cut_after: f64,
    /// Writes whose connection is cut at once, and whose effect comes a little later.
    pub late_effect: f64,
    /// How late such an effect is at most. A host that waits out the longest request needs this to
    /// be shorter.
    pub effect_delay: Duration,
    /// Requests that are taken up late.
    pub slow: f64,
    /// How late.
    pub slowness: Duration,
    /// Requests refused with status 429.
    pub throttled: f64,
    /// What `Retry-After` says then; whole seconds.
    pub retry_after: Duration,
    /// Requests answered with status 500 or 503, without an effect.
    pub broken: f64,
}

/// What happens to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFault {
    /// It never leaves.
    Lost,
    /// It is delivered twice.
    Repeated,
    /// It leaves behind some that come after it.
    Reordered,
    /// It leaves late.
    Delayed,
}

/// What happens to a request to the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestFault {
    /// The connection is cut, and it has no effect.
    CutBefore,
    /// It has its effect, and then the connection is cut.
    CutAfter,
    /// The connection is cut, and then it has its effect, this much later.
    LateEffect(Duration),
    /// It is taken up late.
    Slow,
    /// It is refused with status 429.
    Throttled,
    /// It is answered with this status, and has no effect.
    Broken(u16),
}

impl Default for Faults {
    /// Nothing goes wrong; the durations are such as a busy shop has.
    fn default() -> Self {
        Self {
            webhooks_lost: 0.0,
            webhooks_repeated: 0.0,
            webhooks_reordered: 0.0,
            webhooks_delayed: 0.0,
            webhook_delay: Duration::from_millis(500),
            cut_before: 0.0,
            cut_after: 0.0,
            late_effect: 0.0,
            effect_delay: Duration::from_secs(1),
            slow: 0.0,
            slowness: Duration::from_millis(300),
            throttled: 0.0,
            retry_after: Duration::from_secs(1),
            broken: 0.0,
        }
    }
}

/// A shop's faults, and the chance they are drawn from.
pub(crate) struct Fate {
    faults: Faults,
    webhooks: StdRng,
    readings: StdRng,
    writes: StdRng,
}

/// How long a webhook is held back.
pub(crate) struct HeldBack {
    /// Until so many others have left.
    pub behind: u64,
    /// But no longer than this.
    pub wait: Duration,
}

impl Fate {
    pub(crate) fn new(faults: Faults, seed: u64) -> Self {
        // The shop draws from the seed as well; these sequences must not be its own again.
        let random = |salt: u64| StdRng::seed_from_u64(seed ^ (salt << 56));
        Self { faults, webhooks: random(1), readings: random(2), writes: random(3) }
    }

    /// Replaces the faults; the sequences go on.
    pub(crate) fn set(&mut self, faults: Faults) {
        self.faults = faults;
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What happens to the next webhook.
    pub(crate) fn of_webhook(&mut self) -> Option<WebhookFault> {
        let Faults { webhooks_lost, webhooks_repeated, .. } = self.faults;
        let Faults { webhooks_reordered, webhooks_delayed, .. } = self.faults;
        draw(
            &mut self.webhooks,
            [
                (webhooks_lost, WebhookFault::Lost),
                (webhooks_repeated, WebhookFault::Repeated),
                (webhooks_reordered, WebhookFault::Reordered),
                (webhooks_delayed, WebhookFault::Delayed),
            ],
        )
    }

    /// How long the webhook is held back that was just drawn to be.
    pub(crate) fn held_back(&mut self, fault: WebhookFault) -> HeldBack {
        let delay = between_none_and(&mut self.webhooks, self.faults.webhook_delay);
        let behind = self.webhooks.random_range(1..=REORDERED_BEHIND_MAX);
        match fault {
            WebhookFault::Reordered => HeldBack { behind, wait: REORDERED_WAIT_MAX },
            WebhookFault::Delayed => HeldBack { behind: u64::MAX, wait: delay },
            WebhookFault::Lost | WebhookFault::Repeated => {
                HeldBack { behind: 0, wait: Duration::ZERO }
            }
        }
    }

    /// What happens to the next request. A reading has no effect that a cut could come after.
    pub(crate) fn of_request(&mut self, writes: bool) -> Option<RequestFault> {
        let Faults { cut_before, cut_after, late_effect, .. } = self.faults;
        let Faults { slow, throttled, broken, effect_delay, .. } = self.faults;
        let random = if writes { &mut self.writes } else { &mut self.readings };
        let delay = between_none_and(random, effect_delay);
        let status = if random.random_bool(0.5) { 500 } else { 503 };
        let of_writes = |share: f64| if writes { share } else { 0.0 };
        draw(
            random,
            [
                (cut_before, RequestFault::CutBefore),
                (of_writes(cut_after), RequestFault::CutAfter),
                (of_writes(late_effect), RequestFault::LateEffect(delay)),
                (slow, RequestFault::Slow),
                (throttled, RequestFault::Throttled),
                (broken, RequestFault::Broken(status)),
            ],
        )
    }
}

/// One of these with its share, or none with what the shares leave. Draws one number, always.
fn draw<T, const N: usize>(random: &mut StdRng, shares: [(f64, T); N]) -> Option<T> {
    let drawn: f64 = random.random();
    let mut below = 0.0;
    shares.into_iter().find_map(|(share, fault)| {
        below += share;
        (drawn < below).then_some(fault)
    })
}

fn between_none_and(random: &mut StdRng, most: Duration) -> Duration {
    most.mul_f64(random.random())
}
