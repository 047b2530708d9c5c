//! `fondaco serve`: runs the host until it is asked to stop.

use std::{collections::BTreeMap, io::IsTerminal as _, path::Path, process::ExitCode};

use anyhow::Context as _;
use fondaco_engine::watch::Happening;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::sync::broadcast;

use crate::{
    compile,
    config::{self, Config, Log, LogFormat},
    host::RunningHost,
};

/// Runs the host of a configuration until SIGTERM or Ctrl-C.
///
/// # Errors
/// If it cannot be started.
pub async fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let report = config::check(path);
    if !report.is_good() || !report.warnings.is_empty() {
        eprintln!("{report}");
    }
    let Some(config) = report.config else {
        return Ok(ExitCode::FAILURE);
    };
    start_log(&config.log)?;
    serve(config).await?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let stop_asked = crate::signals::stop_asked();
    let host = RunningHost::start(config, compile::in_child()).await?;
    tracing::info!(address = %host.address, "the host listens");
    if std::io::stderr().is_terminal() {
        tokio::spawn(show_imports(host.engine.watch()));
    }
    stop_asked.await;
    tracing::info!("the host is being stopped");
    host.stop().await;
    tracing::info!("the host has stopped; everything accepted is on disk");
    Ok(())
}

/// Sends the log where it is wanted.
///
/// # Errors
/// If the filter cannot be understood, or there is a log already.
pub fn start_log(log: &Log) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&log.filter)
        .with_context(|| format!("the log filter `{}` cannot be understood", log.filter))?;
    let log_lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are for a terminal; in a file or a journal their codes stand between the words.
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => log_lines.try_init(),
        LogFormat::Json => log_lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}

/// A bar for each first import.
async fn show_imports(mut watch: broadcast::Receiver<Happening>) {
    let bars = MultiProgress::new();
    let mut of_shop: BTreeMap<String, ProgressBar> = BTreeMap::new();
    let template = "{prefix:<24} {bar:30} {pos}/{len} {per_sec} {eta}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    loop {
        match watch.recv().await {
            Ok(Happening::Importing { client, shop, done, total }) => {
                let bar = of_shop.entry(format!("{client}/{shop}")).or_insert_with(|| {
                    let bar = bars.add(ProgressBar::new(total)).with_style(style.clone());
                    bar.with_prefix(format!("importing {client}/{shop}"))
                });
                bar.set_length(total);
                bar.set_position(done);
            }
            Ok(Happening::Imported { client, shop }) => {
                if let Some(bar) = of_shop.remove(&format!("{client}/{shop}")) {
                    bar.finish();
                }
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
