//! What webhooks are delivered and signed with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::limits::WEBHOOK_TIMEOUT;
use crate::woocommerce::SimError;

/// No proxy, no redirects, a short time to answer.
pub(crate) fn of_deliveries(user_agent: &str) -> Result<reqwest::Client, SimError> {
    // The provider may have been chosen by the program around us; theirs serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(WEBHOOK_TIMEOUT)
        .user_agent(user_agent)
        .build()
        .map_err(SimError::Client)
}

/// Sends a delivery; tells the status of the answer, or why there is none.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Result<u16, String> {
    match request.send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        // The address may carry a secret in its path; the reason does without it.
        Err(error) if error.is_timeout() => Err("no answer in time".to_owned()),
        Err(error) if error.is_connect() => Err("no connection".to_owned()),
        Err(error) => Err(error.without_url().to_string()),
    }
}

/// HMAC-SHA256 of a body in base64.
pub(crate) fn signature(secret: &str, body: &str) -> String {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}
