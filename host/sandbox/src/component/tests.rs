//! Components made of empty interfaces: what they are held against is their names and manifest.

use std::borrow::Cow;

use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentInstanceSection, ComponentTypeRef, ComponentTypeSection, CustomSection, InstanceType,
    ModuleSection, NestedComponentSection,
};

use super::*;
use crate::manifest::{MANIFEST_SECTION, PersonalField, SETTINGS_SCHEMA_SECTION};

const TOP: &str = r#"
id = "test"
version = "0.1.0"
state-schema = 1
area = "it"
title = { en = "Test", it = "Prova" }
description = { en = "Tries.", it = "Prova." }
"#;
const SCHEMA: &str = r#"{"type": "object", "additionalProperties": false}"#;
const LOW: &str = r#"
[[signals]]
name = "low"
direction = "sends"
title = { en = "Low", it = "Basso" }
description = { en = "Low.", it = "Basso." }
schema = { type = "object" }
"#;
const KPI: &str = r#"
[[kpis]]
name = "sold@1"
title = { en = "Sold", it = "Venduti" }
description = { en = "Sold.", it = "Venduti." }
unit = "count"
better = "higher"
"#;

/// A component that imports and exports interfaces of these names.
pub(crate) fn component(imports: &[&str], exports: &[&str], manifest: &str) -> Vec<u8> {
    component_with(imports, exports, manifest, SCHEMA)
}

pub(crate) fn component_with(
    imports: &[&str],
    exports: &[&str],
    manifest: &str,
    schema: &str,
) -> Vec<u8> {
    let full = |name: &&str| match name.contains(':') {
        true => (*name).to_owned(),
        false => crate::contract::full_name(name),
    };
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut imported = ComponentImportSection::new();
    for import in imports.iter().map(full) {
        imported.import(import.as_str(), ComponentTypeRef::Instance(0));
    }
    let mut instances = ComponentInstanceSection::new();
    let mut exported = ComponentExportSection::new();
    for (export, index) in exports.iter().map(full).zip(imported.len()..) {
        instances.export_items::<&str, _>([]);
        exported.export(export.as_str(), ComponentExportKind::Instance, index, None);
    }
    let mut component = Component::new();
    component.section(&types).section(&imported).section(&instances).section(&exported);
    for (name, text) in [(MANIFEST_SECTION, manifest), (SETTINGS_SCHEMA_SECTION, schema)] {
        let data = Cow::Borrowed(text.as_bytes());
        component.section(&CustomSection { name: name.into(), data });
    }
    component.finish()
}

/// A manifest with keys at its top, reasons for these interfaces, and tables below them.
pub(crate) fn manifest(keys: &str, reasons: &[&str], tables: &str) -> String {
    let reason = |name: &&str| format!("{name} = {{ en = \"To try.\", it = \"Per provare.\" }}\n");
    let reasons: String = reasons.iter().map(reason).collect();
    format!("{TOP}{keys}\n[reasons]\n{reasons}\n{tables}")
}

fn mismatches(component: &[u8]) -> Vec<Mismatch> {
    match inspect(component) {
        Err(LoadError::Refused(mismatches)) => mismatches,
        other => panic!("{other:?}"),
    }
}

#[test]
fn manifest_and_type_say_the_same() {
    let order = ["on-order"];
    let check = |imports: &[&str], exports: &[&str], keys: &str, tables: &str, expected: &[_]| {
        let manifest = manifest(keys, imports, tables);
        let component = component(imports, exports, &manifest);
        match expected {
            [] => assert!(inspect(&component).is_ok(), "{:?}", inspect(&component).unwrap_err()),
            _ => assert_eq!(mismatches(&component), expected),
        }
    };
    let hosts = "http-hosts = [\"api.example.com\"]";
    let no_hosts = |name: &str| Mismatch::NoHttpHosts { interface: name.to_owned() };
    check(&["http-get"], &order, hosts, "", &[]);
    check(&["http-request"], &order, hosts, "", &[]);
    check(&["http-get"], &order, "", "", &[no_hosts("http-get")]);
    check(&["http-request"], &order, "", "", &[no_hosts("http-request")]);
    check(&["stock"], &order, hosts, "", &[Mismatch::HttpHostsUnused]);

    let fields = "personal-fields = [\"email\"]";
    check(&["people"], &order, fields, "", &[]);
    // Language, groups and consents need no field.
    check(&["people"], &order, "", "", &[]);
    check(&["orders"], &order, fields, "", &[Mismatch::PersonalFieldsUnused]);

    let stock = "[subscriptions.on-stock]\ncoalesce = \"5s\"";
    check(&[], &["on-order", "on-stock"], "", stock, &[]);
    check(&[], &order, "", stock, &[Mismatch::SubscriptionUnheard { hook: Hook::Stock }]);

    let low = || "low".to_owned();
    let hears = LOW.replace("sends", "hears");
    check(&["signal"], &order, "", LOW, &[]);
    check(&[], &["on-signal"], "", &hears, &[]);
    check(&["signal"], &["on-signal"], "", &format!("{LOW}{hears}"), &[]);
    check(&[], &order, "", LOW, &[Mismatch::SignalUnsent { name: low() }]);
    check(&["signal"], &order, "", "", &[Mismatch::NoSignalSent]);
    check(&[], &order, "", &hears, &[Mismatch::SignalUnheard { name: low() }]);
    check(&[], &["on-signal"], "", "", &[Mismatch::NoSignalHeard]);
    check(&["signal"], &["on-signal"], "", LOW, &[Mismatch::NoSignalHeard]);

    check(&["record-metric"], &order, "", KPI, &[]);
    check(&["metrics"], &order, "", KPI, &[Mismatch::KpisUnrecorded]);
}

