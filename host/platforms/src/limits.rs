//! The limits of speaking to shops, by name and with their units. How long is waited for them is in
//! [`crate::timeouts`].

use std::time::Duration;

/// Longest wait that a shop can ask for in `Retry-After`.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Largest body of an answer, in bytes. A page of 100 orders with many lines has some 5 MB.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most requests to one shop at a time. Shared hosting runs a handful of PHP workers, and the
/// shop's customers need them too.
pub const REQUESTS_AT_ONCE_MAX: usize = 4;
/// Longest wait for a turn at the gate of a shop that is slowed down. Whoever would wait longer is
/// told so instead.
pub const GATE_WAIT_MAX: Duration = Duration::from_secs(5);
/// Requests in a row that a shop does not answer, the last of which opens its circuit.
pub const BREAKER_FAILURES_MAX: u32 = 5;
/// How long a shop is left alone when its circuit opens; doubled each time it stays away.
pub const BREAKER_PAUSE_FIRST: Duration = Duration::from_secs(5);
/// How long a shop is left alone at most.
pub const BREAKER_PAUSE_MAX: Duration = Duration::from_secs(300);
/// How long the others wait while one request tries whether the shop answers again.
pub const BREAKER_TRIAL_WAIT: Duration = Duration::from_secs(1);
/// Slowest pace that a shop is slowed down to, in requests a second.
pub const PACE_MIN_PER_SECOND: f64 = 0.2;
/// Pace from which on it is no bound any more, in requests a second. With as few requests at a time
/// as there are, hardly a shop answers faster.
pub const PACE_FORGOTTEN_PER_SECOND: f64 = 40.0;
/// In what time the pace is doubled again after it was halved.
pub const PACE_DOUBLES_IN: Duration = Duration::from_secs(10);
/// How long after the pace was halved further refusals are taken for the same excess.
pub const PACE_HALVED_ONCE_IN: Duration = Duration::from_secs(1);
/// Requests by which it is measured how fast they were sent, and answers among which refusals are
/// counted.
pub const PACE_MEASURED_REQUESTS: usize = 16;
/// Refusals among them that halve the pace. Fewer come from a busy moment of the shop: one that
/// refuses a request in fifty for no reason of its own would otherwise be asked a few times a second.
pub const PACE_HALVING_REFUSALS: usize = 3;
/// Below how many requests what is left of a shop's budget is spread over its time.
pub const BUDGET_SPREAD_BELOW: u64 = 10;
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
/// How far a shop's clock may be from the host's, in milliseconds. Polls reach back by much more, but
/// modules tell by it whether an observation of stock can show a sale already.
pub const CLOCK_DIFFERENCE_MS_MAX: u64 = 10_000;
/// The oldest WooCommerce whose lists can be asked for what was changed since a moment.
pub const VERSION_MIN: (u32, u32) = (5, 8);
/// Variants in one query to a Shopify shop. With all that is asked of each, one query may cost a
/// thousand points.
pub const SHOPIFY_VARIANTS_PER_PAGE: usize = 25;
/// Places of each variant in that query. One that lies in more is read by itself.
pub const SHOPIFY_LEVELS_PER_VARIANT: usize = 5;
/// Places of a Shopify shop.
pub const SHOPIFY_LOCATIONS_MAX: usize = 50;
/// Orders in one page of a Shopify shop, each a query of its own.
pub const SHOPIFY_ORDERS_PER_PAGE: usize = 20;
/// Lines, and movements of money, of one order of a Shopify shop.
pub const SHOPIFY_LINES_MAX: usize = 50;
/// Places that one order of a Shopify shop is sent from, and lines of each part of it, that are read with
/// the order.
pub const SHOPIFY_ORDER_PARTS: usize = 8;
/// Places that one order of a Shopify shop is sent from, where its parts are read by themselves.
pub const SHOPIFY_ORDER_PLACES_MAX: usize = 5;
/// For how long a Shopify shop shows its orders to an app without `read_all_orders`, in milliseconds.
pub const SHOPIFY_ORDERS_SEEN_FOR_MS: u64 = 60 * 24 * 60 * 60 * 1000;
/// Keys that are tried for one request of which a Shopify shop says that its attempts failed.
pub const KEY_GENERATIONS_MAX: u32 = 5;
/// How long before a token ends another one is fetched.
pub const TOKEN_RENEWED_BEFORE: Duration = Duration::from_secs(300);
/// The Magento that everything was tried with, as it calls itself.
pub const MAGENTO_VERSION_TRIED: &str = "2.4";
/// The WooCommerce that everything was tried with.
pub const VERSION_TRIED: (u32, u32) = (10, 5);
