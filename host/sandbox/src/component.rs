//! What a component is, read from its bytes without compiling it.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::{
    Hook, Manifest,
    contract::InterfaceName,
    grants::{ALWAYS_THERE, Asked, Grants},
    limits,
    manifest::{Direction, ManifestErrors},
};

mod mismatch;
mod outside;
mod wasi;

pub use mismatch::Mismatch;
use outside::Outside;

/// What a component says of itself.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Its manifest.
    pub manifest: Manifest,
    /// `sha256:` and the hexadecimal digest of the component's bytes.
    pub digest: String,
    /// Its size, in bytes.
    pub bytes: usize,
    /// The interfaces of the contract it imports, such as `change-stock`.
    pub imports: BTreeSet<String>,
    /// The hooks it exports.
    pub hooks: BTreeSet<Hook>,
    /// Whether it imports anything of WASI, as the runtimes of most languages do.
    pub wasi: bool,
    /// Core instances it says it is made of. Those of a component within it count once, however
    /// often that is instantiated.
    pub core_instances: u32,
}

impl Inspection {
    /// The interfaces it imports that need a grant.
    pub fn needed_grants(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(String::as_str).filter(|name| Grants::is_grantable(name))
    }

    /// Everything it asks for that a client has to grant.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<Asked> {
        let Manifest { http_hosts, personal_fields, signals, .. } = &self.manifest;
        let interfaces = self.needed_grants().map(|name| Asked::Interface(name.to_owned()));
        let hosts = http_hosts.iter().cloned().map(Asked::HttpHost);
        let fields = personal_fields.iter().copied().map(Asked::PersonalField);
        let signals = signals.iter().map(|signal| match signal.direction {
            Direction::Sends => Asked::SendSignal(signal.name.clone()),
            Direction::Hears => Asked::HearSignal(signal.name.clone()),
        });
        interfaces.chain(hosts).chain(fields).chain(signals).collect()
    }

    /// What it may do: what it asks for, as far as the client granted it.
    #[must_use]
    pub fn effective(&self, grants: &Grants) -> Grants {
        grants.held_to(&self.asked())
    }
}

/// Why a component cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is too large.
    #[error("the component is {bytes} bytes long; {limit} is the most")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest there may be.
        limit: usize,
    },
    /// It is cut off, damaged, or no Wasm at all.
    #[error("the file is no valid component; build it with `fondaco plugin build`: {message}")]
    Malformed {
        /// What is wrong with it.
        message: String,
    },
    /// It is a core module.
    #[error("the file is a core module, not a component; build it with `fondaco plugin build`")]
    NotAComponent,
    /// A part that `fondaco plugin build` puts in is missing.
    #[error("the component has no section `{section}`; build it with `fondaco plugin build`")]
    NoSection {
        /// The custom section.
        section: &'static str,
    },
    /// A part that `fondaco plugin build` puts in cannot be read.
    #[error("the section `{section}` of the component {message}")]
    BadSection {
        /// The custom section.
        section: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// Its manifest has mistakes.
    #[error("{0}")]
    Manifest(ManifestErrors),
    /// It wants what it cannot have, or is not what its manifest says.
    #[error("{}", join(.0))]
    Refused(Vec<Mismatch>),
    /// It could not be compiled, or its types are not the contract's.
    #[error("the component cannot be compiled for this host: {message}")]
    Compile {
        /// What is wrong with it.
        message: String,
    },
}

