//! The adapter against a simulated shop, through nothing but the trait.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use fondaco_model::{
    ActionId, ActionKind, Decimal, Entity, EntityKey, EntityKind, Location, ShopId, Snapshot,
    Timestamp, action::Value, commerce::OrderState,
};
use fondaco_platforms::{
    Collection, Executed, Heard, Looked, Platform, PlatformError, Verified,
    timeouts::Timeouts,
    woocommerce::{Config, WooCommerce},
};
use fondaco_shopsim::{Faults, Product, WooShop, WooShopConfig};
use tokio::sync::mpsc;

const SECRET: &str = "shared & secret";

fn product(sku: &str, stock: Option<i64>) -> Product {
    Product {
        sku: Some(sku.to_owned()),
        title: format!("Title of {sku}"),
        price: "19.90".to_owned(),
        stock,
        ..Product::default()
    }
}

fn shirt() -> Product {
    let sizes = ["S", "M"];
    let size = |size: &&str| Product {
        title: (*size).to_owned(),
        ..product(&format!("TEE-{size}"), Some(5))
    };
    let variations = sizes.iter().map(size).collect();
    Product {
        sku: Some("TEE".to_owned()),
        title: "Tee & more".to_owned(),
        variations,
        ..Product::default()
    }
}

async fn open(products: Vec<Product>) -> WooShop {
    WooShop::start(WooShopConfig {
        name: "Milano".to_owned(),
        consumer_key: "ck_sim".to_owned(),
        consumer_secret: "cs_sim".to_owned(),
        currency: "EUR".to_owned(),
        products,
        seed: 7,
        clock_ahead: jiff::SignedDuration::ZERO,
        port: None,
        webhooks: true,
        faults: Faults::default(),
    })
    .await
    .unwrap()
}

fn adapter(shop: &WooShop, key: &str, secret: &str) -> WooCommerce {
    WooCommerce::new(Config {
        shop: ShopId::new("milano").unwrap(),
        url: shop.url().parse().unwrap(),
        consumer_key: key.into(),
        consumer_secret: secret.into(),
        webhook_secret: SECRET.into(),
        timeouts: Timeouts::default(),
        allow_http: false,
    })
    .unwrap()
}

fn now() -> Timestamp {
    let elapsed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp(u64::try_from(elapsed.as_millis()).unwrap())
}

async fn read_all(adapter: &WooCommerce, collection: Collection) -> Vec<Snapshot> {
    let mut snapshots = Vec::new();
    let mut cursor = None;
    loop {
        let page = adapter.page(now(), collection, None, cursor.as_deref()).await.unwrap();
        snapshots.extend(page.snapshots);
        cursor = page.next;
        if cursor.is_none() {
            return snapshots;
        }
    }
}

/// The entities of a catalogue, by SKU.
async fn catalogue(adapter: &WooCommerce) -> BTreeMap<String, (String, Entity)> {
    let read = read_all(adapter, Collection::Catalogue).await;
    let by_sku = |snapshot: Snapshot| {
        let variant = snapshot.entity.as_variant().unwrap();
        let sku = variant.content.value().unwrap().sku.clone().unwrap();
        (sku, (snapshot.key.id, snapshot.entity))
    };
    read.into_iter().map(by_sku).collect()
}

fn available(entity: &Entity) -> Option<Decimal> {
    let level = &entity.as_variant().unwrap().stock[&Location::WHOLE_SHOP];
    level.value().unwrap().available
}

fn action_id() -> ActionId {
    ActionId::from_stored("39ca6e9be3e609a033636f7a2f9a5372")
}

fn change(id: &str, from: i64, to: i64) -> ActionKind {
    ActionKind::ChangeStock {
        shop: ShopId::new("milano").unwrap(),
        variant: id.to_owned(),
        location: Location::WHOLE_SHOP,
        available: to.into(),
        decided_on: from.into(),
    }
}

