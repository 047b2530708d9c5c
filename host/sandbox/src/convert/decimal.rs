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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_decimal_fits() {
        let mut largest: Decimal = "-999999999999999.999999".parse().unwrap();
        for _ in 0..200 {
            let text = DecimalText::of(largest);
            assert_eq!(text.as_str(), largest.to_string());
            largest += largest;
        }
        assert!(DecimalText::of(largest).as_str().len() > 20);
    }

    proptest! {
        #[test]
        fn it_is_what_the_decimal_writes(text in "-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,6})?") {
            let number: Decimal = text.parse().unwrap();
            let own = DecimalText::of(number);
            prop_assert_eq!(own.as_str(), number.to_string());
        }
    }
}
