//! The copy of a version that the evolution rule holds the contract against: one file of WIT.

use anyhow::{Context as _, Result};

use super::model::Version;
use super::parse::Source;

/// The line of a copy that may be written anew. Whoever declares the version frozen puts
/// [`FINAL`] in its place.
const OPEN: &str = "// State: open. `cargo xtask contract --freeze` writes this file anew.";

/// The line of a copy that stays as it is.
const FINAL: &str = "// State: final.";

/// The path of a version's copy in the workspace.
pub(crate) fn file_name(folder: &str, version: Version) -> String {
    format!("{folder}/{version}.wit")
}

/// Whether a copy says of itself that it stays as it is.
pub(crate) fn is_final(text: &str) -> bool {
    text.lines().any(|line| line.starts_with(FINAL))
}

/// All files of the contract as one. A file of WIT names its package once, before all else.
pub(crate) fn text(sources: &[Source], version: Version) -> Result<String> {
    let (mut heads, mut package, mut bodies) = (String::new(), "", String::new());
    for Source { name, text } in sources {
        let lines: Vec<_> = text.lines().collect();
        let at = lines.iter().position(|line| line.starts_with("package "));
        let at = at.with_context(|| format!("{name} does not say its package"))?;
        let (head, rest) = lines.split_at(at);
        if let [line, body @ ..] = rest {
            package = line;
            head.iter().for_each(|line| heads.extend([line, "\n"]));
            body.iter().for_each(|line| bodies.extend([line, "\n"]));
        }
    }
    Ok(format!(
        "// What version {version} of the contract promises; the files in `wit` are held against \
         it.\n// Whoever declares the version frozen writes `{}` into the next line.\n{OPEN}\n\n\
         {heads}{package}\n{bodies}",
        FINAL.trim_start_matches("// ")
    ))
}
