//! Who asks: the key over https, a signature over plain http.
//!
//! WooCommerce looks at a key and secret in a header only if the request came encrypted. Over
//! plain http it takes OAuth 1.0a with one leg (RFC 5849, no token), in the query, so that the
//! secret never travels. What is signed is the address that WordPress has for itself.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::oauth::{Once, Parameters, signature};

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
        // Without a token the key ends with the separator. WooCommerce takes the secret as it is.
        let signature = signature(method, url, &parameters, self.secret.expose_secret(), "");
        parameters.push(("oauth_signature", signature));
        parameters
    }

    /// The text without the key and its secret, should somebody have echoed them.
    pub fn scrubbed(&self, text: &str) -> String {
        let text = text.replace(self.secret.expose_secret(), "…");
        text.replace(self.key.expose_secret(), "…")
    }
}

#[cfg(test)]
mod tests;
