//! Where a request goes, checked as far as its URL tells.

use std::net::IpAddr;

use fondaco_model::http::HttpFailure;
use url::{Host, Position, Url};

use crate::{
    address,
    failure::{malformed, refused},
    limits::URL_BYTES_MAX,
    policy::EgressPolicy,
};

/// Names of cloud metadata services. Whoever can be made to ask one gets the machine's keys.
const METADATA_HOSTS: [&str; 7] = [
    "instance-data",
    "instance-data.ec2.internal",
    "metadata",
    "metadata.azure.internal",
    "metadata.goog",
    "metadata.google.internal",
    "metadata.tencentyun.com",
];

/// A URL whose host is granted. Its address is not looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    url: Url,
    host: String,
    port: u16,
}

impl Target {
    /// The target of a module's request.
    pub(crate) fn of_request(text: &str, policy: &EgressPolicy) -> Result<Self, HttpFailure> {
        short(text)?;
        if text.contains("{secret:") {
            return Err(refused("a secret can only stand in the value of a header, not in a URL"));
        }
        let url = Url::parse(text).map_err(|error| malformed(format!("the URL: {error}")))?;
        Self::checked(url, policy)
    }

    /// The target of a redirect from here, checked as if a module had asked for it.
    pub(crate) fn redirected(
        &self,
        location: &str,
        policy: &EgressPolicy,
    ) -> Result<Self, HttpFailure> {
        short(location)?;
        let url = self.url.join(location);
        let url = url.map_err(|error| malformed(format!("the server's redirect: {error}")))?;
        let target = Self::checked(url, policy)?;
        if self.is_encrypted() && !target.is_encrypted() {
            return Err(refused("the server redirects from https to http"));
        }
        Ok(target)
    }

    fn checked(mut url: Url, policy: &EgressPolicy) -> Result<Self, HttpFailure> {
        short(url.as_str())?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(refused(format!("`{}` URLs are not read, only https", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(
                "a URL holds no user name and no password; use an `authorization` header",
            ));
        }
        let host = match url.host() {
            Some(Host::Domain(host)) => host.to_owned(),
            Some(Host::Ipv4(address)) => return Err(literal(address.into())),
            Some(Host::Ipv6(address)) => return Err(literal(address.into())),
            None => return Err(malformed("the URL has no host")),
        };
        if !policy.grants(&host) {
            return Err(HttpFailure::NotGranted { host });
        }
        if METADATA_HOSTS.contains(&host.as_str()) {
            return Err(refused(format!("`{host}` is a metadata service of the cloud")));
        }
        let port = url.port_or_known_default().ok_or_else(|| malformed("the URL has no port"))?;
        url.set_fragment(None);
        Ok(Self { url, host, port })
    }

    /// The URL, without a fragment.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The name of the host.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The host as a request names it: with the port where it is not the usual one.
    pub(crate) fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    pub(crate) fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether both have the same scheme, host and port.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }
}

fn short(url: &str) -> Result<(), HttpFailure> {
    if url.len() > URL_BYTES_MAX {
        return Err(malformed(format!("the URL is longer than {URL_BYTES_MAX} bytes")));
    }
    Ok(())
}

/// Grants are for names, so an address has none. The owner of the host may have opened it, but
/// for which client, only a granted name says.
fn literal(address: IpAddr) -> HttpFailure {
    let kind = address::refusal(address).unwrap_or("a public address");
    refused(format!("`{address}` is {kind} and not a name; grants are for names of hosts"))
}
