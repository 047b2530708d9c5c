//! Orders: what they take off stock.

use super::{Failure, Host, Sync, read, write};
use crate::rules::{
    orders::{CountedOrder, Taken, difference},
    words::Why,
};

/// An order that was placed or changed.
#[derive(Debug, Clone)]
pub struct OrderHeard {
    /// The shop.
    pub shop: String,
    /// Its id.
    pub id: String,
    /// Its number, for people.
    pub number: String,
    /// When it was placed, by the shop's clock.
    pub placed_at: u64,
    /// Whether it is new.
    pub placed: bool,
    /// Whether it is gone from the shop.
    pub deleted: bool,
    /// What it has deducted now.
    pub now: CountedOrder,
}

/// Counts what an order took since it was last heard of, and keeps the shops in step. Returns a
/// cursor if there is more to propose than fits a call.
///
/// An order that is gone keeps what it took: platforms give nothing back for what is deleted. One
/// that is not new and was never heard of is older than the install: what it has taken is in the
/// opening quantity.
///
/// # Errors
/// If the settings, the cursor or what is remembered cannot be read.
pub fn on_order<H: Host>(
    host: &mut H,
    heard: &OrderHeard,
    cursor: Option<&str>,
) -> Result<Option<String>, Failure> {
    let mut sync = Sync::begin(host)?;
    if !sync.shops.contains_key(&heard.shop) || heard.deleted {
        return Ok(None);
    }
    let key = format!("order/{}/{}", heard.shop, heard.id);
    let counted: Option<CountedOrder> = read(sync.host, &key)?;
    if counted.as_ref() == Some(&heard.now) {
        return Ok(None);
    }
    if counted.is_none() && !heard.placed {
        write(sync.host, &key, &heard.now)?;
        return Ok(None);
    }
    let before = counted.unwrap_or_default();
    let from = before.updated_at.max(heard.placed_at);
    // The order is remembered as counted by the last call only, so that each call finds the same
    // difference and goes on where the one before stopped.
    let done = cursor.map_or(Ok(0), str::parse);
    let done: usize = done.map_err(|_| format!("the cursor {cursor:?} is not a number"))?;
    for (index, taken) in difference(&before, &heard.now).iter().enumerate().skip(done) {
        if sync.is_full() {
            return Ok(Some(index.to_string()));
        }
        sync.count(heard, taken, from)?;
    }
    write(sync.host, &key, &heard.now)?;
    Ok(None)
}

impl<H: Host> Sync<'_, H> {
    fn count(&mut self, heard: &OrderHeard, taken: &Taken, from: u64) -> Result<(), Failure> {
        let sku = &taken.sku;
        if !self.is_shared(sku) {
            return Ok(());
        }
        let Some((mut shared, _)) = self.load_or_open(sku)? else {
            return Ok(());
        };
        shared.count(&heard.shop, taken, (from, heard.now.updated_at), self.now);
        let shop = self.name(&heard.shop).to_owned();
        let why = Why::Order { number: heard.number.clone(), shop, took: taken.quantity() };
        self.finish(sku, &mut shared, &why)
    }
}
