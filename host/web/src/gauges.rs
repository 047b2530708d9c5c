//! How long things wait: for Prometheus, computed when it asks.

use fondaco_engine::{now, setup::ClientSetup};
use fondaco_model::Timestamp;
use fondaco_store::StoreError;
use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::Host;

type Ages = Family<Vec<(String, String)>, Gauge>;

/// Adds a client's ages to a registry's families.
pub struct Gauges {
    events_behind: Ages,
    oldest_event: Ages,
    oldest_action: Ages,
}

impl Gauges {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let gauges = Self {
            events_behind: Ages::default(),
            oldest_event: Ages::default(),
            oldest_action: Ages::default(),
        };
        registry.register(
            "events_behind",
            "Events that came after the one an install is at, whether it hears them or not",
            gauges.events_behind.clone(),
        );
        registry.register(
            "oldest_event_age_seconds",
            "How long the oldest event that an install has to hear has waited",
            gauges.oldest_event.clone(),
        );
        registry.register(
            "oldest_action_age_seconds",
            "How long the oldest action for a shop has not ended",
            gauges.oldest_action.clone(),
        );
        gauges
    }

    /// Sets those of one client.
    pub async fn set(&self, host: &Host, client: &ClientSetup) -> Result<(), StoreError> {
        let labels = |name: &str, value: &dyn ToString| {
            vec![("client".to_owned(), client.id.to_string()), (name.to_owned(), value.to_string())]
        };
        let last_event = host.store.backlog(&client.id).await?.last_event;
        for install in client.installs.keys() {
            let at = host.store.install_progress(&client.id, install).await?.unwrap_or_default();
            let behind = last_event.saturating_sub(at.event);
            let labels = labels("install", install);
            self.events_behind.get_or_create(&labels).set(whole(behind));
            let oldest = host.engine.oldest_event(&client.id, install).await?;
            self.oldest_event.get_or_create(&labels).set(age(oldest));
        }
        let oldest = host.store.oldest_actions(&client.id).await?;
        for shop in client.shops.keys() {
            let action = oldest.iter().find(|action| action.shop == *shop);
            let since = action.map(|action| action.proposed_at);
            self.oldest_action.get_or_create(&labels("shop", shop)).set(age(since));
        }
        Ok(())
    }
}

/// Seconds since a moment; 0 if nothing waits.
fn age(since: Option<Timestamp>) -> i64 {
    whole(since.map_or(0, |since| now().0.saturating_sub(since.0) / 1_000))
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
