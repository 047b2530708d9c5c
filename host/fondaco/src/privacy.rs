//! `fondaco privacy export|erase`: what is held of somebody, and forgetting them.

use clap::{Args, Subcommand};
use fondaco_web::admin::privacy::{ErasedView, WhomView};

use crate::ask::{Asking, tell};

/// What somebody may ask of a shop.
#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Print all that is held of somebody, as JSON.
    Export(Whom),
    /// Forget somebody for good. Their orders stay as figures, and say no more whose they were.
    Erase(Whom),
}

/// Whom it is about.
#[derive(Debug, Args)]
pub struct Whom {
    /// The client.
    #[arg(long)]
    client: String,
    /// The shop they are a customer of.
    #[arg(long)]
    shop: String,
    /// Their id on the shop: them, and the guests who gave the same e-mail address.
    #[arg(long, required_unless_present = "email", conflicts_with = "email")]
    customer: Option<String>,
    /// Their e-mail address: everybody who gave it.
    #[arg(long)]
    email: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

impl Whom {
    fn path(&self, what: &str) -> String {
        format!("/api/v1/clients/{}/privacy/{what}", self.client)
    }

    fn view(&self) -> WhomView {
        let (shop, customer, email) =
            (self.shop.clone(), self.customer.clone(), self.email.clone());
        WhomView { shop, customer, email }
    }
}

/// Does what was asked for.
///
/// # Errors
/// If the host does not answer, or knows nobody like that.
pub async fn run(command: &PrivacyCommand) -> anyhow::Result<()> {
    match command {
        PrivacyCommand::Export(whom) => {
            let path = whom.path("export");
            let held = tell::<serde_json::Value>(&whom.asking, &path, &whom.view()).await?;
            if let Some(held) = held {
                println!("{held:#}");
            }
        }
        PrivacyCommand::Erase(whom) => {
            let path = whom.path("erase");
            if let Some(erased) = tell(&whom.asking, &path, &whom.view()).await? {
                print(&erased);
            }
        }
    }
    Ok(())
}

fn print(erased: &ErasedView) {
    let ErasedView { customers, values, noted, dead_deliveries, orders, .. } = erased;
    println!("forgotten: {}", customers.join(", "));
    println!("  {values} accounts and orders said who they are, {noted} values of modules' state");
    for number in dead_deliveries {
        println!("  dead delivery {number} named them and was discarded");
    }
    if !erased.log_cleared {
        println!("  the database's log is cleared of it as the host goes on");
    }
    println!("stays: orders {}", orders.join(", "));
    println!("  {}", erased.stays_because);
    println!("Backups made before still hold them: keep those no longer than you must.");
}
