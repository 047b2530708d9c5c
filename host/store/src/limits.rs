//! The store's limits, each with its unit in its name.

/// Jobs that wait for the writer; whoever comes then waits to hand in theirs.
pub const WRITER_QUEUE_JOBS_MAX: usize = 1024;

/// Jobs that one commit takes together.
pub const GROUP_JOBS_MAX: usize = 256;

/// Longest wait for the others before a commit, in microseconds.
pub const GATHER_US_MAX: u64 = 5_000;

/// How often it is looked meanwhile whether they have come, in microseconds.
pub const GATHER_STEP_US: u64 = 50;

/// Connections that read beside the writer.
pub const READERS_MAX: usize = 4;

/// How long a connection waits for a lock that another process holds, in milliseconds.
pub const BUSY_TIMEOUT_MS: u64 = 5_000;

/// Prepared statements that each connection keeps; more than there are in the code.
pub const STATEMENTS_CACHED_MAX: usize = 128;

/// Pages in the write-ahead log after which a commit moves them into the database.
pub const WAL_CHECKPOINT_PAGES: u32 = 1_000;

/// Size to which the write-ahead log's file is cut back once it has been moved, in bytes.
pub const WAL_KEPT_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// Memory for pages that the writer and each reader keeps, in KiB.
pub const PAGE_CACHE_KIB: i32 = 8 * 1024;

/// Orders of one page of the history that a new install hears.
pub const BACKFILL_ORDERS_MAX: usize = 20;

/// Bodies that one reading of the inbox returns together, in bytes; a larger one comes alone.
pub const DELIVERIES_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Dead deliveries or actions that one transaction retries or discards.
pub const REDONE_AT_ONCE_MAX: u32 = 1_000;

/// Hours that what is counted of an install is kept for; a quarter of a year.
pub const COUNTER_HOURS_KEPT: u64 = 92 * 24;

/// Keys of its state that a run's record names as read, and as many as written.
pub const TOUCHED_KEYS_MAX: usize = 100;
