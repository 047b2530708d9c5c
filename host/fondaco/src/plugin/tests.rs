//! Folders with and without mistakes, and packing of modules that do nothing.

use std::fs;
use std::path::{Path, PathBuf};

use fondaco_sandbox::manifest::diff::difference;
use tempfile::TempDir;
use wit_component::StringEncoding;
use wit_parser::{ManglingAndAbi, Resolve};

use super::build::pack;
use super::folder::{Folder, Mistake, same_ids};
use super::inspect::{for_people, machine_readable, size};

const MANIFEST: &str = r#"id = "made-up"
version = "0.3.1"
state-schema = 2
area = "logistics"
title = { en = "Made up", it = "Inventato" }
description = { en = "Does nothing.", it = "Non fa nulla." }

[reasons]
alert = { en = "To tell what runs low.", it = "Per dire che cosa sta finendo." }

[[schedules]]
name = "every-minute"
every = "60s"

[limits]
wall-ms = 250
"#;

const CARGO: &str = r#"[package]
name = "made-up"
version = "0.3.1"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[workspace]
"#;

const SCHEMA: &str = r#"{
    "type": "object",
    "additionalProperties": false,
    "required": ["source"],
    "properties": {
        "source": { "type": "string", "title": "Source", "description": "Where from." },
        "low": {
            "type": "integer", "minimum": 0, "default": 5,
            "title": "Low stock", "description": "When to tell."
        },
        "round": { "enum": ["up", "down"], "title": "Rounding", "description": "Which way." }
    }
}"#;

/// What a module imports and exports that hears schedules and raises alerts.
const WORLD: &str = "import fondaco:plugin/alert@0.1.0;
    import fondaco:plugin/state@0.1.0;
    export fondaco:plugin/on-schedule@0.1.0;";

/// The folder of a module in which nothing is wrong.
fn sound() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "plugin.toml", MANIFEST);
    write(folder.path(), "settings.schema.json", SCHEMA);
    write(folder.path(), "Cargo.toml", CARGO);
    write(folder.path(), "src/lib.rs", "");
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The mistakes as they are shown, with the folder's own path left out.
fn shown(folder: &Path, mistakes: &[Mistake]) -> Vec<String> {
    let folder = format!("{}/", folder.display());
    mistakes.iter().map(|mistake| mistake.to_string().replace(&folder, "")).collect()
}

fn mistakes_in(folder: &TempDir) -> Vec<String> {
    let mistakes = Folder::read(folder.path()).expect_err("the folder has mistakes");
    shown(folder.path(), &mistakes)
}

/// A core module of a world with these lines, as a compiler would make it.
fn module(world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let contract = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    resolve.push_dir(contract).unwrap();
    let text = format!("package made:up; world module {{ {world} }}");
    let package = resolve.push_str("module.wit", &text).unwrap();
    let world = resolve.select_world(&[package], Some("module")).unwrap();
    let abi = ManglingAndAbi::Standard32;
    let mut module = wit_component::dummy_module(&resolve, world, abi);
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        StringEncoding::UTF8,
        true,
    )
    .unwrap();
    module
}

#[test]
fn a_sound_folder_is_packed_and_inspected() {
    let folder = sound();
    let read = Folder::read(folder.path()).unwrap();
    let (plugin, inspection) = pack(&read, &module(WORLD)).unwrap();
    assert_eq!(fondaco_sandbox::inspect(&plugin).unwrap().digest, inspection.digest);
    assert_eq!(inspection.bytes, plugin.len());

    let page = for_people(&inspection);
    for line in [
        "made-up 0.3.1",
        "  Made up / Inventato",
        "area      logistics",
        "state     schema 2",
        "hears     on-schedule",
        "schedule  every-minute every 1m; missed ticks come as one",
        "  fuel             1000000000",
        "  wall-ms          250",
        "  memory-bytes     67108864 (64.0 MiB)",
        "  alert",
        "    To tell what runs low.",
        "    Per dire che cosa sta finendo.",
        "  source (string, must be set)",
        "  low (integer 0.., 5 unless set)",
        "  round (\"up\" or \"down\")",
    ] {
        assert!(page.lines().any(|shown| shown == line), "`{line}` is not in:\n{page}");
    }
    let json = machine_readable(&inspection);
    assert_eq!(json["hooks"], serde_json::json!(["on-schedule"]));
    assert_eq!(json["permissions"][0]["interface"], "alert");
    assert_eq!(json["permissions"][0]["reason"]["it"], "Per dire che cosa sta finendo.");
    assert_eq!(json["limits"]["wall-ms"], 250);
    assert_eq!(json["schedules"][0]["every_ms"], 60_000);
    assert_eq!(json["schedules"][0]["missed"], "one");
    let low = &json["settings"].as_array().unwrap().iter().find(|it| it["name"] == "low").unwrap();
    assert_eq!(low["default"], 5);
}

