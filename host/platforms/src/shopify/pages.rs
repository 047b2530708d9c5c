//! Reading the shop: one entity, or a list piece by piece.
//!
//! Lists are read in the order of ids, from cursor to cursor; what is added, changed or deleted
//! meanwhile makes no entry be passed by. A variant's date does not move with its stock, so what
//! changed of the catalogue is the variants that have a new date, and then the levels of each place
//! that have one. Orders are listed, and each is read by itself: together they would cost more than one
//! query may.

use fondaco_model::{EntityKey, EntityKind, PersonSeen, ShopId, Snapshot, Timestamp};
use futures_util::future::try_join_all;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    client::Client,
    documents::{
        CUSTOMER, CUSTOMERS, Document, INVENTORY_ITEM, LEVELS, LOCATIONS, ORDER, ORDER_LIST,
        ORDER_PARTS, VARIANT, VARIANT_LIST, VARIANTS,
    },
    ids::{changed_since, gid, moment, plain},
    orders,
    payloads::{
        Connection, Customer, Level, Order, OrderNote, OrderParts, Place, Variant, VariantNote,
    },
    people, refused, variants,
};
use crate::{
    Listed as Entry, Listing, Page, PlatformError, Unreadable,
    limits::{
        PAGE_ENTRIES_MAX, REQUESTS_AT_ONCE_MAX, SHOPIFY_LEVELS_PER_VARIANT, SHOPIFY_LINES_MAX,
        SHOPIFY_LOCATIONS_MAX, SHOPIFY_ORDER_PARTS, SHOPIFY_ORDER_PLACES_MAX,
        SHOPIFY_ORDERS_PER_PAGE, SHOPIFY_VARIANTS_PER_PAGE,
    },
    plain::decimal,
    seen::Seen,
};

/// How the id of a variant begins that is known only by what is counted of it: so a delivery tells of
/// stock.
pub const BY_ITEM: &str = "inventory-item:";

/// A reading.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub client: &'a Client,
    pub shop: &'a ShopId,
    /// When it was begun.
    pub now: Timestamp,
    /// Only what was changed since.
    pub changed_since: Option<Timestamp>,
}

impl<'a> Reading<'a> {
    pub const fn seen(&self) -> Seen<'a> {
        Seen { shop: self.shop, read: Some(self.now) }
    }

    fn filter(&self) -> Option<String> {
        self.changed_since.map(changed_since)
    }

    /// A piece of a list.
    async fn list<T: DeserializeOwned>(
        &self,
        document: &Document,
        root: &str,
        mut variables: Value,
        after: Option<&str>,
    ) -> Result<Connection<T>, PlatformError> {
        variables["after"] = json!(after);
        let mut data: Value = self.client.ask(document, variables).await?;
        let connection = data.pointer_mut(root).map(Value::take).unwrap_or_default();
        serde_json::from_value(connection)
            .map_err(|error| refused(format!("the shop's {} is none: {error}", document.name)))
    }
}

/// How far the catalogue is read.
enum Position {
    /// Variants, after a cursor.
    Variants(Option<String>),
    /// The levels of a place, by its number in the list of places, after a cursor.
    Levels(usize, Option<String>),
}

impl Position {
    fn parse(cursor: Option<&str>) -> Result<Self, PlatformError> {
        let Some(cursor) = cursor else {
            return Ok(Self::Variants(None));
        };
        let foreign = || refused("the cursor is not one of this adapter's; begin without one");
        let rest = |rest: &str| Some(rest.to_owned()).filter(|rest| !rest.is_empty());
        let (list, after) = cursor.split_once(':').ok_or_else(foreign)?;
        match list.strip_prefix("levels-") {
            None if list == "variants" => Ok(Self::Variants(rest(after))),
            None => Err(foreign()),
            Some(place) => Ok(Self::Levels(place.parse().map_err(|_| foreign())?, rest(after))),
        }
    }
}

