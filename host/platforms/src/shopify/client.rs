//! Requests to the shop's Admin GraphQL API, each within its limits and with its errors told apart.
//!
//! Almost everything comes with status 200: that too much was asked for, that something is not allowed,
//! that a mutation would not. And every answer says how much of the shop's budget is left.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::{
    access::{Access, Fetched},
    documents::Document,
    refused,
};
use crate::{
    PlatformError, Traffic,
    gate::{Budget, retry_after},
    limits::MESSAGE_CHARACTERS_MAX,
    timeouts::Timeouts,
    transport::{Answered, Asked, Transport},
};

/// One shop's Admin API.
pub struct Client {
    /// The shop's own address.
    site: Url,
    version: String,
    access: RwLock<Arc<Access>>,
    fetched: Mutex<Option<Fetched>>,
    transport: Transport,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Value,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
struct Extensions {
    #[serde(default)]
    cost: Option<Cost>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    /// What it could have come to, which has to be there before.
    requested_query_cost: f64,
    /// What it came to.
    #[serde(default)]
    actual_query_cost: Option<f64>,
    throttle_status: Option<ThrottleStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThrottleStatus {
    currently_available: f64,
    restore_rate: f64,
}

impl Cost {
    /// How many more requests like this one the shop takes at once, each of which needs to find what it
    /// could come to, and costs what it comes to; and how long it takes to have that back.
    fn budget(&self) -> Option<Budget> {
        let status = self.throttle_status.as_ref()?;
        let requested = self.requested_query_cost;
        let cost = self.actual_query_cost.unwrap_or(requested).max(1.0);
        let spare = status.currently_available - requested;
        let (left, points) = match spare >= 0.0 {
            true => {
                let left = (spare / cost).floor() + 1.0;
                (left, left * cost)
            }
            false => (0.0, -spare),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small number that is not below zero"
        )]
        let left = left as u64;
        let more_in = Duration::try_from_secs_f64(points / status.restore_rate.max(1.0)).ok()?;
        Some(Budget { left, more_in })
    }

    /// How long it is until there is enough for this request.
    fn wait(&self) -> Option<Duration> {
        let status = self.throttle_status.as_ref()?;
        let lacking = (self.requested_query_cost - status.currently_available).max(1.0);
        Duration::try_from_secs_f64(lacking / status.restore_rate.max(1.0)).ok()
    }
}

impl Client {
    pub fn new(
        site: Url,
        version: String,
        access: Access,
        timeouts: Timeouts,
    ) -> Result<Self, reqwest::Error> {
        let transport = Transport::new(site.scheme() == "https", timeouts)?;
        let access = RwLock::new(Arc::new(access));
        Ok(Self { site, version, access, fetched: Mutex::new(None), transport })
    }

    /// Fetches another token for the next request.
    async fn forget_token(&self) {
        *self.fetched.lock().await = None;
    }

    /// Goes on with other credentials from the next request on.
    pub fn take_access(&self, access: Access) {
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(access);
        // Whoever is just using the fetched one finds out that it is no good, and fetches another.
        if let Ok(mut fetched) = self.fetched.try_lock() {
            *fetched = None;
        }
    }

