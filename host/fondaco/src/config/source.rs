//! Files, and where in them something stands.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
};

use toml::{Spanned, de::DeTable};

use super::{
    limits::FILE_BYTES_MAX,
    mistake::{Findings, Mistake, Wrong},
    reader::{Reading, Section},
};

/// The text of a configuration file.
#[derive(Debug)]
pub(super) struct Source {
    file: PathBuf,
    text: String,
    line_starts: Vec<usize>,
    /// For each line, the last one up to it that begins a table; 0 if there is none.
    header_lines: Vec<usize>,
}

impl Source {
    /// Reads a file; one that cannot be read is a mistake.
    pub(super) fn read(file: PathBuf, findings: &Findings) -> Option<Self> {
        let text = read_limited(&file, FILE_BYTES_MAX).and_then(|bytes| {
            String::from_utf8(bytes)
                .map_err(|_| Wrong::new("the file is not UTF-8 text", "save it as UTF-8"))
        });
        match text {
            Ok(text) => Some(Self::new(file, text)),
            Err(wrong) => {
                findings.mistake(whole_file(file, wrong));
                None
            }
        }
    }

    fn new(file: PathBuf, text: String) -> Self {
        let after_breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        let line_starts = std::iter::once(0).chain(after_breaks).collect();
        let mut header = 0;
        let header_lines = text.split('\n').zip(1..).map(|(line, number)| {
            if line.trim_start().starts_with('[') {
                header = number;
            }
            header
        });
        let header_lines = header_lines.collect();
        Self { file, text, line_starts, header_lines }
    }

    fn header_line(&self, line: usize) -> usize {
        self.header_lines.get(line.saturating_sub(1)).copied().unwrap_or(0)
    }

    /// Line and column of an offset, both from 1.
    fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.as_bytes().get(start..offset.min(self.text.len()));
        // Counted over bytes, as an offset may fall within a character: each byte that does not
        // continue a character begins one.
        let characters = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        (line, before.map_or(0, characters) + 1)
    }

    pub(super) fn finding(&self, span: &Range<usize>, path: &str, wrong: Wrong) -> Mistake {
        let (line, column) = self.position(span.start);
        let Wrong { message, fix } = wrong;
        Mistake { file: self.file.clone(), line, column, path: path.to_owned(), message, fix }
    }
}

/// A parsed file.
///
/// A file with syntax errors is read on as far as it can be understood, so that one missing quote
/// does not hide the other mistakes. But what could not be understood is not there, so such a file
/// is never blamed for missing keys, nor for anything else on a line that was not understood.
pub(super) struct Document<'a> {
    source: &'a Source,
    table: Spanned<DeTable<'a>>,
    broken_lines: BTreeSet<usize>,
}

impl<'a> Document<'a> {
    pub(super) fn parse(source: &'a Source, findings: &Findings) -> Self {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        let mut broken_lines = BTreeSet::new();
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            // Only the parser's own words: what its `Display` adds is the line, and with it any
            // secret that was written there.
            let fix = syntax_fix(error.message());
            let finding = source.finding(&span, "", Wrong::new(error.message(), fix));
            // One slip makes the parser stumble more than once; its first word is the useful one.
            // Where a table is written twice, that is the mistake, and not each of its keys.
            let is_of_table =
                fix == TWICE_FIX && broken_lines.contains(&source.header_line(finding.line));
            if broken_lines.insert(finding.line) && !is_of_table {
                findings.mistake(finding);
            }
        }
        Self { source, table, broken_lines }
    }

    /// The top of the file.
    pub(super) fn root<'d>(&'d self, findings: &'d Findings) -> Section<'d> {
        let reading = Reading { source: self.source, broken_lines: &self.broken_lines, findings };
        Section::new(reading, String::new(), 0..0, self.table.get_ref())
    }
}

const TWICE_FIX: &str = "write each key and each table once: remove or rename this one";
const SYNTAX_FIX: &str =
    "correct the TOML (https://toml.io): text stands in double quotes, a key before `=`";

fn syntax_fix(message: &str) -> &'static str {
    if message.starts_with("duplicate key") { TWICE_FIX } else { SYNTAX_FIX }
}

/// A mistake of a file as a whole.
pub(super) fn whole_file(file: PathBuf, wrong: Wrong) -> Mistake {
    let Wrong { message, fix } = wrong;
    Mistake { file, line: 1, column: 1, path: String::new(), message, fix }
}

/// Reads a whole file, if it is a file and not too large.
pub(super) fn read_limited(file: &Path, bytes_max: u64) -> Result<Vec<u8>, Wrong> {
    let unreadable = |error: io::Error| {
        let fix = match error.kind() {
            io::ErrorKind::NotFound => "put it there, or correct the name",
            io::ErrorKind::PermissionDenied => "let the user that runs fondaco read it",
            _ => "make it readable for the user that runs fondaco",
        };
        Wrong::new(format!("`{}` cannot be read: {error}", file.display()), fix)
    };
    let kind = std::fs::metadata(file).map_err(unreadable)?;
    if !kind.is_file() {
        let message = format!("`{}` is not a file", file.display());
        return Err(Wrong::new(message, "name a file"));
    }
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(unreadable)?;
    opened.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= bytes_max) {
        Ok(bytes)
    } else {
        let message = format!("`{}` is larger than {bytes_max} bytes", file.display());
        Err(Wrong::new(message, "name another file, or make it smaller"))
    }
}
