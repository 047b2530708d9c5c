//! Redirects: each is checked as if it were a request, and carries less.

use std::sync::Arc;

use fondaco_model::http::HttpFailure;

use super::server::{
    Authority, Names, Setup, listen, malformed, ok, policy, policy_with, redirect, refusal, request,
};
use crate::limits::REDIRECTS_MAX;

/// What becomes of a redirect to this location.
async fn redirected_to(location: &str) -> Result<fondaco_model::http::HttpAnswer, HttpFailure> {
    let location = location.to_owned();
    let server = listen().await.answering(move |head| {
        if head.starts_with("GET / ") { redirect(302, &location) } else { ok(head) }
    });
    let mut setup = Setup::allowing(&[&server]);
    setup.names = Arc::new(Names::default().with("a.shop.test", &[&["10.0.0.1"]]));
    setup.get(&server.url("shop.test")).await
}

#[tokio::test]
async fn are_followed_and_tell_where_they_led() {
    for status in [301, 302, 303, 307, 308] {
        let server = listen().await.answering(move |head| {
            if head.starts_with("GET / ") { redirect(status, "/two?x#y") } else { ok("there") }
        });
        let answer = Setup::allowing(&[&server]).get(&server.url("shop.test")).await.unwrap();
        assert_eq!(answer.body, b"there");
        assert_eq!(answer.url, format!("{}two?x", server.url("shop.test")));
        assert!(server.heads()[1].starts_with("GET /two?x HTTP/1.1\r\n"));
    }
}

#[tokio::test]
async fn without_a_place_are_answers() {
    for head in
        ["300 x\r\nlocation: /two", "304 x\r\nlocation: /two", "302 x", "200 x\r\nlocation: /"]
    {
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n").into_bytes();
        let server = listen().await.answering(move |_| answer.clone());
        let answer = Setup::allowing(&[&server]).get(&server.url("shop.test")).await.unwrap();
        assert_eq!(answer.status.to_string(), head[..3]);
        assert_eq!(server.heads().len(), 1);
    }
}

#[tokio::test]
async fn to_loopback_are_refused() {
    assert!(refusal(redirected_to("http://127.0.0.1/").await).contains("loopback"));
    assert!(refusal(redirected_to("http://[::1]/").await).contains("loopback"));
    // A granted name whose address is this machine, on a port that nobody opened.
    assert!(refusal(redirected_to("http://localhost:1/").await).contains("loopback"));
}

#[tokio::test]
async fn to_private_addresses_are_refused() {
    assert!(refusal(redirected_to("http://a.shop.test/").await).contains("private"));
    assert!(refusal(redirected_to("//a.shop.test/").await).contains("private"));
    assert!(refusal(redirected_to("http://169.254.169.254/").await).contains("metadata"));
}

#[tokio::test]
async fn to_hosts_that_were_not_granted_are_refused() {
    let failure = redirected_to("https://evil.test/").await.unwrap_err();
    assert_eq!(failure, HttpFailure::NotGranted { host: "evil.test".to_owned() });
    let failure = redirected_to("//evil.test").await.unwrap_err();
    assert_eq!(failure, HttpFailure::NotGranted { host: "evil.test".to_owned() });
}

#[tokio::test]
async fn to_other_schemes_are_refused() {
    assert!(refusal(redirected_to("file:///etc/passwd").await).contains("only https"));
    assert!(refusal(redirected_to("gopher://shop.test/").await).contains("only https"));
}

#[tokio::test]
async fn with_user_names_are_refused() {
    assert!(refusal(redirected_to("http://user@shop.test/").await).contains("user name"));
}

#[tokio::test]
async fn to_what_is_no_url_are_malformed() {
    malformed(redirected_to("http://[").await);
    malformed(redirected_to(&format!("/{}", "a".repeat(10_000))).await);
}

#[tokio::test]
async fn to_what_is_no_text_are_malformed() {
    let server = listen()
        .await
        .answering(|_| b"HTTP/1.1 302 x\r\nlocation: /\xff\r\ncontent-length: 0\r\n\r\n".into());
    let answer = Setup::allowing(&[&server]).get(&server.url("shop.test")).await;
    assert!(malformed(answer).contains("not text"));
}

#[tokio::test]
async fn from_https_to_http_are_refused() {
    let authority = Authority::new();
    let plain = listen().await.answering(|_| ok("reached"));
    let location = plain.url("shop.test");
    let server = listen()
        .await
        .answering_tls(authority.acceptor("shop.test"), move |_| redirect(302, &location));
    let mut setup = Setup::allowing(&[&server, &plain]);
    setup.certificates_pem = authority.pem();
    let url = format!("https://shop.test:{}/", server.address.port());
    assert!(refusal(setup.get(&url).await).contains("from https to http"));
    assert_eq!((server.heads().len(), plain.heads().len()), (1, 0));
}

