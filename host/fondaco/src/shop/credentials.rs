//! A shop's API key, as a person hands it over: typed, by standard input, or by the shop itself.
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
    CheckItem, Expected, Platform as _, Subject, Verdict,
    timeouts::Timeouts,
    woocommerce::{self, WooCommerce},
};
use fondaco_web::views::shops::CheckItemView;
use secrecy::SecretString;
use url::Url;

use super::{check::table, hand_over, waiting};

/// How the key is handed over.
#[derive(Debug, Args)]
pub struct KeyOptions {
    /// Read the key (ck_…) and its secret (cs_…) from standard input, a line each.
    #[arg(long, conflicts_with = "authorize")]
    credentials_stdin: bool,
    /// Let the shop make a key and hand it over itself, once its manager has agreed in a browser.
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

/// An API key with its secret.
#[derive(Debug)]
pub struct Key {
    pub key: SecretString,
    pub secret: SecretString,
}

/// Takes a key over, as the options say; without any, by asking on the terminal.
///
/// # Errors
/// If none is handed over.
pub async fn take(options: &KeyOptions, shop: &Url) -> anyhow::Result<Key> {
    if options.authorize {
        let doors =
            hand_over::Doors { listen: options.listen, callback: options.callback_url.clone() };
        return hand_over::wait(shop, doors).await;
    }
    if options.credentials_stdin {
        return from_lines(std::io::stdin().lock().lines());
    }
    if !std::io::stdin().is_terminal() {
        anyhow::bail!(
            "there is no terminal to ask for the key on: use --credentials-stdin or --authorize"
        );
    }
    println!(
        "In the shop: WooCommerce → Settings → Advanced → REST API → Add key, for a shop manager, \
         with Read/Write. What you type is not shown."
    );
    let key = typed("Consumer key (ck_…)")?;
    let secret = typed("Consumer secret (cs_…)")?;
    Ok(Key { key, secret })
}

fn typed(what: &str) -> anyhow::Result<SecretString> {
    let terminal = Term::stderr();
    terminal.write_str(&format!("{what}: "))?;
    let text = terminal.read_secure_line().context("nothing could be read")?;
    secret(&text, what)
}

fn from_lines(mut lines: impl Iterator<Item = std::io::Result<String>>) -> anyhow::Result<Key> {
    let mut next = |what: &str| {
        let line =
            lines.next().with_context(|| format!("standard input has no line with {what}"))?;
        secret(&line.context("standard input cannot be read")?, what)
    };
    Ok(Key { key: next("the key")?, secret: next("its secret")? })
}

fn secret(text: &str, what: &str) -> anyhow::Result<SecretString> {
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "{what} is empty");
    Ok(text.to_owned().into())
}

/// Tries a key before anything is written: looks at everything the host needs of the shop, shows
/// it, and refuses what the host could not work with at all.
///
/// # Errors
/// If the address or the key is no good.
pub async fn test(shop: &ShopId, url: &Url, allow_http: bool, key: &Key) -> anyhow::Result<()> {
    let adapter = WooCommerce::new(woocommerce::Config {
        shop: shop.clone(),
        url: url.clone(),
        consumer_key: key.key.clone(),
        consumer_secret: key.secret.clone(),
        // Nothing is verified here.
        webhook_secret: "unused".into(),
        timeouts: Timeouts::default(),
        allow_http,
    })?;
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
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn two_lines_are_a_key_and_its_secret() {
        let read = |text: &'static str| from_lines(text.lines().map(|line| Ok(line.to_owned())));
        let key = read("ck_1 \ncs_1\n").unwrap();
        assert_eq!((key.key.expose_secret(), key.secret.expose_secret()), ("ck_1", "cs_1"));
        assert!(!format!("{key:?}").contains("ck_1"));
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
