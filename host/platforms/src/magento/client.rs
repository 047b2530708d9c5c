//! Requests to the shop's REST API, each within its limits and with its errors told apart.
//!
//! Everything is asked for and written at `/rest/all`: written at a store view's address, or at none,
//! a text would become that view's own and no longer follow the shop's.

use std::sync::{Arc, PoisonError, RwLock};

use http::{HeaderMap, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    answers::{self, Failed, refused},
    auth::Access,
    payloads::{Found, Numbered},
    search::Search,
};
use crate::{
    PlatformError, Traffic,
    limits::PAGE_ENTRIES_MAX,
    oauth::{self, Once, Parameters},
    timeouts::Timeouts,
    transport::{Answered, Asked, Transport},
};

/// One shop's REST API.
pub struct Client {
    base: Url,
    access: RwLock<Arc<Access>>,
    transport: Transport,
}

/// Whether a request changes anything. Some readings of Magento's are POST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Surely not.
    None,
    /// It is to.
    Some,
}

/// A piece of a list that is ordered by number.
pub struct Listed<T> {
    pub entries: Vec<T>,
    /// The number after which it goes on; absent: this was the end.
    pub next: Option<u64>,
    /// How many the whole list has, where this is its first piece.
    pub total: Option<u64>,
}

impl Client {
    pub fn new(base: Url, access: Access, timeouts: Timeouts) -> Result<Self, reqwest::Error> {
        let transport = Transport::new(base.scheme() == "https", timeouts)?;
        Ok(Self { base, access: RwLock::new(Arc::new(access)), transport })
    }

    /// Goes on with other credentials from the next request on.
    pub fn take_access(&self, access: Access) {
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(access);
    }

    fn access(&self) -> Arc<Access> {
        Arc::clone(&self.access.read().unwrap_or_else(PoisonError::into_inner))
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
    ) -> Result<T, Failed> {
        self.call(Method::GET, path, query, None, Effect::None).await
    }

    /// Reads a page of a search.
    pub async fn search<T: DeserializeOwned>(
        &self,
        path: &str,
        search: &Search,
    ) -> Result<Found<T>, Failed> {
        self.get(path, search.parameters()).await
    }

    /// Reads the entries whose number is higher than this, lowest first. A number never changes, so
    /// nothing that is added, changed or deleted meanwhile makes an entry be passed by.
    pub async fn list<T: Numbered>(
        &self,
        path: &str,
        search: &Search,
        after: u64,
    ) -> Result<Listed<T>, Failed> {
        let mut piece = search.clone().sorted_by(T::FIELD).sized(PAGE_ENTRIES_MAX);
        if after > 0 {
            piece = piece.filter(T::FIELD, "gt", after.to_string());
        }
        let found = self.search::<T>(path, &piece).await?;
        let full = found.items.len() >= PAGE_ENTRIES_MAX;
        let next = found.items.iter().map(Numbered::number).max().filter(|_| full);
        if next.is_some_and(|next| next <= after) {
            return Err(Failed::Otherwise(refused(format!(
                "the shop's list {path} is not in the order of its numbers"
            ))));
        }
        let total = found.total_count.filter(|_| after == 0);
        Ok(Listed { entries: found.items, next, total })
    }

    /// Reads a whole list that is short.
    pub async fn all<T: Numbered>(&self, path: &str, search: &Search) -> Result<Vec<T>, Failed> {
        let mut entries = Vec::new();
        let mut after = Some(0);
        while let Some(last) = after {
            let listed = self.list::<T>(path, search, last).await?;
            entries.extend(listed.entries);
            after = listed.next;
        }
        Ok(entries)
    }

    /// Sends, and understands what comes back.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: Parameters,
        body: Option<&Value>,
        effect: Effect,
    ) -> Result<T, Failed> {
        let what = format!("{method} {path}");
        let host = self.base.host_str().unwrap_or_default();
        let asked = Asked { what: &what, host, reads: effect == Effect::None };
        // What is said of a request is cleared of the credentials that it was made with.
        let access = self.access();
        let answered = self.ask(&access, &asked, &method, path, query, body).await;
        let scrubbed = |failed| match failed {
            Failed::Gone => Failed::Gone,
            Failed::Otherwise(error) => {
                Failed::Otherwise(error.map_reason(|reason| access.scrubbed(reason)))
            }
        };
        let Answered { status, headers, bytes } =
            answered.map_err(|error| scrubbed(Failed::Otherwise(error)))?;
        if !status.is_success() {
            return Err(scrubbed(answers::failure(&asked, status, &headers, &bytes)));
        }
        serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let reason = format!(
                "the shop answered {what} with something other than Magento sends (line {line}, \
                 column {column}); an extension or a PHP notice may be writing into its answers"
            );
            Failed::Otherwise(asked.uncertain(reason, None))
        })
    }

    async fn ask(
        &self,
        access: &Access,
        asked: &Asked<'_>,
        method: &Method,
        path: &str,
        query: Parameters,
        body: Option<&Value>,
    ) -> Result<Answered, PlatformError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        let credentials = access.header(method.as_str(), &url, &query, &Once::new());
        let credentials =
            credentials.ok_or_else(|| refused("the credentials have characters none have"))?;
        if !query.is_empty() {
            url.set_query(Some(&oauth::query(&query)));
        }
        let mut request = self.transport.http().request(method.clone(), url);
        request = request.header(header::AUTHORIZATION, credentials);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.transport.ask(request, asked).await
    }

    /// Asks the shop itself, without credentials, for its date and whether it is there.
    pub async fn site(&self) -> Result<(StatusCode, HeaderMap), PlatformError> {
        let mut url = self.base.clone();
        let path = url.path().trim_end_matches("/rest/all").to_owned();
        url.set_path(&format!("{path}/rest/V1/directory/currency"));
        let host = self.base.host_str().unwrap_or_default();
        let asked = Asked { what: "GET /V1/directory/currency", host, reads: true };
        let answered = self.transport.ask(self.transport.http().get(url), &asked).await?;
        Ok((answered.status, answered.headers))
    }
}
