//! What a component is, read from its bytes without compiling it.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload, Validator, WasmFeatures};

use crate::{
    Hook, Manifest,
    contract::{InterfaceName, PACKAGE, VERSION},
    grants::{ALWAYS_THERE, Grants},
    limits,
    manifest::{MANIFEST_SECTION, ManifestErrors, SETTINGS_SCHEMA_SECTION},
};

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
}

impl Inspection {
    /// The interfaces it imports that need a grant.
    pub fn needed_grants(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(String::as_str).filter(|name| Grants::is_grantable(name))
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

/// Something a component wants that it cannot have, or that its manifest says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// It imports an interface that the client did not grant.
    #[error(
        "component imports `{import}`, which is not granted; \
         add \"{interface}\" to `grants` of this install"
    )]
    NotGranted {
        /// As the component names it.
        import: String,
        /// As the client's file names it.
        interface: String,
    },
    /// It imports something that this host does not have.
    #[error("component imports `{import}`, which this host does not have")]
    UnknownImport {
        /// As the component names it.
        import: String,
    },
    /// It exports an interface of the contract that is no hook.
    #[error(
        "component exports `{export}`, which is no hook of this host; \
         hooks are `on-order`, `on-stock`, `on-schedule` and `on-outcome`"
    )]
    UnknownExport {
        /// As the component names it.
        export: String,
    },
    /// It was built for another version of the contract.
    #[error(
        "component uses `{name}`, and this host serves {PACKAGE}@{VERSION}; \
         build it with that version of the contract"
    )]
    OtherVersion {
        /// As the component names it.
        name: String,
    },
    /// It hears nothing.
    #[error(
        "component exports no hook, so it would never be called; \
         export `on-order`, `on-stock`, `on-schedule` or `on-outcome`"
    )]
    NoHook,
    /// Its manifest does not say why it needs an interface.
    #[error(
        "plugin.toml gives no reason for `{interface}`, which the component imports; \
         add `{interface} = {{ en = \"…\", it = \"…\" }}` to [reasons]"
    )]
    NoReason {
        /// The interface.
        interface: String,
    },
    /// It has schedules and does not hear them.
    #[error("plugin.toml lists [[schedules]], and the component does not export `on-schedule`")]
    ScheduleUnheard,
    /// It hears schedules and has none.
    #[error("component exports `on-schedule`, and plugin.toml lists no [[schedules]]")]
    NoSchedule,
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

/// Like [`inspect`], and lists what the client would have to grant as well.
pub(crate) fn inspect_granted(component: &[u8], grants: &Grants) -> Result<Inspection, LoadError> {
    let (inspection, mut mismatches) = examine(component)?;
    for interface in inspection.needed_grants().filter(|name| !grants.contains(name)) {
        let (import, interface) = (crate::contract::full_name(interface), interface.to_owned());
        mismatches.push(Mismatch::NotGranted { import, interface });
    }
    if mismatches.is_empty() { Ok(inspection) } else { Err(LoadError::Refused(mismatches)) }
}

fn examine(component: &[u8]) -> Result<(Inspection, Vec<Mismatch>), LoadError> {
    let limit = limits::COMPONENT_BYTES_MAX;
    if component.len() > limit {
        return Err(LoadError::TooLarge { bytes: component.len(), limit });
    }
    let outside = Outside::read(component)?;
    let manifest = section(MANIFEST_SECTION, outside.manifest)?;
    let schema = section(SETTINGS_SCHEMA_SECTION, outside.settings_schema)?;
    let manifest = Manifest::parse(manifest, schema).map_err(LoadError::Manifest)?;
    let mut mismatches = Vec::new();
    let imports = imports(&outside.imports, &mut mismatches);
    let hooks = hooks(&outside.exports, &mut mismatches);
    for interface in imports.iter().filter(|name| Grants::is_grantable(name)) {
        if !manifest.reasons.contains_key(interface) {
            mismatches.push(Mismatch::NoReason { interface: interface.clone() });
        }
    }
    match (hooks.contains(&Hook::Schedule), manifest.schedules.is_empty()) {
        (true, true) => mismatches.push(Mismatch::NoSchedule),
        (false, false) => mismatches.push(Mismatch::ScheduleUnheard),
        _ => {}
    }
    let (digest, bytes) = (digest(component), component.len());
    Ok((Inspection { manifest, digest, bytes, imports, hooks }, mismatches))
}

fn imports(names: &[&str], mismatches: &mut Vec<Mismatch>) -> BTreeSet<String> {
    let mut imports = BTreeSet::new();
    for import in names {
        match InterfaceName::parse(import) {
            Some(name) if !name.is_served() => {
                mismatches.push(Mismatch::OtherVersion { name: (*import).to_owned() });
            }
            Some(name)
                if ALWAYS_THERE.contains(&name.interface)
                    || Grants::is_grantable(name.interface) =>
            {
                imports.insert(name.interface.to_owned());
            }
            _ => mismatches.push(Mismatch::UnknownImport { import: (*import).to_owned() }),
        }
    }
    imports
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

fn section<'a>(
    section: &'static str,
    found: Option<Result<&'a [u8], ()>>,
) -> Result<&'a str, LoadError> {
    let bytes = found
        .ok_or(LoadError::NoSection { section })?
        .map_err(|()| LoadError::BadSection { section, message: "is there twice" })?;
    std::str::from_utf8(bytes)
        .map_err(|_| LoadError::BadSection { section, message: "is not UTF-8 text" })
}

fn digest(component: &[u8]) -> String {
    let hex = |byte: &u8| format!("{byte:02x}");
    let hex: String = Sha256::digest(component).iter().map(hex).collect();
    format!("sha256:{hex}")
}

/// What a component shows to the outside.
#[derive(Default)]
struct Outside<'a> {
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
    manifest: Option<Result<&'a [u8], ()>>,
    settings_schema: Option<Result<&'a [u8], ()>>,
}

impl<'a> Outside<'a> {
    fn read(component: &'a [u8]) -> Result<Self, LoadError> {
        if component.is_empty() {
            return Err(LoadError::Malformed { message: "it is empty".to_owned() });
        }
        let malformed = |error: wasmparser::BinaryReaderError| LoadError::Malformed {
            message: error.to_string(),
        };
        let mut outside = Self::default();
        // Sections of what is nested inside belong to the language's runtime.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(malformed)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(LoadError::NotAComponent);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) if depth == 0 => {
                    let kept = match section.name() {
                        MANIFEST_SECTION => &mut outside.manifest,
                        SETTINGS_SCHEMA_SECTION => &mut outside.settings_schema,
                        _ => continue,
                    };
                    *kept = Some(if kept.is_none() { Ok(section.data()) } else { Err(()) });
                }
                Payload::ComponentImportSection(imports) if depth == 0 => {
                    for import in imports {
                        outside.imports.push(import.map_err(malformed)?.name.name);
                    }
                }
                Payload::ComponentExportSection(exports) if depth == 0 => {
                    for export in exports {
                        let export = export.map_err(malformed)?;
                        if export.kind == ComponentExternalKind::Instance {
                            outside.exports.push(export.name.name);
                        }
                    }
                }
                _ => {}
            }
        }
        Validator::new_with_features(WasmFeatures::default())
            .validate_all(component)
            .map_err(malformed)?;
        Ok(outside)
    }
}
