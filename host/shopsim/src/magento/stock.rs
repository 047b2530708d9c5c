//! What lies in sources, what is reserved, and what can be sold of it.
//!
//! An order reserves; what lies there stays. What is sent lies there no longer, and its reservation is
//! gone. What can be sold is what the index has for the sources, less what is reserved; reservations
//! count at once, the index follows what is written into a source.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::state::State;
use crate::ledger::{LedgerEvent, Writer};

/// How much lies in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SourceItem {
    pub quantity: Decimal,
    /// 0: taken for none.
    pub status: u64,
}

impl State {
    /// What lies in all sources that count.
    pub(crate) fn on_hand(&self, sku: &str) -> i64 {
        let items = self.source_items.iter().filter(|((known, _), _)| is_same(known, sku));
        let counted = items.filter(|(_, item)| item.status != 0);
        counted.map(|(_, item)| item.quantity).sum::<Decimal>().to_i64().unwrap_or_default()
    }

    /// What can be sold; nothing where nobody counts.
    pub(crate) fn salable(&self, sku: &str) -> Option<i64> {
        let product = self.by_sku(sku)?;
        if product.configurable || !product.manage_stock {
            return None;
        }
        let reserved = self.reservations.get(&product.sku).copied().unwrap_or_default();
        Some(self.index.get(&product.sku).copied().unwrap_or_default() + reserved)
    }

    /// Lets the index have what lies there.
    pub(crate) fn reindex(&mut self, sku: &str) {
        let there = self.on_hand(sku);
        let name = self.by_sku(sku).map_or_else(|| sku.to_owned(), |product| product.sku.clone());
        self.index.insert(name, there);
    }

    pub(crate) fn run_indexer(&mut self) {
        let skus: Vec<String> = self.products.values().map(|known| known.sku.clone()).collect();
        skus.iter().for_each(|sku| self.reindex(sku));
    }

    /// Reserves for an order, or takes a reservation back.
    pub(crate) fn reserve(&mut self, sku: &str, change: i64) {
        *self.reservations.entry(sku.to_owned()).or_default() += change;
    }

    /// Writes what lies in a source.
    pub(crate) fn write_source(&mut self, sku: &str, source: &str, item: SourceItem, by: Writer) {
        let before = self.on_hand(sku);
        let key =
            self.source_items.keys().find(|(known, code)| is_same(known, sku) && code == source);
        let key = key.cloned().unwrap_or_else(|| (sku.to_owned(), source.to_owned()));
        self.source_items.insert(key, item);
        let after = self.on_hand(sku);
        if self.index_on_save {
            self.reindex(sku);
        }
        let sku = self.by_sku(sku).map_or_else(|| sku.to_owned(), |product| product.sku.clone());
        self.ledger.add(LedgerEvent::StockWritten { sku, before, after, by });
    }

    /// Puts something into a source, or takes it out, as a person or the API does.
    pub(crate) fn move_source(&mut self, sku: &str, source: &str, change: i64, by: Writer) {
        let known = self.source_items.iter();
        let known = known.filter(|((known, code), _)| is_same(known, sku) && code == source);
        let quantity = known.map(|(_, item)| item.quantity).next().unwrap_or_default();
        let item = SourceItem { quantity: quantity + Decimal::from(change), status: 1 };
        self.write_source(sku, source, item, by);
    }

    /// Takes out of the first source what was sent, or puts back what came: the shop does it itself,
    /// and the index knows at once.
    pub(crate) fn deduct(&mut self, sku: &str, change: i64) {
        let Some(source) = self.sources.first().cloned() else { return };
        let key = (sku.to_owned(), source);
        if let Some(item) = self.source_items.get_mut(&key) {
            item.quantity += Decimal::from(change);
            *self.index.entry(sku.to_owned()).or_default() += change;
        }
    }
}

/// The shop tells capitals not apart.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
