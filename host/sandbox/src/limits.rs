//! How much of everything a module may use.
//!
//! Every number a guest could drive up has its bound here, with its unit in its name. The ones in
//! [`crate::SandboxConfig`] are defaults that a host may change; the others hold everywhere.

use fondaco_model::run::{Amounts, Resource};

/// Largest component, in bytes. The largest seen is a Python one with some 18 MB.
pub const COMPONENT_BYTES_MAX: usize = 64 * MIB;
/// Largest manifest, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 64 * KIB;
/// Largest settings schema, in bytes.
pub const SETTINGS_SCHEMA_BYTES_MAX: usize = 64 * KIB;
/// Smallest step that a schema may ask numbers to be multiples of.
pub const SCHEMA_STEP_MIN: f64 = 0.000_001;
/// Largest settings of an install, as JSON in bytes.
pub const SETTINGS_BYTES_MAX: usize = 256 * KIB;
/// Most mistakes that are listed of one file.
pub const MISTAKES_MAX: usize = 100;
/// Shortest time between two ticks of a schedule, in milliseconds.
pub const SCHEDULE_EVERY_MS_MIN: u64 = 1_000;
/// Longest time between two ticks of a schedule, in milliseconds: 31 days.
pub const SCHEDULE_EVERY_MS_MAX: u64 = 31 * 24 * 60 * 60 * 1_000;
/// Most schedules of a module.
pub const SCHEDULES_MAX: usize = 32;

/// Runs at the same time, over all clients: the size of the pool of instances.
pub const CONCURRENT_RUNS: u32 = 64;
/// Runs of one client at the same time, so that no client can hold the whole pool.
pub const CLIENT_RUNS: u32 = 16;
/// Runs of one client that may wait for a place.
pub const CLIENT_RUNS_WAITING_MAX: usize = 1_024;
/// How long a run may wait for a place, in milliseconds.
pub const WAIT_MS_MAX: u64 = 30_000;
/// How long a run may compute before it goes on where it takes processor time from nobody.
pub const COMPUTED_BEFORE_SLOW: std::time::Duration = std::time::Duration::from_millis(4);
/// How far below everything else the slow runs are: the operating system's "nice" value. At 10 they
/// get a tenth of a processor that others want too; at 19 so little that a run of some length would
/// use up its time on a machine that is merely busy.
pub const SLOW_NICENESS: i32 = 10;

/// Fuel of a run; one unit is about one Wasm instruction.
pub const RUN_FUEL: u64 = 1_000_000_000;
/// Fuel of a call that somebody waits for, before its lines are counted.
pub const QUOTE_FUEL: u64 = 20_000_000;
/// Fuel of a call that somebody waits for, for each line asked about.
pub const QUOTE_FUEL_PER_LINE: u64 = 1_000_000;
/// Time of a run, in milliseconds, waiting for the host included.
pub const RUN_WALL_MS: u64 = 5_000;
/// Linear memory of a run, over all its memories, in bytes.
pub const RUN_MEMORY_BYTES: usize = 64 * MIB;
/// Pages of each memory that stay with the pool after a run, overwritten, in bytes: what a small
/// module writes. What a run wrote beyond is given back to the operating system.
pub const MEMORY_BYTES_KEPT: usize = MIB;
/// Pages of each table that stay with the pool after a run, overwritten, in bytes.
pub const TABLE_BYTES_KEPT: usize = 64 * KIB;
/// Elements of all tables of a run.
pub const RUN_TABLE_ELEMENTS: u64 = 100_000;
/// Bytes that come out of a run: its proposals, and what its hook returns.
pub const RUN_OUTPUT_BYTES: usize = 4 * MIB;
/// Bytes that a run passes to imported functions, in all.
pub const RUN_HOST_CALL_BYTES: usize = 64 * MIB;
/// HTTP requests of a run.
pub const RUN_HTTP_REQUESTS: u64 = 16;

/// How much of each resource a run may use, before its module's manifest and its client's file
/// lower it.
#[must_use]
pub fn run_limits() -> Amounts {
    Amounts::of(|resource| match resource {
        Resource::Fuel => RUN_FUEL,
        Resource::WallTime => RUN_WALL_MS * 1_000,
        Resource::Memory => RUN_MEMORY_BYTES as u64,
        Resource::TableElements => RUN_TABLE_ELEMENTS,
        Resource::Instances => u64::from(CORE_INSTANCES_MAX),
        Resource::HostCalls => HOST_CALLS_MAX,
        Resource::HostCallBytes => RUN_HOST_CALL_BYTES as u64,
        Resource::OutputBytes => RUN_OUTPUT_BYTES as u64,
        Resource::LogBytes => LOG_BYTES_MAX as u64,
        Resource::StateBytes => STATE_BYTES_MAX as u64,
        Resource::Proposals => PROPOSALS_MAX as u64,
        Resource::HttpRequests => RUN_HTTP_REQUESTS,
    })
}

/// Core instances of one component; a Python one needs 38.
pub const CORE_INSTANCES_MAX: u32 = 64;
/// Linear memories of one component.
pub const MEMORIES_MAX: u32 = 4;
/// Tables of one component.
pub const TABLES_MAX: u32 = 16;
/// Elements of one table.
pub const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Largest internal state of one instance, in bytes.
pub const INSTANCE_BYTES_MAX: usize = MIB;

