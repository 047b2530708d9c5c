//! Stock that somebody else changed.

use super::{Failure, Host, Sync};
use crate::rules::place::Level;

/// A level that changed.
#[derive(Debug, Clone)]
pub struct StockHeard {
    /// The shop.
    pub shop: String,
    /// The variant.
    pub variant: String,
    /// Its SKU.
    pub sku: String,
    /// The level; absent where the shop does not count the variant.
    pub level: Option<Level>,
    /// When the host observed it.
    pub observed_at: u64,
}

/// Remembers what a shop showed. What it means is judged at a tick, once the orders that may
/// explain it are known.
///
/// # Errors
/// If the settings or what is remembered cannot be read.
pub fn on_stock<H: Host>(host: &mut H, heard: &StockHeard) -> Result<(), Failure> {
    let mut sync = Sync::begin(host)?;
    if !sync.shops.contains_key(&heard.shop) || !sync.is_shared(&heard.sku) {
        return Ok(());
    }
    let Some((mut shared, mut why)) = sync.load_or_open(&heard.sku)? else {
        return Ok(());
    };
    let place = shared.places.get(&heard.shop);
    let policy = heard.level.as_ref().map(|level| level.policy);
    let known =
        place.is_some_and(|place| place.variant == heard.variant && Some(place.policy) == policy);
    if !known {
        let listings = sync.listings(&heard.sku);
        let Some(aligned) = sync.align(&heard.sku, shared, &listings)? else {
            return Ok(());
        };
        (shared, why) = aligned;
    }
    let read_at = shared.restored.as_ref().map(|restored| restored.read_at);
    // What was observed before a restored SKU was read is older than what was read.
    let is_newer = read_at.is_none_or(|read_at| heard.observed_at > read_at);
    let place = shared.places.get_mut(&heard.shop).filter(|_| is_newer);
    if let (Some(place), Some(level)) = (place, &heard.level)
        && place.variant == heard.variant
        && place.location == level.location
    {
        place.observe(level.available, Some(heard.observed_at), sync.now);
    }
    sync.finish(&heard.sku, &mut shared, &why)
}
