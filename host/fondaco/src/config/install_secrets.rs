//! Secrets of an install: what the host puts into a module's HTTP requests, and towards which host.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_egress::Secret;
use fondaco_model::{InstallId, http::HostPattern};
use fondaco_sandbox::manifest::covers;
use secrecy::SecretString;

use super::{
    limits::SECRETS_MAX,
    mistake::Wrong,
    reader::{Node, Place},
    secret::Secrets,
};

/// A secret of an install. The module never sees it: it writes `{secret:name}` into a header, and
/// the host puts the secret there.
#[derive(Debug, Clone)]
pub struct InstallSecret {
    /// The secret.
    pub value: SecretString,
    /// Where it may go.
    pub host: HostPattern,
}

/// Reads the secrets of an install. `granted` are the hosts that its module may reach, as far as
/// they could be read.
pub(super) fn read_secrets(
    node: Option<&Node<'_>>,
    secrets: Secrets<'_>,
    granted: Option<&BTreeSet<HostPattern>>,
) -> Option<BTreeMap<String, InstallSecret>> {
    let Some(node) = node else {
        return Some(BTreeMap::new());
    };
    node.table(|section| {
        let all = section.all();
        if all.len() > SECRETS_MAX {
            let message =
                format!("{} secrets, and an install has at most {SECRETS_MAX}", all.len());
            section.place.mistake(message, "remove some");
            return None;
        }
        let count = all.len();
        let read = |(name, place, node): (&str, Place<'_>, Node<'_>)| {
            let name = secret_name(name, &place);
            let secret = read_secret(&node, secrets, granted);
            Some((name?, secret?))
        };
        // Every one is read, so that every mistake is found.
        let read: BTreeMap<String, InstallSecret> = all.into_iter().filter_map(read).collect();
        (read.len() == count).then_some(read)
    })?
}

fn secret_name(name: &str, place: &Place<'_>) -> Option<String> {
    // The rule for names is the same for everything that has one.
    match InstallId::new(name) {
        Ok(name) => Some(name.into()),
        Err(error) => {
            let fix = "rename it; the plugin writes {secret:name}";
            place.mistake(error.to_string(), fix);
            None
        }
    }
}

fn read_secret(
    node: &Node<'_>,
    secrets: Secrets<'_>,
    granted: Option<&BTreeSet<HostPattern>>,
) -> Option<InstallSecret> {
    let (value, host) = secrets.follow_to_host(node)?;
    let host = host.and_then(|node| {
        node.parse(|text| {
            let host: HostPattern = text.parse().map_err(|error| {
                let error: fondaco_model::http::HostPatternError = error;
                Wrong::new(error.to_string(), "write the one host that may see the secret")
            })?;
            let is_granted =
                granted.is_none_or(|granted| granted.iter().any(|wide| covers(wide, &host)));
            if is_granted {
                return Ok(host);
            }
            let message = format!("the module may not reach `{host}`, so the secret goes nowhere");
            Err(Wrong::new(message, format!("add \"{host}\" to `http-hosts`, or correct it")))
        })
    });
    let secret = InstallSecret { value: value?, host: host? };
    // What the header of a request cannot hold is told here, and not when the host starts.
    if let Err(error) = Secret::new(secret.value.clone(), secret.host.clone()) {
        let fix = "put the secret alone, as its server gave it, into its variable or file";
        node.place.mistake(format!("it cannot be put into a request: {error}"), fix);
        return None;
    }
    Some(secret)
}
