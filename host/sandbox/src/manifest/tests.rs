use serde_json::json;

use super::*;
use crate::limits;

const TOML: &str = r#"
id = "stock-sync"
version = "0.1.0"
state-schema = 1
area = "logistics"
title = { en = "One stock", it = "Una giacenza" }
description = { en = "Shares stock.", it = "Condivide la giacenza." }

[reasons]
change-stock = { en = "To share it.", it = "Per condividerla." }

[[schedules]]
name = "reconcile"
every = "60s"

[limits]
fuel = 1_000_000
wall-ms = 250
"#;

const SCHEMA: &str = r#"{
    "type": "object",
    "additionalProperties": false,
    "required": ["source"],
    "properties": {
        "source": { "title": "Source", "description": "Which shop.", "type": "string" },
        "buffer": {
            "title": "Buffer", "description": "Held back.", "type": "integer", "minimum": 0,
            "default": 2
        },
        "alerts": {
            "title": "Alerts", "description": "Whom to tell.", "type": "object", "default": {},
            "additionalProperties": false,
            "properties": {
                "low": {
                    "title": "Low", "description": "Below this.", "type": "integer", "default": 5
                }
            }
        }
    }
}"#;

fn mistakes(toml: &str, schema: &str) -> Vec<String> {
    let errors = Manifest::parse(toml, schema).unwrap_err();
    errors.0.iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_manifest_is_read() {
    let manifest = Manifest::parse(TOML, SCHEMA).unwrap();
    assert_eq!(manifest.id, "stock-sync");
    assert_eq!(manifest.version, Version::new(0, 1, 0));
    assert_eq!((manifest.state_schema, manifest.area.as_str()), (1, "logistics"));
    assert_eq!(manifest.title.it, "Una giacenza");
    assert_eq!(manifest.reasons["change-stock"].en, "To share it.");
    let every = Duration::from_secs(60);
    assert_eq!(manifest.schedules, [Schedule { name: "reconcile".to_owned(), every }]);
    assert_eq!(manifest.limits, ManifestLimits { fuel: Some(1_000_000), wall_ms: Some(250) });
}

#[test]
fn all_mistakes_are_found_in_one_go_each_with_its_line() {
    let toml = r#"
id = "Stock Sync"
version = "1"
state-schema = 0
aera = "logistics"
title = { en = "One stock", it = " ", fr = "Un stock" }
description = "Shares stock."

[reasons]
change-prices = { en = "a", it = "b" }
stock = 5

[[schedules]]
name = "one"
every = "1 minute"
[[schedules]]
name = "two"
every = "10ms"

[limits]
fuel = "much"
wall-ms = 999999
"#;
    let found = mistakes(toml, SCHEMA);
    let check = |line: usize, part: &str| {
        let begins = format!("plugin.toml:{line}: ");
        let there =
            found.iter().any(|mistake| mistake.starts_with(&begins) && mistake.contains(part));
        assert!(there, "{begins}…{part}… is not among\n{}", found.join("\n"));
    };
    check(2, "`Stock Sync` is not a name");
    check(3, "`1` is no semantic version");
    check(4, "`state-schema` is 0; write a whole number from 1");
    check(5, "`aera` means nothing; known is `id`");
    check(1, "`area` is missing");
    check(6, "`it` of `title` is empty");
    check(6, "`fr` means nothing in `title`");
    check(7, "`description` is of type string; write { en =");
    check(10, "`change-prices` means nothing in [reasons]; known is `alert`");
    check(11, "`stock` is of type integer; write { en =");
    check(15, "`1 minute` is no time; write it like 500ms, 60s, 5m or 24h");
    check(18, "`10ms` is out of bounds: from 1s to 744h");
    check(21, "`fuel` is of type string; write a whole number from 1");
    check(22, "`wall-ms` is 999999; write a whole number from 1 to 5000");
    assert_eq!(found.len(), 14, "{}", found.join("\n"));
}

#[test]
fn what_is_no_toml_or_json_is_told_with_its_line() {
    let found = mistakes("id = \"a\"\nversion = \n= 5\n", "{\n\"type\": }");
    assert!(found[0].starts_with("plugin.toml:2: "), "{found:?}");
    assert!(
        found.last().unwrap().starts_with("the settings schema:2: it is no JSON: "),
        "{found:?}"
    );
    let long = format!("#{}", "x".repeat(limits::MANIFEST_BYTES_MAX));
    assert!(mistakes(&long, SCHEMA)[0].contains("is 65537 bytes long; 65536 is the most"));
}

#[test]
fn two_schedules_have_two_names() {
    let twice = format!("{TOML}\n[[schedules]]\nname = \"reconcile\"\nevery = \"5m\"\n");
    // Below [limits] a [[schedules]] is still one of the file.
    assert_eq!(
        mistakes(&twice, SCHEMA),
        ["plugin.toml:20: there are two schedules named `reconcile`"]
    );
}

#[test]
fn settings_schemas_are_checked() {
    let check = |schema: Value, messages: &[&str]| {
        let found = mistakes(TOML, &schema.to_string());
        assert_eq!(found.len(), messages.len(), "{found:#?}");
        for (found, message) in found.iter().zip(messages) {
            assert!(found.contains(message), "{message}\nis not in\n{found}");
        }
    };
    check(json!({}), &["write `\"type\": \"object\"`", "write `\"additionalProperties\": false`"]);
    check(
        json!({"type": "object", "additionalProperties": false, "properties": {
            "a": {"title": "A"}, "b": {"title": "B", "description": "b", "properties": {"c": {}}},
        }}),
        &[
            "the property `/a` has no `description`",
            "the property `/b/c` has no `title`",
            "the property `/b/c` has no `description`",
        ],
    );
    check(json!({"type": "objekt"}), &["at `/type`"]);
    let with = |property: Value| {
        let mut property = property;
        property["title"] = json!("A");
        property["description"] = json!("a");
        json!({"type": "object", "additionalProperties": false, "properties": {"a": property}})
    };
    check(with(json!({"type": "integer", "default": "five"})), &["the default of `/a` breaks"]);
    check(with(json!({"$ref": "https://example.com/a.json"})), &["https://example.com/a.json"]);
    // Look-behind and back-references would not match in linear time.
    check(with(json!({"pattern": "(a+)\\1"})), &["at `/properties/a/pattern`"]);
}

#[test]
fn settings_are_filled_and_checked() {
    let manifest = Manifest::parse(TOML, SCHEMA).unwrap();
    assert_eq!(
        manifest.settings(&json!({"source": "milano"})).unwrap(),
        json!({"source": "milano", "buffer": 2, "alerts": {"low": 5}})
    );
    assert_eq!(
        manifest.settings(&json!({"source": "milano", "buffer": 0, "alerts": {"low": 1}})).unwrap(),
        json!({"source": "milano", "buffer": 0, "alerts": {"low": 1}})
    );
    let wrong = json!({"buffer": -1, "alerts": {"low": "x"}, "sauce": "milano"});
    let mistakes = manifest.settings(&wrong).unwrap_err();
    let mut pointers: Vec<_> = mistakes.iter().map(|mistake| mistake.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["", "", "/alerts/low", "/buffer"], "{mistakes:?}");
    assert!(manifest.settings(&json!([])).is_err());
    let long = "x".repeat(limits::SETTINGS_BYTES_MAX);
    assert!(manifest.settings(&json!({"source": long})).is_err());
}

#[test]
fn the_modules_of_the_house_have_sound_manifests() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in ["plugins/stock-sync", "tests/guests/noop", "tests/guests/probe"] {
        let read = |file: &str| std::fs::read_to_string(root.join(folder).join(file)).unwrap();
        let manifest = Manifest::parse(&read("plugin.toml"), &read("settings.schema.json"));
        if let Err(errors) = manifest {
            panic!("{folder}: {errors}");
        }
    }
}