fn join(mismatches: &[Mismatch]) -> String {
    mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads a component's manifest and type, without compiling it.
///
/// # Errors
/// If it is no component, lacks its manifest, hears nothing, wants what no host of this version
/// has, or is not what its manifest says.
pub fn inspect(component: &[u8]) -> Result<Inspection, LoadError> {
    let (inspection, mismatches) = examine(component)?;
    if mismatches.is_empty() { Ok(inspection) } else { Err(LoadError::Refused(mismatches)) }
}

/// What a component asks for and the client did not grant.
pub(crate) fn missing_grants(inspection: &Inspection, grants: &Grants) -> Vec<Mismatch> {
    let asked = inspection.asked();
    let missing: Vec<&Asked> = asked.iter().filter(|asked| !grants.allows(asked)).collect();
    let mismatch = |asked: &&Asked| {
        let of_its_kind = missing.iter().copied().filter(|other| other.key() == asked.key());
        let line = grants.line_for(of_its_kind);
        Mismatch::NotGranted { asked: (*asked).clone(), line }
    };
    missing.iter().map(mismatch).collect()
}

fn examine(component: &[u8]) -> Result<(Inspection, Vec<Mismatch>), LoadError> {
    let limit = limits::COMPONENT_BYTES_MAX;
    if component.len() > limit {
        return Err(LoadError::TooLarge { bytes: component.len(), limit });
    }
    let outside = Outside::read(component)?;
    let manifest = Manifest::parse(outside.manifest()?, outside.settings_schema()?)
        .map_err(LoadError::Manifest)?;
    let mut mismatches = Vec::new();
    let (imports, wasi) = imports(&outside.imports, &mut mismatches);
    let hooks = hooks(&outside.exports, &mut mismatches);
    let (digest, bytes) = (digest(component), component.len());
    let core_instances = outside.core_instances;
    let inspection = Inspection { manifest, digest, bytes, imports, hooks, wasi, core_instances };
    disagreements(&inspection, &mut mismatches);
    Ok((inspection, mismatches))
}

/// Where the manifest says otherwise than the component's type.
fn disagreements(inspection: &Inspection, mismatches: &mut Vec<Mismatch>) {
    let Inspection { manifest, hooks, .. } = inspection;
    let imports = |name: &str| inspection.imports.contains(name);
    for interface in inspection.needed_grants() {
        if !manifest.reasons.contains_key(interface) {
            mismatches.push(Mismatch::NoReason { interface: interface.to_owned() });
        }
    }
    match (hooks.contains(&Hook::Schedule), manifest.schedules.is_empty()) {
        (true, true) => mismatches.push(Mismatch::NoSchedule),
        (false, false) => mismatches.push(Mismatch::ScheduleUnheard),
        _ => {}
    }
    let http = ["http-get", "http-request"].into_iter().find(|name| imports(name));
    match (http, manifest.http_hosts.is_empty()) {
        (Some(interface), true) => {
            mismatches.push(Mismatch::NoHttpHosts { interface: interface.to_owned() });
        }
        (None, false) => mismatches.push(Mismatch::HttpHostsUnused),
        _ => {}
    }
    if !manifest.personal_fields.is_empty() && !imports("people") {
        mismatches.push(Mismatch::PersonalFieldsUnused);
    }
    for hook in manifest.subscriptions.keys().filter(|hook| !hooks.contains(hook)) {
        mismatches.push(Mismatch::SubscriptionUnheard { hook: *hook });
    }
    signal_disagreements(inspection, mismatches);
    if !manifest.kpis.is_empty() && !imports("record-metric") {
        mismatches.push(Mismatch::KpisUnrecorded);
    }
}

fn signal_disagreements(inspection: &Inspection, mismatches: &mut Vec<Mismatch>) {
    let of = |direction: Direction| {
        let signals = inspection.manifest.signals.iter();
        signals.filter(move |signal| signal.direction == direction).map(|signal| &signal.name)
    };
    let (sends, hears) = (of(Direction::Sends), of(Direction::Hears));
    let can_hear = inspection.hooks.contains(&Hook::Signal);
    match (inspection.imports.contains("signal"), of(Direction::Sends).next().is_some()) {
        (true, false) => mismatches.push(Mismatch::NoSignalSent),
        (false, true) => {
            mismatches.extend(sends.map(|name| Mismatch::SignalUnsent { name: name.clone() }));
        }
        _ => {}
    }
    match (can_hear, of(Direction::Hears).next().is_some()) {
        (true, false) => mismatches.push(Mismatch::NoSignalHeard),
        (false, true) => {
            mismatches.extend(hears.map(|name| Mismatch::SignalUnheard { name: name.clone() }));
        }
        _ => {}
    }
}

/// The interfaces of the contract among these names, and whether any other is of WASI.
fn imports(names: &[&str], mismatches: &mut Vec<Mismatch>) -> (BTreeSet<String>, bool) {
    let mut imports = BTreeSet::new();
    let mut wasi = false;
    for import in names {
        let import = *import;
        match (InterfaceName::parse(import), wasi::is_linked(import)) {
            (Some(name), _) if !name.is_served() => {
                mismatches.push(Mismatch::OtherVersion { name: import.to_owned() });
            }
            (Some(name), _)
                if ALWAYS_THERE.contains(&name.interface)
                    || Grants::is_grantable(name.interface) =>
            {
                imports.insert(name.interface.to_owned());
            }
            (None, Some(true)) => wasi = true,
            (None, Some(false)) => {
                mismatches.push(Mismatch::UnknownWasi { import: import.to_owned() });
            }
            _ => mismatches.push(Mismatch::UnknownImport { import: import.to_owned() }),
        }
    }
    (imports, wasi)
}

fn hooks(names: &[&str], mismatches: &mut Vec<Mismatch>) -> BTreeSet<Hook> {
    let mut hooks = BTreeSet::new();
    let before = mismatches.len();
    for export in names {
        // What is not of the contract is the business of the language's runtime: nobody calls it.
        let Some(name) = InterfaceName::parse(export) else {
            continue;
        };
        match Hook::from_name(name.interface) {
            Some(_) if !name.is_served() => {
                mismatches.push(Mismatch::OtherVersion { name: (*export).to_owned() });
            }
            Some(hook) => {
                hooks.insert(hook);
            }
            None => mismatches.push(Mismatch::UnknownExport { export: (*export).to_owned() }),
        }
    }
    if hooks.is_empty() && mismatches.len() == before {
        mismatches.push(Mismatch::NoHook);
    }
    hooks
}

pub(crate) fn digest(component: &[u8]) -> String {
    let hex = |byte: &u8| format!("{byte:02x}");
    let hex: String = Sha256::digest(component).iter().map(hex).collect();
    format!("sha256:{hex}")
}

#[cfg(test)]
pub(crate) mod tests;
