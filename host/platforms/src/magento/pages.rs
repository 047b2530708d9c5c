//! Reading the shop: one entity, or a list piece by piece.
//!
//! Lists are read in the order of numbers that never change, each piece from the last number of the
//! one before ([`Client::list`]). Moments are compared with `gteq`, so the second that a reading
//! begins with belongs to it.
//!
//! A product's date does not move when its stock or its price does. So what changed of the catalogue
//! is what has a new date, and then all that is in orders that have one: what was bought, called off,
//! sent or given back. What somebody corrected by hand is told by neither, and is found by comparing
//! the list ([`variant_list`]), which tells quantities and prices.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_model::{Decimal, EntityKey, EntityKind, PersonSeen, ShopId, Snapshot, Timestamp};
use futures_util::future::try_join_all;
use serde::Deserialize;

use super::{
    answers::{Failed, refused},
    client::Client,
    facts::Settings,
    number,
    orders::{self, Documents},
    payloads::{CreditMemo, Customer, Invoice, Numbered, Order, Product, Shipment, SourceItem},
    people,
    products::{self, Levels, Prices},
    search::Search,
    times,
};
use crate::{
    Listed as Entry, Listing, Page, PlatformError, Unreadable,
    limits::{PAGE_ENTRIES_MAX, REQUESTS_AT_ONCE_MAX},
    oauth::percent_encoded,
    plain::{Plain, decimal},
    seen::Seen,
};

/// A reading.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub client: &'a Client,
    pub shop: &'a ShopId,
    pub settings: &'a Settings,
    /// When it was begun.
    pub now: Timestamp,
    /// Only what was changed since.
    pub changed_since: Option<Timestamp>,
}

impl<'a> Reading<'a> {
    pub const fn seen(&self) -> Seen<'a> {
        Seen { shop: self.shop, read: Some(self.now) }
    }

    fn search(&self) -> Search {
        match self.changed_since {
            Some(since) => Search::default().filter("updated_at", "gteq", times::format(since)),
            None => Search::default(),
        }
    }
}

/// A product in a list: which one, and nothing of it.
#[derive(Debug, Deserialize)]
struct ProductNote {
    id: u64,
    sku: String,
    #[serde(default)]
    type_id: String,
}

impl Numbered for ProductNote {
    fn number(&self) -> u64 {
        self.id
    }
}

/// An order in a list: which one, and what is in it.
#[derive(Debug, Deserialize)]
struct OrderNote {
    entity_id: u64,
    #[serde(default)]
    updated_at: Option<String>,
    #[serde(default)]
    items: Vec<ItemNote>,
}

#[derive(Debug, Deserialize)]
struct ItemNote {
    sku: String,
    #[serde(default)]
    product_type: String,
}

impl Numbered for OrderNote {
    fn number(&self) -> u64 {
        self.entity_id
    }
}

/// How far the catalogue is read.
enum Position {
    /// Products, after a number.
    Products(u64),
    /// What is in orders, after a number.
    Orders(u64),
}

impl Position {
    fn parse(cursor: Option<&str>) -> Result<Self, PlatformError> {
        let Some(cursor) = cursor else {
            return Ok(Self::Products(0));
        };
        let (list, after) = cursor.split_once(':').unwrap_or_default();
        match (list, after.parse()) {
            ("products", Ok(after)) => Ok(Self::Products(after)),
            ("orders", Ok(after)) => Ok(Self::Orders(after)),
            _ => Err(foreign_cursor()),
        }
    }
}

fn foreign_cursor() -> PlatformError {
    refused("the cursor is not one of this adapter's; begin without one")
}

/// A piece of the catalogue.
pub async fn catalogue(reading: Reading<'_>, cursor: Option<&str>) -> Result<Page, PlatformError> {
    match Position::parse(cursor)? {
        Position::Products(after) => changed_products(reading, after).await,
        Position::Orders(after) => what_is_in_orders(reading, after).await,
    }
}