#[test]
fn every_interface_and_hook_of_the_contract_is_known() {
    for hook in Hook::ALL.into_iter().filter(|hook| !matches!(hook, Hook::Schedule | Hook::Signal))
    {
        let inspection =
            inspect(&component(&[], &[hook.as_str()], &manifest("", &[], ""))).unwrap();
        assert_eq!(inspection.hooks, [hook].into());
    }
    let mut imports: Vec<&str> = ALWAYS_THERE.to_vec();
    imports.extend(Grants::ALL_GRANTABLE);
    let text = manifest("http-hosts = [\"api.example.com\"]", &Grants::ALL_GRANTABLE, LOW);
    let inspection = inspect(&component(&imports, &["on-order"], &text)).unwrap();
    assert_eq!(inspection.imports.len(), imports.len());
    assert_eq!(inspection.needed_grants().collect::<Vec<_>>(), Grants::ALL_GRANTABLE);
}

#[test]
fn of_wasi_there_is_the_second_version_and_not_all_of_it() {
    let wasi = ["wasi:io/streams@0.2.0", "wasi:clocks/wall-clock@0.2.6"];
    let inspection = inspect(&component(&wasi, &["on-order"], &manifest("", &[], ""))).unwrap();
    assert!(inspection.wasi && inspection.imports.is_empty());
    assert!(!inspect(&component(&[], &["on-order"], &manifest("", &[], ""))).unwrap().wasi);
    let foreign = ["wasi:io/streams@0.3.0", "wasi:http/types@0.2.0", "other:things/a@1.0.0"];
    let found = mismatches(&component(&foreign, &["on-order"], &manifest("", &[], "")));
    assert_eq!(
        found,
        [
            Mismatch::UnknownWasi { import: foreign[0].to_owned() },
            Mismatch::UnknownWasi { import: foreign[1].to_owned() },
            Mismatch::UnknownImport { import: foreign[2].to_owned() },
        ]
    );
    assert!(found[0].to_string().contains("it has `wasi:cli`, `wasi:clocks`"), "{}", found[0]);
}

#[test]
fn everything_that_is_not_granted_is_named_with_the_line_that_grants_it() {
    let keys = "http-hosts = [\"api.example.com\", \"*.example.org\"]\n\
                personal-fields = [\"email\", \"name\"]";
    let hears = LOW.replace("sends", "hears").replace("\"low\"", "\"sold\"");
    let imports = ["http-get", "people", "signal", "stock", "log"];
    let text = manifest(keys, &imports[..4], &format!("{LOW}{hears}"));
    let component = component(&imports, &["on-signal"], &text);
    let all = inspect(&component).unwrap();
    let lines = |grants: &Grants| -> Vec<String> {
        missing_grants(&all, grants).iter().map(ToString::to_string).collect()
    };
    let host = |text: &str| text.parse().unwrap();
    let some = Grants::new(["alert", "stock", "http-get", "people"])
        .unwrap()
        .with_http_hosts([host("rossi.example.org"), host("other.example.net")])
        .with_personal_fields([PersonalField::Phone, PersonalField::Email])
        .with_signals(["low"]);
    let if_agreed = "which is not granted; if the client agrees, write";
    assert_eq!(
        lines(&some),
        [
            format!(
                "component imports `fondaco:plugin/signal@0.1.0`, {if_agreed} grants = [\"alert\", \
                 \"http-get\", \"people\", \"signal\", \"stock\"] for this install"
            ),
            format!(
                "component reaches the host `api.example.com`, {if_agreed} http-hosts = \
                 [\"api.example.com\", \"other.example.net\", \"rossi.example.org\"] for this \
                 install"
            ),
            format!(
                "component reads people's `name`, {if_agreed} personal-fields = [\"email\", \
                 \"name\", \"phone\"] for this install"
            ),
            format!(
                "component hears the signal `sold`, {if_agreed} signals = [\"low\", \"sold\"] for \
                 this install"
            ),
        ]
    );
    assert_eq!(lines(&Grants::default()).len(), 4 + 2 + 2 + 2);
    assert_eq!(lines(&Grants::all()), [""; 0]);
    assert_eq!(all.asked().len(), 10);
    let effective = all.effective(&Grants::all());
    assert_eq!(effective.iter().collect::<Vec<_>>(), ["http-get", "people", "signal", "stock"]);
    assert_eq!(*effective.http_hosts(), all.manifest.http_hosts);
    assert!(all.asked().iter().all(|asked| effective.allows(asked)));
    assert_eq!(*all.effective(&some).http_hosts(), [host("rossi.example.org")].into());
}

