//! Writing to the shop: what each action becomes, how it is made safe to repeat, and how its effect
//! is found again. A file for each kind of action; `can.rs` is the table of all of them.
//!
//! WooCommerce knows no condition on a write and no key that makes one idempotent. So the host reads
//! before it writes, and the gap between the two is as small as one request; and each write leaves a
//! mark of its action, saved together with what it sets.

use std::time::Instant;

use fondaco_model::{ActionId, ActionKind, Entity, ShopId, Snapshot, Timestamp, action::Value};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    WooCommerce,
    answers::{Failed, refused},
    facts,
    orders::{self, Refunds},
    pages,
    payloads::{self, Meta, Product},
    products::{self, Naming},
};
use crate::{Capability, Executed, Looked, PlatformError, Request, seen::Seen};

mod amounts;
mod can;
mod content;
mod discount;
mod note;
mod price;
mod refund;
mod state;
mod stock;

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
        ActionKind::ChangeStock { variant, location, available, decided_on, .. } => {
            stock::request(shop, id, entity, variant, location, *available, *decided_on)
        }
        ActionKind::ChangePrice(write) => price::request(id, write, entity),
        ActionKind::ChangeProduct(write) => content::request(id, write),
        ActionKind::ChangeOrder(write) if write.step.sets_state() => state::request(id, write),
        ActionKind::ChangeOrder(write) => note::request(id, write),
        ActionKind::Refund(write) => refund::request(id, write),
        ActionKind::Discount(write) => discount::request(id, write),
        ActionKind::EndDiscount { code, .. } => discount::end_request(id, code),
        ActionKind::Alert { .. } => Err(refused("an alert is not for a shop")),
    }
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(
    shop: &WooCommerce,
    now: Timestamp,
    action: &ActionKind,
    request: &Request,
) -> Result<Executed, PlatformError> {
    let sending = Sending { shop, begun: Instant::now(), now, request };
    match action {
        ActionKind::ChangeStock { variant, .. } => stock::execute(&sending, variant).await,
        ActionKind::ChangePrice(write) => price::execute(&sending, write).await,
        ActionKind::ChangeProduct(write) => content::execute(&sending, write).await,
        ActionKind::ChangeOrder(write) if write.step.sets_state() => {
            state::execute(&sending, write).await
        }
        ActionKind::ChangeOrder(write) => note::execute(&sending, write).await,
        ActionKind::Refund(write) => refund::execute(&sending, write).await,
        ActionKind::Discount(write) => discount::execute(&sending, write).await,
        ActionKind::EndDiscount { code, .. } => discount::end(&sending, code).await,
        ActionKind::Alert { .. } => Err(refused("an alert is not for a shop")),
    }
}

/// Reads what became of a request. It can no longer take effect.
pub async fn look(
    shop: &WooCommerce,
    now: Timestamp,
    action: &ActionKind,
    request: &Request,
) -> Result<Looked, PlatformError> {
    let sending = Sending { shop, begun: Instant::now(), now, request };
    match action {
        ActionKind::ChangeStock { variant, .. } => stock::look(&sending, variant).await,
        ActionKind::ChangePrice(write) => price::look(&sending, write).await,
        ActionKind::ChangeProduct(write) => content::look(&sending, write).await,
        ActionKind::ChangeOrder(write) if write.step.sets_state() => {
            state::look(&sending, write).await
        }
        ActionKind::ChangeOrder(write) => note::look(&sending, write).await,
        ActionKind::Refund(write) => refund::look(&sending, write).await,
        ActionKind::Discount(write) => discount::look(&sending, &write.code).await,
        ActionKind::EndDiscount { code, .. } => discount::look(&sending, code).await,
        ActionKind::Alert { .. } => Err(refused("an alert is not for a shop")),
    }
}

