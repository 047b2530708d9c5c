//! What is refused before anything is looked up.

use std::{collections::BTreeMap, sync::Arc};

use fondaco_model::http::HttpFailure;
use proptest::prelude::*;

use super::server::{
    Names, Server, Setup, listen, malformed, ok, policy, policy_with, refusal, request,
};
use crate::{
    Egress, EgressConfig, EgressPolicy,
    limits::{REQUEST_HEADER_BYTES_MAX, REQUEST_HEADERS_MAX, URL_BYTES_MAX},
    target::Target,
};

/// The failure, after making sure that no name was looked up.
async fn failure(url: &str, headers: &[(&str, &str)]) -> HttpFailure {
    let setup = Setup::allowing(&[]);
    let names: Arc<Names> = Arc::clone(&setup.names);
    let failure = setup.egress().get(&policy(), &request(url, headers)).await.unwrap_err();
    assert_eq!(names.asked(), Vec::<String>::new(), "{url}");
    failure
}

async fn reason(url: &str, headers: &[(&str, &str)]) -> String {
    refusal(Err(failure(url, headers).await))
}

#[tokio::test]
async fn hosts_that_were_not_granted() {
    for (url, host) in [
        ("https://evil.test/", "evil.test"),
        ("https://shop.test.evil.test/", "shop.test.evil.test"),
        ("https://shop.test./", "shop.test."),
        ("https://evil.test\\@shop.test/", "evil.test"),
        ("https://evil.test#@shop.test/", "evil.test"),
        ("https://evil.test?@shop.test/", "evil.test"),
        ("https:evil.test", "evil.test"),
        ("https://EVIL.test/", "evil.test"),
        ("https://sh%6fp2.test/", "shop2.test"),
        ("https://\u{ff53}hop3.test/", "shop3.test"),
    ] {
        let expected = HttpFailure::NotGranted { host: host.to_owned() };
        assert_eq!(failure(url, &[]).await, expected, "{url}");
    }
}

#[tokio::test]
async fn schemes_other_than_http() {
    for url in ["ftp://shop.test/", "file:///etc/passwd", "gopher://shop.test/", "data:,x"] {
        assert!(reason(url, &[]).await.contains("only https"), "{url}");
    }
}

#[tokio::test]
async fn user_names_and_passwords_in_urls() {
    for url in ["https://user@shop.test/", "https://user:pw@shop.test/", "https://:pw@shop.test/"] {
        assert!(reason(url, &[]).await.contains("user name"), "{url}");
    }
}

#[tokio::test]
async fn addresses_in_every_way_they_can_be_written() {
    for (url, word) in [
        ("http://127.0.0.1/", "loopback"),
        ("http://127.1/", "loopback"),
        ("http://2130706433/", "loopback"),
        ("http://0x7f000001/", "loopback"),
        ("http://0x7f.0.0.0x1/", "loopback"),
        ("http://017700000001/", "loopback"),
        ("http://0177.0.0.01/", "loopback"),
        ("http://127.0.0.1./", "loopback"),
        ("http://%31%32%37.0.0.1/", "loopback"),
        ("http://\u{2460}27.0.0.1/", "loopback"),
        ("http://[::1]/", "loopback"),
        ("http://[0:0:0:0:0:0:0:1]/", "loopback"),
        ("http://[::ffff:127.0.0.1]/", "another form"),
        ("http://[::127.0.0.1]/", "another form"),
        ("http://[64:ff9b::10.0.0.1]/", "another form"),
        ("http://[fe80::1]/", "link-local"),
        ("http://0/", "no host"),
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("http://2852039166/", "metadata"),
        ("http://[fd00:ec2::254]/", "metadata"),
        ("http://8.8.8.8/", "a public address"),
        ("http://[2606:4700::1111]/", "a public address"),
    ] {
        let reason = reason(url, &[]).await;
        assert!(reason.contains(word), "{url}: {reason}");
    }
}

#[tokio::test]
async fn an_address_even_if_the_hosts_owner_opened_it() {
    let server = listen().await.answering(|_| ok("reached"));
    let setup = Setup::allowing(&[&server]);
    assert!(refusal(setup.get(&server.url("127.0.0.1")).await).contains("loopback"));
    assert_eq!(server.heads().len(), 0);
}

#[tokio::test]
async fn what_is_no_url() {
    for url in [
        "",
        "/path",
        "shop.test/path",
        "https://",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://shop.test:99999/",
        "https://sh op.test/",
        "https://256.256.256.256/",
        "https://0x100000000/",
    ] {
        malformed(Err(failure(url, &[]).await));
    }
}

#[tokio::test]
async fn urls_that_are_too_long() {
    let url = format!("https://shop.test/{}", "a".repeat(URL_BYTES_MAX));
    assert!(malformed(Err(failure(&url, &[]).await)).contains("longer"));
    // It is longer as it is sent than as it is written.
    let url = format!("https://shop.test/{}", "è".repeat(URL_BYTES_MAX / 3));
    assert!(malformed(Err(failure(&url, &[]).await)).contains("longer"));
}

