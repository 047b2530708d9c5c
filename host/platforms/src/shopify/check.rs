//! Checking a Shopify shop: what is asked, and what is made of the answers.

use serde_json::{Value, json};

use super::{
    VERSIONS,
    client::Client,
    deliveries::TOPICS,
    documents::{CUSTOMERS, SHOP},
    ids::written,
    payloads::{About, Webhook},
    webhooks,
};
use crate::{
    CheckItem, Expected, PlatformError, Subject,
    Verdict::{Attention, Wrong},
    check::https,
    limits::SHOPIFY_ORDERS_SEEN_FOR_MS,
};

const PLACE: &str = "the app's configuration, Access scopes";

/// The scopes that the host needs, and what for.
pub const SCOPES: [(&str, &str); 8] = [
    ("read_orders", "orders, refunds and transactions"),
    ("read_products", "products and variants"),
    ("read_inventory", "stock"),
    ("read_locations", "the places that stock lies in"),
    ("read_customers", "who buys"),
    ("write_inventory", "stock that modules set"),
    ("read_merchant_managed_fulfillment_orders", "what is to be sent, and from where"),
    ("read_fulfillments", "what was sent"),
];

/// With it the shop shows all orders, and otherwise those of the last sixty days.
const ALL_ORDERS: &str = "read_all_orders";

/// Asks what the shop and the app are.
pub async fn about(client: &Client) -> Result<About, PlatformError> {
    client.ask(&SHOP, json!({})).await
}

/// Looks at everything.
pub async fn check(client: &Client, domain: &str, expected: &Expected) -> Vec<CheckItem> {
    let about = match about(client).await {
        Ok(about) => about,
        Err(error) => {
            let verdict = |subject| match &error {
                PlatformError::Refused { reason } => {
                    let fix = "correct the url, or take the app's credentials again";
                    CheckItem::bad(subject, Wrong, reason, fix)
                }
                other => CheckItem::unknown(subject, other.to_string()),
            };
            return vec![verdict(Subject::Reachable), https(client.site())];
        }
    };
    let variables = json!({ "first": 1, "after": null, "filter": null });
    let people = client.ask::<Value>(&CUSTOMERS, variables).await;
    let webhooks = webhooks::list(client).await;
    judge(client, domain, expected, &Answers { about, people, webhooks })
}

struct Answers {
    about: About,
    people: Result<Value, PlatformError>,
    webhooks: Result<Vec<Webhook>, PlatformError>,
}

/// Judges all of it, in the order in which it is put right.
fn judge(client: &Client, domain: &str, expected: &Expected, answers: &Answers) -> Vec<CheckItem> {
    let shop = &answers.about.shop;
    let mut items = vec![CheckItem::good(Subject::Reachable, "it answers"), https(client.site())];
    items.push(if shop.myshopify_domain.eq_ignore_ascii_case(domain) {
        CheckItem::good(Subject::Site, domain)
    } else {
        let found = format!("the shop calls itself {}", shop.myshopify_domain);
        CheckItem::bad(Subject::Site, Wrong, found, "write https:// and that into the shop's url")
    });
    items.extend(scopes(&answers.about, expected));
    items.push(people(&answers.people, &shop.plan.public_display_name));
    items.push(version(client.version()));
    items.push(CheckItem::good(Subject::Currency, &shop.currency_code));
    items.push(match expected.time_zone.as_deref() {
        Some(zone) if zone != shop.iana_timezone => {
            let found = format!("{} on the shop, {zone} in the client's file", shop.iana_timezone);
            let fix = "correct time-zone there, or Settings → General → Time zone";
            CheckItem::bad(Subject::TimeZone, Attention, found, fix)
        }
        _ => CheckItem::good(Subject::TimeZone, &shop.iana_timezone),
    });
    items.push(hooks(&answers.webhooks, expected.hook_address.as_deref()));
    items
}

