//! Exact quantities, as the contract writes them.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub, SubAssign},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected, Visitor},
};

const WHOLE_DIGITS_MAX: usize = 15;
const PLACES: usize = 6;
const UNIT: i128 = 1_000_000;

/// A quantity, exact to six decimal places. Sums far beyond what the contract can write saturate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(i128);

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number of units.
    #[must_use]
    pub const fn units(units: i64) -> Self {
        Self(units as i128 * UNIT)
    }

    /// Reads the contract's `decimal`; nothing if the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let well_formed = all_digits(whole)
            && all_digits(places)
            && (1..=WHOLE_DIGITS_MAX).contains(&whole.len())
            && (1..=PLACES).contains(&places.len())
            && (whole == "0" || !whole.starts_with('0'));
        if !well_formed {
            return None;
        }
        let whole: i128 = whole.parse().ok()?;
        let places: i128 = format!("{places:0<PLACES$}").parse().ok()?;
        let value = whole * UNIT + places;
        Some(Self(if negative { -value } else { value }))
    }

    /// The quantity without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let value = self.0.unsigned_abs();
        let unit = UNIT.unsigned_abs();
        write!(formatter, "{sign}{}", value / unit)?;
        match value % unit {
            0 => Ok(()),
            places => {
                let places = format!("{places:0PLACES$}");
                write!(formatter, ".{}", places.trim_end_matches('0'))
            }
        }
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Add for Quantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Quantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Quantity {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(quantities: I) -> Self {
        quantities.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From the contract's text, or from a whole number as a person writes it into settings.
impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Quantity;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number, or a decimal as text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                Quantity::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }

            fn visit_u64<E: Error>(self, units: u64) -> Result<Quantity, E> {
                let units = i64::try_from(units);
                units.map(Quantity::units).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_i64<E: Error>(self, units: i64) -> Result<Quantity, E> {
                Ok(Quantity::units(units))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_contracts_grammar_and_nothing_else() {
        let good =
            [("0", "0"), ("-0", "0"), ("2.00", "2"), ("-1.5", "-1.5"), ("0.000001", "0.000001")];
        for (text, shown) in good {
            assert_eq!(
                Quantity::parse(text).map(|q| q.to_string()).as_deref(),
                Some(shown),
                "{text}"
            );
        }
        let longest = "999999999999999.999999";
        assert_eq!(Quantity::parse(longest).map(|q| q.to_string()).as_deref(), Some(longest));
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "01",
            "+1",
            "1e3",
            "1,5",
            " 1",
            "1.0000000",
            "1000000000000000",
            "1.2.3",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in -10i128.pow(20)..10i128.pow(20)) {
            let quantity = Quantity(micros);
            prop_assert_eq!(Quantity::parse(&quantity.to_string()), Some(quantity));
        }

        #[test]
        fn sums_are_exact(a in -10i64.pow(12)..10i64.pow(12), b in -10i64.pow(12)..10i64.pow(12)) {
            let sum = Quantity::units(a) + Quantity::units(b);
            prop_assert_eq!(sum, Quantity::units(a + b));
            prop_assert_eq!(sum - Quantity::units(b), Quantity::units(a));
        }
    }
}
