//! The JSON Schema of a module's settings.
//!
//! A form is made of it for merchants, so each property needs a title and a description; what it
//! does not list is refused, so that a misspelt setting is not one that silently does nothing.

use std::fmt;

use serde_json::{Map, Value};

use super::{ManifestFile, ManifestMistake, schema::Schema};
use crate::limits;

/// One mistake in an install's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsMistake {
    /// Where, as a JSON Pointer; empty for the settings as a whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for SettingsMistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(formatter, "settings: {}", self.message)
        } else {
            write!(formatter, "settings at {}: {}", self.pointer, self.message)
        }
    }
}

/// A schema that was checked.
#[derive(Debug)]
pub struct SettingsSchema(Schema);

impl SettingsSchema {
    pub fn parse(text: &str) -> Result<Self, Vec<ManifestMistake>> {
        let file = ManifestFile::SettingsSchema;
        let one = |line, message| vec![ManifestMistake { file, line, message }];
        if text.len() > limits::SETTINGS_SCHEMA_BYTES_MAX {
            let most = limits::SETTINGS_SCHEMA_BYTES_MAX;
            return Err(one(None, format!("it is {} bytes long; {most} is the most", text.len())));
        }
        let schema: Value = serde_json::from_str(text)
            .map_err(|error| one(Some(error.line()), format!("it is no JSON: {error}")))?;
        let mut mistakes = match Schema::compile(schema) {
            Ok(schema) => {
                let checked = Self(schema);
                let mut mistakes = Vec::new();
                check_root(checked.schema(), &mut mistakes);
                if mistakes.is_empty() {
                    checked.check_defaults(&mut mistakes);
                }
                if mistakes.is_empty() {
                    return Ok(checked);
                }
                mistakes
            }
            Err(mistakes) => mistakes,
        };
        mistakes.truncate(limits::MISTAKES_MAX);
        let mistake = |message| ManifestMistake { file, line: None, message };
        Err(mistakes.into_iter().map(mistake).collect())
    }

    pub fn schema(&self) -> &Value {
        &self.0.value
    }

    /// A default that the schema itself would refuse can never be used.
    fn check_defaults(&self, mistakes: &mut Vec<String>) {
        let mut filled = Value::Object(Map::new());
        fill(self.schema(), &mut filled);
        for error in self.0.errors(&filled) {
            let place = error.instance_path().to_string();
            if !place.is_empty() {
                mistakes.push(format!("the default of `{place}` breaks the schema: {error}"));
            }
        }
    }

    pub fn fill(&self, given: &Value) -> Result<Value, Vec<SettingsMistake>> {
        let mut filled = given.clone();
        fill(self.schema(), &mut filled);
        let mistake = |error: jsonschema::ValidationError<'_>| SettingsMistake {
            pointer: error.instance_path().to_string(),
            message: error.to_string(),
        };
        let mut mistakes: Vec<_> = self.0.errors(&filled).map(mistake).collect();
        let bytes = serde_json::to_string(&filled).map_or(0, |text| text.len());
        if bytes > limits::SETTINGS_BYTES_MAX {
            let most = limits::SETTINGS_BYTES_MAX;
            let message = format!("they are {bytes} bytes long; {most} is the most");
            mistakes.push(SettingsMistake { pointer: String::new(), message });
        }
        if mistakes.is_empty() { Ok(filled) } else { Err(mistakes) }
    }
}

/// One setting that a client can make.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting<'a> {
    /// Its name; of a setting within another, both with a dot between.
    pub name: String,
    /// The JSON type with its bounds (`integer 0..100`), or the values it may have
    /// (`"a" or "b"`).
    pub kind: String,
    /// What it is called.
    pub title: &'a str,
    /// What holds where it is not set. Absent: nothing does.
    pub default: Option<&'a Value>,
    /// Whether it has to be there.
    pub required: bool,
}

impl Setting<'_> {
    /// Whether a client has to set it: it has to be there, and has no default.
    #[must_use]
    pub const fn must_be_set(&self) -> bool {
        self.required && self.default.is_none()
    }
}

impl SettingsSchema {
    pub fn list(&self) -> Vec<Setting<'_>> {
        let mut settings = Vec::new();
        collect(self.schema(), "", &mut settings);
        settings
    }
}

fn collect<'a>(schema: &'a Value, within: &str, settings: &mut Vec<Setting<'a>>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = schema.get("required").and_then(Value::as_array);
    for (property, schema) in properties {
        let name = format!("{within}{property}");
        let within = format!("{name}.");
        settings.push(Setting {
            name,
            kind: kind(schema),
            title: schema.get("title").and_then(Value::as_str).unwrap_or_default(),
            default: schema.get("default"),
            required: required.is_some_and(|required| required.iter().any(|it| it == property)),
        });
        collect(schema, &within, settings);
    }
}

/// The type of a setting's values, with its bounds.
fn kind(schema: &Value) -> String {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => String::from("anything"),
    };
    let (least, most) = (schema.get("minimum"), schema.get("maximum"));
    if least.is_none() && most.is_none() {
        return kind;
    }
    let bound = |bound: Option<&Value>| bound.map(Value::to_string).unwrap_or_default();
    format!("{kind} {}..{}", bound(least), bound(most))
}

/// Puts the schema's defaults where nothing is given.
fn fill(schema: &Value, value: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let Some(object) = value.as_object_mut() else {
        return;
    };
    for (name, property) in properties {
        if let Some(inner) = object.get_mut(name) {
            fill(property, inner);
        } else if let Some(default) = property.get("default") {
            let mut inner = default.clone();
            fill(property, &mut inner);
            object.insert(name.clone(), inner);
        }
    }
}

fn check_root(schema: &Value, mistakes: &mut Vec<String>) {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        mistakes.push("settings are an object; write `\"type\": \"object\"`".to_owned());
    }
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        let message = "a misspelt setting must be refused; write `\"additionalProperties\": false`";
        mistakes.push(message.to_owned());
    }
    check_properties(schema, "", mistakes);
}

fn check_properties(schema: &Value, place: &str, mistakes: &mut Vec<String>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    for (name, property) in properties {
        let place = format!("{place}/{name}");
        for wanted in ["title", "description"] {
            let text = property.get(wanted).and_then(Value::as_str).unwrap_or_default();
            if text.trim().is_empty() {
                mistakes.push(format!("the property `{place}` has no `{wanted}`; people read it"));
            }
        }
        check_properties(property, &place, mistakes);
    }
}
