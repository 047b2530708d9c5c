//! What one install may do over HTTP.

use std::{collections::BTreeMap, sync::Arc};

use fondaco_model::http::HostPattern;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::limits::{INSTALL_REQUESTS_AT_ONCE_MAX, SECRET_BYTES_MAX, SECRET_BYTES_MIN};

/// What one install was granted. Made once for an install: clones share its turns.
#[derive(Debug, Clone)]
pub struct EgressPolicy {
    hosts: Vec<HostPattern>,
    secrets: BTreeMap<String, Secret>,
    /// Admits no more requests of this install than its share.
    turns: Arc<Semaphore>,
}

impl EgressPolicy {
    /// With the hosts that were granted, and the secrets by the names that placeholders give.
    #[must_use]
    pub fn new(hosts: Vec<HostPattern>, secrets: BTreeMap<String, Secret>) -> Self {
        Self { hosts, secrets, turns: Arc::new(Semaphore::new(INSTALL_REQUESTS_AT_ONCE_MAX)) }
    }

    pub(crate) fn grants(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| pattern.matches(host))
    }

    pub(crate) const fn secrets(&self) -> &BTreeMap<String, Secret> {
        &self.secrets
    }

    pub(crate) fn turns(&self) -> &Semaphore {
        &self.turns
    }
}

/// Something that only one host is told. What prints it never shows its value.
#[derive(Debug, Clone)]
pub struct Secret {
    value: SecretString,
    host: HostPattern,
}

/// Why a secret was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is too short or too long.
    #[error("a secret has between {SECRET_BYTES_MIN} and {SECRET_BYTES_MAX} bytes")]
    Length,
    /// It cannot stand in a header.
    #[error("a secret has visible ASCII characters and spaces between them; is a line end left?")]
    Characters,
}

impl Secret {
    /// A secret and the host it is for.
    ///
    /// # Errors
    /// If it is too short to be recognised when it comes back, too long, or has characters that
    /// cannot stand in a header.
    pub fn new(value: SecretString, host: HostPattern) -> Result<Self, SecretError> {
        let text = value.expose_secret();
        if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&text.len()) {
            return Err(SecretError::Length);
        }
        let plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if !text.bytes().all(plain) || text.trim() != text {
            return Err(SecretError::Characters);
        }
        Ok(Self { value, host })
    }

    pub(crate) fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    pub(crate) const fn host(&self) -> &HostPattern {
        &self.host
    }
}