#[tokio::test]
async fn a_shop_is_imported_whole() {
    let mut products: Vec<Product> =
        (0..230).map(|number| product(&format!("P-{number:03}"), Some(number))).collect();
    products.push(shirt());
    products.push(product("FREE", None));
    let shop = open(products).await;
    let adapter = adapter(&shop, "ck_sim", "cs_sim");
    let facts = adapter.facts().await.unwrap();
    assert_eq!((facts.version.as_str(), facts.currency.as_str()), ("10.5.0", "EUR"));

    let catalogue = catalogue(&adapter).await;
    assert_eq!(catalogue.len(), 230 + 2 + 1);
    assert_eq!(available(&catalogue["P-229"].1), Some(229.into()));
    assert_eq!(available(&catalogue["FREE"].1), None);
    let small = catalogue["TEE-S"].1.as_variant().unwrap().content.value().unwrap();
    assert_eq!(small.title, "Tee & more - S");
    // The same variation, asked for alone, has the same content.
    let key = EntityKey::variant(ShopId::new("milano").unwrap(), &catalogue["TEE-S"].0);
    let alone = adapter.fetch(now(), &key).await.unwrap().remove(0);
    assert_eq!(alone.entity.as_variant().unwrap().content.value(), Some(small));

    for number in 0..120 {
        shop.buy(&[(format!("P-{}", 100 + number % 3), 1)]).unwrap();
    }
    let orders = read_all(&adapter, Collection::Orders).await;
    assert_eq!(orders.len(), 120);
    let order = orders[119].entity.as_order().unwrap();
    let head = order.head.value().unwrap();
    assert_eq!((head.state, head.channel.as_str()), (OrderState::Processing, "web"));
    let lines = order.lines.value().unwrap();
    assert_eq!(lines[0].sku.as_deref(), Some("P-102"));
    assert_eq!(lines[0].deductions[&Location::WHOLE_SHOP], 1.into());
    shop.stop().await;
}

#[tokio::test]
async fn what_changed_is_read_alone() {
    let shop = open(vec![product("A", Some(5)), shirt()]).await;
    let adapter = adapter(&shop, "ck_sim", "cs_sim");
    shop.buy(&[("A", 1)]).unwrap();
    let since = async |collection: Collection, since: Timestamp| {
        let page = adapter.page(now(), collection, Some(since), None).await.unwrap();
        page.snapshots.len()
    };
    let past = now().minus_ms(60_000);
    assert_eq!(since(Collection::Orders, past).await, 1);
    assert_eq!(since(Collection::Catalogue, past).await, 3);
    let future = now().plus_ms(60_000);
    assert_eq!(since(Collection::Orders, future).await, 0);
    assert_eq!(since(Collection::Catalogue, future).await, 0);
    shop.stop().await;
}

#[tokio::test]
async fn stock_is_written_once_and_only_as_decided() {
    let shop = open(vec![product("A", Some(10)), shirt(), product("FREE", None)]).await;
    let adapter = adapter(&shop, "ck_sim", "cs_sim");
    let catalogue = catalogue(&adapter).await;
    for (sku, from, to) in [("A", 10, 7), ("TEE-S", 5, -1)] {
        let (id, entity) = &catalogue[sku];
        let action = change(id, from, to);
        let request = adapter.request(&action_id(), &action, Some(entity)).unwrap();
        assert_eq!(adapter.look(now(), &action, &request).await.unwrap(), Looked::NotDone);
        let done = adapter.execute(now(), &action, &request).await.unwrap();
        let Executed::Done { snapshots, .. } = done else { panic!("{done:?}") };
        assert_eq!(available(&snapshots[0].entity), Some(to.into()));
        assert_eq!(shop.quantity(sku), Some(to));
        assert!(matches!(
            adapter.look(now(), &action, &request).await.unwrap(),
            Looked::Done { .. }
        ));
        // Once more: it is done. By another action: it shows something else than was decided on.
        let again = adapter.execute(now(), &action, &request).await.unwrap();
        assert!(matches!(again, Executed::Done { .. }), "{again:?}");
        let other = ActionId::from_stored("00000000000000000000000000000001");
        let request = adapter.request(&other, &action, Some(entity)).unwrap();
        let stale = adapter.execute(now(), &action, &request).await.unwrap();
        assert!(
            matches!(stale, Executed::Stale { found, .. } if found == Value::Number(to.into()))
        );
    }
    let (id, entity) = &catalogue["FREE"];
    let refused = adapter.request(&action_id(), &change(id, 0, 1), Some(entity)).unwrap_err();
    assert!(matches!(refused, PlatformError::Refused { .. }));
    let writes = shop.requests();
    assert_eq!(writes.len(), 2, "{writes:?}");
    shop.stop().await;
}

