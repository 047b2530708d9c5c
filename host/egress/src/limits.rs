//! The limits of a module's requests, by name and with their units.

use std::time::Duration;

/// Longest time for one request: waiting for its turn, all redirects and the body included.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(3);
/// Longest wait for a connection to one address, so that a dead one leaves time for the next.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// Most redirects that are followed.
pub const REDIRECTS_MAX: usize = 3;
/// Most addresses of one host that are tried.
pub const ADDRESSES_TRIED_MAX: usize = 4;

/// Most requests of the whole host at a time.
pub const REQUESTS_AT_ONCE_MAX: usize = 64;
/// Most requests of one install at a time, so that one that asks slow servers leaves room.
pub const INSTALL_REQUESTS_AT_ONCE_MAX: usize = 4;
/// Most names looked up at a time. The system's lookup cannot be interrupted and may outlive the
/// request that wanted it, so it has a count of its own.
pub const LOOKUPS_AT_ONCE_MAX: usize = 32;

/// Longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// Most headers of a request.
pub const REQUEST_HEADERS_MAX: usize = 32;
/// Names and values of all headers of a request, secrets inserted, in bytes.
pub const REQUEST_HEADER_BYTES_MAX: usize = 16 * 1024;
/// Most headers of an answer.
pub const ANSWER_HEADERS_MAX: usize = 100;
/// Status line and headers of an answer, in bytes.
pub const ANSWER_HEADER_BYTES_MAX: usize = 32 * 1024;
/// Body of an answer, after decompression, in bytes.
pub const ANSWER_BODY_BYTES_MAX: usize = 1024 * 1024;
/// What the body of an answer may be larger by as it comes over the wire: a body that does not
/// compress grows a little by being compressed. In bytes.
pub const COMPRESSION_OVERHEAD_BYTES_MAX: usize = 64 * 1024;

/// Longest piece of an error that others worded in a failure, in characters.
pub const REASON_CHARACTERS_MAX: usize = 300;

/// Shortest secret, in bytes. Shorter ones could not be told from ordinary text when they come
/// back in an answer.
pub const SECRET_BYTES_MIN: usize = 8;
/// Longest secret, in bytes.
pub const SECRET_BYTES_MAX: usize = 4 * 1024;
