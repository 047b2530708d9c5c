//! Everything a shop knows, behind one lock. Each step takes the lock once, so that what it does is
//! whole and its ledger entries stand in the order of the truth.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp, tz::Offset};
use rust_decimal::Decimal;

use super::bulk::Bulk;
use super::order::{CreditMemo, Invoice, Order, Shipment};
use super::product::Product;
use super::rest::{Integration, IntegrationRights, Nonces};
use super::stock::SourceItem;
use super::{Gateway, MagentoShopConfig, SimError};
use crate::faults::Fate;
use crate::ledger::{Ledger, LedgerEvent, SeenRequest};
use crate::woocommerce::Product as NewProduct;

/// A customer with an account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub email: String,
    pub given_name: String,
    pub family_name: String,
    pub created_at: Timestamp,
}

pub(crate) struct State {
    pub home: String,
    pub clock_ahead: SignedDuration,
    pub integration: Integration,
    pub rights: IntegrationRights,
    pub bearer_allowed: bool,
    pub nonces: Nonces,
    pub gateways: Vec<Gateway>,
    pub products: BTreeMap<u64, Product>,
    /// Ids by SKU in small letters.
    pub skus: HashMap<String, u64>,
    /// Codes of sources.
    pub sources: Vec<String>,
    /// What lies where, by SKU and source.
    pub source_items: BTreeMap<(String, String), SourceItem>,
    /// What is reserved, below zero, by SKU.
    pub reservations: HashMap<String, i64>,
    /// What the index has for what lies in the sources, by SKU.
    pub index: HashMap<String, i64>,
    pub index_on_save: bool,
    pub orders: BTreeMap<u64, Order>,
    pub invoices: BTreeMap<u64, Invoice>,
    pub shipments: BTreeMap<u64, Shipment>,
    pub memos: BTreeMap<u64, CreditMemo>,
    pub accounts: BTreeMap<u64, Account>,
    pub bulk: Bulk,
    /// Effects that come after their connection was cut.
    pub effects_to_come: usize,
    pub fate: Fate,
    pub ledger: Ledger,
    pub requests: Vec<SeenRequest>,
    next: HashMap<Sequence, u64>,
}

/// What has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sequence {
    Product,
    Order,
    Line,
    Invoice,
    Shipment,
    Memo,
    Comment,
    Account,
    Transaction,
}

impl State {
    pub(crate) fn new(config: &MagentoShopConfig, home: &str) -> Result<Self, SimError> {
        let mut state = Self {
            home: home.to_owned(),
            clock_ahead: config.clock_ahead,
            integration: config.integration.clone(),
            rights: IntegrationRights::All,
            bearer_allowed: true,
            nonces: Nonces::default(),
            gateways: Vec::new(),
            products: BTreeMap::new(),
            skus: HashMap::new(),
            sources: config.sources.clone(),
            source_items: BTreeMap::new(),
            reservations: HashMap::new(),
            index: HashMap::new(),
            index_on_save: true,
            orders: BTreeMap::new(),
            invoices: BTreeMap::new(),
            shipments: BTreeMap::new(),
            memos: BTreeMap::new(),
            accounts: BTreeMap::new(),
            bulk: Bulk::default(),
            effects_to_come: 0,
            fate: Fate::new(config.faults, config.seed),
            ledger: Ledger::default(),
            requests: Vec::new(),
            next: HashMap::new(),
        };
        for product in &config.products {
            state.add_product(product)?;
        }
        Ok(state)
    }

    /// The next number of a kind.
    pub(crate) fn number(&mut self, sequence: Sequence) -> u64 {
        let next = self.next.entry(sequence).or_insert(0);
        *next += 1;
        *next
    }

    /// What time it is by the shop's clock, in whole seconds.
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now().saturating_add(self.clock_ahead).unwrap_or(Timestamp::MAX);
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    pub(crate) fn by_sku(&self, sku: &str) -> Option<&Product> {
        self.products.get(self.skus.get(&sku.to_lowercase())?)
    }

