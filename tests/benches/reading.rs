//! `import.entries-per-second` and `import.resident-bytes`: how fast a shop with many products and
//! orders is imported, and the most memory that takes. `gap.closed-seconds` and `gap.resident-bytes`:
//! how long a host that was off for a day takes to read ten thousand orders that it never heard of,
//! and the most memory that takes. The shop is simulated and answers at once, so this is the host's
//! part of it.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use fondaco::demo::stage::Stage;
use fondaco_shopsim::WooShop;
use serde_json::{Value, json};

use crate::{Bound, Figure, stage};

/// Orders that are imported.
const ORDERS: u64 = 50_000;
/// Products that are imported.
const PRODUCTS: u64 = 20_000;
/// Orders that were missed.
const ORDERS_MISSED: u64 = 10_000;
/// Where the ids of what is put into the shop begin.
const FIRST_ID: u64 = 100_000;
/// How long either may take before the bench gives up.
const WITHIN: Duration = Duration::from_secs(1_200);
/// Entries a second.
const RATE_BOUND: f64 = 300.0;
/// Seconds.
const CLOSED_BOUND: f64 = 120.0;
/// Bytes.
const RESIDENT_BOUND: f64 = 250e6;

/// What was measured of one reading.
struct Reading {
    took: Duration,
    resident: u64,
}

pub fn import_rate() -> Figure {
    let entries = ORDERS + PRODUCTS;
    let seconds = imported().took.as_secs_f64();
    Figure {
        value: entries as f64 / seconds,
        unit: "per s",
        bound: Bound::AtLeast(RATE_BOUND),
        detail: format!(
            "{PRODUCTS} products and {ORDERS} orders, {seconds:.1} s from the start of the process \
             until its modules were live"
        ),
    }
}

pub fn import_memory() -> Figure {
    memory(imported(), "the most while they were imported")
}

pub fn gap_closed() -> Figure {
    let seconds = gap().took.as_secs_f64();
    Figure {
        value: seconds,
        unit: "s",
        bound: Bound::AtMost(CLOSED_BOUND),
        detail: format!(
            "from the start of the process until modules can hear of {ORDERS_MISSED} orders, {:.0} a \
             second",
            ORDERS_MISSED as f64 / seconds
        ),
    }
}

pub fn gap_memory() -> Figure {
    memory(gap(), "the most while they were read")
}

fn memory(reading: &Reading, when: &str) -> Figure {
    Figure {
        value: reading.resident as f64,
        unit: "bytes",
        bound: Bound::AtMost(RESIDENT_BOUND),
        detail: format!("{when}: {:.0} MiB", reading.resident as f64 / f64::from(1 << 20)),
    }
}

fn imported() -> &'static Reading {
    static MEASURED: OnceLock<Reading> = OnceLock::new();
    MEASURED.get_or_init(|| run(import()))
}

fn gap() -> &'static Reading {
    static MEASURED: OnceLock<Reading> = OnceLock::new();
    MEASURED.get_or_init(|| run(close_gap()))
}

fn run(reading: impl Future<Output = Reading>) -> Reading {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(reading)
}

async fn import() -> Reading {
    let stage = stage::set().await;
    let shop = &stage.shops()[0];
    let product = sample("product_get");
    for id in FIRST_ID..FIRST_ID + PRODUCTS {
        let mut product = product.clone();
        product["id"] = json!(id);
        product["sku"] = json!(format!("BENCH-{id}"));
        shop.put_product(product).unwrap();
    }
    put_orders(shop, ORDERS);
    let began = Instant::now();
    let host = stage::serve(&stage);
    let live = async || stage::client(&stage).await.is_some_and(|client| client.state == "live");
    stage::until(WITHIN, live).await;
    let (took, resident) = (began.elapsed(), peak_bytes(host.id().unwrap()));
    stage::stop(host).await;
    stage.strike().await;
    Reading { took, resident }
}

async fn close_gap() -> Reading {
    let stage = stage::set().await;
    let host = stage::serve(&stage);
    stage::until(WITHIN, async || stage::is_quiet(&stage).await).await;
    let before = events(&stage).await.unwrap();
    stage::stop(host).await;
    put_orders(&stage.shops()[0], ORDERS_MISSED);
    let began = Instant::now();
    let host = stage::serve(&stage);
    let heard = async || events(&stage).await.is_some_and(|now| now >= before + ORDERS_MISSED);
    stage::until(WITHIN, heard).await;
    let (took, resident) = (began.elapsed(), peak_bytes(host.id().unwrap()));
    stage::stop(host).await;
    stage.strike().await;
    Reading { took, resident }
}

async fn events(stage: &Stage) -> Option<u64> {
    stage::client(stage).await.map(|client| client.events)
}

/// Puts orders into a shop that were placed just now, and that no webhook tells of. What they hold
/// the shop has no products of, so that no module writes anything because of them.
fn put_orders(shop: &WooShop, count: u64) {
    let captured = sample("order_get");
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    for id in FIRST_ID..FIRST_ID + count {
        let mut order = captured.clone();
        order["id"] = json!(id);
        order["number"] = json!(id.to_string());
        for date in ["date_created_gmt", "date_modified_gmt", "date_paid_gmt"] {
            order[date] = json!(now);
        }
        shop.put_order(order, false).unwrap();
    }
}

fn sample(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/woocommerce");
    let text = std::fs::read(format!("{folder}/{name}.json")).unwrap();
    let mut captured: Value = serde_json::from_slice(&text).unwrap();
    captured["body"].take()
}

/// The most memory that a process has had.
fn peak_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}