/// A request on its way.
struct Sending<'a> {
    shop: &'a WooCommerce,
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

    /// Sends this body in place of the one that was kept, and reads the answer.
    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        query: Vec<(&'static str, String)>,
        body: &Json,
    ) -> Result<T, Failed> {
        let method = Method::from_bytes(self.request.method.as_bytes()).map_err(|_| {
            Failed::Otherwise(refused(format!("`{}` is no HTTP method", self.request.method)))
        })?;
        let answer = self.shop.client.call(method, &self.request.path, query, Some(body)).await?;
        Ok(answer.content)
    }

    /// The product or variation that the request is for, as it is now.
    async fn product(&self, what: &str) -> Result<Product, PlatformError> {
        let answer = self.shop.client.get::<Product>(&self.request.path, Vec::new()).await;
        let product = answer.map_err(|failed| gone_or(what, failed))?.content;
        if product.status.as_deref() == Some("trash") {
            return Err(refused(format!("{what} is in the shop's trash")));
        }
        Ok(product)
    }

    /// What a product's answer tells of a variant.
    fn snapshot(&self, product: &Product, read_at: Timestamp) -> Result<Snapshot, PlatformError> {
        let seen = Seen { shop: &self.shop.shop, read: Some(read_at) };
        // What is read under a product has the variation's short name.
        let naming = match self.request.path.contains("/variations/") {
            true => Naming::VariationAlone,
            false => Naming::Whole,
        };
        products::snapshot(&seen, product, naming).map_err(|error| refused(error.0))
    }

    /// An order as it is now, amounts unrounded.
    async fn order(&self, order: &str) -> Result<payloads::Order, PlatformError> {
        let path = format!("/orders/{}", number(order)?);
        let what = format!("order {order}");
        let answer = self.shop.client.get::<payloads::Order>(&path, pages::whole_amounts()).await;
        let order = answer.map_err(|failed| gone_or(&what, failed))?.content;
        if order.status == "trash" {
            return Err(refused(format!("{what} is in the shop's trash")));
        }
        Ok(order)
    }

    /// What an order's answer tells, with its refunds if they can be read. What was written stands,
    /// whether or not that is so.
    async fn order_snapshots(&self, order: &payloads::Order, read_at: Timestamp) -> Vec<Snapshot> {
        let seen = Seen { shop: &self.shop.shop, read: Some(read_at) };
        let whole = pages::whole_order(&self.shop.client, &seen, order).await;
        whole.ok().and_then(Result::ok).flatten().into_iter().collect()
    }

    /// What an order tells with these refunds.
    fn order_with_refunds(
        &self,
        order: &payloads::Order,
        refunds: &[payloads::Refund],
    ) -> Vec<Snapshot> {
        let seen = Seen { shop: &self.shop.shop, read: Some(self.now) };
        let snapshot = orders::snapshot(&seen, order, Refunds::Read(refunds));
        snapshot.ok().flatten().into_iter().collect()
    }

    /// Refuses an amount in another currency than the shop sells in.
    async fn check_currency(&self, currency: &str) -> Result<(), PlatformError> {
        let read = || facts::currency(&self.shop.client);
        let own = self.shop.currency.get_or_try_init(read).await?;
        if own == currency {
            return Ok(());
        }
        Err(refused(format!("the shop sells in {own}, and the amount is in {currency}")))
    }
}

/// The path at which a variant is written.
fn variant_path(
    shop: &ShopId,
    variant: &str,
    entity: Option<&Entity>,
) -> Result<String, PlatformError> {
    let content = entity.and_then(Entity::as_variant).and_then(|variant| variant.content.value());
    let content = content
        .ok_or_else(|| refused(format!("variant {variant} is not known on `{shop}`, or gone")))?;
    let variant = number(variant)?;
    Ok(match number(&content.product)? {
        product if product == variant => format!("/products/{variant}"),
        // A variation is read under `/products` and refused there when it is written.
        product => format!("/products/{product}/variations/{variant}"),
    })
}

/// An id of WooCommerce's, which are numbers. Nothing else may become part of a path.
pub fn number(id: &str) -> Result<u64, PlatformError> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { id.parse().ok() } else { None };
    number.ok_or_else(|| refused("ids of a WooCommerce shop are numbers, and this one is not"))
}

/// A mark: metadata that says which action wrote something last. The underscore keeps it off pages.
fn mark(key: &str, id: &ActionId) -> Json {
    json!({ "key": key, "value": id.as_str() })
}

/// The mark of a kept request.
fn mark_of<'a>(request: &'a Request, key: &str) -> Option<&'a Json> {
    let marks = request.body.get("meta_data")?.as_array()?;
    let mark = marks.iter().find(|mark| mark.get("key").and_then(Json::as_str) == Some(key))?;
    mark.get("value")
}

/// What a shop has noted under a key.
fn noted<'a>(notes: &'a [Meta], key: &str) -> Option<&'a Json> {
    notes.iter().find(|note| note.key == key).map(|note| &note.value)
}

/// Whether the mark of this request is there.
fn is_marked(notes: &[Meta], request: &Request, key: &str) -> bool {
    noted(notes, key).is_some_and(|noted| Some(noted) == mark_of(request, key))
}

/// Whether the target shows what the request was decided on.
fn is_as_decided(request: &Request, found: &Value) -> bool {
    request.only_if.as_ref().is_none_or(|only_if| only_if == found)
}

fn gone_or(what: &str, failed: Failed) -> PlatformError {
    match failed {
        Failed::Gone => refused(format!("the shop no longer has {what}")),
        failed => failed.into(),
    }
}

/// The write went through, and its answer shows something else than was sent.
fn otherwise(what: &str, sent: &Value, shown: &Value) -> PlatformError {
    PlatformError::Ambiguous {
        reason: format!("the shop took {sent} for {what} and answered that it has {shown}"),
    }
}
