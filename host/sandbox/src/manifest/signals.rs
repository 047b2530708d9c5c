//! What a module tells other modules of the same client, and what it hears from them.

use std::{fmt, sync::Arc};

use fondaco_model::action::Localised;
use serde_json::Value;

use super::{
    reader::{Reader, Table},
    schema::{Schema, as_json},
};
use crate::limits;

/// Whether a module sends a signal or hears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// It sends it.
    Sends,
    /// It hears it.
    Hears,
}

impl Direction {
    /// The word for it in `plugin.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sends => "sends",
            Self::Hears => "hears",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A signal that a module sends or hears.
#[derive(Debug, Clone)]
pub struct Signal {
    /// Its name, the same for whoever sends and whoever hears it.
    pub name: String,
    /// Whether the module sends or hears it. A module that does both lists it twice.
    pub direction: Direction,
    /// What it is called.
    pub title: Localised,
    /// What it means.
    pub description: Localised,
    schema: Arc<Schema>,
}

impl Signal {
    /// The JSON Schema of what it carries.
    #[must_use]
    pub fn schema(&self) -> &Value {
        &self.schema.value
    }

    /// Holds what a signal carries against its schema.
    ///
    /// # Errors
    /// With what is wrong with it, each with its place.
    pub fn check(&self, payload: &Value) -> Result<(), Vec<String>> {
        let errors = self.schema.errors(payload);
        let mistakes: Vec<String> =
            errors.map(|error| format!("at `{}`: {error}", error.instance_path())).collect();
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }
}

impl Reader<'_> {
    pub(super) fn signals(&mut self, root: &Table<'_, '_>) -> Vec<Signal> {
        let mut signals: Vec<Signal> = Vec::new();
        for table in self.tables(root, "signals", "[[signals]]", limits::SIGNALS_MAX) {
            let Some(signal) = self.signal(&table) else {
                continue;
            };
            let same =
                |other: &Signal| (&other.name, other.direction) == (&signal.name, signal.direction);
            if signals.iter().any(same) {
                let Signal { name, direction, .. } = &signal;
                let message =
                    format!("[[signals]] says twice that the module {direction} `{name}`");
                self.mistake(table.span, message);
            }
            signals.push(signal);
        }
        signals
    }

    fn signal(&mut self, table: &Table<'_, '_>) -> Option<Signal> {
        self.refuse_unknown(table, &["name", "direction", "title", "description", "schema"]);
        let name = self.name(table, "name");
        let words = [Direction::Sends, Direction::Hears].map(|word| (word.as_str(), word));
        let direction = self.word(table, "direction", &words);
        let title = self.localised(table, "title");
        let description = self.localised(table, "description");
        let schema = self.signal_schema(table);
        let schema = Arc::new(schema?);
        Some(Signal {
            name: name?,
            direction: direction?,
            title: title?,
            description: description?,
            schema,
        })
    }

    fn signal_schema(&mut self, table: &Table<'_, '_>) -> Option<Schema> {
        let example = "a JSON Schema as a table, such as { type = \"object\" }";
        let Some(value) = table.table.get("schema") else {
            self.missing(table, "schema", example);
            return None;
        };
        if !value.get_ref().is_table() {
            self.wrong("schema", value, example);
            return None;
        }
        let json = match as_json(value.get_ref()) {
            Ok(json) => json,
            Err(why) => {
                self.mistake(value.span(), format!("`schema` holds {why}"));
                return None;
            }
        };
        match Schema::compile(json) {
            Ok(schema) => Some(schema),
            Err(mistakes) => {
                for mistake in mistakes {
                    self.mistake(value.span(), format!("`schema` is no JSON Schema {mistake}"));
                }
                None
            }
        }
    }
}
