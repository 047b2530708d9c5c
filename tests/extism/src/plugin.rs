//! The Extism plug-in, a new instance for each call.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use extism::{CompiledPlugin, PTR, PluginBuilder, UserData, convert::Json, host_fn};
use fondaco_sandbox::limits;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::{
    LINES,
    wire::{Answer, Deduction, Entry, Event, Kept, Key, Line, LogLine, Money, Order},
};

/// Where the memory of instances comes from.
#[derive(Clone, Copy, Debug)]
pub enum Allocation {
    /// From the operating system, for each instance.
    OnDemand,
    /// From a pool as large as the sandbox's, else as the engine has it.
    Pool,
    /// From such a pool that keeps and overwrites the pages that an instance wrote, as the sandbox's
    /// does.
    KeepingPool,
}

/// What the plug-in left with the host.
#[derive(Debug, Default)]
struct Left {
    state: BTreeMap<String, String>,
    log: Vec<LogLine>,
}

/// A plug-in that is compiled, and the event it is called with.
pub struct Plugin {
    compiled: CompiledPlugin,
    left: UserData<Left>,
    event: Event,
}

host_fn!(state_get(left: Left; key: Json<Key>) -> Json<Kept> {
    let left = left.get()?;
    let left = locked(&left);
    Ok(Json(Kept { value: left.state.get(&key.0.key).cloned() }))
});

host_fn!(state_set(left: Left; entry: Json<Entry>) {
    let Json(Entry { key, value }) = entry;
    locked(&left.get()?).state.insert(key, value);
    Ok(())
});

host_fn!(log_write(left: Left; line: Json<LogLine>) {
    locked(&left.get()?).log.push(line.0);
    Ok(())
});

fn locked(left: &Arc<Mutex<Left>>) -> std::sync::MutexGuard<'_, Left> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Plugin {
    pub fn new(wasm: &[u8], allocation: Allocation) -> Result<Self> {
        let left = UserData::new(Left::default());
        let mut config = Config::new();
        let pool = match allocation {
            Allocation::OnDemand => None,
            Allocation::Pool => Some(pool()),
            Allocation::KeepingPool => Some(keeping_pool()),
        };
        if let Some(pool) = pool {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        let compiled = PluginBuilder::new(wasm)
            .with_wasmtime_config(config)
            .with_cache_disabled()
            .with_function("state_get", [PTR], [PTR], left.clone(), state_get)
            .with_function("state_set", [PTR], [], left.clone(), state_set)
            .with_function("log_write", [PTR], [], left.clone(), log_write)
            .compile()?;
        Ok(Self { compiled, left, event: event() })
    }

    /// One call in a new instance, which is gone afterwards.
    pub fn once(&self) -> Result<()> {
        let mut plugin = extism::Plugin::new_from_compiled(&self.compiled)?;
        let answer: Json<Answer> = plugin.call("on_order", Json(&self.event))?;
        let log = std::mem::take(&mut locked(&self.left.get()?).log);
        anyhow::ensure!(answer.0.cursor.is_none() && log.len() == 1, "{answer:?} {log:?}");
        Ok(())
    }

    /// The tally it keeps.
    pub fn tally(&self) -> Option<String> {
        locked(&self.left.get().ok()?).state.get("tally").cloned()
    }
}

/// As large as the sandbox's pool, where both have the same numbers.
fn pool() -> PoolingAllocationConfig {
    let runs = limits::CONCURRENT_RUNS;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(runs * limits::CORE_INSTANCES_MAX)
        .total_memories(runs * limits::MEMORIES_MAX)
        .total_tables(runs * limits::TABLES_MAX)
        .total_gc_heaps(runs)
        .max_core_instance_size(limits::INSTANCE_BYTES_MAX)
        .max_memories_per_module(limits::MEMORIES_MAX)
        .max_tables_per_module(limits::TABLES_MAX)
        .table_elements(limits::TABLE_ELEMENTS_MAX)
        .max_memory_size(limits::RUN_MEMORY_BYTES);
    pool
}

fn keeping_pool() -> PoolingAllocationConfig {
    let mut pool = pool();
    pool.pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(limits::MEMORY_BYTES_KEPT)
        .table_keep_resident(limits::TABLE_BYTES_KEPT);
    pool
}

fn event() -> Event {
    let some = |text: &str| Some(text.to_owned());
    let line = |number: usize| Line {
        id: number.to_string(),
        kind: "goods".to_owned(),
        variant: Some((1000 + number).to_string()),
        product: Some((1000 + number).to_string()),
        sku: Some(format!("SKU-{number:04}")),
        title: format!("Something for the kitchen, number {number}"),
        quantity: "2".to_owned(),
        net: "19.9".to_owned(),
        tax: "4.38".to_owned(),
        discount: "0".to_owned(),
        deductions: vec![Deduction { location: None, quantity: "2".to_owned() }],
    };
    Event {
        event: "7".to_owned(),
        shop: some("milano"),
        observed_at: 1_800_000_000_000,
        caused_by: None,
        cursor: None,
        changes: vec!["placed".to_owned(), "paid".to_owned()],
        order: Order {
            shop: "milano".to_owned(),
            id: "17".to_owned(),
            number: "1042".to_owned(),
            state: "processing".to_owned(),
            test: false,
            channel: "web".to_owned(),
            placed_at: 1_800_000_000_000,
            updated_at: 1_800_000_000_000,
            paid_at: Some(1_800_000_000_000),
            customer: None,
            prices_include_tax: true,
            total: Money { amount: "485.6".to_owned(), currency: "EUR".to_owned() },
            presentment_total: None,
            total_tax: "87.6".to_owned(),
            refunded: "0".to_owned(),
            payment_method: some("stripe"),
            shipping_country: some("IT"),
            codes: Vec::new(),
            lines: (0..LINES).map(line).collect(),
        },
    }
}