/// A piece of the catalogue.
pub async fn catalogue(reading: Reading<'_>, cursor: Option<&str>) -> Result<Page, PlatformError> {
    match Position::parse(cursor)? {
        Position::Variants(after) => changed_variants(reading, after.as_deref()).await,
        Position::Levels(place, after) => changed_levels(reading, place, after.as_deref()).await,
    }
}

async fn changed_variants(
    reading: Reading<'_>,
    after: Option<&str>,
) -> Result<Page, PlatformError> {
    let variables = json!({
        "first": SHOPIFY_VARIANTS_PER_PAGE,
        "levels": SHOPIFY_LEVELS_PER_VARIANT,
        "filter": reading.filter(),
    });
    let root = "/productVariants";
    let listed = reading.list::<Variant>(&VARIANTS, root, variables, after).await?;
    let mut page = Page::default();
    for variant in &listed.nodes {
        if variant.inventory_item.inventory_levels.page_info.has_next_page {
            let id = plain(&variant.legacy_resource_id);
            page.snapshots.extend(fetch_variant(reading, &id).await?);
            continue;
        }
        let snapshot = variants::snapshot(&reading.seen(), variant);
        page.snapshots.extend(readable(reading.shop, snapshot));
    }
    page.next = match next(&listed) {
        Some(cursor) => Some(format!("variants:{cursor}")),
        None => reading.changed_since.map(|_| "levels-0:".to_owned()),
    };
    Ok(page)
}

async fn changed_levels(
    reading: Reading<'_>,
    place: usize,
    after: Option<&str>,
) -> Result<Page, PlatformError> {
    let places = places(reading.client).await?;
    let Some(known) = places.get(place) else {
        return Ok(Page::default());
    };
    let variables = json!({
        "location": known.id,
        "first": PAGE_ENTRIES_MAX,
        "filter": reading.filter(),
    });
    let root = "/location/inventoryLevels";
    let listed = reading.list::<Level>(&LEVELS, root, variables, after).await?;
    let seen = reading.seen();
    let made = listed.nodes.iter().map(|level| variants::level_snapshot(&seen, level));
    let snapshots = made.filter_map(|made| readable(reading.shop, made).flatten()).collect();
    let next = match next(&listed) {
        Some(cursor) => Some(format!("levels-{place}:{cursor}")),
        None => (place + 1 < places.len()).then(|| format!("levels-{}:", place + 1)),
    };
    Ok(Page { snapshots, next, ..Page::default() })
}

/// The places that goods lie in.
pub async fn places(client: &Client) -> Result<Vec<Place>, PlatformError> {
    #[derive(Deserialize)]
    struct Answer {
        locations: Connection<Place>,
    }
    let variables = json!({ "first": SHOPIFY_LOCATIONS_MAX });
    let answer: Answer = client.ask(&LOCATIONS, variables).await?;
    if answer.locations.page_info.has_next_page {
        return Err(refused(format!(
            "the shop has more than {SHOPIFY_LOCATIONS_MAX} places that goods lie in"
        )));
    }
    Ok(answer.locations.nodes.into_iter().filter(|place| place.is_active).collect())
}

