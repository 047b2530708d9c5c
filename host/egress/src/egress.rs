//! A module's request from its URL to its answer.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use fondaco_model::http::{HttpAnswer, HttpFailure, HttpRequest};
use http::{HeaderValue, Request, header};
use http_body_util::Empty;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    EgressError,
    address::Gate,
    connect::{Dial, SystemDial, Tls, connect},
    exchange::{Exchange, send},
    failure::{malformed, refused, too_large, unreachable},
    headers::{self, Headers},
    limits::{ANSWER_BODY_BYTES_MAX, REDIRECTS_MAX, REQUEST_TIME_MAX, REQUESTS_AT_ONCE_MAX},
    policy::EgressPolicy,
    resolve::{Resolve, SystemResolver},
    secrets::Scrubber,
    target::Target,
};

/// What the host's owner decides for all modules.
#[derive(Debug, Clone, Default)]
pub struct EgressConfig {
    /// Addresses that are reached although they are private or on an unusual port. This opens
    /// them to names that resolve to them; a client still has to grant such a name.
    pub allow: Vec<SocketAddr>,
    /// Certificates of authorities, as PEM, that are trusted beside those the machine trusts.
    pub certificates_pem: Vec<u8>,
}

/// Makes the requests of all modules of a host. Clones are the same one.
#[derive(Clone)]
pub struct Egress {
    inner: Arc<Inner>,
}

struct Inner {
    gate: Gate,
    resolver: Arc<dyn Resolve>,
    dial: Box<dyn Dial>,
    tls: Tls,
    /// Admits no more requests than the host is asked to bear.
    turns: Semaphore,
    time_max: Duration,
}

impl Egress {
    /// Looks names up as the machine does.
    ///
    /// # Errors
    /// If the certificates cannot be used.
    pub fn new(config: EgressConfig) -> Result<Self, EgressError> {
        Self::with_resolver(config, Arc::new(SystemResolver::new()))
    }

    /// Looks names up with this resolver.
    ///
    /// # Errors
    /// If the certificates cannot be used.
    pub fn with_resolver(
        config: EgressConfig,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, EgressError> {
        let gate = Gate::new(config.allow);
        let tls = Tls::new(&config.certificates_pem)?;
        Ok(Self::with_parts(gate, resolver, Box::new(SystemDial), tls, REQUEST_TIME_MAX))
    }

    pub(crate) fn with_parts(
        gate: Gate,
        resolver: Arc<dyn Resolve>,
        dial: Box<dyn Dial>,
        tls: Tls,
        time_max: Duration,
    ) -> Self {
        let turns = Semaphore::new(REQUESTS_AT_ONCE_MAX);
        Self { inner: Arc::new(Inner { gate, resolver, dial, tls, turns, time_max }) }
    }

    /// Makes a request for an install that was granted this.
    ///
    /// # Errors
    /// If there is no answer, or none that the module may have. An answer with an error status is
    /// an answer. No failure holds a secret or an address.
    pub async fn get(
        &self,
        policy: &EgressPolicy,
        request: &HttpRequest,
    ) -> Result<HttpAnswer, HttpFailure> {
        let limit = self.inner.time_max;
        let answer = timeout(limit, self.inner.get(policy, request)).await;
        answer.unwrap_or_else(|_| {
            let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            Err(HttpFailure::TimedOut { limit_ms })
        })
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Egress").field("gate", &self.inner.gate).finish_non_exhaustive()
    }
}

impl Inner {
    async fn get(
        &self,
        policy: &EgressPolicy,
        request: &HttpRequest,
    ) -> Result<HttpAnswer, HttpFailure> {
        let mut target = Target::of_request(&request.url, policy)?;
        let mut headers = Headers::of_request(&request.headers)?;
        let closed = |_| unreachable("the host is shutting down");
        // An install waits for its own share first, so that it holds no turn while it waits.
        let _share = policy.turns().acquire().await.map_err(closed)?;
        let _turn = self.turns.acquire().await.map_err(closed)?;
        let scrubber = Scrubber::new(policy);
        for _ in 0..=REDIRECTS_MAX {
            let exchange = self.send(policy, &target, &headers).await?;
            let Some(location) = exchange.location() else {
                return answer(exchange, &target, &scrubber).await;
            };
            // Scrubbed first: a secret must not travel on in a URL.
            let location = scrubber.bytes(location.to_vec());
            let location = String::from_utf8(location);
            let location = location.map_err(|_| malformed("the server's redirect is not text"))?;
            let next = target.redirected(&location, policy)?;
            if !next.same_origin(&target) {
                headers = headers.across_origins();
            }
            target = next;
        }
        Err(refused(format!("the server redirects more than {REDIRECTS_MAX} times")))
    }

    async fn send(
        &self,
        policy: &EgressPolicy,
        target: &Target,
        headers: &Headers,
    ) -> Result<Exchange, HttpFailure> {
        let filled = headers.filled(target.host(), policy)?;
        let mut request = Request::get(target.path_and_query())
            .body(Empty::new())
            .map_err(|error| malformed(format!("the URL: {error}")))?;
        *request.headers_mut() = filled;
        let authority = HeaderValue::from_str(target.authority());
        let authority = authority.map_err(|_| malformed("the URL has no usable host"))?;
        request.headers_mut().insert(header::HOST, authority);
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let user_agent = concat!("fondaco/", env!("CARGO_PKG_VERSION"));
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(user_agent));

        let addresses = self.addresses(target, headers.have_secrets()).await?;
        let stream = connect(&*self.dial, &self.gate, target.host(), &addresses).await?;
        if target.is_encrypted() {
            send(self.tls.encrypt(stream, target.host()).await?, request).await
        } else {
            send(stream, request).await
        }
    }

    /// The addresses of a target that the request may go to. Those it may not go to are left out;
    /// a name that has no others is refused.
    async fn addresses(
        &self,
        target: &Target,
        has_secrets: bool,
    ) -> Result<Vec<SocketAddr>, HttpFailure> {
        let host = target.host();
        let found = self.resolver.resolve(host).await;
        let found = found.map_err(|_| unreachable(format!("the name `{host}` was not found")))?;
        let mut reason = None;
        let mut addresses = Vec::new();
        for ip in found {
            let address = SocketAddr::new(ip, target.port());
            if let Some(what) = self.gate.refusal(address) {
                reason = reason.or_else(|| Some(format!("`{host}` is {what}")));
            } else if has_secrets && !target.is_encrypted() && !self.gate.is_opened(address) {
                reason = Some("a secret is sent over https only".to_owned());
            } else {
                addresses.push(address);
            }
        }
        match reason {
            Some(reason) if addresses.is_empty() => Err(refused(reason)),
            _ => Ok(addresses),
        }
    }
}

async fn answer(
    exchange: Exchange,
    target: &Target,
    scrubber: &Scrubber,
) -> Result<HttpAnswer, HttpFailure> {
    let status = exchange.status.as_u16();
    let headers = headers::shown(&exchange.headers, scrubber);
    let body = scrubber.bytes(exchange.body().await?);
    // A placeholder can be longer than its secret.
    if body.len() > ANSWER_BODY_BYTES_MAX {
        return Err(too_large(ANSWER_BODY_BYTES_MAX));
    }
    Ok(HttpAnswer { status, headers, body, url: target.url().to_owned() })
}
