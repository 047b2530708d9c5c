//! One request and its answer over one connection, within the limits of an answer.

use std::io::{self, Write};

use flate2::write::GzDecoder;
use fondaco_model::http::HttpFailure;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
};

use crate::{
    failure::{malformed, too_large, unreachable},
    limits::{
        ANSWER_BODY_BYTES_MAX, ANSWER_HEADER_BYTES_MAX, ANSWER_HEADERS_MAX,
        COMPRESSION_OVERHEAD_BYTES_MAX,
    },
};

/// The head of an answer, with its body still to come.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    /// Closes the connection when it is dropped.
    _connection: JoinSet<hyper::Result<()>>,
}

/// Sends the request and reads the head of its answer.
pub(crate) async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Empty<Bytes>>,
) -> Result<Exchange, HttpFailure> {
    let mut connecting = http1::Builder::new();
    connecting.max_headers(ANSWER_HEADERS_MAX).max_header_size(ANSWER_HEADER_BYTES_MAX);
    let handshake = connecting.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| unanswered(&error))?;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| unanswered(&error))?;
    let (parts, body) = response.into_parts();
    Ok(Exchange { status: parts.status, headers: parts.headers, body, _connection: tasks })
}

fn unanswered(error: &hyper::Error) -> HttpFailure {
    if error.is_parse_too_large() {
        too_large(ANSWER_HEADER_BYTES_MAX)
    } else if error.is_parse() {
        malformed("the server's answer is not HTTP")
    } else {
        unreachable("the server closed the connection without an answer")
    }
}

impl Exchange {
    /// Where the answer sends the reader, if it does.
    pub(crate) fn location(&self) -> Option<&[u8]> {
        let moved = [301, 302, 303, 307, 308].contains(&self.status.as_u16());
        let location = self.headers.get(header::LOCATION).filter(|_| moved);
        location.map(header::HeaderValue::as_bytes)
    }

    /// Reads the body to its end.
    pub(crate) async fn body(mut self) -> Result<Vec<u8>, HttpFailure> {
        let mut decoder = Decoder::new(&self.headers)?;
        let mut wire_bytes = 0;
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|_| {
                malformed("the body of the answer broke off before the end the server announced")
            })?;
            // What is not data is a trailer, which modules are not shown.
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            wire_bytes += chunk.len();
            if wire_bytes > ANSWER_BODY_BYTES_MAX + COMPRESSION_OVERHEAD_BYTES_MAX {
                return Err(too_large(ANSWER_BODY_BYTES_MAX));
            }
            decoder.write(&chunk)?;
        }
        decoder.finish()
    }
}

/// Undoes the compression as the body comes in, so that a small body that grows without end is
/// stopped while it grows. One compressed part is a whole body: beginning anew for each of very
/// many empty ones would be much work for few bytes.
enum Decoder {
    Plain(Bounded),
    Gzip(Box<GzDecoder<Bounded>>),
    /// Gzip of which nothing came yet: an answer without a body may be labelled so.
    GzipUnbegun,
}

impl Decoder {
    fn new(headers: &HeaderMap) -> Result<Self, HttpFailure> {
        let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
        let coding = codings.next().map(|coding| coding.as_bytes().to_ascii_lowercase());
        match (coding.as_deref(), codings.next()) {
            (None | Some(b"identity" | b""), None) => Ok(Self::Plain(Bounded::default())),
            (Some(b"gzip" | b"x-gzip"), None) => Ok(Self::GzipUnbegun),
            _ => Err(malformed("the answer is compressed in a way that was not asked for")),
        }
    }

    fn write(&mut self, chunk: &[u8]) -> Result<(), HttpFailure> {
        if matches!(self, Self::GzipUnbegun) && !chunk.is_empty() {
            *self = Self::Gzip(Box::new(GzDecoder::new(Bounded::default())));
        }
        let (written, overflowed) = match self {
            Self::Plain(bytes) => (bytes.write_all(chunk), bytes.overflowed),
            Self::Gzip(decoder) => (decoder.write_all(chunk), decoder.get_ref().overflowed),
            Self::GzipUnbegun => (Ok(()), false),
        };
        written.map_err(|_| overflow_or_damage(overflowed))
    }

    fn finish(self) -> Result<Vec<u8>, HttpFailure> {
        match self {
            Self::Plain(bounded) => Ok(bounded.bytes),
            Self::GzipUnbegun => Ok(Vec::new()),
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes)),
                Err(_) => Err(overflow_or_damage(decoder.get_ref().overflowed)),
            },
        }
    }
}

fn overflow_or_damage(overflowed: bool) -> HttpFailure {
    if overflowed {
        too_large(ANSWER_BODY_BYTES_MAX)
    } else {
        malformed("the compressed body of the answer is damaged")
    }
}

/// Bytes up to the limit of a body, and a failure beyond.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    overflowed: bool,
}

impl Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + chunk.len() > ANSWER_BODY_BYTES_MAX {
            self.overflowed = true;
            return Err(io::Error::other("larger than a body may be"));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
