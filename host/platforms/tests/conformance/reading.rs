//! Import, deliveries, and polls that overlap and meet ties of the platform's clock.

use std::collections::BTreeSet;

use fondaco_model::{EntityKey, Timestamp};
use fondaco_platforms::{Collection, Platform};

use crate::shop::{SimulatedShop, now};

async fn read(
    adapter: &dyn Platform,
    collection: Collection,
    since: Option<Timestamp>,
) -> Vec<EntityKey> {
    let mut keys = Vec::new();
    let mut cursor = None;
    loop {
        let page = adapter.page(now(), collection, since, cursor.as_deref()).await.unwrap();
        keys.extend(page.snapshots.into_iter().map(|snapshot| snapshot.key));
        cursor = page.next;
        if cursor.is_none() {
            return keys;
        }
    }
}

pub async fn an_import_has_everything_once<S: SimulatedShop>() {
    let shop = S::open().await;
    let adapter = shop.adapter();
    let (sold, orders) = shop.size();
    for (collection, count) in [(Collection::Catalogue, sold), (Collection::Orders, orders)] {
        let keys = read(&*adapter, collection, None).await;
        let distinct: BTreeSet<_> = keys.iter().collect();
        assert_eq!((keys.len(), distinct.len()), (count, count), "{collection:?}");
    }
}

pub async fn an_import_goes_on_with_another_adapter_where_the_last_one_was<S: SimulatedShop>() {
    let shop = S::open().await;
    for _ in 0..120 {
        shop.sell();
    }
    let (mut keys, mut cursor, mut adapters) = (Vec::new(), None, 0);
    loop {
        let adapter = shop.adapter();
        adapters += 1;
        let page = adapter.page(now(), Collection::Orders, None, cursor.as_deref()).await.unwrap();
        keys.extend(page.snapshots.into_iter().map(|snapshot| snapshot.key));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(adapters > 1, "one page has it all");
    let distinct: BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), distinct.len()), (shop.size().1, shop.size().1));
}

pub async fn a_poll_from_the_moment_of_the_last_change_has_that_change_again<S: SimulatedShop>() {
    let shop = S::open().await;
    let adapter = shop.adapter();
    // Many in one second: a platform's clock tells them not apart.
    for _ in 0..5 {
        shop.sell();
    }
    let read_at = |keys: Vec<EntityKey>| keys.into_iter().collect::<BTreeSet<_>>();
    let all = read_at(read(&*adapter, Collection::Orders, None).await);
    let newest = adapter.page(now(), Collection::Orders, None, None).await.unwrap();
    let newest = newest.snapshots.iter().filter_map(|snapshot| {
        let head = &snapshot.entity.as_order()?.head;
        head.version().map(|version| version.platform)
    });
    let newest = newest.max().unwrap();
    let again = read_at(read(&*adapter, Collection::Orders, Some(newest)).await);
    assert!(again.len() >= 5, "{again:?}");
    assert!(again.is_subset(&all));
    let later = read(&*adapter, Collection::Orders, Some(newest.plus_ms(3_600_000))).await;
    assert_eq!(later, []);
}

pub async fn what_is_gone_is_read_as_gone<S: SimulatedShop>() {
    let shop = S::open().await;
    let adapter = shop.adapter();
    for key in [
        EntityKey::variant(adapter.shop().clone(), "999999"),
        EntityKey::order(adapter.shop().clone(), "999999"),
    ] {
        let read = adapter.fetch(now(), &key).await.unwrap();
        assert_eq!(read.len(), 1, "{key}");
        let gone = match &read[0].entity {
            fondaco_model::Entity::Variant(variant) => variant.content.is_deleted(),
            fondaco_model::Entity::Order(order) => order.head.is_deleted(),
        };
        assert!(gone, "{key}");
    }
}

pub async fn a_delivery_that_is_not_the_shops_is_not_taken_for_it<S: SimulatedShop>() {
    let shop = S::open().await;
    let adapter = shop.adapter();
    let headers = http::HeaderMap::new();
    assert!(adapter.verify(&headers, b"{\"id\":1}").is_err());
}
