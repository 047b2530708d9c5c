//! OAuth 1.0a (RFC 5849) with HMAC-SHA256, as shops take it.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use url::Url;

/// Parameters of a query, not encoded yet.
pub type Parameters = Vec<(&'static str, String)>;

/// What makes a signed request different from every other.
pub struct Once {
    /// Never used before.
    pub nonce: String,
    /// Seconds since 1970.
    pub seconds: u64,
}

impl Once {
    /// For a request that is made now. A shop remembers nonces, and refuses a second use.
    pub fn new() -> Self {
        let seconds = jiff::Timestamp::now().as_second();
        Self {
            nonce: format!("{:032x}", rand::random::<u128>()),
            seconds: u64::try_from(seconds).unwrap_or_default(),
        }
    }
}

/// The signature over a request, with the consumer's secret and the token's (empty: there is none).
pub fn signature(
    method: &str,
    url: &Url,
    parameters: &[(&str, String)],
    secret: &str,
    token_secret: &str,
) -> String {
    let key = format!("{secret}&{token_secret}");
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(signature_base(method, url, parameters).as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// RFC 5849, section 3.4.1: method, address without query, and the sorted parameters.
fn signature_base(method: &str, url: &Url, parameters: &[(&str, String)]) -> String {
    let mut address = url.clone();
    address.set_query(None);
    address.set_fragment(None);
    let mut encoded: Vec<(String, String)> = parameters
        .iter()
        .map(|(name, value)| (percent_encoded(name), percent_encoded(value)))
        .collect();
    encoded.sort();
    let pairs: Vec<String> =
        encoded.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let method = method.to_ascii_uppercase();
    let pairs = percent_encoded(&pairs.join("&"));
    format!("{method}&{}&{pairs}", percent_encoded(address.as_str()))
}

/// A query of these parameters.
pub fn query(parameters: &[(&str, String)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)))
        .collect();
    pairs.join("&")
}

/// RFC 3986: everything but the unreserved characters, byte by byte. Signatures depend on it, so a
/// form's encoding (with `+` for a space) will not do.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
