use proptest::prelude::*;

use super::*;

#[test]
fn patterns_match_their_hosts_and_no_others() {
    let cases = [
        ("api.example.com", "api.example.com", true),
        ("api.example.com", "example.com", false),
        ("api.example.com", "x.api.example.com", false),
        ("api.example.com", "api.example.com.", false),
        ("*.example.com", "api.example.com", true),
        ("*.example.com", "a.b.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", ".example.com", false),
        ("*.example.com", "a..example.com", false),
        ("*.example.com", "notexample.com", false),
        ("*.example.com", "api.example.com.evil.net", false),
        ("*.example.com", "api.example.com.", false),
        ("*.my-shop.github.io", "a.my-shop.github.io", true),
        ("*.amazonaws.com", "api.amazonaws.com", true),
        ("*.amazonaws.com", "bucket.s3.amazonaws.com", false),
        ("*.amazonaws.com", "s3.amazonaws.com", false),
        ("*.corp.internal", "erp.corp.internal", true),
    ];
    for (pattern, host, expected) in cases {
        let parsed: HostPattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches(host), expected, "{pattern} {host}");
    }
}

#[test]
fn what_is_not_a_host_is_refused_with_advice() {
    let cases = [
        ("https://api.example.com", "scheme"),
        ("api.example.com/v1", "paths"),
        ("user@api.example.com", "paths"),
        ("api.example.com:8443", "port"),
        ("caffè.example", "ASCII"),
        ("API.example.com", "lower case"),
        ("10.0.0.5", "address"),
        ("10.0.0.5:80", "port"),
        ("167772165", "address"),
        ("0x0a000005", "address"),
        ("012.0.0.5", "address"),
        ("1.2.3.0x7f", "address"),
        ("*.0.0.5", "address"),
        ("::1", "address"),
        ("[::1]", "address"),
        ("api.*.example.com", "wildcard"),
        ("*example.com", "wildcard"),
        ("*", "wildcard"),
        ("*.*.example.com", "wildcard"),
        ("", "host name"),
        ("*.", "host name"),
        ("api..example.com", "host name"),
        (".example.com", "host name"),
        ("example.com.", "host name"),
        ("-a.example.com", "host name"),
        ("a-.example.com", "host name"),
        ("a b.example.com", "host name"),
        ("a_b.example.com", "host name"),
        ("*.com", "anybody"),
        ("*.co.uk", "anybody"),
        ("*.github.io", "anybody"),
        ("*.myshopify.com", "anybody"),
        ("*.kawasaki.jp", "anybody"),
        ("*.internal", "anybody"),
        ("*.localhost", "anybody"),
    ];
    for (text, word) in cases {
        let error = text.parse::<HostPattern>().unwrap_err().to_string();
        assert!(error.contains(word), "{text}: {error}");
    }
    let long = format!("{}.com", "a".repeat(HOST_LABEL_BYTES_MAX + 1));
    assert!(long.parse::<HostPattern>().is_err());
    let long = "a.".repeat(HOST_BYTES_MAX / 2) + "com";
    assert!(long.parse::<HostPattern>().is_err());
}

#[test]
fn patterns_are_checked_when_read() {
    let pattern: HostPattern = serde_json::from_str("\"*.example.com\"").unwrap();
    assert_eq!(serde_json::to_string(&pattern).unwrap(), "\"*.example.com\"");
    assert_eq!(pattern.to_string(), "*.example.com");
    assert!(serde_json::from_str::<HostPattern>("\"*.com\"").is_err());
}

#[test]
fn a_record_shows_text_as_text() {
    let request = HttpRequest {
        url: "https://api.example.com/".to_owned(),
        headers: vec![("authorization".to_owned(), "Bearer {secret:key}".to_owned())],
    };
    let answer = |body: &[u8]| HttpAnswer {
        status: 200,
        headers: vec![("etag".to_owned(), "\"1\"".to_owned())],
        body: body.to_vec(),
        url: request.url.clone(),
    };
    let written = |body: &[u8]| {
        let record = HttpRecord { request: request.clone(), result: Ok(answer(body)) };
        serde_json::to_value(&record).unwrap()["result"]["Ok"]["body"].clone()
    };
    assert_eq!(written("caffè".as_bytes()), serde_json::json!({ "text": "caffè" }));
    assert_eq!(written(&[0xff, 0]), serde_json::json!({ "base64": "/wA=" }));
}

proptest! {
    #[test]
    fn any_answer_is_read_back(status in 100u16..600, body: Vec<u8>, url: String) {
        let request = HttpRequest { url: url.clone(), headers: Vec::new() };
        let answer = HttpAnswer { status, headers: Vec::new(), body, url };
        let record = HttpRecord { request, result: Ok(answer) };
        let text = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<HttpRecord>(&text).unwrap(), record);
    }

    #[test]
    fn any_failure_is_read_back(limit: u64, reason: String) {
        let failures = [
            HttpFailure::NotGranted { host: reason.clone() },
            HttpFailure::Refused { reason: reason.clone() },
            HttpFailure::Unreachable { reason: reason.clone() },
            HttpFailure::TimedOut { limit_ms: limit },
            HttpFailure::TooLarge { limit },
            HttpFailure::Malformed { reason },
        ];
        for failure in failures {
            let text = serde_json::to_string(&failure).unwrap();
            prop_assert_eq!(serde_json::from_str::<HttpFailure>(&text).unwrap(), failure);
        }
    }

    #[test]
    fn no_text_breaks_a_pattern(text: String, host: String) {
        if let Ok(pattern) = text.parse::<HostPattern>() {
            prop_assert_eq!(pattern.as_str(), &text);
            let _ = pattern.matches(&host);
        }
        let _ = "*.example.com".parse::<HostPattern>().unwrap().matches(&host);
    }
}
