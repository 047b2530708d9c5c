//! `fondaco status|runs|actions|audit`: asks the running host over its admin socket.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use fondaco_web::{
    admin::Problem,
    figures::RunFigures,
    views::{
        ActionView, AuditEntryView, DiskView, FiguresView, QuarantineView, RunView, StatusView,
    },
};
use jiff::Timestamp;
use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::{config, control, limits::ADMIN_ANSWER_WITHIN, story::next_try};

/// Which host to ask, and how to show the answer.
#[derive(Debug, Args)]
pub struct Asking {
    /// The running host's configuration.
    #[arg(long, default_value = "fondaco.toml")]
    config: PathBuf,
    /// The host's admin socket, instead of the one its configuration names.
    #[arg(long)]
    socket: Option<PathBuf>,
    /// Show the answer as JSON.
    #[arg(long)]
    json: bool,
    /// Acts as the principal whose token this is. Without it: as the socket's owner.
    #[arg(long, env = "FONDACO_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Asking {
    fn socket(&self) -> anyhow::Result<PathBuf> {
        match &self.socket {
            Some(socket) => Ok(socket.clone()),
            None => config::admin_socket(&self.config)
                .with_context(|| format!("{} does not tell the socket", self.config.display())),
        }
    }
}

/// Which rows of a list.
#[derive(Debug, Args)]
pub struct Listing {
    /// The client.
    // Absent only where there is no listing: a command below it was given.
    #[arg(long, required = true)]
    client: Option<String>,
    /// Only those of this install.
    #[arg(long)]
    install: Option<String>,
    /// How many at most, newest first.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    asking: Asking,
}

/// Shows how the host and its clients stand.
///
/// # Errors
/// If the host does not answer.
pub async fn status(asking: &Asking) -> anyhow::Result<()> {
    let Some(status) = ask::<StatusView>(asking, "/api/v1/status").await? else {
        return Ok(());
    };
    println!("fondaco {}", status.version);
    let DiskView { free_bytes, room, spilled_bytes } = &status.store;
    println!("store: {} on its disk are free, {room}", size(*free_bytes));
    if *spilled_bytes > 0 {
        println!("  ! {} wait beside the database to be taken in", size(*spilled_bytes));
    }
    for client in status.clients {
        println!("\n{} ({}): {}", client.name, client.id, client.state);
        if let Some(ended) = client.ended {
            println!("  ! {ended}");
        }
        for stop in &client.stops {
            println!("  ! {}", control::words(stop));
        }
        for alert in &client.alerts {
            let since = moment(alert.at);
            println!("  ! {} since {since}: {} ({})", alert.severity, alert.title_en, alert.key);
        }
        if let Some(QuarantineView { backup_taken_at, looked, .. }) = client.quarantine {
            println!(
                "  ! in quarantine: restored from a backup of {}; {}",
                moment(backup_taken_at),
                if looked {
                    format!("release it with `fondaco quarantine release {}`", client.id)
                } else {
                    "what was under way then is being looked for, and what has changed read"
                        .to_owned()
                }
            );
        }
        for shop in client.shops {
            let imported = if shop.imported { "imported" } else { "being imported" };
            let until = shop.orders_known_until.map(moment).unwrap_or_default();
            println!(
                "  shop {:<16} {} {}, {imported}, orders complete until {until}",
                shop.id, shop.platform, shop.environment
            );
            if let Some(since) = shop.oldest_action_at {
                println!("    its oldest action that has not ended is of {}", moment(since));
            }
            if let Some(trouble) = shop.trouble {
                println!("    ! {trouble}");
            }
        }
        for install in client.installs {
            println!(
                "  module {:<14} {} {}, at event {}, {} behind",
                install.id, install.version, install.mode, install.event, install.behind
            );
            println!("    {}", figures(&install.figures));
        }
        if client.actions_unknown > 0 {
            println!(
                "  ! {} actions may have taken effect or not; look at the shop: fondaco actions \
                 --client {} --ended unknown",
                client.actions_unknown, client.id
            );
        }
        println!(
            "  waiting: {} deliveries, {} actions; {} deliveries set aside; {} events so far",
            client.deliveries_waiting, client.actions_open, client.deliveries_dead, client.events
        );
    }
    Ok(())
}

