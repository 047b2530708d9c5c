//! Everything a shop knows, behind one lock.
//!
//! Each public step (a checkout, a status change, a request) takes the lock once, so its stock
//! arithmetic is atomic and its ledger entries stand in the order of the truth.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::coupon::Coupon;
use super::customer::Account;
use super::fields::{Fields, id, set, set_date, text};
use super::gateway::Gateway;
use super::item::{Item, NewItem};
use super::market::Market;
use super::order::Order;
use super::rest::{ApiKey, Nonces};
use super::settings::Settings;
use super::webhook::{Held, Pending, Webhook};
use super::{Product, SimError, WooShopConfig};
use crate::faults::Fate;
use crate::ledger::{Ledger, LedgerEvent, SeenRequest, Writer};

pub(crate) struct State {
    /// Address of the shop, without a slash at the end.
    pub home: String,
    /// How far the shop's clock is ahead.
    pub clock_ahead: SignedDuration,
    /// What its pages and mails call the shop.
    pub title: String,
    pub market: Market,
    pub settings: Settings,
    pub gateways: Vec<Gateway>,
    pub keys: Vec<ApiKey>,
    pub nonces: Nonces,
    pub items: BTreeMap<u64, Item>,
    /// Ids by SKU in lower case.
    skus: HashMap<String, u64>,
    /// Variations by their product.
    children: HashMap<u64, BTreeSet<u64>>,
    pub orders: BTreeMap<u64, Order>,
    pub coupons: BTreeMap<u64, Coupon>,
    pub customers: BTreeMap<u64, Account>,
    pub webhooks: BTreeMap<u64, Webhook>,
    /// Whether deliveries leave at all; without, each is lost.
    pub delivering: bool,
    pub pending: VecDeque<Pending>,
    /// Webhooks that a fault holds back.
    pub held: Vec<Held>,
    /// How many webhooks have left.
    pub left: u64,
    pub in_flight: usize,
    /// Effects that come after their connection was cut.
    pub effects_to_come: usize,
    pub fate: Fate,
    pub ledger: Ledger,
    pub requests: Vec<SeenRequest>,
    pub random: StdRng,
    next_post: u64,
    next_row: u64,
    next_note: u64,
    next_customer: u64,
}

impl State {
    pub(crate) fn new(config: &WooShopConfig, home: String) -> Result<Self, SimError> {
        let market = Market::of_currency(&config.currency)?;
        let mut state = Self {
            home,
            clock_ahead: SignedDuration::ZERO,
            title: config.name.clone(),
            settings: Settings::of(&market),
            market,
            gateways: Vec::new(),
            keys: vec![ApiKey::new(&config.consumer_key, &config.consumer_secret, true)],
            nonces: Nonces::default(),
            items: BTreeMap::new(),
            skus: HashMap::new(),
            children: HashMap::new(),
            orders: BTreeMap::new(),
            coupons: BTreeMap::new(),
            customers: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            delivering: config.webhooks,
            pending: VecDeque::new(),
            held: Vec::new(),
            left: 0,
            in_flight: 0,
            effects_to_come: 0,
            fate: Fate::new(config.faults, config.seed),
            ledger: Ledger::default(),
            requests: Vec::new(),
            random: StdRng::seed_from_u64(config.seed),
            // A fresh installation has used the ids before for its pages.
            next_post: 10,
            next_row: 1,
            next_note: 2,
            next_customer: 2,
        };
        for product in &config.products {
            state.add_product(product)?;
        }
        Ok(state)
    }

    fn add_product(&mut self, product: &Product) -> Result<(), SimError> {
        let parent = self.add_item(product, None)?;
        let mut children = Vec::new();
        for variation in &product.variations {
            children.push(self.add_item(variation, Some(parent))?);
        }
        if let Some(item) = self.items.get_mut(&parent) {
            let options: Vec<_> = product.variations.iter().map(|child| &child.title).collect();
            set(&mut item.fields, "variations", children);
            if !options.is_empty() {
                let attribute = json!({
                    "id": 0, "name": "Variant", "slug": "Variant", "position": 0,
                    "visible": true, "variation": true, "options": options,
                });
                set(&mut item.fields, "attributes", json!([attribute]));
            }
        }
        self.settle_family(parent);
        Ok(())
    }

