//! `fondaco demo`: a host, simulated shops and a customer who buys, told in a merchant's words.
//!
//! Nothing here is pretended: the shops speak their vendors' own APIs over HTTP, WooCommerce sends signed
//! webhooks, the host is the one that `fondaco serve` starts, from configuration files that can be
//! looked at. It needs no network but the machine's own loopback.

pub mod finish;
pub mod stage;
mod teller;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Args;
use fondaco_engine::watch::Happening;
use fondaco_shopsim::customer::{Customer, CustomerOptions};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{compile, config, host::RunningHost};
use stage::{Stage, StageOptions};

/// What the demo is told.
#[derive(Debug, Args)]
pub struct DemoOptions {
    /// End by itself after this time, such as 20s. Without it: on Ctrl-C.
    #[arg(long = "for", value_parser = duration)]
    run_for: Option<Duration>,
    /// The folder with stock-sync.wasm.
    #[arg(long, env = "FONDACO_PLUGINS", default_value = "target/plugins")]
    plugins: PathBuf,
    /// Keep the configuration and the data here, to look at them afterwards. Without it: a folder
    /// that is removed at the end.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// How often somebody buys, per second, on all shops together.
    #[arg(long, default_value_t = 2.0, value_parser = orders_per_second)]
    orders_per_second: f64,
    /// Which customer: the same number buys the same things.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Show the host's log as well, with this filter, such as info.
    #[arg(long)]
    log: Option<String>,
}

/// Most orders a second the demo is meant to show.
const ORDERS_PER_SECOND_MAX: f64 = 100.0;

fn duration(text: &str) -> Result<Duration, String> {
    config::duration(text).map_err(|wrong| wrong.to_string())
}

fn orders_per_second(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= ORDERS_PER_SECOND_MAX => Ok(number),
        _ => Err(format!("say a number above 0, at most {ORDERS_PER_SECOND_MAX}")),
    }
}

impl DemoOptions {
    /// The log's filter, if one is wanted.
    #[must_use]
    pub fn log_filter(&self) -> Option<&str> {
        self.log.as_deref()
    }
}

/// Runs the demo. Succeeds only if in the end all shops show what the orders left.
///
/// # Errors
/// If it cannot be set up.
pub async fn run(options: &DemoOptions) -> anyhow::Result<ExitCode> {
    let kitchen = StageOptions::kitchen(options.plugins.clone(), options.seed);
    let kitchen = kitchen.on_every_platform();
    let stage = Stage::set(StageOptions { folder: options.folder.clone(), ..kitchen }).await?;
    let shops: Vec<String> = stage
        .all()
        .iter()
        .map(|shop| format!("{} ({})", stage::capital(shop.name()), shop.platform()))
        .collect();
    println!("Fondaco demo: simulated shops, one stock: {}.", shops.join(", "));
    println!("Configuration and data: {}", stage.folder().display());
    let config = stage.config()?;
    let mut stopping = std::pin::pin!(crate::signals::stop_asked());
    let host = RunningHost::start(config, compile::in_child()).await?;
    let watch = host.engine.watch();
    tokio::select! {
        live = wait_until_live(watch, &host) => live?,
        () = &mut stopping => {
            println!("Stopped before the shops were imported.");
            host.stop().await;
            stage.strike().await;
            return Ok(ExitCode::SUCCESS);
        }
    }
    let told = teller::tell(&host);
    println!("All shops are imported and stock-sync is live; the customer begins to buy.\n");
    let enough = CancellationToken::new();
    let customer = Customer::new(
        stage.all(),
        options.seed,
        CustomerOptions { orders_per_second: options.orders_per_second, cancel_share: 0.1 },
    );
    let buying = tokio::spawn({
        let enough = enough.clone();
        async move { customer.run(enough).await }
    });
    let time_is_up = async {
        match options.run_for {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = time_is_up => {}
        () = &mut stopping => {}
    }
    enough.cancel();
    buying.await.context("the customer failed")?;
    println!("\nNobody buys any more; waiting until everything has settled …");
    let agreed = finish::until_agreed(&host, &stage).await?;
    told.abort();
    finish::print_table(&stage);
    host.stop().await;
    stage.strike().await;
    Ok(if agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn wait_until_live(
    mut watch: broadcast::Receiver<Happening>,
    host: &RunningHost,
) -> anyhow::Result<()> {
    let live = || {
        let mut clients = host.engine.clients();
        clients.all(|client| host.engine.status(&client.id).is_some_and(|status| status.live))
    };
    while !live() {
        match watch.recv().await {
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => anyhow::bail!("the host has ended"),
        }
    }
    Ok(())
}
