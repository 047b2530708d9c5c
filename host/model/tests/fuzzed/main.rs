//! What `cargo xtask fuzz` tries with made-up input, here with the inputs that are kept in
//! `fuzz/corpus`. A file's name begins with what becomes of it: `accepted-` or `refused-`.

#![cfg(test)]

mod decimal;

use std::{fs, path::Path};

#[test]
fn decimal_holds_for_its_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/decimal");
    let mut accepted = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap();
        let name = file.file_name().into_string().unwrap();
        println!("{name}");
        let was_accepted = decimal::holds(&fs::read(file.path()).unwrap());
        assert_eq!(was_accepted, name.starts_with("accepted-"), "{name}");
        accepted += usize::from(was_accepted);
    }
    assert!(accepted > 0, "{} has nothing that is accepted", folder.display());
}
