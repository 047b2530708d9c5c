//! The fondaco command.
fn main() {}
