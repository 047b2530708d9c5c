//! The headers a module may send, and those it is shown.

use fondaco_model::http::HttpFailure;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{
    failure::{malformed, refused},
    limits::{REQUEST_HEADER_BYTES_MAX, REQUEST_HEADERS_MAX},
    policy::EgressPolicy,
    secrets::{self, Scrubber},
};

/// Headers that the host writes itself, that are between two machines, or that would turn a GET
/// into something else. All that begin with one of [`REFUSED_PREFIXES`] are refused as well.
const REFUSED: [&str; 20] = [
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-real-ip",
];
const REFUSED_PREFIXES: [&str; 3] = ["proxy-", "sec-", "x-forwarded-"];

/// All that is still sent after a redirect to another origin. What authorises has too many names
/// to be listed, so what does not is.
const KEPT_ACROSS_ORIGINS: [HeaderName; 2] = [header::ACCEPT, header::ACCEPT_LANGUAGE];

/// Headers of answers that modules are shown, with those that begin with
/// [`SHOWN_PREFIX`].
const SHOWN: [HeaderName; 6] = [
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::LINK,
    header::RETRY_AFTER,
];
const SHOWN_PREFIX: &str = "x-ratelimit-";

/// A module's headers, with the placeholders still in them.
#[derive(Debug, Clone)]
pub(crate) struct Headers(Vec<(HeaderName, String)>);

impl Headers {
    pub(crate) fn of_request(headers: &[(String, String)]) -> Result<Self, HttpFailure> {
        if headers.len() > REQUEST_HEADERS_MAX {
            return Err(malformed(format!(
                "the request has more than {REQUEST_HEADERS_MAX} headers"
            )));
        }
        within_limit(headers.iter().map(|(name, value)| name.len() + value.len()).sum())?;
        let checked = headers.iter().map(|(name, value)| {
            let known = HeaderName::from_bytes(name.as_bytes());
            let known = known.map_err(|_| malformed("the name of a header is not one"))?;
            let refuses = |prefix: &&str| known.as_str().starts_with(prefix);
            if REFUSED.contains(&known.as_str()) || REFUSED_PREFIXES.iter().any(refuses) {
                return Err(refused(format!("modules do not set the header `{known}`")));
            }
            let plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t';
            if !value.bytes().all(plain) {
                return Err(malformed(format!(
                    "the value of the header `{known}` is not printable ASCII"
                )));
            }
            Ok((known, value.clone()))
        });
        Ok(Self(checked.collect::<Result<_, _>>()?))
    }

    /// What may be sent to an origin that the module did not name.
    pub(crate) fn across_origins(mut self) -> Self {
        self.0.retain(|(name, value)| {
            KEPT_ACROSS_ORIGINS.contains(name) && !secrets::has_placeholder(value)
        });
        self
    }

    pub(crate) fn have_secrets(&self) -> bool {
        self.0.iter().any(|(_, value)| secrets::has_placeholder(value))
    }

    /// As they are sent to this host, with the secrets in them.
    pub(crate) fn filled(
        &self,
        host: &str,
        policy: &EgressPolicy,
    ) -> Result<HeaderMap, HttpFailure> {
        let mut filled = HeaderMap::new();
        let mut bytes = 0;
        for (name, value) in &self.0 {
            let text = secrets::filled(value, host, policy)?;
            bytes += name.as_str().len() + text.len();
            within_limit(bytes)?;
            let sent = HeaderValue::from_str(&text);
            let mut sent = sent.map_err(|_| malformed(format!("the header `{name}`")))?;
            sent.set_sensitive(secrets::has_placeholder(value));
            filled.append(name, sent);
        }
        Ok(filled)
    }
}

fn within_limit(bytes: usize) -> Result<(), HttpFailure> {
    if bytes > REQUEST_HEADER_BYTES_MAX {
        return Err(malformed(format!(
            "the headers of the request are larger than {REQUEST_HEADER_BYTES_MAX} bytes"
        )));
    }
    Ok(())
}

/// What a module is shown of the headers of an answer.
pub(crate) fn shown(headers: &HeaderMap, scrubber: &Scrubber) -> Vec<(String, String)> {
    let shown = headers.iter().filter_map(|(name, value)| {
        let known = SHOWN.contains(name) || name.as_str().starts_with(SHOWN_PREFIX);
        let value = value.to_str().ok().filter(|_| known)?;
        Some((scrubber.text(name.as_str()), scrubber.text(value)))
    });
    shown.collect()
}
