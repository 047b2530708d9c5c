//! Says what a new version of a plugin asks for that the one before did not.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use fondaco_sandbox::manifest::diff::{Difference, difference};
use serde_json::json;

use super::inspect::read;

/// Reads both and prints how they differ. The exit code tells whether the new one asks for more.
///
/// # Errors
/// When a file cannot be read or is no plugin.
pub(super) fn diff(old: &Path, new: &Path, as_json: bool) -> Result<ExitCode> {
    let difference = difference(&read(old)?, &read(new)?);
    if as_json {
        println!("{:#}", machine_readable(&difference));
    } else {
        print!("{}", for_people(&difference));
    }
    Ok(if difference.asks_for_more() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The page a person reads.
pub(super) fn for_people(difference: &Difference) -> String {
    if difference.is_empty() {
        return String::from("Both ask for the same, and nothing else differs.\n");
    }
    let Difference { newly, no_longer, changed } = difference;
    let parts = [("It asks for more", newly), ("It no longer does", no_longer), ("Else", changed)];
    let parts = parts.into_iter().filter(|(_, sentences)| !sentences.is_empty());
    let mut pages: Vec<String> = parts
        .map(|(title, sentences)| format!("{title}:\n  {}\n", sentences.join("\n  ")))
        .collect();
    if !difference.asks_for_more() {
        pages.push(String::from("It asks for nothing more.\n"));
    }
    pages.join("\n")
}

/// The same for programs.
fn machine_readable(difference: &Difference) -> serde_json::Value {
    json!({
        "asks_for_more": difference.asks_for_more(),
        "newly": difference.newly,
        "no_longer": difference.no_longer,
        "changed": difference.changed,
    })
}