async fn changed_products(reading: Reading<'_>, after: u64) -> Result<Page, PlatformError> {
    let search = reading.search().fields("items[id,sku,type_id],total_count");
    let listed = reading.client.list::<ProductNote>("/V1/products", &search, after).await?;
    let sold = listed.entries.iter().filter(|note| products::is_sold(&note.type_id));
    let skus: Vec<&str> = sold.map(|note| note.sku.as_str()).collect();
    let snapshots = variants(reading, &skus).await?;
    let next = match listed.next {
        Some(next) => Some(format!("products:{next}")),
        None => reading.changed_since.map(|_| "orders:0".to_owned()),
    };
    Ok(Page { snapshots, next, total: listed.total, ..Page::default() })
}

async fn what_is_in_orders(reading: Reading<'_>, after: u64) -> Result<Page, PlatformError> {
    let search = reading.search().fields("items[entity_id,items[sku,product_type]],total_count");
    let listed = reading.client.list::<OrderNote>("/V1/orders", &search, after).await?;
    let items = listed.entries.iter().flat_map(|order| &order.items);
    // The line of a product in several shapes has the SKU of the shape.
    let sold = items.filter(|item| item.product_type != "bundle");
    let skus: BTreeSet<&str> = sold.map(|item| item.sku.as_str()).collect();
    let snapshots = variants(reading, &skus.into_iter().collect::<Vec<_>>()).await?;
    let next = listed.next.map(|next| format!("orders:{next}"));
    Ok(Page { snapshots, next, ..Page::default() })
}

/// Reads these products, as many at once as the shop bears.
async fn variants(reading: Reading<'_>, skus: &[&str]) -> Result<Vec<Snapshot>, PlatformError> {
    let mut snapshots = Vec::with_capacity(skus.len());
    for some in skus.chunks(PAGE_ENTRIES_MAX) {
        let mut sources = sources_of(reading.client, some).await?;
        for few in some.chunks(REQUESTS_AT_ONCE_MAX) {
            let read = few.iter().map(|sku| {
                // The shop tells capitals not apart.
                let items = sources.remove(&sku.to_lowercase()).unwrap_or_default();
                variant(reading, sku, items)
            });
            for read in try_join_all(read).await? {
                snapshots.extend(readable(reading.shop, read).flatten());
            }
        }
    }
    Ok(snapshots)
}

/// What lies in the sources of these products, by their SKUs in small letters.
async fn sources_of(
    client: &Client,
    skus: &[&str],
) -> Result<BTreeMap<String, Vec<SourceItem>>, PlatformError> {
    let mut sources: BTreeMap<String, Vec<SourceItem>> = BTreeMap::new();
    // A value that is a list is separated by commas, and a SKU may have one.
    let (plain, others): (Vec<&str>, Vec<&str>) = skus.iter().partition(|sku| !sku.contains(','));
    if !plain.is_empty() {
        let found = source_items(client, "in", &plain.join(",")).await?;
        for item in found {
            sources.entry(item.sku.to_lowercase()).or_default().push(item);
        }
    }
    for sku in others {
        sources.insert(sku.to_lowercase(), source_items(client, "eq", sku).await?);
    }
    Ok(sources)
}

/// The items of sources by a condition on their SKU. They have no number to list them by, so all come
/// at once.
pub async fn source_items(
    client: &Client,
    condition: &'static str,
    skus: &str,
) -> Result<Vec<SourceItem>, PlatformError> {
    let search = Search::default().filter("sku", condition, skus);
    Ok(client.search::<SourceItem>("/V1/inventory/source-items", &search).await?.items)
}

/// A product with its stock, or that it is gone; nothing if it is not sold as itself.
async fn variant(
    reading: Reading<'_>,
    sku: &str,
    items: Vec<SourceItem>,
) -> Result<Result<Option<Snapshot>, Unreadable>, PlatformError> {
    let (seen, now) = (reading.seen(), reading.now);
    let product = match product(reading.client, sku).await {
        Ok(product) => product,
        Err(Failed::Gone) => {
            return Ok(Ok(Some(products::tombstone(reading.shop, sku, seen.version(now)))));
        }
        Err(failed) => return Err(failed.into()),
    };
    if !product.is_sold() {
        return Ok(Ok(None));
    }
    let salable = salable(reading.client, reading.settings, &product).await?;
    let made = products::on_hand(&items).and_then(|on_hand| {
        let levels = Levels { salable, on_hand };
        products::snapshot(&seen, now, reading.settings, &product, &levels)
    });
    Ok(made.map(Some))
}

