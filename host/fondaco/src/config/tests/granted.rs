//! What is granted finer than by interface, and what is lowered and kept secret.

use std::collections::BTreeMap;

use fondaco_model::run::Resource;
use secrecy::ExposeSecret;

use super::{fixture::Files, modules::component};

const FILE: &str = "clients/rossi.toml";

/// A module that reaches a host, reads people and sends a signal.
const MANIFEST: &str = r#"id = "erp"
version = "0.1.0"
state-schema = 1
area = "logistics"
http-hosts = ["*.erp.example"]
personal-fields = ["email"]
title = { en = "ERP", it = "ERP" }
description = { en = "ERP.", it = "ERP." }
[reasons]
http-get = { en = "a", it = "a" }
people = { en = "a", it = "a" }
signal = { en = "a", it = "a" }
[limits]
fuel = 1000
[[signals]]
name = "low"
direction = "sends"
title = { en = "Low", it = "Basso" }
description = { en = "Low.", it = "Basso." }
schema = {}
"#;

const INSTALL: &str = r#"
[installs.erp]
plugin = "erp"
mode = "live"
grants = ["http-get", "people", "signal"]
shops = ["milano"]
http-hosts = ["rossi.erp.example"]
personal-fields = ["email"]
signals = ["low"]
[installs.erp.limits]
wall-ms = 250
[installs.erp.secrets]
api-key = { env = "KEY", host = "rossi.erp.example" }
"#;

fn files() -> Files {
    let mut files = Files::good();
    let schema = "{\"type\": \"object\", \"additionalProperties\": false}";
    let module = component(MANIFEST, schema, &["http-get", "people", "signal"], &["on-order"]);
    files.write_bytes("plugins/erp.wasm", &module);
    files.append(FILE, INSTALL);
    files
}

#[test]
fn everything_that_is_granted_is_read() {
    let files = files();
    assert_eq!(files.warnings(), [""; 0]);
    let config = files.report().config.unwrap();
    let client = &config.clients[0];
    let install = client.installs.values().find(|install| install.id.as_str() == "erp").unwrap();
    let grants = &install.grants;
    let shops: Vec<_> = grants.shops().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(shops, ["milano"]);
    let hosts: Vec<_> = grants.http_hosts().iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["rossi.erp.example"]);
    assert_eq!(grants.personal_fields().len(), 1);
    assert!(grants.signals().contains("low"));
    assert_eq!(install.limits, BTreeMap::from([(Resource::WallTime, 250_000)]));
    let secret = &install.secrets["api-key"];
    assert_eq!(secret.value.expose_secret(), "ck_very-secret");
    assert_eq!(secret.host.to_string(), "rossi.erp.example");
    let shown = format!("{install:?}");
    assert!(shown.contains("api-key") && !shown.contains("ck_very"), "{shown}");
}

