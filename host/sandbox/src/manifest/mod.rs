//! What a module says of itself: `plugin.toml` and the JSON Schema of its settings.
//!
//! Both are kept in the component as custom sections, as they were written, so that one file is
//! the whole module. Reading finds every mistake in one go, each with its line where it has one.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use fondaco_model::action::Localised;
use semver::Version;
use serde_json::Value;

mod read;
mod settings;

pub use settings::SettingsMistake;

/// The custom section with `plugin.toml`.
pub const MANIFEST_SECTION: &str = "fondaco:manifest";
/// The custom section with the settings' JSON Schema.
pub const SETTINGS_SCHEMA_SECTION: &str = "fondaco:settings-schema";

/// What a module says of itself.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Its name: lower-case letters, digits and hyphens.
    pub id: String,
    /// Its version.
    pub version: Version,
    /// The version of what it keeps in its state. Another number means that what an older version
    /// kept cannot be read as it is.
    pub state_schema: u32,
    /// The area of competence it belongs to, such as `logistics`.
    pub area: String,
    /// What it is called.
    pub title: Localised,
    /// What it does, for a merchant.
    pub description: Localised,
    /// Why it needs what it imports, by the name of the interface.
    pub reasons: BTreeMap<String, Localised>,
    /// When it wants to be called without anything having happened.
    pub schedules: Vec<Schedule>,
    /// Limits it puts on itself.
    pub limits: ManifestLimits,
    settings: Arc<settings::SettingsSchema>,
}

/// A schedule of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name, which comes with each tick.
    pub name: String,
    /// The time between two ticks.
    pub every: Duration,
}

/// Limits a module puts on its own runs. They can lower the host's, never raise them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ManifestLimits {
    /// Fuel of a run.
    pub fuel: Option<u64>,
    /// Time of a run, in milliseconds.
    pub wall_ms: Option<u64>,
}

/// Which of the two texts a mistake is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManifestFile {
    /// `plugin.toml`.
    Manifest,
    /// The settings' JSON Schema.
    SettingsSchema,
}

impl ManifestFile {
    /// What people call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manifest => "plugin.toml",
            Self::SettingsSchema => "the settings schema",
        }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestMistake {
    /// Where.
    pub file: ManifestFile,
    /// On which line, counted from 1, where that can be told.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for ManifestMistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.file.as_str(), self.message),
            None => write!(formatter, "{}: {}", self.file.as_str(), self.message),
        }
    }
}

/// Every mistake that was found, one a line when written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestErrors(pub Vec<ManifestMistake>);

impl fmt::Display for ManifestErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let before = if index == 0 { "" } else { "\n" };
            write!(formatter, "{before}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestErrors {}

impl Manifest {
    /// Reads `plugin.toml` and the settings' JSON Schema.
    ///
    /// # Errors
    /// With every mistake in either of them.
    pub fn parse(toml: &str, schema: &str) -> Result<Self, ManifestErrors> {
        let read = read::read(toml);
        let settings = settings::SettingsSchema::parse(schema);
        match (read, settings) {
            (Ok(parts), Ok(settings)) => Ok(Self {
                id: parts.id,
                version: parts.version,
                state_schema: parts.state_schema,
                area: parts.area,
                title: parts.title,
                description: parts.description,
                reasons: parts.reasons,
                schedules: parts.schedules,
                limits: parts.limits,
                settings: Arc::new(settings),
            }),
            (read, settings) => {
                let mistakes = read.err().into_iter().chain(settings.err()).flatten().collect();
                Err(ManifestErrors(mistakes))
            }
        }
    }

    /// The settings' JSON Schema.
    #[must_use]
    pub fn settings_schema(&self) -> &Value {
        self.settings.schema()
    }

    /// The settings of an install: what is given, with the schema's defaults for what is not.
    ///
    /// # Errors
    /// With every mistake in them.
    pub fn settings(&self, given: &Value) -> Result<Value, Vec<SettingsMistake>> {
        self.settings.fill(given)
    }
}

#[cfg(test)]
mod tests;
