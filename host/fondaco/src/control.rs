//! `fondaco stop|go|alerts`: tells the running host to stop or to go on, and asks what it alerts of.

use clap::Args;
use fondaco_web::{
    admin::{ResolveAlert, StopOrGo},
    views::{AlertView, StopView},
};

use crate::ask::{Asking, ask, moment, tell};

/// What is to stop or to go on.
#[derive(Debug, Args)]
pub struct What {
    /// The client.
    client: String,
    /// Only this shop: nothing is sent to it.
    #[arg(long, conflicts_with = "install")]
    shop: Option<String>,
    /// Only this install: it does not run, and its actions wait.
    #[arg(long)]
    install: Option<String>,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    asking: Asking,
}

/// Which alerts.
#[derive(Debug, Args)]
pub struct Alerts {
    /// The client.
    #[arg(long)]
    client: String,
    /// Those that are resolved, too.
    #[arg(long)]
    all: bool,
    /// How many at most, newest first.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Says that somebody has seen to the alert with this key.
    #[arg(long, value_name = "KEY")]
    resolve: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

/// Stops something.
///
/// # Errors
/// If the host does not answer, has no such thing, or whoever asks may not.
pub async fn stop(what: What) -> anyhow::Result<()> {
    send(what, "stop", false).await
}

/// Lets something go on.
///
/// # Errors
/// If the host does not answer, has no such thing, it is not stopped, or whoever asks may not.
pub async fn go(what: What, forgive: bool) -> anyhow::Result<()> {
    send(what, "go", forgive).await
}

async fn send(what: What, verb: &str, forgive: bool) -> anyhow::Result<()> {
    let What { client, shop, install, reason, asking } = what;
    let path = format!("/api/v1/clients/{client}/{verb}");
    let what = StopOrGo { shop, install, reason, forgive };
    let Some(stops) = tell::<Vec<StopView>>(&asking, &path, &what).await? else {
        return Ok(());
    };
    if stops.is_empty() {
        println!("nothing of {client} is stopped");
    }
    for stop in &stops {
        println!("{}", words(stop));
    }
    Ok(())
}

/// Lists the host's own alerts about a client, or resolves one.
///
/// # Errors
/// If the host does not answer, there is no such client or alert, or whoever asks may not.
pub async fn alerts(what: &Alerts) -> anyhow::Result<()> {
    let path = format!("/api/v1/clients/{}/alerts", what.client);
    let alerts = match &what.resolve {
        Some(key) => {
            let path = format!("{path}/resolve");
            tell::<Vec<AlertView>>(&what.asking, &path, &ResolveAlert { key: key.clone() }).await?
        }
        None => {
            let path = format!("{path}?limit={}&open={}", what.limit, !what.all);
            ask::<Vec<AlertView>>(&what.asking, &path).await?
        }
    };
    for alert in alerts.unwrap_or_default() {
        let resolved = alert.resolved_at.map(|at| format!(", resolved {}", moment(at)));
        let resolved = resolved.unwrap_or_default();
        println!("{}  {:<8} {}{resolved}", moment(alert.at), alert.severity, alert.key);
        for (title, text) in [(alert.title_en, alert.text_en), (alert.title_it, alert.text_it)] {
            println!("    {title}\n      {text}");
        }
    }
    Ok(())
}

/// A stop in one line: what, by whom, since when, why.
pub fn words(stop: &StopView) -> String {
    let StopView { scope, at, principal, reason } = stop;
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("{scope} is stopped by {principal} since {}{reason}", moment(*at))
}
