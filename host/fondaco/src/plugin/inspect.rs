//! Shows what a plugin says of itself.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fondaco_model::action::Localised;
use fondaco_model::run::Resource;
use fondaco_model::schedule::{Beat, Missed, Schedule};
use fondaco_sandbox::manifest::{Direction, Kpi, Signal, Subscription, beat_in_words};
use fondaco_sandbox::{Grants, Hook, Inspection, Manifest, limits};
use serde_json::{Value, json};

/// Reads a plugin.
///
/// # Errors
/// When the file cannot be read or is no plugin.
pub(super) fn read(file: &Path) -> Result<Inspection> {
    let name = file.display();
    let length = fs::metadata(file).with_context(|| format!("cannot read {name}"))?.len();
    let most = limits::COMPONENT_BYTES_MAX;
    ensure!(length <= most as u64, "{name} is {length} bytes long; {most} is the most");
    let plugin = fs::read(file).with_context(|| format!("cannot read {name}"))?;
    fondaco_sandbox::inspect(&plugin).with_context(|| format!("{name} cannot be used"))
}

/// Reads a plugin and prints what it says of itself.
///
/// # Errors
/// When the file cannot be read or is no plugin.
pub(super) fn inspect(file: &Path, as_json: bool) -> Result<ExitCode> {
    let inspection = read(file)?;
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
        hears(inspection),
    ];
    lines.extend(heard_and_told(manifest));
    lines.push(String::from("\nlimits of a run"));
    for (resource, limit) in run_limits(inspection) {
        lines.push(format!("  {:<16} {}", resource.as_str(), amount(resource, limit)));
    }
    lines.push(String::from("\nmay, where the client grants it"));
    for interface in inspection.needed_grants() {
        lines.push(format!("  {}", served(interface, Grants::is_served(interface))));
        if let Some(reason) = manifest.reasons.get(interface) {
            lines.push(format!("    {}\n    {}", reason.en, reason.it));
        }
    }
    lines.extend(manifest.http_hosts.iter().map(|host| format!("  reach the host {host}")));
    lines.extend(manifest.personal_fields.iter().map(|field| format!("  read people's {field}")));
    for Signal { name, direction, title, .. } in &manifest.signals {
        let verb = if *direction == Direction::Sends { "send" } else { "hear" };
        lines.push(format!("  {verb} the signal {name}"));
        lines.push(format!("    {}\n    {}", title.en, title.it));
    }
    if inspection.asked().is_empty() {
        lines.push(String::from("  nothing"));
    }
    lines.push(String::from("\nsettings"));
    let settings = manifest.setting_list();
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

fn hears(inspection: &Inspection) -> String {
    let hooks: Vec<String> =
        inspection.hooks.iter().map(|hook| served(hook.as_str(), hook.is_served())).collect();
    format!("hears     {}", names(hooks.iter().map(String::as_str)))
}

/// How and when it hears, and the figures it records, a line each.
fn heard_and_told(manifest: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    for (hook, Subscription { coalesce, max_age, history }) in &manifest.subscriptions {
        let coalesce = coalesce.map(|time| format!(" coalesced over {time:?}"));
        let max_age = max_age.map(|time| format!(" not older than {time:?}"));
        let history = (!history).then(|| " without history".to_owned());
        let ways = [coalesce, max_age, history].into_iter().flatten().collect::<Vec<_>>().join(",");
        lines.push(format!("  {hook}{ways}"));
    }
    for (name, Schedule { beat, missed }) in &manifest.schedules {
        let words = match missed {
            Missed::One => "missed ticks come as one",
            Missed::All => "missed ticks come one after the other",
            Missed::None => "missed ticks do not come",
        };
        lines.push(format!("schedule  {name} {}; {words}", beat_in_words(beat)));
    }
    for Kpi { name, title, unit, better, .. } in &manifest.kpis {
        lines.push(format!("kpi       {name} ({unit}, {better} is better): {}", title.en));
    }
    lines
}

