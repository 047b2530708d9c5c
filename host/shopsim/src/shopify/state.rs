//! Everything a shop knows, behind one lock. Each step takes the lock once, so that what it does is
//! whole and its ledger entries stand in the order of the truth.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::Value;

use super::discount::Discount;
use super::order::Order;
use super::product::{Level, Product, Variant};
use super::webhook::Webhooks;
use super::{App, SCOPES, ShopifyShopConfig};
use crate::faults::Fate;
use crate::ledger::{Ledger, LedgerEvent, SeenRequest};
use crate::woocommerce::{Gateway, Product as NewProduct, SimError};

/// A customer with an account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub email: String,
    pub given_name: String,
    pub family_name: String,
    pub created_at: Timestamp,
}

/// Fixed prices for some customers.
#[derive(Debug, Clone)]
pub(crate) struct PriceList {
    pub id: u64,
    pub name: String,
    /// By variant.
    pub prices: BTreeMap<u64, (Decimal, Option<Decimal>)>,
}

/// A request that is known again by its key.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    pub arguments: Value,
    pub answer: Value,
}

pub(crate) struct State {
    pub domain: String,
    pub app: App,
    pub scopes: Vec<String>,
    pub clock_ahead: SignedDuration,
    /// How much of the shop's budget was left, and when.
    pub budget: (f64, Instant),
    pub restore_per_second: f64,
    pub gateways: Vec<Gateway>,
    pub places: Vec<u64>,
    pub products: BTreeMap<u64, Product>,
    pub variants: BTreeMap<u64, Variant>,
    /// Ids by SKU.
    pub skus: HashMap<String, u64>,
    pub orders: BTreeMap<u64, Order>,
    pub accounts: BTreeMap<u64, Account>,
    pub price_lists: Vec<PriceList>,
    pub discounts: BTreeMap<u64, Discount>,
    pub remembered: HashMap<String, Remembered>,
    pub webhooks: Webhooks,
    /// Tokens that were granted.
    pub tokens: Vec<String>,
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
    Variant,
    Order,
    Line,
    FulfillmentOrder,
    ToSend,
    Hold,
    Fulfillment,
    Transaction,
    Refund,
    Account,
    Discount,
    Subscription,
    Delivery,
    Token,
}

impl State {
    pub(crate) fn new(config: &ShopifyShopConfig, domain: &str) -> Result<Self, SimError> {
        let lists = config.price_lists.iter().zip(1..);
        let mut state = Self {
            domain: domain.to_owned(),
            app: config.app.clone(),
            scopes: SCOPES.map(str::to_owned).to_vec(),
            clock_ahead: config.clock_ahead,
            budget: (config.restore_per_second * super::BUDGET_SECONDS, Instant::now()),
            restore_per_second: config.restore_per_second,
            gateways: Vec::new(),
            places: (1..=config.places.max(1)).collect(),
            products: BTreeMap::new(),
            variants: BTreeMap::new(),
            skus: HashMap::new(),
            orders: BTreeMap::new(),
            accounts: BTreeMap::new(),
            price_lists: lists
                .map(|(name, id)| PriceList { id, name: name.clone(), prices: BTreeMap::new() })
                .collect(),
            discounts: BTreeMap::new(),
            remembered: HashMap::new(),
            webhooks: Webhooks::new(config.webhooks),
            tokens: vec![config.app.token.clone()],
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

    /// What time it is by the shop's clock.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.clock_ahead).unwrap_or(Timestamp::MAX)
    }

    /// Adds a product; all of it lies in the first place.
    pub(crate) fn add_product(&mut self, new: &NewProduct) -> Result<(), SimError> {
        let (id, now) = (self.number(Sequence::Product), self.now());
        let alone = std::slice::from_ref(new);
        let several = !new.variations.is_empty();
        for shape in if several { new.variations.as_slice() } else { alone } {
            let sku = shape.sku.clone().unwrap_or_default();
            if let Some(known) = self.by_sku(&sku) {
                return Err(SimError::DuplicateSku { sku, product: known.product });
            }
            let variant = self.number(Sequence::Variant);
            let level =
                |(place, available)| (place, Level { available, committed: 0, updated_at: now });
            let all = shape.stock.unwrap_or_default();
            let quantities = std::iter::once(all).chain(std::iter::repeat(0));
            let levels = self.places.iter().copied().zip(quantities).map(level).collect();
            let price = |text: &str| text.parse::<Decimal>().ok();
            let (regular, sale) =
                (price(&shape.price).unwrap_or_default(), price(&shape.sale_price));
            let title = if several { shape.title.as_str() } else { "Default Title" };
            if !sku.is_empty() {
                self.skus.insert(sku.clone(), variant);
            }
            self.variants.insert(
                variant,
                Variant {
                    id: variant,
                    product: id,
                    sku,
                    title: title.to_owned(),
                    price: sale.unwrap_or(regular),
                    compare_at: sale.map(|_| regular),
                    tracked: shape.stock.is_some(),
                    oversold: shape.backorders,
                    levels,
                    updated_at: now,
                },
            );
        }
        self.products.insert(
            id,
            Product {
                id,
                title: new.title.clone(),
                description: String::new(),
                active: true,
                tags: Vec::new(),
                seo_title: String::new(),
                seo_description: String::new(),
                updated_at: now,
            },
        );
        let payload = self.product_payload(id);
        self.tell("products/create", id, &payload);
        Ok(())
    }

    /// Removes a product with its variants.
    pub(crate) fn erase_product(&mut self, sku: &str) -> bool {
        let Some(product) = self.by_sku(sku).map(|variant| variant.product) else { return false };
        self.variants.retain(|_, variant| variant.product != product);
        let variants = &self.variants;
        self.skus.retain(|_, id| variants.contains_key(id));
        self.products.remove(&product);
        true
    }

    /// Somebody opens an account.
    pub(crate) fn open_account(&mut self, email: &str, given: &str, family: &str) -> u64 {
        let (id, created_at) = (self.number(Sequence::Account), self.now());
        let account = Account {
            email: email.to_owned(),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            created_at,
        };
        let at = super::ids::moment(created_at);
        let payload = serde_json::json!({
            "id": id, "created_at": at, "updated_at": at, "email": account.email,
            "first_name": account.given_name, "last_name": account.family_name, "phone": null,
        });
        self.accounts.insert(id, account);
        self.tell("customers/create", id, &payload);
        id
    }

    /// Writes what can be sold of a variant in a place.
    pub(crate) fn write_level(
        &mut self,
        variant: u64,
        place: u64,
        after: i64,
        by: crate::ledger::Writer,
    ) {
        let Some(known) = self.variants.get(&variant) else { return };
        let Some(level) = known.levels.get(&place) else { return };
        let (sku, before, at_place) = (known.sku.clone(), known.available(), level.available);
        let difference = after - at_place;
        let after = before + difference;
        self.ledger.add(LedgerEvent::StockWritten { sku, before, after, by });
        self.move_level(variant, place, difference, 0);
    }
}
