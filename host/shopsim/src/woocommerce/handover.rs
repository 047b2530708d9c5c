//! How a merchant gives an application keys of its own, as the vendor documents it: a page that asks,
//! and once the merchant agrees, the keys as JSON to the application's `callback_url` and the
//! merchant back to its `return_url`. It was not observed.
//!
//! Whoever opens the page counts as the merchant: there is nothing to sign in with here. The real
//! shop sends keys over HTTPS only; this one also within the machine it runs on.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use serde_json::json;
use url::Url;

use super::rest::{ApiKey, KeyRights, Request};
use super::shop::Shop;
use super::state::State;

const PAGES: &str = "/wc-auth/v1/";
/// What the application must say of itself.
const MANDATORY: [&str; 5] = ["app_name", "user_id", "return_url", "callback_url", "scope"];

/// Whether a request is for these pages.
pub(crate) fn is_for(request: &Request) -> bool {
    request.path.starts_with(PAGES)
}

/// The page that asks, or what follows when the merchant agrees.
pub(crate) async fn answer(shop: &Arc<Shop>, request: &Request) -> Response<Body> {
    if request.method != "GET" {
        return page(404, "There is nothing here.");
    }
    if let Some(missing) = MANDATORY.iter().find(|name| request.query(name).is_none()) {
        return page(401, &format!("Error: Missing parameter {missing}."));
    }
    let rights = match request.query("scope") {
        Some("read") => KeyRights::Read,
        Some("write") => KeyRights::Write,
        Some("read_write") => KeyRights::ReadWrite,
        other => return page(401, &format!("Error: Invalid scope {}.", other.unwrap_or_default())),
    };
    let (Some(callback), Some(back)) =
        (url_of(request, "callback_url"), url_of(request, "return_url"))
    else {
        return page(401, "Error: The return_url and the callback_url must be valid URLs.");
    };
    let within = callback.host_str() == Some("127.0.0.1");
    if callback.scheme() != "https" && !within {
        return page(401, "Error: The callback_url needs to be over SSL.");
    }
    match request.path.strip_prefix(PAGES) {
        Some("authorize") => ask(request, back),
        Some("access_granted") => grant(shop, request, rights, callback, back).await,
        _ => page(404, "There is nothing here."),
    }
}

fn url_of(request: &Request, name: &str) -> Option<Url> {
    let url = Url::parse(request.query(name)?).ok()?;
    ["http", "https"].contains(&url.scheme()).then_some(url)
}

/// Where the merchant goes back to.
fn back_to(mut url: Url, request: &Request, success: bool) -> String {
    let user = request.query("user_id").unwrap_or_default();
    let success = if success { "1" } else { "0" };
    url.query_pairs_mut().append_pair("success", success).append_pair("user_id", user);
    url.into()
}

fn ask(request: &Request, back: Url) -> Response<Body> {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
    let app = escaped(request.query("app_name").unwrap_or_default());
    let deny = escaped(&back_to(back, request, false));
    let approve = escaped(&format!("{PAGES}access_granted?{query}"));
    let words = format!(
        "<h1>{app} would like to connect to your store</h1>\n\
         <a class=\"wc-auth-approve\" href=\"{approve}\">Approve</a>\n\
         <a class=\"wc-auth-deny\" href=\"{deny}\">Deny</a>"
    );
    page(200, &words)
}

/// Makes keys and sends them. Keys that nobody takes are no keys.
async fn grant(
    shop: &Arc<Shop>,
    request: &Request,
    rights: KeyRights,
    callback: Url,
    back: Url,
) -> Response<Body> {
    let (id, key, secret) = shop.with(|state| make_key(state, rights));
    let body = json!({
        "key_id": id,
        "user_id": request.query("user_id"),
        "consumer_key": key,
        "consumer_secret": secret,
        "key_permissions": request.query("scope"),
    });
    let sent = shop
        .client
        .post(callback)
        .header("content-type", "application/json;charset=UTF-8")
        .body(super::php_json::encode(&body))
        .send()
        .await;
    if !sent.is_ok_and(|answer| answer.status() == 200) {
        shop.with(|state| state.keys.retain(|known| known.key != key));
        return page(
            401,
            "Error: An error occurred in the request and at the time were unable to \
            send the consumer data.",
        );
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    if let Ok(location) = back_to(back, request, true).parse() {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn make_key(state: &mut State, rights: KeyRights) -> (usize, String, String) {
    let (key, secret) = (format!("ck_{}", state.digits(40)), format!("cs_{}", state.digits(40)));
    state.keys.push(ApiKey::new(&key, &secret, rights));
    (state.keys.len(), key, secret)
}

fn page(status: u16, words: &str) -> Response<Body> {
    let page =
        format!("<!DOCTYPE html>\n<html><body class=\"wc-auth\">\n{words}\n</body></html>\n");
    let mut response = Response::new(Body::from(page));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let html = header::HeaderValue::from_static("text/html; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
