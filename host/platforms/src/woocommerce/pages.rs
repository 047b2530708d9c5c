//! Reading the shop: one entity, or a list page by page.
//!
//! A list changes while it is read. Page numbers would then skip entries: when one of those already
//! read is deleted, all others move up by one, and the first of the next page is now the last of
//! this one. So lists are read in the order of ids, which never change, and each page begins with
//! the last entry of the one before. If that is not there, something was removed before it, and the
//! page is read again from further up. What is added meanwhile has a higher id and is still to
//! come; what is changed meanwhile keeps its place, and is read again by the next poll, which
//! begins before this one began. (In the order of modification, every change would move entries.)
//!
//! What was changed is asked for by `modified_after`. A variation's change counts as one of its
//! product too, because WooCommerce saves the product with it; so the variations of every changed
//! product are read, and with them those that are counted on it, whose own date does not move. Nor
//! does an order's when it is refunded: so a reading of what was changed ends with the list of all
//! refunds made since, and reads their orders.

use std::collections::BTreeSet;

use fondaco_model::{EntityKey, EntityKind, PersonSeen, ShopId, Snapshot, Timestamp};
use serde::de::DeserializeOwned;

use super::{
    answers::{Failed, refused},
    client::Client,
    orders::{self, Refunds},
    payloads::{Customer, Order, OrderNote, Product, Refund, RefundOf, Webhook},
    people,
    products::{self, Naming, Sold, plain_text},
    times, writes,
};
use crate::{
    Listed as Entry, Listing, Page, PlatformError, Unreadable,
    limits::{PAGE_ENTRIES_MAX, PAGE_REQUESTS_MAX, PAGE_VARIABLE_PRODUCTS_MAX},
    oauth::Parameters,
    seen::Seen,
};

/// A reading of a collection.
pub struct Reading<'a> {
    pub shop: &'a ShopId,
    /// When it was begun.
    pub now: Timestamp,
    /// Only what was changed since.
    pub changed_since: Option<Timestamp>,
}

impl Reading<'_> {
    fn seen(&self) -> Seen<'_> {
        Seen { shop: self.shop, read: Some(self.now) }
    }

    fn filter(&self) -> Parameters {
        let Some(since) = self.changed_since else {
            return Vec::new();
        };
        // The filter is exclusive and WooCommerce counts seconds: what was changed within the
        // second belongs to it.
        let after = times::format(since.minus_ms(1000));
        // Without this the moment would be in the shop's own time.
        vec![("modified_after", after), ("dates_are_gmt", "true".to_owned())]
    }
}

/// Something with an id, as lists are ordered by.
pub trait Numbered: DeserializeOwned {
    /// Its id.
    fn id(&self) -> u64;
}

impl Numbered for Product {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Numbered for Order {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Numbered for OrderNote {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Numbered for RefundOf {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Numbered for Customer {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Numbered for Refund {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Numbered for Webhook {
    fn id(&self) -> u64 {
        self.id
    }
}

/// How far a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// How many entries there were up to and with the last one read.
    pub read: usize,
    /// Its id; 0 before the first.
    pub last: u64,
}

impl Position {
    /// Reads a cursor.
    fn parse(cursor: Option<&str>) -> Result<Self, PlatformError> {
        let Some(cursor) = cursor else {
            return Ok(Self::default());
        };
        let (read, last) = cursor.split_once(':').unwrap_or_default();
        match (read.parse(), last.parse()) {
            (Ok(read), Ok(last)) => Ok(Self { read, last }),
            _ => Err(refused("the cursor is not one of this adapter's; begin without one")),
        }
    }

