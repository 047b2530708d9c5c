//! What was answered, judged: pure, so that every answer can be tried.

use url::Url;

use super::{Answers, Index, Site, Webhook};
use crate::{
    CheckItem, Expected, PlatformError, ShopFacts, Subject,
    Verdict::{Attention, Wrong},
    check::{clock, https},
    limits::{VERSION_MIN, VERSION_TRIED},
    site_identity,
    woocommerce::webhooks::TOPICS,
};

const KEY_PLACE: &str = "WooCommerce → Settings → Advanced → REST API";
const GENERAL_PLACE: &str = "WordPress → Settings → General";

/// Judges all of it, in the order in which it is put right.
pub fn judge(base: &Url, own: &str, expected: &Expected, answers: &Answers) -> Vec<CheckItem> {
    let mut items = reachable(&answers.site);
    items.push(https(base));
    if let Site::WordPress { index, clock_ahead_ms } = &answers.site {
        items.push(site(index, own));
        items.push(access(Subject::Read, &answers.read));
        items.push(access(Subject::Write, &answers.write));
        items.extend(facts(&answers.facts));
        items.push(time_zone(index, expected.time_zone.as_deref()));
        items.push(clock(*clock_ahead_ms));
        items.push(stock_management(&answers.counts_stock));
        items.push(webhooks(&answers.webhooks, expected.hook_address.as_deref()));
    }
    items
}

fn reachable(site: &Site) -> Vec<CheckItem> {
    match site {
        Site::Unreachable(error) => {
            let fix = "correct the shop's url, or find out why nobody answers there";
            vec![CheckItem::bad(Subject::Reachable, Wrong, error.to_string(), fix)]
        }
        Site::Strange { status, plain_permalinks: true } => vec![
            CheckItem::good(Subject::Reachable, format!("it answers ({status})")),
            CheckItem::bad(
                Subject::Permalinks,
                Wrong,
                "they are plain, so the API has no address",
                "WordPress → Settings → Permalinks: choose any other structure than “Plain”",
            ),
        ],
        Site::Strange { status, plain_permalinks: false } => {
            let found = format!("it answers with {status} and not as WordPress does");
            let fix = "correct the shop's url, or let the host's address through what is before \
                       it: a firewall, a security plugin, or a password on the whole site";
            vec![CheckItem::bad(Subject::Reachable, Wrong, found, fix)]
        }
        Site::WordPress { .. } => vec![
            CheckItem::good(Subject::Reachable, "it answers"),
            CheckItem::good(Subject::Permalinks, "the API has an address"),
        ],
    }
}

fn site(index: &Index, own: &str) -> CheckItem {
    let home = index.home.as_deref().unwrap_or_default();
    match Url::parse(home).map(|home| site_identity(&home)) {
        Ok(identity) if identity == own => CheckItem::good(Subject::Site, home),
        _ => {
            let found = format!("the site has another address for itself: {home}");
            let fix = format!(
                "write that address into the shop's url; or, if this is a copy, correct “Site \
                 Address” ({GENERAL_PLACE})"
            );
            CheckItem::bad(Subject::Site, Wrong, found, fix)
        }
    }
}

fn access(subject: Subject, answered: &Result<(), PlatformError>) -> CheckItem {
    match answered {
        Ok(()) => CheckItem::good(subject, "the key may"),
        Err(PlatformError::Refused { reason }) => {
            let fix = format!("{KEY_PLACE}: a key of a shop manager with Read/Write");
            CheckItem::bad(subject, Wrong, reason, fix)
        }
        Err(error) => CheckItem::unknown(subject, error.to_string()),
    }
}

fn facts(facts: &Result<ShopFacts, PlatformError>) -> [CheckItem; 2] {
    match facts {
        Ok(ShopFacts { version: running, currency }) => {
            [version(running), CheckItem::good(Subject::Currency, currency)]
        }
        Err(error) => [Subject::Version, Subject::Currency]
            .map(|subject| CheckItem::unknown(subject, error.to_string())),
    }
}

fn version(running: &str) -> CheckItem {
    let mut parts = running.split('.').map(|part| part.parse::<u32>().ok());
    let Some(Some(major)) = parts.next() else {
        return CheckItem::unknown(Subject::Version, format!("`{running}` is no version"));
    };
    let minor = parts.next().flatten().unwrap_or(0);
    let [(least_major, least_minor), (tried_major, tried_minor)] = [VERSION_MIN, VERSION_TRIED];
    let found = format!("WooCommerce {running}");
    if (major, minor) < VERSION_MIN {
        let fix = format!("WordPress → Plugins: update it to {least_major}.{least_minor} or newer");
        return CheckItem::bad(Subject::Version, Wrong, found, fix);
    }
    if major != tried_major {
        let fix = format!("tried was {tried_major}.{tried_minor}: look well at what happens first");
        return CheckItem::bad(Subject::Version, Attention, found, fix);
    }
    CheckItem::good(Subject::Version, found)
}

