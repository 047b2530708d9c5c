//! Secrets: into the headers of a request, and out of what comes back.

use base64::{Engine as _, engine::general_purpose};
use fondaco_model::http::HttpFailure;
use secrecy::zeroize::Zeroizing;
use url::form_urlencoded;

use crate::{
    failure::{malformed, refused},
    policy::EgressPolicy,
};

const OPENING: &str = "{secret:";
const CLOSING: char = '}';

/// Whether a header's value has a placeholder, or the beginning of one.
pub(crate) fn has_placeholder(value: &str) -> bool {
    value.contains(OPENING)
}

/// The value with its placeholders replaced. What is inserted is not looked at again.
pub(crate) fn filled(
    value: &str,
    host: &str,
    policy: &EgressPolicy,
) -> Result<Zeroizing<String>, HttpFailure> {
    let mut filled = Zeroizing::new(String::new());
    let mut rest = value;
    while let Some((before, placeholder)) = rest.split_once(OPENING) {
        let closed = placeholder.split_once(CLOSING);
        let (name, after) = closed
            .ok_or_else(|| malformed("a placeholder is not closed; write it as `{secret:name}`"))?;
        let secret = policy.secrets().get(name).ok_or_else(|| {
            refused(format!("there is no secret `{name}`; the client's file must have it"))
        })?;
        if !secret.host().matches(host) {
            return Err(refused(format!(
                "the secret `{name}` is for `{}` and not for `{host}`",
                secret.host()
            )));
        }
        filled.push_str(before);
        filled.push_str(secret.expose());
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Puts the placeholder wherever a secret comes back: as it is, or as JSON, URLs, HTML forms and
/// Base64 write it. This keeps secrets from being handed on by accident. A server that is told a
/// secret can always hand it on in some other form.
pub(crate) struct Scrubber {
    /// What is looked for, the longest first, and what takes its place.
    known: Vec<(Zeroizing<Vec<u8>>, String)>,
    /// Which bytes what is looked for begins with.
    beginnings: [bool; 256],
}

impl Scrubber {
    pub(crate) fn new(policy: &EgressPolicy) -> Self {
        let mut known = Vec::new();
        for (name, secret) in policy.secrets() {
            let placeholder = format!("{OPENING}{name}{CLOSING}");
            known.extend(forms(secret.expose()).map(|form| (form, placeholder.clone())));
        }
        known.sort_by(|(one, _), (other, _)| {
            other.len().cmp(&one.len()).then_with(|| one.as_slice().cmp(other.as_slice()))
        });
        known.dedup_by(|(one, _), (other, _)| one.as_slice() == other.as_slice());
        let mut beginnings = [false; 256];
        for first in known.iter().filter_map(|(form, _)| form.first()) {
            if let Some(begins) = beginnings.get_mut(usize::from(*first)) {
                *begins = true;
            }
        }
        Self { known, beginnings }
    }

    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        if self.known.is_empty() {
            return bytes;
        }
        let mut scrubbed = Vec::with_capacity(bytes.len());
        let mut rest = bytes.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let begins = self.beginnings.get(usize::from(*first)).copied().unwrap_or_default();
            let found = begins.then(|| self.known.iter().find(|(form, _)| rest.starts_with(form)));
            if let Some((form, placeholder)) = found.flatten() {
                scrubbed.extend_from_slice(placeholder.as_bytes());
                rest = rest.get(form.len()..).unwrap_or_default();
            } else {
                scrubbed.push(*first);
                rest = after;
            }
        }
        scrubbed
    }

    pub(crate) fn text(&self, text: &str) -> String {
        // Forms and placeholders are whole characters, so what was text is text.
        String::from_utf8_lossy(&self.bytes(text.as_bytes().to_vec())).into_owned()
    }
}

/// How a secret may be written.
fn forms(secret: &str) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let bytes = secret.as_bytes();
    let written = [
        secret.to_owned(),
        json.replace('/', "\\/"),
        json,
        form.replace('+', "%20"),
        lower_case_escapes(&form),
        form,
        general_purpose::STANDARD_NO_PAD.encode(bytes),
        general_purpose::URL_SAFE_NO_PAD.encode(bytes),
    ];
    written.into_iter().map(|form| Zeroizing::new(form.into_bytes()))
}

fn lower_case_escapes(form: &str) -> String {
    let mut parts = form.split('%');
    let mut lowered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escape, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lowered.push('%');
        lowered.push_str(&escape.to_ascii_lowercase());
        lowered.push_str(rest);
    }
    lowered
}

#[cfg(test)]
mod tests;
