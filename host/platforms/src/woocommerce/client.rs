//! Requests to the shop's REST API, each within its limits and with its errors told apart.

use std::sync::{Arc, PoisonError, RwLock};

use http::{Method, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    answers::{self, Failed, refused},
    auth::Credentials,
};
use crate::{
    PlatformError, Traffic,
    oauth::{self, Once, Parameters},
    timeouts::Timeouts,
    transport::{Answered, Asked, Transport},
};

mod site;

pub use site::SiteAnswer;

/// One shop's REST API.
pub struct Client {
    base: Url,
    credentials: RwLock<Arc<Credentials>>,
    transport: Transport,
}

/// What came back, where it was what was asked for.
pub struct Answer<T> {
    /// The body.
    pub content: T,
    /// How many entries the whole list has, where it is one.
    pub total: Option<u64>,
}

impl Client {
    pub fn new(
        base: Url,
        credentials: Credentials,
        timeouts: Timeouts,
    ) -> Result<Self, reqwest::Error> {
        let transport = Transport::new(base.scheme() == "https", timeouts)?;
        Ok(Self { base, credentials: RwLock::new(Arc::new(credentials)), transport })
    }

    /// Goes on with another key from the next request on.
    pub fn take_credentials(&self, credentials: Credentials) {
        let mut known = self.credentials.write().unwrap_or_else(PoisonError::into_inner);
        *known = Arc::new(credentials);
    }

    fn credentials(&self) -> Arc<Credentials> {
        Arc::clone(&self.credentials.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where the API is.
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// How requests fare.
    pub fn traffic(&self) -> Traffic {
        self.transport.traffic()
    }

    /// Reads.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: Parameters,
    ) -> Result<Answer<T>, Failed> {
        self.call(Method::GET, path, query, None).await
    }

    /// Sends, and understands what comes back.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: Parameters,
        body: Option<&Value>,
    ) -> Result<Answer<T>, Failed> {
        let what = format!("{method} {path}");
        let asked = self.asked(&what, &method);
        // What is said of a request is cleared of the key that it was made with.
        let key = self.credentials();
        let request = self.request(&key, &method, path, query, body).map_err(Failed::Otherwise)?;
        let answered = self.transport.ask(request, &asked).await;
        let Answered { status, headers, bytes } =
            answered.map_err(|error| scrubbed(&key, Failed::Otherwise(error)))?;
        if !status.is_success() {
            return Err(scrubbed(&key, answers::failure(&asked, status, &headers, &bytes)));
        }
        let content = serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let reason = format!(
                "the shop answered {what} with something other than WooCommerce sends (line \
                 {line}, column {column}); a plugin or a PHP notice may be writing into its answers"
            );
            Failed::Otherwise(asked.uncertain(reason, None))
        })?;
        let total = headers.get("X-WP-Total").and_then(|total| total.to_str().ok());
        Ok(Answer { content, total: total.and_then(|total| total.parse().ok()) })
    }

    fn asked<'a>(&'a self, what: &'a str, method: &Method) -> Asked<'a> {
        let host = self.base.host_str().unwrap_or_default();
        Asked { what, host, reads: *method == Method::GET }
    }

    fn request(
        &self,
        key: &Credentials,
        method: &Method,
        path: &str,
        query: Parameters,
        body: Option<&Value>,
    ) -> Result<reqwest::RequestBuilder, PlatformError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        let encrypted = url.scheme() == "https";
        let query =
            if encrypted { query } else { key.signed(method.as_str(), &url, query, &Once::new()) };
        if !query.is_empty() {
            url.set_query(Some(&oauth::query(&query)));
        }
        let mut request = self.transport.http().request(method.clone(), url);
        if encrypted {
            let basic = key.basic();
            let basic = basic.ok_or_else(|| refused("the key has characters no key has"))?;
            request = request.header(header::AUTHORIZATION, basic);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(request)
    }
}

fn scrubbed(key: &Credentials, failed: Failed) -> Failed {
    let scrub = |error: PlatformError| error.map_reason(|reason| key.scrubbed(reason));
    match failed {
        Failed::Gone => Failed::Gone,
        Failed::NoSuchRoute(error) => Failed::NoSuchRoute(scrub(error)),
        Failed::Otherwise(error) => Failed::Otherwise(scrub(error)),
    }
}

#[cfg(test)]
mod tests;
