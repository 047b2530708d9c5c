//! The client that webhooks are delivered with.

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
