//! JSON Schemas of a module's author: of its settings, and of its signals.

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Number, Value};
use toml::de::DeValue;

use crate::limits;

/// A JSON Schema (2020-12) that was checked, ready to be used.
#[derive(Debug)]
pub(super) struct Schema {
    pub value: Value,
    validator: Validator,
}

impl Schema {
    /// Checks and compiles a schema.
    ///
    /// # Errors
    /// With every mistake in it, each with its place.
    pub fn compile(value: Value) -> Result<Self, Vec<String>> {
        let placed =
            |error: ValidationError<'_>| format!("at `{}`: {error}", error.instance_path());
        let errors = jsonschema::draft202012::meta::validator();
        let mut mistakes: Vec<String> =
            errors.iter_errors(&value).take(limits::MISTAKES_MAX).map(placed).collect();
        refuse_costly(&value, &mut String::new(), &mut mistakes);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        // Patterns are matched in linear time: they are the module author's, and so is the text
        // they are matched against.
        let built = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex())
            .offline()
            .build(&value);
        match built {
            Ok(validator) => Ok(Self { value, validator }),
            Err(error) => Err(vec![placed(error)]),
        }
    }

    /// What is wrong with a value.
    pub fn errors<'a>(&'a self, value: &'a Value) -> impl Iterator<Item = ValidationError<'a>> {
        self.validator.iter_errors(value).take(limits::MISTAKES_MAX)
    }
}

/// Refuses what makes checking a value take time that the schema's size does not bound: references,
/// which a few lines can nest to any depth, and steps of `multipleOf` that no decimal has.
fn refuse_costly(schema: &Value, place: &mut String, mistakes: &mut Vec<String>) {
    const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
    let members: Vec<(String, &Value)> = match schema {
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(members) => {
            members.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => return,
    };
    for (key, value) in members {
        if mistakes.len() >= limits::MISTAKES_MAX {
            return;
        }
        if REFERENCES.contains(&key.as_str()) && value.is_string() {
            mistakes.push(format!("at `{place}`: `{key}` is not taken; write the schema out"));
        }
        let step = value.as_f64().filter(|_| key == "multipleOf");
        if step.is_some_and(|step| step < limits::SCHEMA_STEP_MIN) {
            let least = limits::SCHEMA_STEP_MIN;
            mistakes.push(format!("at `{place}`: `multipleOf` is less than {least}"));
        }
        let length = place.len();
        place.push('/');
        place.push_str(&key);
        refuse_costly(value, place, mistakes);
        place.truncate(length);
    }
}

/// TOML as JSON, for a schema that is written in `plugin.toml`.
///
/// # Errors
/// If it holds what JSON has no word for. How deep it goes is bounded by the parser.
pub(super) fn as_json(value: &DeValue<'_>) -> Result<Value, &'static str> {
    match value {
        DeValue::String(text) => Ok(Value::String(text.clone().into_owned())),
        DeValue::Boolean(value) => Ok(Value::Bool(*value)),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map(|number| Value::Number(number.into()))
            .map_err(|_| "a number that does not fit 64 bits"),
        DeValue::Float(float) => {
            let number = float.as_str().parse().ok().and_then(Number::from_f64);
            number.map(Value::Number).ok_or("a number that JSON does not have")
        }
        DeValue::Datetime(_) => Err("a date, which JSON does not have; put it in quotes"),
        DeValue::Array(array) => {
            let members = array.iter().map(|member| as_json(member.get_ref()));
            members.collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        DeValue::Table(table) => {
            let members = table.iter().map(|(key, member)| {
                let member = as_json(member.get_ref())?;
                Ok((key.get_ref().clone().into_owned(), member))
            });
            members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
    }
}
