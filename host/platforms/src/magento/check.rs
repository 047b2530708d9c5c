//! Checking a Magento shop: what is asked, and what is made of the answers.
//!
//! Whether the credentials may write is found out by writes that can have no effect: an order that no
//! shop has is held, and no prices at all are set. Who may not is refused before that is looked at.

use std::time::Instant;

use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use super::{
    answers::Failed,
    client::{Client, Effect},
    facts::{self, Settings},
    search::Search,
};
use crate::{
    CheckItem, Expected, PlatformError, Subject,
    Verdict::{Attention, Wrong},
    check::{clock, clock_ahead_ms, https},
    limits::MAGENTO_VERSION_TRIED,
    site_identity,
};

const PLACE: &str = "System → Extensions → Integrations";

/// What is asked, and what came back.
struct Answers {
    site: Result<(StatusCode, HeaderMap), PlatformError>,
    clock_ahead_ms: Option<i64>,
    read: Result<(), PlatformError>,
    write: Result<(), PlatformError>,
    settings: Result<Settings, PlatformError>,
    version: Result<String, PlatformError>,
}

/// Looks at everything.
pub async fn check(
    client: &Client,
    own: &str,
    website: &str,
    expected: &Expected,
) -> Vec<CheckItem> {
    let asked_at = Instant::now();
    let site = client.site().await;
    let elapsed = u64::try_from(asked_at.elapsed().as_millis()).unwrap_or(u64::MAX);
    let now = expected.now.plus_ms(elapsed);
    let date = site.as_ref().ok().and_then(|(_, headers)| headers.get(header::DATE));
    let clock_ahead_ms = date.and_then(|date| clock_ahead_ms(date, now));
    if let Err(error) = &site {
        let fix = "correct the shop's url, or find out why nobody answers there";
        return vec![
            CheckItem::bad(Subject::Reachable, Wrong, error.to_string(), fix),
            https(client.base()),
        ];
    }
    let answers = Answers {
        site,
        clock_ahead_ms,
        read: may_read(client).await,
        write: may_write(client).await,
        settings: facts::settings(client, website).await,
        version: facts::read(client, website).await.map(|facts| facts.version),
    };
    judge(client.base(), own, expected, &answers)
}

async fn may_read(client: &Client) -> Result<(), PlatformError> {
    for path in ["/V1/orders", "/V1/products", "/V1/customers/search", "/V1/inventory/source-items"]
    {
        client.search::<Value>(path, &Search::default().sized(1)).await?;
    }
    Ok(())
}

async fn may_write(client: &Client) -> Result<(), PlatformError> {
    let tries =
        [("/V1/orders/0/hold", None), ("/V1/products/base-prices", Some(json!({ "prices": [] })))];
    for (path, body) in tries {
        let call =
            client.call::<Value>(Method::POST, path, Vec::new(), body.as_ref(), Effect::None);
        match call.await {
            // Allowed, and there is nothing to do it to.
            Ok(_) | Err(Failed::Gone) => {}
            Err(failed) => match PlatformError::from(failed) {
                PlatformError::Refused { reason } if !reason.contains("authorized") => {}
                error => return Err(error),
            },
        }
    }
    Ok(())
}

/// Judges all of it, in the order in which it is put right: pure, so that every answer can be tried.
fn judge(base: &Url, own: &str, expected: &Expected, answers: &Answers) -> Vec<CheckItem> {
    let mut items = vec![reachable(&answers.site), https(base)];
    items.push(access(Subject::Read, &answers.read));
    items.push(access(Subject::Write, &answers.write));
    items.push(version(&answers.version));
    match &answers.settings {
        Ok(settings) => {
            items.push(site(settings, own));
            items.push(CheckItem::good(Subject::Currency, &settings.currency));
            items.push(time_zone(settings, expected.time_zone.as_deref()));
            items.push(CheckItem::good(
                Subject::StockManagement,
                format!("stock {} is sold from", settings.stock),
            ));
        }
        Err(error) => items.extend(
            [Subject::Site, Subject::Currency, Subject::TimeZone, Subject::StockManagement]
                .map(|subject| CheckItem::unknown(subject, error.to_string())),
        ),
    }
    items.push(clock(answers.clock_ahead_ms));
    let polled = "Magento Open Source has none: the host asks for what changed";
    items.push(CheckItem::good(Subject::Webhooks, polled));
    items
}

fn reachable(site: &Result<(StatusCode, HeaderMap), PlatformError>) -> CheckItem {
    match site {
        Ok((status, _)) if status.is_success() => CheckItem::good(Subject::Reachable, "it answers"),
        Ok((status, _)) => {
            let found = format!("it answers with {status} and not as Magento does");
            let fix = "correct the shop's url (without a store's code), or let the host's address \
                       through what is before it: a firewall, or a password on the whole site";
            CheckItem::bad(Subject::Reachable, Wrong, found, fix)
        }
        Err(error) => CheckItem::unknown(Subject::Reachable, error.to_string()),
    }
}

fn site(settings: &Settings, own: &str) -> CheckItem {
    let addresses = settings.addresses.iter();
    let same =
        |address: &&String| Url::parse(address).is_ok_and(|address| site_identity(&address) == own);
    match addresses.clone().find(same) {
        Some(address) => CheckItem::good(Subject::Site, address),
        None => {
            let all: Vec<&str> = addresses.map(String::as_str).collect();
            let found = format!("the site has other addresses for itself: {}", all.join(", "));
            let fix = "write one of them into the shop's url; or, if this is a copy, correct its Base \
                       URLs (Stores → Configuration → General → Web)";
            CheckItem::bad(Subject::Site, Wrong, found, fix)
        }
    }
}

fn access(subject: Subject, answered: &Result<(), PlatformError>) -> CheckItem {
    match answered {
        Ok(()) => CheckItem::good(subject, "the integration may"),
        Err(PlatformError::Refused { reason }) => {
            let fix =
                format!("{PLACE}: give the integration the resources that docs/platforms.md names");
            CheckItem::bad(subject, Wrong, reason, fix)
        }
        Err(error) => CheckItem::unknown(subject, error.to_string()),
    }
}

fn version(running: &Result<String, PlatformError>) -> CheckItem {
    match running {
        Ok(version) if version.ends_with(MAGENTO_VERSION_TRIED) => {
            CheckItem::good(Subject::Version, version)
        }
        Ok(version) => {
            let fix = format!("tried was {MAGENTO_VERSION_TRIED}: look well at what happens first");
            CheckItem::bad(Subject::Version, Attention, version, fix)
        }
        Err(error) => CheckItem::unknown(Subject::Version, error.to_string()),
    }
}

fn time_zone(settings: &Settings, expected: Option<&str>) -> CheckItem {
    let (subject, zone) = (Subject::TimeZone, settings.zone_name.as_str());
    match expected {
        Some(expected) if zone != expected => {
            let found = format!("{zone} on the shop, {expected} in the client's file");
            let fix = "correct time-zone there, or Timezone in Stores → Configuration → General";
            CheckItem::bad(subject, Attention, found, fix)
        }
        _ => CheckItem::good(subject, zone),
    }
}
