//! The property is the one of the ordinary tests; it stands beside them.

#![no_main]

#[path = "../../host/platforms/tests/fuzzed/woocommerce_delivery.rs"]
mod woocommerce_delivery;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    woocommerce_delivery::holds(bytes);
});