#[test]
fn a_module_without_a_schema_has_no_settings() {
    let folder = sound();
    fs::remove_file(folder.path().join("settings.schema.json")).unwrap();
    let read = Folder::read(folder.path()).unwrap();
    let (_, inspection) = pack(&read, &module(WORLD)).unwrap();
    assert!(for_people(&inspection).ends_with("settings\n  none\n"));
}

#[test]
fn all_mistakes_of_a_folder_come_at_once() {
    let folder = sound();
    let broken = MANIFEST
        .replace("id = \"made-up\"", "id = \"Made Up\"")
        .replace("area = \"logistics\"\n", "area = 7\n")
        .replace("every = \"60s\"", "every = \"soon\"")
        .replace("[limits]", "[limit]");
    write(folder.path(), "plugin.toml", &broken);
    write(folder.path(), "settings.schema.json", "{ \"type\":\n \"object\", }");
    write(folder.path(), "Cargo.toml", &CARGO.replace("[\"cdylib\"]", "[\"rlib\"]"));
    let mistakes = mistakes_in(&folder);
    assert_eq!(mistakes.len(), 6, "{mistakes:#?}");
    for start in [
        "plugin.toml:1: `id`",
        "plugin.toml:4: `area`",
        "plugin.toml:13: `soon`",
        "plugin.toml:15: `limit`",
        "settings.schema.json:2: ",
    ] {
        let found = mistakes.iter().any(|mistake| mistake.starts_with(start));
        assert!(found, "no mistake starts with `{start}`: {mistakes:#?}");
    }
    let last = mistakes.last().unwrap();
    assert!(last.contains("crate-type = [\"cdylib\", \"rlib\"]"), "{last}");
}

#[test]
fn an_empty_folder_is_told_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let mistakes = mistakes_in(&folder);
    assert_eq!(mistakes.len(), 2, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("plugin.toml: cannot be read: "), "{mistakes:#?}");
    assert!(mistakes[1].contains("Cargo.toml"), "{mistakes:#?}");
}

#[test]
fn a_manifest_too_large_is_not_read() {
    let folder = sound();
    let large = "#".repeat(fondaco_sandbox::limits::MANIFEST_BYTES_MAX + 1);
    write(folder.path(), "plugin.toml", &large);
    let mistakes = mistakes_in(&folder);
    assert_eq!(mistakes, ["plugin.toml: is 65537 bytes long; 65536 is the most"]);
}

#[test]
fn the_manifest_and_the_crate_agree() {
    let folder = sound();
    let other = MANIFEST.replace("\"made-up\"", "\"other\"").replace("0.3.1", "0.4.0");
    write(folder.path(), "plugin.toml", &other);
    assert_eq!(
        mistakes_in(&folder),
        [
            "plugin.toml:1: `id` is `other`, and `name` in Cargo.toml is `made-up`; \
             make them the same",
            "plugin.toml:2: `version` is `0.4.0`, and `version` in Cargo.toml is `0.3.1`; \
             make them the same",
        ]
    );
}

#[test]
fn two_modules_with_one_id_are_refused() {
    let (one, other) = (sound(), sound());
    let folders = [one.path(), other.path()].map(|path| Folder::read(path).unwrap());
    let mistakes = shown(other.path(), &same_ids(&folders));
    let one = one.path().display();
    assert_eq!(mistakes, [format!("plugin.toml:1: `made-up` is the id of {one} as well")]);
    assert!(same_ids(&folders[..1]).is_empty());
}

