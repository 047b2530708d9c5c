//! Finds and readies what compiles a Rust module to Wasm.
