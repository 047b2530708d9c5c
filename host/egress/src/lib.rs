//! HTTP to the hosts a client granted, and to nothing else.
//!
//! Modules have no sockets. What they want to read elsewhere they ask the host for, and whoever
//! wrote the module chose the URL: everything in it is hostile, and so is what a granted server
//! answers. So each request, and each redirect as if it were a request, passes these checks in
//! turn: the URL and the granted host ([`EgressPolicy`]), the headers and the secrets that stand
//! in them, the addresses the name has ([`address`]), and the address the connection ended at,
//! before a byte is sent.
//!
//! Names are looked up here, once, and the connection goes to an address that was checked. A
//! client library that looks the name up again would connect to wherever it points by then. For
//! the same reason no connection is kept for later, no proxy is asked, and redirects are not left
//! to a library. Each request costs a handshake; that is the price.
//!
//! It never sends anything but GET, never keeps cookies, and never shows a module an address or
//! the value of a secret. It knows nothing of modules and runs: who may make how many requests,
//! and what is kept of them, is decided by those who call [`Egress::get`].
//!
//! Start reading at [`Egress`].

pub mod address;
mod connect;
mod egress;
mod exchange;
mod failure;
mod headers;
pub mod limits;
mod policy;
mod resolve;
mod secrets;
mod target;
#[cfg(test)]
mod tests;

pub use egress::{Egress, EgressConfig};
pub use policy::{EgressPolicy, Secret, SecretError};
pub use resolve::Resolve;

/// Why requests cannot be made at all.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The certificates of the host's file cannot be used.
    #[error("the certificate authorities to trust cannot be read: {0}; give them as PEM")]
    Certificates(String),
}