/// A product.
pub async fn product(client: &Client, sku: &str) -> Result<Product, Failed> {
    client.get(&format!("/V1/products/{}", percent_encoded(sku)), Vec::new()).await
}

/// How many of a product can be sold; nothing where the shop does not count it.
pub async fn salable(
    client: &Client,
    settings: &Settings,
    product: &Product,
) -> Result<Option<Decimal>, PlatformError> {
    if product.policy() == fondaco_model::commerce::StockPolicy::Untracked {
        return Ok(None);
    }
    let path = format!(
        "/V1/inventory/get-product-salable-quantity/{}/{}",
        percent_encoded(&product.sku),
        settings.stock
    );
    let Plain(quantity) = client.get::<Plain>(&path, Vec::new()).await?;
    let what = format!("product {}", product.sku);
    let quantity = decimal(&quantity, &what, "salable quantity");
    quantity.map(Some).map_err(|error| refused(error.0))
}

/// One entry that nothing can be made of does not stand in the way of all the others.
fn readable<T>(shop: &ShopId, made: Result<T, Unreadable>) -> Option<T> {
    match made {
        Ok(made) => Some(made),
        Err(error) => {
            tracing::warn!(shop.id = %shop, %error, "an entry of the shop is left out");
            None
        }
    }
}

/// A piece of the orders, each with its documents.
pub async fn orders(reading: Reading<'_>, cursor: Option<&str>) -> Result<Page, PlatformError> {
    let after = after(cursor)?;
    let listed = reading.client.list::<Order>("/V1/orders", &reading.search(), after).await?;
    let ids: Vec<u64> = listed.entries.iter().map(|order| order.entity_id).collect();
    let mut documents = documents(reading.client, &ids).await?;
    let mut snapshots = Vec::with_capacity(listed.entries.len());
    for order in &listed.entries {
        let documents = documents.remove(&order.entity_id).unwrap_or_default();
        let snapshot = orders::snapshot(&reading.seen(), order, &documents);
        snapshots.extend(readable(reading.shop, snapshot));
    }
    let next = listed.next.map(|next| next.to_string());
    Ok(Page { snapshots, next, total: listed.total, ..Page::default() })
}

fn after(cursor: Option<&str>) -> Result<u64, PlatformError> {
    cursor.map_or(Ok(0), |cursor| cursor.parse().map_err(|_| foreign_cursor()))
}

/// The documents of these orders.
pub async fn documents(
    client: &Client,
    orders: &[u64],
) -> Result<BTreeMap<u64, Documents>, PlatformError> {
    let mut documents: BTreeMap<u64, Documents> = BTreeMap::new();
    if orders.is_empty() {
        return Ok(documents);
    }
    let ids: Vec<String> = orders.iter().map(u64::to_string).collect();
    let search = Search::default().filter("order_id", "in", ids.join(","));
    for invoice in client.all::<Invoice>("/V1/invoices", &search).await? {
        documents.entry(invoice.order_id).or_default().invoices.push(invoice);
    }
    for memo in client.all::<CreditMemo>("/V1/creditmemos", &search).await? {
        documents.entry(memo.order_id).or_default().credit_memos.push(memo);
    }
    for shipment in client.all::<Shipment>("/V1/shipments", &search).await? {
        documents.entry(shipment.order_id).or_default().shipments.push(shipment);
    }
    Ok(documents)
}

/// A piece of the customers with an account.
pub async fn customers(reading: Reading<'_>, cursor: Option<&str>) -> Result<Page, PlatformError> {
    let after = after(cursor)?;
    let path = "/V1/customers/search";
    let listed = reading.client.list::<Customer>(path, &reading.search(), after).await?;
    let made = listed.entries.iter().map(|customer| people::of_account(&reading.seen(), customer));
    let people = made.filter_map(|made| readable(reading.shop, made)).collect();
    let next = listed.next.map(|next| next.to_string());
    Ok(Page { people, next, total: listed.total, ..Page::default() })
}

