//! Who asks: a token alone, where that is allowed, or a signature by OAuth 1.0a with HMAC-SHA256.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::{Answer, Request};
use crate::magento::state::State;

/// An integration's credentials.
#[derive(Clone)]
pub struct Integration {
    /// Consumer key.
    pub key: String,
    /// Consumer secret.
    pub secret: String,
    /// Access token.
    pub token: String,
    /// Access token secret.
    pub token_secret: String,
}

impl Default for Integration {
    fn default() -> Self {
        Self {
            key: "shopsim-key".to_owned(),
            secret: "shopsim-secret".to_owned(),
            token: "shopsim-token".to_owned(),
            token_secret: "shopsim-token-secret".to_owned(),
        }
    }
}

/// What an integration may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegrationRights {
    /// Read and write.
    All,
    /// Only read.
    Read,
    /// Nothing.
    None,
}

/// The nonces that were used.
#[derive(Debug, Default)]
pub(crate) struct Nonces(HashSet<String>);

/// Lets somebody in, or has the answer that refuses.
pub(crate) fn authenticate(state: &mut State, request: &Request) -> Result<(), Answer> {
    let known = if let Some(token) = request.authorization.strip_prefix("Bearer ") {
        state.bearer_allowed && token == state.integration.token
    } else if let Some(header) = request.authorization.strip_prefix("OAuth ") {
        is_signed(state, request, header)?
    } else {
        false
    };
    let may = match state.rights {
        IntegrationRights::All => true,
        IntegrationRights::Read => !request.writes(),
        IntegrationRights::None => false,
    };
    if known && may {
        return Ok(());
    }
    let message = "The consumer isn't authorized to access %resources.";
    let parameters = json!({ "resources": resource(request) });
    Err(Answer::template(401, message, parameters))
}

/// What one has to be allowed for a request.
fn resource(request: &Request) -> &'static str {
    let path = request.path.as_str();
    match path {
        _ if path.contains("/inventory/") => "Magento_InventoryApi::source",
        _ if path.contains("/products") => "Magento_Catalog::products",
        _ if path.contains("/customers") => "Magento_Customer::customer",
        _ if path.contains("/store/") => "Magento_Backend::store",
        _ => "Magento_Sales::actions_view",
    }
}

fn is_signed(state: &mut State, request: &Request, header: &str) -> Result<bool, Answer> {
    let mut parts = BTreeMap::new();
    for part in header.split(',') {
        if let Some((name, value)) = part.trim().split_once('=') {
            let value = value.trim_matches('"');
            let pair = format!("v={value}");
            let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
            let decoded = decoded.map(|(_, value)| value.into_owned()).unwrap_or_default();
            parts.insert(name.to_owned(), decoded);
        }
    }
    let signature = parts.remove("oauth_signature").unwrap_or_default();
    let part = |name: &str| parts.get(name).cloned().unwrap_or_default();
    let method = part("oauth_signature_method");
    if method != "HMAC-SHA256" {
        let message = "Signature method %1 is not supported";
        return Err(Answer::template(400, message, json!([method])));
    }
    let known = state.integration.clone();
    if part("oauth_consumer_key") != known.key || part("oauth_token") != known.token {
        return Ok(false);
    }
    let mut pairs: Vec<(String, String)> =
        parts.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.extend(request.query.iter().map(|(name, value)| (encoded(name), encoded(value))));
    pairs.sort();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let address = format!("{}{}", state.home, request.path);
    let base = format!("{}&{}&{}", request.method, encoded(&address), encoded(&pairs.join("&")));
    let key = format!("{}&{}", encoded(&known.secret), encoded(&known.token_secret));
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return Ok(false) };
    mac.update(base.as_bytes());
    let good = BASE64.encode(mac.finalize().into_bytes()) == signature;
    Ok(good && state.nonces.0.insert(part("oauth_nonce")))
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
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
