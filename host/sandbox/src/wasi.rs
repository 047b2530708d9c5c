//! WASI 0.2 with nothing behind it but a run's clock and randomness.
//!
//! The runtimes of most languages import it, whether a module uses it or not. There are no files, no
//! sockets, no arguments and no environment; what is printed goes to the run's log.

use std::time::Duration;

use fondaco_model::Timestamp;
use rand_chacha::ChaCha8Rng;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
    p2::pipe::MemoryOutputPipe,
};

use crate::{LogLevel, LogLine, limits, run::Run};

/// What one run has of WASI.
pub struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    output: MemoryOutputPipe,
    errors: MemoryOutputPipe,
}

impl Wasi {
    pub fn new(now: Timestamp, random: &ChaCha8Rng, log_bytes: usize) -> Self {
        let output = MemoryOutputPipe::new(log_bytes);
        let errors = MemoryOutputPipe::new(log_bytes);
        let context = WasiCtxBuilder::new()
            .stdout(output.clone())
            .stderr(errors.clone())
            .wall_clock(Frozen(now))
            .monotonic_clock(Frozen(now))
            .secure_random(random.clone())
            .insecure_random(random.clone())
            .insecure_random_seed(u128::from(now.0))
            .max_random_size(limits::RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits::WASI_RESOURCES_MAX);
        Self { context, table, output, errors }
    }

    /// What was printed, a line each.
    pub fn printed(&self) -> Vec<LogLine> {
        let mut lines = Vec::new();
        for (level, pipe) in [(LogLevel::Info, &self.output), (LogLevel::Warn, &self.errors)] {
            let text = String::from_utf8_lossy(&pipe.contents()).into_owned();
            let written = text.lines().filter(|line| !line.trim().is_empty());
            lines.extend(written.map(|line| LogLine { level, message: line.to_owned() }));
        }
        lines
    }
}

/// A clock that stands still.
struct Frozen(Timestamp);

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.0)
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}

impl WasiView for Run {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = match self.wasi.take() {
            Some(wasi) => wasi,
            None => Box::new(Wasi::new(self.now, self.random(), limits::LOG_BYTES_MAX)),
        };
        let wasi = self.wasi.insert(wasi);
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

/// Puts it into a linker.
pub fn link(linker: &mut Linker<Run>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)
}
