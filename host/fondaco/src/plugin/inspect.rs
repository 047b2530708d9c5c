//! Shows what a plugin says of itself.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use fondaco_sandbox::{Inspection, limits};
use serde_json::{Value, json};

/// One setting that a client can make.
struct Setting<'a> {
    /// Its name; of a setting within another, both with a dot between.
    name: String,
    /// The JSON type, or the values it may have.
    kind: String,
    title: &'a str,
    default: Option<&'a Value>,
    required: bool,
}

/// Reads a plugin and prints what it says of itself.
///
/// # Errors
/// When the file cannot be read or is no plugin.
pub(super) fn inspect(file: &Path, as_json: bool) -> Result<ExitCode> {
    let name = file.display();
    let length = fs::metadata(file).with_context(|| format!("cannot read {name}"))?.len();
    let most = limits::COMPONENT_BYTES_MAX;
    ensure!(length <= most as u64, "{name} is {length} bytes long; {most} is the most");
    let plugin = fs::read(file).with_context(|| format!("cannot read {name}"))?;
    let inspection =
        fondaco_sandbox::inspect(&plugin).with_context(|| format!("{name} cannot be used"))?;
    if as_json {
        println!("{:#}", machine_readable(&inspection));
    } else {
        print!("{}", for_people(&inspection));
    }
    Ok(ExitCode::SUCCESS)
}

/// The page a person reads.
pub(super) fn for_people(inspection: &Inspection) -> String {
    let manifest = &inspection.manifest;
    let mut lines = vec![
        format!("{} {}", manifest.id, manifest.version),
        format!("  {} / {}", manifest.title.en, manifest.title.it),
        format!("  {}", manifest.description.en),
        format!("  {}", manifest.description.it),
        String::new(),
        format!("area      {}", manifest.area),
        format!("state     schema {}", manifest.state_schema),
        format!("size      {}", size(inspection.bytes)),
        format!("digest    {}", inspection.digest),
        format!("hears     {}", names(inspection.hooks.iter().map(|hook| hook.as_str()))),
    ];
    for schedule in &manifest.schedules {
        lines.push(format!("schedule  {} every {:?}", schedule.name, schedule.every));
    }
    let (fuel, wall_ms) = run_limits(inspection);
    let memory = size(limits::RUN_MEMORY_BYTES);
    lines.push(format!("limits    {fuel} fuel, {wall_ms} ms and {memory} of memory a run"));
    lines.push(String::from("\nmay, where the client grants it"));
    for interface in inspection.needed_grants() {
        lines.push(format!("  {interface}"));
        if let Some(reason) = manifest.reasons.get(interface) {
            lines.push(format!("    {}\n    {}", reason.en, reason.it));
        }
    }
    if inspection.needed_grants().next().is_none() {
        lines.push(String::from("  nothing"));
    }
    lines.push(String::from("\nsettings"));
    let settings = settings(manifest.settings_schema());
    for setting in &settings {
        let default = match (setting.default, setting.required) {
            (Some(default), _) => format!(", {default} unless set"),
            (None, true) => String::from(", must be set"),
            (None, false) => String::new(),
        };
        lines.push(format!("  {} ({}{default})", setting.name, setting.kind));
        lines.push(format!("    {}", setting.title));
    }
    if settings.is_empty() {
        lines.push(String::from("  none"));
    }
    lines.join("\n") + "\n"
}

/// The same for programs.
pub(super) fn machine_readable(inspection: &Inspection) -> Value {
    let manifest = &inspection.manifest;
    let localised = |text: &fondaco_model::action::Localised| json!({"en": text.en, "it": text.it});
    let permission = |interface: &str| {
        let reason = manifest.reasons.get(interface).map(localised);
        json!({"interface": interface, "reason": reason})
    };
    let schedules = manifest.schedules.iter().map(|schedule| {
        let every_ms = u64::try_from(schedule.every.as_millis()).unwrap_or(u64::MAX);
        json!({"name": schedule.name, "every_ms": every_ms})
    });
    let settings = settings(manifest.settings_schema());
    let settings = settings.iter().map(|setting| {
        json!({
            "name": setting.name,
            "type": setting.kind,
            "title": setting.title,
            "default": setting.default,
            "required": setting.required,
        })
    });
    let (fuel, wall_ms) = run_limits(inspection);
    json!({
        "id": manifest.id,
        "version": manifest.version.to_string(),
        "state_schema": manifest.state_schema,
        "area": manifest.area,
        "title": localised(&manifest.title),
        "description": localised(&manifest.description),
        "bytes": inspection.bytes,
        "digest": inspection.digest,
        "hooks": inspection.hooks.iter().map(|hook| hook.as_str()).collect::<Vec<_>>(),
        "imports": inspection.imports,
        "permissions": inspection.needed_grants().map(permission).collect::<Vec<_>>(),
        "schedules": schedules.collect::<Vec<_>>(),
        "limits": {
            "fuel": fuel,
            "wall_ms": wall_ms,
            "memory_bytes": limits::RUN_MEMORY_BYTES,
        },
        "settings": settings.collect::<Vec<_>>(),
        "settings_schema": manifest.settings_schema(),
    })
}

/// A size as people write it, in steps of 1024.
pub(super) fn size(bytes: usize) -> String {
    let (whole, unit) = match bytes {
        ..1_024 => return format!("{bytes} bytes"),
        1_024..1_048_576 => (1_024.0, "KiB"),
        _ => (1_048_576.0, "MiB"),
    };
    // Sizes of files fit a double exactly.
    format!("{:.1} {unit}", bytes as f64 / whole)
}

/// Names with commas between; `nothing` if there are none.
pub(super) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { String::from("nothing") } else { names.join(", ") }
}

/// Fuel and milliseconds that a run gets on a host with default limits.
fn run_limits(inspection: &Inspection) -> (u64, u64) {
    let own = inspection.manifest.limits;
    (own.fuel.unwrap_or(limits::RUN_FUEL), own.wall_ms.unwrap_or(limits::RUN_WALL_MS))
}

fn settings(schema: &Value) -> Vec<Setting<'_>> {
    let mut settings = Vec::new();
    collect_settings(schema, "", &mut settings);
    settings
}

fn collect_settings<'a>(schema: &'a Value, within: &str, settings: &mut Vec<Setting<'a>>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = schema.get("required").and_then(Value::as_array);
    for (property, schema) in properties {
        let name = format!("{within}{property}");
        let within = format!("{name}.");
        settings.push(Setting {
            name,
            kind: kind(schema),
            title: schema.get("title").and_then(Value::as_str).unwrap_or_default(),
            default: schema.get("default"),
            required: required.is_some_and(|required| required.iter().any(|it| it == property)),
        });
        collect_settings(schema, &within, settings);
    }
}

/// The type of a setting's values, with its bounds: `integer 0..100`, `"a" or "b"`.
fn kind(schema: &Value) -> String {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    }
    let mut kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => String::from("anything"),
    };
    let (least, most) = (schema.get("minimum"), schema.get("maximum"));
    if least.is_some() || most.is_some() {
        let bound = |bound: Option<&Value>| bound.map(Value::to_string).unwrap_or_default();
        // Writing to a string does not fail.
        let _ = write!(kind, " {}..{}", bound(least), bound(most));
    }
    kind
}
