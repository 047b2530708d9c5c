//! `fondaco shop rotate`: other credentials, without a moment at which none are good.
//!
//! A new API key is tried before the client's file names it, and the old one works on until somebody
//! deletes it on the shop. A new webhook secret is taken beside the old one; then the webhooks are
//! made anew with it; and only when one of them has delivered, the old one is dropped.

use std::{process::ExitCode, time::Instant};

use anyhow::Context as _;
use clap::Args;
use fondaco_model::{ClientId, ShopId};
use fondaco_web::views::shops::{CredentialsView, RepairWebhooks, WebhookMadeView};

use super::{
    Asked,
    client_file::ClientFile,
    credentials::{self, KeyOptions},
    secret_files::{SecretFile, random_secret, remove_old},
    waiting,
};
use crate::{
    ask::{Asking, command, fetch},
    config::{self, PlatformName},
    limits::{ADMIN_ANSWER_WITHIN, SHOP_ANSWER_WITHIN, SYNC_LOOK_EVERY},
};

const WEBHOOK_SECRET: &str = "webhook-secret";
const PREVIOUS: &str = "previous-webhook-secret";
const CLIENT_SECRET: &str = "client-secret";
const PREVIOUS_CLIENT_SECRET: &str = "previous-client-secret";

/// What is changed.
#[derive(Debug, Args)]
pub struct RotateOptions {
    #[command(flatten)]
    asked: Asked,
    /// The credentials for its API.
    #[arg(long, required_unless_present_any = ["webhook_secret", "finish"])]
    key: bool,
    /// What webhooks are signed with.
    #[arg(long)]
    webhook_secret: bool,
    /// How long to wait until a new webhook delivers; the old secret is good until then.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = wait)]
    wait: std::time::Duration,
    /// Drop the old webhook secret now, if a new webhook has delivered.
    #[arg(long, conflicts_with_all = ["key", "webhook_secret"])]
    finish: bool,
    #[command(flatten)]
    new_key: KeyOptions,
}

fn wait(text: &str) -> Result<std::time::Duration, String> {
    config::duration(text).map_err(|wrong| wrong.to_string())
}

/// The shop whose credentials are changed.
struct Rotation<'a> {
    client: ClientId,
    shop: ShopId,
    file: ClientFile,
    asked: &'a Asked,
}

/// Changes credentials of a shop.
///
/// # Errors
/// If they cannot be; then the old ones are good still.
pub async fn run(options: &RotateOptions) -> anyhow::Result<ExitCode> {
    let Asked { shop, asking } = &options.asked;
    let (client, id) = (ClientId::new(&shop.client)?, ShopId::new(&shop.shop)?);
    let file = ClientFile::open(asking.config_file(), &client)?;
    let mut rotation = Rotation { client, shop: id, file, asked: &options.asked };
    if options.key {
        rotation.key(&options.new_key).await?;
    }
    if options.webhook_secret {
        rotation.webhook_secret().await?;
    }
    if options.webhook_secret || options.finish {
        return rotation.finish(options.wait).await;
    }
    Ok(ExitCode::SUCCESS)
}

