//! What a component shows to the outside, read from its bytes.

use wasmparser::{
    ComponentExternalKind, Encoding, Instance, Parser, Payload, Validator, WasmFeatures,
};

use super::LoadError;
use crate::{
    limits,
    manifest::{MANIFEST_SECTION, SETTINGS_SCHEMA_SECTION},
};

/// What WebAssembly begins with.
const MAGIC: &[u8] = b"\0asm";

/// What a component shows to the outside.
#[derive(Default)]
pub(super) struct Outside<'a> {
    pub imports: Vec<&'a str>,
    pub exports: Vec<&'a str>,
    pub core_instances: u32,
    manifest: Option<Result<&'a [u8], ()>>,
    settings_schema: Option<Result<&'a [u8], ()>>,
    /// How many modules and components are open around what is read.
    depth: usize,
}

impl<'a> Outside<'a> {
    /// Reads a component and checks all of it, whatever the bytes are.
    pub fn read(component: &'a [u8]) -> Result<Self, LoadError> {
        if component.is_empty() {
            return Err(malformed("it is empty"));
        }
        if !component.starts_with(MAGIC) {
            return Err(malformed("it does not begin as WebAssembly does"));
        }
        let mut outside = Self::default();
        for payload in Parser::new(0).parse_all(component) {
            outside.note(payload.map_err(malformed)?)?;
        }
        Validator::new_with_features(WasmFeatures::default())
            .validate_all(component)
            .map_err(malformed)?;
        Ok(outside)
    }

    /// The manifest's text.
    pub fn manifest(&self) -> Result<&'a str, LoadError> {
        text_of(MANIFEST_SECTION, self.manifest)
    }

    /// The text of the settings' schema.
    pub fn settings_schema(&self) -> Result<&'a str, LoadError> {
        text_of(SETTINGS_SCHEMA_SECTION, self.settings_schema)
    }

    fn note(&mut self, payload: Payload<'a>) -> Result<(), LoadError> {
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if self.depth == 0 => {
                return Err(LoadError::NotAComponent);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.depth += 1;
                if self.depth > limits::COMPONENT_DEPTH_MAX {
                    let most = limits::COMPONENT_DEPTH_MAX;
                    return Err(malformed(format!("modules lie more than {most} deep in it")));
                }
            }
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    if matches!(instance.map_err(malformed)?, Instance::Instantiate { .. }) {
                        self.core_instances = self.core_instances.saturating_add(1);
                    }
                }
            }
            // Sections of what is nested inside belong to the language's runtime.
            _ if self.depth > 0 => {}
            Payload::CustomSection(section) => {
                let kept = match section.name() {
                    MANIFEST_SECTION => &mut self.manifest,
                    SETTINGS_SCHEMA_SECTION => &mut self.settings_schema,
                    _ => return Ok(()),
                };
                *kept = Some(if kept.is_none() { Ok(section.data()) } else { Err(()) });
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    self.imports.push(import.map_err(malformed)?.name.name);
                    bounded(&self.imports, "imports")?;
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export.map_err(malformed)?;
                    if export.kind == ComponentExternalKind::Instance {
                        self.exports.push(export.name.name);
                        bounded(&self.exports, "exports")?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn malformed(what: impl ToString) -> LoadError {
    LoadError::Malformed { message: what.to_string() }
}

fn bounded(names: &[&str], what: &str) -> Result<(), LoadError> {
    let most = limits::COMPONENT_NAMES_MAX;
    if names.len() <= most {
        return Ok(());
    }
    Err(malformed(format!("it has more than {most} {what}")))
}

fn text_of<'a>(
    section: &'static str,
    found: Option<Result<&'a [u8], ()>>,
) -> Result<&'a str, LoadError> {
    let bytes = found
        .ok_or(LoadError::NoSection { section })?
        .map_err(|()| LoadError::BadSection { section, message: "is there twice" })?;
    std::str::from_utf8(bytes)
        .map_err(|_| LoadError::BadSection { section, message: "is not UTF-8 text" })
}
