//! The limits of speaking to shops, by name and with their units.

use std::time::Duration;

/// Longest wait for a connection to a shop.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Longest wait for an answer of a shop, from sending the request to the last byte of the body.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a connection that is not used is kept for the next request.
pub const CONNECTION_IDLE_TIME_MAX: Duration = Duration::from_secs(60);
/// Longest wait that a shop can ask for in `Retry-After`.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Largest body of an answer, in bytes. A page of 100 orders with many lines has some 5 MB.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most requests to one shop at a time. Shared hosting runs a handful of PHP workers, and the
/// shop's customers need them too.
pub const REQUESTS_AT_ONCE_MAX: usize = 4;
/// Entries asked for at a time. More than 100 is refused by WooCommerce.
pub const PAGE_ENTRIES_MAX: usize = 100;
/// Products whose variations are read for one page of the catalogue, each a request of its own.
pub const PAGE_VARIABLE_PRODUCTS_MAX: usize = 20;
/// Requests for one page of a list that is changing while it is read.
pub const PAGE_REQUESTS_MAX: usize = 50;
/// Longest piece of a shop's error message that is repeated, in characters.
pub const MESSAGE_CHARACTERS_MAX: usize = 300;
/// Longest address of another site that is repeated, in characters.
pub const SITE_CHARACTERS_MAX: usize = 200;
/// How far a shop's clock may be from the host's, in milliseconds. Polls reach back by twice as much.
pub const CLOCK_DIFFERENCE_MS_MAX: u64 = 60_000;
/// The oldest WooCommerce whose lists can be asked for what was changed since a moment.
pub const VERSION_MIN: (u32, u32) = (5, 8);
/// The WooCommerce that everything was tried with.
pub const VERSION_TRIED: (u32, u32) = (10, 5);