    fn add_item(&mut self, product: &Product, parent: Option<u64>) -> Result<u64, SimError> {
        let sku = product.sku.as_deref().unwrap_or_default();
        if let Some(other) = self.by_sku(sku) {
            return Err(SimError::DuplicateSku { sku: sku.to_owned(), product: other });
        }
        let id = self.take_post_id();
        let new = NewItem {
            id,
            parent: parent.and_then(|parent| self.items.get(&parent)),
            sku,
            title: &product.title,
            price: &product.price,
            sale_price: &product.sale_price,
            tax_class: &product.tax_class,
            stock: product.stock,
            backorders: if product.backorders { "yes" } else { "no" },
            variable: !product.variations.is_empty(),
        };
        let item = Item::new(&new, self.now(), &self.market, &self.home);
        self.insert_item(item);
        Ok(id)
    }

    /// Takes over a captured product or variation with its ids.
    pub(crate) fn put_product(&mut self, captured: Fields) -> u64 {
        let parent = self.items.get(&id(&captured, "parent_id"));
        let parent_name = parent.map(|item| item.name().to_owned()).unwrap_or_default();
        let item = Item::captured(captured, &parent_name, &self.market);
        let (product, parent) = (item.id(), item.parent());
        self.reserve_post_id(product);
        self.insert_item(item);
        if let Some(parent) = parent {
            self.settle_family(parent);
        }
        product
    }

    /// The next id of a product, variation or order; they share one sequence.
    pub(crate) fn take_post_id(&mut self) -> u64 {
        let id = self.next_post;
        self.next_post += 1;
        id
    }

    /// Makes later ids greater than this one.
    pub(crate) fn reserve_post_id(&mut self, used: u64) {
        self.next_post = self.next_post.max(used + 1);
    }

    /// The next id of a line, a piece of metadata or the like.
    pub(crate) fn take_row_id(&mut self) -> u64 {
        let id = self.next_row;
        self.next_row += 1;
        id
    }

    /// The next id of an account; the first is the merchant's.
    pub(crate) fn take_customer_id(&mut self) -> u64 {
        let id = self.next_customer;
        self.next_customer += 1;
        id
    }

    /// The next id of a note.
    pub(crate) fn take_note_id(&mut self) -> u64 {
        let id = self.next_note;
        self.next_note += 1;
        id
    }

    /// The payment method of an order, if it is one that can send money back.
    pub(crate) fn gateway(&self, payment_method: &str) -> Option<&Gateway> {
        self.gateways.iter().find(|gateway| gateway.id == payment_method)
    }

