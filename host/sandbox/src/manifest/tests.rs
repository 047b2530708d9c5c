use fondaco_model::schedule::{Beat, Missed};
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

/// What a module may say beyond that.
const MORE: &str = r#"http-hosts = ["api.example.com", "*.example.org"]
personal-fields = ["email", "tax-codes"]

[subscriptions.on-stock]
coalesce = "5s"
max-age = "1h"

[subscriptions.on-order]
max-age = "24h"

[[signals]]
name = "stock-low"
direction = "sends"
title = { en = "Low stock", it = "Scorte basse" }
description = { en = "Little is left.", it = "Resta poco." }
schema = { type = "object", required = ["sku"], properties = { sku = { type = "string" } } }

[[signals]]
name = "stock-low"
direction = "hears"
title = { en = "Low stock", it = "Scorte basse" }
description = { en = "Little is left.", it = "Resta poco." }
[signals.schema]
type = "object"
properties.left = { type = "integer", minimum = 0x10 }

[[kpis]]
name = "sold-out@2"
title = { en = "Sold out", it = "Esauriti" }
description = { en = "SKUs with none left.", it = "SKU senza giacenza." }
unit = "count"
better = "lower"
"#;

/// A manifest with the keys of `more`, in front of the tables of the sound one.
fn with(more: &str) -> String {
    let (top, tables) = TOML.split_once("\n[reasons]").unwrap();
    format!("{top}\n{more}\n[reasons]{tables}")
}

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
    let every = Beat::Every(Duration::from_secs(60));
    let schedule = Schedule { beat: every, missed: Missed::One };
    assert_eq!(manifest.schedules, BTreeMap::from([("reconcile".to_owned(), schedule)]));
    // In the units that are counted, which for time are microseconds.
    let limits = BTreeMap::from([(Resource::Fuel, 1_000_000), (Resource::WallTime, 250_000)]);
    assert_eq!(manifest.limits, limits);
    assert!(manifest.http_hosts.is_empty() && manifest.personal_fields.is_empty());
    assert!(manifest.signals.is_empty() && manifest.kpis.is_empty());
    assert!(manifest.subscriptions.is_empty());
}

#[test]
fn what_a_module_reaches_tells_and_records_is_read() {
    let manifest = Manifest::parse(&with(MORE), SCHEMA).unwrap();
    let hosts: Vec<_> = manifest.http_hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["*.example.org", "api.example.com"]);
    let fields = [PersonalField::Email, PersonalField::TaxCodes];
    assert_eq!(manifest.personal_fields, fields.into());
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(
        manifest.subscriptions,
        BTreeMap::from([
            (Hook::Order, Subscription { max_age: seconds(86_400), ..Subscription::default() }),
            (
                Hook::Stock,
                Subscription {
                    coalesce: seconds(5),
                    max_age: seconds(3_600),
                    ..Subscription::default()
                },
            ),
        ])
    );
    let [sent, heard] = &manifest.signals[..] else { panic!("{:?}", manifest.signals) };
    assert_eq!((sent.direction, heard.direction), (Direction::Sends, Direction::Hears));
    assert_eq!(sent.check(&json!({"sku": "A"})), Ok(()));
    let wrong = sent.check(&json!({"sku": 5})).unwrap_err();
    assert_eq!(wrong, ["at `/sku`: 5 is not of type \"string\""]);
    assert_eq!(sent.check(&json!({})).unwrap_err().len(), 1);
    assert_eq!(heard.schema()["properties"]["left"]["minimum"], 16);
    assert!(heard.check(&json!({"left": 15})).is_err());
    let [kpi] = &manifest.kpis[..] else { panic!("{:?}", manifest.kpis) };
    assert_eq!(
        (kpi.name.as_str(), kpi.unit, kpi.better),
        ("sold-out@2", KpiUnit::Count, Better::Lower)
    );
    assert_eq!(kpi.title.it, "Esauriti");
}

#[test]
fn every_limit_can_be_lowered_and_none_raised() {
    let host = limits::run_limits();
    for resource in Resource::ALL {
        let (name, scale) = (resource.as_str(), resource.scale());
        let most = host[resource] / scale;
        let (head, _) = TOML.split_once("[limits]").unwrap();
        let parse =
            |value: u64| Manifest::parse(&format!("{head}[limits]\n{name} = {value}\n"), SCHEMA);
        for value in [1, most] {
            let limits = parse(value).unwrap().limits;
            assert_eq!(limits, BTreeMap::from([(resource, value * scale)]), "{name}");
        }
        for value in [0, most + 1] {
            let error = parse(value).unwrap_err().to_string();
            let wanted = format!("`{name}` is {value}; write a whole number from 1 to {most}");
            assert!(error.ends_with(&wanted), "{error}");
        }
    }
}