/// What the app may, and since when it sees orders.
fn scopes(about: &About, expected: &Expected) -> Vec<CheckItem> {
    let granted: Vec<&str> = about
        .current_app_installation
        .access_scopes
        .iter()
        .map(|scope| scope.handle.as_str())
        .collect();
    // Who may write may read.
    let has = |scope: &str| {
        let writing = scope.replacen("read_", "write_", 1);
        granted.contains(&scope) || granted.contains(&writing.as_str())
    };
    let of = |subject: Subject, kind: &str| {
        let missing: Vec<String> = SCOPES
            .iter()
            .filter(|(scope, _)| scope.starts_with(kind) && !has(scope))
            .map(|(scope, why)| format!("{scope} ({why})"))
            .collect();
        match missing.is_empty() {
            true => CheckItem::good(subject, "the app may"),
            false => {
                let found = format!("the app lacks {}", missing.join(", "));
                CheckItem::bad(
                    subject,
                    Wrong,
                    found,
                    format!("{PLACE}: add them, and install anew"),
                )
            }
        }
    };
    let mut items = vec![of(Subject::Read, "read_"), of(Subject::Write, "write_")];
    items.push(if has(ALL_ORDERS) {
        CheckItem::good(Subject::History, "all orders can be read")
    } else {
        let since = written(expected.now.minus_ms(SHOPIFY_ORDERS_SEEN_FOR_MS));
        let found = format!("orders before {since} are not shown, so figures begin there");
        let fix = format!("{PLACE}: ask Shopify for {ALL_ORDERS}, if earlier ones are needed");
        CheckItem::bad(Subject::History, Attention, found, fix)
    });
    items
}

fn people(people: &Result<Value, PlatformError>, plan: &str) -> CheckItem {
    let shown = |data: &Value| data.pointer("/customers/nodes").is_some_and(Value::is_array);
    match people {
        Ok(data) if shown(data) => CheckItem::good(Subject::People, "customers can be read"),
        Ok(_) | Err(PlatformError::Refused { .. }) => {
            let found = format!("the shop keeps back who its customers are (its plan is {plan})");
            let fix = "ask Shopify for access to protected customer data in the app's settings; on \
                       some plans names, addresses and e-mail stay hidden all the same";
            CheckItem::bad(Subject::People, Attention, found, fix)
        }
        Err(error) => CheckItem::unknown(Subject::People, error.to_string()),
    }
}

fn version(version: &str) -> CheckItem {
    let found = format!("Admin API {version}");
    match VERSIONS.iter().position(|known| *known == version) {
        Some(0) => {
            let fix = "write a newer api-version into the shop's section: this one ends soon";
            CheckItem::bad(Subject::Version, Attention, found, fix)
        }
        Some(_) => CheckItem::good(Subject::Version, found),
        None => {
            let fix = format!("write one of {} as api-version", VERSIONS.join(", "));
            CheckItem::bad(Subject::Version, Wrong, found, fix)
        }
    }
}

fn hooks(webhooks: &Result<Vec<Webhook>, PlatformError>, address: Option<&str>) -> CheckItem {
    let subject = Subject::Webhooks;
    let Some(address) = address else {
        let fix = "write public-url into [server] of the host's file, and restart it";
        return CheckItem::bad(subject, Attention, "the host has no address to send to", fix);
    };
    let webhooks = match webhooks {
        Ok(webhooks) => webhooks,
        Err(error) => return CheckItem::unknown(subject, error.to_string()),
    };
    let there =
        |topic: &str| webhooks.iter().any(|known| known.topic == topic && known.uri == address);
    let missing: Vec<&str> = TOPICS.into_iter().filter(|topic| !there(topic)).collect();
    if missing.is_empty() {
        return CheckItem::good(subject, format!("{} active", TOPICS.len()));
    }
    let found = format!("missing: {}", missing.join(", "));
    let fix = "fondaco shop webhooks CLIENT SHOP --repair; a running host does it within minutes";
    CheckItem::bad(subject, Wrong, found, fix)
}