/// The mistakes that show only when a module of this world is packed.
fn mistakes_when_packed(manifest: &str, world: &str) -> Vec<String> {
    let folder = sound();
    write(folder.path(), "plugin.toml", manifest);
    let read = Folder::read(folder.path()).unwrap();
    let mistakes = pack(&read, &module(world)).expect_err("it cannot be packed");
    let whole = folder.path().display().to_string();
    let mistakes = shown(folder.path(), &mistakes);
    mistakes.into_iter().map(|mistake| mistake.replace(&whole, "the folder")).collect()
}

#[test]
fn an_import_without_a_reason_is_refused() {
    let world = format!("{WORLD} import fondaco:plugin/change-stock@0.1.0;");
    let mistakes = mistakes_when_packed(MANIFEST, &world);
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("plugin.toml:8: "), "{mistakes:#?}");
    assert!(mistakes[0].contains("`change-stock`"), "{mistakes:#?}");
}

#[test]
fn a_reason_without_its_import_is_refused() {
    let world = WORLD.replace("import fondaco:plugin/alert@0.1.0;", "");
    assert_eq!(
        mistakes_when_packed(MANIFEST, &world),
        ["plugin.toml:8: there is a reason for `alert`, which the module never calls; remove it"]
    );
}

#[test]
fn a_schedule_nobody_hears_is_refused() {
    let world = WORLD.replace("on-schedule", "on-order");
    let mistakes = mistakes_when_packed(MANIFEST, &world);
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("plugin.toml:11: "), "{mistakes:#?}");
    assert!(mistakes[0].contains("on-schedule"), "{mistakes:#?}");
}

#[test]
fn a_module_that_wants_what_no_host_has_is_refused() {
    let world = format!("{WORLD} import files: interface {{ read: func() -> string; }}");
    let mistakes = mistakes_when_packed(MANIFEST, &world);
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("the folder: "), "{mistakes:#?}");
    assert!(mistakes[0].contains("`files`"), "{mistakes:#?}");
}

#[test]
fn what_was_not_compiled_against_the_contract_is_refused() {
    let folder = sound();
    let read = Folder::read(folder.path()).unwrap();
    let mistakes = pack(&read, b"not Wasm").expect_err("it cannot be packed");
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].to_string().contains("cannot be made a component"), "{mistakes:#?}");
    // A module of nothing is a component of nothing.
    let mistakes = pack(&read, b"\0asm\x01\0\0\0").expect_err("it cannot be packed");
    let mistakes = shown(folder.path(), &mistakes);
    assert!(mistakes.iter().any(|mistake| mistake.contains("exports no hook")), "{mistakes:#?}");
}

#[test]
fn sizes_are_written_for_people() {
    assert_eq!(size(999), "999 bytes");
    assert_eq!(size(56 * 1024 + 512), "56.5 KiB");
    assert_eq!(size(3 * 1024 * 1024), "3.0 MiB");
}

#[test]
fn two_versions_are_compared_for_people() {
    let folder = sound();
    let built = |manifest: &str, world: &str| {
        write(folder.path(), "plugin.toml", manifest);
        let read = Folder::read(folder.path()).unwrap();
        pack(&read, &module(world)).unwrap().1
    };
    let (old, reason) =
        (built(MANIFEST, WORLD), "stock = { en = \"To look.\", it = \"Per vedere.\" }");
    let more = MANIFEST.replace("[reasons]", &format!("[reasons]\n{reason}"));
    let world = format!("{WORLD} import fondaco:plugin/stock@0.1.0;");
    let new = built(&more.replace("250", "300"), &world);
    let page = |old, new| super::diff::for_people(&difference(old, new));
    assert_eq!(
        page(&old, &new),
        "It asks for more:\n  It may now use `stock`. Its reason: “To look.”\n\n\
         Else:\n  Both say that they are version 0.3.1, and they are not the same file.\n  \
         A run may use at most 300 wall-ms instead of 250.\n"
    );
    let back = page(&new, &old);
    assert!(back.starts_with("It no longer does:\n  It no longer uses `stock`.\n"), "{back}");
    assert!(back.ends_with("\n\nIt asks for nothing more.\n"), "{back}");
    assert_eq!(page(&old, &old), "Both ask for the same, and nothing else differs.\n");
}
