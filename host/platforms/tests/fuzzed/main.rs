//! What `cargo xtask fuzz` tries with made-up input, here with the inputs that are kept in
//! `fuzz/corpus`. A file's name begins with what becomes of it: `accepted-` or `refused-`.

#![cfg(test)]

mod woocommerce_answer;
mod woocommerce_delivery;

use std::{fs, path::Path};

/// Feeds the files of a target's corpus to its property.
fn feed(target: &str, holds: fn(&[u8]) -> bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut accepted = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap();
        let name = file.file_name().into_string().unwrap();
        println!("{name}");
        let was_accepted = holds(&fs::read(file.path()).unwrap());
        assert_eq!(was_accepted, name.starts_with("accepted-"), "{name}");
        accepted += usize::from(was_accepted);
    }
    assert!(accepted > 0, "{} has nothing that is accepted", folder.display());
}

#[test]
fn woocommerce_delivery_holds_for_its_corpus() {
    feed("woocommerce_delivery", woocommerce_delivery::holds);
}

#[test]
fn woocommerce_answer_holds_for_its_corpus() {
    feed("woocommerce_answer", woocommerce_answer::holds);
}