fn time_zone(index: &Index, expected: Option<&str>) -> CheckItem {
    let named = index.timezone_string.as_deref().filter(|zone| !zone.is_empty());
    let subject = Subject::TimeZone;
    match (named, expected) {
        (Some(zone), Some(expected)) if zone != expected => {
            let found = format!("{zone} on the shop, {expected} in the client's file");
            let fix = format!("correct time-zone there, or the time zone in {GENERAL_PLACE}");
            CheckItem::bad(subject, Attention, found, fix)
        }
        (Some(zone), _) => CheckItem::good(subject, zone),
        (None, _) => {
            let offset = index.gmt_offset.as_ref().map_or("?", |offset| offset.0.as_str());
            let found = format!("a fixed offset of {offset} hours, which knows no summer time");
            let fix = format!("{GENERAL_PLACE} → Timezone: choose a city");
            CheckItem::bad(subject, Attention, found, fix)
        }
    }
}

fn stock_management(counts: &Result<bool, PlatformError>) -> CheckItem {
    let subject = Subject::StockManagement;
    match counts {
        Ok(true) => CheckItem::good(subject, "on"),
        Ok(false) => {
            let fix = "WooCommerce → Settings → Products → Inventory: enable stock management";
            CheckItem::bad(subject, Wrong, "off: the shop counts nothing", fix)
        }
        Err(error) => CheckItem::unknown(subject, error.to_string()),
    }
}

