//! Writing to the shop: what each action becomes, how it is made safe to repeat, and how its effect
//! is found again. A file for each kind of action; `can.rs` is the table of all of them.
//!
//! Magento knows no condition on a write and no key that makes one idempotent, and keeps nothing with
//! a product or an order that a write could be marked by, but for comments. So the host reads before it
//! writes; what only sets something is told by what it set; and what adds something (a credit memo, a
//! shipment, a note) has a comment with the action's short id.

use std::time::Instant;

use fondaco_model::{ActionId, ActionKind, Entity, ShopId, Snapshot, Timestamp, action::Value};
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::{
    Magento,
    answers::{Failed, refused},
    client::Effect,
    facts::Settings,
    number,
    orders::{self, Documents},
    pages::{self, Reading},
    payloads::{Order, Product},
    products::{self, Levels},
};
use crate::{Capability, Executed, Looked, PlatformError, Request, oauth::percent_encoded};

mod can;
mod content;
mod note;
mod parcel;
mod price;
mod refund;
mod state;
mod stock;
mod tier;

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
            stock::request(variant, location, *available, *decided_on, entity)
        }
        ActionKind::ChangePrice(write) if tier::is_tier(write) => tier::request(write),
        ActionKind::ChangePrice(write) => price::request(write),
        ActionKind::ChangeProduct(write) => content::request(write),
        ActionKind::ChangeOrder(write) if write.step.sets_state() => state::request(id, write),
        ActionKind::ChangeOrder(write) => match parcel::request(id, write)? {
            Some(parcel) => Ok(parcel),
            None => note::request(id, write),
        },
        ActionKind::Refund(write) => refund::request(id, write),
        ActionKind::Discount(_) | ActionKind::EndDiscount { .. } | ActionKind::Alert { .. } => {
            Err(not_here())
        }
    }
}

/// Reads, compares, writes, and reads again.
pub async fn execute(
    shop: &Magento,
    now: Timestamp,
    action: &ActionKind,
    request: &Request,
) -> Result<Executed, PlatformError> {
    let settings = shop.settings().await?;
    let sending = Sending { shop, settings, begun: Instant::now(), now, request };
    match action {
        ActionKind::ChangeStock { variant, .. } => stock::execute(&sending, variant).await,
        ActionKind::ChangePrice(write) if tier::is_tier(write) => {
            tier::execute(&sending, write).await
        }
        ActionKind::ChangePrice(write) => price::execute(&sending, write).await,
        ActionKind::ChangeProduct(write) => content::execute(&sending, write).await,
        ActionKind::ChangeOrder(write) if write.step.sets_state() => {
            state::execute(&sending, write).await
        }
        ActionKind::ChangeOrder(write) if parcel::is_parcel(write) => {
            parcel::execute(&sending, write).await
        }
        ActionKind::ChangeOrder(write) => note::execute(&sending, write).await,
        ActionKind::Refund(write) => refund::execute(&sending, write).await,
        ActionKind::Discount(_) | ActionKind::EndDiscount { .. } | ActionKind::Alert { .. } => {
            Err(not_here())
        }
    }
}

/// Reads what became of a request. It can no longer take effect.
pub async fn look(
    shop: &Magento,
    now: Timestamp,
    action: &ActionKind,
    request: &Request,
) -> Result<Looked, PlatformError> {
    let settings = shop.settings().await?;
    let sending = Sending { shop, settings, begun: Instant::now(), now, request };
    match action {
        ActionKind::ChangeStock { variant, .. } => stock::look(&sending, variant).await,
        ActionKind::ChangePrice(write) if tier::is_tier(write) => tier::look(&sending, write).await,
        ActionKind::ChangePrice(write) => price::look(&sending, write).await,
        ActionKind::ChangeProduct(write) => content::look(&sending, write).await,
        ActionKind::ChangeOrder(write) if write.step.sets_state() => {
            state::look(&sending, write).await
        }
        ActionKind::ChangeOrder(write) if parcel::is_parcel(write) => {
            parcel::look(&sending, write).await
        }
        ActionKind::ChangeOrder(write) => note::look(&sending, write).await,
        ActionKind::Refund(write) => refund::look(&sending, write).await,
        ActionKind::Discount(_) | ActionKind::EndDiscount { .. } | ActionKind::Alert { .. } => {
            Err(not_here())
        }
    }
}

fn not_here() -> PlatformError {
    refused("there is nothing of this kind to be done on a Magento shop")
}

