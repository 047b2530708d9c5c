//! Webhook subscriptions, and the deliveries that wait for their turn.
//!
//! A delivery has the content of the moment it tells of. One that is not taken is tried again, with the
//! same content and id, over hours; when the last try has failed the subscription is taken away.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::ids::gid;
use super::state::{Sequence, State};
use crate::faults::WebhookFault;
use crate::ledger::LedgerEvent;
use crate::limits::{SHOPIFY_RETRIES_MAX, SHOPIFY_RETRY_WAIT};

/// A subscription of the app's.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub id: u64,
    /// As the API names it, such as `ORDERS_CREATE`.
    pub topic: String,
    pub uri: String,
}

impl Subscription {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": gid("WebhookSubscription", self.id), "topic": self.topic, "uri": self.uri,
        })
    }

    /// As deliveries name it, such as `orders/create`.
    fn told_as(&self) -> String {
        let topic = self.topic.to_lowercase();
        topic.rsplit_once('_').map_or(topic.clone(), |(what, how)| format!("{what}/{how}"))
    }
}

/// A delivery that leaves now.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub subscription: u64,
    pub topic: String,
    pub resource: u64,
    pub uri: String,
    /// The same at every try.
    pub id: String,
    pub body: String,
    tries: u32,
}

/// A delivery that leaves later.
#[derive(Debug)]
struct Held {
    delivery: Delivery,
    /// Once so many have left,
    behind: u64,
    /// and then at the latest.
    until: Instant,
    /// Whether it was tried.
    again: bool,
}

/// What the worker does next.
pub(crate) enum Next {
    /// Sends this.
    Send(Delivery),
    /// Looks again then, or when it is woken.
    WaitUntil(Instant),
    /// Looks again when it is woken.
    Idle,
}

/// What became of a delivery: the status of the answer, or why there was none.
pub(crate) type Outcome = Result<u16, String>;

/// Subscriptions, and what is on its way.
#[derive(Debug)]
pub(crate) struct Webhooks {
    pub subscriptions: Vec<Subscription>,
    /// Whether deliveries leave by themselves.
    pub delivering: bool,
    /// How long a delivery waits that was not taken.
    pub retry_wait: Duration,
    pending: VecDeque<Delivery>,
    held: Vec<Held>,
    in_flight: usize,
    left: u64,
}

impl Webhooks {
    pub(crate) const fn new(delivering: bool) -> Self {
        Self {
            subscriptions: Vec::new(),
            delivering,
            retry_wait: SHOPIFY_RETRY_WAIT,
            pending: VecDeque::new(),
            held: Vec::new(),
            in_flight: 0,
            left: 0,
        }
    }

    /// Whether something waits for its turn.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Deliveries that wait for their first try, or are on their way.
    pub(crate) fn outstanding(&self) -> usize {
        let held = self.held.iter().filter(|held| !held.again).count();
        self.pending.len() + held + self.in_flight
    }
}

impl State {
    /// Tells whoever listens to a topic.
    pub(crate) fn tell(&mut self, topic: &str, resource: u64, payload: &Value) {
        self.tell_as(topic, topic, resource, payload);
    }

    /// Tells whoever listens to one topic of another, for which nobody can subscribe by the API.
    pub(crate) fn tell_as(&mut self, heard_by: &str, topic: &str, resource: u64, payload: &Value) {
        let subscriptions = self.webhooks.subscriptions.clone();
        for subscription in subscriptions.iter().filter(|known| known.told_as() == heard_by) {
            if !self.webhooks.delivering {
                self.lose(topic, resource, "the delivery queue is off");
                continue;
            }
            let number = self.number(Sequence::Delivery);
            self.webhooks.pending.push_back(Delivery {
                subscription: subscription.id,
                topic: topic.to_owned(),
                resource,
                uri: subscription.uri.clone(),
                id: format!("{}-{number}", self.domain),
                body: payload.to_string(),
                tries: 0,
            });
        }
    }

    /// What the worker does next. A delivery meets its fault when it is its turn to leave.
    pub(crate) fn next_step(&mut self, now: Instant) -> Next {
        let (left, held) = (self.webhooks.left, &self.webhooks.held);
        let due = held.iter().position(|held| held.until <= now || held.behind <= left);
        if let Some(due) = due {
            let delivery = self.webhooks.held.remove(due).delivery;
            self.webhooks.in_flight += 1;
            return Next::Send(delivery);
        }
        while let Some(delivery) = self.webhooks.pending.pop_front() {
            if let Some(delivery) = self.meet_fault(delivery, now) {
                self.webhooks.left += 1;
                self.webhooks.in_flight += 1;
                return Next::Send(delivery);
            }
        }
        let until = self.webhooks.held.iter().map(|held| held.until).min();
        until.map_or(Next::Idle, Next::WaitUntil)
    }

    /// The delivery, if it leaves now.
    fn meet_fault(&mut self, delivery: Delivery, now: Instant) -> Option<Delivery> {
        let Some(fault) = self.fate.of_webhook() else {
            return Some(delivery);
        };
        let (topic, resource) = (delivery.topic.clone(), delivery.resource);
        self.ledger.add(LedgerEvent::WebhookDisturbed { topic, resource, fault });
        if fault == WebhookFault::Lost {
            return None;
        }
        let held_back = self.fate.held_back(fault);
        let again = (fault == WebhookFault::Repeated).then(|| delivery.clone());
        self.webhooks.held.push(Held {
            delivery,
            behind: self.webhooks.left.saturating_add(held_back.behind),
            until: now + held_back.wait,
            again: false,
        });
        again
    }

    /// Notes what became of a delivery.
    pub(crate) fn settle_delivery(&mut self, mut delivery: Delivery, outcome: &Outcome) {
        self.webhooks.in_flight = self.webhooks.in_flight.saturating_sub(1);
        let (topic, resource) = (delivery.topic.clone(), delivery.resource);
        let reason = match outcome {
            Ok(status @ 200..=299) => {
                self.ledger.add(LedgerEvent::WebhookSent { topic, resource, status: *status });
                return;
            }
            Ok(status) => format!("answered {status}"),
            Err(reason) => reason.clone(),
        };
        let subscription = delivery.subscription;
        let known = self.webhooks.subscriptions.iter().any(|known| known.id == subscription);
        if known && delivery.tries < SHOPIFY_RETRIES_MAX {
            delivery.tries += 1;
            let until = Instant::now() + self.webhooks.retry_wait;
            self.webhooks.held.push(Held { delivery, behind: u64::MAX, until, again: true });
            return;
        }
        self.lose(&topic, resource, &reason);
        if known {
            self.webhooks.subscriptions.retain(|known| known.id != subscription);
            self.ledger.add(LedgerEvent::WebhookDisabled { webhook: subscription });
        }
    }

    fn lose(&mut self, topic: &str, resource: u64, reason: &str) {
        let (topic, reason) = (topic.to_owned(), reason.to_owned());
        self.ledger.add(LedgerEvent::WebhookLost { topic, resource, reason });
    }
}
