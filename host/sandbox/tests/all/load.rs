//! What loads, and what is refused by name.

use std::{borrow::Cow, collections::BTreeSet};

use fondaco_sandbox::{
    Grants, Hook, LoadError, Mismatch, inspect,
    manifest::{MANIFEST_SECTION, PersonalField, SETTINGS_SCHEMA_SECTION},
};
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentInstanceSection, ComponentSection, ComponentTypeRef, ComponentTypeSection,
    CustomSection, InstanceType, RawSection,
};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use crate::fixture::{guest, sandbox, small};

pub const MANIFEST: &str = r#"
id = "test"
version = "0.1.0"
state-schema = 1
area = "it"
title = { en = "Test", it = "Prova" }
description = { en = "Tries.", it = "Prova." }
"#;
const SCHEMA: &str = r#"{"type": "object", "additionalProperties": false}"#;

fn section(component: &mut Vec<u8>, name: &str, text: &str) {
    let data = Cow::Borrowed(text.as_bytes());
    CustomSection { name: name.into(), data }.append_to_component(component);
}

pub fn packed(mut component: Vec<u8>, manifest: &str) -> Vec<u8> {
    section(&mut component, MANIFEST_SECTION, manifest);
    section(&mut component, SETTINGS_SCHEMA_SECTION, SCHEMA);
    component
}

/// A component that imports and exports empty interfaces of these names.
fn component(imports: &[&str], exports: &[&str]) -> Vec<u8> {
    let mut component = Component::new();
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    component.section(&types);
    let mut section = ComponentImportSection::new();
    for import in imports {
        section.import(*import, ComponentTypeRef::Instance(0));
    }
    component.section(&section);
    let mut instances = ComponentInstanceSection::new();
    let mut section = ComponentExportSection::new();
    for (export, index) in exports.iter().zip(u32::try_from(imports.len()).unwrap()..) {
        instances.export_items::<&str, _>([]);
        section.export(*export, ComponentExportKind::Instance, index, None);
    }
    component.section(&instances).section(&section);
    packed(component.finish(), MANIFEST)
}

/// A component with another manifest.
pub fn with_manifest(component: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut changed = component[..8].to_vec();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.unwrap();
        if depth == 0 {
            match &payload {
                Payload::CustomSection(found) if found.name() == MANIFEST_SECTION => {
                    let text = change(std::str::from_utf8(found.data()).unwrap());
                    section(&mut changed, MANIFEST_SECTION, &text);
                    continue;
                }
                _ => {
                    if let Some((id, range)) = payload.as_section() {
                        let range = range.start as usize..range.end as usize;
                        let data = &component[range];
                        RawSection { id, data }.append_to_component(&mut changed);
                    }
                }
            }
        }
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if depth > 0 => depth -= 1,
            _ => {}
        }
    }
    changed
}

fn refused(component: &[u8], grants: &Grants) -> Vec<Mismatch> {
    match sandbox(small()).load(component, grants) {
        Err(LoadError::Refused(mismatches)) => mismatches,
        other => panic!("{other:?}"),
    }
}

fn messages(mismatches: &[Mismatch]) -> Vec<String> {
    mismatches.iter().map(ToString::to_string).collect()
}

#[test]
fn a_component_says_what_it_hears_and_needs() {
    let whole = inspect(&guest("whole")).unwrap();
    assert_eq!(whole.manifest.id, "whole");
    assert_eq!(whole.hooks, BTreeSet::from(Hook::ALL));
    assert_eq!(whole.needed_grants().collect::<Vec<_>>(), Grants::ALL_GRANTABLE);
    assert!(whole.imports.contains("log") && whole.core_instances > 0 && !whole.wasi);

    let noop = guest("noop");
    let module = sandbox(small()).load(&noop, &Grants::default()).unwrap();
    let inspection = inspect(&noop).unwrap();
    assert_eq!(module.digest(), inspection.digest);
    assert_eq!((module.digest().len(), &module.digest()[..7]), (71, "sha256:"));
    assert_eq!(module.hears(), &BTreeSet::from([Hook::Order]));
    // A guest that calls nothing imports types only, so nothing needs to be granted.
    assert_eq!(inspection.needed_grants().next(), None);
    assert_eq!(module.imports(), &["commerce", "types"].map(str::to_owned).into());
}