/// The account of one customer.
pub async fn customer(
    client: &Client,
    shop: &ShopId,
    now: Timestamp,
    id: &str,
) -> Result<Option<PersonSeen>, PlatformError> {
    match client.get::<Customer>(&format!("/V1/customers/{}", number(id)?), Vec::new()).await {
        Ok(customer) => {
            let person = people::of_account(&Seen { shop, read: Some(now) }, &customer);
            person.map(Some).map_err(|error| refused(error.0))
        }
        Err(Failed::Gone) => Ok(None),
        Err(failed) => Err(failed.into()),
    }
}

/// A piece of which variants there are, with what lies in the sources and what they cost: of neither
/// a product's date tells.
pub async fn variant_list(
    reading: Reading<'_>,
    cursor: Option<&str>,
) -> Result<Listing, PlatformError> {
    let fields = "items[id,sku,type_id,updated_at,price,custom_attributes],total_count";
    let search = Search::default().fields(fields);
    let after = after(cursor)?;
    let listed = reading.client.list::<Product>("/V1/products", &search, after).await?;
    let sold: Vec<&Product> = listed.entries.iter().filter(|product| product.is_sold()).collect();
    let skus: Vec<&str> = sold.iter().map(|product| product.sku.as_str()).collect();
    let mut sources = sources_of(reading.client, &skus).await?;
    let mut entries = Vec::with_capacity(sold.len());
    for product in sold {
        let items = sources.remove(&product.sku.to_lowercase()).unwrap_or_default();
        let prices = readable(reading.shop, Prices::of(product, &reading.settings.zone));
        entries.push(Entry {
            version: product.updated_at.as_deref().and_then(times::parse),
            on_hand: readable(reading.shop, products::on_hand(&items)),
            price: prices.and_then(|prices| prices.now(reading.now)),
            ..Entry::of(EntityKey::variant(reading.shop.clone(), product.sku.clone()))
        });
    }
    Ok(Listing { entries, next: listed.next.map(|next| next.to_string()) })
}

/// A piece of which orders there are.
pub async fn order_list(
    reading: Reading<'_>,
    cursor: Option<&str>,
) -> Result<Listing, PlatformError> {
    let search = Search::default().fields("items[entity_id,updated_at],total_count");
    let listed = reading.client.list::<OrderNote>("/V1/orders", &search, after(cursor)?).await?;
    let entries = listed.entries.iter().map(|order| Entry {
        version: order.updated_at.as_deref().and_then(times::parse),
        ..Entry::of(EntityKey::order(reading.shop.clone(), order.entity_id.to_string()))
    });
    Ok(Listing { entries: entries.collect(), next: listed.next.map(|next| next.to_string()) })
}

/// One entity, read now.
pub async fn fetch(reading: Reading<'_>, key: &EntityKey) -> Result<Vec<Snapshot>, PlatformError> {
    let snapshot = match key.kind {
        EntityKind::Variant => {
            let items = source_items(reading.client, "eq", &key.id).await?;
            variant(reading, &key.id, items).await?
        }
        EntityKind::Order => {
            let id = number(&key.id)?;
            match reading.client.get::<Order>(&format!("/V1/orders/{id}"), Vec::new()).await {
                Ok(order) => {
                    let mut documents = documents(reading.client, &[id]).await?;
                    let documents = documents.remove(&id).unwrap_or_default();
                    orders::snapshot(&reading.seen(), &order, &documents).map(Some)
                }
                Err(Failed::Gone) => {
                    let gone = reading.seen().version(reading.now);
                    Ok(Some(orders::tombstone(reading.shop, id, gone)))
                }
                Err(failed) => return Err(failed.into()),
            }
        }
    };
    let snapshot = snapshot.map_err(|error| refused(error.0))?;
    Ok(snapshot.into_iter().collect())
}
