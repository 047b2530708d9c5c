//! Who acts: principals and what they may see.
//!
//! Whoever can open the admin socket owns the host and is its agency's admin. A token makes them
//! act as a narrower principal, for the people and programs that are handed one.

use std::{collections::BTreeSet, fmt};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
    serve::IncomingStream,
};
use fondaco_model::ClientId;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::net::UnixListener;

use crate::{Host, admin::Problem};

/// What a principal is to the agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sees and does everything, for every client.
    AgencyAdmin,
    /// Works for the clients it names.
    AgencyOperator,
    /// Owns the clients it names.
    MerchantOwner,
    /// Reads about the clients it names.
    Accountant,
}

impl Role {
    /// The word for it in files, in the audit log and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AgencyAdmin => "agency-admin",
            Self::AgencyOperator => "agency-operator",
            Self::MerchantOwner => "merchant-owner",
            Self::Accountant => "accountant",
        }
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Their name, for the log.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The clients they may see; an agency's admin may see all.
    pub clients: BTreeSet<ClientId>,
}

impl Principal {
    /// Whether they may see a client.
    #[must_use]
    pub fn may_see(&self, client: &ClientId) -> bool {
        self.role == Role::AgencyAdmin || self.clients.contains(client)
    }

    /// Whether they may change something of a client's work: stop it, retry, discard, and so on.
    #[must_use]
    pub fn may_operate(&self, client: &ClientId) -> bool {
        self.may_see(client) && self.role != Role::Accountant
    }

    /// Whether they may approve what changes much for a client: its owner and the agency's admin.
    #[must_use]
    pub fn may_approve(&self, client: &ClientId) -> bool {
        match self.role {
            Role::AgencyAdmin | Role::MerchantOwner => self.may_see(client),
            Role::AgencyOperator | Role::Accountant => false,
        }
    }
}

/// The principals that have a token.
#[derive(Default)]
pub struct Principals(Vec<(SecretString, Principal)>);

impl Principals {
    /// Principals with their tokens.
    #[must_use]
    pub const fn new(principals: Vec<(SecretString, Principal)>) -> Self {
        Self(principals)
    }

    /// Whose token this is.
    #[must_use]
    pub fn of_token(&self, token: &str) -> Option<&Principal> {
        // All are compared, so that the time taken tells nothing of which one is near.
        let mut found = None;
        for (secret, principal) in &self.0 {
            if bool::from(secret.expose_secret().as_bytes().ct_eq(token.as_bytes())) {
                found = Some(principal);
            }
        }
        found
    }
}

impl fmt::Debug for Principals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(_, principal)| principal)).finish()
    }
}

/// Who is at the other end of the admin socket.
#[derive(Debug, Clone)]
pub struct Peer {
    user: Option<u32>,
}

impl axum::extract::connect_info::Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self { user: stream.io().peer_cred().ok().map(|credentials| credentials.uid()) }
    }
}

impl FromRequestParts<Host> for Principal {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, host: &Host) -> Result<Self, Response> {
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            let token = header.to_str().ok().and_then(|header| header.strip_prefix("Bearer "));
            let principal = token.and_then(|token| host.principals.of_token(token));
            return principal.cloned().ok_or_else(|| {
                Problem::new(StatusCode::UNAUTHORIZED, "the token is not known here")
                    .into_response()
            });
        }
        let peer = ConnectInfo::<Peer>::from_request_parts(parts, host)
            .await
            .map_err(IntoResponse::into_response)?;
        let Some(user) = peer.0.user else {
            let words = "who you are cannot be told; send a token";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, words).into_response());
        };
        Ok(Self {
            name: format!("local user {user}"),
            role: Role::AgencyAdmin,
            clients: BTreeSet::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principals() -> Principals {
        let anna = Principal {
            name: "anna".into(),
            role: Role::AgencyOperator,
            clients: BTreeSet::from([ClientId::new("rossi").unwrap()]),
        };
        Principals::new(vec![(SecretString::from("token-of-anna"), anna)])
    }

    #[test]
    fn a_token_is_its_principals_alone() {
        let principals = principals();
        assert_eq!(principals.of_token("token-of-anna").unwrap().name, "anna");
        for wrong in ["", "token-of-ann", "token-of-anna2", "TOKEN-OF-ANNA"] {
            assert!(principals.of_token(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_operator_sees_the_clients_named_and_no_other() {
        let principals = principals();
        let anna = principals.of_token("token-of-anna").unwrap();
        assert!(anna.may_see(&ClientId::new("rossi").unwrap()));
        assert!(!anna.may_see(&ClientId::new("bianchi").unwrap()));
    }

    #[test]
    fn who_may_approve() {
        let rossi = ClientId::new("rossi").unwrap();
        let bianchi = ClientId::new("bianchi").unwrap();
        for (role, theirs, of_others) in [
            (Role::AgencyAdmin, true, true),
            (Role::MerchantOwner, true, false),
            (Role::AgencyOperator, false, false),
            (Role::Accountant, false, false),
        ] {
            let clients = BTreeSet::from([rossi.clone()]);
            let principal = Principal { name: "x".into(), role, clients };
            assert_eq!(principal.may_approve(&rossi), theirs, "{role:?}");
            assert_eq!(principal.may_approve(&bianchi), of_others, "{role:?}");
        }
    }

    #[test]
    fn tokens_are_never_shown() {
        assert!(!format!("{:?}", principals()).contains("token-of"));
    }
}