    pub(crate) fn by_sku_mut(&mut self, sku: &str) -> Option<&mut Product> {
        self.products.get_mut(self.skus.get(&sku.to_lowercase())?)
    }

    /// Adds a product with its shapes.
    pub(crate) fn add_product(&mut self, new: &NewProduct) -> Result<u64, SimError> {
        let mut shapes = Vec::new();
        for shape in &new.variations {
            let named = NewProduct {
                title: format!("{} {}", new.title, shape.title),
                price: if shape.price.is_empty() { new.price.clone() } else { shape.price.clone() },
                ..shape.clone()
            };
            let id = self.add_product(&named)?;
            if let Some(product) = self.products.get_mut(&id) {
                product.visibility = 1;
            }
            shapes.push(id);
        }
        let sku = new.sku.clone().unwrap_or_else(|| new.title.clone());
        if let Some(other) = self.by_sku(&sku) {
            return Err(SimError::DuplicateSku { sku, product: other.id });
        }
        let (id, now) = (self.number(Sequence::Product), self.now());
        let mut attributes = BTreeMap::new();
        if !new.sale_price.is_empty() {
            attributes.insert("special_price".to_owned(), new.sale_price.clone());
        }
        let product = Product {
            id,
            sku: sku.clone(),
            name: new.title.clone(),
            configurable: !shapes.is_empty(),
            price: new.price.parse().unwrap_or_default(),
            status: 1,
            visibility: 4,
            weight: Decimal::new(5, 1),
            manage_stock: new.stock.is_some(),
            backorders: new.backorders,
            created_at: now,
            updated_at: now,
            attributes,
            tiers: BTreeMap::new(),
            shapes,
        };
        self.skus.insert(sku.to_lowercase(), id);
        self.products.insert(id, product);
        if let (Some(stock), Some(source)) = (new.stock, self.sources.first().cloned()) {
            let item = SourceItem { quantity: stock.into(), status: 1 };
            self.source_items.insert((sku.clone(), source), item);
            self.reindex(&sku);
        }
        Ok(id)
    }

    /// Deletes a product. What lay in the sources stays behind, as it does in the real one.
    pub(crate) fn erase_product(&mut self, sku: &str) -> bool {
        let Some(id) = self.skus.remove(&sku.to_lowercase()) else { return false };
        self.products.remove(&id).is_some()
    }

    /// A product was saved: its date moves.
    pub(crate) fn saved_product(&mut self, sku: &str) {
        let now = self.now();
        if let Some(product) = self.by_sku_mut(sku) {
            product.updated_at = now;
        }
    }

    /// An order's state becomes another.
    pub(crate) fn set_state(&mut self, order: u64, state: &str, status: &str) {
        let now = self.now();
        let Some(known) = self.orders.get_mut(&order) else { return };
        known.updated_at = now;
        if known.state == state {
            return;
        }
        let (before, after) = (known.state.clone(), state.to_owned());
        known.state = after.clone();
        status.clone_into(&mut known.status);
        self.ledger.add(LedgerEvent::StatusChanged { order, before, after });
    }

    pub(crate) fn open_account(&mut self, email: &str, given: &str, family: &str) -> u64 {
        let (id, created_at) = (self.number(Sequence::Account), self.now());
        let account = Account {
            email: email.to_owned(),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            created_at,
        };
        self.accounts.insert(id, account);
        id
    }

    /// Adds so many counted products, `BULK-00001` and on.
    pub(crate) fn add_bulk_products(&mut self, count: u32) -> Result<(), SimError> {
        for number in 1..=count {
            self.add_product(&NewProduct {
                sku: Some(format!("BULK-{number:05}")),
                title: format!("Article {number}"),
                price: format!("{}.{:02}", number % 90 + 5, number % 100),
                stock: Some(1000),
                ..NewProduct::default()
            })?;
        }
        Ok(())
    }
}

/// A moment as the API writes it.
pub(crate) fn moment(moment: Timestamp) -> String {
    Offset::UTC.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
