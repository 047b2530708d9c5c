//! How much of everything a module may use.
//!
//! Every number a guest could drive up has its bound here, with its unit in its name. The ones in
//! [`crate::SandboxConfig`] are defaults that a host may change; the others hold everywhere.

/// Largest component, in bytes. The largest seen is a Python one with some 18 MB.
pub const COMPONENT_BYTES_MAX: usize = 64 * MIB;
/// Largest manifest, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 64 * KIB;
/// Largest settings schema, in bytes.
pub const SETTINGS_SCHEMA_BYTES_MAX: usize = 64 * KIB;
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

/// Runs at the same time, over all clients.
pub const CONCURRENT_RUNS: u32 = 64;
/// Fuel of a run; one unit is about one Wasm instruction.
pub const RUN_FUEL: u64 = 1_000_000_000;
/// Time of a run, in milliseconds, waiting for the host included.
pub const RUN_WALL_MS: u64 = 5_000;
/// Linear memory of a run, over all its memories, in bytes.
pub const RUN_MEMORY_BYTES: usize = 64 * MIB;

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

/// How often running guests are interrupted to give way and to look at the time, in milliseconds.
pub const TICK_MS: u64 = 1;

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

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
