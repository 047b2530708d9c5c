//! What this module needs of the host.

use std::collections::BTreeMap;

use crate::rules::{
    shared::Listing,
    wanted::Change,
    words::{Notice, Words},
};

/// A change of stock as it is proposed.
#[derive(Debug, Clone, Copy)]
pub struct Proposed<'a> {
    /// The shop.
    pub shop: &'a str,
    /// The variant.
    pub variant: &'a str,
    /// The place in the shop; absent where it has one quantity.
    pub location: Option<&'a str>,
    /// From what to what.
    pub change: Change,
    /// Comes back with the outcome: `<shop>/<sku>`.
    pub key: &'a str,
    /// Why.
    pub explanation: &'a Words,
}

/// The contract's functions, as this module uses them.
pub trait Host {
    /// When the run began, in milliseconds since 1970.
    fn now(&self) -> u64;

    /// The settings, as JSON.
    fn settings(&self) -> String;

    /// The names of the client's production shops, by id.
    fn production_shops(&self) -> BTreeMap<String, String>;

    /// The variants that carry a SKU, on every shop, with what the host last saw of their stock.
    fn listings(&self, sku: &str) -> Vec<Listing>;

    /// The SKUs after one, at most `limit`.
    fn skus(&self, after: Option<&str>, limit: u32) -> Vec<String>;

    /// Until when a shop's orders are complete.
    fn known_until(&self, shop: &str) -> Option<u64>;

    /// Whether nothing is heard of a shop.
    fn is_silent(&self, shop: &str) -> bool;

    /// A value of the state.
    fn get(&self, key: &str) -> Option<String>;

    /// Sets a value of the state.
    fn set(&mut self, key: &str, value: &str);

    /// Removes a value of the state.
    fn delete(&mut self, key: &str);

    /// The entries whose key begins with a prefix, after a key, at most `limit`.
    fn list(&self, prefix: &str, after: Option<&str>, limit: u32) -> Vec<(String, String)>;

    /// Proposes a change of stock; returns the action's id.
    ///
    /// # Errors
    /// If the host does not take it; says why.
    fn change_stock(&mut self, proposed: &Proposed<'_>) -> Result<String, String>;

    /// Proposes to tell the people of the area.
    ///
    /// # Errors
    /// If the host does not take it; says why.
    fn alert(&mut self, notice: &Notice, key: &str) -> Result<(), String>;

    /// Writes into the run's record.
    fn info(&mut self, message: &str);

    /// Writes into the run's record that something is not as it should be.
    fn warn(&mut self, message: &str);
}
