//! Secrets: who is sent them, and that nobody else ever sees them.

use std::{sync::Arc, time::Duration};

use fondaco_model::http::{HttpFailure, HttpRecord};

use super::server::{
    Authority, Names, Setup, listen, malformed, ok, policy_with, refusal, request, with_headers,
};
use crate::{EgressConfig, Secret};

const SECRET: &str = "sk-\"live\"/12345678";

#[tokio::test]
async fn are_sent_over_https_to_their_host() {
    let authority = Authority::new();
    let server = listen().await;
    let url = format!("https://api.shop.test:{}/", server.port());
    let server = server.answering_tls(authority.acceptor("api.shop.test"), |_| ok("there"));
    let mut setup = Setup::allowing(&[&server]);
    setup.certificates_pem = authority.pem();
    let policy = policy_with(&[
        ("key", "sk-12345678", "*.shop.test"),
        ("nested", "{secret:key}", "*.shop.test"),
    ]);
    let value = "Bearer {secret:key}, {secret:nested}!";
    let request = request(&url, &[("Authorization", value)]);
    let answer = setup.egress().get(&policy, &request).await.unwrap();
    assert_eq!(answer.body, b"there");
    let head = &server.heads()[0];
    assert!(head.contains("authorization: Bearer sk-12345678, {secret:key}!\r\n"), "{head}");
}

#[tokio::test]
async fn are_not_sent_to_a_server_that_proves_nothing() {
    let (authority, impostor) = (Authority::new(), Authority::new());
    let of_another_name = listen().await.answering_tls(authority.acceptor("x.test"), |_| ok(""));
    let of_another = listen().await.answering_tls(impostor.acceptor("shop.test"), |_| ok(""));
    let unencrypted = listen().await.answering(|_| ok(""));
    for server in [of_another_name, of_another] {
        let mut setup = Setup::allowing(&[&server]);
        setup.certificates_pem = authority.pem();
        let policy = policy_with(&[("key", "sk-12345678", "shop.test")]);
        let url = format!("https://shop.test:{}/", server.address.port());
        let request = request(&url, &[("authorization", "{secret:key}")]);
        let failure = setup.egress().get(&policy, &request).await.unwrap_err();
        assert!(failure.to_string().contains("certificate"), "{failure}");
        assert_eq!(server.heads(), Vec::<String>::new());
    }
    let url = format!("https://shop.test:{}/", unencrypted.address.port());
    let mut setup = Setup::allowing(&[&unencrypted]);
    setup.time_max = Duration::from_millis(200);
    let failure = setup.get(&url).await.unwrap_err();
    assert!(matches!(failure, HttpFailure::Unreachable { .. } | HttpFailure::TimedOut { .. }));
}

#[tokio::test]
async fn are_not_sent_over_http_to_a_public_address() {
    let mut setup = Setup::allowing(&[]);
    setup.names = Arc::new(Names::default().with("shop.test", &[&["8.8.8.8"]]));
    let policy = policy_with(&[("key", "sk-12345678", "shop.test")]);
    let request = request("http://shop.test/", &[("authorization", "{secret:key}")]);
    let answer = setup.egress().get(&policy, &request).await;
    assert_eq!(refusal(answer), "a secret is sent over https only");
}

#[tokio::test]
async fn are_not_sent_to_another_host() {
    let policy = policy_with(&[("key", "sk-12345678", "api.shop.test")]);
    for url in ["https://shop.test/", "https://other.test/", "https://x.api.shop.test/"] {
        let request = request(url, &[("authorization", "{secret:key}")]);
        let answer = Setup::allowing(&[]).egress().get(&policy, &request).await;
        assert!(refusal(answer).contains("is for `api.shop.test` and not for"), "{url}");
    }
}

#[tokio::test]
async fn that_do_not_exist_are_named() {
    let request = request("https://shop.test/", &[("x", "{secret:kye}")]);
    let answer = Setup::allowing(&[]).egress().get(&policy_with(&[]), &request).await;
    assert!(refusal(answer).contains("there is no secret `kye`"));
}

#[tokio::test]
async fn have_whole_placeholders_in_headers_only() {
    let policy = policy_with(&[("key", "sk-12345678", "shop.test")]);
    let egress = Setup::allowing(&[]).egress();
    let unclosed = request("https://shop.test/", &[("x", "{secret:key")]);
    assert!(malformed(egress.get(&policy, &unclosed).await).contains("not closed"));
    let in_url = request("https://shop.test/?key={secret:key}", &[]);
    assert!(refusal(egress.get(&policy, &in_url).await).contains("header"));
}

#[tokio::test]
async fn that_come_back_are_placeholders_in_the_answer_and_in_the_record() {
    let json = r#"{"key":"sk-\"live\"\/12345678"}"#;
    let body = format!("{SECRET} {json} sk-%22live%22%2F12345678 sk-%22live%22%2f12345678");
    let body = format!("{body} c2stImxpdmUiLzEyMzQ1Njc4 sk-12 {SECRET}{SECRET}");
    let headers = format!("etag: \"{SECRET}\"\r\nx-ratelimit-of: {SECRET}\r\n");
    let server = listen().await.answering(move |_| with_headers(&headers, &body));
    let policy = policy_with(&[("key", SECRET, "shop.test")]);
    let request = request(&server.url("shop.test"), &[("authorization", "{secret:key}")]);
    let egress = Setup::allowing(&[&server]).egress();
    let result = egress.get(&policy, &request).await;
    assert!(server.heads()[0].contains(SECRET), "an opened address is trusted without https");
    let answer = result.clone().unwrap();
    let shown = String::from_utf8(answer.body).unwrap();
    let key = "{secret:key}";
    let expected = format!("{key} {{\"key\":\"{key}\"}} {key} {key} {key} sk-12 {key}{key}");
    assert_eq!(shown, expected);
    let header = |name: &str, value: String| (name.to_owned(), value);
    let etag = header("etag", format!("\"{key}\""));
    assert_eq!(answer.headers, [etag, header("x-ratelimit-of", key.to_owned())]);
    let record = serde_json::to_string(&HttpRecord { request, result }).unwrap();
    assert!(!record.contains("12345678") && !record.contains("MTIzNDU2Nzg"), "{record}");
}

#[tokio::test]
async fn are_never_printed() {
    let server =
        listen().await.answering(|_| b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n".into());
    let policy = policy_with(&[("key", SECRET, "shop.test")]);
    let setup = Setup::allowing(&[&server]);
    let egress = setup.egress();
    let mut printed = format!("{egress:?} {policy:?} {:?}", EgressConfig::default());
    let line_end = Secret::new("12345678\n".into(), "shop.test".parse().unwrap());
    let short = Secret::new("1234567".into(), "shop.test".parse().unwrap());
    let long = Secret::new("x".repeat(5_000).into(), "shop.test".parse().unwrap());
    for error in [line_end.unwrap_err(), short.unwrap_err(), long.unwrap_err()] {
        printed += &format!("{error} {error:?}");
    }
    for (url, value) in [
        (server.url("shop.test"), "{secret:key}"),
        (server.url("shop.test"), "{secret:key} \u{7f}"),
        (server.url("other.test"), "{secret:key}"),
        ("https://shop.test:1/".to_owned(), "{secret:key}"),
    ] {
        let failure = egress.get(&policy, &request(&url, &[("x", value)])).await.unwrap_err();
        printed += &format!("{failure} {failure:?}");
    }
    assert!(server.heads()[0].contains(SECRET));
    assert!(!printed.contains("live") && !printed.contains("1234567"), "{printed}");
    assert!(printed.contains("shop.test"), "{printed}");
}
