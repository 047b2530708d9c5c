//! The property is the one of the ordinary tests; it stands beside them.

#![no_main]

#[path = "../../host/model/tests/fuzzed/decimal.rs"]
mod decimal;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    decimal::holds(bytes);
});
