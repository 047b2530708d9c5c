//! HTTP as modules use it: the hosts a client grants, what a module asks for, what came back, and
//! the record of both that is kept with the run.

use std::{borrow::Cow, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest host name, in bytes.
pub const HOST_BYTES_MAX: usize = 253;
/// Longest part of a host name between two dots, in bytes.
pub const HOST_LABEL_BYTES_MAX: usize = 63;

/// A host, or all hosts below one, that a client grants to a module: `api.example.com` or
/// `*.example.com`.
///
/// A wildcard stands for one or more labels and does not match the name it hangs below. It stays
/// with one owner: `*.co.uk` is refused, and `*.amazonaws.com` does not match
/// `bucket.s3.amazonaws.com`, because anybody can have a name below `s3.amazonaws.com`. Which
/// names are shared in this way is what the public suffix list says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern(String);

/// Why a host pattern was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a host to grant: {advice}")]
pub struct HostPatternError {
    text: String,
    advice: &'static str,
}

impl HostPattern {
    /// Whether it stands for this host, which is written as a parsed URL has it: in lower case
    /// and ASCII, without a port. An address matches nothing.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        let Some(parent) = self.0.strip_prefix("*.") else {
            return host == self.0;
        };
        let below = host.strip_suffix(parent).is_some_and(|labels| labels.ends_with('.'));
        below && advice(host).is_none() && public_suffix_bytes(host) < parent.len()
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let refused = |advice| Err(HostPatternError { text: text.to_owned(), advice });
        let wildcard = text.strip_prefix("*.");
        let host = wildcard.unwrap_or(text);
        if let Some(advice) = advice(host) {
            return refused(advice);
        }
        // Asked about a name below it, because some entries of the list begin with a wildcard.
        if wildcard.is_some() && public_suffix_bytes(&format!("a.{host}")) >= host.len() {
            return refused(
                "anybody can have a name below it; write the hosts in full, as `shop.example.com`",
            );
        }
        Ok(Self(text.to_owned()))
    }
}

/// How long the part of a host is that its owner shares with strangers.
fn public_suffix_bytes(host: &str) -> usize {
    psl::suffix_str(host).map_or(host.len(), str::len)
}

/// What to write instead, if this is not the name of a host.
fn advice(host: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label = |label: &str| {
        (1..=HOST_LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.contains("://") {
        return Some("leave out the scheme; write the host alone, as `api.example.com`");
    }
    if host.contains(['/', '?', '#', '@']) {
        return Some("write the host alone, as `api.example.com`; all its paths are granted");
    }
    if host.contains('[') || host.matches(':').count() > 1 || is_address(host) {
        return Some("it is an address; write a host name, as `api.example.com`");
    }
    if host.contains(':') {
        return Some("leave out the port; write the host alone, as `api.example.com`");
    }
    if !host.is_ascii() {
        return Some("write it in ASCII, as `xn--caff-dma.example` for `caffè.example`");
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some("write it in lower case");
    }
    if host.contains('*') {
        return Some("a wildcard stands alone and in front, as in `*.example.com`");
    }
    if host.len() > HOST_BYTES_MAX || !host.split('.').all(label) {
        return Some("write a host name, as `api.example.com`, or all below one, `*.example.com`");
    }
    None
}

/// Whether URLs take it for an IPv4 address: then its last part is a number, of whatever base.
fn is_address(host: &str) -> bool {
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for HostPattern {
    type Error = HostPatternError;

    fn try_from(text: String) -> Result<Self, HostPatternError> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.0
    }
}

/// What a module asks for: a GET.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HttpRequest {
    /// The URL, in full.
    pub url: String,
    /// Headers by name, in the order they are sent. A value may hold `{secret:name}`, which the
    /// host replaces when it sends the request; here it is always the placeholder.
    pub headers: Vec<(String, String)>,
}

/// What a server answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The headers a module is shown, with lower-case names, in the order they came. A secret
    /// that came back in one is its placeholder.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed. A secret that came back in it is its placeholder.
    #[serde(serialize_with = "write_body", deserialize_with = "read_body")]
    pub body: Vec<u8>,
    /// Where it came from, after all redirects.
    pub url: String,
}

/// The written form of a body: as text wherever it is text, so that records can be read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenBody<'a> {
    Text(Cow<'a, str>),
    Base64(Cow<'a, str>),
}

fn write_body<S: Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let written = match std::str::from_utf8(body) {
        Ok(text) => WrittenBody::Text(Cow::Borrowed(text)),
        Err(_) => WrittenBody::Base64(Cow::Owned(STANDARD.encode(body))),
    };
    written.serialize(serializer)
}

fn read_body<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    match WrittenBody::deserialize(deserializer)? {
        WrittenBody::Text(text) => Ok(text.into_owned().into_bytes()),
        WrittenBody::Base64(text) => STANDARD.decode(text.as_bytes()).map_err(de::Error::custom),
    }
}

/// Why a request has no answer. The messages are for the author of the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum HttpFailure {
    /// The host is not granted to this install.
    #[error(
        "`{host}` is not among the hosts granted to this install; the client's file must grant it"
    )]
    NotGranted {
        /// The host.
        host: String,
    },
    /// The host is granted, and still the request may not be made.
    #[error("the request is refused: {reason}")]
    Refused {
        /// What is not allowed, and what to do.
        reason: String,
    },
    /// The server could not be found, reached or trusted. Trying later may help.
    #[error("the server was not reached: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// It took longer than a request may take, with its redirects and its body.
    #[error("the request did not end within {limit_ms} ms")]
    TimedOut {
        /// The limit, in milliseconds.
        limit_ms: u64,
    },
    /// The headers or the body of the answer are larger than they may be.
    #[error("the answer is larger than {limit} bytes; ask for less at a time")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The request or the answer is not as HTTP has it.
    #[error("{reason}")]
    Malformed {
        /// What is wrong with which of them.
        reason: String,
    },
}

/// A request and what became of it, as it is kept with the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HttpRecord {
    /// What was asked for.
    pub request: HttpRequest,
    /// What the module was handed.
    pub result: Result<HttpAnswer, HttpFailure>,
}

#[cfg(test)]
mod tests;
