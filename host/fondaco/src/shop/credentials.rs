//! A shop's credentials, as a person hands them over: typed, by standard input, or by the shop itself.
//!
//! Never as a word of the command: those stand in the shell's history and in the list of processes.

use std::{
    io::{BufRead as _, IsTerminal as _},
    net::SocketAddr,
};

use anyhow::Context as _;
use clap::Args;
use console::Term;
use fondaco_engine::now;
use fondaco_model::ShopId;
use fondaco_platforms::{
    CheckItem, Expected, Subject, Verdict, magento, shopify, timeouts::Timeouts,
};
use fondaco_web::views::shops::CheckItemView;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{check::table, hand_over, waiting};
use crate::{
    adapter::{self, Address},
    config::{PlatformName, ShopAccess},
};

/// How credentials are handed over.
#[derive(Debug, Args)]
pub struct KeyOptions {
    /// Read the credentials from standard input, a line each: of a WooCommerce shop the key (ck_…) and
    /// its secret (cs_…); of a Magento shop the access token alone, or consumer key, consumer secret,
    /// access token and access token secret; of a Shopify shop the app's access token (shpat_…) or its
    /// client id, and its client secret.
    #[arg(long, conflicts_with = "authorize")]
    credentials_stdin: bool,
    /// Let a WooCommerce shop make a key and hand it over itself, once its manager has agreed in a
    /// browser.
    #[arg(long)]
    authorize: bool,
    /// Where the shop's hand-over is listened for.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", requires = "authorize")]
    listen: SocketAddr,
    /// How the shop reaches that address, where it is on another machine: WooCommerce takes nothing
    /// but https.
    #[arg(long, value_name = "URL", requires = "authorize")]
    callback_url: Option<Url>,
}

/// Credentials, each part by its key in the client's file.
#[derive(Debug)]
pub struct Handed {
    pub platform: PlatformName,
    pub parts: Vec<(&'static str, SecretString)>,
}

/// The keys that the parts of each platform's credentials can have, however many are used.
#[must_use]
pub const fn keys(platform: PlatformName) -> &'static [&'static str] {
    match platform {
        PlatformName::Woocommerce => &["key", "secret"],
        PlatformName::Magento => &["key", "secret", "token", "token-secret"],
        PlatformName::Shopify => &["token", "client-id", "client-secret"],
    }
}

/// Where a person makes and deletes them.
#[must_use]
pub const fn place(platform: PlatformName) -> &'static str {
    match platform {
        PlatformName::Woocommerce => "WooCommerce → Settings → Advanced → REST API",
        PlatformName::Magento => "System → Extensions → Integrations",
        PlatformName::Shopify => "Settings → Apps → Develop apps",
    }
}

impl Handed {
    /// A WooCommerce key.
    #[must_use]
    pub fn woocommerce(key: SecretString, secret: SecretString) -> Self {
        let parts = vec![("key", key), ("secret", secret)];
        Self { platform: PlatformName::Woocommerce, parts }
    }

    fn magento(mut lines: Vec<SecretString>) -> anyhow::Result<Self> {
        let platform = PlatformName::Magento;
        let keys: &[&str] = match lines.len() {
            1 => &["token"],
            4 => keys(platform),
            count => anyhow::bail!(
                "a Magento shop has one credential, its access token, or four: consumer key, \
                 consumer secret, access token and access token secret; these are {count}"
            ),
        };
        Ok(Self { platform, parts: keys.iter().copied().zip(lines.drain(..)).collect() })
    }

    /// An app's token, which begins with `shp`, or its id; and its secret.
    fn shopify(first: SecretString, client_secret: SecretString) -> Self {
        let is_token = first.expose_secret().starts_with("shp");
        let key = if is_token { "token" } else { "client-id" };
        let parts = vec![(key, first), ("client-secret", client_secret)];
        Self { platform: PlatformName::Shopify, parts }
    }

    fn part(&self, key: &str) -> SecretString {
        let part = self.parts.iter().find(|(name, _)| *name == key);
        part.map(|(_, secret)| secret.clone()).unwrap_or_default()
    }

