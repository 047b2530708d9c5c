//! Reads `plugin.toml` by hand rather than through serde, which stops at the first mistake.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use fondaco_model::{InstallId, action::Localised};
use semver::Version;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{ManifestFile, ManifestLimits, ManifestMistake, Schedule};
use crate::{
    grants::{Grants, Names},
    limits,
};

/// What `plugin.toml` says.
#[derive(Debug)]
pub struct Parts {
    pub id: String,
    pub version: Version,
    pub state_schema: u32,
    pub area: String,
    pub title: Localised,
    pub description: Localised,
    pub reasons: BTreeMap<String, Localised>,
    pub schedules: Vec<Schedule>,
    pub limits: ManifestLimits,
}

const KEYS: [&str; 9] = [
    "id",
    "version",
    "state-schema",
    "area",
    "title",
    "description",
    "reasons",
    "schedules",
    "limits",
];

/// Reads the whole file, and lists every mistake if there is one.
pub fn read(text: &str) -> Result<Parts, Vec<ManifestMistake>> {
    let mut reader = Reader { text, mistakes: Vec::new() };
    if text.len() > limits::MANIFEST_BYTES_MAX {
        let most = limits::MANIFEST_BYTES_MAX;
        reader.mistake(0..0, format!("is {} bytes long; {most} is the most", text.len()));
        return Err(reader.mistakes);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            reader.mistake(error.span().unwrap_or_default(), error.message().to_owned());
        }
        return Err(reader.mistakes);
    }
    let parts = reader.parts(table.get_ref());
    match parts {
        Some(parts) if reader.mistakes.is_empty() => Ok(parts),
        _ => Err(reader.mistakes),
    }
}

/// A table with the place it is in, for messages about what it lacks.
struct Table<'t, 'i> {
    table: &'t DeTable<'i>,
    /// `[limits]`; empty for the whole file.
    name: &'t str,
    span: Range<usize>,
}

impl Table<'_, '_> {
    /// Where it is, for the middle of a message.
    fn place(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!(" in {}", self.name) }
    }
}

struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<ManifestMistake>,
}

