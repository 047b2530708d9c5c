//! The engine that compiles and holds guests, and its limits.

use std::{path::PathBuf, sync::Arc, time::Duration};

use fondaco_model::run::{Amounts, Resource};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::{
    admission::Admission,
    code::{CodeCache, CodeCacheError, Compiler},
    lanes::SlowLane,
    limits,
    prepared::Shelf,
};

/// How many runs there are at a time, what each may use, and where code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxConfig {
    /// Runs at the same time: the size of the pool of instances. A run beyond waits.
    pub concurrent_runs: u32,
    /// Runs of one client at the same time. A run beyond waits, though there be places.
    pub client_runs: u32,
    /// How long a run may wait for a place, in milliseconds.
    pub wait_ms: u64,
    /// How long a run may compute before it goes on on the threads for slow ones.
    pub slow_after: Duration,
    /// How much of each resource a run may use, before its module and its client lower it.
    pub limits: Amounts,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// The folder where compiled code is kept; without one, everything is compiled at each start.
    pub code_folder: Option<PathBuf>,
}

/// The usual limits; compiled in this process and not kept.
impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            concurrent_runs: limits::CONCURRENT_RUNS,
            client_runs: limits::CLIENT_RUNS,
            wait_ms: limits::WAIT_MS_MAX,
            slow_after: limits::COMPUTED_BEFORE_SLOW,
            limits: limits::run_limits(),
            compiler: Compiler::InProcess,
            code_folder: None,
        }
    }
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// This machine cannot give what the pool needs.
    #[error("the pool for {concurrent_runs} runs cannot be set up; ask for fewer: {message}")]
    Engine {
        /// The runs that were asked for.
        concurrent_runs: u32,
        /// What the engine said.
        message: String,
    },
    /// A thread could not be started.
    #[error("the threads that guests need could not be started")]
    Threads(#[source] std::io::Error),
    /// The folder for compiled code cannot be used.
    #[error(transparent)]
    CodeCache(#[from] CodeCacheError),
}

/// Where guests are compiled, held and called. A clone is the same sandbox.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    config: SandboxConfig,
    /// The pool has an instance for each place, so a run that got one never finds it empty.
    admission: Admission,
    slow_lane: SlowLane,
    code_cache: Option<CodeCache>,
    shelf: Shelf,
}

impl Sandbox {
    /// Sets up the pool and the threads for slow runs.
    ///
    /// # Errors
    /// If this machine cannot give so much address space, or a thread, or the folder for compiled
    /// code cannot be used.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let engine =
            Engine::new(&engine_config(&config)).map_err(|error| SandboxError::Engine {
                concurrent_runs: config.concurrent_runs,
                message: format!("{error:#}"),
            })?;
        let wait = Duration::from_millis(config.wait_ms);
        let admission = Admission::new(config.concurrent_runs, config.client_runs, wait);
        let slow_lane = SlowLane::new(config.slow_after).map_err(SandboxError::Threads)?;
        let folder = config.code_folder.as_deref();
        let code_cache = folder.map(|folder| CodeCache::open(folder, &engine)).transpose()?;
        let shelf = Shelf::default();
        let inner = Inner { engine, config, admission, slow_lane, code_cache, shelf };
        Ok(Self(Arc::new(inner)))
    }

    /// The engine underneath, for measuring what this crate adds to it.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// What it was set up with.
    #[must_use]
    pub fn config(&self) -> &SandboxConfig {
        &self.0.config
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.0.admission
    }

    pub(crate) fn slow_lane(&self) -> &SlowLane {
        &self.0.slow_lane
    }

    pub(crate) fn code_cache(&self) -> Option<&CodeCache> {
        self.0.code_cache.as_ref()
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }
}

fn engine_config(config: &SandboxConfig) -> Config {
    let runs = config.concurrent_runs;
    let memory_bytes = usize::try_from(config.limits[Resource::Memory]).unwrap_or(usize::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(runs)
        .total_core_instances(runs.saturating_mul(limits::CORE_INSTANCES_MAX))
        .total_memories(runs.saturating_mul(limits::MEMORIES_MAX))
        .total_tables(runs.saturating_mul(limits::TABLES_MAX))
        .total_stacks(runs)
        .max_core_instances_per_component(limits::CORE_INSTANCES_MAX)
        .max_memories_per_component(limits::MEMORIES_MAX)
        .max_tables_per_component(limits::TABLES_MAX)
        .max_component_instance_size(limits::INSTANCE_BYTES_MAX)
        .max_core_instance_size(limits::INSTANCE_BYTES_MAX)
        .max_memories_per_module(limits::MEMORIES_MAX)
        .max_tables_per_module(limits::TABLES_MAX)
        .table_elements(limits::TABLE_ELEMENTS_MAX)
        .max_memory_size(memory_bytes);
    keep_pages(&mut pool);
    let mut engine = compile_config();
    engine.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    engine
}

/// Lets the pages that a run wrote be overwritten with what they held at first, instead of being given
/// back to the operating system and asked for again by the next run: that is some twenty page faults
/// less for each run. Which pages were written the kernel tells (Linux 6.7 or newer); where it does
/// not, whole memories would have to be overwritten, which costs more than it saves. Either way
/// nothing of one run is there for the next one.
fn keep_pages(pool: &mut PoolingAllocationConfig) {
    let known = PoolingAllocationConfig::is_pagemap_scan_available();
    let kept = |bytes| if known { bytes } else { 0 };
    pool.pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(kept(limits::MEMORY_BYTES_KEPT))
        .table_keep_resident(kept(limits::TABLE_BYTES_KEPT));
}

/// What compiled code depends on: all settings but the pool's. The process that compiles uses them
/// too, so that the engine takes what it made.
pub(crate) fn compile_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        // The same bytes on every machine: a run that is done again proposes the same.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true);
    config
}