    /// Some hexadecimal digits, always the same ones for a seed.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        (0..length).filter_map(|_| char::from_digit(self.random.random_range(0..16), 16)).collect()
    }

    /// Puts in a product or variation, in place of what had its id.
    pub(crate) fn insert_item(&mut self, item: Item) {
        let (id, sku, parent) = (item.id(), item.sku().to_lowercase(), item.parent());
        if let Some(before) = self.items.insert(id, item) {
            self.forget_sku(&before);
        }
        if !sku.is_empty() {
            self.skus.entry(sku).or_insert(id);
        }
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().insert(id);
        }
    }

    /// Takes away a product that has no variations.
    pub(crate) fn remove_item(&mut self, id: u64) {
        if let Some(item) = self.items.remove(&id) {
            self.forget_sku(&item);
        }
    }

    pub(crate) fn set_sku(&mut self, id: u64, sku: &str) {
        if let Some(mut item) = self.items.get(&id).cloned() {
            set(&mut item.fields, "sku", sku);
            self.insert_item(item);
        }
    }

    fn forget_sku(&mut self, item: &Item) {
        let sku = item.sku().to_lowercase();
        if self.skus.get(&sku) == Some(&item.id()) {
            self.skus.remove(&sku);
        }
    }

    /// The product with this SKU, whatever its letters' case.
    pub(crate) fn by_sku(&self, sku: &str) -> Option<u64> {
        self.skus.get(&sku.to_lowercase()).copied()
    }

    /// The product with this GTIN.
    pub(crate) fn by_gtin(&self, gtin: &str) -> Option<u64> {
        let has = |item: &&Item| text(&item.fields, "global_unique_id") == gtin;
        (!gtin.is_empty()).then(|| self.items.values().find(has)).flatten().map(Item::id)
    }

    /// The product whose stock is used when this one is sold; absent: nobody counts.
    pub(crate) fn stock_owner(&self, item: u64) -> Option<u64> {
        let item = self.items.get(&item)?;
        if item.counts_stock() {
            return Some(item.id());
        }
        let parent = self.items.get(&item.parent()?)?;
        parent.counts_stock().then(|| parent.id())
    }

    /// Adds to a counted stock; tells `product.updated` and returns the quantities before and after.
    pub(crate) fn add_stock(&mut self, owner: u64, difference: i64) -> Option<(i64, i64)> {
        let item = self.items.get_mut(&owner)?;
        let before = item.quantity()?;
        let after = before.saturating_add(difference);
        set(&mut item.fields, "stock_quantity", after);
        self.updated_product(owner);
        Some((before, after))
    }

    /// Sets a counted stock and enters it in the ledger; the caller tells `product.updated`.
    pub(crate) fn write_stock(&mut self, owner: u64, after: i64, by: Writer) -> bool {
        let Some(item) = self.items.get_mut(&owner) else {
            return false;
        };
        let Some(before) = item.quantity() else {
            return false;
        };
        set(&mut item.fields, "stock_quantity", after);
        let sku = item.ledger_name();
        self.ledger.add(LedgerEvent::StockWritten { sku, before, after, by });
        true
    }

    /// A product was saved: its date moves and `product.updated` is told, changed or not. Saving a
    /// variation saves the product it belongs to as well.
    pub(crate) fn updated_product(&mut self, product: u64) {
        let now = self.now();
        let Some(item) = self.items.get_mut(&product) else {
            return;
        };
        item.touch(now, &self.market);
        let parent = item.parent();
        self.settle_family(parent.unwrap_or(product));
        self.tell("product.updated", product);
        if let Some(parent) = parent {
            self.updated_product(parent);
        }
    }

    /// Works out what a parent shows of its children: the lowest price, whether any is in stock.
    pub(crate) fn settle_family(&mut self, parent: u64) {
        let ids = self.children.get(&parent).into_iter().flatten();
        let children: Vec<&Item> = ids.filter_map(|id| self.items.get(id)).collect();
        let lowest = children
            .iter()
            .map(|child| text(&child.fields, "price"))
            .filter_map(|price| Some((price.parse::<rust_decimal::Decimal>().ok()?, price)))
            .min()
            .map(|(_, price)| price.to_owned());
        let in_stock =
            children.iter().any(|child| text(&child.fields, "stock_status") != "outofstock");
        let Some(item) = self.items.get_mut(&parent).filter(|item| item.is_variable()) else {
            return;
        };
        let price = lowest.unwrap_or_default();
        let html = self.market.price_html(&price);
        set(&mut item.fields, "price", price);
        set(&mut item.fields, "price_html", html);
        if !item.counts_stock() {
            let status = if in_stock { "instock" } else { "outofstock" };
            set(&mut item.fields, "stock_status", status);
        }
    }

    /// What `/products/{id}` shows.
    pub(crate) fn product_json(&self, item: &Item) -> Value {
        let parent = item.parent().and_then(|parent| self.items.get(&parent));
        item.product_json(parent, &self.home)
    }

    /// Moves an order's modification date.
    pub(crate) fn touch_order(&mut self, order: u64) {
        let now = self.now();
        if let Some(order) = self.orders.get_mut(&order) {
            set_date(&mut order.fields, "modified", Some(now), &self.market);
        }
    }

    /// What the shop's clock shows; the ledger goes by the true one.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.clock_ahead).unwrap_or(Timestamp::MAX)
    }
}
