//! What a WooCommerce shop sends by webhook, once its signature held.

use std::sync::LazyLock;

use fondaco_model::{ShopId, Snapshot, Timestamp, observe};
use fondaco_platforms::{
    Heard, Platform,
    timeouts::Timeouts,
    woocommerce::{Config, WooCommerce},
};

static ADAPTER: LazyLock<WooCommerce> = LazyLock::new(|| {
    WooCommerce::new(Config {
        shop: ShopId::new("milano").unwrap(),
        // A port that nobody listens on: nothing is asked.
        url: "http://127.0.0.1:9".parse().unwrap(),
        consumer_key: "ck".into(),
        consumer_secret: "cs".into(),
        webhook_secret: "secret".into(),
        timeouts: Timeouts::default(),
        allow_http: false,
    })
    .unwrap()
});

/// Normalises the lines after the first as the body of a delivery about the first. Tells whether
/// anything is made of it.
pub fn holds(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (topic, body) = bytes.split_at(end);
    let Ok(topic) = std::str::from_utf8(topic) else {
        return false;
    };
    let body = body.strip_prefix(b"\n").unwrap_or(body);
    let normalise = || ADAPTER.normalise(topic, Timestamp(1_800_000_000_000), body);
    let heard = normalise();
    assert_eq!(heard, normalise(), "the same again");
    match heard {
        Ok(heard) => {
            let told = heard.iter().any(|heard| !matches!(heard, Heard::Denied { .. }));
            heard.iter().for_each(check);
            told
        }
        Err(unreadable) => {
            assert!(!unreadable.0.is_empty(), "refused for nothing");
            false
        }
    }
}

fn check(heard: &Heard) {
    match heard {
        Heard::Snapshot(snapshot) => check_snapshot(snapshot),
        Heard::Person(seen) => assert_eq!(seen.key.shop, *ADAPTER.shop()),
        Heard::AccountGone(gone) => assert_eq!(gone.key.shop, *ADAPTER.shop()),
        Heard::Fetch(key) => assert_eq!(key.shop, *ADAPTER.shop()),
        Heard::Denied { reason } => assert!(!reason.is_empty()),
        Heard::Forget(_) | Heard::ForgetEverybody | Heard::DataRequest(_) => {
            panic!("WooCommerce passes on nobody's wishes: {heard:?}")
        }
    }
}

fn check_snapshot(snapshot: &Snapshot) {
    assert_eq!(snapshot.key.shop, *ADAPTER.shop());
    let first = observe(None, snapshot);
    let again = observe(Some(&first.entity), snapshot);
    assert!(again.changes.is_empty() && !again.needs_fetch && !again.moved, "told once: {again:?}");
    let stored = serde_json::to_string(&first.entity).unwrap();
    assert_eq!(serde_json::from_str::<fondaco_model::Entity>(&stored).unwrap(), first.entity);
}
