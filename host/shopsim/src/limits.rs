//! Every limit of the simulated shops, with its unit.

use std::time::Duration;

/// Largest body of a request, in bytes (`post_max_size` of the shop that was observed).
pub const REQUEST_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most entries of a page.
pub const PER_PAGE_MAX: u64 = 100;
/// Entries of a page when nothing is asked for.
pub const PER_PAGE_DEFAULT: u64 = 10;
/// Most entries of a batch.
pub const BATCH_ENTRIES_MAX: usize = 100;
/// How long a webhook's receiver may take.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// With more consecutive failures than this behind it, the next one disables a webhook.
pub const WEBHOOK_FAILURES_MAX: u32 = 5;
/// How far an OAuth timestamp may be from the shop's clock, in seconds.
pub const OAUTH_WINDOW_SECONDS: i64 = 15 * 60;
/// Between reading and writing a relative stock change (`inventory_delta`), which is not atomic.
pub const INVENTORY_DELTA_WINDOW: Duration = Duration::from_millis(5);
/// Between looking at what an order has left and entering a refund: whoever asks twice at once gets
/// two.
pub const REFUND_WINDOW: Duration = Duration::from_millis(5);
/// How many others a reordered webhook lets go before it, at most.
pub const REORDERED_BEHIND_MAX: u64 = 4;
/// How long a reordered webhook waits for others to go before it.
pub const REORDERED_WAIT_MAX: Duration = Duration::from_millis(500);
/// How long a consumer works on one operation of Magento's bulk queue.
pub const BULK_OPERATION_TAKES: Duration = Duration::from_millis(5);
/// What one query to Shopify may cost at most, in points.
pub const SHOPIFY_QUERY_COST_MAX: u64 = 1_000;
/// How often Shopify tries a delivery again that was not taken.
pub const SHOPIFY_RETRIES_MAX: u32 = 8;
/// How long such a delivery waits: eight times are four hours.
pub const SHOPIFY_RETRY_WAIT: Duration = Duration::from_secs(30 * 60);
/// Most decimals a money amount is asked for (`dp`).
pub const MONEY_DECIMALS_MAX: u32 = 10;
