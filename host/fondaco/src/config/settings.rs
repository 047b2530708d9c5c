//! Settings of an install: what its manifest defaults to, with what people wrote laid over it.

use std::{collections::BTreeMap, fmt};

use fondaco_sandbox::{Manifest, SettingsMistake};
use serde_json::{Map, Number, Value};
use toml::de::DeValue;

use super::{
    mistake::Wrong,
    reader::{Node, Place, nearest, one_of},
};

/// Who set a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The module's manifest.
    Default,
    /// The agency, in the client's file.
    Agency,
}

/// Settings as the module sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedSettings {
    /// All of them, one JSON object, valid against the manifest's schema.
    pub value: Value,
    /// For each value that is not an object, by its JSON pointer: who set it. A list has one
    /// origin, as whoever sets a list sets all of it.
    pub origins: BTreeMap<String, Origin>,
}

/// As JSON, for the module.
impl fmt::Display for ResolvedSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}

/// Lays what people wrote over the manifest's defaults: the one place that decides what holds.
/// Later layers win, value by value; a list replaces a list.
///
/// # Errors
/// If the result is not valid against the manifest's schema.
pub fn resolve_settings(
    manifest: &Manifest,
    layers: &[(Origin, &Value)],
) -> Result<ResolvedSettings, Vec<SettingsMistake>> {
    let mut written = Value::Object(Map::new());
    for (_, layer) in layers {
        overlay(&mut written, layer);
    }
    let value = manifest.settings(&written)?;
    let mut origins = BTreeMap::new();
    note_origins(&value, String::new(), layers, &mut origins);
    Ok(ResolvedSettings { value, origins })
}

fn overlay(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, over) in over {
                overlay(under.entry(key.clone()).or_insert(Value::Null), over);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn note_origins(
    value: &Value,
    pointer: String,
    layers: &[(Origin, &Value)],
    origins: &mut BTreeMap<String, Origin>,
) {
    if let Value::Object(members) = value {
        for (key, member) in members {
            note_origins(member, pointer_to(&pointer, key), layers, origins);
        }
        return;
    }
    let set = layers.iter().rev().find(|(_, layer)| layer.pointer(&pointer).is_some());
    origins.insert(pointer, set.map_or(Origin::Default, |(origin, _)| *origin));
}

fn pointer_to(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// What the agency wrote, with where each value stands.
pub(super) struct Written<'a> {
    pub(super) value: Value,
    places: BTreeMap<String, Place<'a>>,
    /// Where the keys stand.
    keys: BTreeMap<String, Place<'a>>,
}

impl<'a> Written<'a> {
    /// Where an install has no settings; mistakes go to `place`.
    pub(super) fn nothing(place: Place<'a>) -> Self {
        let places = BTreeMap::from([(String::new(), place)]);
        Self { value: Value::Object(Map::new()), places, keys: BTreeMap::new() }
    }

    /// Takes a table as JSON; absent if it holds what JSON has no word for.
    pub(super) fn read(node: &Node<'a>) -> Option<Self> {
        if !node.value.is_table() {
            // Says what was expected.
            node.table(|_| ());
            return None;
        }
        let mut written =
            Self { value: Value::Null, places: BTreeMap::new(), keys: BTreeMap::new() };
        written.value = written.as_json(node.value, node.place.clone(), String::new())?;
        Some(written)
    }

    /// Takes out what the schema does not know, each a mistake at its own line: the schema's
    /// validator would name them all at once, at the table they are in. Returns what each was
    /// probably meant to be, or else what it is.
    pub(super) fn take_unknown(&mut self, schema: &Value) -> Vec<String> {
        let mut unknown = Vec::new();
        self.take_unknown_of(schema, "", &mut unknown);
        unknown
    }

    fn take_unknown_of(&mut self, schema: &Value, pointer: &str, unknown: &mut Vec<String>) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        let Some(members) = self.value.pointer(pointer).and_then(Value::as_object) else {
            return;
        };
        let written: Vec<String> = members.keys().cloned().collect();
        let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false))
            && schema.get("patternProperties").is_none();
        for key in &written {
            let pointer_of_key = pointer_to(pointer, key);
            if let Some(schema) = properties.get(key) {
                self.take_unknown_of(schema, &pointer_of_key, unknown);
            } else if is_closed {
                let known = properties.keys().map(String::as_str);
                let free = known.filter(|known| !written.iter().any(|key| key == known));
                let free: Vec<&str> = free.collect();
                if let Some(place) = self.keys.get(&pointer_of_key) {
                    place.mistake("the plugin has no such setting", one_of(key, free.clone()));
                }
                unknown.push(nearest(key, free).unwrap_or(key).to_owned());
                if let Some(Value::Object(members)) = self.value.pointer_mut(pointer) {
                    members.remove(key);
                }
            }
        }
    }

    /// Notes a mistake of the schema's validator, at the value it is about or the nearest that
    /// holds it.
    pub(super) fn mistake(&self, mistake: SettingsMistake, fix: &str) {
        let SettingsMistake { pointer, message } = mistake;
        let is_table = self.value.pointer(&pointer).is_some_and(Value::is_object);
        let mut holder = pointer.as_str();
        let place = loop {
            if let Some(place) = self.places.get(holder) {
                break place;
            }
            let Some((outer, _)) = holder.rsplit_once('/') else {
                return;
            };
            holder = outer;
        };
        // What a table lacks is nobody's mistake where part of the file was not understood.
        if is_table { place.missing(message, fix) } else { place.mistake(message, fix) }
    }
}

