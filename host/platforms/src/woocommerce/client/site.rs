//! Asking the site itself, beside WooCommerce's API and without the key.

use http::{HeaderMap, Method, StatusCode};

use super::Client;
use crate::{
    PlatformError,
    oauth::{self, Parameters},
};

/// What a site answered, whatever it was.
pub struct SiteAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

impl Client {
    /// Reads a path below the address of the site.
    pub async fn site(&self, path: &str, query: Parameters) -> Result<SiteAnswer, PlatformError> {
        let mut url = self.base.clone();
        let root = url.path().trim_end_matches("/wp-json/wc/v3").to_owned();
        url.set_path(&format!("{root}{path}"));
        url.set_query(Some(oauth::query(&query).as_str()).filter(|query| !query.is_empty()));
        let what = format!("GET {path}");
        let asked = self.asked(&what, &Method::GET);
        let unanswered = |error| asked.unanswered(error);
        let mut response = self.transport.http().get(url).send().await.map_err(unanswered)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
            body.extend_from_slice(&chunk);
            if body.len() > self.transport.answer_bytes_max {
                break;
            }
        }
        Ok(SiteAnswer { status, headers, body })
    }
}