    /// As the client's file would have them.
    fn access(&self) -> ShopAccess {
        match self.platform {
            PlatformName::Woocommerce => ShopAccess::Woocommerce {
                key: self.part("key"),
                secret: self.part("secret"),
                // Nothing is verified where they are tried.
                webhook_secret: "unused".into(),
                previous_webhook_secret: None,
            },
            PlatformName::Magento => ShopAccess::Magento {
                access: match self.parts.len() {
                    1 => magento::Access::Bearer { token: self.part("token") },
                    _ => magento::Access::Signed {
                        key: self.part("key"),
                        secret: self.part("secret"),
                        token: self.part("token"),
                        token_secret: self.part("token-secret"),
                    },
                },
                website: magento::WEBSITE.to_owned(),
                source: None,
            },
            PlatformName::Shopify => ShopAccess::Shopify {
                access: match self.parts.iter().any(|(key, _)| *key == "token") {
                    true => shopify::Access::Token {
                        token: self.part("token"),
                        client_secret: self.part("client-secret"),
                    },
                    false => shopify::Access::Client {
                        client_id: self.part("client-id"),
                        client_secret: self.part("client-secret"),
                    },
                },
                previous_client_secret: None,
                version: shopify::VERSION.to_owned(),
            },
        }
    }
}

/// Takes credentials over, as the options say; without any, by asking on the terminal.
///
/// # Errors
/// If none are handed over.
pub async fn take(
    options: &KeyOptions,
    platform: PlatformName,
    shop: &Url,
) -> anyhow::Result<Handed> {
    if options.authorize {
        anyhow::ensure!(
            platform == PlatformName::Woocommerce,
            "only a WooCommerce shop hands a key over itself"
        );
        let doors =
            hand_over::Doors { listen: options.listen, callback: options.callback_url.clone() };
        return hand_over::wait(shop, doors).await;
    }
    if options.credentials_stdin {
        return from_lines(platform, std::io::stdin().lock().lines());
    }
    if !std::io::stdin().is_terminal() {
        anyhow::bail!(
            "there is no terminal to ask for the credentials on: use --credentials-stdin or \
             --authorize"
        );
    }
    let place = place(platform);
    match platform {
        PlatformName::Woocommerce => {
            println!(
                "In the shop: {place} → Add key, for a shop manager, with Read/Write. What you type \
                 is not shown."
            );
            let key = typed("Consumer key (ck_…)")?;
            Ok(Handed::woocommerce(key, typed("Consumer secret (cs_…)")?))
        }
        PlatformName::Magento => {
            println!(
                "In the shop: {place} → Add New Integration, with the resources that \
                 docs/platforms.md names → Activate. What you type is not shown."
            );
            let words = ["Consumer key", "Consumer secret", "Access token", "Access token secret"];
            let all: anyhow::Result<Vec<_>> = words.into_iter().map(typed).collect();
            Handed::magento(all?)
        }
        PlatformName::Shopify => {
            println!(
                "In the shop: {place} → Create an app, with the scopes that docs/platforms.md names → \
                 Install. What you type is not shown."
            );
            let first = typed("Access token (shpat_…), or the app's client id")?;
            Ok(Handed::shopify(first, typed("Client secret")?))
        }
    }
}

fn typed(what: &str) -> anyhow::Result<SecretString> {
    let terminal = Term::stderr();
    terminal.write_str(&format!("{what}: "))?;
    let text = terminal.read_secure_line().context("nothing could be read")?;
    secret(&text, what)
}

fn from_lines(
    platform: PlatformName,
    mut lines: impl Iterator<Item = std::io::Result<String>>,
) -> anyhow::Result<Handed> {
    let mut next = |what: &str| {
        let line =
            lines.next().with_context(|| format!("standard input has no line with {what}"))?;
        secret(&line.context("standard input cannot be read")?, what)
    };
    match platform {
        PlatformName::Woocommerce => {
            let key = next("the key")?;
            Ok(Handed::woocommerce(key, next("its secret")?))
        }
        PlatformName::Magento => {
            let first = next("the access token")?;
            let others = lines.map(|line| {
                secret(&line.context("standard input cannot be read")?, "a line of standard input")
            });
            let others: anyhow::Result<Vec<_>> = others.collect();
            Handed::magento(std::iter::once(first).chain(others?).collect())
        }
        PlatformName::Shopify => {
            let first = next("the access token or the client id")?;
            Ok(Handed::shopify(first, next("the client secret")?))
        }
    }
}