fn next<T>(listed: &Connection<T>) -> Option<&str> {
    let info = &listed.page_info;
    info.end_cursor.as_deref().filter(|_| info.has_next_page)
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

/// A piece of the orders.
pub async fn orders(reading: Reading<'_>, cursor: Option<&str>) -> Result<Page, PlatformError> {
    let variables = json!({ "first": SHOPIFY_ORDERS_PER_PAGE, "filter": reading.filter() });
    let listed = reading.list::<OrderNote>(&ORDER_LIST, "/orders", variables, cursor).await?;
    let mut snapshots = Vec::with_capacity(listed.nodes.len());
    for few in listed.nodes.chunks(REQUESTS_AT_ONCE_MAX) {
        let read = few.iter().map(|note| fetch_order(reading, plain(&note.legacy_resource_id)));
        for read in try_join_all(read).await? {
            snapshots.extend(readable(reading.shop, read));
        }
    }
    let next = next(&listed).map(str::to_owned);
    Ok(Page { snapshots, next, ..Page::default() })
}

/// An order, or that it is gone.
async fn fetch_order(
    reading: Reading<'_>,
    id: String,
) -> Result<Result<Snapshot, Unreadable>, PlatformError> {
    Ok(match order(reading.client, &id).await? {
        Some(order) => orders::snapshot(&reading.seen(), &order),
        None => {
            let gone = reading.seen().version(reading.now);
            Ok(orders::tombstone(reading.shop, &id, gone))
        }
    })
}

/// An order; nothing if there is none. Of one with many parts these are read by themselves: together
/// they would cost more than one query may.
pub async fn order(client: &Client, id: &str) -> Result<Option<Order>, PlatformError> {
    #[derive(Deserialize)]
    struct Answer<T> {
        order: Option<T>,
    }
    let asked = |parts: usize, items: usize| {
        let id = gid("Order", id)?;
        Ok::<Value, PlatformError>(
            json!({ "id": id, "lines": SHOPIFY_LINES_MAX, "parts": parts, "items": items }),
        )
    };
    let few = asked(SHOPIFY_ORDER_PARTS, SHOPIFY_ORDER_PARTS)?;
    let answer: Answer<Order> = client.ask(&ORDER, few).await?;
    let Some(mut order) = answer.order else { return Ok(None) };
    if order.line_items.page_info.has_next_page || order.transactions.len() >= SHOPIFY_LINES_MAX {
        return Err(refused(format!(
            "order {id} has more than {SHOPIFY_LINES_MAX} lines or movements of money, and is not \
             read in part"
        )));
    }
    if order.parts.is_cut_off(SHOPIFY_LINES_MAX) {
        let many = asked(SHOPIFY_ORDER_PLACES_MAX, SHOPIFY_LINES_MAX)?;
        let answer: Answer<OrderParts> = client.ask(&ORDER_PARTS, many).await?;
        let Some(parts) = answer.order else { return Ok(None) };
        if parts.is_cut_off(SHOPIFY_LINES_MAX) {
            return Err(refused(format!(
                "order {id} is sent from more than {SHOPIFY_ORDER_PLACES_MAX} places, or has \
                 {SHOPIFY_LINES_MAX} refunds or parcels, and is not read in part"
            )));
        }
        order.parts = parts;
    }
    Ok(Some(order))
}

/// A piece of the customers with an account.
pub async fn customers(reading: Reading<'_>, cursor: Option<&str>) -> Result<Page, PlatformError> {
    let variables = json!({ "first": PAGE_ENTRIES_MAX, "filter": reading.filter() });
    let listed = reading.list::<Customer>(&CUSTOMERS, "/customers", variables, cursor).await?;
    let made = listed.nodes.iter().map(|customer| people::of_account(&reading.seen(), customer));
    let people = made.filter_map(|made| readable(reading.shop, made)).collect();
    let next = next(&listed).map(str::to_owned);
    Ok(Page { people, next, ..Page::default() })
}

/// The account of one customer.
pub async fn customer(reading: Reading<'_>, id: &str) -> Result<Option<PersonSeen>, PlatformError> {
    #[derive(Deserialize)]
    struct Answer {
        customer: Option<Customer>,
    }
    let variables = json!({ "id": gid("Customer", id)? });
    let answer: Answer = reading.client.ask(&CUSTOMER, variables).await?;
    let person = answer.customer.map(|known| people::of_account(&reading.seen(), &known));
    person.transpose().map_err(|error| refused(error.0))
}

/// A piece of which variants there are.
pub async fn variant_list(
    reading: Reading<'_>,
    cursor: Option<&str>,
) -> Result<Listing, PlatformError> {
    let variables = json!({ "first": PAGE_ENTRIES_MAX });
    let root = "/productVariants";
    let listed = reading.list::<VariantNote>(&VARIANT_LIST, root, variables, cursor).await?;
    let entries = listed.nodes.iter().map(|note| {
        let version = moment(&note.updated_at).max(moment(&note.product.updated_at));
        let price = readable(reading.shop, decimal(&note.price.0, "a variant", "price"));
        let id = plain(&note.legacy_resource_id);
        Entry { version, price, ..Entry::of(EntityKey::variant(reading.shop.clone(), id)) }
    });
    Ok(Listing { entries: entries.collect(), next: next(&listed).map(str::to_owned) })
}

/// A piece of which orders there are.
pub async fn order_list(
    reading: Reading<'_>,
    cursor: Option<&str>,
) -> Result<Listing, PlatformError> {
    let variables = json!({ "first": PAGE_ENTRIES_MAX, "filter": null });
    let listed = reading.list::<OrderNote>(&ORDER_LIST, "/orders", variables, cursor).await?;
    let entries = listed.nodes.iter().map(|note| {
        let id = plain(&note.legacy_resource_id);
        let version = moment(&note.updated_at);
        Entry { version, ..Entry::of(EntityKey::order(reading.shop.clone(), id)) }
    });
    Ok(Listing { entries: entries.collect(), next: next(&listed).map(str::to_owned) })
}

/// One entity, read now.
pub async fn fetch(reading: Reading<'_>, key: &EntityKey) -> Result<Vec<Snapshot>, PlatformError> {
    match key.kind {
        EntityKind::Order => {
            let read = fetch_order(reading, key.id.clone()).await?;
            Ok(vec![read.map_err(|error| refused(error.0))?])
        }
        EntityKind::Variant => match key.id.strip_prefix(BY_ITEM) {
            None => fetch_variant(reading, &key.id).await,
            Some(item) => match variant_of(reading.client, item).await? {
                Some(variant) => variant_snapshot(reading, &variant),
                // What was counted is gone with its variant, of which another delivery tells.
                None => Ok(Vec::new()),
            },
        },
    }
}

/// The variant that an inventory item is counted for.
async fn variant_of(client: &Client, item: &str) -> Result<Option<Variant>, PlatformError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        inventory_item: Option<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        variants: Connection<Variant>,
    }
    let variables = json!({
        "id": gid("InventoryItem", item)?,
        "levels": SHOPIFY_LOCATIONS_MAX,
    });
    let answer: Answer = client.ask(&INVENTORY_ITEM, variables).await?;
    let variants = answer.inventory_item.map(|item| item.variants.nodes).unwrap_or_default();
    Ok(variants.into_iter().next())
}

async fn fetch_variant(reading: Reading<'_>, id: &str) -> Result<Vec<Snapshot>, PlatformError> {
    let Some(variant) = variant(reading.client, id).await? else {
        let gone = reading.seen().version(reading.now);
        return Ok(vec![variants::tombstone(reading.shop, id, gone)]);
    };
    variant_snapshot(reading, &variant)
}

fn variant_snapshot(
    reading: Reading<'_>,
    variant: &Variant,
) -> Result<Vec<Snapshot>, PlatformError> {
    let snapshot = variants::snapshot(&reading.seen(), variant);
    Ok(vec![snapshot.map_err(|error| refused(error.0))?])
}

/// A variant; nothing if there is none.
pub async fn variant(client: &Client, id: &str) -> Result<Option<Variant>, PlatformError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        product_variant: Option<Variant>,
    }
    let variables = json!({
        "id": gid("ProductVariant", id)?,
        "levels": SHOPIFY_LOCATIONS_MAX,
    });
    let answer: Answer = client.ask(&VARIANT, variables).await?;
    Ok(answer.product_variant)
}
