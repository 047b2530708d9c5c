//! Checking a WooCommerce shop: first everything is asked, then what was answered is judged.
//!
//! Whether the key may write is found out by asking for a webhook that WooCommerce makes for nobody,
//! since its topic does not exist: a key that may not write is refused before the topic is looked at.

use std::time::Instant;

use fondaco_model::Timestamp;
use http::{Method, header};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{
    client::{Client, SiteAnswer},
    facts,
    payloads::{Index, Setting, Webhook},
    webhooks,
};
use crate::{
    CheckItem, Expected, PlatformError, ShopFacts, check::clock_ahead_ms, oauth::Parameters,
};

mod judge;

/// A topic that no webhook can have.
const NO_TOPIC: &str = "order.fondaco-check";

/// How WooCommerce refuses it, once it has found that the key may write.
const NO_TOPIC_CODE: &str = "woocommerce_rest_shop_webhook_invalid_topic";

/// What was asked, and what came back.
struct Answers {
    site: Site,
    read: Result<(), PlatformError>,
    write: Result<(), PlatformError>,
    facts: Result<ShopFacts, PlatformError>,
    counts_stock: Result<bool, PlatformError>,
    webhooks: Result<Vec<Webhook>, PlatformError>,
}

/// What the site answered to somebody without a key.
enum Site {
    /// Nobody answers.
    Unreachable(PlatformError),
    /// Somebody answers, and not with what WordPress says of itself.
    Strange {
        /// With this status.
        status: u16,
        /// Whether WordPress says it at another address: its permalinks are plain.
        plain_permalinks: bool,
    },
    /// WordPress.
    WordPress {
        /// What it says of itself.
        index: Index,
        /// By how many milliseconds its clock is ahead; absent: it does not tell the time.
        clock_ahead_ms: Option<i64>,
    },
}

/// Looks at everything.
pub async fn check(client: &Client, own: &str, expected: &Expected) -> Vec<CheckItem> {
    let site = ask_site(client, expected.now).await;
    let answers = match site {
        Site::WordPress { .. } => Answers {
            site,
            read: may_read(client).await,
            write: may_write(client).await,
            facts: facts::read(client).await,
            counts_stock: counts_stock(client).await,
            webhooks: webhooks::list(client).await,
        },
        // There is no API to be asked, so nobody waits for each of them to fail.
        Site::Unreachable(_) | Site::Strange { .. } => Answers::of_no_wordpress(site),
    };
    judge::judge(client.base(), own, expected, &answers)
}

impl Answers {
    fn of_no_wordpress(site: Site) -> Self {
        let reason = "the shop's API has no address yet".to_owned();
        let error = PlatformError::Unavailable { reason, retry_after: None };
        Self {
            site,
            read: Err(error.clone()),
            write: Err(error.clone()),
            facts: Err(error.clone()),
            counts_stock: Err(error.clone()),
            webhooks: Err(error),
        }
    }
}

async fn ask_site(client: &Client, now: Timestamp) -> Site {
    let asked_at = Instant::now();
    let fields = "home,timezone_string,gmt_offset,namespaces".to_owned();
    let answer = match client.site("/wp-json/", vec![("_fields", fields)]).await {
        Ok(answer) => answer,
        Err(error) => return Site::Unreachable(error),
    };
    let elapsed = u64::try_from(asked_at.elapsed().as_millis()).unwrap_or(u64::MAX);
    let date = answer.headers.get(header::DATE);
    let clock_ahead_ms = date.and_then(|date| clock_ahead_ms(date, now.plus_ms(elapsed)));
    if let Some(index) = index_of(&answer) {
        return Site::WordPress { index, clock_ahead_ms };
    }
    let plain = client.site("/", vec![("rest_route", "/".to_owned())]).await;
    let plain_permalinks = plain.is_ok_and(|answer| index_of(&answer).is_some());
    Site::Strange { status: answer.status.as_u16(), plain_permalinks }
}

fn index_of(answer: &SiteAnswer) -> Option<Index> {
    let index: Index = serde_json::from_slice(&answer.body).ok()?;
    (answer.status.is_success() && index.home.is_some()).then_some(index)
}

async fn may_read(client: &Client) -> Result<(), PlatformError> {
    for path in ["/orders", "/products"] {
        client.get::<Vec<IgnoredAny>>(path, one_id()).await?;
    }
    Ok(())
}

fn one_id() -> Parameters {
    vec![("per_page", "1".to_owned()), ("_fields", "id".to_owned())]
}

async fn may_write(client: &Client) -> Result<(), PlatformError> {
    let body = json!({ "topic": NO_TOPIC, "delivery_url": "https://nobody.invalid/" });
    let path = "/webhooks";
    let asked = client.call::<Value>(Method::POST, path, Vec::new(), Some(&body)).await;
    match asked.map_err(PlatformError::from) {
        Err(PlatformError::Refused { reason }) if reason.contains(NO_TOPIC_CODE) => Ok(()),
        Err(error) => Err(error),
        Ok(made) => Err(PlatformError::Refused {
            reason: format!(
                "the shop made webhook {} for a topic that does not exist; delete it",
                made.content["id"]
            ),
        }),
    }
}

async fn counts_stock(client: &Client) -> Result<bool, PlatformError> {
    let path = "/settings/products/woocommerce_manage_stock";
    let setting = client.get::<Setting>(path, Vec::new()).await.map_err(PlatformError::from)?;
    Ok(setting.content.value.as_str() == Some("yes"))
}
