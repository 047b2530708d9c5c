//! Answers of hostile servers, each inside its limit.

use std::{io::Write, sync::Arc, time::Duration};

use flate2::{Compression, write::GzEncoder};
use fondaco_model::http::{HttpAnswer, HttpFailure};
use tokio::{io::AsyncWriteExt, sync::Notify};

use super::server::{
    Server, Setup, listen, malformed, ok, policy, policy_with, request, with_headers,
};
use crate::limits::{
    ANSWER_BODY_BYTES_MAX, ANSWER_HEADER_BYTES_MAX, ANSWER_HEADERS_MAX,
    INSTALL_REQUESTS_AT_ONCE_MAX,
};

const TOO_LARGE: HttpFailure = HttpFailure::TooLarge { limit: ANSWER_BODY_BYTES_MAX as u64 };
const HEAD_TOO_LARGE: HttpFailure = HttpFailure::TooLarge { limit: ANSWER_HEADER_BYTES_MAX as u64 };

async fn answered(bytes: impl Into<Vec<u8>>) -> Result<HttpAnswer, HttpFailure> {
    let bytes = bytes.into();
    let server = listen().await.answering(move |_| bytes.clone());
    Setup::allowing(&[&server]).get(&server.url("shop.test")).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn compressed(body: &[u8]) -> Vec<u8> {
    with_headers("content-encoding: gzip\r\n", body)
}

#[tokio::test]
async fn any_status_is_an_answer() {
    for status in [200, 204, 404, 429, 500, 599] {
        let text = format!("HTTP/1.1 {status} x\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
        let answer = answered(text).await.unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers, [("retry-after".to_owned(), "7".to_owned())]);
    }
}

#[tokio::test]
async fn only_useful_headers_are_shown() {
    let headers = "Content-Type: text/csv\r\nETag: \"1\"\r\nLast-Modified: x\r\nLink: <a>\r\n\
                   Link: <b>\r\nCache-Control: no-store\r\nX-RateLimit-Remaining: 5\r\n\
                   Set-Cookie: a=b\r\nServer: s\r\nLocation: /\r\nX-Other: y\r\netag: \x01é\r\n";
    let answer = answered(with_headers(&headers.replace("\x01", ""), "x")).await.unwrap();
    let shown: Vec<_> = answer.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    let mut shown: Vec<_> = shown.iter().map(String::as_str).collect();
    shown.sort_unstable();
    let expected = [
        "cache-control: no-store",
        "content-type: text/csv",
        "etag: \"1\"",
        "last-modified: x",
        "link: <a>",
        "link: <b>",
        "x-ratelimit-remaining: 5",
    ];
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let largest = vec![b'a'; ANSWER_BODY_BYTES_MAX];
    assert_eq!(answered(ok(&largest)).await.unwrap().body.len(), largest.len());
    let larger = vec![b'a'; ANSWER_BODY_BYTES_MAX + 1];
    assert_eq!(answered(ok(larger)).await.unwrap_err(), TOO_LARGE);
}

#[tokio::test]
async fn a_body_without_end_is_stopped() {
    for head in ["", "transfer-encoding: chunked\r\n"] {
        let chunked = !head.is_empty();
        let server = listen().await.handling(None, move |_, mut stream| async move {
            let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let block = [b'a'; 0x1000];
            let framed = [&b"1000\r\n"[..], &block, b"\r\n"].concat();
            let block = if chunked { framed } else { block.to_vec() };
            while stream.write_all(&block).await.is_ok() {}
        });
        let failure = Setup::allowing(&[&server]).get(&server.url("shop.test")).await;
        assert_eq!(failure.unwrap_err(), TOO_LARGE);
    }
}

#[tokio::test]
async fn a_compressed_body_is_decompressed() {
    let text = "prezzo;quantità\n".repeat(1_000);
    let answer = answered(compressed(&gzip(text.as_bytes()))).await.unwrap();
    assert_eq!(answer.body, text.as_bytes());
    let none = b"HTTP/1.1 304 x\r\ncontent-encoding: gzip\r\n\r\n".to_vec();
    assert_eq!(answered(none).await.unwrap().body, b"");
}

#[tokio::test]
async fn a_compressed_body_is_measured_decompressed() {
    let largest = vec![b'a'; ANSWER_BODY_BYTES_MAX];
    let answer = answered(compressed(&gzip(&largest))).await.unwrap();
    assert_eq!(answer.body.len(), largest.len());
    let larger = vec![b'a'; ANSWER_BODY_BYTES_MAX + 1];
    assert_eq!(answered(compressed(&gzip(&larger))).await.unwrap_err(), TOO_LARGE);
}

#[tokio::test]
async fn a_compressed_bomb_is_stopped() {
    let bomb = gzip(&vec![0; 64 * ANSWER_BODY_BYTES_MAX]);
    assert!(bomb.len() < ANSWER_BODY_BYTES_MAX, "it has to be small on the wire");
    assert_eq!(answered(compressed(&bomb)).await.unwrap_err(), TOO_LARGE);
}

#[tokio::test]
async fn blocks_of_nothing_without_end_are_stopped() {
    // The head of a compressed body, then empty blocks that are never the last.
    let mut many = gzip(b"")[..10].to_vec();
    many.extend([0, 0, 0, 0xff, 0xff].repeat(ANSWER_BODY_BYTES_MAX / 4));
    assert_eq!(answered(compressed(&many)).await.unwrap_err(), TOO_LARGE);
}

#[tokio::test]
async fn a_damaged_compressed_body_is_malformed() {
    let whole = gzip(b"something long enough to be cut somewhere");
    let cut = &whole[..whole.len() / 2];
    let mut altered = whole.clone();
    let last = altered.len() - 6;
    altered[last] ^= 0xff;
    let followed = [whole.as_slice(), b"and more"].concat();
    let twice = whole.repeat(2);
    for body in [cut, &altered, &followed, &twice, b"not gzip at all"] {
        assert!(malformed(answered(compressed(body)).await).contains("damaged"));
    }
}

#[tokio::test]
async fn compression_that_was_not_asked_for_is_malformed() {
    for coding in ["br", "deflate", "gzip, gzip", "gzip\r\ncontent-encoding: gzip"] {
        let answer = with_headers(&format!("content-encoding: {coding}\r\n"), gzip(b"x"));
        assert!(malformed(answered(answer).await).contains("not asked for"), "{coding}");
    }
}

#[tokio::test]
async fn a_wrong_content_length_is_malformed() {
    let shorter = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort";
    assert!(malformed(answered(shorter).await).contains("broke off"));
    for head in [
        "content-length: x",
        "content-length: -1",
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 99999999999999999999999",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\nshort");
        malformed(answered(answer).await);
    }
    let longer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nlonger";
    assert_eq!(answered(longer).await.unwrap().body, b"lon");
}

