//! Whether an answer is like a captured one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::scene::{Answer, sample};

/// Fields that hold an entry per country, setting or table: what is in them is no shape.
const FREE: [&str; 7] = [
    "options",
    "database_tables",
    "taxonomies",
    "product_visibility_terms",
    "enabled_features",
    "overrides",
    "mu_plugins",
];

/// What differs between a value and the captured one, by path.
fn differences(ours: &Value, captured: &Value, path: &str, found: &mut Vec<String>) {
    match (ours, captured) {
        (Value::Object(ours), Value::Object(captured)) => {
            let names = |of: &serde_json::Map<String, Value>| -> BTreeSet<String> {
                of.keys().cloned().collect()
            };
            for name in names(captured).difference(&names(ours)) {
                found.push(format!("{path}.{name} is missing"));
            }
            for name in names(ours).difference(&names(captured)) {
                found.push(format!("{path}.{name} is not in the captured one"));
            }
            for (name, value) in ours {
                if let Some(captured) =
                    captured.get(name).filter(|_| !FREE.contains(&name.as_str()))
                {
                    differences(value, captured, &format!("{path}.{name}"), found);
                }
            }
        }
        (Value::Array(ours), Value::Array(captured)) => {
            for (index, value) in ours.iter().enumerate() {
                if let Some(like) = captured.get(index).or_else(|| captured.last()) {
                    differences(value, like, &format!("{path}[{index}]"), found);
                }
            }
        }
        _ => {
            let kind = |value: &Value| match value {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Number(_) => "number",
                Value::String(_) => "text",
                Value::Array(_) => "list",
                Value::Object(_) => "object",
            };
            if kind(ours) != kind(captured) {
                found.push(format!("{path} is {} instead of {}", kind(ours), kind(captured)));
            }
        }
    }
}

/// The keys and types of the captured one.
pub fn assert_shape(ours: &Value, captured: &Value, name: &str) {
    let mut found = Vec::new();
    differences(ours, captured, "", &mut found);
    assert!(found.is_empty(), "{name}: {found:#?}");
}

/// Headers of the connection and the PHP server, which say nothing of the shop.
const OF_THE_SERVER: [&str; 7] = [
    "host",
    "date",
    "connection",
    "x-powered-by",
    "transfer-encoding",
    "content-length",
    "content-encoding",
];

/// Its status, headers, keys and types.
pub fn assert_like(answer: &Answer, name: &str) {
    let captured = sample(name);
    assert_eq!(json!(answer.status), captured["status"], "{name}: {}", answer.text);
    assert_shape(&answer.body, &captured["body"], name);
    let mut expected = std::collections::BTreeMap::new();
    for header in captured["headers"].as_array().unwrap() {
        let header_name = header[0].as_str().unwrap().to_lowercase();
        expected.insert(header_name, header[1].as_str().unwrap().to_owned());
    }
    // The samples of the second series were kept without headers.
    if expected.is_empty() {
        return;
    }
    expected.retain(|name, _| !OF_THE_SERVER.contains(&name.as_str()));
    let ours: BTreeSet<_> = answer
        .headers
        .keys()
        .map(|name| name.as_str().to_owned())
        .filter(|name| !OF_THE_SERVER.contains(&name.as_str()))
        .collect();
    assert_eq!(ours, expected.keys().cloned().collect(), "{name}: names of headers");
    let of_this_shop = ["link", "location", "x-wp-total", "x-wp-totalpages"];
    for (header_name, value) in &expected {
        if !of_this_shop.contains(&header_name.as_str()) {
            assert_eq!(answer.header(header_name), value, "{name}: {header_name}");
        }
    }
}

/// The body word for word.
pub fn assert_same(answer: &Answer, name: &str) {
    assert_like(answer, name);
    assert_eq!(answer.body, sample(name)["body"], "{name}");
}

/// What an answer says: without ids that the shop gave, moments, links, and the order of metadata.
/// The ids of tax rates stay.
fn said(value: &Value, within: &str) -> Value {
    let given = |key: &str| {
        key == "_links" || key.starts_with("date_") || (key == "id" && within != "taxes")
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !given(key))
            .map(|(key, entry)| (key.clone(), said(entry, key)))
            .collect(),
        Value::Array(entries) => {
            let mut entries: Vec<Value> = entries.iter().map(|entry| said(entry, within)).collect();
            if within == "meta_data" {
                entries.sort_by_key(|entry| entry["key"].to_string());
            }
            Value::Array(entries)
        }
        // A price is a number, and PHP writes a whole one without a fraction.
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// Every word and every amount of the captured one.
pub fn assert_says(ours: &Value, captured: &Value, name: &str) {
    let (ours, captured) = (said(ours, ""), said(captured, ""));
    let mut found = Vec::new();
    unequal(&ours, &captured, "", &mut found);
    assert!(found.is_empty(), "{name}: {found:#?}");
}

fn unequal(ours: &Value, captured: &Value, path: &str, found: &mut Vec<String>) {
    match (ours, captured) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                unequal(&ours[key], &captured[key], &format!("{path}.{key}"), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                unequal(one, other, &format!("{path}[{index}]"), found);
            }
        }
        _ if ours == captured => {}
        _ => found.push(format!("{path} is {ours} instead of {captured}")),
    }
}
