//! Answers, with the headers the shop puts on them.

use axum::body::Body;
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::woocommerce::php_json;

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: Value,
    headers: Vec<(&'static str, String)>,
    allow: Option<&'static str>,
}

/// What every answer says of the shop.
pub(crate) struct Front {
    pub home: String,
    /// By the shop's clock.
    pub date: String,
}

/// Methods that a collection and a single thing take.
pub(crate) const COLLECTION: &str = "GET, POST";
pub(crate) const SINGLE: &str = "GET, POST, PUT, PATCH, DELETE";
pub(crate) const BATCH: &str = "POST, PUT, PATCH";
pub(crate) const DELETABLE: &str = "GET, DELETE";
pub(crate) const READ_ONLY: &str = "GET";

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body, headers: Vec::new(), allow: None }
    }

    /// A thing that was made, and its address.
    pub(crate) fn created(body: Value, location: String) -> Self {
        Self { status: 201, headers: vec![("location", location)], ..Self::ok(body) }
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::error_with(status, code, message, json!({ "status": status }))
    }

    pub(crate) fn error_with(status: u16, code: &str, message: &str, data: Value) -> Self {
        let body = json!({ "code": code, "message": message, "data": data });
        Self { status, ..Self::ok(body) }
    }

    pub(crate) fn no_route() -> Self {
        let message = "No route was found matching the URL and request method.";
        Self::error(404, "rest_no_route", message)
    }

    /// The real shop would do something here that this one was not taught.
    pub(crate) fn not_simulated(what: &str) -> Self {
        let message = format!("the simulated shop does not do this: {what}");
        Self::error(501, "shopsim_not_simulated", &message)
    }

    pub(crate) fn malformed_json() -> Self {
        let data = json!({
            "status": 400, "json_error_code": 4, "json_error_message": "Syntax error",
        });
        Self::error_with(400, "rest_invalid_json", "Invalid JSON body passed.", data)
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value));
        self
    }

    pub(crate) fn allow(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    /// Leaves of the body only what `_fields` names.
    pub(crate) fn only_fields(mut self, names: &[&str]) -> Self {
        if names.is_empty() || self.status >= 400 {
            return self;
        }
        match &mut self.body {
            Value::Array(entries) => {
                for entry in entries {
                    keep(entry, names);
                }
            }
            single => keep(single, names),
        }
        self
    }

    /// The HTTP answer; `signed_in`: the shop knows who asks.
    pub(crate) fn into_response(self, front: &Front, signed_in: bool) -> Response<Body> {
        let home = &front.home;
        let mut all = vec![
            ("date", front.date.clone()),
            ("content-type", "application/json; charset=UTF-8".to_owned()),
            ("x-robots-tag", "noindex".to_owned()),
            ("link", format!("<{home}/wp-json/>; rel=\"https://api.w.org/\"")),
            ("x-content-type-options", "nosniff".to_owned()),
            ("access-control-expose-headers", "X-WP-Total, X-WP-TotalPages, Link".to_owned()),
            (
                "access-control-allow-headers",
                "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type"
                    .to_owned(),
            ),
        ];
        if signed_in {
            all.push(("expires", "Wed, 11 Jan 1984 05:00:00 GMT".to_owned()));
            let never = "no-cache, must-revalidate, max-age=0, no-store, private".to_owned();
            all.push(("cache-control", never));
            all.extend(self.allow.map(|allow| ("allow", allow.to_owned())));
        } else {
            all.push(("vary", "Origin".to_owned()));
        }
        all.extend(self.headers);
        let mut response = Response::new(Body::from(php_json::encode(&self.body)));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in all {
            if let Ok(value) = HeaderValue::from_str(&value) {
                // A page's link takes the place of the general one.
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

fn keep(value: &mut Value, names: &[&str]) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    fields.retain(|key, entry| {
        let nested: Vec<&str> = names
            .iter()
            .filter_map(|name| name.strip_prefix(key.as_str())?.strip_prefix('.'))
            .collect();
        if names.contains(&key.as_str()) {
            return true;
        }
        if nested.is_empty() {
            return false;
        }
        match entry {
            Value::Array(entries) => entries.iter_mut().for_each(|entry| keep(entry, &nested)),
            single => keep(single, &nested),
        }
        true
    });
}