/// What is replaced in the client's file, by what, and what is said of it.
const MISTAKEN: &[(&str, &str, &str)] = &[
    (
        "shops = [\"milano\"]",
        "shops = [\"milan\"]",
        "shops[0]: this client has no shop `milan` — did you mean `milano`?",
    ),
    ("shops = [\"milano\"]", "shops = []", "shops: no shop is named — name at least one"),
    (
        "http-hosts = [\"rossi.erp.example\"]",
        "http-hosts = [\"*.com\"]",
        "http-hosts[0]: `*.com` is not a host to grant",
    ),
    (
        "http-hosts = [\"rossi.erp.example\"]",
        "",
        "erp: the plugin asks for the host `*.erp.example`, which is not granted — add http-hosts = [\"*.erp.example\"]",
    ),
    (
        "personal-fields = [\"email\"]",
        "personal-fields = [\"name\"]",
        "personal-fields: the plugin asks for people's `email`, which is not granted — add \"email\" to the list",
    ),
    (
        "personal-fields = [\"email\"]",
        "personal-fields = [\"emale\"]",
        "personal-fields[0]: `emale` is no field of a person — did you mean `email`?",
    ),
    (
        "signals = [\"low\"]",
        "signals = []",
        "signals: the plugin asks for the signal `low`, which is not granted",
    ),
    (
        "wall-ms = 250",
        "wall-ms = 5001",
        "limits.wall-ms: 5001 is more than this host allows, and limits are only lowered here — write a whole number from 1 to 5000",
    ),
    ("wall-ms = 250", "wall-ms = 0", "limits.wall-ms: a run could use nothing of it"),
    ("wall-ms = 250", "wall-ms = \"1s\"", "limits.wall-ms: expected a whole number, found text"),
    (
        "wall-ms = 250",
        "wal-ms = 250",
        "limits.wal-ms: there is no such limit — did you mean `wall-ms`?",
    ),
    (
        "{ env = \"KEY\", host = \"rossi.erp.example\" }",
        "{ env = \"KEY\" }",
        "secrets.api-key: it has two keys: `env` or `file`, and `host`",
    ),
    (
        "{ env = \"KEY\", host = \"rossi.erp.example\" }",
        "\"ck_1234\"",
        "secrets.api-key: a secret does not belong into this file",
    ),
    (
        "host = \"rossi.erp.example\"",
        "host = \"bianchi.erp.example\"",
        "secrets.api-key.host: the module may not reach `bianchi.erp.example`, so the secret goes nowhere",
    ),
    (
        "env = \"KEY\", host",
        "env = \"NONE\", host",
        "secrets.api-key.env: the environment variable `NONE` is not set",
    ),
    (
        "env = \"KEY\", host",
        "env = \"SHORT\", host",
        "secrets.api-key: it cannot be put into a request: a secret has between 8 and",
    ),
    ("api-key =", "\"API key\" =", "`API key` is not a name"),
];

#[test]
fn each_mistake_has_its_key_and_fix() {
    for (old, new, expected) in MISTAKEN {
        let mut files = files();
        files.replace(FILE, old, new);
        let lines = files.mistakes();
        let found = lines.iter().any(|line| line.contains(expected));
        assert!(found, "`{old}` as `{new}`: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("ck_")), "{lines:#?}");
    }
}

#[test]
fn what_changes_nothing_is_warned_of() {
    let mut files = files();
    files.replace(FILE, "[\"low\"]", "[\"low\", \"high\"]");
    files.replace(FILE, "[\"rossi.erp.example\"]", "[\"rossi.erp.example\", \"a.example\"]");
    files.replace(FILE, "wall-ms = 250", "wall-ms = 250\nfuel = 1001");
    let warnings = files.warnings();
    for expected in [
        "http-hosts[1]: the plugin does not ask for the host `a.example`",
        "signals[1]: the plugin does not ask for the signal `high`",
        "limits.fuel: the plugin itself goes no further than 1000",
    ] {
        assert!(warnings.iter().any(|line| line.contains(expected)), "{warnings:#?}");
    }
    assert_eq!(warnings.len(), 3);
}

#[test]
fn modules_for_different_shops_do_not_rival() {
    let mut files = Files::good();
    files.write_bytes("plugins/stock-feed.wasm", &super::modules::stock_feed());
    let feed = "\n[installs.feed]\nplugin = \"stock-feed\"\nmode = \"live\"\n\
                grants = [\"change-stock\"]\nshops = [\"milano\"]\n";
    files.append(FILE, feed);
    assert_eq!(files.mistakes().len(), 1);
    files.replace(FILE, "version = \"0.1.0\"", "shops = [\"torino\"]");
    assert_eq!(files.mistakes(), [""; 0]);
}

#[test]
fn private_addresses_are_opened_one_by_one() {
    let with = |list: &str| {
        let mut files = Files::good();
        files.append("fondaco.toml", &format!("[egress]\nallow = {list}\n"));
        files
    };
    let config = with("[\"10.0.0.5:8443\", \"[fd00::5]:80\"]").report().config.unwrap();
    let shown: Vec<_> = config.egress.allow.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.5:8443", "[fd00::5]:80"]);
    assert!(Files::good().report().config.unwrap().egress.allow.is_empty());
    for bad in [
        "[\"10.0.0.5\"]",
        "[\"erp:80\"]",
        "[\"10.0.0.0/8\"]",
        "[\"10.0.0.5:0\"]",
        "[\"0.0.0.0:80\"]",
        "\"10.0.0.5:80\"",
    ] {
        assert_eq!(with(bad).mistakes().len(), 1, "{bad}");
    }
}