#[tokio::test]
async fn wrong_keys_are_refused() {
    let shop = open(vec![product("A", Some(10))]).await;
    shop.add_reading_key("ck_read", "cs_read");
    let check = async |key: &str, secret: &str, words: &str| {
        let error = adapter(&shop, key, secret).facts().await.unwrap_err();
        assert!(matches!(&error, PlatformError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains(secret), "{error}");
    };
    check("ck_other", "cs_sim", "key").await;
    check("ck_sim", "cs_other", "signature").await;
    let reader = adapter(&shop, "ck_read", "cs_read");
    let (id, entity) = catalogue(&reader).await.remove("A").unwrap();
    let action = change(&id, 10, 9);
    let request = reader.request(&action_id(), &action, Some(&entity)).unwrap();
    let error = reader.execute(now(), &action, &request).await.unwrap_err();
    assert!(error.to_string().contains("read and write"), "{error}");
    assert_eq!(shop.quantity("A"), Some(10));
    shop.stop().await;
}

/// A hook that hands on what it got.
async fn hook() -> (String, mpsc::Receiver<(HeaderMap, Bytes)>) {
    let (sender, receiver) = mpsc::channel(64);
    let sender = Arc::new(sender);
    let router = Router::new().route(
        "/hook",
        post(move |headers: HeaderMap, body: Bytes| {
            let sender = sender.clone();
            async move { sender.send((headers, body)).await.unwrap() }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, receiver)
}

#[tokio::test]
async fn a_sale_is_heard() {
    let shop = open(vec![product("A", Some(10)), shirt()]).await;
    let adapter = adapter(&shop, "ck_sim", "cs_sim");
    let (address, mut heard) = hook().await;
    let made = adapter.ensure_webhooks(&address).await.unwrap();
    assert_eq!(made.len(), 9);
    assert!(made.iter().all(|made| made.because == "missing"));
    assert_eq!(adapter.ensure_webhooks(&address).await.unwrap(), Vec::new());

    shop.buy(&[("A", 3), ("TEE-M", 1)]).unwrap();
    shop.quiet().await;
    let mut pings = 0;
    let mut told: BTreeMap<(EntityKind, String), Entity> = BTreeMap::new();
    while let Ok((headers, body)) = heard.try_recv() {
        let topic = match adapter.verify(&headers, &body).unwrap() {
            Verified::Ping => {
                pings += 1;
                continue;
            }
            Verified::Delivery { topic } => topic,
            Verified::Foreign { site, .. } => panic!("{site} is the shop's own"),
        };
        for heard in adapter.normalise(&topic, now(), &body).unwrap() {
            let Heard::Snapshot(snapshot) = heard else { panic!("{topic}: {heard:?}") };
            told.insert((snapshot.key.kind, snapshot.key.id), snapshot.entity);
        }
    }
    assert_eq!(pings, 9);
    let catalogue = catalogue(&adapter).await;
    for (sku, left) in [("A", 7), ("TEE-M", 4)] {
        let id = catalogue[sku].0.clone();
        assert_eq!(available(&told[&(EntityKind::Variant, id)]), Some(left.into()), "{sku}");
    }
    let orders: Vec<&Entity> = told
        .iter()
        .filter(|((kind, _), _)| *kind == EntityKind::Order)
        .map(|(_, told)| told)
        .collect();
    assert_eq!(orders.len(), 1);
    let lines = orders[0].as_order().unwrap().lines.value().unwrap();
    let deducted: Vec<_> =
        lines.iter().map(|line| line.deductions[&Location::WHOLE_SHOP]).collect();
    assert_eq!(deducted, [3.into(), 1.into()]);
    shop.stop().await;
}
