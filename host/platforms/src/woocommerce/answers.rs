//! What an answer that is not the one hoped for means, and what can be done about it.

use http::{HeaderMap, StatusCode, header};

use super::{payloads::ApiError, products::plain_text};
use crate::{PlatformError, gate::retry_after, limits::MESSAGE_CHARACTERS_MAX, transport::Asked};

/// Why a call brought nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Failed {
    /// WooCommerce knows no such order, product or variation.
    Gone,
    /// The shop's version of WooCommerce has no such address.
    NoSuchRoute(PlatformError),
    /// Anything else.
    Otherwise(PlatformError),
}

impl From<Failed> for PlatformError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Gone => refused("the shop no longer has it"),
            Failed::NoSuchRoute(error) | Failed::Otherwise(error) => error,
        }
    }
}

pub fn refused(reason: impl Into<String>) -> PlatformError {
    PlatformError::Refused { reason: reason.into() }
}

/// What an answer with a status other than success means.
pub fn failure(asked: &Asked<'_>, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failed {
    let error: Option<ApiError> = serde_json::from_slice(body).ok();
    let code = error.as_ref().map(|error| error.code.0.as_str()).unwrap_or_default();
    if status == StatusCode::NOT_FOUND && is_gone(code) {
        return Failed::Gone;
    }
    let message = error.as_ref().map(said).unwrap_or_default();
    let reason =
        |hint: &str| format!("the shop answered {} with {status}{message}{hint}", asked.what);
    let wait = retry_after(headers);
    if status == StatusCode::NOT_FOUND && code == "rest_no_route" {
        return Failed::NoSuchRoute(refused(reason(hint(404, code, error.as_ref()))));
    }
    Failed::Otherwise(match status.as_u16() {
        // Not a shop in trouble: it worked the refund, and took it back. An amount that is more than
        // is left and a payment service that says no are told like this.
        500 if code == "woocommerce_rest_cannot_create_order_refund" => refused(reason("")),
        429 => PlatformError::Unavailable { reason: reason(""), retry_after: wait },
        408 | 500..=599 => asked.uncertain(reason(""), wait),
        300..=399 => refused(reason(&redirect(headers))),
        number => refused(reason(hint(number, code, error.as_ref()))),
    })
}

/// The codes by which WooCommerce says that there is no such thing. Only these: a shop whose
/// WooCommerce is switched off answers 404 to everything.
fn is_gone(code: &str) -> bool {
    matches!(
        code,
        "woocommerce_rest_shop_order_invalid_id"
            | "woocommerce_rest_product_invalid_id"
            | "woocommerce_rest_product_variation_invalid_id"
            | "woocommerce_rest_product_variation_invalid_parent"
            // So it says of customers.
            | "woocommerce_rest_invalid_id"
    )
}

fn said(error: &ApiError) -> String {
    let message: String = plain_text(&error.message).chars().take(MESSAGE_CHARACTERS_MAX).collect();
    let code: String = error.code.0.chars().take(MESSAGE_CHARACTERS_MAX).collect();
    format!(": {message} (`{code}`)")
}

fn hint(status: u16, code: &str, error: Option<&ApiError>) -> &'static str {
    let message = error.map(|error| error.message.as_str()).unwrap_or_default();
    match (status, code) {
        (401, "woocommerce_rest_authentication_error") if message.contains("permission") => {
            "; set the key to read and write in WooCommerce, Settings, Advanced, REST API"
        }
        (401, "woocommerce_rest_authentication_error") if message.contains("signature") => {
            "; over plain http the shop's url must be written exactly as WordPress has it"
        }
        (401, "woocommerce_rest_authentication_error") => {
            "; put in the key and its secret again, or make a new key in WooCommerce, Settings, \
             Advanced, REST API"
        }
        (401 | 403, code) if code.starts_with("woocommerce_rest_cannot") => {
            "; the shop does not know the key, or the user it belongs to may not do this: make a \
             key with read and write for a shop manager"
        }
        (404, "rest_no_route") => "; is WooCommerce active in that shop?",
        (404, "") => "; is this the shop's url, and are its permalinks other than `plain`?",
        (401 | 403, "") => {
            "; something before WooCommerce keeps the host out: a firewall, a security plugin or a \
             password on the whole site"
        }
        _ => "",
    }
}

/// Where a redirection leads, without its query, which has the signature in it.
fn redirect(headers: &HeaderMap) -> String {
    let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let place = location.and_then(|location| location.split(['?', '#']).next());
    match place {
        Some(place) => {
            format!(" to {place}; redirections are not followed: correct the shop's url")
        }
        None => "; redirections are not followed: correct the shop's url".to_owned(),
    }
}
