//! What a configuration may be at most, and at least. What holds for modules themselves is in
//! [`fondaco_sandbox::limits`].

use std::time::Duration;

/// Largest configuration file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Longest secret, in bytes, without the line end of its file.
pub const SECRET_BYTES_MAX: usize = 4096;
/// Shortest token of a principal, in bytes. Whoever guesses it acts in that principal's name.
pub const TOKEN_BYTES_MIN: usize = 16;
/// Longest path of a Unix socket, in bytes: what Linux has room for in a socket's address.
pub const SOCKET_PATH_BYTES_MAX: usize = 107;
/// Longest name that people read, in bytes.
pub const TITLE_BYTES_MAX: usize = 200;

/// Most principals of a host.
pub const PRINCIPALS_MAX: usize = 1000;
/// Most clients of a host.
pub const CLIENTS_MAX: usize = 10_000;
/// Most areas of a client.
pub const AREAS_MAX: usize = 50;
/// Most shops of a client.
pub const SHOPS_MAX: usize = 200;
/// Most installs of a client.
pub const INSTALLS_MAX: usize = 100;
/// Most secrets of an install.
pub const SECRETS_MAX: usize = 32;
/// Most private addresses that a host opens to its modules.
pub const EGRESS_ADDRESSES_MAX: usize = 100;

/// How often a shop is asked what changed, at most.
pub const POLL_EVERY_MIN: Duration = Duration::from_secs(1);
/// How often a shop is asked what changed, at least: what a lost webhook told is this late.
pub const POLL_EVERY_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How often a shop is asked what changed, where its client's file does not say.
pub const POLL_EVERY: Duration = Duration::from_secs(60);

/// How often all that a shop has is compared with the mirror, at most: it is a reading of the whole
/// shop, if only of its ids.
pub const RECONCILE_EVERY_MIN: Duration = Duration::from_secs(60);
/// How often all that a shop has is compared with the mirror, at least.
pub const RECONCILE_EVERY_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How often all that a shop has is compared with the mirror, where its client's file does not say.
pub const RECONCILE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Shortest time that nothing is heard of a shop before its people are told.
pub const SILENT_AFTER_MIN: Duration = Duration::from_secs(1);
/// Longest time that nothing is heard of a shop before its people are told.
pub const SILENT_AFTER_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long nothing is heard of a shop before its people are told, where its client's file does not
/// say. Long enough for an update of the shop, and for some polls.
pub const SILENT_AFTER: Duration = Duration::from_secs(15 * 60);

/// Shortest time after which an action is given up.
pub const GIVE_UP_AFTER_MIN: Duration = Duration::from_secs(1);
/// Longest time after which an action is given up.
pub const GIVE_UP_AFTER_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// After how long an action that a shop cannot be reached for is given up, and its effect not looked
/// for any longer, where its client's file does not say.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(72 * 3600);

/// Shortest time that anything is kept, in days: longer than any run takes.
pub const RETENTION_DAYS_MIN: u32 = 1;
/// Longest time that anything is kept, in days.
pub const RETENTION_DAYS_MAX: u32 = 36_500;

/// Most room that the store's disk may be asked to have, in MiB.
pub const ROOM_MIB_MAX: u64 = 1024 * 1024;
