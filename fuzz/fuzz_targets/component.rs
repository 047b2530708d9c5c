//! The property is the one of the ordinary tests; it stands beside them.

#![no_main]

#[path = "../../host/sandbox/tests/fuzzed/component.rs"]
mod component;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    component::holds(bytes);
});