    fn cursor(self) -> String {
        format!("{}:{}", self.read, self.last)
    }
}

/// A piece of a list.
pub struct Listed<T> {
    /// Where the first entry stands in the list.
    pub begins: usize,
    /// The entries after the position asked for.
    pub entries: Vec<T>,
    /// Where to go on; absent: this was the end.
    pub next: Option<Position>,
    /// How many the list has.
    pub total: Option<u64>,
}

/// Reads the entries that come after a position.
pub async fn list<T: Numbered>(
    client: &Client,
    path: &str,
    filter: &Parameters,
    after: Position,
) -> Result<Listed<T>, PlatformError> {
    let listed = try_list(client, path, filter, after).await;
    listed.map_err(PlatformError::from)
}

async fn try_list<T: Numbered>(
    client: &Client,
    path: &str,
    filter: &Parameters,
    after: Position,
) -> Result<Listed<T>, Failed> {
    let mut offset = after.read.saturating_sub(1);
    for _ in 0..PAGE_REQUESTS_MAX {
        let mut query = filter.clone();
        query.push(("orderby", "id".to_owned()));
        query.push(("order", "asc".to_owned()));
        query.push(("per_page", PAGE_ENTRIES_MAX.to_string()));
        if offset > 0 {
            query.push(("offset", offset.to_string()));
        }
        let answer = client.get::<Vec<T>>(path, query).await?;
        let entries = answer.content;
        let count = entries.len();
        if offset > 0 && entries.first().is_none_or(|first| first.id() > after.last) {
            // Something was removed before here. The new window still has the old beginning in it.
            offset = offset.saturating_sub(PAGE_ENTRIES_MAX - 1);
            continue;
        }
        let known = entries.iter().take_while(|entry| entry.id() <= after.last).count();
        let entries: Vec<T> = entries.into_iter().skip(known).collect();
        let end = offset + count;
        let full = count >= PAGE_ENTRIES_MAX;
        if full && entries.is_empty() {
            // So much came in before here that there is nothing new yet.
            offset = end - 1;
            continue;
        }
        let last = entries.last().map_or(after.last, Numbered::id);
        let next = full.then_some(Position { read: end, last });
        return Ok(Listed { begins: offset + known, entries, next, total: answer.total });
    }
    Err(Failed::Otherwise(PlatformError::Unavailable {
        reason: format!("the shop's list {path} changes faster than it can be read"),
        retry_after: None,
    }))
}

/// What the cursor begins with once all orders that were changed are read, and those follow that
/// were refunded.
const REFUNDED: &str = "refunded:";

/// A page of orders.
pub async fn orders(
    client: &Client,
    reading: &Reading<'_>,
    cursor: Option<&str>,
) -> Result<Page, PlatformError> {
    if let Some(cursor) = cursor.and_then(|cursor| cursor.strip_prefix(REFUNDED)) {
        return refunded_orders(client, reading, cursor).await;
    }
    let mut filter = reading.filter();
    filter.push(("status", "any".to_owned()));
    filter.extend(whole_amounts());
    let after = Position::parse(cursor)?;
    let listed = list::<Order>(client, "/orders", &filter, after).await?;
    let seen = reading.seen();
    let mut snapshots = Vec::with_capacity(listed.entries.len());
    for order in &listed.entries {
        let snapshot = whole_order(client, &seen, order).await?;
        snapshots.extend(readable(reading.shop, snapshot).flatten());
    }
    let refunded = || format!("{REFUNDED}{}", Position::default().cursor());
    let next = match listed.next {
        Some(position) => Some(position.cursor()),
        None => reading.changed_since.map(|_| refunded()),
    };
    Ok(Page { snapshots, next, total: listed.total, ..Page::default() })
}

/// A page of the orders that were refunded since a moment.
async fn refunded_orders(
    client: &Client,
    reading: &Reading<'_>,
    cursor: &str,
) -> Result<Page, PlatformError> {
    let Some(since) = reading.changed_since else {
        return Ok(Page::default());
    };
    let after = Position::parse(Some(cursor))?;
    let listed = match try_list::<RefundOf>(client, "/refunds", &made_since(since), after).await {
        Ok(listed) => listed,
        // Versions before 9 have no such list: there, webhooks and the comparison of all tell.
        Err(Failed::NoSuchRoute(_)) => return Ok(Page::default()),
        Err(failed) => return Err(failed.into()),
    };
    let orders: BTreeSet<u64> = listed.entries.iter().map(|refund| refund.parent_id).collect();
    let mut snapshots = Vec::new();
    for order in orders {
        let key = EntityKey::order(reading.shop.clone(), order.to_string());
        snapshots.extend(fetch(client, reading.shop, reading.now, &key).await?);
    }
    let next = listed.next.map(|position| format!("{REFUNDED}{}", position.cursor()));
    Ok(Page { snapshots, next, ..Page::default() })
}

/// What was made since a moment. As with what was changed, the moment's second belongs to it.
fn made_since(since: Timestamp) -> Parameters {
    let after = times::format(since.minus_ms(1000));
    vec![("after", after), ("dates_are_gmt", "true".to_owned())]
}

/// Amounts are rounded to two digits unless asked for, and then no longer add up.
pub fn whole_amounts() -> Parameters {
    vec![("dp", "6".to_owned())]
}

/// An order that was read, with its refunds if it has any.
pub async fn whole_order(
    client: &Client,
    seen: &Seen<'_>,
    order: &Order,
) -> Result<Result<Option<Snapshot>, Unreadable>, PlatformError> {
    if order.refunds.is_empty() {
        return Ok(orders::snapshot(seen, order, Refunds::NotRead));
    }
    match all::<Refund>(client, &format!("/orders/{}/refunds", order.id), &whole_amounts()).await {
        Ok(refunds) => Ok(orders::snapshot(seen, order, Refunds::Read(&refunds))),
        // The order was deleted since it was read.
        Err(Failed::Gone) => Ok(orders::snapshot(seen, order, Refunds::NotRead)),
        Err(failed) => Err(failed.into()),
    }
}

/// All entries of a list that is short.
pub async fn all<T: Numbered>(
    client: &Client,
    path: &str,
    filter: &Parameters,
) -> Result<Vec<T>, Failed> {
    let mut entries = Vec::new();
    let mut position = Some(Position::default());
    while let Some(after) = position {
        let listed = try_list::<T>(client, path, filter, after).await?;
        entries.extend(listed.entries);
        position = listed.next;
    }
    Ok(entries)
}

/// A page of the catalogue: some products, each with all its variations. The total counts products.
pub async fn catalogue(
    client: &Client,
    reading: &Reading<'_>,
    cursor: Option<&str>,
) -> Result<Page, PlatformError> {
    let after = Position::parse(cursor)?;
    let listed = list::<Product>(client, "/products", &reading.filter(), after).await?;
    let seen = reading.seen();
    let mut page = Page { total: listed.total, ..Page::default() };
    let mut next = listed.next;
    let mut variable = 0;
    let count = listed.entries.len();
    for (index, product) in listed.entries.iter().enumerate() {
        match product.sold() {
            Sold::Itself => {
                let snapshot = products::snapshot(&seen, product, Naming::Whole);
                page.snapshots.extend(readable(reading.shop, snapshot));
            }
            Sold::AsVariations if product.variations.is_empty() => {}
            Sold::AsVariations => {
                page.snapshots.extend(variations(client, reading, product).await?);
                variable += 1;
            }
            Sold::NotHere => {}
        }
        if variable == PAGE_VARIABLE_PRODUCTS_MAX && index + 1 < count {
            next = Some(Position { read: listed.begins + index + 1, last: product.id });
            break;
        }
    }
    page.next = next.map(Position::cursor);
    Ok(page)
}

/// A page of customers with an account. WooCommerce cannot tell which of them were changed since a
/// moment, so it is all of them.
pub async fn customers(
    client: &Client,
    reading: &Reading<'_>,
    cursor: Option<&str>,
) -> Result<Page, PlatformError> {
    // Otherwise those are left out whom the shop gave a role of its own.
    let filter = vec![("role", "all".to_owned())];
    let listed = list::<Customer>(client, "/customers", &filter, Position::parse(cursor)?).await?;
    let seen = reading.seen();
    let customers = listed.entries.iter().filter(|customer| people::is_customer(customer));
    let people = customers
        .filter_map(|customer| readable(reading.shop, people::of_account(&seen, customer)))
        .collect();
    let next = listed.next.map(Position::cursor);
    Ok(Page { people, next, total: listed.total, ..Page::default() })
}

/// The account of one customer.
pub async fn customer(
    client: &Client,
    shop: &ShopId,
    now: Timestamp,
    id: &str,
) -> Result<Option<PersonSeen>, PlatformError> {
    let path = format!("/customers/{}", writes::number(id)?);
    match client.get::<Customer>(&path, Vec::new()).await {
        Ok(answer) if people::is_customer(&answer.content) => {
            let seen = Seen { shop, read: Some(now) };
            let person = people::of_account(&seen, &answer.content);
            person.map(Some).map_err(|error| refused(error.0))
        }
        Ok(_) | Err(Failed::Gone) => Ok(None),
        Err(failed) => Err(failed.into()),
    }
}

/// A page of which orders there are. What is in the trash is not among them.
pub async fn order_list(
    client: &Client,
    shop: &ShopId,
    cursor: Option<&str>,
) -> Result<Listing, PlatformError> {
    let filter = vec![
        ("status", "any".to_owned()),
        ("_fields", "id,status,date_modified_gmt,refunds".to_owned()),
    ];
    let listed = list::<OrderNote>(client, "/orders", &filter, Position::parse(cursor)?).await?;
    let orders = listed.entries.iter().filter(|order| !orders::is_draft(&order.status));
    let entries = orders.map(|order| Entry {
        version: order.date_modified_gmt.as_deref().and_then(times::parse),
        refunds: Some(order.refunds.iter().map(|refund| refund.id.to_string()).collect()),
        ..Entry::of(EntityKey::order(shop.clone(), order.id.to_string()))
    });
    Ok(Listing { entries: entries.collect(), next: listed.next.map(Position::cursor) })
}

/// A page of which variants there are. A product names its variations, so one request tells of a
/// hundred products with all of theirs; what version a variation has, only it tells itself.
pub async fn variant_list(
    client: &Client,
    shop: &ShopId,
    cursor: Option<&str>,
) -> Result<Listing, PlatformError> {
    let fields = vec![("_fields", "id,type,date_modified_gmt,variations".to_owned())];
    let listed = list::<Product>(client, "/products", &fields, Position::parse(cursor)?).await?;
    let mut entries = Vec::new();
    for product in &listed.entries {
        let entry = |id: u64| Entry::of(EntityKey::variant(shop.clone(), id.to_string()));
        match product.sold() {
            Sold::Itself => {
                let version = product.date_modified_gmt.as_deref().and_then(times::parse);
                entries.push(Entry { version, ..entry(product.id) });
            }
            Sold::AsVariations => {
                entries.extend(product.variations.iter().copied().map(entry));
            }
            Sold::NotHere => {}
        }
    }
    Ok(Listing { entries, next: listed.next.map(Position::cursor) })
}

/// All variations of a product.
async fn variations(
    client: &Client,
    reading: &Reading<'_>,
    product: &Product,
) -> Result<Vec<Snapshot>, PlatformError> {
    let path = format!("/products/{}/variations", product.id);
    let name = plain_text(product.name.as_deref().unwrap_or_default());
    let seen = reading.seen();
    let mut snapshots = Vec::new();
    let mut position = Some(Position::default());
    while let Some(after) = position {
        let listed = match try_list::<Product>(client, &path, &Vec::new(), after).await {
            Ok(listed) => listed,
            // The product was deleted since it was listed.
            Err(Failed::Gone) => break,
            Err(failed) => return Err(failed.into()),
        };
        for mut variation in listed.entries {
            // Versions before 10 do not say whose variation it is.
            variation.parent_id = Some(product.id);
            let snapshot = products::snapshot(&seen, &variation, Naming::VariationOf(&name));
            snapshots.extend(readable(reading.shop, snapshot));
        }
        position = listed.next;
    }
    Ok(snapshots)
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

/// One entity, read now.
pub async fn fetch(
    client: &Client,
    shop: &ShopId,
    now: Timestamp,
    key: &EntityKey,
) -> Result<Vec<Snapshot>, PlatformError> {
    let id = writes::number(&key.id)?;
    let seen = Seen { shop, read: Some(now) };
    // It is gone as of this reading.
    let gone = seen.version(now);
    let snapshot = match key.kind {
        EntityKind::Order => {
            match client.get::<Order>(&format!("/orders/{id}"), whole_amounts()).await {
                Ok(answer) => whole_order(client, &seen, &answer.content).await?,
                Err(Failed::Gone) => Ok(Some(orders::tombstone(shop, id, gone))),
                Err(failed) => return Err(failed.into()),
            }
        }
        EntityKind::Variant => {
            match client.get::<Product>(&format!("/products/{id}"), Vec::new()).await {
                Ok(answer) if answer.content.sold() == Sold::Itself => {
                    products::snapshot(&seen, &answer.content, Naming::Whole).map(Some)
                }
                // It has become something that is not sold as itself.
                Ok(_) | Err(Failed::Gone) => Ok(Some(products::tombstone(shop, id, gone))),
                Err(failed) => return Err(failed.into()),
            }
        }
    };
    let snapshot = snapshot.map_err(|error| refused(error.0))?;
    Ok(snapshot.into_iter().collect())
}

#[cfg(test)]
mod tests;