#[test]
fn a_module_may_do_without_history() {
    let parse = |table: &str| Manifest::parse(&with(table), SCHEMA);
    let manifest = parse("[subscriptions.on-lifecycle]\nhistory = false\n").unwrap();
    assert!(!manifest.subscriptions[&Hook::Lifecycle].history);
    assert!(Subscription::default().history);
    for (table, told) in [
        ("[subscriptions.on-order]\nhistory = false\n", "`history` means nothing in"),
        ("[subscriptions.on-lifecycle]\nhistory = 0\n", "write true or false"),
        ("[subscriptions.on-lifecycle]\n", "says nothing; write `history`"),
        ("[subscriptions.on-lifecycle]\nmax-age = \"1h\"\n", "`max-age` means nothing in"),
    ] {
        let error = parse(table).unwrap_err().to_string();
        assert!(error.contains(told), "{table}: {error}");
    }
}

/// What is replaced in the manifest, by what, on which line, and what is said of it.
const MISTAKEN: &[(&str, &str, usize, &str)] = &[
    ("\"api.example.com\"", "\"https://a.example\"", 9, "`http-hosts`: `https://a.example` is not"),
    ("\"api.example.com\"", "\"*.com\"", 9, "`http-hosts`: `*.com` is not a host to grant"),
    ("\"api.example.com\"", "\"*.example.org\"", 9, "`*.example.org` is in `http-hosts` twice"),
    ("\"api.example.com\"", "5", 9, "`http-hosts` is of type integer; write texts in quotes"),
    ("\"email\"", "\"mail\"", 10, "`mail` is no field of a person; known is `name`, `email`"),
    ("[\"email\", \"tax-codes\"]", "\"all\"", 10, "is of type string; write a list such as"),
    ("on-stock]", "on-stocks]", 12, "`on-stocks` means nothing in [subscriptions]; known is `on-"),
    ("on-stock]", "pricing]", 12, "`pricing` means nothing in [subscriptions]"),
    ("coalesce = \"5s\"", "coalesce = \"2h\"", 13, "`2h` is out of bounds: from 100ms to 1h"),
    ("coalesce = \"5s\"", "coalesce = \"1h\"", 12, "events are too old before they are delivered"),
    ("max-age = \"24h\"", "", 16, "[subscriptions.on-order] says nothing"),
    ("max-age = \"24h\"", "max-age = \"1ms\"", 17, "`1ms` is out of bounds: from 1s to 744h"),
    ("\"stock-low\"", "\"Stock low\"", 20, "`name`: `Stock low` is not a name"),
    ("\"sends\"", "\"send\"", 21, "`direction` is `send`; write one of `sends` and `hears`"),
    ("\"hears\"", "\"sends\"", 26, "says twice that the module sends `stock-low`"),
    ("schema = {", "scheme = {", 24, "`scheme` means nothing in [[signals]]; known is `name`"),
    (
        "schema = { type = \"object\"",
        "schema = { type = \"objekt\"",
        24,
        "`schema` is no JSON Schema at `/type`",
    ),
    (
        "type = \"string\"",
        "\"$ref\" = \"https://a.example/b\"",
        24,
        "`schema` is no JSON Schema at",
    ),
    ("type = \"string\"", "default = nan", 24, "`schema` holds a number that JSON does not have"),
    ("type = \"string\"", "default = 1979-05-27", 24, "`schema` holds a date"),
    ("\"sold-out@2\"", "\"sold-out\"", 36, "`sold-out` is no name of a KPI"),
    ("\"sold-out@2\"", "\"sold-out@0\"", 36, "`sold-out@0` is no name of a KPI"),
    ("\"sold-out@2\"", "\"sold-out@+1\"", 36, "`sold-out@+1` is no name of a KPI"),
    ("\"count\"", "\"pieces\"", 39, "`unit` is `pieces`; write one of `money`, `count`, `percent`"),
    ("better = \"lower\"", "", 35, "`better` is missing in [[kpis]]; write one of `higher` and"),
];

