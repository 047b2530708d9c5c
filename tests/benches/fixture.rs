//! What the sandbox's rows have in common: the modules, the order they hear of, and a host that has
//! nothing to tell them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use fondaco_model::{
    Aspect, ClientId, Decimal, EntityKey, InstallId, Location, Order, OrderChange, ShopId,
    Timestamp, Version,
    commerce::{LineKind, OrderHead, OrderLine, OrderState},
};
use fondaco_sandbox::{Call, EmptyHost, Input, RunHost};

/// Lines of the order.
pub const LINES: usize = 20;

/// What is under every key.
const VALUE: &str = r#"{"available":"12","counted":"2026-11-02","shops":["milano","roma"]}"#;

/// The bytes of a module, as `cargo xtask plugins` builds it.
pub fn component(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("FONDACO_PLUGINS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/plugins")),
        PathBuf::from,
    );
    std::fs::read(folder.join(name).with_extension("wasm")).unwrap()
}

/// A host with no shop, and the same value under every key.
pub fn host() -> Arc<dyn RunHost> {
    Arc::new(EmptyHost { value: Some(VALUE.to_owned()) })
}

/// An order of so many lines, as the host has it.
pub fn order(lines: usize) -> Order {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    let line = |number: usize| OrderLine {
        id: number.to_string(),
        kind: LineKind::Goods,
        variant: Some(format!("{}", 1000 + number)),
        product: Some(format!("{}", 1000 + number)),
        sku: Some(format!("SKU-{number:04}")),
        title: format!("Something for the kitchen, number {number}"),
        quantity: decimal("2"),
        net: decimal("19.90"),
        tax: decimal("4.38"),
        discount: Decimal::ZERO,
        deductions: BTreeMap::from([(Location::WHOLE_SHOP, decimal("2"))]),
    };
    let version = Version::pushed(Timestamp(1_800_000_000_000));
    let head = OrderHead {
        number: "1042".into(),
        state: OrderState::Processing,
        test: false,
        channel: "web".into(),
        placed_at: Timestamp(1_800_000_000_000),
        paid_at: Some(Timestamp(1_800_000_000_000)),
        customer: None,
        currency: "EUR".into(),
        prices_include_tax: true,
        total: decimal("485.60"),
        presentment_total: None,
        total_tax: decimal("87.60"),
        payment_method: Some("stripe".into()),
        shipping_country: Some("IT".into()),
        campaign: None,
        codes: Vec::new(),
        charges: Vec::new(),
    };
    Order {
        head: Aspect::known(version, head),
        lines: Aspect::known(version, (0..lines).map(line).collect()),
        ..Order::default()
    }
}

/// An order of [`LINES`] lines, for one install.
pub fn order_call(client: &ClientId, settings: &Arc<str>) -> Call {
    let shop = ShopId::new("milano").unwrap();
    Call {
        client: client.clone(),
        install: InstallId::new("bench").unwrap(),
        event: 7,
        shop: Some(shop.clone()),
        observed_at: Timestamp(1_800_000_000_000),
        caused_by: None,
        cursor: None,
        now: Timestamp(1_800_000_000_000),
        settings: Arc::clone(settings),
        answers: Vec::new(),
        input: Input::Order {
            key: EntityKey::order(shop, "17"),
            order: order(LINES),
            changes: BTreeSet::from([OrderChange::Placed, OrderChange::Paid]),
        },
    }
}
