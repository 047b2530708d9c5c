//! The host is killed, and goes on where it was.

use std::time::Duration;

use fondaco::demo::{
    finish,
    stage::{Stage, StageOptions},
};
use fondaco_shopsim::{
    LedgerEvent, WooShop,
    customer::{Customer, CustomerOptions},
};
use tokio_util::sync::CancellationToken;

use crate::scene::{self, until};

/// How often the host is killed.
const KILLS: u64 = 20;

/// Whether the host on the stage answers that it is ready.
async fn is_ready(stage: &Stage) -> bool {
    let address = format!("http://{}/readyz", stage.address());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(address).send().await.is_ok_and(|answer| answer.status().is_success())
}

/// The demo's shops with enough of everything for a long test.
async fn full_kitchen() -> Stage {
    let mut options = StageOptions::kitchen(scene::plugins(), 7);
    for product in options.ranges.iter_mut().flatten() {
        product.stock = product.stock.map(|quantity| quantity * 10);
    }
    Stage::set(options).await.unwrap()
}

#[tokio::test]
async fn a_host_killed_twenty_times_ends_with_both_shops_equal() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = full_kitchen().await;
    let mut host = scene::serve(&stage);
    until("the shops are aligned", async || finish::agreed(&stage)).await;
    let enough = CancellationToken::new();
    let options = CustomerOptions { orders_per_second: 8.0, cancel_share: 0.1 };
    let customer = Customer::new(stage.shops().to_vec(), 3, options);
    let buying = tokio::spawn({
        let enough = enough.clone();
        async move { customer.run(enough).await }
    });
    for kill in 0..KILLS {
        until("the host is ready", async || is_ready(&stage).await).await;
        // The instants differ, so that each kill meets the host at another point of its work.
        tokio::time::sleep(Duration::from_millis(kill * 53 % 700)).await;
        host.kill().await.unwrap();
        host = scene::serve(&stage);
    }
    enough.cancel();
    buying.await.unwrap();
    let agreed = tokio::time::timeout(scene::PATIENCE, async {
        while !finish::agreed(&stage) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    if agreed.await.is_err() {
        finish::print_table(&stage);
        panic!("the shops do not show what the orders left; see the table");
    }
    host.kill().await.unwrap();
    let is_sale = |event: &LedgerEvent| matches!(event, LedgerEvent::Sold { .. });
    let ledger = stage.shops().iter().flat_map(WooShop::ledger);
    let sold = ledger.filter(|entry| is_sale(&entry.event)).count();
    assert!(sold > 50, "too little was sold for the kills to meet anything: {sold}");
    stage.strike().await;
}

#[tokio::test]
async fn a_host_that_is_asked_to_stop_ends_well_and_imports_once() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = scene::kitchen().await;
    for _ in 0..2 {
        let mut host = scene::serve(&stage);
        until("the host is ready", async || is_ready(&stage).await).await;
        let process = host.id().unwrap().to_string();
        let asked = std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap();
        assert!(asked.success());
        let ended = tokio::time::timeout(scene::PATIENCE, host.wait()).await.unwrap().unwrap();
        assert!(ended.success(), "{ended}");
    }
    stage.strike().await;
}
