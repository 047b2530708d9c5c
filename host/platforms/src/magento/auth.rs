//! Who asks: a token, or a signature.
//!
//! Since 2.4.4 a shop takes an integration's token as a bearer only where that is switched on (Stores,
//! Configuration, Services, OAuth). Otherwise each request is signed, OAuth 1.0a with HMAC-SHA256; the
//! signature goes into a header, over the address and the query.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::oauth::{Once, Parameters, percent_encoded, signature};

/// What a shop is spoken to with.
#[derive(Debug, Clone)]
pub enum Access {
    /// A token, an integration's or an administrator's.
    Bearer {
        /// The token.
        token: SecretString,
    },
    /// An integration's four parts.
    Signed {
        /// Consumer key.
        key: SecretString,
        /// Consumer secret.
        secret: SecretString,
        /// Access token.
        token: SecretString,
        /// Access token secret.
        token_secret: SecretString,
    },
}

impl Access {
    /// Its parts, with what they are called.
    pub(super) fn parts(&self) -> Vec<(&'static str, &SecretString)> {
        match self {
            Self::Bearer { token } => vec![("access token", token)],
            Self::Signed { key, secret, token, token_secret } => vec![
                ("consumer key", key),
                ("consumer secret", secret),
                ("access token", token),
                ("access token secret", token_secret),
            ],
        }
    }

    /// The header of a request; absent: a part has characters no header has.
    pub(super) fn header(
        &self,
        method: &str,
        url: &Url,
        query: &Parameters,
        once: &Once,
    ) -> Option<HeaderValue> {
        let text = match self {
            Self::Bearer { token } => format!("Bearer {}", token.expose_secret()),
            Self::Signed { key, secret, token, token_secret } => {
                let mut parts = vec![
                    ("oauth_consumer_key", key.expose_secret().to_owned()),
                    ("oauth_nonce", once.nonce.clone()),
                    ("oauth_signature_method", "HMAC-SHA256".to_owned()),
                    ("oauth_timestamp", once.seconds.to_string()),
                    ("oauth_token", token.expose_secret().to_owned()),
                    ("oauth_version", "1.0".to_owned()),
                ];
                let mut all = query.clone();
                all.extend(parts.iter().cloned());
                let secret = percent_encoded(secret.expose_secret());
                let token_secret = percent_encoded(token_secret.expose_secret());
                let signed = signature(method, url, &all, &secret, &token_secret);
                parts.push(("oauth_signature", signed));
                let part = |(name, value): &(&str, String)| {
                    format!("{name}=\"{}\"", percent_encoded(value))
                };
                let parts: Vec<String> = parts.iter().map(part).collect();
                format!("OAuth {}", parts.join(", "))
            }
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The text without any part of it, should somebody have echoed one.
    pub(super) fn scrubbed(&self, text: &str) -> String {
        let parts = self.parts();
        parts
            .iter()
            .fold(text.to_owned(), |text, (_, part)| text.replace(part.expose_secret(), "…"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        "http://shop.test/rest/all/V1/products/A%2F1".parse().unwrap()
    }

    #[test]
    fn a_token_is_a_bearer() {
        let access = Access::Bearer { token: "tok&en".into() };
        let once = Once { nonce: "n".to_owned(), seconds: 1 };
        let header = access.header("GET", &url(), &Vec::new(), &once).unwrap();
        assert_eq!(header, "Bearer tok&en");
        assert!(header.is_sensitive());
        assert_eq!(access.scrubbed("what tok&en is this"), "what … is this");
    }

    /// The signature was computed by another program (Python's hmac over the base of RFC 5849).
    #[test]
    fn four_parts_sign() {
        let access = Access::Signed {
            key: "ck".into(),
            secret: "c&s".into(),
            token: "at".into(),
            token_secret: "ts%".into(),
        };
        let once = Once { nonce: "n1".to_owned(), seconds: 1_795_409_178 };
        let query = vec![("searchCriteria[pageSize]", "100".to_owned())];
        let header = access.header("GET", &url(), &query, &once).unwrap();
        let header = header.to_str().unwrap();
        assert!(header.starts_with("OAuth oauth_consumer_key=\"ck\", oauth_nonce=\"n1\""));
        assert!(header.contains("oauth_signature_method=\"HMAC-SHA256\""), "{header}");
        assert!(
            header.contains("oauth_signature=\"9aJZuJpMsDRkVzylezScgrUjFlaFvZ77p1kh5F33sSw%3D\""),
            "{header}"
        );
        for secret in ["c&s", "ts%"] {
            assert!(!header.contains(secret) && !header.contains(&percent_encoded(secret)));
        }
    }
}