#[tokio::test]
async fn metadata_services_even_if_they_were_granted() {
    let server = listen().await.answering(|_| ok("keys"));
    let hosts = ["metadata.google.internal", "metadata", "instance-data"];
    let granted = hosts.map(|host| host.parse().unwrap()).into();
    let policy = EgressPolicy::new(granted, BTreeMap::new());
    let egress = Setup::allowing(&[&server]).egress();
    for host in hosts {
        let answer = egress.get(&policy, &request(&server.url(host), &[])).await;
        assert!(refusal(answer).contains("metadata service"), "{host}");
    }
    assert_eq!(server.heads().len(), 0);
}

#[tokio::test]
async fn headers_that_are_not_the_modules() {
    for name in [
        "Host",
        "Connection",
        "Content-Length",
        "Transfer-Encoding",
        "Upgrade",
        "TE",
        "Trailer",
        "Keep-Alive",
        "Cookie",
        "Expect",
        "User-Agent",
        "Accept-Encoding",
        "Proxy-Authorization",
        "Proxy-Connection",
        "X-Forwarded-For",
        "Sec-Fetch-Site",
        "X-HTTP-Method-Override",
    ] {
        let reason = reason("https://shop.test/", &[(name, "x")]).await;
        assert!(reason.contains(&name.to_ascii_lowercase()), "{reason}");
    }
}

#[tokio::test]
async fn headers_that_are_none() {
    for header in [
        ("", "x"),
        ("x y", "x"),
        ("x:", "x"),
        ("x\r\nhost", "x"),
        ("x", "a\r\nhost: evil.test"),
        ("x", "a\nb"),
        ("x", "a\0b"),
        ("x", "caffè"),
    ] {
        malformed(Err(failure("https://shop.test/", &[header]).await));
    }
}

#[tokio::test]
async fn headers_that_are_too_many_or_too_large() {
    let many = vec![("x", "y"); REQUEST_HEADERS_MAX + 1];
    assert!(malformed(Err(failure("https://shop.test/", &many).await)).contains("more than"));
    let large = "a".repeat(REQUEST_HEADER_BYTES_MAX);
    let failure = failure("https://shop.test/", &[("x", &large)]).await;
    assert!(malformed(Err(failure)).contains("larger"));
}

#[tokio::test]
async fn headers_that_grow_too_large_with_their_secrets() {
    let value = "s".repeat(1_000);
    let policy = policy_with(&[("key", &value, "shop.test")]);
    let many = "{secret:key}".repeat(REQUEST_HEADER_BYTES_MAX / 1_000 + 1);
    let request = request("https://shop.test/", &[("x", &many)]);
    let answer = Setup::allowing(&[]).egress().get(&policy, &request).await;
    assert!(malformed(answer).contains("larger"));
}

proptest! {
    #[test]
    fn no_url_leads_to_a_host_that_was_not_granted(
        url in concat!(
            "(https?:)?[/\\\\]{0,3}([a-z]{0,3}[@:])?",
            "(shop\\.test|[a-z0-9.%\\[\\]:]{0,9})[@:/?#.\\\\]?\\PC{0,9}",
        )
    ) {
        let Ok(target) = Target::of_request(&url, &policy()) else {
            return Ok(());
        };
        let granted = ["shop.test", "other.test", "localhost"].contains(&target.host());
        prop_assert!(granted || target.host().ends_with(".shop.test"), "{url}");
        let host = format!("{}:", target.host());
        prop_assert!(format!("{}:", target.authority()).starts_with(&host), "{url}");
        let sent: http::Uri = target.url().parse().unwrap();
        prop_assert_eq!(sent.host(), Some(target.host()), "{}", url);
    }
}

#[tokio::test]
async fn certificates_that_are_none() {
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in ["not PEM", damaged, "-----BEGIN CERTIFICATE-----\n"] {
        let config = EgressConfig { certificates_pem: text.into(), ..EgressConfig::default() };
        let error = Egress::new(config).unwrap_err().to_string();
        assert!(error.contains("give them as PEM"), "{error}");
    }
}

#[tokio::test]
async fn what_is_granted_is_sent_as_it_was_asked_for() {
    let server: Server = listen().await.answering(|_| ok("reached"));
    let setup = Setup::allowing(&[&server]);
    let port = server.address.port();
    let url = format!("http://API.shop.test:{port}/a/../b%20c?d=e f#secret-part");
    let headers = [("Accept", "text/csv"), ("X-One", "1"), ("x-one", "2")];
    let answer = setup.egress().get(&policy(), &request(&url, &headers)).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"reached"[..]));
    assert_eq!(answer.url, format!("http://api.shop.test:{port}/b%20c?d=e%20f"));
    let heads = server.heads();
    let mut lines: Vec<_> = heads[0].trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "GET /b%20c?d=e%20f HTTP/1.1");
    lines.sort_unstable();
    let host = format!("host: api.shop.test:{port}");
    let agent = concat!("user-agent: fondaco/", env!("CARGO_PKG_VERSION"));
    let expected = [
        "accept-encoding: gzip",
        "accept: text/csv",
        "connection: close",
        host.as_str(),
        agent,
        "x-one: 1",
        "x-one: 2",
    ];
    assert_eq!(lines, expected);
}
