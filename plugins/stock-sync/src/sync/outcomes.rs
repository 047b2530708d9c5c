//! What became of proposals.

use super::{Failure, Host, Sync};
use crate::rules::{place::End, words::Why};

/// A change of stock that ended.
#[derive(Debug, Clone)]
pub struct OutcomeHeard {
    /// The action's id.
    pub action: String,
    /// The key it was proposed with: `<shop>/<sku>`.
    pub key: String,
    /// How it ended.
    pub end: End,
    /// When the host observed its end.
    pub at: u64,
}

/// Takes in how a proposal ended, and proposes again what is still needed there.
///
/// # Errors
/// If the settings or what is remembered cannot be read.
pub fn on_outcome<H: Host>(host: &mut H, heard: &OutcomeHeard) -> Result<(), Failure> {
    let mut sync = Sync::begin(host)?;
    let Some((shop, sku)) = heard.key.split_once('/') else {
        return Ok(());
    };
    let Some(mut shared) = sync.load(sku)? else {
        return Ok(());
    };
    let known_until = sync.host.known_until(shop);
    let Some(place) = shared.places.get_mut(shop) else {
        return Ok(());
    };
    if !place.end(&heard.action, heard.end, heard.at, known_until) {
        return Ok(());
    }
    if shared.restored.is_some() {
        // It may have ended after what was read of its shop, or before.
        let listings = sync.listings(sku);
        shared.read_anew(&listings, sync.now);
        return sync.save(sku, &mut shared);
    }
    // What the shop showed must be explained before it is written to again; a tick sees to that.
    let clear = place.expected == place.seen.quantity && place.doubtful.is_empty();
    let free = place.flights.is_empty();
    if clear
        && free
        && let Some(change) = shared.wanted(&sync.reserve, shop, sync.now)
    {
        sync.propose(sku, &mut shared, shop, change, &Why::OutOfStep);
    }
    sync.save(sku, &mut shared)
}
