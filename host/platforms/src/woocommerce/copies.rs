//! Copies of a site: a staging copy keeps the webhooks of the shop it was made from, with their ids
//! and their secret, and so signs what happens on it just as the shop does.
//!
//! What tells it from the shop is the address it has for itself. WordPress writes it into a header
//! of each delivery, which is not signed, and into the links of most bodies, which are. Either of
//! them naming another site is enough.

use http::HeaderMap;
use serde::Deserialize;
use url::Url;

use crate::{limits::SITE_CHARACTERS_MAX, site_identity};

const SOURCE: &str = "X-WC-Webhook-Source";

/// Where WordPress has its API, below the address of the site.
const API: &str = "/wp-json/";

/// The other site that sent a delivery; nothing if it is this one's, as far as can be told.
pub fn foreign_site(own: &str, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let named = [named_in_header(headers), named_in_links(body)];
    let foreign = named.into_iter().flatten().find(|site| site != own)?;
    Some(foreign.chars().take(SITE_CHARACTERS_MAX).collect())
}

fn named_in_header(headers: &HeaderMap) -> Option<String> {
    let source = headers.get(SOURCE)?.to_str().ok()?;
    Some(site_identity(&Url::parse(source).ok()?))
}

#[derive(Deserialize)]
struct Linked {
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    #[serde(rename = "self")]
    own: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

/// What has no links, such as the id of something deleted, names no site.
fn named_in_links(body: &[u8]) -> Option<String> {
    let Linked { links } = serde_json::from_slice(body).ok()?;
    let (site, _) = links.own.first()?.href.split_once(API)?;
    Some(site_identity(&Url::parse(site).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(own: &str, source: Option<&str>, body: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        if let Some(source) = source {
            headers.insert(SOURCE, source.parse().unwrap());
        }
        foreign_site(own, &headers, body.as_bytes())
    }

    fn linked(site: &str) -> String {
        format!(r#"{{"id":1,"_links":{{"self":[{{"href":"{site}/wp-json/wc/v3/orders/1"}}]}}}}"#)
    }

    #[test]
    fn a_site_is_the_same_whatever_its_scheme() {
        for source in ["https://shop.test/", "http://shop.test", "https://SHOP.test"] {
            assert_eq!(told("shop.test", Some(source), "{}"), None, "{source}");
            assert_eq!(told("shop.test", Some(source), &linked(source)), None, "{source}");
        }
        assert_eq!(told("shop.test/it", Some("https://shop.test/it/"), "{}"), None);
    }

    #[test]
    fn another_site_is_told_by_the_header_or_by_the_links() {
        let copies = [
            ("https://staging.shop.test/", "staging.shop.test"),
            // Where plugins that make copies put them.
            ("https://shop.test/staging/", "shop.test/staging"),
            ("https://shop.test:8443", "shop.test:8443"),
            ("https://www.shop.test", "www.shop.test"),
        ];
        for (copy, site) in copies {
            let found = Some(site.to_owned());
            assert_eq!(told("shop.test", Some(copy), "{}"), found);
            let body = linked(copy.trim_end_matches('/'));
            assert_eq!(told("shop.test", None, &body), found);
            assert_eq!(told("shop.test", Some("https://shop.test/"), &body), found);
        }
        let deep = format!("https://copy.test/{}", "x".repeat(5_000));
        let told = told("shop.test", Some(&deep), "{}").unwrap();
        assert_eq!(told.chars().count(), SITE_CHARACTERS_MAX);
    }

    #[test]
    fn what_names_no_site_is_left_to_its_signature() {
        let bodies = ["", "{}", r#"{"id":7}"#, r#"{"_links":[]}"#, r#"{"_links":{"self":[]}}"#];
        for body in bodies {
            assert_eq!(told("shop.test", None, body), None, "{body}");
            assert_eq!(told("shop.test", Some("no address"), body), None, "{body}");
        }
        let elsewhere = r#"{"_links":{"self":[{"href":"https://copy.test/api/orders/1"}]}}"#;
        assert_eq!(told("shop.test", None, elsewhere), None);
    }
}