fn secret(text: &str, what: &str) -> anyhow::Result<SecretString> {
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "{what} is empty");
    Ok(text.to_owned().into())
}

/// Tries credentials before anything is written: looks at everything the host needs of the shop, shows
/// it, and refuses what the host could not work with at all.
///
/// # Errors
/// If the address or the credentials are no good.
pub async fn test(
    shop: &ShopId,
    url: &Url,
    allow_http: bool,
    handed: &Handed,
) -> anyhow::Result<()> {
    let (url, timeouts) = (url.clone(), Timeouts::default());
    let at = Address { shop: shop.clone(), url, allow_http, timeouts };
    let adapter = adapter::open(at, handed.access())?;
    let spinner = waiting(format!("asking {shop}"));
    let expected = Expected { hook_address: None, time_zone: None, now: now() };
    let mut items = adapter.check(&expected).await;
    spinner.finish_and_clear();
    // The host makes them once it knows the shop.
    items.retain(|item| item.subject != Subject::Webhooks);
    let good = items.iter().all(is_bearable);
    let views: Vec<CheckItemView> = items.into_iter().map(CheckItemView::from).collect();
    print!("{}", table(shop.as_str(), &views));
    anyhow::ensure!(good, "nothing was written: put right what is wrong, and say it again");
    Ok(())
}

/// Whether the host can be connected although this is so.
fn is_bearable(item: &CheckItem) -> bool {
    let needed = [
        Subject::Reachable,
        Subject::Permalinks,
        Subject::Site,
        Subject::Read,
        Subject::Write,
        Subject::Version,
    ];
    let good = matches!(item.verdict, Verdict::Good | Verdict::Attention);
    good || !needed.contains(&item.subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_parts_of_credentials() {
        let read_of = |platform, text: &'static str| {
            from_lines(platform, text.lines().map(|line| Ok(line.to_owned())))
        };
        let parts = |handed: &Handed| {
            let part = |(key, part): &(&'static str, SecretString)| {
                (*key, part.expose_secret().to_owned())
            };
            handed.parts.iter().map(part).collect::<Vec<_>>()
        };
        let read = |text| read_of(PlatformName::Woocommerce, text);
        let key = read("ck_1 \ncs_1\n").unwrap();
        assert_eq!(parts(&key), [("key", "ck_1".to_owned()), ("secret", "cs_1".to_owned())]);
        assert!(!format!("{key:?}").contains("ck_1"));
        let magento = |text| read_of(PlatformName::Magento, text);
        assert_eq!(parts(&magento("t\n").unwrap()), [("token", "t".to_owned())]);
        let four = parts(&magento("a\nb\nc\nd\n").unwrap());
        let expected =
            ["key", "secret", "token", "token-secret"].into_iter().zip(["a", "b", "c", "d"]);
        assert_eq!(four, expected.map(|(key, part)| (key, part.to_owned())).collect::<Vec<_>>());
        assert!(magento("a\nb\n").unwrap_err().to_string().contains("these are 2"));
        let shopify = |text| parts(&read_of(PlatformName::Shopify, text).unwrap());
        let secret = ("client-secret", "s".to_owned());
        assert_eq!(shopify("shpat_1\ns\n"), [("token", "shpat_1".to_owned()), secret.clone()]);
        assert_eq!(shopify("a1\ns\n"), [("client-id", "a1".to_owned()), secret]);
        for (text, missing) in [("", "the key"), ("ck_1", "its secret"), ("ck_1\n\n", "its secret")]
        {
            assert!(read(text).unwrap_err().to_string().contains(missing), "{text:?}");
        }
    }

    #[test]
    fn what_keeps_a_shop_from_being_connected() {
        let item = |subject, verdict| CheckItem::bad(subject, verdict, "", "");
        for (subject, verdict, bearable) in [
            (Subject::Write, Verdict::Wrong, false),
            (Subject::Write, Verdict::Unknown, false),
            (Subject::Site, Verdict::Wrong, false),
            (Subject::StockManagement, Verdict::Wrong, true),
            (Subject::Https, Verdict::Attention, true),
            (Subject::Version, Verdict::Attention, true),
            (Subject::Clock, Verdict::Unknown, true),
        ] {
            assert_eq!(is_bearable(&item(subject, verdict)), bearable, "{subject} {verdict:?}");
        }
    }
}
