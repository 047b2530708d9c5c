//! The cases under `cases/`: a folder each, with the shops, what happens, and exactly what is
//! proposed at each step.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::Deserialize;

use super::memory::{Memory, Shop, Variant};
use crate::{
    rules::{
        Quantity, SharedSku,
        orders::{CountedOrder, Line},
        place::{End, Level, Policy},
        shared::Listing,
    },
    sync::{self, OrderHeard, OutcomeHeard, StockHeard},
};

/// Any moment will do to begin at.
const START_MS: u64 = 1_800_000_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows, in a sentence.
    #[expect(dead_code, reason = "for the person who reads the case")]
    title: String,
    settings: toml::Table,
    shops: Vec<CaseShop>,
    variants: Vec<CaseVariant>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseShop {
    id: String,
    name: String,
    #[serde(default)]
    staging: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseVariant {
    shop: String,
    id: String,
    sku: String,
    /// `tracked` unless said otherwise.
    policy: Option<String>,
    /// Absent: untracked.
    available: Option<Quantity>,
}

/// One event. Times are in seconds since the beginning.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    second: u64,
    /// Until when the orders of each shop are known, from this step on.
    #[serde(default)]
    orders_known: BTreeMap<String, u64>,
    /// The shops of which nothing is heard, from this step on; absent: as before.
    silent: Option<BTreeSet<String>>,
    #[serde(flatten)]
    what: What,
    #[serde(default)]
    changes: Vec<ExpectedChange>,
    /// English titles.
    #[serde(default)]
    alerts: Vec<String>,
    /// What there is of a SKU afterwards, over all shops.
    #[serde(default)]
    hub: BTreeMap<String, Quantity>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Tick {},
    Order(CaseOrder),
    Stock(CaseStock),
    Outcome(CaseOutcome),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseOrder {
    shop: String,
    id: String,
    #[serde(default)]
    placed: bool,
    #[serde(default)]
    deleted: bool,
    placed_at: u64,
    lines: Vec<CaseLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseLine {
    id: String,
    sku: String,
    variant: String,
    deducted: Quantity,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseStock {
    shop: String,
    variant: String,
    available: Quantity,
}

/// The end of the last change that was proposed with a key, or of the one before it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseOutcome {
    key: String,
    #[serde(default)]
    of_the_one_before: bool,
    end: String,
    found: Option<Quantity>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedChange {
    shop: String,
    variant: String,
    from: Quantity,
    to: Quantity,
    en: String,
    it: String,
}

struct Run {
    memory: Memory,
    /// The actions of each key, the oldest first.
    actions: BTreeMap<String, Vec<String>>,
}

impl Run {
    fn begin(case: &Case) -> Self {
        let mut memory = Memory {
            settings: serde_json::to_string(&case.settings).unwrap(),
            ..Memory::default()
        };
        for shop in &case.shops {
            let known = Shop { name: shop.name.clone(), production: !shop.staging };
            memory.shops.insert(shop.id.clone(), known);
        }
        for variant in &case.variants {
            let policy = match variant.policy.as_deref() {
                None | Some("tracked") => Policy::Tracked,
                Some("backorder") => Policy::Backorder,
                Some(other) => panic!("no such policy: {other}"),
            };
            let level = |available| Level { location: None, policy, available };
            memory.variants.push(Variant {
                sku: variant.sku.clone(),
                listing: Listing {
                    shop: variant.shop.clone(),
                    variant: variant.id.clone(),
                    level: variant.available.map(level),
                },
            });
        }
        Self { memory, actions: BTreeMap::new() }
    }

    fn step(&mut self, step: &Step) {
        self.memory.now = START_MS + step.second * 1_000;
        for (shop, second) in &step.orders_known {
            self.memory.known_until.insert(shop.clone(), START_MS + second * 1_000);
        }
        if let Some(silent) = &step.silent {
            self.memory.silent.clone_from(silent);
        }
        match &step.what {
            What::Tick {} => {
                let mut cursor = None;
                loop {
                    cursor = sync::on_tick(&mut self.memory, cursor.as_deref()).unwrap();
                    if cursor.is_none() {
                        break;
                    }
                }
            }
            What::Order(order) => {
                let heard = order_heard(order, step.second);
                assert_eq!(sync::on_order(&mut self.memory, &heard, None), Ok(None));
            }
            What::Stock(stock) => self.stock(stock),
            What::Outcome(outcome) => {
                let mut actions = self.actions[&outcome.key].iter().rev();
                let action = actions.nth(usize::from(outcome.of_the_one_before)).unwrap();
                let heard = OutcomeHeard {
                    action: action.clone(),
                    key: outcome.key.clone(),
                    end: end(outcome),
                    at: self.memory.now,
                };
                sync::on_outcome(&mut self.memory, &heard).unwrap();
            }
        }
    }

    fn stock(&mut self, stock: &CaseStock) {
        self.memory.see(&stock.shop, &stock.variant, stock.available);
        let variant = self.memory.variant(&stock.shop, &stock.variant).unwrap();
        let heard = StockHeard {
            shop: stock.shop.clone(),
            variant: stock.variant.clone(),
            sku: variant.sku.clone(),
            level: variant.listing.level.clone(),
            observed_at: self.memory.now,
        };
        sync::on_stock(&mut self.memory, &heard).unwrap();
    }

    fn check(&mut self, step: &Step, about: &str) {
        let mut changes: Vec<ExpectedChange> = Vec::new();
        for proposed in std::mem::take(&mut self.memory.changes) {
            self.actions.entry(proposed.key).or_default().push(proposed.id);
            changes.push(ExpectedChange {
                shop: proposed.shop,
                variant: proposed.variant,
                from: proposed.change.decided_on,
                to: proposed.change.available,
                en: proposed.explanation.en,
                it: proposed.explanation.it,
            });
        }
        assert_eq!(changes, step.changes, "{about}: changes");
        let alerts = std::mem::take(&mut self.memory.alerts).into_iter();
        let alerts: Vec<String> = alerts.map(|(_, notice)| notice.title.en).collect();
        assert_eq!(alerts, step.alerts, "{about}: alerts");
        for (sku, hub) in &step.hub {
            let json = &self.memory.state[&format!("sku/{sku}")];
            let shared: SharedSku = serde_json::from_str(json).unwrap();
            assert_eq!(shared.hub, *hub, "{about}: hub of {sku}");
        }
    }
}

fn order_heard(order: &CaseOrder, second: u64) -> OrderHeard {
    let lines = order.lines.iter().map(|line| {
        let counted = Line {
            sku: line.sku.clone(),
            variant: Some(line.variant.clone()),
            quantity: line.deducted,
        };
        (line.id.clone(), counted)
    });
    OrderHeard {
        shop: order.shop.clone(),
        id: order.id.clone(),
        number: order.id.clone(),
        placed_at: START_MS + order.placed_at * 1_000,
        placed: order.placed,
        deleted: order.deleted,
        now: CountedOrder { updated_at: START_MS + second * 1_000, lines: lines.collect() },
    }
}

fn end(outcome: &CaseOutcome) -> End {
    match (outcome.end.as_str(), outcome.found) {
        ("done", None) => End::Done,
        ("stale", Some(found)) => End::Stale(found),
        ("superseded", None) => End::Superseded,
        ("refused", None) => End::Refused,
        ("failed", None) => End::Failed,
        ("unknown", None) => End::Unknown,
        other => panic!("no such end: {other:?}"),
    }
}

#[test]
fn the_cases_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path.join("case.toml")).unwrap();
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut run = Run::begin(&case);
        for (number, step) in case.steps.iter().enumerate() {
            run.step(step);
            run.check(step, &format!("{name}, step {}", number + 1));
        }
        count += 1;
    }
    assert!(count >= 8, "only {count} cases were found");
}