impl<'a> Written<'a> {
    /// Takes a value as JSON, and notes where it stands.
    fn as_json(
        &mut self,
        value: &'a DeValue<'a>,
        place: Place<'a>,
        pointer: String,
    ) -> Option<Value> {
        let json = match value {
            DeValue::String(text) => Some(Value::String(text.clone().into_owned())),
            DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
            DeValue::Datetime(time) => Some(Value::String(time.to_string())),
            DeValue::Integer(integer) => {
                let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
                number_or_mistake(number.map(Number::from), &place)
            }
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().and_then(Number::from_f64);
                number_or_mistake(number, &place)
            }
            DeValue::Array(array) => {
                let members = array.iter().enumerate().map(|(index, member)| {
                    let path = format!("{}[{index}]", place.path);
                    let place = Place { path, span: member.span(), ..place.clone() };
                    self.as_json(member.get_ref(), place, format!("{pointer}/{index}"))
                });
                // Every member is read, so that every mistake is found.
                let members: Vec<Option<Value>> = members.collect();
                members.into_iter().collect::<Option<Vec<Value>>>().map(Value::Array)
            }
            DeValue::Table(table) => {
                let members = table.iter().map(|(key, member)| {
                    let path = format!("{}.{}", place.path, key.get_ref());
                    let pointer = pointer_to(&pointer, key.get_ref());
                    let place = Place { path, span: key.span(), ..place.clone() };
                    self.keys.insert(pointer.clone(), place.clone());
                    let place = Place { span: member.span(), ..place };
                    let member = self.as_json(member.get_ref(), place, pointer)?;
                    Some((key.get_ref().clone().into_owned(), member))
                });
                let members: Vec<Option<(String, Value)>> = members.collect();
                members.into_iter().collect::<Option<Map<String, Value>>>().map(Value::Object)
            }
        };
        self.places.insert(pointer, place);
        json
    }
}

fn number_or_mistake(number: Option<Number>, place: &Place<'_>) -> Option<Value> {
    if number.is_none() {
        let message = "settings are passed on as JSON, which has no such number";
        place.wrong(Wrong::new(message, "write a number within 64 bits, or text"));
    }
    number.map(Value::Number)
}
