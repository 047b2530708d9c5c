//! What is wrong with a configuration, and what is only strange about it.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt::{self, Write},
    path::PathBuf,
};

/// Something that keeps a configuration from being used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file it is in.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
    /// The key it is about, such as `installs.stock-sync.grants`; empty: the whole file.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// One line, whatever the configuration holds: control characters of it are shown, not sent to
/// the terminal.
impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = format!("{}:{}:{}: ", self.file.display(), self.line, self.column);
        if !self.path.is_empty() {
            write!(line, "{}: ", self.path)?;
        }
        write!(line, "{} — {}", self.message, self.fix)?;
        for character in line.chars() {
            if character.is_control() {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                formatter.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Something that can be used as it is, and that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning(pub Mistake);

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "warning: {}", self.0)
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    mistakes: RefCell<BTreeSet<Mistake>>,
    warnings: RefCell<BTreeSet<Warning>>,
}

impl Findings {
    pub(super) fn mistake(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().insert(mistake);
    }

    pub(super) fn warning(&self, warning: Mistake) {
        self.warnings.borrow_mut().insert(Warning(warning));
    }

    /// Everything found, in the order of files and lines.
    pub(super) fn into_sorted(self) -> (Vec<Mistake>, Vec<Warning>) {
        let mistakes = self.mistakes.into_inner().into_iter().collect();
        (mistakes, self.warnings.into_inner().into_iter().collect())
    }
}

/// Why a value is no good, before it is known where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {fix}")]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { message: message.into(), fix: fix.into() }
    }
}
