//! Writing to the shop: what each action becomes, how it is made safe to repeat, and how its effect
//! is found again. A file for each kind of action; `can.rs` is the table of all of them.
//!
//! A kept request names the document it is sent with, and what of its variables is known when the
//! action is decided; ids that only the shop knows are looked up when it is sent.

use std::time::Instant;

use fondaco_model::{
    ActionId, ActionKind, Entity, ShopId, Snapshot, Timestamp,
    action::{OrderStep, Value},
    catalogue::PriceScope,
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    Shopify, documents::Document, pages, payloads::Order, payloads::UserError, payloads::Variant,
    refused, variants, webhooks::in_words,
};
use crate::{Capability, Executed, Looked, PlatformError, Request, limits::KEY_GENERATIONS_MAX};

mod can;
mod content;
mod discount;
mod list_price;
mod note;
mod parcel;
mod price;
mod refund;
mod state;
mod stock;
mod tags;

pub use can::CAPABILITIES;

/// Makes the request for an action.
pub fn request(
    shop: &ShopId,
    id: &ActionId,
    action: &ActionKind,
    entity: Option<&Entity>,
) -> Result<Request, PlatformError> {
    if let Some(whose) = action.shop().filter(|whose| *whose != shop) {
        return Err(refused(format!("this is the shop `{shop}`, and the action is for `{whose}`")));
    }
    if let Some(verb) = action.verb()
        && let Capability::Cannot { reason } = (CAPABILITIES.of)(verb)
    {
        return Err(PlatformError::Unsupported { reason: reason.to_owned() });
    }
    match action {
        ActionKind::ChangeStock { location, available, decided_on, .. } => {
            stock::request(id, location, *available, *decided_on, entity)
        }
        ActionKind::ChangePrice(write) => match write.scope {
            PriceScope::Everyone => price::request(write),
            PriceScope::Group(_) | PriceScope::Market(_) => list_price::request(write),
        },
        ActionKind::ChangeProduct(write) => content::request(write),
        ActionKind::ChangeOrder(write) => match &write.step {
            OrderStep::Hold { .. } | OrderStep::Release | OrderStep::Cancel { .. } => {
                state::request(id, write)
            }
            OrderStep::Tag { .. } | OrderStep::Untag { .. } => tags::request(write),
            OrderStep::Note { text } => note::request(id, text),
            OrderStep::Parcel { .. } => parcel::request(write),
        },
        ActionKind::Refund(write) => refund::request(id, write),
        ActionKind::Discount(write) => discount::request(write),
        ActionKind::EndDiscount { code, .. } => discount::end_request(code),
        ActionKind::Alert { .. } => Err(refused("an alert is not for a shop")),
    }
}

/// Reads, compares, writes, and reads again.
pub async fn execute(
    shop: &Shopify,
    now: Timestamp,
    action: &ActionKind,
    request: &Request,
) -> Result<Executed, PlatformError> {
    let sending = Sending { shop, begun: Instant::now(), now, request };
    match action {
        ActionKind::ChangeStock { variant, .. } => stock::execute(&sending, variant).await,
        ActionKind::ChangePrice(write) => match write.scope {
            PriceScope::Everyone => price::execute(&sending, write).await,
            PriceScope::Group(_) | PriceScope::Market(_) => {
                list_price::execute(&sending, write).await
            }
        },
        ActionKind::ChangeProduct(write) => content::execute(&sending, write).await,
        ActionKind::ChangeOrder(write) => match &write.step {
            OrderStep::Hold { .. } | OrderStep::Release | OrderStep::Cancel { .. } => {
                state::execute(&sending, write).await
            }
            OrderStep::Tag { .. } | OrderStep::Untag { .. } => tags::execute(&sending, write).await,
            OrderStep::Note { .. } => note::execute(&sending, &write.order).await,
            OrderStep::Parcel { .. } => parcel::execute(&sending, write).await,
        },
        ActionKind::Refund(write) => refund::execute(&sending, write).await,
        ActionKind::Discount(write) => discount::execute(&sending, write).await,
        ActionKind::EndDiscount { code, .. } => discount::end(&sending, code).await,
        ActionKind::Alert { .. } => Err(refused("an alert is not for a shop")),
    }
}

/// Reads what became of a request. It can no longer take effect.
pub async fn look(
    shop: &Shopify,
    now: Timestamp,
    action: &ActionKind,
    request: &Request,
) -> Result<Looked, PlatformError> {
    let sending = Sending { shop, begun: Instant::now(), now, request };
    match action {
        ActionKind::ChangeStock { variant, .. } => stock::look(&sending, variant).await,
        ActionKind::ChangePrice(write) => match write.scope {
            PriceScope::Everyone => price::look(&sending, write).await,
            PriceScope::Group(_) | PriceScope::Market(_) => list_price::look(&sending, write).await,
        },
        ActionKind::ChangeProduct(write) => content::look(&sending, write).await,
        ActionKind::ChangeOrder(write) => match &write.step {
            OrderStep::Hold { .. } | OrderStep::Release | OrderStep::Cancel { .. } => {
                state::look(&sending, write).await
            }
            OrderStep::Tag { .. } | OrderStep::Untag { .. } => tags::look(&sending, write).await,
            OrderStep::Note { .. } => note::look(&sending, &write.order).await,
            OrderStep::Parcel { .. } => parcel::look(&sending, write).await,
        },
        ActionKind::Refund(write) => refund::look(&sending, write).await,
        ActionKind::Discount(write) => discount::look(&sending, write).await,
        ActionKind::EndDiscount { code, .. } => discount::look_at_end(&sending, code).await,
        ActionKind::Alert { .. } => Err(refused("an alert is not for a shop")),
    }
}

