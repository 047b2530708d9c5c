//! Walks parsed TOML and collects what is wrong with it, instead of stopping at the first.
//!
//! Whoever reads a [`Section`] asks for each key it may have. When the section is left, every key
//! that was not asked for is unknown, and every key that was needed and not found is missing,
//! unless an unknown key is clearly the missing one misspelt: that is one mistake, not two.

use std::{collections::BTreeSet, ops::Range};

use toml::de::{DeTable, DeValue};

use super::{
    mistake::{Findings, Wrong},
    source::Source,
};

/// The file that is read, and where its mistakes go.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) source: &'a Source,
    pub(super) broken_lines: &'a BTreeSet<usize>,
    pub(super) findings: &'a Findings,
}

impl Reading<'_> {
    /// Notes that what stands here is wrong.
    pub(super) fn mistake(&self, span: &Range<usize>, path: &str, wrong: Wrong) {
        let finding = self.source.finding(span, path, wrong);
        let guessed = !self.broken_lines.is_empty() && span.is_empty();
        if !guessed && !self.broken_lines.contains(&finding.line) {
            self.findings.mistake(finding);
        }
    }

    /// Notes that something is not here that should be.
    pub(super) fn missing(&self, span: &Range<usize>, path: &str, wrong: Wrong) {
        if self.broken_lines.is_empty() {
            self.findings.mistake(self.source.finding(span, path, wrong));
        }
    }

    /// Notes that what stands here is strange.
    pub(super) fn warning(&self, span: &Range<usize>, path: &str, wrong: Wrong) {
        self.findings.warning(self.source.finding(span, path, wrong));
    }
}

/// A place in the file, kept to speak of it later.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) reading: Reading<'a>,
    pub(super) path: String,
    pub(super) span: Range<usize>,
}

impl Place<'_> {
    pub(super) fn mistake(&self, message: impl Into<String>, fix: impl Into<String>) {
        self.wrong(Wrong::new(message, fix));
    }

    pub(super) fn wrong(&self, wrong: Wrong) {
        self.reading.mistake(&self.span, &self.path, wrong);
    }

    pub(super) fn missing(&self, message: impl Into<String>, fix: impl Into<String>) {
        self.reading.missing(&self.span, &self.path, Wrong::new(message, fix));
    }

    pub(super) fn warning(&self, message: impl Into<String>, fix: impl Into<String>) {
        self.reading.warning(&self.span, &self.path, Wrong::new(message, fix));
    }

    /// The place in words, for a mistake that stands elsewhere.
    pub(super) fn in_words(&self) -> String {
        let finding = self.reading.source.finding(&self.span, "", Wrong::new("", ""));
        format!("`{}` ({}:{})", self.path, finding.file.display(), finding.line)
    }
}

/// A value with the place it stands at.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) place: Place<'a>,
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> Node<'a> {
    fn expected(&self, expected: &str, example: &str) {
        let found = match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        // What was found is not repeated: it may be a secret.
        self.place.mistake(format!("expected {expected}, found {found}"), example);
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.expected("text", "write it in double quotes");
        }
        text
    }

    pub(super) fn flag(&self) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            self.expected("true or false", "write `true` or `false`, without quotes");
        }
        flag
    }

    /// Reads a whole number, not negative.
    pub(super) fn number(&self) -> Option<u64> {
        let Some(integer) = self.value.as_integer() else {
            self.expected("a whole number", "write it in digits, without quotes");
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        if number.is_none() {
            let message = format!("{integer} is negative, or too large");
            self.place.mistake(message, "write a whole number");
        }
        number
    }

    /// Reads text as something.
    pub(super) fn parse<T>(&self, how: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        match how(self.text()?) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.place.wrong(wrong);
                None
            }
        }
    }

    /// Reads one of a few words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        self.parse(|text| {
            if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
                return Ok(*value);
            }
            let known = words.iter().map(|(word, _)| *word);
            Err(Wrong::new(format!("`{text}` is not known here"), one_of(text, known)))
        })
    }

    pub(super) fn list(&self) -> Option<Vec<Self>> {
        let DeValue::Array(array) = self.value else {
            let fix = match self.value {
                DeValue::Table(_) => format!("write [[{}]], in double brackets", self.place.path),
                _ => "write it in square brackets: [\"…\", \"…\"]".to_owned(),
            };
            self.expected("a list", &fix);
            return None;
        };
        let node = |(index, value): (usize, &'a toml::Spanned<DeValue<'a>>)| {
            let path = format!("{}[{index}]", self.place.path);
            let place = Place { path, span: value.span(), reading: self.place.reading };
            Node { place, value: value.get_ref() }
        };
        Some(array.iter().enumerate().map(node).collect())
    }

    /// Reads a table; `read` asks for its keys.
    pub(super) fn table<T>(&self, read: impl FnOnce(&mut Section<'a>) -> T) -> Option<T> {
        let DeValue::Table(table) = self.value else {
            let example = format!("write it as a table: [{}]", self.place.path);
            self.expected("a table", &example);
            return None;
        };
        let Place { reading, path, span } = self.place.clone();
        let mut section = Section::new(reading, path, span, table);
        let read = read(&mut section);
        section.leave();
        Some(read)
    }
}

