use fondaco_model::{
    Decimal, Timestamp,
    commerce::{LineKind, OrderState},
};
use serde_json::Value;

use super::{
    payloads::{Found, Order},
    *,
};
use crate::samples::{answer, captured};

mod answered;
mod goods;
mod money;
mod sold;

const READ_AT: Timestamp = Timestamp(1_800_000_000_000);

fn shop() -> ShopId {
    ShopId::new("roma").unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn order(name: &str) -> Order {
    serde_json::from_value(answer(&format!("magento-eur/{name}"))).unwrap()
}

fn settings() -> Settings {
    Settings {
        currency: "EUR".to_owned(),
        zone: jiff::tz::TimeZone::get("Europe/Rome").unwrap(),
        zone_name: "Europe/Rome".to_owned(),
        weight_unit: Some(facts::WeightUnit::Kilogram),
        stock: 1,
        addresses: Vec::new(),
    }
}

fn config(url: &str) -> Config {
    Config {
        shop: shop(),
        url: url.parse().unwrap(),
        access: Access::Bearer { token: "a-secret-token".into() },
        website: WEBSITE.to_owned(),
        source: None,
        timeouts: Timeouts::default(),
        allow_http: false,
    }
}

#[test]
fn everything_is_asked_for_at_the_address_of_all_store_views() {
    let base = |url: &str| Magento::new(config(url)).unwrap().client.base().to_string();
    assert_eq!(base("https://shop.test"), "https://shop.test/rest/all");
    assert_eq!(base("https://shop.test/negozio/"), "https://shop.test/negozio/rest/all");
    assert!(Magento::new(config("http://shop.test")).is_err());
    let empty =
        Config { access: Access::Bearer { token: "".into() }, ..config("http://localhost") };
    assert_eq!(Magento::new(empty).unwrap_err().to_string(), "the access token is empty");
}

#[test]
fn no_secret_is_shown() {
    let shown =
        format!("{:?}{:?}", config("http://localhost"), Magento::new(config("http://[::1]")));
    assert!(shown.contains("roma") && !shown.contains("a-secret-token"), "{shown}");
}

#[test]
fn an_order_is_named_by_a_number() {
    assert_eq!(number("17").unwrap(), 17);
    for bad in ["", "1/..", "-1", "+1", "17 ", "1".repeat(30).as_str()] {
        assert!(number(bad).is_err(), "{bad}");
    }
}
