//! Every number that bounds or paces this module, with its unit.

/// How far the host's knowledge of a shop's orders must reach beyond a moment before that moment
/// counts as covered: the host's clock and the reading of a page are not exact to the millisecond.
pub const COVERED_MARGIN_MS: u64 = 1_000;

/// How far apart a shop's clock and the host's may be (`fondaco shop check` says if it is more), and
/// how long an observation may have been on its way.
pub const CLOCK_SKEW_MS: u64 = 10_000;

/// When a sale may have been overwritten, or a write may not have happened: how long a shop's own
/// word is waited for before the shop is looked at.
pub const LOOK_SOON_MS: u64 = 30_000;

/// When a shop's own word of a change that is already counted is only late: how long it is waited
/// for before the shop is looked at.
pub const LOOK_LATE_MS: u64 = 600_000;

/// How long a shop may show something unexplained before it is not waited for certainty any more:
/// it is lowered all the same, and the part that is certain is taken for a correction.
pub const UNEXPLAINED_MS: u64 = 300_000;

/// The first wait after an action that failed or expired; doubled each time.
pub const RETRY_FAILED_MS: u64 = 60_000;

/// The first wait after an action that the host or a person refused; doubled each time.
pub const RETRY_REFUSED_MS: u64 = 3_600_000;

/// The longest wait before an action is proposed again.
pub const RETRY_MS_MAX: u64 = 86_400_000;

/// Deductions remembered one by one for a place; beyond, the oldest are joined.
pub const DEDUCTIONS_MAX: usize = 8;

/// Proposals for one place whose outcome is not known yet; beyond, the next waits for an outcome.
pub const FLIGHTS_MAX: usize = 8;

/// Writes of unknown fate remembered for a place; beyond, the oldest is forgotten, and what it did
/// is found as a correction.
pub const DOUBTFUL_MAX: usize = 3;

/// Writes remembered for a place as long as they may have overwritten a sale; beyond, the oldest
/// are joined.
pub const WINDOWS_MAX: usize = 4;

/// SKUs looked at in one call.
pub const SKUS_PER_CALL: u32 = 50;

/// Orders looked at for forgetting in one call.
pub const ORDERS_PER_CALL: u32 = 50;

/// How long after its last change an order is remembered. What it does to stock later is found as
/// a correction.
pub const ORDER_KEPT_MS: u64 = 400 * 86_400_000;

/// The longest SKU that is shared, so that it fits the keys of state and proposals beside a shop.
pub const SKU_BYTES_MAX: usize = 180;

/// Proposals after which a call stops and asks to be called again; the host takes 1,000 of a run,
/// and one SKU needs as many as there are shops.
pub const PROPOSALS_PER_CALL: usize = 500;
