//! Secrets, by reference to where they are: a configuration file never holds one.
//!
//! No message repeats what stands where a reference should be, since that may be the secret
//! itself, pasted into the wrong place.

use std::{fs, path::Path};

use secrecy::SecretString;

use super::{
    limits::SECRET_BYTES_MAX,
    mistake::Wrong,
    reader::{Node, Place, Section},
    source::read_limited,
};

const REFERENCE_FIX: &str = "write { env = \"NAME_OF_A_VARIABLE\" } or { file = \"secrets/name\" }";

const HOST_REFERENCE_FIX: &str =
    "write { env = \"NAME_OF_A_VARIABLE\", host = \"api.example.com\" }, or `file` for `env`";

/// Where references lead.
#[derive(Clone, Copy)]
pub(super) struct Secrets<'a> {
    /// The folder of the host's file.
    pub(super) base: &'a Path,
    /// The variables of the environment.
    pub(super) environment: &'a dyn Fn(&str) -> Option<String>,
}

impl Secrets<'_> {
    /// Follows a reference.
    pub(super) fn follow(self, node: &Node<'_>) -> Option<SecretString> {
        let is_reference = self.is_reference(node, None, REFERENCE_FIX);
        is_reference.then(|| node.table(|section| self.read(section)))??
    }

    /// Follows a reference that also names the host which the secret is for; what is written of the
    /// host comes back as it is.
    pub(super) fn follow_to_host<'a>(
        self,
        node: &Node<'a>,
    ) -> Option<(Option<SecretString>, Option<Node<'a>>)> {
        let is_reference = self.is_reference(node, Some("host"), HOST_REFERENCE_FIX);
        is_reference.then(|| node.table(|section| (self.read(section), section.may("host"))))?
    }

    /// Whether a value has the keys of a reference, and this one if it needs one more.
    fn is_reference(self, node: &Node<'_>, further: Option<&str>, fix: &str) -> bool {
        if node.value.is_str() {
            node.place.mistake("a secret does not belong into this file", fix);
            return false;
        }
        let Some(table) = node.value.as_table() else {
            return true;
        };
        // Said here, as the reader repeats keys it does not know.
        let has = |key: &str| table.contains_key(key);
        let keys = 1 + usize::from(further.is_some());
        let is_good =
            table.len() == keys && further.is_none_or(has) && ["env", "file"].into_iter().any(has);
        if !is_good {
            let message = match further {
                None => "a reference has one key, `env` or `file`",
                Some(_) => "it has two keys: `env` or `file`, and `host`",
            };
            node.place.mistake(message, fix);
        }
        is_good
    }

    fn read(self, section: &mut Section<'_>) -> Option<SecretString> {
        let mut named = |key| section.may(key).and_then(|node| Some((node.text()?, node.place)));
        match (named("env"), named("file")) {
            (Some((name, place)), None) => self.read_variable(name, &place),
            (None, Some((name, place))) => self.read_file(name, &place),
            _ => None,
        }
    }

    fn read_variable(self, name: &str, place: &Place<'_>) -> Option<SecretString> {
        // Names are written in capitals nearly always, keys of shops never.
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let is_name = name.bytes().all(plain)
            && name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
        if !is_name {
            let message = "not the name of an environment variable";
            place.mistake(message, "name one, in capitals: { env = \"ROSSI_MILANO_KEY\" }");
            return None;
        }
        let Some(text) = (self.environment)(name) else {
            let message = format!("the environment variable `{name}` is not set");
            place.mistake(message, "set it for the process that runs fondaco");
            return None;
        };
        usable(text, &format!("the environment variable `{name}`"), place)
    }

    fn read_file(self, name: &str, place: &Place<'_>) -> Option<SecretString> {
        let file = self.base.join(name);
        if let Err(error) = fs::metadata(&file) {
            let folder = std::path::absolute(self.base).unwrap_or_else(|_| self.base.to_owned());
            let message = format!(
                "the file named here, seen from `{}`, is not there: {error}",
                folder.display()
            );
            place.mistake(message, "put it there, or correct the name");
            return None;
        }
        let shown = format!("`{}`", file.display());
        let limit = u64::try_from(SECRET_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2);
        let text = read_limited(&file, limit).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|_| {
                Wrong::new(format!("{shown} is not UTF-8 text"), "write the secret alone into it")
            })
        });
        match text {
            Ok(text) => {
                warn_if_open(&file, place);
                usable(text, &shown, place)
            }
            Err(wrong) => {
                place.wrong(wrong);
                None
            }
        }
    }
}

/// Takes a secret without the line end an editor put behind it.
fn usable(text: String, from: &str, place: &Place<'_>) -> Option<SecretString> {
    let text = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    let wrong = if text.is_empty() {
        Some(("is empty", "put the secret into it"))
    } else if text.len() > SECRET_BYTES_MAX {
        Some(("is too long for a secret", "put the secret alone into it"))
    } else if text.trim() != text || text.chars().any(char::is_control) {
        let message = "holds spaces around the secret, or more than one line";
        Some((message, "put the secret alone into it"))
    } else {
        None
    };
    if let Some((message, fix)) = wrong {
        place.mistake(format!("{from} {message}"), fix);
        return None;
    }
    Some(SecretString::from(text))
}

/// A warning and not a mistake: container platforms mount secrets with such modes, in places only
/// the container sees.
#[cfg(unix)]
fn warn_if_open(file: &Path, place: &Place<'_>) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(facts) = fs::metadata(file) else {
        return;
    };
    if facts.permissions().mode() & 0o007 != 0 {
        let shown = file.display();
        let message = format!("every user of this machine can get at `{shown}`");
        place.warning(message, format!("chmod 600 {shown}"));
    }
}

#[cfg(not(unix))]
fn warn_if_open(_file: &Path, _place: &Place<'_>) {}
