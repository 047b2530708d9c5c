//! Reads values out of `plugin.toml` by hand rather than through serde, which stops at the first
//! mistake.

use std::{ops::Range, time::Duration};

use fondaco_model::{InstallId, action::Localised};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{ManifestFile, ManifestMistake};
use crate::{grants::Names, limits};

/// A table with the place it is in, for messages about what it lacks.
pub(super) struct Table<'t, 'i> {
    pub table: &'t DeTable<'i>,
    /// `[limits]`; empty for the whole file.
    pub name: &'t str,
    pub span: Range<usize>,
}

impl Table<'_, '_> {
    /// Where it is, for the middle of a message.
    fn place(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!(" in {}", self.name) }
    }
}

/// The file, and what was found wrong in it.
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub mistakes: Vec<ManifestMistake>,
}

impl Reader<'_> {
    pub fn mistake(&mut self, span: Range<usize>, message: String) {
        if self.mistakes.len() < limits::MISTAKES_MAX {
            let before = self.text.get(..span.start).unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            let file = ManifestFile::Manifest;
            self.mistakes.push(ManifestMistake { file, line: Some(line), message });
        }
    }

    pub fn refuse_unknown(&mut self, table: &Table<'_, '_>, known: &[&str]) {
        let (place, known_names) = (table.place(), Names(known));
        for key in table.table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let message = format!("`{name}` means nothing{place}; known is {known_names}");
                self.mistake(key.span(), message);
            }
        }
    }

    pub fn missing(&mut self, table: &Table<'_, '_>, key: &str, example: &str) {
        let place = table.place();
        self.mistake(table.span.clone(), format!("`{key}` is missing{place}; write {example}"));
    }

    pub fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.mistake(value.span(), format!("`{key}` is of type {found}; write {wanted}"));
    }

    pub fn text<'t>(
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

    pub fn name(&mut self, table: &Table<'_, '_>, key: &str) -> Option<String> {
        let (text, span) = self.text(table, key, "a name in quotes, such as \"stock-sync\"")?;
        match InstallId::new(text) {
            Ok(name) => Some(name.into()),
            Err(error) => {
                self.mistake(span, format!("`{key}`: {error}"));
                None
            }
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let example = format!("one of {}", Names(&known));
        let (text, span) = self.text(table, key, &example)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            self.mistake(span, format!("`{key}` is `{text}`; write {example}"));
        }
        found.map(|(_, value)| *value)
    }

    /// True or false; absent if it is not there.
    pub fn flag(&mut self, table: &Table<'_, '_>, key: &str) -> Option<bool> {
        let value = table.table.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, value, "true or false");
        }
        flag
    }

    pub fn number(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        least: u64,
        most: u64,
    ) -> Option<u64> {
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

    /// A time such as `60s`, within bounds in milliseconds.
    pub fn duration(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        (least, most): (u64, u64),
    ) -> Option<Duration> {
        let (text, span) = self.text(table, key, "a time such as \"60s\"")?;
        match milliseconds(text) {
            Some(found) if (least..=most).contains(&found) => Some(Duration::from_millis(found)),
            Some(_) => {
                let (least, most) = (in_words(least), in_words(most));
                let message = format!("`{text}` is out of bounds: from {least} to {most}");
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

    pub fn localised(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Localised> {
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

    /// A table of the file's top, such as `[limits]`; absent if there is none.
    pub fn section<'t, 'i>(
        &mut self,
        root: &Table<'t, 'i>,
        key: &str,
        name: &'t str,
        wanted: &str,
    ) -> Option<Table<'t, 'i>> {
        let value = root.table.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(key, value, wanted);
        }
        table.map(|table| Table { table, name, span: value.span() })
    }

    /// A list of the file's top; empty if there is none, or it is longer than it may be.
    pub fn list<'t, 'i>(
        &mut self,
        root: &Table<'t, 'i>,
        key: &str,
        most: usize,
        wanted: &str,
    ) -> &'t [Spanned<DeValue<'i>>] {
        let Some(value) = root.table.get(key) else {
            return &[];
        };
        let Some(entries) = value.get_ref().as_array() else {
            self.wrong(key, value, wanted);
            return &[];
        };
        if entries.len() > most {
            self.mistake(value.span(), format!("{} {key}; {most} is the most", entries.len()));
            return &[];
        }
        entries
    }

    /// The tables of a list such as `[[schedules]]`, `name`.
    pub fn tables<'t, 'i>(
        &mut self,
        root: &Table<'t, 'i>,
        key: &str,
        name: &'t str,
        most: usize,
    ) -> Vec<Table<'t, 'i>> {
        let mut tables = Vec::new();
        for entry in self.list(root, key, most, &format!("{name} for each of them")) {
            match entry.get_ref().as_table() {
                Some(table) => tables.push(Table { table, name, span: entry.span() }),
                None => self.wrong(key, entry, name),
            }
        }
        tables
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

/// Milliseconds as they are written in a file, in the largest unit that fits.
pub(super) fn in_words(milliseconds: u64) -> String {
    for (unit, length) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if milliseconds >= length && milliseconds.is_multiple_of(length) {
            return format!("{}{unit}", milliseconds / length);
        }
    }
    format!("{milliseconds}ms")
}
