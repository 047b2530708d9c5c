//! A request as the shop reads it.

use axum::body::{Body, to_bytes};
use serde_json::Value;

use super::answer::Answer;
use crate::limits::REQUEST_BODY_BYTES_MAX;
use crate::woocommerce::fields::Fields;

/// Where the simulated part of the API begins.
pub(crate) const API: &str = "/wp-json/wc/v3";

/// A request.
pub(crate) struct Request {
    pub method: String,
    /// From the root, without the query.
    pub path: String,
    /// Decoded, in the order it was sent.
    pub query: Vec<(String, String)>,
    pub authorization: String,
    /// Whether it came over TLS, as the proxy in front says.
    pub encrypted: bool,
    /// Absent: it has a body that is no JSON.
    pub body: Option<Value>,
}

impl Request {
    pub(crate) async fn read(request: axum::http::Request<Body>) -> Result<Self, Answer> {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, REQUEST_BODY_BYTES_MAX).await else {
            return Err(Answer::error(413, "shopsim_body_too_large", "The body is too large."));
        };
        let header = |name: &str| {
            parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            authorization: header("authorization").to_owned(),
            encrypted: header("x-forwarded-proto") == "https",
            body: if bytes.is_empty() {
                Some(Value::Null)
            } else {
                serde_json::from_slice(&bytes).ok()
            },
        })
    }

    /// Whether it is more than a reading.
    pub(crate) fn writes(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Whether it changes something that exists; the shop takes POST and PATCH as well.
    pub(crate) fn updates(&self) -> bool {
        matches!(self.method.as_str(), "PUT" | "PATCH" | "POST")
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The values of a parameter that takes several: separated by commas, or `name[]` repeated.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let bracketed = format!("{name}[");
        self.query
            .iter()
            .filter(|(key, _)| key == name || key.starts_with(&bracketed))
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// What a list is asked for, whichever page and form of it.
    pub(crate) fn listing(&self) -> String {
        let of_page = ["page", "per_page", "offset", "_fields", "dp"];
        let kept = self.query.iter().filter(|(name, _)| {
            let of_caller = name.starts_with("oauth_") || name.starts_with("consumer_");
            !of_caller && !of_page.contains(&name.as_str())
        });
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
        format!("{}?{query}", self.path)
    }

    /// Whether nothing but ids is asked for, as by somebody who looks what is gone.
    pub(crate) fn ids_only(&self) -> bool {
        self.list("_fields") == ["id"]
    }

    /// A parameter that is yes or no.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "1"))
    }

    /// The members of the body.
    pub(crate) fn fields(&self) -> Result<Fields, Answer> {
        match &self.body {
            Some(Value::Object(fields)) => Ok(fields.clone()),
            Some(_) => Ok(Fields::new()),
            None => Err(Answer::malformed_json()),
        }
    }

    /// The parts of the path below the API; absent: it is elsewhere.
    pub(crate) fn segments(&self) -> Option<Vec<&str>> {
        let rest = self.path.strip_prefix(API)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        Some(rest.split('/').filter(|segment| !segment.is_empty()).collect())
    }
}
