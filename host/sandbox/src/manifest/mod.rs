//! What a module says of itself: `plugin.toml` and the JSON Schema of its settings.
//!
//! Both are kept in the component as custom sections, as they were written, so that one file is
//! the whole module. Reading finds every mistake in one go, each with its line where it has one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use fondaco_model::{action::Localised, http::HostPattern, run::Resource, schedule::Schedule};
use semver::Version;
use serde_json::Value;

pub mod diff;
mod kpis;
mod read;
mod reader;
mod schedules;
mod schema;
mod settings;
mod signals;

pub use kpis::{Better, Kpi, KpiUnit};
pub use schedules::beat_in_words;
pub use settings::{Setting, SettingsMistake};
pub use signals::{Direction, Signal};

use crate::Hook;
pub use crate::grants::{Asked, PersonalField, covers};

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
    /// The hosts it reaches over HTTP.
    pub http_hosts: BTreeSet<HostPattern>,
    /// What it reads of people.
    pub personal_fields: BTreeSet<PersonalField>,
    /// How it wants to hear, where that is other than each event at once.
    pub subscriptions: BTreeMap<Hook, Subscription>,
    /// When it wants to be called without anything having happened, by the schedule's name.
    pub schedules: BTreeMap<String, Schedule>,
    /// What it tells other modules, and hears from them.
    pub signals: Vec<Signal>,
    /// The figures it records.
    pub kpis: Vec<Kpi>,
    /// Limits it puts on its own runs, in the units that are counted. They can lower the host's,
    /// never raise them.
    pub limits: BTreeMap<Resource, u64>,
    settings: Arc<settings::SettingsSchema>,
}

/// How a module wants to hear of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// How long to wait for further events about the same thing, of which only the last is
    /// delivered. Absent: each is delivered.
    pub coalesce: Option<Duration>,
    /// How old an event may be when it is delivered; an older one is not. Absent: as old as it is.
    pub max_age: Option<Duration>,
    /// Whether a new install hears the orders that were there before it.
    pub history: bool,
}

impl Default for Subscription {
    fn default() -> Self {
        Self { coalesce: None, max_age: None, history: true }
    }
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
                http_hosts: parts.http_hosts,
                personal_fields: parts.personal_fields,
                subscriptions: parts.subscriptions,
                schedules: parts.schedules,
                signals: parts.signals,
                kpis: parts.kpis,
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

    /// The settings a client can make, in the order of the schema.
    #[must_use]
    pub fn setting_list(&self) -> Vec<Setting<'_>> {
        self.settings.list()
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
