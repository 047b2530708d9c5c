//! `plugin.toml` and the settings' schema beside it. What is accepted is held against the same text
//! read as plain TOML, and against the limits.

use std::time::Duration;

use fondaco_model::{
    action::Localised,
    schedule::{Beat, CRON_BYTES_MAX},
};
use fondaco_sandbox::{
    Grants, Manifest, ManifestErrors, limits,
    manifest::{ManifestFile, ManifestMistake},
};
use toml::{Table, Value};

/// What stands between the two texts.
const DIVIDER: &str = "\n%%\n";

/// The schema of an input that has none.
const SCHEMA: &str = r#"{"type": "object", "additionalProperties": false}"#;

/// Reads the two texts. Tells whether both are accepted.
pub fn holds(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let (toml, schema) = text.split_once(DIVIDER).unwrap_or((text, SCHEMA));
    match Manifest::parse(toml, schema) {
        Ok(manifest) => {
            keeps_to_limits(&manifest);
            says_what_is_written(&manifest, &toml.parse().expect("it was read as TOML before"));
            let listed = manifest.setting_list();
            assert!(listed.iter().all(|setting| !setting.title.trim().is_empty()), "{listed:?}");
            true
        }
        Err(ManifestErrors(mistakes)) => {
            assert!(!mistakes.is_empty(), "refused for nothing");
            assert!(mistakes.len() <= 2 * limits::MISTAKES_MAX, "{} mistakes", mistakes.len());
            for mistake in &mistakes {
                has_its_place(mistake, toml, schema);
            }
            let again = Manifest::parse(toml, schema).map(|_| ());
            assert_eq!(again, Err(ManifestErrors(mistakes)), "other mistakes the second time");
            false
        }
    }
}

/// The line of a mistake is one that its text has.
fn has_its_place(mistake: &ManifestMistake, toml: &str, schema: &str) {
    let text = match mistake.file {
        ManifestFile::Manifest => toml,
        ManifestFile::SettingsSchema => schema,
    };
    let lines = text.split('\n').count();
    let within = mistake.line.is_none_or(|line| (1..=lines).contains(&line));
    assert!(within && !mistake.message.is_empty(), "{mistake:?} of {lines} lines");
}

fn keeps_to_limits(manifest: &Manifest) {
    let host = limits::run_limits();
    for (resource, own) in &manifest.limits {
        let most = host[*resource].max(resource.scale());
        assert!((1..=most).contains(own), "{resource:?} {own}");
    }
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    for schedule in manifest.schedules.values() {
        let bounds = limits::SCHEDULE_EVERY_MS_MIN..=limits::SCHEDULE_EVERY_MS_MAX;
        match &schedule.beat {
            Beat::Every(every) => assert!(bounds.contains(&milliseconds(*every)), "{schedule:?}"),
            Beat::Cron(cron) => assert!(cron.to_string().len() <= CRON_BYTES_MAX, "{cron}"),
        }
    }
    for subscription in manifest.subscriptions.values() {
        let (coalesce, max_age) = (subscription.coalesce, subscription.max_age);
        assert!(coalesce.is_some() || max_age.is_some(), "a subscription says nothing");
        let shorter = coalesce.zip(max_age).is_none_or(|(coalesce, max_age)| coalesce < max_age);
        assert!(shorter, "{subscription:?}");
    }
    assert!(manifest.reasons.keys().all(|name| Grants::is_grantable(name)));
    assert!(manifest.http_hosts.len() <= limits::HTTP_HOSTS_MAX);
    assert!(manifest.schedules.len() <= limits::SCHEDULES_MAX);
    assert!(manifest.signals.len() <= limits::SIGNALS_MAX);
    assert!(manifest.kpis.len() <= limits::KPIS_MAX);
}

/// Everything that is written was taken in, and nothing else.
fn says_what_is_written(manifest: &Manifest, written: &Table) {
    let text = |key: &str| written.get(key).and_then(Value::as_str).unwrap_or_default();
    assert_eq!(manifest.id, text("id"));
    assert_eq!(manifest.area, text("area"));
    assert_eq!(manifest.version.to_string(), text("version"));
    let state_schema = written.get("state-schema").and_then(Value::as_integer);
    assert_eq!(Some(i64::from(manifest.state_schema)), state_schema);
    same_sentence(&manifest.title, written.get("title"));
    same_sentence(&manifest.description, written.get("description"));
    let reasons = written.get("reasons").and_then(Value::as_table);
    for (interface, reason) in &manifest.reasons {
        same_sentence(reason, reasons.and_then(|reasons| reasons.get(interface)));
    }
    let length = |key: &str| match written.get(key) {
        Some(Value::Array(list)) => list.len(),
        Some(Value::Table(table)) => table.len(),
        _ => 0,
    };
    for (key, count) in [
        ("reasons", manifest.reasons.len()),
        ("http-hosts", manifest.http_hosts.len()),
        ("personal-fields", manifest.personal_fields.len()),
        ("subscriptions", manifest.subscriptions.len()),
        ("schedules", manifest.schedules.len()),
        ("signals", manifest.signals.len()),
        ("kpis", manifest.kpis.len()),
        ("limits", manifest.limits.len()),
    ] {
        assert_eq!(count, length(key), "{key}");
    }
}

fn same_sentence(read: &Localised, written: Option<&Value>) {
    let text = |language: &str| written.and_then(|written| written.get(language)?.as_str());
    assert_eq!((Some(read.en.as_str()), Some(read.it.as_str())), (text("en"), text("it")));
}