/// A request on its way.
struct Sending<'a> {
    shop: &'a Magento,
    settings: &'a Settings,
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

    /// A reading that is begun now.
    fn reading(&self) -> Reading<'_> {
        Reading {
            client: &self.shop.client,
            shop: &self.shop.shop,
            settings: self.settings,
            now: self.time(),
            changed_since: None,
        }
    }

    /// Sends this body to the request's path, and reads the answer.
    async fn send<T: DeserializeOwned>(&self, body: &Json) -> Result<T, Failed> {
        self.send_to(&self.request.path, body).await
    }

    /// Sends this body to another path, by the request's method.
    async fn send_to<T: DeserializeOwned>(&self, path: &str, body: &Json) -> Result<T, Failed> {
        let method = Method::from_bytes(self.request.method.as_bytes()).map_err(|_| {
            Failed::Otherwise(refused(format!("`{}` is no HTTP method", self.request.method)))
        })?;
        let body = Some(body).filter(|body| !body.is_null());
        self.shop.client.call(method, path, Vec::new(), body, Effect::Some).await
    }

    /// A product as it is now.
    async fn product(&self, sku: &str) -> Result<Product, PlatformError> {
        let product = pages::product(&self.shop.client, sku).await;
        product.map_err(|failed| gone_or(&format!("product {sku}"), failed))
    }

    /// A product with what there is of it.
    async fn levels(&self, product: &Product) -> Result<Counted, PlatformError> {
        let client = &self.shop.client;
        let sources = pages::source_items(client, "eq", &product.sku).await?;
        let salable = pages::salable(client, self.settings, product).await?;
        let on_hand = products::on_hand(&sources).map_err(|error| refused(error.0))?;
        Ok(Counted { sources, levels: Levels { salable, on_hand } })
    }

    /// What a product with what there is of it tells.
    fn snapshot(
        &self,
        read_at: Timestamp,
        product: &Product,
        levels: &Levels,
    ) -> Result<Snapshot, PlatformError> {
        let seen = Reading { now: read_at, ..self.reading() }.seen();
        let snapshot = products::snapshot(&seen, read_at, self.settings, product, levels);
        snapshot.map_err(|error| refused(error.0))
    }

    /// What a product tells, read anew where there is nothing of its stock at hand. What was written
    /// stands, whether or not it can be read.
    async fn product_snapshots(&self, product: &Product) -> Vec<Snapshot> {
        if !product.is_sold() {
            return Vec::new();
        }
        let read_at = self.time();
        let Ok(counted) = self.levels(product).await else { return Vec::new() };
        self.snapshot(read_at, product, &counted.levels).into_iter().collect()
    }

    /// An order as it is now.
    async fn order(&self, order: &str) -> Result<Order, PlatformError> {
        let path = format!("/V1/orders/{}", number(order)?);
        let read = self.shop.client.get::<Order>(&path, Vec::new()).await;
        read.map_err(|failed| gone_or(&format!("order {order}"), failed))
    }

    /// The documents of an order.
    async fn documents(&self, order: &Order) -> Result<Documents, PlatformError> {
        let mut all = pages::documents(&self.shop.client, &[order.entity_id]).await?;
        Ok(all.remove(&order.entity_id).unwrap_or_default())
    }

    /// What an order with its documents tells.
    fn order_snapshots(
        &self,
        read_at: Timestamp,
        order: &Order,
        documents: &Documents,
    ) -> Vec<Snapshot> {
        let seen = Reading { now: read_at, ..self.reading() }.seen();
        orders::snapshot(&seen, order, documents).into_iter().collect()
    }

    /// What an order tells, read anew. What was written stands, whether or not it can be read.
    async fn read_order(&self, order: &str) -> Vec<Snapshot> {
        let read_at = self.time();
        let Ok(order) = self.order(order).await else { return Vec::new() };
        let Ok(documents) = self.documents(&order).await else { return Vec::new() };
        self.order_snapshots(read_at, &order, &documents)
    }

    /// Writes a comment on an order, for the shop's people. It has to name the status the order has.
    async fn comment(&self, order: &Order, text: &str) -> Result<(), PlatformError> {
        let path = format!("/V1/orders/{}/comments", order.entity_id);
        let method = Method::POST;
        let body = comment(order, text);
        let call = self.shop.client.call(method, &path, Vec::new(), Some(&body), Effect::Some);
        match call.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(refused(format!("the shop takes no comment on order {path}"))),
            Err(failed) => Err(gone_or(&format!("order {}", order.entity_id), failed)),
        }
    }

    /// Refuses an amount in another currency than the shop's.
    fn check_currency(&self, currency: &str) -> Result<(), PlatformError> {
        let own = &self.settings.currency;
        if own == currency {
            return Ok(());
        }
        Err(refused(format!("the shop's prices are in {own}, and the amount is in {currency}")))
    }
}

/// What there is of a product, by its sources.
struct Counted {
    sources: Vec<super::payloads::SourceItem>,
    levels: Levels,
}

/// A comment as it is sent.
fn comment(order: &Order, text: &str) -> Json {
    json!({
        "statusHistory": {
            "comment": text,
            "is_customer_notified": 0,
            "is_visible_on_front": 0,
            "parent_id": order.entity_id,
            "status": order.status,
        }
    })
}

/// The path of a product.
fn product_path(sku: &str) -> String {
    format!("/V1/products/{}", percent_encoded(sku))
}

/// What a comment has in it that was written because of an action.
fn mark(id: &ActionId) -> String {
    format!("[fondaco {}]", id.short())
}

/// The mark of a kept request, whose comment ends with it.
fn mark_of(comment: Option<&Json>) -> Result<&str, PlatformError> {
    let text = comment.and_then(Json::as_str).unwrap_or_default();
    let mark = text.rfind("[fondaco ").and_then(|begins| text.get(begins..));
    mark.ok_or_else(|| refused("the request that was kept has no mark"))
}

/// A number as JSON has it, with its digits.
fn json_number(number: fondaco_model::Decimal) -> Json {
    serde_json::from_str(&number.to_string()).unwrap_or_default()
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

/// The write went through, and the shop shows something else than was sent.
fn otherwise(what: &str, sent: &Value, shown: &Value) -> PlatformError {
    PlatformError::Ambiguous {
        reason: format!("the shop took {sent} for {what} and answered that it has {shown}"),
    }
}
