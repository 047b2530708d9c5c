//! A backup of the host was restored.

use super::{Failure, Host, Sync};
use crate::{
    limits::SKUS_PER_CALL,
    rules::{SharedSku, words, words::Why},
};

/// Where a SKU stands after a restore.
pub(super) enum Restore {
    /// It was not restored, or that is over.
    None,
    /// Orders that it needs are not known yet.
    Waits,
    /// It goes on as ever from now on.
    Concluded,
}

/// Opens all that is remembered anew, a page of SKUs in a call; the cursor is the last of the page.
///
/// `at`: when the backup was restored.
///
/// # Errors
/// If the settings or what is remembered cannot be read.
pub fn on_restored<H: Host>(
    host: &mut H,
    at: u64,
    cursor: Option<&str>,
) -> Result<Option<String>, Failure> {
    let mut sync = Sync::begin(host)?;
    let skus = sync.host.skus(cursor, SKUS_PER_CALL);
    let more = skus.len() >= SKUS_PER_CALL as usize;
    for (index, sku) in skus.iter().enumerate() {
        sync.begin_anew(sku, at)?;
        if sync.is_full() || (more && index + 1 == skus.len()) {
            return Ok(Some(sku.clone()));
        }
    }
    Ok(None)
}

impl<H: Host> Sync<'_, H> {
    fn begin_anew(&mut self, sku: &str, at: u64) -> Result<(), Failure> {
        if !self.is_shared(sku) {
            return Ok(());
        }
        // One that was not known at the backup is opened as it always is.
        let Some(known) = self.load(sku)? else {
            return Ok(());
        };
        let listings = self.listings(sku);
        let Some((mut shared, _)) = self.align(sku, known, &listings)? else {
            return Ok(());
        };
        shared.restore(&self.reserve, &listings, at, self.now);
        let shops: Vec<String> = shared.places.keys().cloned().collect();
        for shop in shops {
            if let Some(look) = shared.places.get(&shop).and_then(|place| place.call_back()) {
                self.propose(sku, &mut shared, &shop, look, &Why::Look);
            }
        }
        self.save(sku, &mut shared)
    }

    /// Goes on as ever with a SKU that was restored, once the orders are known that it waits for.
    pub(super) fn conclude(&mut self, sku: &str, shared: &mut SharedSku) -> Restore {
        if shared.restored.is_none() {
            return Restore::None;
        }
        if !shared.is_explained(self.now, |shop| self.host.known_until(shop)) {
            return Restore::Waits;
        }
        if let Some(odd) = shared.conclude(&self.reserve) {
            let name = |shop: &str| self.name(shop).to_owned();
            let notice = words::odd_after_restore(sku, &odd, shared.hub, name);
            self.tell(&format!("restored/{sku}"), &notice);
        }
        Restore::Concluded
    }
}
