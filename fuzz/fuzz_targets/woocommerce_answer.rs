//! The property is the one of the ordinary tests; it stands beside them.

#![no_main]

#[path = "../../host/platforms/tests/fuzzed/woocommerce_answer.rs"]
mod woocommerce_answer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    woocommerce_answer::holds(bytes);
});
