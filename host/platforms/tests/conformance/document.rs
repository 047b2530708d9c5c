//! `docs/platforms.md` is what the adapters' own tables say.

use std::path::Path;

/// Writes the document in place of holding it against the tables.
const WRITE_VARIABLE: &str = "FONDACO_WRITE_DOCUMENTS";

#[test]
fn the_document_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/platforms.md");
    let document = fondaco_platforms::document(&fondaco_platforms::ALL);
    if std::env::var_os(WRITE_VARIABLE).is_some() {
        std::fs::write(&file, &document).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == document,
        "docs/platforms.md is out of date; `cargo xtask platforms` writes it"
    );
}
