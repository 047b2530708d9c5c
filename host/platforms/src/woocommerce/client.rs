//! Requests to the shop's REST API, each within its limits and with its errors told apart.

use std::sync::{Arc, PoisonError, RwLock};

use http::{HeaderMap, Method, header};
use reqwest::redirect;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    answers::{self, Failed, refused, uncertain},
    auth::{self, Credentials, Once, Parameters},
};
use crate::{
    PlatformError, Traffic,
    gate::{Gate, Turn},
    limits::ANSWER_BYTES_MAX,
    timeouts::Timeouts,
};

mod site;

pub use site::SiteAnswer;

/// One shop's REST API.
pub struct Client {
    base: Url,
    credentials: RwLock<Arc<Credentials>>,
    http: reqwest::Client,
    gate: Gate,
    answer_bytes_max: usize,
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
        // Whoever was first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let encrypted = base.scheme() == "https";
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("fondaco/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(redirect::Policy::none())
            // A write is sent once; what became of it is looked up, not tried out.
            .retry(reqwest::retry::never())
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.answer)
            .pool_idle_timeout(timeouts.idle)
            .https_only(encrypted);
        if !encrypted {
            // No certificate will be checked, so none needs to be installed.
            http = http.tls_certs_only([]);
        }
        Ok(Self {
            base,
            credentials: RwLock::new(Arc::new(credentials)),
            http: http.build()?,
            gate: Gate::default(),
            answer_bytes_max: ANSWER_BYTES_MAX,
        })
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
        self.gate.traffic()
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
        let (headers, bytes) = self.send(&method, path, query, body).await?;
        let content = serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failed::Otherwise(uncertain(
                &method,
                format!(
                    "the shop answered {method} {path} with something other than WooCommerce \
                     sends (line {line}, column {column}); a plugin or a PHP notice may be \
                     writing into its answers"
                ),
                None,
            ))
        })?;
        let total = headers.get("X-WP-Total").and_then(|total| total.to_str().ok());
        Ok(Answer { content, total: total.and_then(|total| total.parse().ok()) })
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        query: Parameters,
        body: Option<&Value>,
    ) -> Result<(HeaderMap, Vec<u8>), Failed> {
        // What is said of a request is cleared of the key that it was made with.
        let key = self.credentials();
        let request = self.request(&key, method, path, query, body).map_err(Failed::Otherwise)?;
        let turn = self.gate.enter().await.map_err(Failed::Otherwise)?;
        let answer = request.send().await;
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                turn.unanswered();
                return Err(Failed::Otherwise(self.unanswered(&key, method, path, error)));
            }
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = self.body(&key, method, path, response, turn).await?;
        if status.is_success() {
            return Ok((headers, bytes));
        }
        let failed = answers::failure(method, path, status, &headers, &bytes);
        Err(scrubbed(&key, failed))
    }

    /// Reads the body of an answer. Whatever its status is, it is read to its end, so that the
    /// connection is there for the next request.
    async fn body(
        &self,
        key: &Credentials,
        method: &Method,
        path: &str,
        mut response: reqwest::Response,
        turn: Turn<'_>,
    ) -> Result<Vec<u8>, Failed> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if bytes.len() + chunk.len() > self.answer_bytes_max => {
                    turn.answered(status, &headers);
                    let most = self.answer_bytes_max;
                    let reason =
                        format!("the shop's answer to {method} {path} is larger than {most} bytes");
                    return Err(Failed::Otherwise(uncertain(method, reason, None)));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(error) => {
                    turn.unanswered();
                    return Err(Failed::Otherwise(self.unanswered(key, method, path, error)));
                }
            }
        }
        turn.answered(status, &headers);
        Ok(bytes)
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
            if encrypted { query } else { key.signed(method.as_str(), &url, query, &once()) };
        if !query.is_empty() {
            url.set_query(Some(&auth::query(&query)));
        }
        let mut request = self.http.request(method.clone(), url);
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

    /// What it means that no answer came. What the error says is kept, without the URL, which has
    /// the signature in it.
    fn unanswered(
        &self,
        key: &Credentials,
        method: &Method,
        path: &str,
        error: reqwest::Error,
    ) -> PlatformError {
        let place = self.base.host_str().unwrap_or_default();
        let what = if error.is_timeout() { "did not answer in time" } else { "did not answer" };
        let connecting = error.is_connect();
        let error = error.without_url();
        let mut why = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            why = format!("{why}: {error}");
            source = error.source();
        }
        let reason = key.scrubbed(&format!("{place} {what} {method} {path} ({why})"));
        if connecting {
            return PlatformError::Unavailable { reason, retry_after: None };
        }
        uncertain(method, reason, None)
    }
}

fn scrubbed(key: &Credentials, failed: Failed) -> Failed {
    let again = match failed {
        Failed::Gone => return failed,
        Failed::NoSuchRoute(_) => Failed::NoSuchRoute,
        Failed::Otherwise(_) => Failed::Otherwise,
    };
    let mut error = PlatformError::from(failed);
    let (PlatformError::Unavailable { reason, .. }
    | PlatformError::Ambiguous { reason }
    | PlatformError::Refused { reason }
    | PlatformError::Unsupported { reason }) = &mut error;
    *reason = key.scrubbed(reason);
    again(error)
}

/// The shop remembers nonces for a quarter of an hour, and refuses a second use.
fn once() -> Once {
    let seconds = jiff::Timestamp::now().as_second();
    Once {
        nonce: format!("{:032x}", rand::random::<u128>()),
        seconds: u64::try_from(seconds).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