/// How an install does, in a line.
fn figures(figures: &FiguresView) -> String {
    let FiguresView { runs, actions_this_hour, oldest_event_at } = figures;
    let RunFigures { runs, failed, p50_us, p99_us } = runs;
    let waiting = match oldest_event_at {
        Some(since) => format!("oldest event waiting since {}", moment(*since)),
        None => "no event waiting".to_owned(),
    };
    format!(
        "last {runs} runs: p50 {p50_us} µs, p99 {p99_us} µs, {failed} failed; {actions_this_hour} \
         actions this hour; {waiting}"
    )
}

/// Lists the runs of a client's modules.
///
/// # Errors
/// If the host does not answer, or there is no such client.
pub async fn runs(listing: &Listing) -> anyhow::Result<()> {
    let path = path(listing, "runs");
    let Some(runs) = ask::<Vec<RunView>>(&listing.asking, &path).await? else {
        return Ok(());
    };
    println!("{:<24} {:<16} {:>8} {:>8} {:>9}  RESULT", "BEGAN", "MODULE", "RUN", "EVENT", "µs");
    for run in runs {
        println!(
            "{:<24} {:<16} {:>8} {:>8} {:>9}  {}{}",
            moment(run.began_at),
            run.install,
            run.number,
            run.event,
            run.used_of("wall-us"),
            if run.shadow { format!("{} in shadow", run.result) } else { run.result },
            run.reason.map(|reason| format!(": {reason}")).unwrap_or_default()
        );
        println!("    trace {}", run.trace);
        for line in run.log {
            println!("    {line}");
        }
        for action in run.actions {
            println!("    → action {action}");
        }
    }
    Ok(())
}

/// Lists the actions of a client's modules.
///
/// # Errors
/// If the host does not answer, or there is no such client.
pub async fn actions(listing: &Listing, open: bool, ended: Option<&str>) -> anyhow::Result<()> {
    let ended = ended.map(|end| format!("&ended={end}")).unwrap_or_default();
    let path = format!("{}&open={open}{ended}", path(listing, "actions"));
    let actions = ask::<Vec<ActionView>>(&listing.asking, &path).await?;
    for action in actions.unwrap_or_default() {
        let waits = next_try(&action);
        let end = action.end.unwrap_or(action.state);
        let detail = action.detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        let mails = if action.mails_customer { " [mails the customer]" } else { "" };
        let what = action.what;
        println!("{}  {end:<11} {what}{mails}{detail}{waits}", moment(action.proposed_at));
        println!("    {} by {}: {}", action.id, action.install, action.why_en);
        println!("    number {}, trace {}", action.number, action.trace);
    }
    Ok(())
}

/// Lists who did what to a client's work.
///
/// # Errors
/// If the host does not answer, or there is no such client.
pub async fn audit(client: &str, limit: u32, asking: &Asking) -> anyhow::Result<()> {
    let path = format!("/api/v1/clients/{client}/audit?limit={limit}");
    for entry in ask::<Vec<AuditEntryView>>(asking, &path).await?.unwrap_or_default() {
        let AuditEntryView { at, principal, what, subject, detail, .. } = entry;
        let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
        println!("{}  {principal:<16} {what} {subject}{detail}", moment(at));
    }
    Ok(())
}

fn path(listing: &Listing, what: &str) -> String {
    let install = listing.install.as_ref();
    let install = install.map(|install| format!("&install={install}")).unwrap_or_default();
    let client = listing.client.as_deref().unwrap_or_default();
    format!("/api/v1/clients/{client}/{what}?limit={}{install}", listing.limit)
}

/// A size, as people read it.
pub(crate) fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes < 10 * MIB {
        format!("{} KiB", bytes.div_ceil(1024))
    } else {
        format!("{} MiB", bytes / MIB)
    }
}

