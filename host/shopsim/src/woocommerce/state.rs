//! Everything a shop knows, behind one lock.
//!
//! Each public step (a checkout, a status change, a request) takes the lock once, so its stock
//! arithmetic is atomic and its ledger entries stand in the order of the truth.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

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
use super::rest::{ApiKey, Front, KeyRights, Nonces};
use super::settings::Settings;
use super::watched::Watched;
use super::webhook::{Held, Pending, Webhook};
use super::{Product, SimError, WooShopConfig};
use crate::faults::Fate;
use crate::ledger::{Ledger, LedgerEvent, SeenRequest, Writer};

/// The ids of a whole list, as it was when its first page was asked for.
struct Listing {
    /// What was asked for, without the page.
    query: String,
    revision: u64,
    ids: Arc<Vec<u64>>,
}

/// What lists are of that are remembered from page to page.
#[derive(Clone, Copy)]
pub(crate) enum Listed {
    Items,
    Orders,
}

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
    pub items: Watched<BTreeMap<u64, Item>>,
    /// Ids by SKU in lower case.
    skus: HashMap<String, u64>,
    /// Variations by their product.
    children: HashMap<u64, BTreeSet<u64>>,
    /// Products whose sale begins or ends by itself.
    pub scheduled: BTreeSet<u64>,
    pub orders: Watched<BTreeMap<u64, Order>>,
    pub coupons: BTreeMap<u64, Coupon>,
    pub customers: BTreeMap<u64, Account>,
    pub webhooks: BTreeMap<u64, Webhook>,
    /// Whether deliveries leave at all; without, each is lost.
    pub delivering: bool,
    pub pending: VecDeque<Pending>,
    /// Webhook and thing of those that wait and are told as they are then.
    pub waiting: HashSet<(u64, u64)>,
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
    /// For what deliveries are called, apart, so that their pace changes nothing else.
    pub delivery_random: StdRng,
    /// What the shop says it is, to tell it from others.
    pub store_id: String,
    /// The ids of the list that was last asked for page by page, of products and of orders.
    listings: [Option<Listing>; 2],
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
            clock_ahead: config.clock_ahead,
            title: config.name.clone(),
            settings: Settings::of(&market),
            market,
            gateways: Vec::new(),
            keys: vec![ApiKey::new(
                &config.consumer_key,
                &config.consumer_secret,
                KeyRights::ReadWrite,
            )],
            nonces: Nonces::default(),
            items: Watched::default(),
            skus: HashMap::new(),
            children: HashMap::new(),
            scheduled: BTreeSet::new(),
            orders: Watched::default(),
            coupons: BTreeMap::new(),
            customers: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            delivering: config.webhooks,
            pending: VecDeque::new(),
            waiting: HashSet::new(),
            held: Vec::new(),
            left: 0,
            in_flight: 0,
            effects_to_come: 0,
            fate: Fate::new(config.faults, config.seed),
            ledger: Ledger::default(),
            requests: Vec::new(),
            random: StdRng::seed_from_u64(config.seed),
            delivery_random: StdRng::seed_from_u64(config.seed ^ DELIVERY_SALT),
            store_id: String::new(),
            listings: [None, None],
            // A fresh installation has used the ids before for its pages.
            next_post: 10,
            next_row: 1,
            next_note: 2,
            next_customer: 2,
        };
        let parts = [8, 4, 4, 4, 12].map(|length| state.digits(length));
        state.store_id = parts.join("-");
        for product in &config.products {
            state.add_product(product)?;
        }
        Ok(state)
    }

    /// Adds a product with its variations.
    pub(crate) fn add_product(&mut self, product: &Product) -> Result<(), SimError> {
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
        let item = Item::captured(captured, &parent_name, self.now(), &self.market);
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
        hexadecimal(&mut self.random, length)
    }

    /// Puts in a product or variation, in place of what had its id.
    pub(crate) fn insert_item(&mut self, item: Item) {
        let (id, sku, parent) = (item.id(), item.sku().to_lowercase(), item.parent());
        if item.has_sale_dates() {
            self.scheduled.insert(id);
        }
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

    /// Begins the sales whose time has come, and ends those that are over, as the shop's own
    /// schedule would have done by now.
    pub(crate) fn follow_sales(&mut self) {
        let now = self.now();
        for product in self.scheduled.clone() {
            match self.items.get(&product) {
                Some(item) if item.is_on_sale() != item.sale_runs(now) => {
                    self.updated_product(product);
                }
                Some(item) if item.has_sale_dates() => {}
                _ => {
                    self.scheduled.remove(&product);
                }
            }
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
        set(&mut item.fields, "purchasable", !price.is_empty());
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

    /// The ids of a list. Whoever reads page after page of a shop in which nothing changes has it
    /// put together once.
    pub(crate) fn listed<E>(
        &mut self,
        of: Listed,
        query: String,
        list: impl FnOnce(&Self) -> Result<Vec<u64>, E>,
    ) -> Result<Arc<Vec<u64>>, E> {
        let revision = match of {
            Listed::Items => self.items.revision(),
            Listed::Orders => self.orders.revision(),
        };
        let known = self.listings[of as usize].as_ref();
        if let Some(known) =
            known.filter(|known| known.revision == revision && known.query == query)
        {
            return Ok(Arc::clone(&known.ids));
        }
        let ids = Arc::new(list(self)?);
        let listing = Listing { query, revision, ids: Arc::clone(&ids) };
        self.listings[of as usize] = Some(listing);
        Ok(ids)
    }

    /// What every answer says of the shop.
    pub(crate) fn front(&self) -> Front {
        let date = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Front { home: self.home.clone(), date }
    }

    /// The same shop under an address of its own: everything is there, secrets and webhooks too, but
    /// no delivery that waits. What it draws is drawn from this one's seed.
    pub(crate) fn copy(&mut self, home: String) -> Self {
        let mut copy = Self {
            clock_ahead: self.clock_ahead,
            title: self.title.clone(),
            market: self.market.clone(),
            settings: self.settings.clone(),
            gateways: self.gateways.clone(),
            keys: self.keys.clone(),
            nonces: self.nonces.clone(),
            items: self.items.clone(),
            skus: self.skus.clone(),
            children: self.children.clone(),
            scheduled: self.scheduled.clone(),
            orders: self.orders.clone(),
            coupons: self.coupons.clone(),
            customers: self.customers.clone(),
            webhooks: self.webhooks.clone(),
            delivering: self.delivering,
            pending: VecDeque::new(),
            waiting: HashSet::new(),
            held: Vec::new(),
            left: 0,
            in_flight: 0,
            effects_to_come: 0,
            fate: Fate::new(*self.fate.faults(), self.random.random()),
            ledger: Ledger::default(),
            requests: Vec::new(),
            random: StdRng::seed_from_u64(self.random.random()),
            delivery_random: StdRng::seed_from_u64(self.random.random()),
            store_id: self.store_id.clone(),
            listings: [None, None],
            next_post: self.next_post,
            next_row: self.next_row,
            next_note: self.next_note,
            next_customer: self.next_customer,
            home,
        };
        let (from, to) = (&self.home, &copy.home);
        for item in copy.items.values_mut() {
            rebase(&mut item.fields, "permalink", from, to);
        }
        for order in copy.orders.values_mut() {
            rebase(&mut order.fields, "payment_url", from, to);
        }
        copy
    }

    /// What the shop's clock shows; the ledger goes by the true one.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.clock_ahead).unwrap_or(Timestamp::MAX)
    }
}

/// Keeps the sequence of what deliveries are called apart from the shop's own.
const DELIVERY_SALT: u64 = 0x5bd1_e995 << 24;

/// Some hexadecimal digits.
pub(crate) fn hexadecimal(random: &mut StdRng, length: usize) -> String {
    (0..length).filter_map(|_| char::from_digit(random.random_range(0..16), 16)).collect()
}

fn rebase(fields: &mut Fields, name: &str, from: &str, to: &str) {
    let moved = text(fields, name).replacen(from, to, 1);
    set(fields, name, moved);
}
