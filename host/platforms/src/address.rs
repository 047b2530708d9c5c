//! The address of a shop, and what is wrong with a configuration of one.

use url::{Host, Url};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Neither http nor https.
    #[error("a shop's url begins with https://, and `{0}` does not")]
    Scheme(String),
    /// Plain http to another machine.
    #[error(
        "`{0}` is not encrypted: write https://, or set allow-http if the way there is private"
    )]
    PlainHttp(String),
    /// There is more in the URL than an address and a path.
    #[error("a shop's url has no user, password, query or fragment; the key goes to its own place")]
    UrlParts,
    /// Something that may not be empty is.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// The HTTP client cannot be made.
    #[error("no encrypted connection can be made; are the system's root certificates installed?")]
    Client(#[source] reqwest::Error),
}

/// Refuses an address that is not encrypted without need, or has more in it than an address.
///
/// # Errors
/// If it is one of these.
pub(crate) fn check(shop: &Url, allow_http: bool) -> Result<(), ConfigError> {
    match shop.scheme() {
        "https" => {}
        "http" if allow_http || is_loopback(shop) => {}
        "http" => {
            return Err(ConfigError::PlainHttp(shop.host_str().unwrap_or("").to_owned()));
        }
        other => return Err(ConfigError::Scheme(other.to_owned())),
    }
    let plain = shop.username().is_empty()
        && shop.password().is_none()
        && shop.query().is_none()
        && shop.fragment().is_none();
    if plain { Ok(()) } else { Err(ConfigError::UrlParts) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