/// Everything that the guest `whole` asks for.
fn all_of_whole() -> Grants {
    Grants::new(Grants::ALL_GRANTABLE)
        .unwrap()
        .with_http_hosts(["api.example.com".parse().unwrap()])
        .with_personal_fields(PersonalField::ALL)
        .with_signals(["tried", "trying"])
}

#[test]
fn each_interface_needs_its_grant() {
    let whole = guest("whole");
    let sandbox = sandbox(small());
    sandbox.load(&whole, &all_of_whole()).unwrap();
    for denied in Grants::ALL_GRANTABLE {
        let others = Grants::ALL_GRANTABLE.into_iter().filter(|name| *name != denied);
        let grants = Grants::new(others)
            .unwrap()
            .with_http_hosts(["api.example.com".parse().unwrap()])
            .with_personal_fields(PersonalField::ALL)
            .with_signals(["tried", "trying"]);
        let mismatches = refused(&whole, &grants);
        let [message] = &messages(&mismatches)[..] else { panic!("{mismatches:?}") };
        let begins = format!(
            "component imports `fondaco:plugin/{denied}@0.1.0`, which is not granted; if the \
             client agrees, write grants = [\"alert\", "
        );
        assert!(message.starts_with(&begins) && message.contains(&format!("\"{denied}\"")));
    }
    // All that is missing is named, not just the first.
    let missing = refused(&whole, &Grants::default());
    let finer = 1 + PersonalField::ALL.len() + 2;
    assert_eq!(missing.len(), Grants::ALL_GRANTABLE.len() + finer, "{missing:#?}");
}

