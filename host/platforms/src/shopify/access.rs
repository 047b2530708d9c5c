//! Who asks: an app's token, or one that the app fetches with its own id and secret and that is good
//! for a day.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

/// What a shop is spoken to with, and what its deliveries are signed with: the app's secret.
#[derive(Debug, Clone)]
pub enum Access {
    /// A token that does not expire, of an app that was made in the shop's own admin.
    Token {
        /// The token, `shpat_…`.
        token: SecretString,
        /// The app's secret.
        client_secret: SecretString,
    },
    /// An app of the organisation that the shop belongs to.
    Client {
        /// The app's id.
        client_id: SecretString,
        /// The app's secret.
        client_secret: SecretString,
    },
}

impl Access {
    /// Its parts, with what they are called.
    pub(super) fn parts(&self) -> [(&'static str, &SecretString); 2] {
        match self {
            Self::Token { token, client_secret } => {
                [("access token", token), ("client secret", client_secret)]
            }
            Self::Client { client_id, client_secret } => {
                [("client id", client_id), ("client secret", client_secret)]
            }
        }
    }

    /// What deliveries are signed with.
    pub(super) const fn client_secret(&self) -> &SecretString {
        match self {
            Self::Token { client_secret, .. } | Self::Client { client_secret, .. } => client_secret,
        }
    }

    /// The text without any part of it, should somebody have echoed one.
    pub(super) fn scrubbed(&self, text: &str) -> String {
        let parts = self.parts();
        parts
            .iter()
            .fold(text.to_owned(), |text, (_, part)| text.replace(part.expose_secret(), "…"))
    }
}

/// A token that was fetched.
pub(super) struct Fetched {
    pub(super) token: SecretString,
    pub(super) good_until: Instant,
}

impl Fetched {
    /// One that is good for so long from now on, less what it takes to use it.
    pub(super) fn new(token: SecretString, good_for: Duration) -> Self {
        let good_for = good_for.saturating_sub(crate::limits::TOKEN_RENEWED_BEFORE);
        Self { token, good_until: Instant::now() + good_for }
    }
}