#[tokio::test]
async fn are_followed_so_many_times_and_no_more() {
    let count = |head: &str| head["GET /".len()..].chars().next().unwrap().to_digit(10).unwrap();
    for (first, reached) in [(REDIRECTS_MAX, true), (REDIRECTS_MAX + 1, false)] {
        let server = listen().await.answering(move |head| match count(head) {
            0 => ok("there"),
            left => redirect(302, &format!("/{}", left - 1)),
        });
        let url = format!("{}{first}", server.url("shop.test"));
        let answer = Setup::allowing(&[&server]).get(&url).await;
        assert_eq!(server.heads().len(), REDIRECTS_MAX + 1);
        if reached {
            assert_eq!(answer.unwrap().body, b"there");
        } else {
            assert!(refusal(answer).contains("redirects more than 3 times"));
        }
    }
}

const HEADERS: [(&str, &str); 4] = [
    ("accept", "text/csv"),
    ("authorization", "Bearer {secret:key}"),
    ("x-api-key", "typed in by hand"),
    ("accept-language", "{secret:key}"),
];

#[tokio::test]
async fn to_the_same_origin_keep_all_headers() {
    let server = listen().await.answering(|head| {
        if head.starts_with("GET / ") { redirect(302, "/two") } else { ok("there") }
    });
    let policy = policy_with(&[("key", "sk-12345678", "shop.test")]);
    let request = request(&server.url("shop.test"), &HEADERS);
    Setup::allowing(&[&server]).egress().get(&policy, &request).await.unwrap();
    let second = &server.heads()[1];
    for line in ["accept: text/csv", "authorization: Bearer sk-12345678", "x-api-key: typed"] {
        assert!(second.contains(line), "{second}");
    }
}

#[tokio::test]
async fn to_another_origin_keep_no_header_that_may_authorise() {
    for host in ["other.test", "api.shop.test", "shop.test"] {
        let last = listen().await.answering(|_| ok("there"));
        // For `shop.test` only the port differs.
        let location = last.url(host);
        let server = listen().await.answering(move |_| redirect(307, &location));
        let policy = policy_with(&[("key", "sk-12345678", "shop.test")]);
        let request = request(&server.url("shop.test"), &HEADERS);
        let egress = Setup::allowing(&[&server, &last]).egress();
        assert_eq!(egress.get(&policy, &request).await.unwrap().body, b"there");
        assert!(server.heads()[0].contains("sk-12345678"));
        let second = &last.heads()[0];
        assert!(second.contains("accept: text/csv"), "{second}");
        for word in ["sk-", "authorization", "x-api-key", "accept-language", "secret:"] {
            assert!(!second.contains(word), "{second}");
        }
    }
}

#[tokio::test]
async fn back_to_the_first_origin_do_not_bring_the_headers_back() {
    let (first, second) = (listen().await, listen().await);
    let to_second = format!("http://other.test:{}/", second.port());
    let to_first = format!("http://shop.test:{}/back", first.port());
    let first = first.answering(move |head| {
        if head.starts_with("GET / ") { redirect(302, &to_second) } else { ok("there") }
    });
    let second = second.answering(move |_| redirect(302, &to_first));
    let policy = policy_with(&[("key", "sk-12345678", "shop.test")]);
    let request = request(&first.url("shop.test"), &HEADERS);
    let egress = Setup::allowing(&[&first, &second]).egress();
    egress.get(&policy, &request).await.unwrap();
    assert!(!first.heads()[1].contains("authorization"));
}

#[tokio::test]
async fn that_would_carry_a_secret_in_the_url_carry_its_placeholder() {
    let server = listen().await.answering(|head| {
        if head.starts_with("GET / ") {
            redirect(302, "/two?key=sk-12345678&x=1")
        } else {
            ok("there")
        }
    });
    let policy = policy_with(&[("key", "sk-12345678", "shop.test")]);
    let request = request(&server.url("shop.test"), &[]);
    let egress = Setup::allowing(&[&server]).egress();
    let answer = egress.get(&policy, &request).await.unwrap();
    assert!(answer.url.ends_with("/two?key={secret:key}&x=1"), "{}", answer.url);
    assert!(!server.heads()[1].contains("sk-12345678"));
}

#[tokio::test]
async fn are_looked_up_each_for_itself() {
    let server = listen().await.answering(|head| {
        if head.starts_with("GET / ") { redirect(302, "/two") } else { ok("there") }
    });
    let mut setup = Setup::allowing(&[&server]);
    let names = Names::default().with("shop.test", &[&["127.0.0.1"], &["127.0.0.3"]]);
    setup.names = Arc::new(names);
    let egress = setup.egress();
    let answer = egress.get(&policy(), &request(&server.url("shop.test"), &[])).await;
    assert!(refusal(answer).contains("loopback"));
    assert_eq!(server.heads().len(), 1);
}