/// A moment, as people and programs read it alike.
pub(crate) fn moment(milliseconds: u64) -> String {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    match Timestamp::from_millisecond(milliseconds) {
        Ok(moment) => format!("{moment:.3}"),
        Err(_) => "?".to_owned(),
    }
}

/// The host's answer; nothing if it was printed as JSON already.
pub(crate) async fn ask<T: DeserializeOwned>(
    asking: &Asking,
    path: &str,
) -> anyhow::Result<Option<T>> {
    let token = asking.token.as_deref();
    let (socket, within) = (asking.socket()?, ADMIN_ANSWER_WITHIN);
    let body = send(&socket, token, Method::GET, path, None, within).await?;
    understood(asking, &body)
}

impl Asking {
    /// Whether the answer is to be shown as JSON.
    pub(crate) const fn wants_json(&self) -> bool {
        self.json
    }

    /// The host's configuration file.
    pub(crate) fn config_file(&self) -> &Path {
        &self.config
    }
}

/// The host's answer, however it is to be shown; of something that may take long.
pub(crate) async fn fetch<T: DeserializeOwned>(
    asking: &Asking,
    path: &str,
    within: Duration,
) -> anyhow::Result<T> {
    let token = asking.token.as_deref();
    let body = send(&asking.socket()?, token, Method::GET, path, None, within).await?;
    read(&body)
}

/// The host's answer to what it is told to do, however it is to be shown.
pub(crate) async fn command<T: DeserializeOwned>(
    asking: &Asking,
    path: &str,
    what: &impl serde::Serialize,
    within: Duration,
) -> anyhow::Result<T> {
    let body = serde_json::to_string(what).context("what is to be done cannot be written")?;
    let token = asking.token.as_deref();
    read(&send(&asking.socket()?, token, Method::POST, path, Some(body), within).await?)
}

/// The host's answer to what it is told to do; nothing if it was printed as JSON already.
pub(crate) async fn tell<T: DeserializeOwned>(
    asking: &Asking,
    path: &str,
    what: &impl serde::Serialize,
) -> anyhow::Result<Option<T>> {
    tell_within(asking, path, what, ADMIN_ANSWER_WITHIN).await
}

/// The same, of something that takes longer than most.
pub(crate) async fn tell_within<T: DeserializeOwned>(
    asking: &Asking,
    path: &str,
    what: &impl serde::Serialize,
    within: Duration,
) -> anyhow::Result<Option<T>> {
    let body = serde_json::to_string(what).context("what is to be done cannot be written")?;
    let (socket, token) = (asking.socket()?, asking.token.as_deref());
    let answer = send(&socket, token, Method::POST, path, Some(body), within);
    understood(asking, &answer.await?)
}

fn understood<T: DeserializeOwned>(asking: &Asking, body: &str) -> anyhow::Result<Option<T>> {
    if asking.json {
        println!("{body}");
        return Ok(None);
    }
    read(body).map(Some)
}

fn read<T: DeserializeOwned>(body: &str) -> anyhow::Result<T> {
    serde_json::from_str(body)
        .context("the host's answer cannot be read: is it another version than this command?")
}

async fn send(
    socket: &Path,
    token: Option<&str>,
    method: Method,
    path: &str,
    body: Option<String>,
    within: Duration,
) -> anyhow::Result<String> {
    let http = reqwest::Client::builder()
        .unix_socket(socket)
        .no_proxy()
        .timeout(within)
        .build()
        .context("the admin client cannot be made")?;
    // Over a Unix socket the host's name says nothing; it only has to be one.
    let mut request = http.request(method, format!("http://fondaco{path}"));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body);
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.with_context(|| {
        format!("no host answers at {}; start it with `fondaco serve`", socket.display())
    })?;
    let status = answer.status();
    let body = answer.text().await.context("the host's answer broke off")?;
    if !status.is_success() {
        let words = serde_json::from_str::<Problem>(&body).map(|problem| problem.error);
        anyhow::bail!("{}", words.unwrap_or_else(|_| format!("the host answered {status}")));
    }
    Ok(body)
}