    pub fn access(&self) -> Arc<Access> {
        Arc::clone(&self.access.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where the shop is.
    pub const fn site(&self) -> &Url {
        &self.site
    }

    /// The version that is asked for.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How requests fare.
    pub fn traffic(&self) -> Traffic {
        self.transport.traffic()
    }

    fn host(&self) -> &str {
        self.site.host_str().unwrap_or_default()
    }

    fn address(&self, path: &str) -> Url {
        let mut address = self.site.clone();
        address.set_path(&format!("{}{path}", self.site.path().trim_end_matches('/')));
        address
    }

    /// Asks, and understands what comes back.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        document: &Document,
        variables: Value,
    ) -> Result<T, PlatformError> {
        let access = self.access();
        let scrub = |error: PlatformError| error.map_reason(|reason| access.scrubbed(reason));
        let asked = self.asked(document);
        let answered = match self.send(&access, &asked, document, &variables).await {
            // The token that was fetched is no good any more, and nothing was done.
            Ok(answered)
                if answered.status == StatusCode::UNAUTHORIZED
                    && matches!(*access, Access::Client { .. }) =>
            {
                self.forget_token().await;
                self.send(&access, &asked, document, &variables).await
            }
            answered => answered,
        };
        let answered = answered.map_err(scrub)?;
        self.understood(&asked, &answered).map_err(scrub)
    }

    fn asked<'a>(&'a self, document: &'a Document) -> Asked<'a> {
        Asked { what: document.name, host: self.host(), reads: document.reads }
    }

    async fn send(
        &self,
        access: &Access,
        asked: &Asked<'_>,
        document: &Document,
        variables: &Value,
    ) -> Result<Answered, PlatformError> {
        let token = self.token(access).await?;
        let address = self.address(&format!("/admin/api/{}/graphql.json", self.version));
        let body = json!({ "query": document.text, "variables": variables });
        let request = self.transport.http().post(address);
        let request = request.header("X-Shopify-Access-Token", token.expose_secret()).json(&body);
        self.transport.ask(request, asked).await
    }

    fn understood<T: DeserializeOwned>(
        &self,
        asked: &Asked<'_>,
        answered: &Answered,
    ) -> Result<T, PlatformError> {
        let Answered { status, headers, bytes } = answered;
        let envelope = serde_json::from_slice::<Envelope>(bytes);
        if let Some(cost) = envelope.as_ref().ok().and_then(|known| known.extensions.cost.as_ref())
        {
            self.transport.gate.told(cost.budget());
        }
        if !status.is_success() {
            return Err(self.failure(asked, *status, retry_after(headers)));
        }
        let envelope = envelope.map_err(|error| self.strange(asked, &format!("{error}")))?;
        let errors = envelope.errors.as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(error) = errors.first() {
            let denied = errors.iter().all(|error| code_of(error) == "ACCESS_DENIED");
            // What may not be seen is nothing, and the rest is there.
            let partial = denied && asked.reads && envelope.data.is_object();
            if !partial {
                return Err(self.error(asked, error, envelope.extensions.cost.as_ref()));
            }
        } else if !envelope.errors.is_null() && !envelope.errors.is_array() {
            return Err(refused(format!("the shop answered {}: {}", asked.what, envelope.errors)));
        }
        serde_json::from_value(envelope.data)
            .map_err(|error| self.strange(asked, &format!("{error}")))
    }

    fn strange(&self, asked: &Asked<'_>, why: &str) -> PlatformError {
        let reason = format!(
            "the shop answered {} with something other than version {} of its API has ({why})",
            asked.what, self.version
        );
        asked.uncertain(reason, None)
    }

    /// What an error at the top means.
    fn error(&self, asked: &Asked<'_>, error: &Value, cost: Option<&Cost>) -> PlatformError {
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        let message: String = message.chars().take(MESSAGE_CHARACTERS_MAX).collect();
        let code = code_of(error);
        let reason =
            |hint: &str| format!("the shop answered {}: {message} (`{code}`){hint}", asked.what);
        match code {
            "THROTTLED" => {
                let wait = cost.and_then(Cost::wait);
                self.transport.gate.throttled(wait);
                PlatformError::Unavailable { reason: reason(""), retry_after: wait }
            }
            "ACCESS_DENIED" => refused(reason(
                "; give the app the scopes that docs/platforms.md names, and, where it is about \
                 people, access to protected customer data",
            )),
            "INTERNAL_SERVER_ERROR" => asked.uncertain(reason(""), None),
            _ => refused(reason("")),
        }
    }

    /// What an answer with a status other than success means.
    fn failure(
        &self,
        asked: &Asked<'_>,
        status: StatusCode,
        wait: Option<Duration>,
    ) -> PlatformError {
        let reason = |hint: &str| format!("the shop answered {} with {status}{hint}", asked.what);
        match status.as_u16() {
            429 | 430 => PlatformError::Unavailable { reason: reason(""), retry_after: wait },
            408 | 500..=599 => asked.uncertain(reason(""), wait),
            401 => refused(reason("; the token is no good: make the app's anew, and rotate it")),
            402 => refused(reason("; the shop is frozen: its owner has to pay the plan")),
            403 => refused(reason("; the app is not installed there, or the shop keeps it out")),
            404 => refused(reason("; is this the shop's myshopify.com address?")),
            423 => refused(reason("; the shop is locked")),
            _ => refused(reason("")),
        }
    }

    /// The token to ask with.
    async fn token(&self, access: &Access) -> Result<SecretString, PlatformError> {
        let (client_id, client_secret) = match access {
            Access::Token { token, .. } => return Ok(token.clone()),
            Access::Client { client_id, client_secret } => (client_id, client_secret),
        };
        let mut fetched = self.fetched.lock().await;
        if let Some(known) = fetched.as_ref().filter(|known| known.good_until > Instant::now()) {
            return Ok(known.token.clone());
        }
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            expires_in: Option<u64>,
        }
        let asked = Asked { what: "a token", host: self.host(), reads: true };
        let body = json!({
            "grant_type": "client_credentials",
            "client_id": client_id.expose_secret(),
            "client_secret": client_secret.expose_secret(),
        });
        let address = self.address("/admin/oauth/access_token");
        let request = self.transport.http().post(address).json(&body);
        let Answered { status, headers, bytes } = self.transport.ask(request, &asked).await?;
        if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
            return Err(refused(format!(
                "the shop gave no token ({status}); are client id and secret those of an app of the \
                 shop's own organisation, and is it installed there?"
            )));
        }
        if !status.is_success() {
            return Err(self.failure(&asked, status, retry_after(&headers)));
        }
        let granted: Granted = serde_json::from_slice(&bytes).map_err(|_| {
            asked.uncertain("the shop gave something else than a token".into(), None)
        })?;
        let good_for = Duration::from_secs(granted.expires_in.unwrap_or_default());
        let token = SecretString::from(granted.access_token);
        *fetched = Some(Fetched::new(token.clone(), good_for));
        Ok(token)
    }
}

fn code_of(error: &Value) -> &str {
    error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(requested: f64, actual: f64, available: f64) -> (u64, u64) {
        let cost = json!({
            "requestedQueryCost": requested, "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0,
            },
        });
        let budget = serde_json::from_value::<Cost>(cost).unwrap().budget().unwrap();
        (budget.left, u64::try_from(budget.more_in.as_millis()).unwrap())
    }

    #[test]
    fn a_request_needs_what_it_could_cost_and_is_charged_what_it_does() {
        for (requested, actual, available, told) in [
            // Nine come to 360, and 800 are still there for the tenth.
            (800.0, 40.0, 1160.0, (10, 4_000)),
            (800.0, 40.0, 800.0, (1, 400)),
            (800.0, 40.0, 700.0, (0, 1_000)),
            // Nothing is free.
            (1.0, 0.0, 2.0, (2, 20)),
        ] {
            assert_eq!(budget(requested, actual, available), told, "{requested} {available}");
        }
    }
}
