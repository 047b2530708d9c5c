//! `fondaco shop …`: what an agency does about a client's shops.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use indicatif::ProgressBar;

use crate::{ask::Asking, limits::SPINNER_EVERY};

mod align;
mod check;
mod client_file;
mod connect;
mod credentials;
mod hand_over;
mod rotate;
mod secret_files;
mod sync;
mod webhooks;

/// What can be done about shops.
#[derive(Debug, Subcommand)]
pub enum ShopCommand {
    /// Connect a shop: take its API key, try it, and write the shop into its client's file.
    Connect(Box<connect::ConnectOptions>),
    /// Look at everything that the host needs of a shop, and say what is missing and where to click.
    Check(check::CheckOptions),
    /// List what differs between the production shops of a client, SKU by SKU, and bring them into
    /// line with the one that is right.
    Align(align::AlignOptions),
    /// Compare all that a shop lists with what the host knows of it, and read what is missing or
    /// of another version; modules hear of what was different.
    Sync(Asked),
    /// Change the API key or the webhook secret of a shop without a gap.
    Rotate(Box<rotate::RotateOptions>),
    /// List the webhooks of a shop, ours and others', or make ours anew.
    Webhooks(webhooks::WebhooksOptions),
}

/// A shop of a client.
#[derive(Debug, Args)]
pub struct OfShop {
    /// The client.
    client: String,
    /// The shop, by its name in the client's file.
    shop: String,
}

impl OfShop {
    /// What the admin API has of it.
    fn path(&self, what: &str) -> String {
        path(&self.client, &self.shop, what)
    }
}

/// What the admin API has of a shop.
fn path(client: &str, shop: &str, what: &str) -> String {
    format!("/api/v1/clients/{client}/shops/{shop}/{what}")
}

/// Does what was asked for.
///
/// # Errors
/// If it cannot be done; the message says why and what to do.
pub async fn run(command: ShopCommand) -> anyhow::Result<ExitCode> {
    match command {
        ShopCommand::Connect(options) => connect::run(&options).await,
        ShopCommand::Rotate(options) => rotate::run(&options).await,
        ShopCommand::Check(options) => check::run(&options).await,
        ShopCommand::Align(options) => align::run(&options).await,
        ShopCommand::Sync(asked) => sync::run(&asked).await,
        ShopCommand::Webhooks(options) => webhooks::run(&options).await,
    }
}

/// Something that turns while somebody waits; on a terminal alone.
fn waiting(words: String) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(words);
    spinner.enable_steady_tick(SPINNER_EVERY);
    spinner
}

/// Which host to ask, beside what is asked.
#[derive(Debug, Args)]
pub struct Asked {
    #[command(flatten)]
    shop: OfShop,
    #[command(flatten)]
    asking: Asking,
}
