//! Text that is none.

use fondaco_plugin_sdk::log;

/// Passes bytes that are no UTF-8 where the contract says text.
#[expect(unsafe_code, reason = "that is what a hostile module would do")]
pub fn pass_invalid() {
    let bytes = std::hint::black_box([b'a', 0xff, 0xfe]);
    // SAFETY: it is not valid, which is the point; the text is only handed to the host.
    log::write(log::Level::Info, unsafe { std::str::from_utf8_unchecked(&bytes) });
}