/// A table that is being read.
pub(super) struct Section<'a> {
    pub(super) place: Place<'a>,
    table: &'a DeTable<'a>,
    known: Vec<&'static str>,
    missing: Vec<(&'static str, String)>,
    any_key: bool,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        reading: Reading<'a>,
        path: String,
        span: Range<usize>,
        table: &'a DeTable<'a>,
    ) -> Self {
        let place = Place { reading, path, span };
        Self { place, table, known: Vec::new(), missing: Vec::new(), any_key: false }
    }

    fn path_of(&self, key: &str) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let key = if !key.is_empty() && key.bytes().all(plain) {
            key.to_owned()
        } else {
            format!("\"{}\"", key.escape_debug())
        };
        if self.place.path.is_empty() { key } else { format!("{}.{key}", self.place.path) }
    }

    /// A key that may be there.
    pub(super) fn may(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.known.push(key);
        let value = self.table.get(key)?;
        let span = value.span();
        let place = Place { reading: self.place.reading, path: self.path_of(key), span };
        Some(Node { place, value: value.get_ref() })
    }

    /// A key that must be there. `fix` says what to write if it is not.
    pub(super) fn must(&mut self, key: &'static str, fix: &str) -> Option<Node<'a>> {
        let node = self.may(key);
        if node.is_none() {
            self.missing.push((key, fix.to_owned()));
        }
        node
    }

    /// Every key that is there, whatever it is called: the place of the key, and its value.
    pub(super) fn all(&mut self) -> Vec<(&'a str, Place<'a>, Node<'a>)> {
        self.any_key = true;
        let reading = self.place.reading;
        let entry = |(key, value): (&'a toml::Spanned<_>, &'a toml::Spanned<DeValue<'a>>)| {
            let name: &'a std::borrow::Cow<'a, str> = key.get_ref();
            let path = self.path_of(name);
            let place = Place { reading, path: path.clone(), span: key.span() };
            let node =
                Node { place: Place { reading, path, span: value.span() }, value: value.get_ref() };
            (name.as_ref(), place, node)
        };
        self.table.iter().map(entry).collect()
    }

    /// Ends the reading: names the keys nobody asked for and those nobody wrote.
    pub(super) fn leave(self) {
        let mut missing = self.missing.clone();
        let unknown = self
            .table
            .iter()
            .filter(|(key, _)| !self.any_key && !self.known.contains(&key.get_ref().as_ref()));
        for (key, _) in unknown {
            let written: &str = key.get_ref();
            let free = self.known.iter().copied().filter(|key| !self.table.contains_key(*key));
            let suggested = nearest(written, free);
            missing.retain(|(key, _)| Some(*key) != suggested);
            let fix = match suggested {
                Some(key) => format!("did you mean `{key}`?"),
                None => {
                    let known: BTreeSet<&str> = self.known.iter().copied().collect();
                    format!("remove it; known here: {}", quoted(known))
                }
            };
            let wrong = Wrong::new("unknown key", fix);
            self.place.reading.mistake(&key.span(), &self.path_of(written), wrong);
        }
        for (key, fix) in missing {
            let wrong = Wrong::new("missing", fix);
            self.place.reading.missing(&self.place.span, &self.path_of(key), wrong);
        }
    }
}

/// The known word somebody probably meant.
pub(super) fn nearest<'k>(
    written: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let written = written.to_lowercase().replace('_', "-");
    let far = |word: &str| strsim::damerau_levenshtein(&written, word);
    let near = known.into_iter().map(|word| (far(word), word)).min()?;
    // About a third of the letters may be wrong; beyond that a suggestion is a guess.
    let (distance, word) = near;
    (distance <= ((word.chars().count() + 1) / 3).max(1)).then_some(word)
}

/// What to do about a word that is not among the known ones.
pub(super) fn one_of<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    nearest(written, known.iter().copied()).map_or_else(
        || format!("write one of {}", quoted(known.iter().copied())),
        |word| format!("did you mean `{word}`?"),
    )
}

/// Words as a list for people.
pub(super) fn quoted<'k>(words: impl IntoIterator<Item = &'k str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
