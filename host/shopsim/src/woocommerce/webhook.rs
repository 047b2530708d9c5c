//! Webhooks and the queue of their deliveries.
//!
//! A queued delivery is only (webhook, thing): the same pair waiting twice becomes one, and what is
//! told is what the thing looks like when it leaves. There is one queue and no second attempt.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fields::{Fields, object, set, set_date};
use super::item::hints;
use super::php_json;
use super::rest::KeyRights;
use super::state::{State, hexadecimal};
use crate::faults::WebhookFault;
use crate::ledger::LedgerEvent;
use crate::limits::WEBHOOK_FAILURES_MAX;

/// A subscription.
#[derive(Clone)]
pub(crate) struct Webhook {
    pub id: u64,
    pub name: String,
    pub topic: String,
    pub url: String,
    pub secret: String,
    /// Key of whoever made it; what is told is what they may see then.
    pub owner: String,
    /// `active`, `paused` or `disabled`.
    pub status: String,
    pub created: Timestamp,
    pub modified: Option<Timestamp>,
    /// Failures since the last success; setting the webhook active again leaves it.
    pub failures: u32,
}

/// A delivery that waits.
#[derive(Clone)]
pub(crate) struct Pending {
    webhook: u64,
    resource: u64,
    /// What it told already when it was queued. The queue had run in between, as it does between a
    /// cart and its checkout.
    frozen: Option<String>,
}

/// A delivery that leaves now.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub webhook: u64,
    pub topic: String,
    pub resource: u64,
    pub url: String,
    pub secret: String,
    pub id: String,
    pub source: String,
    pub body: String,
}

/// A delivery that a fault holds back.
#[derive(Clone)]
pub(crate) struct Held {
    delivery: Delivery,
    /// It leaves once so many have left,
    behind: u64,
    /// and then at the latest.
    until: Instant,
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

impl Webhook {
    /// Resource and event of its topic.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.topic.split_once('.').unwrap_or((&self.topic, ""))
    }

    /// What the API shows; the secret never is.
    pub(crate) fn json(&self, state: &State) -> Value {
        let (resource, event) = self.parts();
        let collection = format!("{}/wp-json/wc/v3/webhooks", state.home);
        let own = format!("{collection}/{}", self.id);
        let mut fields: Fields = object(json!({
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "topic": self.topic,
            "resource": resource,
            "event": event,
            "hooks": hooks(&self.topic),
            "delivery_url": self.url,
            "_links": {
                "self": [{ "href": own, "targetHints": hints() }],
                "collection": [{ "href": collection }],
            },
        }));
        set_date(&mut fields, "created", Some(self.created), &state.market);
        set_date(&mut fields, "modified", self.modified, &state.market);
        Value::Object(fields)
    }
}