#[test]
fn each_mistake_in_what_is_asked_for_has_its_line() {
    for (old, new, line, message) in MISTAKEN {
        let broken = with(MORE);
        assert!(broken.contains(old), "{old}");
        let found = mistakes(&broken.replacen(old, new, 1), SCHEMA);
        let begins = format!("plugin.toml:{line}: ");
        let there = |found: &String| found.starts_with(&begins) && found.contains(message);
        assert!(found.iter().any(there), "{begins}…{message}… is not among {found:#?}");
    }
}

#[test]
fn there_is_a_bound_to_how_much_a_module_lists() {
    let host = |number: usize| format!("\"a{number}.example.com\"");
    let hosts = |count: usize| (0..count).map(host).collect::<Vec<_>>().join(", ");
    let most = limits::HTTP_HOSTS_MAX;
    let listed =
        |count| Manifest::parse(&with(&format!("http-hosts = [{}]", hosts(count))), SCHEMA);
    assert_eq!(listed(most).unwrap().http_hosts.len(), most);
    let error = listed(most + 1).unwrap_err().to_string();
    assert_eq!(error, "plugin.toml:9: 65 http-hosts; 64 is the most");
    // A schema nests as deep as the parser of TOML lets it, which is not deep.
    let deep = format!("{}1{}", "{ a = ".repeat(10_000), " }".repeat(10_000));
    let deep = with(&MORE.replacen("{ type = \"string\" }", &deep, 1));
    assert!(Manifest::parse(&deep, SCHEMA).is_err());
}

#[test]
fn settings_are_listed_for_people() {
    let manifest = Manifest::parse(TOML, SCHEMA).unwrap();
    let listed: Vec<_> = manifest
        .setting_list()
        .into_iter()
        .map(|setting| (setting.name.clone(), setting.kind.clone(), setting.must_be_set()))
        .collect();
    let expected = [
        ("source", "string", true),
        ("buffer", "integer 0..", false),
        ("alerts", "object", false),
        ("alerts.low", "integer", false),
    ];
    let mut expected = expected.map(|(name, kind, must)| (name.to_owned(), kind.to_owned(), must));
    let mut listed = listed;
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);
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
change-weather = { en = "a", it = "b" }
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
    check(10, "`change-weather` means nothing in [reasons]; known is `alert`");
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
fn a_schedule_follows_a_beat_or_the_clock() {
    let with = |lines: &str| format!("{TOML}\n[[schedules]]\nname = \"report\"\n{lines}\n");
    let manifest =
        Manifest::parse(&with("cron = \"0 6 * * MON\"\nmissed = \"all\""), SCHEMA).unwrap();
    let Schedule { beat, missed } = &manifest.schedules["report"];
    assert_eq!(beat_in_words(beat), "at 0 6 * * MON");
    assert_eq!(*missed, Missed::All);
    let check = |lines: &str, expected: &str| {
        assert_eq!(mistakes(&with(lines), SCHEMA), [expected], "{lines}");
    };
    check(
        "cron = \"0 6 * * MON\"\nevery = \"5m\"",
        "plugin.toml:20: a schedule ticks `every` so long or when a `cron` text says so, not both; \
         remove one",
    );
    check("", "plugin.toml:20: `every` is missing in [[schedules]]; write a time such as \"60s\"");
    check(
        "cron = \"0 6 30 2 *\"",
        "plugin.toml:22: `cron`: `0 6 30 2 *` never comes: no year has that day",
    );
    check(
        "cron = \"@daily\"",
        "plugin.toml:22: `cron`: `@daily` has 1 fields, and a cron text has five: minute, hour, day \
         of the month, month and day of the week",
    );
    check(
        "every = \"5m\"\nmissed = \"some\"",
        "plugin.toml:23: `missed` is `some`; write one of `one`, `all` and `none`",
    );
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
    // A few lines of references would nest the work without end; so would a step that is tiny.
    check(
        with(json!({"$ref": "https://example.com/a.json"})),
        &["at `/properties/a`: `$ref` is not taken; write the schema out"],
    );
    check(
        with(json!({"multipleOf": 1e-320})),
        &["at `/properties/a`: `multipleOf` is less than 0.000001"],
    );
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
    for folder in
        ["plugins/stock-sync", "tests/guests/noop", "tests/guests/probe", "tests/guests/relay"]
    {
        let read = |file: &str| std::fs::read_to_string(root.join(folder).join(file)).unwrap();
        let manifest = Manifest::parse(&read("plugin.toml"), &read("settings.schema.json"));
        if let Err(errors) = manifest {
            panic!("{folder}: {errors}");
        }
    }
}
