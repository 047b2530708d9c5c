//! Shopify's adapter against a simulated shop: what the cases that all adapters share do not try.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fondaco_model::{
    ActionId, ActionKind, Decimal, EntityKey, Location, ShopId, Snapshot, Timestamp,
    person::PersonSource,
};
use fondaco_platforms::{
    Collection, Executed, Expected, Heard, Platform, PlatformError, ShopCredentials, Subject,
    Unverified, Verdict, Verified,
    shopify::{Access, Config, Shopify, VERSION, VERSIONS},
    timeouts::Timeouts,
};
use fondaco_shopsim::{App, Product, ShopifyShop, ShopifyShopConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use sha2::Sha256;

fn now() -> Timestamp {
    let elapsed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp(u64::try_from(elapsed.as_millis()).unwrap())
}

fn id() -> ShopId {
    ShopId::new("genova").unwrap()
}

async fn open(places: u64) -> ShopifyShop {
    let products = vec![Product {
        sku: Some("A".to_owned()),
        title: "Tazza".to_owned(),
        price: "20.00".to_owned(),
        stock: Some(10),
        ..Product::default()
    }];
    // The tests do not wait for its budget.
    let restore_per_second = 100_000.0;
    let config =
        ShopifyShopConfig { products, places, restore_per_second, ..ShopifyShopConfig::default() };
    ShopifyShop::start(config).await.unwrap()
}

fn by_token() -> Access {
    let App { token, client_secret, .. } = App::default();
    Access::Token { token: token.into(), client_secret: client_secret.into() }
}

fn by_id() -> Access {
    let App { client_id, client_secret, .. } = App::default();
    Access::Client { client_id: client_id.into(), client_secret: client_secret.into() }
}

fn adapter(shop: &ShopifyShop, access: Access, version: &str) -> Shopify {
    Shopify::new(Config {
        shop: id(),
        url: shop.url().parse().unwrap(),
        version: version.to_owned(),
        access,
        timeouts: Timeouts::default(),
        allow_http: false,
    })
    .unwrap()
}

async fn fetch(adapter: &Shopify, key: &EntityKey) -> Snapshot {
    adapter.fetch(now(), key).await.unwrap().remove(0)
}

fn signed(secret: &str, topic: &str, site: &str, body: &str) -> HeaderMap {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("X-Shopify-Hmac-Sha256", signature.as_str()),
        ("X-Shopify-Topic", topic),
        ("X-Shopify-Shop-Domain", site),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

#[tokio::test]
async fn every_version_reads_the_same() {
    let shop = open(1).await;
    let order = shop.buy(&[("A", 2)]).unwrap();
    for version in VERSIONS {
        let adapter = adapter(&shop, by_token(), version);
        let key = EntityKey::order(id(), order.id.to_string());
        let read = fetch(&adapter, &key).await;
        let head = read.entity.as_order().unwrap().head.value().unwrap().clone();
        assert_eq!((head.number.as_str(), head.total), (order.number.as_str(), 46.into()));
        let facts = adapter.facts().await.unwrap();
        assert_eq!(facts.version, format!("Admin API {version}"));
    }
}

#[tokio::test]
async fn an_app_with_an_id_fetches_a_token_and_another_when_it_is_taken_back() {
    let shop = open(1).await;
    let adapter = adapter(&shop, by_id(), VERSION);
    assert_eq!(adapter.facts().await.unwrap().currency, "EUR");
    shop.revoke_tokens();
    assert_eq!(adapter.facts().await.unwrap().currency, "EUR");
}

#[tokio::test]
async fn a_token_that_is_taken_back_is_said_and_not_shown() {
    let shop = open(1).await;
    shop.revoke_tokens();
    let error = adapter(&shop, by_token(), VERSION).facts().await.unwrap_err();
    assert!(matches!(error, PlatformError::Refused { .. }), "{error}");
    let App { token, client_secret, .. } = App::default();
    let words = format!("{error} {error:?}");
    assert!(!words.contains(&token) && !words.contains(&client_secret), "{words}");
    let Access::Client { client_id, .. } = by_id() else { unreachable!() };
    let wrong = Access::Client { client_id, client_secret: "another".into() };
    let error = adapter(&shop, wrong, VERSION).facts().await.unwrap_err();
    assert!(error.to_string().contains("are client id and secret those"), "{error}");
}

#[tokio::test]
async fn a_delivery_is_the_shops_by_its_secret_the_old_one_too_and_by_its_site() {
    let shop = open(1).await;
    let adapter = adapter(&shop, by_token(), VERSION);
    let site = shop.url().trim_start_matches("http://").to_owned();
    let (topic, body) = ("orders/create", r#"{"id":7}"#);
    let own = signed("app-secret", topic, &site, body);
    let verified = adapter.verify(&own, body.as_bytes()).unwrap();
    assert!(matches!(&verified, Verified::Delivery { topic: told } if told == topic));
    assert_eq!(adapter.verify(&own, b"{}").unwrap_err(), Unverified::WrongSignature);
    assert_eq!(adapter.verify(&HeaderMap::new(), b"{}").unwrap_err(), Unverified::Unsigned);
    let elsewhere = signed("app-secret", topic, "other.myshopify.com", body);
    let foreign = adapter.verify(&elsewhere, body.as_bytes()).unwrap();
    assert!(matches!(foreign, Verified::Foreign { site, .. } if site == "other.myshopify.com"));
    // The app's secret was changed: what was signed before is still on its way.
    let Access::Token { token, .. } = by_token() else { unreachable!() };
    let access = Access::Token { token, client_secret: "a new secret".into() };
    let previous_client_secret = Some("app-secret".into());
    adapter.take_credentials(ShopCredentials::Shopify { access, previous_client_secret });
    assert!(adapter.verify(&own, body.as_bytes()).is_ok());
    assert!(!adapter.webhook_secret_proven());
    let renewed = signed("a new secret", topic, &site, body);
    assert!(adapter.verify(&renewed, body.as_bytes()).is_ok());
    assert!(adapter.webhook_secret_proven());
    let others = signed("another", topic, &site, body);
    assert_eq!(adapter.verify(&others, body.as_bytes()).unwrap_err(), Unverified::WrongSignature);
}

#[tokio::test]
async fn a_delivery_says_what_to_read() {
    let shop = open(1).await;
    let adapter = adapter(&shop, by_token(), VERSION);
    let heard = |topic: &str, body: &str| adapter.normalise(topic, now(), body.as_bytes());
    let fetched = |heard: Vec<Heard>| -> Vec<String> {
        heard
            .into_iter()
            .map(|heard| match heard {
                Heard::Fetch(key) => key.id,
                other => format!("{other:?}"),
            })
            .collect()
    };
    for (topic, body, keys) in [
        ("orders/updated", r#"{"id":820982911946154508}"#, vec!["820982911946154508"]),
        ("refunds/create", r#"{"id":9,"order_id":7}"#, vec!["7"]),
        ("fulfillments/create", r#"{"id":9,"order_id":"7"}"#, vec!["7"]),
        ("products/update", r#"{"id":1,"variants":[{"id":3},{"id":4}]}"#, vec!["3", "4"]),
        ("inventory_levels/update", r#"{"inventory_item_id":5}"#, vec!["inventory-item:5"]),
        ("shop/update", "{}", vec![]),
    ] {
        assert_eq!(fetched(heard(topic, body).unwrap()), keys, "{topic}");
    }
    for (topic, body) in [("orders/create", "{}"), ("orders/create", "["), ("refunds/create", "1")]
    {
        assert!(heard(topic, body).is_err(), "{topic} {body}");
    }
    let customer = r#"{"id":3,"created_at":"2025-01-23T23:10:15-05:00",
        "updated_at":"2025-01-23T23:10:15-05:00","first_name":"Anna","last_name":" ","email":""}"#;
    let told = heard("customers/update", customer).unwrap();
    let [Heard::Person(seen)] = told.as_slice() else { unreachable!("{told:?}") };
    assert_eq!(seen.source, PersonSource::Account);
    assert_eq!((seen.person.name.as_deref(), seen.person.email.as_deref()), (Some("Anna"), None));
    assert!(matches!(heard("app/uninstalled", "{}").unwrap()[0], Heard::Denied { .. }));
    let about = r#"{"shop_id":1,"customer":{"id":191167,"email":"anna@example.test"}}"#;
    for topic in ["customers/redact", "customers/data_request"] {
        let told = heard(topic, about).unwrap();
        let (Heard::Forget(whom) | Heard::DataRequest(whom)) = &told[0] else { unreachable!() };
        assert_eq!((whom.id.as_deref(), whom.email.is_some()), (Some("191167"), true));
        assert!(!format!("{told:?}").contains("anna@"));
        assert!(heard(topic, r#"{"customer":{}}"#).is_err());
    }
    assert_eq!(heard("shop/redact", "{}").unwrap(), [Heard::ForgetEverybody]);
    // By what is counted of it, the variant itself is read.
    let key = EntityKey::variant(id(), "inventory-item:1");
    assert_eq!(fetch(&adapter, &key).await.key.id, "1");
}

#[tokio::test]
async fn a_check_says_what_the_app_lacks_and_since_when_orders_are_seen() {
    let shop = open(1).await;
    let adapter = adapter(&shop, by_token(), VERSION);
    let address = "https://host.example/hooks/genova".to_owned();
    let expected = Expected { hook_address: Some(address.clone()), time_zone: None, now: now() };
    let verdict = |items: &[fondaco_platforms::CheckItem], subject: Subject| {
        items.iter().find(|item| item.subject == subject).unwrap().verdict
    };
    let items = adapter.check(&expected).await;
    assert_eq!(verdict(&items, Subject::Webhooks), Verdict::Wrong);
    adapter.ensure_webhooks(&address).await.unwrap();
    assert_eq!(shop.subscriptions().len(), 15);
    // What is there is not made twice.
    assert_eq!(adapter.ensure_webhooks(&address).await.unwrap(), []);
    let items = adapter.check(&expected).await;
    for subject in [Subject::Site, Subject::Read, Subject::Write, Subject::Version] {
        assert_eq!(verdict(&items, subject), Verdict::Good, "{subject}");
    }
    for subject in [Subject::History, Subject::People, Subject::Webhooks] {
        assert_eq!(verdict(&items, subject), Verdict::Good, "{subject}");
    }
    shop.set_scopes(&["read_orders", "read_products", "read_locations"]);
    let items = adapter.check(&expected).await;
    assert_eq!(verdict(&items, Subject::Read), Verdict::Wrong);
    assert_eq!(verdict(&items, Subject::Write), Verdict::Wrong);
    assert_eq!(verdict(&items, Subject::History), Verdict::Attention);
    assert_eq!(verdict(&items, Subject::People), Verdict::Attention);
    let read = items.iter().find(|item| item.subject == Subject::Read).unwrap();
    assert!(format!("{read:?}").contains("read_inventory"), "{read:?}");
}

#[tokio::test]
async fn orders_of_long_ago_are_shown_to_who_may_see_all() {
    let shop = open(1).await;
    // One each seven minutes: some are older than sixty days.
    shop.fill(0, 12_500).unwrap();
    let adapter = adapter(&shop, by_token(), VERSION);
    let first = async || {
        let page = adapter.page(now(), Collection::Orders, None, None).await.unwrap();
        page.snapshots[0].key.id.parse::<u64>().unwrap()
    };
    assert_eq!(first().await, 1);
    shop.set_scopes(&["read_orders"]);
    assert!(first().await > 100);
}

#[tokio::test]
async fn what_lies_in_several_places_is_told_and_written_by_place() {
    let shop = open(2).await;
    let adapter = adapter(&shop, by_token(), VERSION);
    let key = EntityKey::variant(id(), "1");
    let read = fetch(&adapter, &key).await;
    let levels = async || -> Vec<(String, Decimal)> {
        let read = fetch(&adapter, &key).await;
        let variant = read.entity.as_variant().unwrap();
        let each = variant.stock.iter().map(|(place, level)| {
            (place.id().unwrap().to_owned(), level.value().unwrap().available.unwrap())
        });
        each.collect()
    };
    let told = |first: i64, second: i64| {
        vec![("1".to_owned(), first.into()), ("2".to_owned(), second.into())]
    };
    assert_eq!(levels().await, told(10, 0));
    let write = |place: Location| ActionKind::ChangeStock {
        shop: id(),
        variant: "1".to_owned(),
        location: place,
        available: 4.into(),
        decided_on: 0.into(),
    };
    let action = ActionId::from_stored("39ca6e9be3e609a033636f7a2f9a5372");
    // Which place is meant has to be said.
    assert!(adapter.request(&action, &write(Location::WHOLE_SHOP), Some(&read.entity)).is_err());
    let second = write(Location::new("2".to_owned()));
    let ask = adapter.request(&action, &second, Some(&read.entity)).unwrap();
    let done = adapter.execute(now(), &second, &ask).await.unwrap();
    assert!(matches!(done, Executed::Done { .. }), "{done:?}");
    assert_eq!(levels().await, told(10, 4));
    assert_eq!(shop.quantity("A"), Some(14));
}

/// No date of a variant moves with its stock: a poll reads the levels that have a new one.
#[tokio::test]
async fn a_poll_has_stock_that_moved() {
    let shop = open(2).await;
    let adapter = adapter(&shop, by_token(), VERSION);
    shop.set_clock(jiff::SignedDuration::from_hours(1));
    let since = now().plus_ms(30 * 60 * 1_000);
    shop.set_quantity("A", 3);
    let (mut cursor, mut found) = (None, Vec::new());
    loop {
        let page = adapter
            .page(now(), Collection::Catalogue, Some(since), cursor.as_deref())
            .await
            .unwrap();
        found.extend(page.snapshots);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let stock =
        found.iter().filter_map(|snapshot| snapshot.entity.as_variant()?.stock.values().next());
    let available: Vec<_> = stock.map(|level| level.value().unwrap().available).collect();
    assert_eq!(available, [Some(3.into())]);
}

/// More than is read with an order is read by itself.
#[tokio::test]
async fn an_order_of_many_lines_is_read_whole() {
    const LINES: usize = 20;
    let product = |number: usize| Product {
        sku: Some(format!("SKU-{number}")),
        title: format!("Tazza {number}"),
        price: "2.00".to_owned(),
        stock: Some(10),
        ..Product::default()
    };
    let shop = ShopifyShop::start(ShopifyShopConfig {
        products: (0..LINES).map(product).collect(),
        ..ShopifyShopConfig::default()
    })
    .await
    .unwrap();
    let lines: Vec<_> = (0..LINES).map(|number| (format!("SKU-{number}"), 1)).collect();
    let order = shop.buy(&lines).unwrap();
    assert!(shop.ship(order.id));
    let adapter = adapter(&shop, by_token(), VERSION);
    let read = fetch(&adapter, &EntityKey::order(id(), order.id.to_string())).await;
    let told = read.entity.as_order().unwrap();
    let known = told.lines.value().unwrap();
    assert_eq!(known.len(), LINES);
    for line in known {
        let taken: Vec<_> = line.deductions.values().copied().collect();
        assert_eq!(taken, [Decimal::ONE], "{}", line.title);
    }
    let parcel = told.parcels.values().next().unwrap().value().unwrap();
    assert_eq!(parcel.lines.len(), LINES);
}
