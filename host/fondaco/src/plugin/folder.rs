//! A module's folder: its manifest, its settings' schema and its crate, checked before anything
//! is compiled.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use fondaco_sandbox::limits;
use fondaco_sandbox::manifest::{Manifest, ManifestFile};
use fondaco_sandbox::{LoadError, Mismatch};
use toml::de::DeTable;

use super::package::Package;

/// The manifest's file.
const MANIFEST: &str = "plugin.toml";

/// The file of the settings' JSON Schema.
const SETTINGS_SCHEMA: &str = "settings.schema.json";

/// The schema of a module without settings.
const NO_SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// Something wrong in a module's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The file, or the folder where no single file is to blame.
    path: PathBuf,
    /// The line, counted from 1, where there is one.
    line: Option<usize>,
    /// What is wrong and what to do.
    message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, message } = self;
        match line {
            Some(line) => write!(formatter, "{}:{line}: {message}", path.display()),
            None => write!(formatter, "{}: {message}", path.display()),
        }
    }
}

/// A module's folder in which nothing was found wrong.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The manifest as it is written.
    pub(super) manifest_text: String,
    /// The settings' schema as it is written.
    pub(super) schema_text: String,
    /// The manifest.
    pub(super) manifest: Manifest,
    /// The crate.
    pub(super) package: Package,
}

impl Folder {
    /// Reads a module's folder.
    ///
    /// # Errors
    /// All mistakes that can be seen without compiling.
    pub(super) fn read(path: &Path) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut note = |read: Result<String, Mistake>| match read {
            Ok(text) => Some(text),
            Err(mistake) => {
                mistakes.push(mistake);
                None
            }
        };
        let manifest_text = note(text_of(&path.join(MANIFEST), limits::MANIFEST_BYTES_MAX, None));
        let schema_text = note(text_of(
            &path.join(SETTINGS_SCHEMA),
            limits::SETTINGS_SCHEMA_BYTES_MAX,
            Some(NO_SETTINGS),
        ));
        let manifest = match (&manifest_text, &schema_text) {
            (Some(manifest), Some(schema)) => parse(path, manifest, schema, &mut mistakes),
            _ => None,
        };
        let package = match Package::read(path) {
            Ok(package) => Some(package),
            Err(error) => {
                let message = format!("{error:#}");
                mistakes.push(Mistake { path: path.to_owned(), line: None, message });
                None
            }
        };
        if let (Some(manifest), Some(package), Some(text)) = (&manifest, &package, &manifest_text) {
            mistakes.extend(disagreements(path, text, manifest, package));
        }
        match (manifest_text, schema_text, manifest, package) {
            (Some(manifest_text), Some(schema_text), Some(manifest), Some(package))
                if mistakes.is_empty() =>
            {
                let path = path.to_owned();
                Ok(Self { path, manifest_text, schema_text, manifest, package })
            }
            _ => Err(mistakes),
        }
    }

    /// The mistakes that make the sandbox refuse the component made from this folder.
    pub(super) fn refused(&self, error: &LoadError) -> Vec<Mistake> {
        let LoadError::Refused(mismatches) = error else {
            return vec![self.mistake(error.to_string())];
        };
        let mistake = |mismatch: &Mismatch| {
            let message = mismatch.to_string();
            match mismatch.manifest_key() {
                Some(key) => self.manifest_mistake(key, message),
                None => self.mistake(message),
            }
        };
        mismatches.iter().map(mistake).collect()
    }

    /// A reason for what the module does not import tells merchants of a power it does not have.
    pub(super) fn idle_reason(&self, interface: &str) -> Mistake {
        let message =
            format!("there is a reason for `{interface}`, which the module never calls; remove it");
        self.manifest_mistake("reasons", message)
    }

    /// Something wrong with the module as a whole.
    pub(super) fn mistake(&self, message: String) -> Mistake {
        Mistake { path: self.path.clone(), line: None, message }
    }

    fn manifest_mistake(&self, key: &str, message: String) -> Mistake {
        let line = line_of(&self.manifest_text, key);
        Mistake { path: self.path.join(MANIFEST), line, message }
    }
}

/// Finds modules that would be written to the same file.
pub(super) fn same_ids(folders: &[Folder]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (index, folder) in folders.iter().enumerate() {
        let id = &folder.manifest.id;
        let earlier = folders.iter().take(index).find(|other| other.manifest.id == *id);
        if let Some(earlier) = earlier {
            let message = format!("`{id}` is the id of {} as well", earlier.path.display());
            mistakes.push(folder.manifest_mistake("id", message));
        }
    }
    mistakes
}

fn text_of(path: &Path, bytes_max: usize, otherwise: Option<&str>) -> Result<String, Mistake> {
    let mistake = |message| Mistake { path: path.to_owned(), line: None, message };
    match (fs::metadata(path), otherwise) {
        (Err(error), Some(otherwise)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(otherwise.to_owned());
        }
        (Ok(file), _) if file.len() > bytes_max as u64 => {
            let bytes = file.len();
            return Err(mistake(format!("is {bytes} bytes long; {bytes_max} is the most")));
        }
        _ => {}
    }
    fs::read_to_string(path).map_err(|error| mistake(format!("cannot be read: {error}")))
}

fn parse(
    path: &Path,
    manifest: &str,
    schema: &str,
    mistakes: &mut Vec<Mistake>,
) -> Option<Manifest> {
    match Manifest::parse(manifest, schema) {
        Ok(manifest) => Some(manifest),
        Err(errors) => {
            mistakes.extend(errors.0.into_iter().map(|mistake| {
                let file = match mistake.file {
                    ManifestFile::Manifest => MANIFEST,
                    ManifestFile::SettingsSchema => SETTINGS_SCHEMA,
                };
                let path = path.join(file);
                Mistake { path, line: mistake.line, message: mistake.message }
            }));
            None
        }
    }
}

/// What the manifest says otherwise than the crate.
fn disagreements(path: &Path, text: &str, manifest: &Manifest, package: &Package) -> Vec<Mistake> {
    let version = manifest.version.to_string();
    let pairs = [
        ("id", "name", &manifest.id, &package.name),
        ("version", "version", &version, &package.version),
    ];
    let differing = pairs.into_iter().filter(|(_, _, here, there)| here != there);
    let mistake = |(key, cargo_key, here, there): (&str, &str, &String, &String)| Mistake {
        path: path.join(MANIFEST),
        line: line_of(text, key),
        message: format!(
            "`{key}` is `{here}`, and `{cargo_key}` in Cargo.toml is `{there}`; make them the same"
        ),
    };
    differing.map(mistake).collect()
}

/// The line of a top-level key in `plugin.toml`; the first line if it is not there.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let (table, _) = DeTable::parse_recoverable(text);
    let entry = table.get_ref().iter().find(|(found, _)| found.get_ref().as_ref() == key);
    let start = entry.map_or(0, |(found, _)| found.span().start);
    let before = text.get(..start)?;
    Some(before.bytes().filter(|byte| *byte == b'\n').count() + 1)
}
