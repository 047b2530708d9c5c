//! Modules to install.

use std::{borrow::Cow, fs, path::Path};

use fondaco_sandbox::manifest::{MANIFEST_SECTION, SETTINGS_SCHEMA_SECTION};
use serde_json::json;
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentInstanceSection, ComponentTypeRef, ComponentTypeSection, CustomSection, InstanceType,
};

/// A component that imports and exports interfaces of the contract, without what is in them: what
/// an install is checked against, and nothing that could run.
pub(super) fn component(
    manifest: &str,
    schema: &str,
    imports: &[&str],
    exports: &[&str],
) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut imported = ComponentImportSection::new();
    for import in imports {
        let name = format!("fondaco:plugin/{import}@0.1.0");
        imported.import(name.as_str(), ComponentTypeRef::Instance(0));
    }
    let mut instances = ComponentInstanceSection::new();
    let mut exported = ComponentExportSection::new();
    for (export, index) in exports.iter().zip(imported.len()..) {
        instances.export_items::<&str, _>([]);
        let name = format!("fondaco:plugin/{export}@0.1.0");
        exported.export(name.as_str(), ComponentExportKind::Instance, index, None);
    }
    let mut component = Component::new();
    component.section(&types).section(&imported).section(&instances).section(&exported);
    for (name, text) in [(MANIFEST_SECTION, manifest), (SETTINGS_SCHEMA_SECTION, schema)] {
        let data = Cow::Borrowed(text.as_bytes());
        component.section(&CustomSection { name: name.into(), data });
    }
    component.finish()
}

fn of_stock_sync(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/stock-sync");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// A component with stock-sync's own manifest and settings schema.
pub(super) fn stock_sync() -> Vec<u8> {
    stock_sync_that_imports(&["catalogue", "stock", "orders", "change-stock", "alert", "log"])
}

pub(super) fn stock_sync_that_imports(imports: &[&str]) -> Vec<u8> {
    let (manifest, schema) = (of_stock_sync("plugin.toml"), of_stock_sync("settings.schema.json"));
    component(&manifest, &schema, imports, &["on-order", "on-stock", "on-schedule", "on-lifecycle"])
}

/// Another module that writes stock.
pub(super) fn stock_feed() -> Vec<u8> {
    let manifest =
        of_stock_sync("plugin.toml").replace("id = \"stock-sync\"", "id = \"stock-feed\"");
    let schema = json!({ "type": "object", "additionalProperties": false }).to_string();
    component(&manifest, &schema, &["change-stock"], &["on-schedule", "on-lifecycle"])
}
