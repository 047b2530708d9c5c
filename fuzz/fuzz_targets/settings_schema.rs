//! The property is the one of the ordinary tests; it stands beside them.

#![no_main]

#[path = "../../host/sandbox/tests/fuzzed/settings_schema.rs"]
mod settings_schema;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    settings_schema::holds(bytes);
});
