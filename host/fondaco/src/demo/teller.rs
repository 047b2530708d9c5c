//! Tells on the terminal what happens, in a merchant's words.
//!
//! What is told comes from the host's own record: the event that a run handled, and the action that
//! ended.

use std::sync::Arc;

use fondaco_engine::watch::Happening;
use fondaco_model::{
    Action, ActionEnd, ActionKind, Change, ClientId, Decimal, Entity, EntityKey, EventBody,
    OrderChange, ShopId,
};
use fondaco_store::Store;
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle};

use super::stage::shop_title;
use crate::host::RunningHost;

/// Begins to tell; goes on until it is aborted.
pub fn tell(host: &RunningHost) -> JoinHandle<()> {
    let mut watch = host.engine.watch();
    let teller = Teller { store: Arc::clone(&host.store) };
    tokio::spawn(async move {
        loop {
            match watch.recv().await {
                Ok(happening) => {
                    if let Some(line) = teller.line(&happening).await {
                        println!("{line}");
                    }
                }
                Err(RecvError::Lagged(missed)) => println!("… {missed} more things happened"),
                Err(RecvError::Closed) => return,
            }
        }
    })
}

struct Teller {
    store: Arc<dyn Store>,
}

impl Teller {
    async fn line(&self, happening: &Happening) -> Option<String> {
        match happening {
            Happening::Ended { client, action, end } => self.ended(client, action, end).await,
            Happening::Buried { delivery, reason, .. } => {
                Some(format!("delivery {delivery} was set aside: {reason}"))
            }
            _ => None,
        }
    }

    async fn ended(&self, client: &ClientId, action: &Action, end: &ActionEnd) -> Option<String> {
        let (shop, variant, available, decided_on) = match &action.kind {
            ActionKind::ChangeStock { shop, variant, available, decided_on, .. } => {
                (shop, variant, available, decided_on)
            }
            ActionKind::Alert { title, text, .. } => {
                return Some(format!("alert: {}. {}", title.en, text.en));
            }
            // The demonstration's module does nothing else.
            _ => return None,
        };
        let sku = self.sku(client, shop, variant).await;
        let why = self.why(client, action.event, &sku).await;
        let place = shop_title(shop);
        Some(match end {
            ActionEnd::Done { .. } => {
                format!("{why}; stock on {place} {decided_on} → {available}")
            }
            ActionEnd::Stale { found } => format!(
                "{why}; {place} sold {sku} at the same moment (it shows {found}), \
                 so its stock is worked out again"
            ),
            // The one that took its place is told.
            ActionEnd::Superseded => return None,
            // Nothing happens in shadow.
            ActionEnd::Shadow { .. } => return None,
            ActionEnd::Refused { reason }
            | ActionEnd::Failed { reason }
            | ActionEnd::Unsupported { reason } => {
                format!("{why}; stock on {place} was not changed: {reason}")
            }
            ActionEnd::Unknown { detail } => format!("{why}; stock on {place}: {detail}"),
            ActionEnd::Expired => format!("{why}; stock on {place}: it came too late"),
        })
    }

    async fn sku(&self, client: &ClientId, shop: &ShopId, variant: &str) -> String {
        let key = EntityKey::variant(shop.clone(), variant);
        let row = self.store.mirror(client, &key).await.ok().flatten();
        let content = row.as_ref().and_then(|row| row.entity.as_variant()?.content.value());
        content.and_then(|content| content.sku.clone()).unwrap_or_else(|| variant.to_owned())
    }

    /// What led to an action: its event, in words.
    async fn why(&self, client: &ClientId, event: u64, sku: &str) -> String {
        let event = self.store.event(client, event).await.ok().flatten();
        match event.map(|event| event.body) {
            Some(EventBody::Changed { key, sequence, change: Change::Order(changes) }) => {
                let order = self.store.entity_at(client, &key, sequence).await.ok().flatten();
                order_words(&key, order.as_ref(), &changes, sku)
            }
            Some(EventBody::Changed { key, .. }) => {
                format!("stock of {sku} on {} changed", shop_title(&key.shop))
            }
            Some(EventBody::Tick { .. }) => format!("aligning {sku}"),
            Some(EventBody::Outcome { .. }) => format!("{sku} worked out again"),
            Some(
                EventBody::Customer { .. } | EventBody::Signal { .. } | EventBody::Lifecycle { .. },
            )
            | None => sku.to_owned(),
        }
    }
}

fn order_words(
    key: &EntityKey,
    order: Option<&Entity>,
    changes: &std::collections::BTreeSet<OrderChange>,
    sku: &str,
) -> String {
    let order = order.and_then(Entity::as_order);
    let number = order.and_then(|order| order.head.value()).map(|head| head.number.as_str());
    let quantity: Decimal = order
        .and_then(|order| order.lines.value())
        .into_iter()
        .flatten()
        .filter(|line| line.sku.as_deref() == Some(sku))
        .map(|line| line.quantity)
        .sum();
    let what = if changes.contains(&OrderChange::Placed) {
        format!("{quantity} × {sku}")
    } else {
        format!("changed, {quantity} × {sku}")
    };
    let number = number.unwrap_or(&key.id);
    format!("order {number} on {}: {what}", shop_title(&key.shop))
}
