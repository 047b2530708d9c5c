//! Sending one request to a shop, whatever its platform: through the gate, within its limits, and
//! with what it means that no answer came.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use reqwest::redirect;

use crate::{
    PlatformError, Traffic,
    gate::{Gate, Turn},
    limits::ANSWER_BYTES_MAX,
    timeouts::Timeouts,
};

/// The way to one shop.
pub struct Transport {
    http: reqwest::Client,
    pub gate: Gate,
    pub answer_bytes_max: usize,
}

/// What a request is, for what is said of it when it fails.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Such as `GET /orders`; no credential is in it.
    pub what: &'a str,
    /// Where it goes.
    pub host: &'a str,
    /// Whether it surely changes nothing.
    pub reads: bool,
}

/// What came back, whatever it was.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Asked<'_> {
    /// What nobody knows the effect of: a write may have had one, a read cannot.
    pub fn uncertain(&self, reason: String, retry_after: Option<Duration>) -> PlatformError {
        if self.reads {
            PlatformError::Unavailable { reason, retry_after }
        } else {
            PlatformError::Ambiguous { reason }
        }
    }

    /// What it means that no answer came. What the error says is kept, without the URL, which may
    /// have a signature in it.
    pub fn unanswered(&self, error: reqwest::Error) -> PlatformError {
        let said = if error.is_timeout() { "did not answer in time" } else { "did not answer" };
        let connecting = error.is_connect();
        let error = error.without_url();
        let mut why = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            why = format!("{why}: {error}");
            source = error.source();
        }
        let reason = format!("{} {said} {} ({why})", self.host, self.what);
        if connecting {
            return PlatformError::Unavailable { reason, retry_after: None };
        }
        self.uncertain(reason, None)
    }
}

impl Transport {
    /// Makes the way. Without encryption no certificate is looked for.
    pub fn new(encrypted: bool, timeouts: Timeouts) -> Result<Self, reqwest::Error> {
        // Whoever was first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
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
        Ok(Self { http: http.build()?, gate: Gate::default(), answer_bytes_max: ANSWER_BYTES_MAX })
    }

    /// What requests are made with.
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// How requests fare.
    pub fn traffic(&self) -> Traffic {
        self.gate.traffic()
    }

    /// Waits for its turn, sends, and reads the whole answer.
    pub async fn ask(
        &self,
        request: reqwest::RequestBuilder,
        asked: &Asked<'_>,
    ) -> Result<Answered, PlatformError> {
        let turn = self.gate.enter().await?;
        match request.send().await {
            Ok(response) => self.whole(response, turn, asked).await,
            Err(error) => {
                turn.unanswered();
                Err(asked.unanswered(error))
            }
        }
    }

    /// Reads the body of an answer. Whatever its status is, it is read to its end, so that the
    /// connection is there for the next request.
    async fn whole(
        &self,
        mut response: reqwest::Response,
        turn: Turn<'_>,
        asked: &Asked<'_>,
    ) -> Result<Answered, PlatformError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if bytes.len() + chunk.len() > self.answer_bytes_max => {
                    turn.answered(status, &headers);
                    let (what, most) = (asked.what, self.answer_bytes_max);
                    let reason = format!("the shop's answer to {what} is larger than {most} bytes");
                    return Err(asked.uncertain(reason, None));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(error) => {
                    turn.unanswered();
                    return Err(asked.unanswered(error));
                }
            }
        }
        turn.answered(status, &headers);
        Ok(Answered { status, headers, bytes })
    }
}
