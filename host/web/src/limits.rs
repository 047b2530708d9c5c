//! Every size, time and count the HTTP doors go by.

use std::time::Duration;

/// Largest body a shop may send, in bytes. A WooCommerce order with a thousand lines has some 600 KB.
pub const HOOK_BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How long the readiness check waits for the store.
pub const READY_WITHIN: Duration = Duration::from_secs(2);

/// Rows an admin list has if nothing else is asked for.
pub const LIST_ROWS_DEFAULT: u32 = 20;

/// Longest reason a person may give for what they do, in bytes.
pub const REASON_BYTES_MAX: usize = 1024;

/// Most rows of an admin list.
pub const LIST_ROWS_MAX: u32 = 1000;

/// Longest reason that a person gives for what they do, in bytes.
pub const BECAUSE_BYTES_MAX: usize = 500;

/// Runs of an install that its figures are made of.
pub const FIGURES_RUNS: u32 = 200;