/// A request on its way.
struct Sending<'a> {
    shop: &'a Shopify,
    begun: Instant,
    now: Timestamp,
    request: &'a Request,
}

impl Sending<'_> {
    /// What time it is by the clock that the engine goes by.
    fn time(&self) -> Timestamp {
        let elapsed = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.now.plus_ms(elapsed)
    }

    /// Sends a mutation that is known by nothing but what it sets.
    async fn send(
        &self,
        document: &Document,
        variables: Json,
        root: &str,
    ) -> Result<Json, PlatformError> {
        let mut answer: Json = self.shop.client.ask(document, variables).await?;
        super::user_errors(&answer, &format!("/{root}/userErrors"))?;
        Ok(answer.get_mut(root).map(Json::take).unwrap_or_default())
    }

    /// Sends a mutation that the platform knows again by its key. Where it says that the attempt with a
    /// key failed, that key is used up, and the next one is taken.
    async fn send_once(
        &self,
        document: &Document,
        input: &Json,
        key: &str,
        root: &str,
    ) -> Result<Result<Json, Vec<UserError>>, PlatformError> {
        for generation in 1..=KEY_GENERATIONS_MAX {
            let key = if generation == 1 { key.to_owned() } else { format!("{key}-{generation}") };
            let variables = json!({ "input": input, "key": key });
            let mut answer: Json = self.shop.client.ask(document, variables).await?;
            let mut answer = answer.get_mut(root).map(Json::take).unwrap_or_default();
            let errors = answer.get_mut("userErrors").map(Json::take).unwrap_or_default();
            let errors: Vec<UserError> = serde_json::from_value(errors).unwrap_or_default();
            let says = |code: &str| errors.iter().any(|error| error.code.as_deref() == Some(code));
            if errors.is_empty() {
                return Ok(Ok(answer));
            }
            if says("IDEMPOTENCY_CONCURRENT_REQUEST") {
                let reason = "the shop is still working on the same request".to_owned();
                return Err(PlatformError::Ambiguous { reason });
            }
            if !says("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED") {
                return Ok(Err(errors));
            }
        }
        Err(refused(format!("the shop says that {KEY_GENERATIONS_MAX} attempts failed")))
    }

    /// A variant as it is now.
    async fn variant(&self, id: &str) -> Result<Variant, PlatformError> {
        let variant = pages::variant(&self.shop.client, id).await?;
        variant.ok_or_else(|| refused(format!("the shop no longer has variant {id}")))
    }

    /// What a variant tells.
    fn variant_snapshots(&self, read_at: Timestamp, variant: &Variant) -> Vec<Snapshot> {
        let seen = self.shop.reading(read_at, None).seen();
        variants::snapshot(&seen, variant).into_iter().collect()
    }

    /// What a variant tells, read anew. What was written stands, whether or not it can be read.
    async fn read_variant(&self, id: &str) -> Vec<Snapshot> {
        let read_at = self.time();
        let variant = self.variant(id).await;
        variant.map_or_else(|_| Vec::new(), |variant| self.variant_snapshots(read_at, &variant))
    }

    /// An order as it is now.
    async fn order(&self, id: &str) -> Result<Order, PlatformError> {
        let order = pages::order(&self.shop.client, id).await?;
        order.ok_or_else(|| refused(format!("the shop no longer has order {id}")))
    }

    /// What an order tells.
    fn order_snapshots(&self, read_at: Timestamp, order: &Order) -> Vec<Snapshot> {
        let seen = self.shop.reading(read_at, None).seen();
        super::orders::snapshot(&seen, order).into_iter().collect()
    }

    /// What an order tells, read anew. What was written stands, whether or not it can be read.
    async fn read_order(&self, id: &str) -> Vec<Snapshot> {
        let read_at = self.time();
        let order = self.order(id).await;
        order.map_or_else(|_| Vec::new(), |order| self.order_snapshots(read_at, &order))
    }
}

/// A request that is sent with this document.
fn kept(document: &Document, variables: Json, only_if: Option<Value>, result: Value) -> Request {
    let method = Method::POST.to_string();
    Request { method, path: document.name.to_owned(), body: variables, only_if, result }
}

/// What the shop's people read beside what was done because of an action.
fn mark(id: &ActionId) -> String {
    format!("[fondaco {}]", id.short())
}

/// A text of a kept request.
fn text<'a>(request: &'a Request, name: &str) -> &'a str {
    request.body.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// Whether the target shows what the request was decided on.
fn is_as_decided(request: &Request, found: &Value) -> bool {
    request.only_if.as_ref().is_none_or(|only_if| only_if == found)
}

fn done(snapshots: Vec<Snapshot>) -> Executed {
    Executed::Done { ids: Vec::new(), snapshots }
}

/// The write went through, and its answer shows something else than was sent.
fn otherwise(what: &str, sent: &Value, shown: &Value) -> PlatformError {
    PlatformError::Ambiguous {
        reason: format!("the shop took {sent} for {what} and answered that it has {shown}"),
    }
}

fn would_not(errors: &[UserError]) -> PlatformError {
    refused(format!("the shop would not: {}", in_words(errors)))
}
