//! Decimals as text, without an allocation for each.

use super::Decimal;

/// A decimal's one text: the digits of its value, no zeros that say nothing, no negative zero.
///
/// It stands where it was made, so that an order of twenty lines is handed over without a hundred
/// little strings.
#[derive(Debug, Clone, Copy)]
pub struct DecimalText {
    bytes: [u8; Self::BYTES_MAX],
    /// Where it begins; it is written from the end.
    begins: usize,
}

impl DecimalText {
    /// A sign, 29 digits and a dot; or a sign, a zero, a dot and 28 digits.
    const BYTES_MAX: usize = 31;

    /// The text of a number.
    #[must_use]
    pub fn of(number: Decimal) -> Self {
        let parts = number.0.unpack();
        let mut text = Self { bytes: [0; Self::BYTES_MAX], begins: Self::BYTES_MAX };
        let mut places = parts.scale;
        let mut digits =
            (u128::from(parts.hi) << 64) | (u128::from(parts.mid) << 32) | u128::from(parts.lo);
        // Dividing 64 bits is many times faster, and almost every amount fits.
        while digits > u128::from(u64::MAX) {
            text.digit((digits % 10) as u8, &mut places);
            digits /= 10;
        }
        let mut digits = digits as u64;
        while digits > 0 || places > 0 {
            text.digit((digits % 10) as u8, &mut places);
            digits /= 10;
        }
        match text.bytes.get(text.begins) {
            None => text.put(b'0'),
            Some(b'.') => {
                text.put(b'0');
                text.sign(parts.negative);
            }
            Some(_) => text.sign(parts.negative),
        }
        text
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(self.begins..).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// Puts a digit in front, and the dot where it belongs. Zeros at the end of a fraction are left
    /// out.
    fn digit(&mut self, digit: u8, places: &mut u32) {
        let in_fraction = *places > 0;
        *places = places.saturating_sub(1);
        if in_fraction && digit == 0 && self.begins == Self::BYTES_MAX {
            return;
        }
        self.put(b'0' + digit);
        if in_fraction && *places == 0 {
            self.put(b'.');
        }
    }

    fn sign(&mut self, negative: bool) {
        if negative {
            self.put(b'-');
        }
    }

    fn put(&mut self, byte: u8) {
        self.begins = self.begins.saturating_sub(1);
        if let Some(place) = self.bytes.get_mut(self.begins) {
            *place = byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the text has to be, by the crate that does the arithmetic.
    fn expected(number: rust_decimal::Decimal) -> String {
        if number.is_zero() { "0".to_owned() } else { number.normalize().to_string() }
    }

    fn check(number: rust_decimal::Decimal) {
        let number = Decimal(number);
        assert_eq!(DecimalText::of(number).as_str(), expected(number.0));
        assert_eq!(number.to_string(), expected(number.0));
        assert_eq!(String::from(number), expected(number.0));
    }

    #[test]
    fn the_longest_fit() {
        use rust_decimal::Decimal as Number;
        for number in [Number::MAX, Number::MIN, Number::ZERO, -Number::ZERO, Number::ONE] {
            check(number);
        }
        let mantissa = Number::MAX.mantissa();
        for scale in 0..=Number::MAX_SCALE {
            check(Number::from_i128_with_scale(-mantissa, scale));
            check(Number::from_i128_with_scale(-1, scale));
            check(Number::from_i128_with_scale(10_i128.pow(scale), scale));
            check(Number::from_i128_with_scale(0, scale));
        }
        let longest = Number::from_i128_with_scale(-mantissa, Number::MAX_SCALE);
        assert_eq!(DecimalText::of(Decimal(longest)).as_str().len(), DecimalText::BYTES_MAX);
    }

    proptest! {
        #[test]
        fn it_is_what_the_number_is(
            lo: u32, mid: u32, hi: u32, negative: bool, scale in 0u32..=28, width in 0u8..3,
        ) {
            let (mid, hi) = (if width > 0 { mid } else { 0 }, if width > 1 { hi } else { 0 });
            check(rust_decimal::Decimal::from_parts(lo, mid, hi, negative, scale));
        }

        #[test]
        fn zeros_that_say_nothing_are_left_out(units: i64, zeros in 0u32..10) {
            let units = i128::from(units) * 10_i128.pow(zeros);
            check(rust_decimal::Decimal::from_i128_with_scale(units, 6));
        }
    }
}