#[test]
fn what_is_finer_than_an_interface_needs_its_grant_too() {
    let whole = guest("whole");
    let one_refused = |grants: Grants, line: &str| {
        let mismatches = refused(&whole, &grants);
        let [message] = &messages(&mismatches)[..] else { panic!("{mismatches:#?}") };
        assert!(message.contains(line), "{message}");
    };
    let other_host = ["api.example.org".parse().unwrap()];
    one_refused(
        all_of_whole().with_http_hosts(other_host),
        r#"http-hosts = ["api.example.com", "api.example.org"]"#,
    );
    for denied in PersonalField::ALL {
        let others = PersonalField::ALL.into_iter().filter(|field| *field != denied);
        one_refused(all_of_whole().with_personal_fields(others), &format!("\"{denied}\""));
    }
    one_refused(all_of_whole().with_signals(["tried"]), r#"signals = ["tried", "trying"]"#);
    one_refused(all_of_whole().with_signals(["trying"]), r#"signals = ["tried", "trying"]"#);
}

fn all_hooks() -> String {
    let [others @ .., last] = Hook::ALL.map(|hook| format!("`{hook}`"));
    format!("{} and {last}", others.join(", "))
}

#[test]
fn what_the_host_does_not_have_is_named() {
    let hook = "fondaco:plugin/on-order@0.1.0";
    let check = |imports: &[&str], exports: &[&str], message: &[&str]| {
        let mismatches = refused(&component(imports, exports), &Grants::all());
        assert_eq!(messages(&mismatches), message);
    };
    check(
        &["fondaco:plugin/change-weather@0.1.0", "wasi:http/types@0.2.0"],
        &[hook],
        &[
            "component imports `fondaco:plugin/change-weather@0.1.0`, which this host does not have",
            "component imports `wasi:http/types@0.2.0`, which this host does not have; of WASI it \
             has `wasi:cli`, `wasi:clocks`, `wasi:filesystem`, `wasi:io`, `wasi:random` and \
             `wasi:sockets` in version 0.2, with nothing behind them but the run's clock and \
             randomness",
        ],
    );
    check(
        &["fondaco:plugin/log@0.2.0"],
        &["fondaco:plugin/on-order@0.3.1"],
        &[
            "component uses `fondaco:plugin/log@0.2.0`, and this host serves \
             fondaco:plugin@0.1.0; build it with that version of the contract",
            "component uses `fondaco:plugin/on-order@0.3.1`, and this host serves \
             fondaco:plugin@0.1.0; build it with that version of the contract",
        ],
    );
    check(
        &[],
        &[hook, "fondaco:plugin/on-weather@0.1.0"],
        &[&format!(
            "component exports `fondaco:plugin/on-weather@0.1.0`, which is no hook of this host; \
             hooks are {}",
            all_hooks()
        )],
    );
    check(
        &[],
        &["wasi:cli/run@0.2.0"],
        &[&format!(
            "component exports no hook, so it would never be called; hooks are {}",
            all_hooks()
        )],
    );
    check(
        &["fondaco:plugin/stock@0.1.0"],
        &[hook],
        &["plugin.toml gives no reason for `stock`, which the component imports; \
           add `stock = { en = \"…\", it = \"…\" }` to [reasons]"],
    );
    check(
        &[],
        &["fondaco:plugin/on-schedule@0.1.0"],
        &["component exports `on-schedule`, and plugin.toml lists no [[schedules]]"],
    );
}

#[test]
fn schedules_that_nobody_hears_are_a_mistake() {
    let scheduled = with_manifest(&guest("noop"), |text| {
        format!("{text}\n[[schedules]]\nname = \"tick\"\nevery = \"60s\"\n")
    });
    assert_eq!(refused(&scheduled, &Grants::all()), [Mismatch::ScheduleUnheard]);
}

#[test]
fn a_hook_of_another_type_does_not_load() {
    let hook = component(&[], &["fondaco:plugin/on-order@0.1.0"]);
    let error = sandbox(small()).load(&hook, &Grants::all()).unwrap_err();
    assert!(error.to_string().contains("has no `handle`"), "{error}");

    // The contract with another function under the same name.
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str(
            "other.wit",
            "package fondaco:plugin@0.1.0;
             interface on-order { handle: func(order: string); }
             world other { export on-order; }",
        )
        .unwrap();
    let world = resolve.select_world(&[package], Some("other")).unwrap();
    let mut module = wit_component::dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let encoded = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    let error = sandbox(small()).load(&packed(encoded, MANIFEST), &Grants::all()).unwrap_err();
    assert!(
        error.to_string().contains("`fondaco:plugin/on-order@0.1.0` is not the contract's"),
        "{error}"
    );
}

#[test]
fn what_is_no_component_is_refused_in_every_length() {
    let whole = guest("noop");
    for length in (0..whole.len()).step_by(97).chain(whole.len() - 40..whole.len()) {
        // A cut may fall between two sections, so that what is left is sound, and lacks its end.
        match inspect(&whole[..length]) {
            Err(LoadError::Malformed { .. } | LoadError::NoSection { .. }) => {}
            other => panic!("{length} bytes of {}: {other:?}", whole.len()),
        }
    }
    assert!(matches!(inspect(b"#!/bin/sh"), Err(LoadError::Malformed { .. })));
    assert_eq!(
        inspect(&wasm_encoder::Module::new().finish()).unwrap_err(),
        LoadError::NotAComponent
    );
    let bytes = fondaco_sandbox::limits::COMPONENT_BYTES_MAX + 1;
    assert!(matches!(inspect(&vec![0; bytes]), Err(LoadError::TooLarge { .. })));
}

#[test]
fn a_component_has_one_manifest_and_it_is_sound() {
    let bare = Component::new().finish();
    assert_eq!(inspect(&bare).unwrap_err(), LoadError::NoSection { section: MANIFEST_SECTION });
    let mut twice = component(&[], &["fondaco:plugin/on-order@0.1.0"]);
    section(&mut twice, MANIFEST_SECTION, MANIFEST);
    let error = inspect(&twice).unwrap_err();
    assert_eq!(error.to_string(), "the section `fondaco:manifest` of the component is there twice");
    let wrong = with_manifest(&guest("noop"), |text| text.replace("area", "aera"));
    let LoadError::Manifest(mistakes) = inspect(&wrong).unwrap_err() else { panic!() };
    assert_eq!(mistakes.0.len(), 2, "{mistakes}");
}
