//! `fondaco shop webhooks`: which webhooks a shop has, and ours made anew.

use std::process::ExitCode;

use clap::Args;
use fondaco_web::views::shops::{RepairWebhooks, WebhookMadeView, WebhookView};

use super::{Asked, waiting};
use crate::{
    ask::{command, fetch, moment},
    limits::SHOP_ANSWER_WITHIN,
};

/// Which webhooks, and what to do about them.
#[derive(Debug, Args)]
pub struct WebhooksOptions {
    #[command(flatten)]
    asked: Asked,
    /// Delete those of ours that the shop has switched off, and make them and those that are missing
    /// anew.
    #[arg(long)]
    repair: bool,
    /// With --repair: make all of ours anew, those that work, too.
    #[arg(long, requires = "repair")]
    all: bool,
}

/// Lists or repairs the webhooks of a shop. The command fails if one of ours does not work.
///
/// # Errors
/// If the host does not answer, there is no such shop, or the shop would not.
pub async fn run(options: &WebhooksOptions) -> anyhow::Result<ExitCode> {
    let WebhooksOptions { asked: Asked { shop, asking }, repair, all } = options;
    if *repair {
        let spinner = waiting(format!("making the webhooks of {}", shop.shop));
        let (path, what) = (shop.path("webhooks/repair"), RepairWebhooks { all: *all });
        let made: Vec<WebhookMadeView> = command(asking, &path, &what, SHOP_ANSWER_WITHIN).await?;
        spinner.finish_and_clear();
        if asking.wants_json() {
            println!("{}", serde_json::to_string(&made)?);
            return Ok(ExitCode::SUCCESS);
        }
        if made.is_empty() {
            println!("nothing had to be made: all of ours work");
        }
        for WebhookMadeView { topic, because } in made {
            println!("made {topic:<18} it was {because}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let webhooks: Vec<WebhookView> =
        fetch(asking, &shop.path("webhooks"), SHOP_ANSWER_WITHIN).await?;
    if asking.wants_json() {
        println!("{}", serde_json::to_string(&webhooks)?);
    } else {
        print!("{}", table(&webhooks));
    }
    let work = webhooks.iter().any(|webhook| webhook.ours)
        && webhooks.iter().all(|webhook| webhook.active || !webhook.ours);
    Ok(if work { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn table(webhooks: &[WebhookView]) -> String {
    let mut lines = format!(
        "{:<8} {:<7} {:<10} {:<18} {:<24} SENDS TO\n",
        "ID", "WHOSE", "STATUS", "TOPIC", "LAST DELIVERY"
    );
    for webhook in webhooks {
        let whose = if webhook.ours { "ours" } else { "other" };
        let last = match webhook.last_delivery_at {
            Some(at) => moment(at),
            None if webhook.ours => "none yet".to_owned(),
            None => "?".to_owned(),
        };
        let WebhookView { id, status, topic, address, .. } = webhook;
        lines += &format!("{id:<8} {whose:<7} {status:<10} {topic:<18} {last:<24} {address}\n");
    }
    if webhooks.is_empty() {
        lines += "the shop has none; make them with --repair\n";
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_and_others_are_told_apart() {
        let webhook = |ours, last_delivery_at| WebhookView {
            id: "3".to_owned(),
            name: "x".to_owned(),
            topic: "order.updated".to_owned(),
            address: "https://a.test/".to_owned(),
            ours,
            active: true,
            status: "active".to_owned(),
            last_delivery_at,
        };
        let table = table(&[webhook(true, Some(0)), webhook(true, None), webhook(false, None)]);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[1].contains(" ours ") && lines[1].contains("1970-01-01T00:00:00.000Z"));
        assert!(lines[2].contains("none yet"));
        assert!(lines[3].contains(" other ") && lines[3].contains(" ? "), "{table}");
    }
}
