//! A host in memory.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    rules::{
        Quantity,
        shared::Listing,
        wanted::Change,
        words::{Notice, Words},
    },
    sync::{Host, Proposed},
};

/// A shop as the host knows it.
#[derive(Debug, Clone)]
pub struct Shop {
    pub name: String,
    pub production: bool,
}

/// A variant as the host knows it.
#[derive(Debug, Clone)]
pub struct Variant {
    pub sku: String,
    pub listing: Listing,
}

/// A proposed change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedChange {
    pub id: String,
    pub key: String,
    pub shop: String,
    pub variant: String,
    pub change: Change,
    pub explanation: Words,
}

/// Everything a run of the module sees and leaves behind.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub now: u64,
    pub settings: String,
    pub shops: BTreeMap<String, Shop>,
    pub variants: Vec<Variant>,
    pub known_until: BTreeMap<String, u64>,
    pub silent: BTreeSet<String>,
    pub state: BTreeMap<String, String>,
    /// Proposed since this was last emptied.
    pub changes: Vec<ProposedChange>,
    /// Raised since this was last emptied: key and what was said.
    pub alerts: Vec<(String, Notice)>,
    pub log: Vec<String>,
    /// Why the host takes no proposals, if it takes none.
    pub refusal: Option<String>,
    /// How many actions were proposed so far.
    pub actions: u64,
}

impl Memory {
    pub fn variant(&mut self, shop: &str, variant: &str) -> Option<&mut Variant> {
        self.variants
            .iter_mut()
            .find(|known| known.listing.shop == shop && known.listing.variant == variant)
    }

    /// The keys of the state that begin with a prefix.
    pub fn list_keys(&self, prefix: &str) -> Vec<&String> {
        self.state.keys().filter(|key| key.starts_with(prefix)).collect()
    }

    pub fn see(&mut self, shop: &str, variant: &str, available: Quantity) {
        if let Some(level) =
            self.variant(shop, variant).and_then(|variant| variant.listing.level.as_mut())
        {
            level.available = available;
        }
    }
}

impl Host for Memory {
    fn now(&self) -> u64 {
        self.now
    }

    fn settings(&self) -> String {
        self.settings.clone()
    }

    fn production_shops(&self) -> BTreeMap<String, String> {
        let production = self.shops.iter().filter(|(_, shop)| shop.production);
        production.map(|(id, shop)| (id.clone(), shop.name.clone())).collect()
    }

    fn listings(&self, sku: &str) -> Vec<Listing> {
        let carries = self.variants.iter().filter(|variant| variant.sku == sku);
        carries.map(|variant| variant.listing.clone()).collect()
    }

    fn skus(&self, after: Option<&str>, limit: u32) -> Vec<String> {
        let mut skus: Vec<String> =
            self.variants.iter().map(|variant| variant.sku.clone()).collect();
        skus.sort();
        skus.dedup();
        skus.retain(|sku| after.is_none_or(|after| sku.as_str() > after));
        skus.truncate(limit as usize);
        skus
    }

    fn known_until(&self, shop: &str) -> Option<u64> {
        self.known_until.get(shop).copied()
    }

    fn is_silent(&self, shop: &str) -> bool {
        self.silent.contains(shop)
    }

    fn get(&self, key: &str) -> Option<String> {
        assert!((1..=256).contains(&key.len()), "the contract's keys: {key}");
        self.state.get(key).cloned()
    }

    fn set(&mut self, key: &str, value: &str) {
        assert!((1..=256).contains(&key.len()), "the contract's keys: {key}");
        self.state.insert(key.to_owned(), value.to_owned());
    }

    fn delete(&mut self, key: &str) {
        self.state.remove(key);
    }

    fn list(&self, prefix: &str, after: Option<&str>, limit: u32) -> Vec<(String, String)> {
        self.state
            .iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after))
            .take(limit as usize)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    fn change_stock(&mut self, proposed: &Proposed<'_>) -> Result<String, String> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        assert!(
            self.changes.iter().all(|change| change.key != proposed.key),
            "two proposals of one run have the key {}",
            proposed.key
        );
        self.actions += 1;
        let id = format!("a{}", self.actions);
        self.changes.push(ProposedChange {
            id: id.clone(),
            key: proposed.key.to_owned(),
            shop: proposed.shop.to_owned(),
            variant: proposed.variant.to_owned(),
            change: proposed.change,
            explanation: proposed.explanation.clone(),
        });
        Ok(id)
    }

    fn alert(&mut self, notice: &Notice, key: &str) -> Result<(), String> {
        self.alerts.push((key.to_owned(), notice.clone()));
        Ok(())
    }

    fn info(&mut self, message: &str) {
        self.log.push(format!("info: {message}"));
    }

    fn warn(&mut self, message: &str) {
        self.log.push(format!("warn: {message}"));
    }
}
