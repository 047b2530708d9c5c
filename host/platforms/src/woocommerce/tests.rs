use fondaco_model::EntityKey;
use serde_json::{Value, json};

use super::{
    samples::{Replay, Reply, SECRET, answer, at, shop, shop_at},
    *,
};

mod deliveries;
mod lists;
mod orders;
mod people;
mod products;
mod shop;
mod stock;

/// An action's id.
fn id() -> ActionId {
    ActionId::from_stored("39ca6e9be3e609a033636f7a2f9a5372")
}

fn config(url: &str) -> Config {
    Config {
        shop: shop(),
        url: url.parse().unwrap(),
        consumer_key: "ck_rig".into(),
        consumer_secret: "cs_rig".into(),
        webhook_secret: SECRET.into(),
        timeouts: Timeouts::default(),
        allow_http: false,
    }
}

#[test]
fn a_url_is_checked() {
    let base = |url: &str| api_base(&url.parse().unwrap(), false).map(|base| base.to_string());
    let api = "https://shop.test/wp-json/wc/v3";
    assert_eq!(base("https://shop.test").unwrap(), api);
    assert_eq!(base("https://shop.test/").unwrap(), api);
    assert_eq!(base("https://a.test/it/").unwrap(), "https://a.test/it/wp-json/wc/v3");
    for local in ["http://127.0.0.1:8088", "http://localhost", "http://[::1]/"] {
        base(local).unwrap();
    }
    let check = |url: &str, message: &str| {
        assert_eq!(base(url).unwrap_err().to_string(), message);
    };
    check("ftp://shop.test", "a shop's url begins with https://, and `ftp` does not");
    for open in ["http://shop.test", "http://10.0.0.1", "http://localhost.shop.test"] {
        let host = &open["http://".len()..];
        let message = format!(
            "`{host}` is not encrypted: write https://, or set allow-http if the way there is \
             private"
        );
        check(open, &message);
    }
    for url in ["https://ck@shop.test", "https://shop.test/?a=b", "https://shop.test/#a"] {
        check(
            url,
            "a shop's url has no user, password, query or fragment; the key goes to its own place",
        );
    }
}

#[test]
fn plain_http_can_be_allowed() {
    let allowed = Config { allow_http: true, ..config("http://shop.test") };
    WooCommerce::new(allowed).unwrap();
}

#[test]
fn nothing_is_empty() {
    let empty = Config { webhook_secret: "".into(), ..config("http://localhost") };
    assert_eq!(WooCommerce::new(empty).unwrap_err().to_string(), "the webhook secret is empty");
    let empty = Config { consumer_secret: "".into(), ..config("http://localhost") };
    assert_eq!(WooCommerce::new(empty).unwrap_err().to_string(), "the consumer secret is empty");
}

#[test]
fn no_secret_is_shown() {
    let config = config("http://localhost");
    for shown in [format!("{config:?}"), format!("{:?}", shop_at("http://localhost"))] {
        assert!(shown.contains("milano"), "{shown}");
        for secret in ["ck_rig", "cs_rig", SECRET] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
