//! `fondaco shop connect`: a shop is tried, and written into its client's file.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use console::Term;
use fondaco_model::{ClientId, ShopId};
use url::Url;

use super::{
    client_file::{ClientFile, ShopSection},
    credentials::{self, KeyOptions},
    secret_files::{SecretFile, random_secret},
};
use crate::{config::PlatformName, demo::stage::capital};

/// Which shop, and how its key is handed over.
#[derive(Debug, Args)]
pub struct ConnectOptions {
    /// The client.
    client: String,
    /// The name it gets in the client's file: lower-case letters, digits and hyphens.
    shop: String,
    /// What it runs on.
    #[arg(long, value_enum, default_value = "woocommerce")]
    platform: PlatformName,
    /// Where it is: of WooCommerce as WordPress has it (Settings, General, “Site Address”), of Magento
    /// its Base URL without a store's code, of Shopify its own address at myshopify.com.
    #[arg(long)]
    url: Url,
    /// What people call it; its name with a capital letter if absent.
    #[arg(long)]
    name: Option<String>,
    /// Whether real customers buy there. Asked for if absent.
    #[arg(long, value_enum)]
    environment: Option<EnvironmentWord>,
    /// Allow plain HTTP though it is on another machine: credentials and orders go unencrypted.
    #[arg(long)]
    allow_http: bool,
    #[command(flatten)]
    key: KeyOptions,
    /// The host's configuration.
    #[arg(long, default_value = "fondaco.toml")]
    config: PathBuf,
}

/// What a shop is to its merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EnvironmentWord {
    /// Real customers, real money.
    Production,
    /// A copy to try things on.
    Staging,
}

impl EnvironmentWord {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
        }
    }
}

/// Connects a shop: takes its key, tries it, and writes it down. Nothing is written unless the shop
/// can be worked with.
///
/// # Errors
/// If it cannot be; the message says why and what to do.
pub async fn run(options: &ConnectOptions) -> anyhow::Result<ExitCode> {
    let ConnectOptions { url, allow_http, config, .. } = options;
    let (client, shop) = (ClientId::new(&options.client)?, ShopId::new(&options.shop)?);
    let mut file = ClientFile::open(config, &client)?;
    anyhow::ensure!(
        !file.has(&shop),
        "{} has a shop `{shop}` already; change its credentials with `fondaco shop rotate {client} \
         {shop}`",
        file.path().display()
    );
    let environment = match options.environment {
        Some(environment) => environment,
        None => ask_environment()?,
    };
    let handed = credentials::take(&options.key, options.platform, url).await?;
    credentials::test(&shop, url, *allow_http, &handed).await?;

    let write = |what: &str, secret| {
        SecretFile::write(file.base(), &format!("{client}-{shop}-{what}"), secret)
    };
    let mut parts: Vec<_> = handed.parts.iter().map(|(key, part)| (*key, *key, part)).collect();
    let webhook_secret = random_secret();
    if options.platform == PlatformName::Woocommerce {
        parts.push(("webhook-secret", "webhooks", &webhook_secret));
    }
    let mut written = Vec::new();
    for (_, what, secret) in &parts {
        match write(what, secret) {
            Ok(file) => written.push(file),
            Err(error) => return Err(undone(&written, error)),
        }
    }
    let keys = parts.iter().map(|(key, ..)| *key);
    let secrets = keys.zip(written.iter().map(|file| file.reference.as_str())).collect();
    let title = options.name.clone().unwrap_or_else(|| capital(shop.as_str()));
    let section = ShopSection {
        name: &title,
        url,
        allow_http: *allow_http,
        environment: environment.as_str(),
        platform: options.platform,
        secrets,
    };
    let saved = file.add(&shop, &section).and_then(|()| file.save());
    saved.map_err(|error| undone(&written, error))?;
    println!(
        "\n{shop} is in {}; its secrets are in {}, for their owner alone.\n\
         Next:\n  fondaco serve                      # restart the host, which imports the shop and \
         hears of it from then on\n  fondaco shop check {client} {shop}   # see that everything is there",
        file.path().display(),
        written.iter().map(|file| file.reference.as_str()).collect::<Vec<_>>().join(", "),
    );
    Ok(ExitCode::SUCCESS)
}

/// Leaves no secret behind that nothing points to.
fn undone(written: &[SecretFile], error: anyhow::Error) -> anyhow::Error {
    written.iter().for_each(SecretFile::remove);
    error
}

fn ask_environment() -> anyhow::Result<EnvironmentWord> {
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "say whether real customers buy there: --environment production or staging"
    );
    let terminal = Term::stderr();
    terminal.write_str("Do real customers buy there? production/staging: ")?;
    let answer = terminal.read_line().context("nothing could be read")?;
    EnvironmentWord::from_str(answer.trim(), true)
        .map_err(|_| anyhow::anyhow!("`{}` is neither production nor staging", answer.trim()))
}
