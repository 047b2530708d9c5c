//! Every time and count the command goes by.

use std::time::Duration;

/// How long the host waits for connections to end when it is stopped.
pub const DOORS_CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// How long a command waits for the running host's answer.
pub const ADMIN_ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long a command waits while the host asks a shop several things.
pub const SHOP_ANSWER_WITHIN: Duration = Duration::from_secs(300);

/// How long `fondaco backup` waits for the running host to have written all.
pub const BACKUP_WITHIN: Duration = Duration::from_secs(3600);

/// How long the demo's shops have to agree once nobody buys any more.
pub const DEMO_QUIET_WITHIN: Duration = Duration::from_secs(60);

/// How often something that turns while somebody waits moves on.
pub const SPINNER_EVERY: Duration = Duration::from_millis(100);

/// How often it is asked how far a shop is read.
pub const SYNC_LOOK_EVERY: Duration = Duration::from_millis(200);

/// Bytes of a webhook secret that is made up.
pub const WEBHOOK_SECRET_BYTES: usize = 32;

/// Secret files whose names begin alike, before somebody has to clean up.
pub const SECRET_FILE_NAMES_MAX: u32 = 99;

/// How long `fondaco shop connect --authorize` waits for the shop to hand over its keys.
pub const HAND_OVER_WITHIN: Duration = Duration::from_secs(600);

/// Longest body of a hand-over of keys, in bytes.
pub const HAND_OVER_BYTES_MAX: usize = 4096;
