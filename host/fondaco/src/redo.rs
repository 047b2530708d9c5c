//! `fondaco deliveries` and `fondaco actions retry|discard|settle`: what a person does about what
//! came to nothing.

use clap::{Args, Subcommand, ValueEnum};
use fondaco_web::views::{
    DeadDeliveryView,
    redo::{Decided, DecidedEnd, RedoAsked, RedoneView},
};

use crate::ask::{Asking, ask, moment, tell};

/// What can be done with deliveries that nothing could be made of.
#[derive(Debug, Subcommand)]
pub enum DeliveriesCommand {
    /// List them, newest first, each with the reason. What a copy of a shop sent is kept apart, and
    /// can only be discarded.
    List {
        /// The client.
        #[arg(long)]
        client: String,
        /// How many at most.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Which host to ask.
        #[command(flatten)]
        asking: Asking,
    },
    /// Put them back into the inbox, once what kept them from being read is mended.
    Retry(Selected),
    /// Delete them.
    Discard(Selected),
}

/// What can be done with actions.
#[derive(Debug, Subcommand)]
pub enum ActionsCommand {
    /// Let actions that failed, were refused or expired be tried again, under the same id.
    Retry(SelectedActions),
    /// End actions that wait.
    Discard(SelectedActions),
    /// Say how an action ended that stands as unknown, after looking at the shop.
    Settle {
        /// The action's id.
        action: String,
        /// Whether it took effect.
        #[arg(long = "as")]
        end: End,
        /// How you know; goes into the audit log.
        #[arg(long)]
        because: String,
        /// The client.
        #[arg(long)]
        client: String,
        /// Which host to ask.
        #[command(flatten)]
        asking: Asking,
    },
}

/// How an action ended.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum End {
    /// It took effect.
    Done,
    /// It took none.
    Failed,
}

/// Which ones, and why.
#[derive(Debug, Args)]
pub struct Selected {
    /// One alone: a delivery's number, or an action's id.
    #[arg(conflicts_with_all = ["from", "to", "shop", "all"])]
    one: Option<String>,
    /// From this number on.
    #[arg(long)]
    from: Option<u64>,
    /// Up to this number.
    #[arg(long)]
    to: Option<u64>,
    /// Those of this shop.
    #[arg(long)]
    shop: Option<String>,
    /// All there are.
    #[arg(long, conflicts_with_all = ["from", "to", "shop"])]
    all: bool,
    /// Why; goes into the audit log, and has to be said to discard.
    #[arg(long, default_value = "")]
    because: String,
    /// The client.
    #[arg(long)]
    client: String,
    #[command(flatten)]
    asking: Asking,
}

/// Which actions, and why.
#[derive(Debug, Args)]
pub struct SelectedActions {
    /// Those that this install proposed.
    #[arg(long, conflicts_with_all = ["one", "all"])]
    install: Option<String>,
    #[command(flatten)]
    selected: Selected,
}

/// Lists, retries or discards deliveries that nothing could be made of.
///
/// # Errors
/// If the host does not answer, or would not do it.
pub async fn deliveries(command: DeliveriesCommand) -> anyhow::Result<()> {
    match command {
        DeliveriesCommand::List { client, limit, asking } => {
            let path = format!("/api/v1/clients/{client}/dead-deliveries?limit={limit}");
            let dead = ask::<Vec<DeadDeliveryView>>(&asking, &path).await?;
            for delivery in dead.unwrap_or_default() {
                let DeadDeliveryView { number, shop, topic, received_at, trace, reason, site } =
                    delivery;
                let apart = site.map_or("", |_| ", kept apart");
                println!("{number:>8}  {}  {topic} from {shop}{apart}", moment(received_at));
                println!("    {reason}\n    trace {trace}");
            }
            Ok(())
        }
        DeliveriesCommand::Retry(selected) => {
            redo(selected, None, "dead-deliveries/retry", "back in the inbox").await
        }
        DeliveriesCommand::Discard(selected) => {
            redo(selected, None, "dead-deliveries/discard", "discarded").await
        }
    }
}

/// Retries, discards or decides on actions.
///
/// # Errors
/// If the host does not answer, or would not do it.
pub async fn actions(command: ActionsCommand) -> anyhow::Result<()> {
    match command {
        ActionsCommand::Retry(SelectedActions { install, selected }) => {
            redo(selected, install, "actions/retry", "tried again").await
        }
        ActionsCommand::Discard(SelectedActions { install, selected }) => {
            redo(selected, install, "actions/discard", "discarded").await
        }
        ActionsCommand::Settle { action, end, because, client, asking } => {
            let (end, word) = match end {
                End::Done => (DecidedEnd::Done, "done"),
                End::Failed => (DecidedEnd::Failed, "failed"),
            };
            let path = format!("/api/v1/clients/{client}/actions/{action}/decide");
            let decided = Decided { end, because };
            if tell::<RedoneView>(&asking, &path, &decided).await?.is_some() {
                println!("action {action} has ended: {word}");
            }
            Ok(())
        }
    }
}

async fn redo(
    selected: Selected,
    install: Option<String>,
    what: &str,
    became: &str,
) -> anyhow::Result<()> {
    let Selected { one, from, to, shop, all, because, client, asking } = selected;
    let asked = RedoAsked { one, from, to, shop, install, all, because };
    let path = format!("/api/v1/clients/{client}/{what}");
    let Some(redone) = tell::<RedoneView>(&asking, &path, &asked).await? else {
        return Ok(());
    };
    println!("{} {became}", redone.done.len());
    for left in redone.left {
        println!("  {} is left as it is: {}", left.which, left.reason);
    }
    if redone.more {
        println!("  there are more; say it again for the next ones");
    }
    Ok(())
}