/// The events of the shop's program behind a topic; absent: there is no such topic.
pub(crate) fn hooks(topic: &str) -> Option<&'static [&'static str]> {
    Some(match topic {
        "order.created" => &["woocommerce_new_order"],
        "order.updated" => &["woocommerce_update_order", "woocommerce_order_refunded"],
        "order.deleted" => &["wp_trash_post", "woocommerce_trash_order"],
        "product.created" => &[
            "woocommerce_process_product_meta",
            "woocommerce_new_product",
            "woocommerce_new_product_variation",
        ],
        "product.updated" => &[
            "woocommerce_process_product_meta",
            "woocommerce_update_product",
            "woocommerce_update_product_variation",
        ],
        "product.deleted" => &["wp_trash_post"],
        "customer.created" => {
            &["user_register", "woocommerce_created_customer", "woocommerce_new_customer"]
        }
        "customer.updated" => &["profile_update", "woocommerce_update_customer"],
        "customer.deleted" => &["delete_user"],
        "coupon.created" => &["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
        "coupon.updated" => &["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
        "coupon.deleted" => &["wp_trash_post"],
        _ => return None,
    })
}

impl State {
    /// Queues what happened to a thing for every active webhook of the topic.
    pub(crate) fn tell(&mut self, topic: &str, resource: u64) {
        let frozen = topic.ends_with(".deleted").then(|| format!("{{\"id\":{resource}}}"));
        self.queue(topic, resource, frozen);
    }

    /// Queues a thing as it is now.
    pub(crate) fn tell_frozen(&mut self, topic: &str, resource: u64) {
        let body = self.payload(topic, resource);
        self.queue(topic, resource, body);
    }

    fn queue(&mut self, topic: &str, resource: u64, frozen: Option<String>) {
        let listening = self
            .webhooks
            .values()
            .filter(|webhook| webhook.status == "active" && webhook.topic == topic)
            .map(|webhook| webhook.id);
        for webhook in listening.collect::<Vec<_>>() {
            if !self.delivering {
                self.lose(topic, resource, "the delivery queue is off");
                continue;
            }
            if frozen.is_some() || self.waiting.insert((webhook, resource)) {
                self.pending.push_back(Pending { webhook, resource, frozen: frozen.clone() });
            }
        }
    }

    /// What the worker does next. A delivery meets its fault when it is its turn to leave.
    pub(crate) fn next_step(&mut self, now: Instant) -> Next {
        let due = self.held.iter().position(|held| held.until <= now || held.behind <= self.left);
        if let Some(due) = due {
            return Next::Send(self.held.remove(due).delivery);
        }
        while let Some(delivery) = self.next_delivery() {
            if let Some(delivery) = self.meet_fault(delivery, now) {
                self.left += 1;
                return Next::Send(delivery);
            }
        }
        self.held.iter().map(|held| held.until).min().map_or(Next::Idle, Next::WaitUntil)
    }

    /// The delivery, if it leaves now.
    fn meet_fault(&mut self, delivery: Delivery, now: Instant) -> Option<Delivery> {
        let Some(fault) = self.fate.of_webhook() else {
            return Some(delivery);
        };
        let (topic, resource) = (delivery.topic.clone(), delivery.resource);
        self.ledger.add(LedgerEvent::WebhookDisturbed { topic, resource, fault });
        if fault == WebhookFault::Lost {
            self.in_flight = self.in_flight.saturating_sub(1);
            return None;
        }
        let held_back = self.fate.held_back(fault);
        let again = (fault == WebhookFault::Repeated).then(|| delivery.clone());
        self.in_flight += usize::from(again.is_some());
        self.held.push(Held {
            delivery,
            behind: self.left.saturating_add(held_back.behind),
            until: now + held_back.wait,
        });
        again
    }

    /// The next delivery, with the body as of now.
    fn next_delivery(&mut self) -> Option<Delivery> {
        while let Some(pending) = self.pending.pop_front() {
            if pending.frozen.is_none() {
                self.waiting.remove(&(pending.webhook, pending.resource));
            }
            let Some(webhook) = self.webhooks.get(&pending.webhook) else {
                continue;
            };
            let topic = webhook.topic.clone();
            if webhook.status != "active" {
                let reason = format!("webhook {} is {}", webhook.id, webhook.status);
                self.lose(&topic, pending.resource, &reason);
                continue;
            }
            let hidden = !topic.ends_with(".deleted") && self.has_lost_rights(&webhook.owner);
            let body = match pending.frozen {
                _ if hidden => Some(MAY_NOT_SEE.to_owned()),
                frozen => frozen.or_else(|| self.payload(&topic, pending.resource)),
            };
            let (Some(body), Some(webhook)) = (body, self.webhooks.get(&pending.webhook)) else {
                continue;
            };
            let (url, secret) = (webhook.url.clone(), webhook.secret.clone());
            self.in_flight += 1;
            return Some(Delivery {
                webhook: pending.webhook,
                topic,
                resource: pending.resource,
                url,
                secret,
                id: hexadecimal(&mut self.delivery_random, 32),
                source: format!("{}/", self.home),
                body,
            });
        }
        None
    }

    /// Notes what became of a delivery. From 200 to 302 counts as taken; a redirect is not followed.
    pub(crate) fn settle_delivery(&mut self, delivery: &Delivery, outcome: Outcome) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let taken = matches!(outcome, Ok(200..=302));
        let (topic, resource) = (delivery.topic.clone(), delivery.resource);
        match outcome {
            Ok(status) if taken => {
                self.ledger.add(LedgerEvent::WebhookSent { topic, resource, status });
            }
            Ok(status) => self.lose(&topic, resource, &format!("answered {status}")),
            Err(reason) => self.lose(&topic, resource, &reason),
        }
        let now = self.now();
        let Some(webhook) = self.webhooks.get_mut(&delivery.webhook) else {
            return;
        };
        if taken {
            webhook.failures = 0;
        } else if webhook.failures > WEBHOOK_FAILURES_MAX {
            webhook.status = "disabled".to_owned();
            webhook.modified = Some(now);
            self.ledger.add(LedgerEvent::WebhookDisabled { webhook: delivery.webhook });
        } else {
            webhook.failures += 1;
        }
    }

    fn lose(&mut self, topic: &str, resource: u64, reason: &str) {
        let (topic, reason) = (topic.to_owned(), reason.to_owned());
        self.ledger.add(LedgerEvent::WebhookLost { topic, resource, reason });
    }

    fn payload(&self, topic: &str, resource: u64) -> Option<String> {
        let value = match topic.split('.').next() {
            Some("order") => self.orders.get(&resource)?.json(&self.home, 2),
            Some("customer") => self.customers.get(&resource)?.json(&self.home),
            Some("coupon") => self.coupons.get(&resource)?.json(&self.home),
            _ => self.product_json(self.items.get(&resource)?),
        };
        Some(php_json::encode(&value))
    }

    /// Changes fields of a webhook; the failure counter stays.
    pub(crate) fn change_webhook(&mut self, webhook: u64, changes: &Fields) -> bool {
        let now = self.now();
        let Some(webhook) = self.webhooks.get_mut(&webhook) else {
            return false;
        };
        let change = |key: &str, field: &mut String| {
            if let Some(value) = changes.get(key).and_then(Value::as_str) {
                value.clone_into(field);
            }
        };
        change("name", &mut webhook.name);
        change("topic", &mut webhook.topic);
        change("delivery_url", &mut webhook.url);
        change("secret", &mut webhook.secret);
        change("status", &mut webhook.status);
        webhook.modified = Some(now);
        true
    }

    fn has_lost_rights(&self, owner: &str) -> bool {
        let key = self.keys.iter().find(|key| key.key == owner);
        key.is_some_and(|key| key.rights == KeyRights::Lost)
    }

    /// Adds a webhook; without a secret it gets one that nobody knows.
    pub(crate) fn add_webhook(
        &mut self,
        fields: &Fields,
        topic: &str,
        url: &str,
        owner: &str,
    ) -> u64 {
        let id = self.webhooks.keys().next_back().copied().unwrap_or(0) + 1;
        let given =
            |key: &str| fields.get(key).and_then(Value::as_str).filter(|value| !value.is_empty());
        let secret = given("secret").map_or_else(|| self.digits(50), str::to_owned);
        let name = given("name").map_or_else(|| format!("Webhook {id}"), str::to_owned);
        let webhook = Webhook {
            id,
            name,
            topic: topic.to_owned(),
            url: url.to_owned(),
            secret,
            owner: owner.to_owned(),
            status: given("status").unwrap_or("active").to_owned(),
            created: self.now(),
            modified: None,
            failures: 0,
        };
        self.webhooks.insert(id, webhook);
        id
    }
}

/// What is told of a thing that whoever made the webhook may not see any more.
const MAY_NOT_SEE: &str = "{\"code\":\"woocommerce_rest_cannot_view\",\
    \"message\":\"Sorry, you cannot view this resource.\",\"data\":{\"status\":403}}";

/// Fields as the API got them, with nothing secret in them.
pub(crate) fn without_secret(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut()
        && fields.contains_key("secret")
    {
        set(fields, "secret", "(left out)");
    }
    body
}
