//! Numbers that are none.

use fondaco_plugin_sdk::log;

/// What no host should take for a decimal.
const MALFORMED: [&str; 20] = [
    "",
    " ",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "1e5",
    "1E-3",
    "+1",
    "01",
    "1.",
    ".5",
    "1,5",
    "0x10",
    "--1",
    "1 ",
    "1.0000000",
    "1000000000000000",
    "١٢",
];

/// Proposes each of them, and what a calculation with NaN and infinity comes to as text; tells what
/// was accepted.
pub fn tell_all() {
    let [zero, other_zero] = std::hint::black_box([0.0_f64; 2]);
    let nan = zero / other_zero;
    let computed = [nan, 1.0 / zero, -1.0 / zero].map(|number| number.to_string());
    let all = MALFORMED.into_iter().chain(computed.iter().map(String::as_str));
    let accepted: Vec<&str> = all.filter(|text| super::propose(text).is_ok()).collect();
    log::write(log::Level::Info, &format!("accepted: {accepted:?}"));
    // The bits of a NaN that a calculation makes are the same on every machine.
    let bits = nan.to_bits();
    log::write(log::Level::Info, &format!("nan: {bits:016x}"));
}
