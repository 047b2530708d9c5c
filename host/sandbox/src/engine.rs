//! The engine that compiles and holds guests, and its limits.

use std::{sync::Arc, thread, time::Duration};

use tokio::sync::Semaphore;
use wasmtime::{Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits;

/// How many runs there are at a time, and what each may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxConfig {
    /// Runs at the same time: the size of the pool of instances. A run beyond waits.
    pub concurrent_runs: u32,
    /// Fuel of a run; one unit is about one Wasm instruction.
    pub fuel: u64,
    /// Time of a run, in milliseconds, waiting for the host included.
    pub wall_ms: u64,
    /// Linear memory of a run, over all its memories, in bytes.
    pub memory_bytes: usize,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            concurrent_runs: limits::CONCURRENT_RUNS,
            fuel: limits::RUN_FUEL,
            wall_ms: limits::RUN_WALL_MS,
            memory_bytes: limits::RUN_MEMORY_BYTES,
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
    /// The thread that measures time could not be started.
    #[error("the thread that interrupts guests could not be started")]
    Ticker(#[source] std::io::Error),
}

/// Where guests are compiled, held and called. A clone is the same sandbox.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    config: SandboxConfig,
    /// The pool has an instance for each permit, so a run that got one never finds it empty.
    permits: Semaphore,
}

impl Sandbox {
    /// Sets up the pool and starts the clock that interrupts guests.
    ///
    /// # Errors
    /// If this machine cannot give so much address space, or a thread.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let engine =
            Engine::new(&engine_config(&config)).map_err(|error| SandboxError::Engine {
                concurrent_runs: config.concurrent_runs,
                message: format!("{error:#}"),
            })?;
        start_ticker(engine.weak())?;
        let permits = Semaphore::new(config.concurrent_runs as usize);
        Ok(Self(Arc::new(Inner { engine, config, permits })))
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

    pub(crate) fn permits(&self) -> &Semaphore {
        &self.0.permits
    }
}

fn engine_config(config: &SandboxConfig) -> Config {
    let runs = config.concurrent_runs;
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
        .max_memory_size(config.memory_bytes)
        // Nothing of one client's run stays in memory that another client's run gets.
        .linear_memory_keep_resident(0)
        .table_keep_resident(0);
    let mut engine = Config::new();
    engine
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .wasm_component_model(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        // The same bytes on every machine: a run that is done again proposes the same.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true);
    engine
}

/// Moves the engine's epoch on, so that a guest that computes gives way to others.
fn start_ticker(engine: EngineWeak) -> Result<(), SandboxError> {
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(Duration::from_millis(limits::TICK_MS));
        }
    };
    let thread = thread::Builder::new().name("sandbox-ticker".to_owned());
    thread.spawn(tick).map(|_| ()).map_err(SandboxError::Ticker)
}
