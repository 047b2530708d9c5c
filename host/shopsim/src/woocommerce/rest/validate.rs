//! Refusing parameters in the shop's words.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use crate::woocommerce::fields::Fields;

/// The parameters that do not hold, in the order they are looked at.
#[derive(Default)]
pub(crate) struct Invalid(Vec<(String, &'static str, String, Value)>);

impl Invalid {
    pub(crate) fn add(&mut self, parameter: &str, code: &'static str, problem: &str, data: Value) {
        self.0.push((parameter.to_owned(), code, format!("{parameter} {problem}"), data));
    }

    /// Nothing, or the answer that names them all.
    pub(crate) fn finish(self) -> Result<(), Answer> {
        if self.0.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self.0.iter().map(|(name, ..)| name.as_str()).collect();
        let message = format!("Invalid parameter(s): {}", names.join(", "));
        let mut params = Map::new();
        let mut details = Map::new();
        for (name, code, problem, data) in &self.0 {
            params.insert(name.clone(), json!(problem));
            let detail = json!({ "code": code, "message": problem, "data": data });
            details.insert(name.clone(), detail);
        }
        let data = json!({ "status": 400, "params": params, "details": details });
        Err(Answer::error_with(400, "rest_invalid_param", &message, data))
    }

    /// The field, if given, is one of these.
    pub(crate) fn one_of(&mut self, fields: &Fields, name: &str, allowed: &[&str]) {
        let Some(value) = fields.get(name) else {
            return;
        };
        if !value.as_str().is_some_and(|value| allowed.contains(&value)) {
            self.not_one_of(name, allowed);
        }
    }

    pub(crate) fn not_one_of(&mut self, name: &str, allowed: &[&str]) {
        let listed = match allowed.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{}, and {last}", rest.join(", ")),
            None => String::new(),
        };
        self.add(name, "rest_not_in_enum", &format!("is not one of {listed}."), Value::Null);
    }

    /// The field, if given, is of this type as the shop reads types: `"5"` is an integer, `5` is
    /// no string.
    pub(crate) fn of_type(&mut self, fields: &Fields, name: &str, kind: &'static str) {
        let Some(value) = fields.get(name) else {
            return;
        };
        let holds = match kind {
            "string" => value.is_string(),
            "integer" => whole(value).is_some(),
            "boolean" => boolean(value).is_some(),
            _ => false,
        };
        if !holds {
            let problem = format!("is not of type {kind}.");
            self.add(name, "rest_invalid_type", &problem, json!({ "param": name }));
        }
    }
}

/// A whole number, also written as text or with a zero fraction.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            // Beyond this a float no longer tells whole numbers apart.
            (float.fract() == 0.0 && float.abs() < 9.0e15).then_some(float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Yes or no, also as text or digit.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.to_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_i64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        _ => None,
    }
}
