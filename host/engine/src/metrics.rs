//! What is counted, for Prometheus.
//!
//! Labels are names from the client's file, never anything a shop or a module chose, so that their
//! number is known.

use std::time::Duration;

use fondaco_model::{
    ActionEnd, ClientId, InstallId, ShopId,
    run::{Amounts, Resource},
};
use fondaco_store::{Drift, Kept, ListedKind, RunResult};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClientLabels {
    client: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    client: String,
    result: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InstallResultLabels {
    client: String,
    install: String,
    result: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PassedOverLabels {
    client: String,
    install: String,
    why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InstallLabels {
    client: String,
    install: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ShopLabels {
    client: String,
    shop: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DriftLabels {
    client: String,
    shop: String,
    kind: &'static str,
    found: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KeptLabels {
    kind: String,
}

/// Upper bounds of a run's time, in seconds.
const RUN_SECONDS: [f64; 10] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.01, 0.05, 0.25, 1.0];
/// Upper bounds of a run's fuel.
const RUN_FUEL: [f64; 7] =
    [10_000.0, 100_000.0, 500_000.0, 2_000_000.0, 10_000_000.0, 50_000_000.0, 200_000_000.0];
/// Upper bounds of a request's time, in seconds.
const REQUEST_SECONDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

type HistogramFamily<L> = Family<L, Histogram, fn() -> Histogram>;

/// The host's counters.
pub struct Metrics {
    registry: Registry,
    hooks: Family<ResultLabels, Counter>,
    buried: Family<ClientLabels, Counter>,
    events: Family<ClientLabels, Counter>,
    runs: Family<InstallResultLabels, Counter>,
    events_passed_over: Family<PassedOverLabels, Counter>,
    run_seconds: HistogramFamily<InstallLabels>,
    run_fuel: HistogramFamily<InstallLabels>,
    actions: Family<InstallResultLabels, Counter>,
    request_seconds: HistogramFamily<ShopLabels>,
    drift: Family<DriftLabels, Counter>,
    forgotten: Family<KeptLabels, Counter>,
    free_bytes: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("fondaco"),
            hooks: Family::default(),
            buried: Family::default(),
            events: Family::default(),
            runs: Family::default(),
            events_passed_over: Family::default(),
            run_seconds: Family::new_with_constructor(|| Histogram::new(RUN_SECONDS)),
            run_fuel: Family::new_with_constructor(|| Histogram::new(RUN_FUEL)),
            actions: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(REQUEST_SECONDS)),
            drift: Family::default(),
            forgotten: Family::default(),
            free_bytes: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("hook_requests", "Requests to shops' hooks", self.hooks.clone());
        registry.register(
            "deliveries_set_aside",
            "Deliveries that nothing could be made of",
            self.buried.clone(),
        );
        registry.register("events", "Events raised", self.events.clone());
        registry.register("runs", "Runs of modules", self.runs.clone());
        registry.register(
            "events_passed_over",
            "Events that a module asked not to hear: a later one told the same, or they were too old",
            self.events_passed_over.clone(),
        );
        registry.register("run_seconds", "Time a run took", self.run_seconds.clone());
        registry.register("run_fuel", "Fuel a run consumed", self.run_fuel.clone());
        registry.register("actions_ended", "Actions that ended", self.actions.clone());
        registry.register(
            "request_seconds",
            "Time it took to carry out an action on a shop",
            self.request_seconds.clone(),
        );
        registry.register(
            "drift",
            "Things that were other on a shop than in the mirror when all were compared",
            self.drift.clone(),
        );
        registry.register(
            "rows_forgotten",
            "Rows that were kept no longer",
            self.forgotten.clone(),
        );
        registry.register(
            "store_free_bytes",
            "Room on the disk that the store lies on",
            self.free_bytes.clone(),
        );
    }

    /// The registry that holds them all.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts a request to a hook. The client's name is one of the host's, or nothing.
    pub fn hook(&self, client: Option<&ClientId>, result: &'static str) {
        let client = client.map(ToString::to_string).unwrap_or_default();
        self.hooks.get_or_create(&ResultLabels { client, result: result.to_owned() }).inc();
    }

    pub(crate) fn deliveries_buried(&self, client: &ClientId) {
        self.buried.get_or_create(&ClientLabels { client: client.to_string() }).inc();
    }

    pub(crate) fn events_raised(&self, client: &ClientId, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.events.get_or_create(&ClientLabels { client: client.to_string() }).inc_by(count);
    }

    pub(crate) fn run_ended(&self, client: &ClientId, install: &InstallId, result: &RunResult) {
        let labels = InstallResultLabels {
            client: client.to_string(),
            install: install.to_string(),
            result: result.as_str().to_owned(),
        };
        self.runs.get_or_create(&labels).inc();
    }

    /// Counts events that a module is not told of as its manifest asks; `why` is `coalesced` or
    /// `too-old`.
    pub(crate) fn events_passed_over(
        &self,
        client: &ClientId,
        install: &InstallId,
        why: &'static str,
        count: usize,
    ) {
        let labels =
            PassedOverLabels { client: client.to_string(), install: install.to_string(), why };
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.events_passed_over.get_or_create(&labels).inc_by(count);
    }

    pub(crate) fn run_used(&self, client: &ClientId, install: &InstallId, used: &Amounts) {
        let labels = InstallLabels { client: client.to_string(), install: install.to_string() };
        let time = Duration::from_micros(used[Resource::WallTime]);
        self.run_seconds.get_or_create(&labels).observe(time.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "buckets are wide")]
        self.run_fuel.get_or_create(&labels).observe(used[Resource::Fuel] as f64);
    }

    pub(crate) fn action_ended(&self, client: &ClientId, install: &InstallId, end: &ActionEnd) {
        let labels = InstallResultLabels {
            client: client.to_string(),
            install: install.to_string(),
            result: end.as_str().to_owned(),
        };
        self.actions.get_or_create(&labels).inc();
    }

    pub(crate) fn action_sent(&self, client: &ClientId, shop: &ShopId, time: Duration) {
        let labels = ShopLabels { client: client.to_string(), shop: shop.to_string() };
        self.request_seconds.get_or_create(&labels).observe(time.as_secs_f64());
    }

    pub(crate) fn drift_found(
        &self,
        client: &ClientId,
        shop: &ShopId,
        kind: ListedKind,
        drift: Drift,
    ) {
        let Drift { missing, outdated, gone } = drift;
        for (found, count) in [("missing", missing), ("outdated", outdated), ("gone", gone)] {
            let (client, shop) = (client.to_string(), shop.to_string());
            let labels = DriftLabels { client, shop, kind: kind.as_str(), found };
            self.drift.get_or_create(&labels).inc_by(count);
        }
    }

    pub(crate) fn rows_forgotten(&self, kind: Kept, rows: u64) {
        self.forgotten.get_or_create(&KeptLabels { kind: kind.as_str().to_owned() }).inc_by(rows);
    }

    pub(crate) fn store_room(&self, free_bytes: u64) {
        self.free_bytes.set(i64::try_from(free_bytes).unwrap_or(i64::MAX));
    }
}
