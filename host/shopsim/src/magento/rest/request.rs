//! A request as the shop reads it.

use axum::body::{Body, to_bytes};
use serde_json::Value;

use super::Answer;
use crate::limits::REQUEST_BODY_BYTES_MAX;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub method: String,
    /// From the root, as it came, without the query.
    pub path: String,
    /// Decoded, in the order it was sent.
    pub query: Vec<(String, String)>,
    pub authorization: String,
    /// Absent: it has a body that is no JSON.
    pub body: Option<Value>,
}

impl Request {
    pub(crate) async fn read(request: axum::http::Request<Body>) -> Result<Self, Answer> {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, REQUEST_BODY_BYTES_MAX).await else {
            return Err(Answer::error(413, "shopsim_body_too_large"));
        };
        let authorization = parts.headers.get("authorization");
        let authorization = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            authorization: authorization.to_owned(),
            body: if bytes.is_empty() {
                Some(Value::Null)
            } else {
                serde_json::from_slice(&bytes).ok()
            },
        })
    }

    /// One that comes from the bulk queue.
    pub(crate) fn of_bulk(path: &str, body: Value) -> Self {
        Self {
            method: "POST".to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            authorization: String::new(),
            body: Some(body),
        }
    }

    /// Whether it is more than a reading. Some readings are POST.
    pub(crate) fn writes(&self) -> bool {
        self.method != "GET" && !self.path.ends_with("-information")
    }

    /// Whether nobody has to say who they are for it.
    pub(crate) fn is_public(&self) -> bool {
        self.method == "GET" && self.path.ends_with("/V1/directory/currency")
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A part of the body.
    pub(crate) fn part(&self, name: &str) -> Result<&Value, Answer> {
        let body = self.body.as_ref().ok_or_else(|| Answer::error(400, "Decoding error."))?;
        body.get(name).ok_or_else(|| {
            let message = "\"%fieldName\" is required. Enter and try again.";
            Answer::template(400, message, serde_json::json!({ "fieldName": name }))
        })
    }

    /// The parts of the path below the API, decoded; a store's code is not among them.
    pub(crate) fn segments(&self) -> Result<Vec<String>, Answer> {
        let rest = self.path.strip_prefix("/rest/").ok_or_else(Answer::no_route)?;
        let mut segments: Vec<String> = rest.split('/').map(decoded).collect();
        match segments.first().map(String::as_str) {
            Some("V1" | "async" | "schema") => Ok(segments),
            Some("all" | "default") => Ok(segments.split_off(1)),
            _ => Err(Answer::error(400, "Specified request cannot be processed.")),
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let hex = more.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = more.get(if byte.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
