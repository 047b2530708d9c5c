//! Who asks: the key over https, a signature over plain http.
//!
//! WooCommerce looks at a key and secret in a header only if the request came encrypted. Over
//! plain http it takes OAuth 1.0a with one leg (RFC 5849, no token), in the query, so that the
//! secret never travels. What is signed is the address that WordPress has for itself.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

/// Parameters of a query, not encoded yet.
pub type Parameters = Vec<(&'static str, String)>;

/// A REST API key.
pub struct Credentials {
    pub key: SecretString,
    pub secret: SecretString,
}

impl Credentials {
    /// The header for an encrypted request.
    pub fn basic(&self) -> Option<HeaderValue> {
        let pair = format!("{}:{}", self.key.expose_secret(), self.secret.expose_secret());
        let mut value =
            HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The parameters of a request that is not encrypted, with the signature over them.
    pub fn signed(&self, method: &str, url: &Url, query: Parameters, once: &Once) -> Parameters {
        let mut parameters = query;
        parameters.push(("oauth_consumer_key", self.key.expose_secret().to_owned()));
        parameters.push(("oauth_nonce", once.nonce.clone()));
        parameters.push(("oauth_signature_method", "HMAC-SHA256".to_owned()));
        parameters.push(("oauth_timestamp", once.seconds.to_string()));
        let signature = self.signature(&signature_base(method, url, &parameters));
        parameters.push(("oauth_signature", signature));
        parameters
    }

    fn signature(&self, base: &str) -> String {
        // Without a token the key ends with the separator. WooCommerce takes the secret as it is.
        let key = format!("{}&", self.secret.expose_secret());
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
            // HMAC takes keys of any length.
            return String::new();
        };
        mac.update(base.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    }

    /// The text without the key and its secret, should somebody have echoed them.
    pub fn scrubbed(&self, text: &str) -> String {
        let text = text.replace(self.secret.expose_secret(), "…");
        text.replace(self.key.expose_secret(), "…")
    }
}

/// What makes a signed request different from every other.
pub struct Once {
    /// Never used before.
    pub nonce: String,
    /// Seconds since 1970.
    pub seconds: u64,
}

/// RFC 5849, section 3.4.1: method, address without query, and the sorted parameters.
fn signature_base(method: &str, url: &Url, parameters: &Parameters) -> String {
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
pub fn query(parameters: &Parameters) -> String {
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