impl Reader<'_> {
    fn mistake(&mut self, span: Range<usize>, message: String) {
        if self.mistakes.len() < limits::MISTAKES_MAX {
            let before = self.text.get(..span.start).unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            let file = ManifestFile::Manifest;
            self.mistakes.push(ManifestMistake { file, line: Some(line), message });
        }
    }

    fn parts(&mut self, table: &DeTable<'_>) -> Option<Parts> {
        let root = Table { table, name: "", span: 0..0 };
        self.refuse_unknown(&root, &KEYS);
        let id = self.name(&root, "id");
        let version = self.version(&root);
        let state_schema = self.number(&root, "state-schema", 1, u64::from(u32::MAX));
        if state_schema.is_none() && !table.contains_key("state-schema") {
            self.missing(&root, "state-schema", "1 for a module's first version");
        }
        let area = self.name(&root, "area");
        let title = self.localised(&root, "title");
        let description = self.localised(&root, "description");
        let reasons = self.reasons(&root);
        let schedules = self.schedules(&root);
        let limits = self.limits(&root);
        Some(Parts {
            id: id?,
            version: version?,
            state_schema: u32::try_from(state_schema?).ok()?,
            area: area?,
            title: title?,
            description: description?,
            reasons,
            schedules,
            limits,
        })
    }

    fn refuse_unknown(&mut self, table: &Table<'_, '_>, known: &[&str]) {
        let (place, known_names) = (table.place(), Names(known));
        for key in table.table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let message = format!("`{name}` means nothing{place}; known is {known_names}");
                self.mistake(key.span(), message);
            }
        }
    }

    fn missing(&mut self, table: &Table<'_, '_>, key: &str, example: &str) {
        let place = table.place();
        self.mistake(table.span.clone(), format!("`{key}` is missing{place}; write {example}"));
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.mistake(value.span(), format!("`{key}` is of type {found}; write {wanted}"));
    }

    fn text<'t>(
        &mut self,
        table: &Table<'t, '_>,
        key: &str,
        example: &str,
    ) -> Option<(&'t str, Range<usize>)> {
        let Some(value) = table.table.get(key) else {
            self.missing(table, key, example);
            return None;
        };
        match value.get_ref().as_str() {
            Some(text) => Some((text, value.span())),
            None => {
                self.wrong(key, value, example);
                None
            }
        }
    }

    fn name(&mut self, table: &Table<'_, '_>, key: &str) -> Option<String> {
        let (text, span) = self.text(table, key, "a name in quotes, such as \"stock-sync\"")?;
        match InstallId::new(text) {
            Ok(name) => Some(name.into()),
            Err(error) => {
                self.mistake(span, format!("`{key}`: {error}"));
                None
            }
        }
    }

    fn version(&mut self, table: &Table<'_, '_>) -> Option<Version> {
        let (text, span) = self.text(table, "version", "one such as \"0.1.0\"")?;
        match Version::parse(text) {
            Ok(version) => Some(version),
            Err(error) => {
                let message = format!("`{text}` is no semantic version such as 1.4.0: {error}");
                self.mistake(span, message);
                None
            }
        }
    }

    fn number(&mut self, table: &Table<'_, '_>, key: &str, least: u64, most: u64) -> Option<u64> {
        let value = table.table.get(key)?;
        let wanted = format!("a whole number from {least} to {most}");
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong(key, value, &wanted);
            return None;
        };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.mistake(value.span(), format!("`{key}` is {integer}; write {wanted}"));
                None
            }
        }
    }

    fn localised(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Localised> {
        let example = "{ en = \"…\", it = \"…\" }";
        let Some(value) = table.table.get(key) else {
            self.missing(table, key, example);
            return None;
        };
        let Some(inner) = value.get_ref().as_table() else {
            self.wrong(key, value, example);
            return None;
        };
        let inner = Table { table: inner, name: &format!("`{key}`"), span: value.span() };
        self.refuse_unknown(&inner, &["en", "it"]);
        let en = self.sentence(&inner, "en");
        let it = self.sentence(&inner, "it");
        Some(Localised { en: en?, it: it? })
    }

    fn sentence(&mut self, table: &Table<'_, '_>, language: &str) -> Option<String> {
        let (text, span) = self.text(table, language, "the sentence in that language")?;
        if text.trim().is_empty() {
            let place = table.name;
            self.mistake(span, format!("`{language}` of {place} is empty; merchants read it"));
            return None;
        }
        Some(text.to_owned())
    }

    fn reasons(&mut self, root: &Table<'_, '_>) -> BTreeMap<String, Localised> {
        let Some(value) = root.table.get("reasons") else {
            return BTreeMap::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong("reasons", value, "a table with a sentence for each interface");
            return BTreeMap::new();
        };
        let table = Table { table, name: "[reasons]", span: value.span() };
        self.refuse_unknown(&table, &Grants::ALL_GRANTABLE);
        let mut reasons = BTreeMap::new();
        for interface in Grants::ALL_GRANTABLE {
            if table.table.contains_key(interface) {
                let reason = self.localised(&table, interface);
                reasons.extend(reason.map(|reason| (interface.to_owned(), reason)));
            }
        }
        reasons
    }

    fn schedules(&mut self, root: &Table<'_, '_>) -> Vec<Schedule> {
        let Some(value) = root.table.get("schedules") else {
            return Vec::new();
        };
        let Some(entries) = value.get_ref().as_array() else {
            self.wrong("schedules", value, "[[schedules]] for each of them");
            return Vec::new();
        };
        if entries.len() > limits::SCHEDULES_MAX {
            let most = limits::SCHEDULES_MAX;
            self.mistake(value.span(), format!("{} schedules; {most} is the most", entries.len()));
            return Vec::new();
        }
        let mut schedules: Vec<Schedule> = Vec::new();
        for entry in entries.iter() {
            let Some(table) = entry.get_ref().as_table() else {
                self.wrong("schedules", entry, "[[schedules]] with `name` and `every`");
                continue;
            };
            let table = Table { table, name: "[[schedules]]", span: entry.span() };
            self.refuse_unknown(&table, &["name", "every"]);
            let name = self.name(&table, "name");
            let every = self.every(&table);
            let (Some(name), Some(every)) = (name, every) else {
                continue;
            };
            if schedules.iter().any(|other| other.name == name) {
                self.mistake(table.span, format!("there are two schedules named `{name}`"));
            }
            schedules.push(Schedule { name, every });
        }
        schedules
    }

    fn every(&mut self, table: &Table<'_, '_>) -> Option<Duration> {
        let (text, span) = self.text(table, "every", "a time such as \"60s\"")?;
        let (least, most) = (limits::SCHEDULE_EVERY_MS_MIN, limits::SCHEDULE_EVERY_MS_MAX);
        match milliseconds(text) {
            Some(every) if (least..=most).contains(&every) => Some(Duration::from_millis(every)),
            Some(_) => {
                let (least, most) = (least / 1_000, most / 3_600_000);
                let message = format!("`{text}` is out of bounds: from {least}s to {most}h");
                self.mistake(span, message);
                None
            }
            None => {
                let message = format!("`{text}` is no time; write it like 500ms, 60s, 5m or 24h");
                self.mistake(span, message);
                None
            }
        }
    }

    fn limits(&mut self, root: &Table<'_, '_>) -> ManifestLimits {
        let Some(value) = root.table.get("limits") else {
            return ManifestLimits::default();
        };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong("limits", value, "a table with `fuel` and `wall-ms`");
            return ManifestLimits::default();
        };
        let table = Table { table, name: "[limits]", span: value.span() };
        self.refuse_unknown(&table, &["fuel", "wall-ms"]);
        ManifestLimits {
            fuel: self.number(&table, "fuel", 1, limits::RUN_FUEL),
            wall_ms: self.number(&table, "wall-ms", 1, limits::RUN_WALL_MS),
        }
    }
}

/// `250ms`, `60s`, `5m`, `24h`.
fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ms)
}
