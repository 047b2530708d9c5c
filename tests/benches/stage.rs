//! The demo's stage with a host in a process of its own, as an agency runs it.

use std::{
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use fondaco::demo::stage::{CLIENT, ENVIRONMENT, Stage, StageOptions};
use fondaco_web::views::{ClientView, RunView, StatusView};
use serde::de::DeserializeOwned;
use tokio::process::{Child, Command};

/// How often something is looked at that should become true.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What each shop has more than the demo's, so that it does not sell out.
const STOCK_FACTOR: i64 = 1_000;

/// The demo's two shops.
pub async fn set() -> Stage {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plugins = std::env::var_os("FONDACO_PLUGINS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/plugins")),
        PathBuf::from,
    );
    let mut options = StageOptions::kitchen(plugins, 7);
    for product in options.ranges.iter_mut().flatten() {
        product.stock = product.stock.map(|quantity| quantity * STOCK_FACTOR);
    }
    Stage::set(options).await.unwrap()
}

/// A host on the stage.
pub fn serve(stage: &Stage) -> Child {
    let program = std::env::var_os("FONDACO_BIN").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/fondaco")),
        PathBuf::from,
    );
    let mut command = Command::new(program);
    command.arg("serve").arg("--config").arg(stage.config_file()).envs(ENVIRONMENT);
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Asks the host to stop, and waits until it has.
pub async fn stop(mut host: Child) {
    let process = host.id().unwrap().to_string();
    assert!(
        std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap().success()
    );
    assert!(host.wait().await.unwrap().success());
}

/// What the admin door answers; nothing as long as nobody is there.
async fn ask<T: DeserializeOwned>(stage: &Stage, path: &str) -> Option<T> {
    let socket = stage.folder().join("data/admin.sock");
    let http = reqwest::Client::builder().unix_socket(socket).build().unwrap();
    let answer = http.get(format!("http://fondaco/api/v1/{path}")).send().await.ok()?;
    answer.json().await.ok()
}

/// How the client stands.
pub async fn client(stage: &Stage) -> Option<ClientView> {
    let status: StatusView = ask(stage, "status").await?;
    status.clients.into_iter().next()
}

/// The number of the client's last run.
pub async fn last_run(stage: &Stage) -> Option<u64> {
    let runs: Vec<RunView> = ask(stage, &format!("clients/{CLIENT}/runs?limit=1")).await?;
    runs.first().map(|run| run.number)
}

/// Whether nothing is on its way, in the shops or in the host.
pub async fn is_quiet(stage: &Stage) -> bool {
    for shop in stage.shops() {
        shop.quiet().await;
    }
    client(stage).await.is_some_and(|client| {
        let behind: u64 = client.installs.iter().map(|install| install.behind).sum();
        client.state == "live"
            && client.deliveries_waiting == 0
            && client.actions_open == 0
            && behind == 0
    })
}

/// Waits until something is true; says how long that took.
pub async fn until(within: Duration, mut is_true: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_true().await {
        assert!(began.elapsed() < within, "it did not come true within {within:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    began.elapsed()
}
