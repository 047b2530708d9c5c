//! Orders: what they take off stock.

use super::{Failure, Host, Sync, read, write};
use crate::rules::{
    orders::{CountedOrder, difference},
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

/// Counts what an order took since it was last heard of, and keeps the shops in step.
///
/// An order that is gone keeps what it took: platforms give nothing back for what is deleted. One
/// that is not new and was never heard of is older than the install: what it has taken is in the
/// opening quantity.
///
/// # Errors
/// If the settings or what is remembered cannot be read.
pub fn on_order<H: Host>(host: &mut H, heard: &OrderHeard) -> Result<(), Failure> {
    let mut sync = Sync::begin(host)?;
    if !sync.shops.contains_key(&heard.shop) || heard.deleted {
        return Ok(());
    }
    let key = format!("order/{}/{}", heard.shop, heard.id);
    let counted: Option<CountedOrder> = read(sync.host, &key)?;
    if counted.as_ref() == Some(&heard.now) {
        return Ok(());
    }
    write(sync.host, &key, &heard.now)?;
    if counted.is_none() && !heard.placed {
        return Ok(());
    }
    let before = counted.unwrap_or_default();
    let from = before.updated_at.max(heard.placed_at);
    for taken in difference(&before, &heard.now) {
        let sku = &taken.sku;
        if !sync.is_shared(sku) {
            continue;
        }
        let Some((mut shared, _)) = sync.load_or_open(sku)? else {
            continue;
        };
        shared.count(&heard.shop, &taken, from, sync.now);
        let shop = sync.name(&heard.shop).to_owned();
        let number = heard.number.clone();
        let why = Why::Order {
            number,
            shop,
            took: taken.quantity(),
        };
        sync.finish(sku, &mut shared, &why)?;
    }
    Ok(())
}