#[test]
fn what_is_too_deep_or_too_much_is_refused() {
    let nested = |depth: usize| {
        let mut component = Component::new();
        for _ in 0..depth {
            let mut outer = Component::new();
            outer.section(&NestedComponentSection(&component));
            component = outer;
        }
        component.finish()
    };
    let deepest = nested(limits::COMPONENT_DEPTH_MAX);
    assert!(matches!(inspect(&deepest), Err(LoadError::NoSection { .. })));
    let error = inspect(&nested(limits::COMPONENT_DEPTH_MAX + 1)).unwrap_err().to_string();
    assert!(error.ends_with("modules lie more than 16 deep in it"), "{error}");

    let names: Vec<String> =
        (0..=limits::COMPONENT_NAMES_MAX).map(|number| format!("a:b/c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = manifest("", &[], "");
    assert_eq!(mismatches(&component(&names[1..], &["on-order"], &text)).len(), names.len() - 1);
    let error = inspect(&component(&names, &["on-order"], &text)).unwrap_err().to_string();
    assert!(error.ends_with("it has more than 1000 imports"), "{error}");
    let error = inspect(&component(&[], &names, &text)).unwrap_err().to_string();
    assert!(error.ends_with("it has more than 1000 exports"), "{error}");
}

#[test]
fn sections_of_what_is_nested_are_not_the_components() {
    let inner = component(&[], &["on-order"], &manifest("", &[], ""));
    let mut nested = Component::new();
    nested.section(&wasm_encoder::RawSection { id: 4, data: &inner });
    let error = inspect(&nested.finish()).unwrap_err();
    assert_eq!(error, LoadError::NoSection { section: MANIFEST_SECTION });
    // A module within a component may have instances: they are counted.
    let mut with_module = Component::new();
    with_module.section(&ModuleSection(&wasm_encoder::Module::new()));
    let mut instances = wasm_encoder::InstanceSection::new();
    instances.instantiate::<_, &str>(0, []);
    instances.instantiate::<_, &str>(0, []);
    instances.export_items::<_, &str>([]);
    with_module.section(&instances);
    let mut bytes = with_module.finish();
    let whole = component(&[], &["on-order"], &manifest("", &[], ""));
    bytes.extend_from_slice(&whole[8..]);
    assert_eq!(inspect(&bytes).unwrap().core_instances, 2);
}

mod any_bytes {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn reading_ends_with_a_word(place in 0_usize..2_000, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let text = manifest("http-hosts = [\"a.example.com\"]", &["http-get"], LOW);
            let mut component = component(&["http-get", "log"], &["on-order"], &text);
            let place = place.min(component.len());
            let end = (place + bytes.len()).min(component.len());
            component.splice(place..end, bytes);
            if let Err(error) = inspect(&component) {
                prop_assert!(!error.to_string().is_empty());
            }
        }

        #[test]
        fn a_manifest_of_any_text_is_read_or_refused(text in "\\PC{0,300}", cut in 0_usize..600) {
            let sound = manifest("", &["stock"], LOW);
            let cut = sound.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(0);
            let (before, after) = sound.split_at(cut);
            for text in [text.clone(), format!("{before}{text}{after}")] {
                if let Err(errors) = Manifest::parse(&text, SCHEMA) {
                    prop_assert!(!errors.0.is_empty() && errors.0.len() <= 2 * limits::MISTAKES_MAX);
                }
            }
        }
    }
}
