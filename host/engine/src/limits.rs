//! Every size, time and count the engine goes by.

use std::time::Duration;

/// Threads that guests run on: one for each core.
#[must_use]
pub fn guest_threads() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// Happenings kept for a slow listener before it misses some.
pub const HAPPENINGS_KEPT_MAX: usize = 4096;

/// How long stopping waits for work that is under way. Longer than a request to a shop may take,
/// shorter than what process managers wait before they kill.
pub const STOP_MAX: Duration = Duration::from_secs(20);

/// Deliveries read from the inbox at once.
pub const DELIVERIES_BATCH_MAX: u32 = 64;

/// Events read at once.
pub const EVENTS_BATCH_MAX: u32 = 64;

/// Actions begun at once.
pub const ACTIONS_BATCH_MAX: u32 = 32;

/// Runs of one install under way at the same time. Their commits share an fsync.
pub const RUNS_PER_INSTALL_MAX: usize = 8;

/// Events of an install in memory that it is not done with.
pub const TURNS_MAX: usize = 4_096;

/// How many events an install may be ahead of the earliest it is not done with.
pub const EVENTS_AHEAD_MAX: u64 = 16_384;

/// Events an install may pass by before its cursor is written down.
pub const PASSED_EVENTS_MAX: u64 = 256;

/// How long after it has passed events by its cursor is written down at the latest.
pub const PASSED_NOTED_AFTER: Duration = Duration::from_secs(1);

/// Requests under way to one shop.
pub const REQUESTS_PER_SHOP_MAX: usize = 4;

/// Entities waiting to be read from a shop, before further ones wait for the next poll.
pub const FETCHES_WAITING_MAX: usize = 10_000;

/// How far a poll reaches back before the previous one, since platforms' clocks differ from the
/// host's and their versions are coarse.
pub const POLL_OVERLAP: Duration = Duration::from_secs(120);

/// How many times faster a shop that sends nothing is polled while something happens.
pub const POLLED_FASTER_MAX: u32 = 8;

/// How many times slower than its polls a shop's list of stock and prices is compared while nothing is
/// found.
pub const LEVELS_SLOWER_MAX: u32 = 16;

/// Open alerts of a client that are looked through when its work begins.
pub const OPEN_ALERTS_MAX: u32 = 1_000;

/// How often it is looked whether every shop is heard of.
pub const SILENCE_LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a shop did not list and the mirror has, looked at in one step of a reconciliation.
pub const UNLISTED_BATCH_MAX: u32 = 50;

/// Rows of what shops listed that are forgotten at once.
pub const LISTED_FORGOTTEN_MAX: u32 = 500;

/// How often the shops' webhooks are looked after.
pub const WEBHOOKS_CHECK_EVERY: Duration = Duration::from_secs(300);

/// How many of all SKUs, in percent, a person's choice may change before somebody has to approve it.
pub const ALIGN_CHANGED_PERCENT_MAX: usize = 10;

/// How many of all SKUs, in percent, it may set to none before that.
pub const ALIGN_ZEROED_PERCENT_MAX: usize = 2;

/// Listings of what differs that are remembered of a client, so that a person can choose by them.
pub const ALIGN_LISTINGS_KEPT_MAX: usize = 4;

/// SKUs read from the mirror at once to compare shops.
pub const ALIGN_SKUS_BATCH_MAX: u32 = 1_000;

/// Writes of a person's choice that are put into the outbox in one commit.
pub const ALIGN_COMMIT_ACTIONS_MAX: usize = 500;

/// How often a run is done again because something it read had changed, before it takes its
/// install's lease.
pub const CONFLICTS_MAX: u32 = 3;

/// How often a run is tried that says it failed for a while.
pub const RUN_TRIES_MAX: u32 = 6;

/// Runs of an install that fail for good one after the other, the last of which pauses it.
pub const FAILED_RUNS_MAX: u32 = 5;

/// Events that wait for an install that stands still, from which on an alert is open.
pub const BACKLOG_ALERT_EVENTS: u64 = 10_000;

/// Most events that wait for an install that stands still, some gigabyte of them. Where there are
/// more, the older half passes by, with a critical alert.
pub const BACKLOG_EVENTS_MAX: u64 = 1_000_000;

/// How often it is looked how much waits for an install that stands still.
pub const BACKLOG_LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long an observation or a settlement whose mirror row moved on is tried again.
pub const MOVED_TRIES_MAX: u32 = 100;

/// The time that the first wait between two tries is drawn from; doubled each time.
pub const RETRY_FIRST: Duration = Duration::from_millis(250);

/// The longest time that a wait between two tries is drawn from.
pub const RETRY_LONGEST: Duration = Duration::from_secs(300);

/// The longest time that a wait between two tries of an action is drawn from: what stands in the
/// outbox of a shop that was down over a weekend goes out soon after it is back.
pub const ACTION_RETRY_LONGEST: Duration = Duration::from_secs(900);

/// How long the outbox is left alone when nothing wakes it: postponed actions become due.
pub const OUTBOX_LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long the clock of the schedules sleeps at most.
pub const SCHEDULE_LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often it is looked what is kept no longer.
pub const RETENTION_EVERY: Duration = Duration::from_secs(3600);

/// Between two batches of what is forgotten, so that others come between.
pub const RETENTION_PAUSE: Duration = Duration::from_millis(20);

/// How often it is tried whether the database takes in what was spilled.
pub const SPILL_LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked how much room the store's disk has. What may be written in this time
/// has to fit below [`ROOM_REFUSE_BELOW_BYTES`].
pub const ROOM_LOOK_EVERY: Duration = Duration::from_secs(5);

/// Below how many free bytes of the store's disk somebody is told.
pub const ROOM_ALERT_BELOW_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Below how many free bytes of the store's disk nothing new is begun.
pub const ROOM_REFUSE_BELOW_BYTES: u64 = 256 * 1024 * 1024;

/// After how long a shop is asked to send again what was refused because there is no room.
pub const ROOM_RETRY_AFTER: Duration = Duration::from_secs(60);