impl Rotation<'_> {
    const fn asking(&self) -> &Asking {
        &self.asked.asking
    }

    /// How the names of the secret files of one kind begin.
    fn file_name(&self, what: &str) -> String {
        format!("{}-{}-{what}", self.client, self.shop)
    }

    fn write(&self, what: &str, secret: &secrecy::SecretString) -> anyhow::Result<SecretFile> {
        SecretFile::write(self.file.base(), &self.file_name(what), secret)
    }

    /// Lets a running host take what the client's file says now; if it will not, the file is as it
    /// was before.
    async fn take(&mut self, before: &str, written: &[SecretFile]) -> anyhow::Result<()> {
        self.file.save().inspect_err(|_| written.iter().for_each(SecretFile::remove))?;
        let path = self.asked.shop.path("credentials/reread");
        let taken = command::<CredentialsView>(self.asking(), &path, &(), ADMIN_ANSWER_WITHIN);
        if let Err(error) = taken.await {
            self.file.restore(before)?;
            written.iter().for_each(SecretFile::remove);
            return Err(error).context("the host did not take them, so the old ones are kept");
        }
        Ok(())
    }

    async fn key(&mut self, options: &KeyOptions) -> anyhow::Result<()> {
        let (url, allow_http) = self.file.address(&self.shop)?;
        let platform = self.file.platform(&self.shop)?;
        let handed = credentials::take(options, platform, &url).await?;
        credentials::test(&self.shop, &url, allow_http, &handed).await?;
        let before = self.file.text();
        let keys = credentials::keys(platform);
        // What a Shopify app signed with is taken as well until the next change: what goes is the secret
        // before it.
        let going = |key| if key == CLIENT_SECRET { PREVIOUS_CLIENT_SECRET } else { key };
        let known = keys.iter().filter(|key| self.file.has_key(&self.shop, going(key)));
        let old: Vec<_> =
            known.map(|key| (*key, self.file.referenced(&self.shop, going(key)))).collect();
        self.file.copy(&self.shop, CLIENT_SECRET, PREVIOUS_CLIENT_SECRET)?;
        let mut written: Vec<SecretFile> = Vec::new();
        for (key, part) in &handed.parts {
            match self.write(key, part) {
                Ok(file) => written.push(file),
                Err(error) => {
                    written.iter().for_each(SecretFile::remove);
                    return Err(error);
                }
            }
        }
        for key in keys {
            self.file.remove(&self.shop, key)?;
        }
        for ((key, _), file) in handed.parts.iter().zip(&written) {
            self.file.refer(&self.shop, key, &file.reference)?;
        }
        self.take(&before, &written).await?;
        for (kind, old) in old {
            self.drop_file(kind, old);
        }
        println!(
            "the host speaks to {} with the new credentials; delete the old ones there: {}",
            self.shop,
            credentials::place(platform)
        );
        Ok(())
    }

    /// Removes a secret's file that nothing names any more.
    fn drop_file(&self, kind: &str, reference: Option<String>) {
        let Some(reference) = reference else {
            println!("the old {kind} is in the environment; remove it there");
            return;
        };
        if !remove_old(self.file.base(), &reference, &self.file_name(kind)) {
            println!("the old {kind} is in {reference} still; remove it, if nothing else needs it");
        }
    }

    async fn webhook_secret(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(
            !self.file.has_key(&self.shop, PREVIOUS),
            "the last change of the webhook secret is not finished: `fondaco shop rotate {} {} \
             --finish`",
            self.client,
            self.shop
        );
        match self.file.platform(&self.shop)? {
            PlatformName::Woocommerce => {}
            PlatformName::Magento => {
                anyhow::bail!("a Magento shop sends no webhooks, so there is no secret to change")
            }
            PlatformName::Shopify => anyhow::bail!(
                "a Shopify shop signs with the app's client secret: change that there, and say it \
                 with --key"
            ),
        }
        let before = self.file.text();
        let written = self.write("webhooks", &random_secret())?;
        self.file.copy(&self.shop, WEBHOOK_SECRET, PREVIOUS)?;
        self.file.refer(&self.shop, WEBHOOK_SECRET, &written.reference)?;
        self.take(&before, &[written]).await?;
        let spinner = waiting(format!("making the webhooks of {} anew", self.shop));
        let path = self.asked.shop.path("webhooks/repair");
        let what = RepairWebhooks { all: true };
        let made: anyhow::Result<Vec<WebhookMadeView>> =
            command(self.asking(), &path, &what, SHOP_ANSWER_WITHIN).await;
        spinner.finish_and_clear();
        let made = made.with_context(|| {
            format!(
                "both secrets are good now, but not all webhooks are signed with the new one; say \
                 `fondaco shop webhooks {} {} --repair --all` until it works, then --finish",
                self.client, self.shop
            )
        })?;
        println!(
            "{} webhooks are signed with the new secret; the old one is good still",
            made.len()
        );
        Ok(())
    }

    /// Waits until a new webhook has delivered, and drops the old secret.
    async fn finish(&mut self, wait: std::time::Duration) -> anyhow::Result<ExitCode> {
        let named = self.file.referenced(&self.shop, PREVIOUS);
        let path = self.asked.shop.path("credentials");
        let spinner = waiting(format!("waiting until {} delivers", self.shop));
        let began = Instant::now();
        let proven = loop {
            let known: CredentialsView = fetch(self.asking(), &path, ADMIN_ANSWER_WITHIN).await?;
            if known.webhook_secret_proven || began.elapsed() >= wait {
                break known.webhook_secret_proven;
            }
            tokio::time::sleep(SYNC_LOOK_EVERY).await;
        };
        spinner.finish_and_clear();
        if !proven {
            println!(
                "no new webhook has delivered yet, so the old secret is kept as well. Once \
                 something has happened on the shop: fondaco shop rotate {} {} --finish",
                self.client, self.shop
            );
            return Ok(ExitCode::FAILURE);
        }
        let before = self.file.text();
        self.file.remove(&self.shop, PREVIOUS)?;
        self.take(&before, &[]).await?;
        self.drop_file("webhooks", named);
        println!("the new webhooks deliver; the old secret is dropped");
        Ok(ExitCode::SUCCESS)
    }
}
