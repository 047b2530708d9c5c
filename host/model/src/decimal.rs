//! Exact decimal numbers: money and quantities.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub, SubAssign},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

mod text;

pub use text::DecimalText;

/// Most digits before the dot, in the contract with plugins.
pub const INTEGER_DIGITS_MAX: usize = 15;
/// Most digits after the dot, in the contract with plugins.
pub const FRACTION_DIGITS_MAX: usize = 6;

/// An exact decimal number. Equality and order are by value: `2` equals `2.00`.
///
/// Written as the contract with plugins (`wit/types.wit`) says:
/// `-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(rust_decimal::Decimal);

/// Why a text is not a decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a decimal number: write it like -12.50, with at most {INTEGER_DIGITS_MAX} \
     digits before the dot and {FRACTION_DIGITS_MAX} after it, no grouping and no exponent"
)]
pub struct DecimalError {
    text: String,
}

impl DecimalError {
    /// Longest piece of a refused text that the message repeats, in characters.
    const SHOWN_CHARACTERS_MAX: usize = 40;

    fn new(text: &str) -> Self {
        Self { text: text.chars().take(Self::SHOWN_CHARACTERS_MAX).collect() }
    }
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);
    /// One.
    pub const ONE: Self = Self(rust_decimal::Decimal::ONE);
    /// Most digits after the dot that any of these numbers has.
    const PLACES_MAX: u32 = FRACTION_DIGITS_MAX as u32;
    /// Digits after the dot that an amount of money is told with at least.
    const AMOUNT_PLACES_MIN: u32 = 2;

    /// Reads a number as platforms write them: like the contract's grammar, but with any count of
    /// digits after the dot (rounded half to even to [`FRACTION_DIGITS_MAX`]) and leading zeros.
    ///
    /// # Errors
    /// If it is no plain decimal number, or too large.
    pub fn from_platform(text: &str) -> Result<Self, DecimalError> {
        let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b'-';
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(DecimalError::new(text));
        }
        let number = rust_decimal::Decimal::from_str(text).map_err(|_| DecimalError::new(text))?;
        let places = u32::try_from(FRACTION_DIGITS_MAX).unwrap_or(u32::MAX);
        DecimalText::of(Self(number.round_dp(places))).as_str().parse()
    }

    /// The larger of two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Ord::max(self, other)
    }

    /// Whether two numbers are the same amount of money, one of them perhaps told with fewer digits: to
    /// as many digits as the shorter has, two at least, they are the same.
    #[must_use]
    pub fn is_same_amount(self, other: Self) -> bool {
        let places = self.0.scale().min(other.0.scale()).max(Self::AMOUNT_PLACES_MIN);
        let strategy = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
        let rounded = |number: Self| number.0.round_dp_with_strategy(places, strategy);
        rounded(self) == rounded(other)
    }

    /// Whether nothing is left after the dot.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0.fract().is_zero()
    }

    /// How many units of the last of so many digits after the dot it is; absent if it is finer than
    /// that.
    #[must_use]
    pub fn units(self, places: u32) -> Option<i128> {
        let unit = 10i128.pow(Self::PLACES_MAX.checked_sub(places)?);
        let millionths = self.millionths()?;
        (millionths % unit == 0).then_some(millionths / unit)
    }

    /// So many units of the last of so many digits after the dot; absent if that is too large.
    #[must_use]
    pub fn from_units(units: i128, places: u32) -> Option<Self> {
        rust_decimal::Decimal::try_from_i128_with_scale(units, places).ok().map(Self)
    }

    /// How many millionths it is, which is a whole number; absent if it is too large.
    pub(crate) fn millionths(self) -> Option<i128> {
        let mut number = self.0;
        number.rescale(Self::PLACES_MAX);
        (number.scale() == Self::PLACES_MAX).then(|| number.mantissa())
    }

    /// The number as a whole one; absent if it is not whole or does not fit.
    #[must_use]
    pub fn to_whole(self) -> Option<i64> {
        if self.is_whole() { i64::try_from(self.0).ok() } else { None }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (integer, fraction) = match unsigned.split_once('.') {
            Some((integer, fraction)) => (integer, Some(fraction)),
            None => (unsigned, None),
        };
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let good = digits(integer, INTEGER_DIGITS_MAX)
            && (integer == "0" || !integer.starts_with('0'))
            && fraction.is_none_or(|fraction| digits(fraction, FRACTION_DIGITS_MAX));
        if !good {
            return Err(DecimalError::new(text));
        }
        rust_decimal::Decimal::from_str(text).map(Self).map_err(|_| DecimalError::new(text))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(DecimalText::of(*self).as_str())
    }
}

impl TryFrom<String> for Decimal {
    type Error = DecimalError;

    fn try_from(text: String) -> Result<Self, DecimalError> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(number: Decimal) -> Self {
        DecimalText::of(number).as_str().to_owned()
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

impl Add for Decimal {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Decimal {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Decimal {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for Decimal {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Neg for Decimal {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_grammar_is_the_contracts() {
        for good in ["0", "-0", "1", "-12.50", "0.000001", "999999999999999.999999"] {
            good.parse::<Decimal>().unwrap();
        }
        for bad in [
            "",
            "-",
            ".5",
            "5.",
            "+1",
            "01",
            "1,5",
            "1e3",
            " 1",
            "1 ",
            "NaN",
            "inf",
            "1.0000001",
            "1000000000000000",
            "1.2.3",
            "--1",
            "١",
            "0x1",
            "1_000",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn platforms_write_more_freely() {
        let check = |text: &str, number: &str| {
            assert_eq!(Decimal::from_platform(text).unwrap().to_string(), number);
        };
        check("81.6400", "81.64");
        check("2.2250000000", "2.225");
        check("0.00000049", "0");
        check("-21.76", "-21.76");
        check("007", "7");
        for bad in ["", "12,50", "abc", "1e5", "9999999999999999"] {
            assert!(Decimal::from_platform(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_has_one_text() {
        let text = |text: &str| text.parse::<Decimal>().unwrap().to_string();
        assert_eq!(text("2.00"), "2");
        assert_eq!(text("-0.0"), "0");
        assert_eq!("2.00".parse::<Decimal>().unwrap(), "2".parse().unwrap());
    }

    #[test]
    fn whole_numbers() {
        assert_eq!("14.0".parse::<Decimal>().unwrap().to_whole(), Some(14));
        assert_eq!("14.5".parse::<Decimal>().unwrap().to_whole(), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(units in -999_999_999_999i64..=999_999_999_999) {
            let number = Decimal(rust_decimal::Decimal::new(units, 6));
            prop_assert_eq!(number.to_string().parse::<Decimal>().unwrap(), number);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            if let Ok(number) = text.parse::<Decimal>() {
                prop_assert_eq!(number.to_string().parse::<Decimal>().unwrap(), number);
            }
            let _ = Decimal::from_platform(&text);
        }
    }
}