/// Fuel after which a guest that computes gives way, and its time may have run out: some tenth of a
/// millisecond, and some ten where each instruction waits for memory.
pub const SLICE_FUEL: u64 = 100_000;

/// Bytes that one call between guest and host may carry out of the guest.
pub const TRANSFER_BYTES_MAX: usize = 4 * MIB;
/// Calls of imported functions in one run.
pub const HOST_CALLS_MAX: u64 = 100_000;
/// Bytes of log that one run may write, [`LOG_LINE_BYTES`] for each line included.
pub const LOG_BYTES_MAX: usize = 64 * KIB;
/// What a line of log counts besides its text, so that empty lines have a bound too.
pub const LOG_LINE_BYTES: usize = 16;
/// Proposals of one run. A module with more to propose returns a cursor.
pub const PROPOSALS_MAX: usize = 1_000;
/// Bytes of one text within a proposal.
pub const PROPOSAL_TEXT_BYTES_MAX: usize = 4 * KIB;
/// Bytes of one name or code within a proposal.
pub const PROPOSAL_NAME_BYTES_MAX: usize = 256;
/// Bytes of one text of a product sheet within a proposal.
pub const PRODUCT_TEXT_BYTES_MAX: usize = 64 * KIB;
/// Lines of an order that one proposal names.
pub const ORDER_LINES_MAX: usize = 1_000;
/// Bytes of what a signal carries.
pub const SIGNAL_PAYLOAD_BYTES_MAX: usize = 64 * KIB;
/// Bytes of a proposal's key.
pub const PROPOSAL_KEY_BYTES_MAX: usize = 256;
/// Actions that one proposal may come after.
pub const PROPOSAL_AFTER_MAX: usize = 64;
/// Bytes of a state key.
pub const STATE_KEY_BYTES_MAX: usize = 256;
/// Bytes of state that one run may write, keys and values.
pub const STATE_BYTES_MAX: usize = 4 * MIB;
/// Bytes of one value of state.
pub const STATE_VALUE_BYTES_MAX: usize = 64 * KIB;
/// Entries of state that one run may read: what was read is kept until its commit.
pub const STATE_READS_MAX: usize = 50_000;
/// Most entries that one listing returns.
pub const LIST_ENTRIES_MAX: u32 = 1_000;
/// Bytes of a cursor.
pub const CURSOR_BYTES_MAX: usize = 4 * KIB;
/// Bytes of a failure's message that are kept.
pub const FAILURE_BYTES_MAX: usize = 4 * KIB;

/// Address space of a process that compiles, in bytes: its program, its threads' stacks and what
/// the compiler works with.
pub const COMPILE_MEMORY_BYTES: u64 = 2 * GIB;
/// Time of one compilation, in milliseconds.
pub const COMPILE_WALL_MS: u64 = 120_000;
/// Processor time of one compilation over all its threads, in seconds.
pub const COMPILE_CPU_SECONDS: u64 = 240;
/// How often it is told that a compilation is still going on.
pub const COMPILE_TELL_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
/// Threads of one compilation.
pub const COMPILE_THREADS: usize = 4;
/// Compilations at the same time, over the whole process.
pub const COMPILATIONS_AT_ONCE: usize = 2;
/// Bytes that are kept of what a process that compiles says when it fails.
pub const COMPILE_MESSAGE_BYTES_MAX: u64 = 4 * 1024;
/// Largest compiled code of one component, in bytes.
pub const CODE_BYTES_MAX: usize = 512 * MIB;
/// Bytes that a code cache keeps; what was not used for longest goes first.
pub const CODE_CACHE_BYTES_MAX: u64 = 4 * GIB;

/// Most hosts that a module may name.
pub const HTTP_HOSTS_MAX: usize = 64;
/// Most signals of a module.
pub const SIGNALS_MAX: usize = 64;
/// Most KPIs of a module.
pub const KPIS_MAX: usize = 64;
/// Shortest time that events about one thing are waited for, in milliseconds.
pub const COALESCE_MS_MIN: u64 = 100;
/// Longest time that events about one thing are waited for, in milliseconds: an hour.
pub const COALESCE_MS_MAX: u64 = 60 * 60 * 1_000;
/// Shortest age after which an event is not delivered any more, in milliseconds.
pub const MAX_AGE_MS_MIN: u64 = 1_000;
/// Longest age after which an event is not delivered any more, in milliseconds: 31 days.
pub const MAX_AGE_MS_MAX: u64 = 31 * 24 * 60 * 60 * 1_000;
/// How deep modules and components may lie within a component; a Python one has 2 levels.
pub const COMPONENT_DEPTH_MAX: usize = 16;
/// Most names that a component may import, and most that it may export.
pub const COMPONENT_NAMES_MAX: usize = 1_000;

/// Bytes of randomness that one call hands out.
pub const RANDOM_BYTES_MAX: u64 = 64 * KIB as u64;
/// Resources of WASI (streams, what is waited for) that a run may hold.
pub const WASI_RESOURCES_MAX: usize = 1_000;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const GIB: u64 = 1024 * 1024 * 1024;
