//! How long things wait: for Prometheus, computed when it asks.

use fondaco_engine::{
    now,
    setup::{Circuit, ClientSetup},
};
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
    circuit: Ages,
    silent: Ages,
}

impl Gauges {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let gauges = Self {
            events_behind: Ages::default(),
            oldest_event: Ages::default(),
            oldest_action: Ages::default(),
            circuit: Ages::default(),
            silent: Ages::default(),
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
        registry.register(
            "shop_circuit",
            "Whether a shop is asked: 0 it is, 1 one request tries, 2 it is left alone for a while",
            gauges.circuit.clone(),
        );
        registry.register(
            "shop_silent_seconds",
            "How long nothing has been heard of a shop; 0 if it is heard of",
            gauges.silent.clone(),
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
        for (shop, setup) in &client.shops {
            let action = oldest.iter().find(|action| action.shop == *shop);
            let since = action.map(|action| action.proposed_at);
            let labels = labels("shop", shop);
            self.oldest_action.get_or_create(&labels).set(age(since));
            let circuit = match setup.platform.traffic().circuit {
                Circuit::Closed => 0,
                Circuit::HalfOpen => 1,
                Circuit::Open => 2,
            };
            self.circuit.get_or_create(&labels).set(circuit);
            let silent = host.store.silent_since(&client.id, shop, u64::MAX).await?;
            self.silent.get_or_create(&labels).set(age(silent));
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