fn webhooks(webhooks: &Result<Vec<Webhook>, PlatformError>, address: Option<&str>) -> CheckItem {
    let subject = Subject::Webhooks;
    let Some(address) = address else {
        let fix = "write public-url into [server] of the host's file, and restart it";
        return CheckItem::bad(subject, Attention, "the host has no address to send to", fix);
    };
    let webhooks = match webhooks {
        Ok(webhooks) => webhooks,
        Err(error) => return CheckItem::unknown(subject, error.to_string()),
    };
    let ours = |topic: &str| {
        let topic = topic.to_owned();
        webhooks.iter().filter(move |hook| hook.topic == topic && hook.delivery_url == address)
    };
    let (mut missing, mut off) = (Vec::new(), Vec::new());
    for topic in TOPICS {
        if ours(topic).any(Webhook::is_active) {
            continue;
        }
        let list = if ours(topic).next().is_some() { &mut off } else { &mut missing };
        list.push(topic);
    }
    if missing.is_empty() && off.is_empty() {
        return CheckItem::good(subject, format!("{} active", TOPICS.len()));
    }
    let part = |what: &str, topics: &[&str]| {
        (!topics.is_empty()).then(|| format!("{what}: {}", topics.join(", ")))
    };
    let parts = [part("missing", &missing), part("switched off", &off)];
    let found = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let fix = "fondaco shop webhooks CLIENT SHOP --repair; a running host does it within minutes";
    CheckItem::bad(subject, Wrong, found, fix)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Verdict::{Good, Unknown};

    const HOOKS: &str = "https://hooks.test/hooks/rossi/milano";

    fn expected() -> Expected {
        Expected {
            hook_address: Some(HOOKS.to_owned()),
            time_zone: Some("Europe/Rome".to_owned()),
            now: fondaco_model::Timestamp(0),
        }
    }

    fn webhook(topic: &str, status: &str, address: &str) -> Webhook {
        let webhook = json!({ "id": 1, "status": status, "topic": topic, "delivery_url": address });
        serde_json::from_value(webhook).unwrap()
    }

    fn index() -> Index {
        serde_json::from_value(json!({
            "home": "https://shop.test", "timezone_string": "Europe/Rome", "gmt_offset": 1,
            "namespaces": ["wp/v2", "wc/v3"],
        }))
        .unwrap()
    }

    fn good() -> Answers {
        let webhooks = TOPICS.iter().map(|topic| webhook(topic, "active", HOOKS)).collect();
        Answers {
            site: Site::WordPress { index: index(), clock_ahead_ms: Some(-900) },
            read: Ok(()),
            write: Ok(()),
            facts: Ok(ShopFacts { version: "10.5.0".to_owned(), currency: "EUR".to_owned() }),
            counts_stock: Ok(true),
            webhooks: Ok(webhooks),
        }
    }

    fn judged(answers: &Answers) -> Vec<CheckItem> {
        let base = "https://shop.test/wp-json/wc/v3".parse().unwrap();
        judge(&base, "shop.test", &expected(), answers)
    }

    /// That of all things only these are not as they should be.
    fn only(answers: &Answers, bad: &[(Subject, crate::Verdict, &str)]) {
        let items = judged(answers);
        let found: Vec<_> = items.iter().filter(|item| item.verdict != Good).collect();
        assert_eq!(found.len(), bad.len(), "{found:?}");
        for (item, (subject, verdict, words)) in found.iter().zip(bad) {
            assert_eq!((item.subject, item.verdict), (*subject, *verdict), "{item:?}");
            let all = format!("{} {}", item.found, item.fix.clone().unwrap_or_default());
            assert!(all.contains(words), "{all}");
            assert_eq!(item.fix.is_some(), *verdict != Unknown);
        }
    }

    #[test]
    fn a_good_shop_is_good_in_everything() {
        let items = judged(&good());
        assert_eq!(items.len(), 12);
        only(&good(), &[]);
    }

    #[test]
    fn each_thing_that_is_wrong_is_told_with_its_place() {
        let refused = || Err(PlatformError::Refused { reason: "401, no".to_owned() });
        let later = || PlatformError::Unavailable { reason: "503".to_owned(), retry_after: None };
        let with_index = |change: fn(&mut Index)| {
            let mut index = index();
            change(&mut index);
            Answers { site: Site::WordPress { index, clock_ahead_ms: Some(0) }, ..good() }
        };
        only(&Answers { read: refused(), ..good() }, &[(Subject::Read, Wrong, KEY_PLACE)]);
        only(&Answers { write: refused(), ..good() }, &[(Subject::Write, Wrong, "Read/Write")]);
        only(&Answers { write: Err(later()), ..good() }, &[(Subject::Write, Unknown, "503")]);
        only(
            &Answers { facts: Err(later()), ..good() },
            &[(Subject::Version, Unknown, "503"), (Subject::Currency, Unknown, "503")],
        );
        only(
            &Answers { counts_stock: Ok(false), ..good() },
            &[(Subject::StockManagement, Wrong, "Inventory")],
        );
        only(
            &with_index(|index| index.home = Some("https://copy.test/".to_owned())),
            &[(Subject::Site, Wrong, "https://copy.test/")],
        );
        only(
            &with_index(|index| index.timezone_string = Some(String::new())),
            &[(Subject::TimeZone, Attention, "choose a city")],
        );
        only(
            &with_index(|index| index.timezone_string = Some("America/New_York".to_owned())),
            &[(Subject::TimeZone, Attention, "America/New_York")],
        );
        for ahead in [-130_000, 130_000] {
            let site = Site::WordPress { index: index(), clock_ahead_ms: Some(ahead) };
            only(&Answers { site, ..good() }, &[(Subject::Clock, Wrong, "130 s")]);
        }
    }

    #[test]
    fn a_version_is_too_old_untried_or_good() {
        for (running, verdict) in [
            ("10.5.0", Good),
            ("10.0", Good),
            ("11.0.1", Attention),
            ("9.9.5", Attention),
            ("5.8.0", Attention),
            ("5.7.9", Wrong),
            ("3", Wrong),
            ("trunk", Unknown),
        ] {
            assert_eq!(version(running).verdict, verdict, "{running}");
        }
    }

    #[test]
    fn webhooks_are_missing_off_or_others() {
        let but = |topic: &str, replaced: Option<Webhook>| {
            let others = TOPICS.iter().filter(|other| **other != topic);
            let all = others.map(|other| webhook(other, "active", HOOKS)).chain(replaced);
            Answers { webhooks: Ok(all.collect()), ..good() }
        };
        let topic = "order.updated";
        let wrong = |words| [(Subject::Webhooks, Wrong, words)];
        only(&but(topic, None), &wrong("missing: order.updated"));
        let off = webhook(topic, "disabled", HOOKS);
        only(&but(topic, Some(off)), &wrong("switched off: order.updated"));
        let of_others = webhook(topic, "active", "https://elsewhere.test/");
        only(&but(topic, Some(of_others)), &wrong("missing: order.updated"));
        let no_address = Expected { hook_address: None, ..expected() };
        let base = "https://shop.test/wp-json/wc/v3".parse().unwrap();
        let items = judge(&base, "shop.test", &no_address, &good());
        assert_eq!(items.last().unwrap().verdict, Attention);
    }

    #[test]
    fn without_wordpress_only_that_is_told() {
        let unreachable =
            PlatformError::Unavailable { reason: "refused".into(), retry_after: None };
        for (site, subject, words) in [
            (Site::Unreachable(unreachable), Subject::Reachable, "refused"),
            (Site::Strange { status: 404, plain_permalinks: true }, Subject::Permalinks, "Plain"),
            (Site::Strange { status: 403, plain_permalinks: false }, Subject::Reachable, "403"),
        ] {
            let answers = Answers::of_no_wordpress(site);
            only(&answers, &[(subject, Wrong, words)]);
        }
    }

    #[test]
    fn plain_http_is_worth_a_look() {
        let base = "http://shop.test/wp-json/wc/v3".parse().unwrap();
        let items = judge(&base, "shop.test", &expected(), &good());
        let bad: Vec<_> = items.iter().filter(|item| item.verdict != Good).collect();
        assert_eq!((bad.len(), bad[0].subject, bad[0].verdict), (1, Subject::Https, Attention));
    }
}
