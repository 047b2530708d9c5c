//! Who a shop says it is, whom it lets do what, and what its clock shows.

use fondaco_shopsim::{KeyRights, WooShop, WooShopConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::scene::{self, KEY, Receiver, bytes, call, client, get, put, sample, subscribe};

#[tokio::test]
async fn a_staging_copy_tells_with_the_same_secret_and_says_where_it_is() {
    let shop = scene::rome().await;
    let receiver = Receiver::start().await;
    let webhook = subscribe(&shop, "order.updated", &receiver.url).await;
    let order = shop.buy(&[("TAZZA", 1)]).unwrap().id;
    shop.quiet().await;
    let copy = shop.staging_copy("staging").await.unwrap();
    copy.set_home("https://staging.rossi.example/");
    let before = receiver.deliveries().len();
    put(&copy, &format!("/orders/{order}"), json!({ "customer_note": "a trial" })).await;
    copy.quiet().await;
    put(&shop, &format!("/orders/{order}"), json!({ "customer_note": "in earnest" })).await;
    shop.quiet().await;
    let told = receiver.deliveries();
    let (of_copy, of_shop) = (&told[before], &told[before + 1]);
    let headers = |name: &str| -> Vec<Vec<String>> {
        let meta: Value =
            serde_json::from_slice(&bytes(&format!("woocommerce-eur/{name}"))).unwrap();
        serde_json::from_value(meta["headers"].clone()).unwrap()
    };
    let source = |headers: Vec<Vec<String>>| {
        let header = headers.into_iter().find(|header| header[0] == "X-WC-Webhook-Source");
        header.unwrap()[1].clone()
    };
    let captured = source(headers("webhook_order_updated_from_clone.meta.json"));
    let original = source(headers("webhook_order_updated_from_original.meta.json"));
    assert_ne!(captured, original);
    assert_eq!(of_copy.header("x-wc-webhook-source"), captured.replace("http:", "https:"));
    assert_eq!(of_shop.header("x-wc-webhook-source"), format!("{}/", shop.url()));
    for delivery in [of_copy, of_shop] {
        assert_eq!(delivery.header("x-wc-webhook-id"), webhook.to_string());
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"rig-secret").unwrap();
        mac.update(&delivery.body);
        let signature = delivery.header("x-wc-webhook-signature");
        let signature =
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, signature).unwrap();
        assert!(mac.verify_slice(&signature).is_ok());
    }
    let link = of_copy.json()["_links"]["self"][0]["href"].as_str().unwrap().to_owned();
    assert!(link.starts_with("https://staging.rossi.example/wp-json/"), "{link}");
    let id = async |shop: &WooShop| {
        get(shop, "/system_status").await.body["environment"]["store_id"].clone()
    };
    assert_eq!(id(&copy).await, id(&shop).await);
    let other = WooShopConfig { seed: 8, ..scene::config("EUR", Vec::new()) };
    let other = WooShop::start(other).await.unwrap();
    assert_ne!(id(&other).await, id(&shop).await);

    copy.buy(&[("TAZZA", 10)]).unwrap();
    assert_eq!((copy.quantity("TAZZA"), shop.quantity("TAZZA")), (Some(89), Some(99)));
    for shop in [copy, shop, other] {
        shop.stop().await;
    }
}

#[tokio::test]
async fn what_is_told_when_rights_are_lost_is_signed_and_says_nothing() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "order.created", &receiver.url).await;
    subscribe(&shop, "order.deleted", &receiver.url).await;
    assert!(shop.set_rights(KEY, KeyRights::Lost));
    let order = shop.buy(&[("MUG-1", 1)]).unwrap().id;
    shop.quiet().await;
    let delivery = &receiver.deliveries()[0];
    assert_eq!(&delivery.body[..], bytes("woocommerce/webhook_owner_lost_rights.body"));
    let meta: Value =
        serde_json::from_slice(&bytes("woocommerce/webhook_owner_lost_rights.meta.json")).unwrap();
    // With the same secret the same words have the captured signature.
    let signature = meta["headers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|header| header[0] == "X-WC-Webhook-Signature");
    assert_eq!(delivery.header("x-wc-webhook-signature"), signature.unwrap()[1].as_str().unwrap());

    for (method, path, code) in [
        ("GET", format!("/orders/{order}"), "woocommerce_rest_cannot_view"),
        ("GET", "/orders".to_owned(), "woocommerce_rest_cannot_view"),
        ("PUT", format!("/orders/{order}"), "woocommerce_rest_cannot_edit"),
    ] {
        let answer = call(&shop, method, &path, Some(json!({}))).await;
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!(code)));
    }
    shop.set_rights(KEY, KeyRights::Read);
    assert_eq!(get(&shop, "/orders").await.status, 200);
    let answer = put(&shop, "/products/10", json!({})).await;
    let captured = sample("woocommerce/err_readonly_write");
    assert_eq!(
        (json!(answer.status), &answer.body),
        (captured["status"].clone(), &captured["body"])
    );
    shop.set_rights(KEY, KeyRights::ReadWrite);
    assert_eq!(put(&shop, "/products/10", json!({})).await.status, 200);
    assert!(!shop.set_rights("ck_other", KeyRights::Read));
    shop.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_off_dates_what_the_shop_says_and_not_the_ledger() {
    let shop = scene::rome().await;
    for hours in [-3, 5] {
        shop.set_clock(SignedDuration::from_hours(hours));
        let order = shop.buy(&[("TAZZA", 1)]).unwrap().id;
        let answer = get(&shop, &format!("/orders/{order}")).await;
        let expected = Timestamp::now() + SignedDuration::from_hours(hours);
        let near = |at: Timestamp| at.duration_since(expected).as_secs().abs() < 60;
        for name in ["date_created_gmt", "date_modified_gmt"] {
            let text = format!("{}Z", answer.body[name].as_str().unwrap());
            assert!(near(text.parse().unwrap()), "{name} {text}");
        }
        let date = jiff::fmt::strtime::parse("%a, %d %b %Y %H:%M:%S GMT", answer.header("date"));
        let date = date.unwrap().to_datetime().unwrap();
        let date = jiff::tz::TimeZone::UTC.to_timestamp(date).unwrap();
        assert!(near(date), "{date}");
        let entered = shop.ledger().last().unwrap().at;
        assert!(entered.duration_since(Timestamp::now()).as_secs().abs() < 60);
    }
    shop.stop().await;
}

