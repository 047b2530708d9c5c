//! The decisions: what is counted, what a shop should show, what a difference means. Pure: no call
//! of the host, no clock; time comes in as a value.
//!
//! One quantity per SKU, the *hub*: what the source showed at first, less what orders took on any
//! shop (counted per shop, order and line, by difference), plus corrections. A shop should show
//! `max(0, hub - reserve)`. All the difficulty is in telling a correction from a sale that is not
//! known yet, from an echo, and from a sale that a write of ours overwrote. The safe side is never
//! to sell what is not there: where it cannot be told, the lower quantity is taken, and a *look*
//! settles it.
//!
//! Per shop, `expected` is what it shows if nothing happened but what is known. Why that holds:
//!
//! 1. **A write is a movement, not a jump.** It is carried out only where the shop shows
//!    `decided_on`, so a write that is done moves `expected` by `available - decided_on`. If
//!    `decided_on` was met by chance (a sale not counted yet made the shop show it), the difference
//!    between it and `expected` stays on record and is explained later like any other. A proposal
//!    that took the place of one that waited was carried out on that one's value, and is counted
//!    so.
//! 2. **A difference is judged late and once.** An observation counts as a correction only when
//!    the orders are known past its moment, and no deduction counted around that moment can
//!    explain it. Until then the shop is not written to.
//! 3. **An overwritten sale is not a delivery.** Between the host's look and its write a sale can
//!    fall, and the write undoes it in the shop. It is counted (now or later), so the shop then
//!    shows *more* than expected, with no event, since the write's own echo is all that is seen.
//!    Only deductions counted after the write was proposed can be such sales: up to their sum, a
//!    surplus is put down to them, the hub stays, and the shop is lowered again. The price: a
//!    delivery booked in a shop in that very moment may be taken for such a sale; the hub is too
//!    low then, never too high.
//! 4. **A write of unknown fate is two possibilities** until an observation after it fits one.
//! 5. **Whatever is open ends in a look**: a write of the expected value onto itself, which either
//!    passes its compare-and-set or tells what the shop shows. It comes soon where a sale may have
//!    been overwritten or a write not have happened, late where only the shop's word is missing. So
//!    a lost webhook, a stale mirror, an opening in the middle of a sale, events missed while the
//!    module was off, all heal without anybody's help.
//!
//! 6. **A restored backup is a gap in what is known**, and what a shop shows then is no correction of
//!    it; see [`restored`].
//!
//! What is not promised: a change by hand in the time between the host's look and its write is
//! overwritten unseen; one that cancels out, to the unit, a sale not known yet looks like nothing
//! at all; a sale that a write overwrote and that was called off before it was ever heard of looks
//! like a delivery. Nothing can be known of any of these.
//!
//! Start reading at [`shared`], then [`place`], then [`judge`].

pub mod judge;
pub mod orders;
pub mod overwriting;
pub mod place;
pub mod quantity;
pub mod reserve;
pub mod restored;
pub mod settings;
pub mod shared;
pub mod wanted;
pub mod words;

pub use place::Place;
pub use quantity::Quantity;
pub use reserve::Reserve;
pub use settings::Settings;
pub use shared::SharedSku;
