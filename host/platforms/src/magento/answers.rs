//! What an answer that is not the one hoped for means, and what can be done about it.
//!
//! Magento has no codes for its errors. A message is a template, `%name` or `%1`, with its parameters
//! beside it, as an object or as a list.

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::payloads::ApiError;
use crate::{PlatformError, gate::retry_after, limits::MESSAGE_CHARACTERS_MAX, transport::Asked};

/// Why a call brought nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Failed {
    /// The shop knows no such thing.
    Gone,
    /// Anything else.
    Otherwise(PlatformError),
}

impl From<Failed> for PlatformError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Gone => refused("the shop no longer has it"),
            Failed::Otherwise(error) => error,
        }
    }
}

pub fn refused(reason: impl Into<String>) -> PlatformError {
    PlatformError::Refused { reason: reason.into() }
}

/// What an answer with a status other than success means.
pub fn failure(asked: &Asked<'_>, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failed {
    let error: Option<ApiError> = serde_json::from_slice(body).ok();
    let message = error.as_ref().map(said);
    if status == StatusCode::NOT_FOUND
        && message.as_ref().is_some_and(|message| !message.contains("does not match any route"))
    {
        return Failed::Gone;
    }
    let number = status.as_u16();
    let hint = hint(number, message.as_deref());
    let shown: String = message.unwrap_or_default().chars().take(MESSAGE_CHARACTERS_MAX).collect();
    let shown = if shown.is_empty() { shown } else { format!(": {shown}") };
    let reason =
        |more: &str| format!("the shop answered {} with {status}{shown}{more}", asked.what);
    let wait = retry_after(headers);
    Failed::Otherwise(match number {
        429 => PlatformError::Unavailable { reason: reason(""), retry_after: wait },
        408 | 500..=599 => asked.uncertain(reason(""), wait),
        300..=399 => refused(reason(&redirect(headers))),
        _ => refused(reason(hint)),
    })
}

/// A message with its parameters in their places.
pub fn said(error: &ApiError) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut parameters: Vec<(String, String)> = match &error.parameters {
        Value::Object(named) => {
            named.iter().map(|(name, value)| (name.clone(), text(value))).collect()
        }
        Value::Array(listed) => {
            let number = |(index, value): (usize, &Value)| ((index + 1).to_string(), text(value));
            listed.iter().enumerate().map(number).collect()
        }
        _ => Vec::new(),
    };
    // `%fieldNames` before `%field`, `%10` before `%1`.
    parameters.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let message = parameters.iter().fold(error.message.clone(), |message, (name, value)| {
        message.replace(&format!("%{name}"), value)
    });
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hint(status: u16, message: Option<&str>) -> &'static str {
    match (status, message) {
        (401, Some(message)) if message.contains("isn't authorized to access") => {
            "; the shop does not know the token, or it may not do this: System → Integrations, and \
             since 2.4.4 a token alone is taken only where “Allow OAuth Access Tokens to be used as \
             standalone Bearer tokens” is on"
        }
        (400, Some("Specified request cannot be processed.")) => {
            "; is this the shop's url, without a store's code?"
        }
        (404, Some(_)) => "; is this module of Magento's active?",
        (404, None) => "; is this the shop's url?",
        (401 | 403, None) => {
            "; something before Magento keeps the host out: a firewall or a password on the whole \
             site"
        }
        _ => "",
    }
}

/// Where a redirection leads, without its query.
fn redirect(headers: &HeaderMap) -> String {
    let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let place = location.and_then(|location| location.split(['?', '#']).next());
    let to = place.map(|place| format!(" to {place}")).unwrap_or_default();
    format!("{to}; redirections are not followed: correct the shop's url")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_has_its_parameters_in_their_places() {
        for (message, parameters, expected) in [
            ("plain", Value::Null, "plain"),
            ("no %resources.", json!({ "resources": "A::b" }), "no A::b."),
            ("the \"%1\" is\n  not %2", json!(["x", 7]), "the \"x\" is not 7"),
            ("%fieldName = %fieldNames", json!({ "fieldName": "a", "fieldNames": "b" }), "a = b"),
        ] {
            let error = ApiError { message: message.to_owned(), parameters };
            assert_eq!(said(&error), expected);
        }
    }
}
