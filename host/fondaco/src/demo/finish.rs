//! The end of the demo: do all shops show what the orders left?
//!
//! The reference is worked out from the shops' own ledgers of what they truly sold, and from nothing
//! that the host or the module says.

use std::{collections::BTreeMap, time::Instant};

use fondaco_shopsim::{AnyShop, ledger::LedgerEvent};

use super::stage::{Stage, capital};
use crate::{host::RunningHost, limits::DEMO_QUIET_WITHIN};

/// How often the shops are looked at while things settle.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(200);

/// What each shop should show of each SKU: what is left less what is kept back, and never less than
/// nothing.
#[must_use]
pub fn reference(stage: &Stage) -> BTreeMap<String, i64> {
    let kept_back = i64::from(stage.buffer());
    let shown = |(sku, left): (String, i64)| (sku, (left - kept_back).max(0));
    left(stage).into_iter().map(shown).collect()
}

/// What is left of each SKU: what there was at first, less what was sold, plus what was given back.
/// Below zero, more was sold than there was.
#[must_use]
pub fn left(stage: &Stage) -> BTreeMap<String, i64> {
    let mut left = stage.opening().clone();
    for entry in stage.all().iter().flat_map(AnyShop::ledger) {
        match entry.event {
            LedgerEvent::Sold { sku, quantity, .. } => {
                *left.entry(sku).or_default() -= quantity;
            }
            LedgerEvent::Restored { sku, quantity, .. } => {
                *left.entry(sku).or_default() += quantity;
            }
            _ => {}
        }
    }
    left
}

/// Whether all shops show the reference.
#[must_use]
pub fn agreed(stage: &Stage) -> bool {
    let reference = reference(stage);
    stage.all().iter().all(|shop| shop.quantities() == reference)
}

/// Waits until nothing is on its way and the shops agree. Says whether they do.
pub async fn until_agreed(host: &RunningHost, stage: &Stage) -> anyhow::Result<bool> {
    let began = Instant::now();
    while began.elapsed() < DEMO_QUIET_WITHIN {
        for shop in stage.all() {
            shop.quiet().await;
        }
        if nothing_waits(host).await? && agreed(stage) {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(agreed(stage))
}

async fn nothing_waits(host: &RunningHost) -> anyhow::Result<bool> {
    for client in host.engine.clients() {
        let backlog = host.store.backlog(&client.id).await?;
        if backlog.deliveries > 0 || backlog.actions > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Prints a line for each SKU: what the shops show and what the orders left.
pub fn print_table(stage: &Stage) {
    let (reference, shops) = (reference(stage), stage.all());
    print!("\n{:<10}", "SKU");
    for shop in &shops {
        print!("{:>10}", capital(shop.name()));
    }
    println!("{:>12}", "reference");
    for (sku, expected) in &reference {
        let shown: Vec<_> =
            shops.iter().map(|shop| shop.quantity(sku).unwrap_or_default()).collect();
        print!("{sku:<10}");
        for quantity in &shown {
            print!("{quantity:>10}");
        }
        let agree = shown.iter().all(|quantity| quantity == expected);
        println!("{expected:>12}{}", if agree { "" } else { "   ! they differ" });
    }
    let sold = shops
        .iter()
        .flat_map(AnyShop::ledger)
        .filter(|entry| matches!(entry.event, LedgerEvent::Sold { .. }))
        .count();
    println!(
        "\n{sold} lines sold; the reference is the opening less what the shops' ledgers sold."
    );
}