/// The query of an application that asks for keys.
fn asks(callback: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("app_name", "Fondaco & <friends>")
        .append_pair("scope", "read_write")
        .append_pair("user_id", "state-123")
        .append_pair("return_url", "http://127.0.0.1:9/back?x=1")
        .append_pair("callback_url", callback)
        .finish()
}

/// Opens a page of the shop, and follows no redirect.
async fn open(shop: &WooShop, path: &str) -> reqwest::Response {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    http.build().unwrap().get(format!("{}{path}", shop.url())).send().await.unwrap()
}

/// Changes a product with these keys, and returns the status of the answer.
async fn write_with(shop: &WooShop, keys: &Value) -> u16 {
    let answer = client()
        .put(format!("{}/wp-json/wc/v3/products/10", shop.url()))
        .header("x-forwarded-proto", "https")
        .basic_auth(keys["consumer_key"].as_str().unwrap(), keys["consumer_secret"].as_str())
        .json(&json!({ "stock_quantity": 3 }))
        .send();
    answer.await.unwrap().status().as_u16()
}

/// As the vendor documents it: the keys to the application, the merchant back to it.
#[tokio::test]
async fn keys_are_handed_over_to_an_application_that_the_merchant_approves() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    let page = open(&shop, &format!("/wc-auth/v1/authorize?{}", asks(&receiver.url))).await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("Fondaco &amp; &lt;friends&gt;"), "{page}");
    assert!(page.contains("back?x=1&amp;success=0&amp;user_id=state-123"), "{page}");
    let approve = page.split("wc-auth-approve\" href=\"").nth(1).unwrap();
    let approve = approve.split('"').next().unwrap().replace("&amp;", "&");
    assert!(receiver.all().is_empty(), "nothing is handed over before");

    let back = open(&shop, &approve).await;
    assert_eq!(back.status(), 302);
    assert_eq!(
        back.headers()["location"],
        "http://127.0.0.1:9/back?x=1&success=1&user_id=state-123"
    );
    let sent = &receiver.all()[0];
    assert_eq!(sent.header("content-type"), "application/json;charset=UTF-8");
    let keys = sent.json();
    assert_eq!(keys["user_id"], "state-123");
    assert_eq!(keys["key_permissions"], "read_write");
    let key = keys["consumer_key"].as_str().unwrap();
    assert!(key.starts_with("ck_") && key.len() == 43, "{key}");
    assert_eq!(write_with(&shop, &keys).await, 200);
    shop.stop().await;
}

#[tokio::test]
async fn keys_are_handed_over_to_nobody_who_asks_wrongly_or_does_not_take_them() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    let failing = asks(&format!("{}/status/500", receiver.url));
    for (path, words) in [
        ("authorize?app_name=x".to_owned(), "Missing parameter user_id"),
        (format!("authorize?{}", asks("http://elsewhere.example/")), "needs to be over SSL"),
        (format!("access_granted?{failing}"), "unable to send the consumer data"),
    ] {
        let answer = open(&shop, &format!("/wc-auth/v1/{path}")).await;
        assert_eq!(answer.status(), 401);
        let text = answer.text().await.unwrap();
        assert!(text.contains(words), "{text}");
    }
    let lost = receiver.all().last().unwrap().json();
    assert_eq!(write_with(&shop, &lost).await, 401, "keys that nobody took are no keys");
    shop.stop().await;
}
