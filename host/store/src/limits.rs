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

/// Deliveries of other sites that are kept for one shop, newest first: a busy copy of a shop is not
/// to fill the disk.
pub const FOREIGN_DELIVERIES_KEPT_MAX: u32 = 1_000;

/// Dead deliveries or actions that one transaction retries or discards.
pub const REDONE_AT_ONCE_MAX: u32 = 1_000;

/// Hours that what is counted of an install is kept for; a quarter of a year.
pub const COUNTER_HOURS_KEPT: u64 = 92 * 24;

/// Keys of its state that a run's record names as read, and as many as written.
pub const TOUCHED_KEYS_MAX: usize = 100;
/// Rows that one job of retention deletes at most, so that nobody waits for it.
pub const FORGOTTEN_ROWS_MAX: i64 = 500;

/// Rows that are looked through beside the writer for what is too old, at once.
pub const LOOKED_THROUGH_ROWS_MAX: i64 = 20_000;

/// How long a run may read as of the commit that was the last when it began, in milliseconds: a
/// row that was superseded more recently than this is never forgotten. Longer than any run takes.
pub const VIEW_HELD_MS_MAX: u64 = 60 * 60 * 1000;

/// How far the numbers of deliveries, commits, events and actions jump ahead when a backup is
/// restored. The host that went on after the backup was taken gave numbers that nobody knows any
/// more; the ids of actions are made of them, and no two actions may have the same.
pub const RESTORED_NUMBERS_GAP: u64 = 1_000_000_000;

/// Largest spill file, in bytes: what shops send while the database cannot be written to.
pub const SPILL_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Disk that is set aside for the spill file beforehand, in bytes, so that it can be written to
/// when the disk is full.
pub const SPILL_RESERVED_BYTES: u64 = 4 * 1024 * 1024;

/// Largest record of the spill file, in bytes. More than any delivery that a door lets in.
pub const SPILL_RECORD_BYTES_MAX: u32 = 16 * 1024 * 1024;

/// How long intake waits for the database before a delivery is spilled, in milliseconds. Less than
/// any shop waits for an answer.
pub const SPILL_AFTER_MS: u64 = 2_000;

/// How many people are forgotten in one commit, where nobody in particular is meant.
pub const PEOPLE_AT_ONCE_MAX: usize = 200;
