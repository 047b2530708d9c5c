//! The settings' schema, and settings filled by it.

use fondaco_sandbox::Manifest;
use serde_json::Value;

/// What stands between the schema and the settings.
const DIVIDER: &str = "\n%%\n";

const TOML: &str = r#"
id = "fuzzed"
version = "0.1.0"
state-schema = 1
area = "it"
title = { en = "Fuzzed", it = "Fuzzed" }
description = { en = "Fuzzed.", it = "Fuzzed." }
"#;

/// Reads a schema and fills settings by it. Tells whether both are accepted.
pub fn holds(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let (schema, given) = text.split_once(DIVIDER).unwrap_or((text, "{}"));
    let Ok(manifest) = Manifest::parse(TOML, schema) else {
        return false;
    };
    let Ok(given) = serde_json::from_str::<Value>(given) else {
        return false;
    };
    match manifest.settings(&given) {
        Ok(filled) => {
            assert!(filled.is_object(), "settings are {filled}");
            kept(&given, &filled);
            assert_eq!(manifest.settings(&filled), Ok(filled), "filled twice");
            true
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused for nothing");
            let told = mistakes.iter().map(ToString::to_string);
            assert!(told.into_iter().all(|told| told.starts_with("settings")), "{mistakes:?}");
            false
        }
    }
}

/// Filling adds what is not given, and changes nothing that is.
fn kept(given: &Value, filled: &Value) {
    match (given, filled) {
        (Value::Object(given), Value::Object(filled)) => {
            for (name, value) in given {
                assert!(filled.contains_key(name), "`{name}` is gone");
                kept(value, &filled[name]);
            }
        }
        (given, filled) => assert_eq!(given, filled),
    }
}
