//! Answers as they were captured from running shops.

use std::{fs, path::PathBuf};

use serde_json::Value;

/// Where a sample is.
pub fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("../../tests/samples").join(name)
}

/// The body of a captured answer, such as `woocommerce/product_get`.
pub fn answer(name: &str) -> Value {
    captured(name)["body"].take()
}

/// A captured answer, with its status and headers.
pub fn captured(name: &str) -> Value {
    let text = fs::read(path(&format!("{name}.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}