#[tokio::test]
async fn damaged_chunks_are_malformed() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for chunks in ["5\r\nab", "zz\r\nab\r\n0\r\n\r\n", "ffffffffffffffffff\r\nab", "2\r\nab\r\n"] {
        let answer = answered(format!("{head}{chunks}")).await;
        assert!(malformed(answer).contains("broke off"), "{chunks}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    for text in ["SSH-2.0-x\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
        malformed(answered(text).await);
    }
}

#[tokio::test]
async fn no_answer_at_all_is_unreachable() {
    for text in ["", "HTTP/1.1 200 OK\r\ncontent-"] {
        let failure = answered(text).await.unwrap_err();
        assert!(matches!(failure, HttpFailure::Unreachable { .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let large = format!("x-large: {}\r\n", "a".repeat(ANSWER_HEADER_BYTES_MAX));
    assert_eq!(answered(with_headers(&large, "")).await.unwrap_err(), HEAD_TOO_LARGE);
    let many = "x: y\r\n".repeat(ANSWER_HEADERS_MAX + 1);
    assert_eq!(answered(with_headers(&many, "")).await.unwrap_err(), HEAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_outgrows_its_limit_by_placeholders_is_refused() {
    let body = "12345678".repeat(ANSWER_BODY_BYTES_MAX / 8);
    let server = listen().await.answering(move |_| ok(&body));
    let policy = policy_with(&[("longer-than-its-value", "12345678", "shop.test")]);
    let request = request(&server.url("shop.test"), &[]);
    let answer = Setup::allowing(&[&server]).egress().get(&policy, &request).await;
    assert_eq!(answer.unwrap_err(), TOO_LARGE);
}

/// A server that sends this and then nothing, for as long as it is let.
async fn stalling(bytes: &'static [u8]) -> Server {
    listen().await.handling(None, move |_, mut stream| async move {
        stream.write_all(bytes).await.unwrap();
        std::future::pending::<()>().await;
    })
}

#[tokio::test]
async fn a_server_that_stalls_is_given_up() {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc";
    for sent in [&b""[..], b"HTTP/1.1 200 OK\r\n", begun] {
        let server = stalling(sent).await;
        let mut setup = Setup::allowing(&[&server]);
        setup.time_max = Duration::from_millis(200);
        let failure = setup.get(&server.url("shop.test")).await.unwrap_err();
        assert_eq!(failure, HttpFailure::TimedOut { limit_ms: 200 });
    }
}

#[tokio::test]
async fn a_server_that_drips_is_given_up() {
    let server = listen().await.handling(None, |_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let mut setup = Setup::allowing(&[&server]);
    setup.time_max = Duration::from_millis(200);
    let failure = setup.get(&server.url("shop.test")).await.unwrap_err();
    assert_eq!(failure, HttpFailure::TimedOut { limit_ms: 200 });
}

#[tokio::test]
async fn one_install_has_so_many_requests_at_once_and_leaves_the_others_theirs() {
    let (arrived, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (server_arrived, server_let_go) = (Arc::clone(&arrived), Arc::clone(&let_go));
    let server = listen().await.handling(None, move |head, mut stream| {
        let (arrived, let_go) = (Arc::clone(&server_arrived), Arc::clone(&server_let_go));
        async move {
            if head.starts_with("GET /slow ") {
                arrived.notify_one();
                let_go.notified().await;
            }
            let _ = stream.write_all(&ok("there")).await;
        }
    });
    let egress = Setup::allowing(&[&server]).egress();
    let busy = policy();
    let slow = request(&format!("{}slow", server.url("shop.test")), &[]);
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..INSTALL_REQUESTS_AT_ONCE_MAX {
        let (egress, policy, request) = (egress.clone(), busy.clone(), slow.clone());
        requests.spawn(async move { egress.get(&policy, &request).await });
        arrived.notified().await;
    }
    assert_eq!(busy.turns().available_permits(), 0);
    let quick = request(&server.url("shop.test"), &[]);
    assert_eq!(egress.get(&policy(), &quick).await.unwrap().body, b"there");
    let waiting = egress.get(&busy, &quick);
    let free = async {
        for _ in 0..INSTALL_REQUESTS_AT_ONCE_MAX {
            let_go.notify_one();
            requests.join_next().await.unwrap().unwrap().unwrap();
        }
    };
    let (waited, ()) = tokio::join!(waiting, free);
    assert_eq!(waited.unwrap().body, b"there");
}
