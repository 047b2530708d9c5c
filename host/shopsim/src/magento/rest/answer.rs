//! Answers.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fields;
use crate::magento::documents::WillNot;

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: Value,
    headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) const fn ok(body: Value) -> Self {
        Self { status: 200, body, headers: Vec::new() }
    }

    /// Taken, and not done yet.
    pub(crate) const fn accepted(body: Value) -> Self {
        Self { status: 202, body, headers: Vec::new() }
    }

    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self { status, ..Self::ok(json!({ "message": message })) }
    }

    /// A message that is a template, with what goes into it.
    pub(crate) fn template(status: u16, message: &str, parameters: Value) -> Self {
        let body = json!({ "message": message, "parameters": parameters });
        Self { status, ..Self::ok(body) }
    }

    pub(crate) fn no_route() -> Self {
        Self::error(404, "Request does not match any route.")
    }

    pub(crate) fn no_entity() -> Self {
        let words = "The entity that was requested doesn't exist. Verify the entity and try again.";
        Self::error(404, words)
    }

    pub(crate) fn no_product() -> Self {
        let words =
            "The product that was requested doesn't exist. Verify the product and try again.";
        Self::error(404, words)
    }

    /// What the real shop does then was not seen, or is not simulated.
    pub(crate) fn not_simulated(method: &str, path: &str) -> Self {
        Self::error(501, &format!("shopsim_not_simulated: {method} {path}"))
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Only the fields that were asked for.
    pub(crate) fn only(mut self, asked: Option<&str>) -> Self {
        if let Some(asked) = asked.filter(|_| self.status == 200) {
            self.body = fields::only(&self.body, asked);
        }
        self
    }

    pub(crate) fn into_response(self, now: &Timestamp) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body.to_string()));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let own = [("content-type", "application/json; charset=utf-8".to_owned()), ("date", date)];
        for (name, value) in own.into_iter().chain(self.headers) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl From<WillNot> for Answer {
    fn from(refusal: WillNot) -> Self {
        match refusal {
            WillNot::Missing => Self::no_entity(),
            WillNot::Says(message, parameters) if parameters.is_empty() => {
                Self::error(400, &message)
            }
            WillNot::Says(message, parameters) => Self::template(400, &message, json!(parameters)),
            WillNot::NotSeen => {
                Self::error(501, "shopsim_not_simulated: what it says was not seen")
            }
        }
    }
}
