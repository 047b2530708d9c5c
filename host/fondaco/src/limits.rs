//! Every time and count the command goes by.

use std::time::Duration;

/// How long the host waits for connections to end when it is stopped.
pub const DOORS_CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// How long a command waits for the running host's answer.
pub const ADMIN_ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long `fondaco backup` waits for the running host to have written all.
pub const BACKUP_WITHIN: Duration = Duration::from_secs(3600);

/// How long the demo's shops have to agree once nobody buys any more.
pub const DEMO_QUIET_WITHIN: Duration = Duration::from_secs(60);