/// The same for programs.
pub(super) fn machine_readable(inspection: &Inspection) -> Value {
    let manifest = &inspection.manifest;
    let permission = |interface: &str| {
        let reason = manifest.reasons.get(interface).map(localised);
        let served = Grants::is_served(interface);
        json!({"interface": interface, "reason": reason, "served": served})
    };
    let hook_names = |hooks: &mut dyn Iterator<Item = &Hook>| -> Vec<&str> {
        hooks.map(|hook| hook.as_str()).collect()
    };
    let schedules = manifest.schedules.iter();
    let schedules = schedules.map(|(name, Schedule { beat, missed })| {
        let (every, cron) = match beat {
            Beat::Every(every) => (Some(ms(*every)), None),
            Beat::Cron(cron) => (None, Some(cron.to_string())),
        };
        json!({"name": name, "every_ms": every, "cron": cron, "missed": missed.as_str()})
    });
    let subscriptions = manifest.subscriptions.iter().map(|(hook, subscription)| {
        let Subscription { coalesce, max_age, history } = subscription;
        let (coalesce, max_age) = (coalesce.map(ms), max_age.map(ms));
        json!({
            "hook": hook.as_str(), "coalesce_ms": coalesce, "max_age_ms": max_age,
            "history": history,
        })
    });
    let settings = manifest.setting_list();
    let settings = settings.iter().map(|setting| {
        json!({
            "name": setting.name,
            "type": setting.kind,
            "title": setting.title,
            "default": setting.default,
            "required": setting.required,
        })
    });
    let limits = run_limits(inspection);
    let limits = limits.map(|(resource, limit)| (resource.as_str().to_owned(), json!(limit)));
    json!({
        "id": manifest.id,
        "version": manifest.version.to_string(),
        "state_schema": manifest.state_schema,
        "area": manifest.area,
        "title": localised(&manifest.title),
        "description": localised(&manifest.description),
        "bytes": inspection.bytes,
        "digest": inspection.digest,
        "hooks": hook_names(&mut inspection.hooks.iter()),
        "hooks_not_served": hook_names(&mut inspection.hooks.iter().filter(|it| !it.is_served())),
        "imports": inspection.imports,
        "wasi": inspection.wasi,
        "permissions": inspection.needed_grants().map(permission).collect::<Vec<_>>(),
        "http_hosts": manifest.http_hosts,
        "personal_fields":
            manifest.personal_fields.iter().map(|field| field.as_str()).collect::<Vec<_>>(),
        "subscriptions": subscriptions.collect::<Vec<_>>(),
        "schedules": schedules.collect::<Vec<_>>(),
        "signals": signals(manifest),
        "kpis": kpis(manifest),
        "limits": limits.collect::<serde_json::Map<_, _>>(),
        "settings": settings.collect::<Vec<_>>(),
        "settings_schema": manifest.settings_schema(),
    })
}

fn localised(text: &Localised) -> Value {
    json!({"en": text.en, "it": text.it})
}

fn signals(manifest: &Manifest) -> Vec<Value> {
    manifest
        .signals
        .iter()
        .map(|signal| {
            json!({
                "name": signal.name,
                "direction": signal.direction.as_str(),
                "title": localised(&signal.title),
                "description": localised(&signal.description),
                "schema": signal.schema(),
            })
        })
        .collect()
}

fn kpis(manifest: &Manifest) -> Vec<Value> {
    manifest
        .kpis
        .iter()
        .map(|kpi| {
            json!({
                "name": kpi.name,
                "title": localised(&kpi.title),
                "description": localised(&kpi.description),
                "unit": kpi.unit.as_str(),
                "better": kpi.better.as_str(),
            })
        })
        .collect()
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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

/// What a run may use of each resource on a host whose client lowers nothing, in the units that are
/// written.
fn run_limits(inspection: &Inspection) -> impl Iterator<Item = (Resource, u64)> {
    let limits = limits::run_limits().lowered(&inspection.manifest.limits);
    Resource::ALL.into_iter().map(move |resource| (resource, limits[resource] / resource.scale()))
}

/// A name, and whether this host does anything for it.
fn served(name: &str, is_served: bool) -> String {
    if is_served { name.to_owned() } else { format!("{name} (not served yet)") }
}

/// A limit as people read it: sizes in steps of 1024, the rest in digits.
fn amount(resource: Resource, limit: u64) -> String {
    match usize::try_from(limit) {
        Ok(bytes) if resource.as_str().ends_with("-bytes") && bytes >= 1_024 => {
            format!("{limit} ({})", size(bytes))
        }
        _ => limit.to_string(),
    }
}
