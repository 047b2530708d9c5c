//! What a module written in Rust is built on.
