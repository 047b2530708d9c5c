//! Amounts as the shop cannot misread them.
//!
//! A shop reads a price by its own separators: with a decimal comma `1.234,50` is a number, and
//! `12,50` in a shop with a decimal dot is twelve hundred and fifty. A dot with two digits behind it
//! and no grouping means the same everywhere (`1.000` would not).

use fondaco_model::Decimal;

use super::super::answers::refused;
use crate::PlatformError;

/// Digits after the dot of an amount that is sent.
pub const AMOUNT_PLACES: u32 = 2;

/// Digits after the dot of parts of a line, which shops that round by the subtotal keep unrounded.
pub const PART_PLACES: u32 = 6;

/// An amount as it is sent: `19.90`.
pub fn amount(what: &str, amount: Decimal) -> Result<String, PlatformError> {
    let units = amount.units(AMOUNT_PLACES).ok_or_else(|| {
        refused(format!(
            "{what} is {amount}: a shop keeps amounts with {AMOUNT_PLACES} digits after the dot"
        ))
    })?;
    if units < 0 {
        return Err(refused(format!("{what} is {amount}, which is below zero")));
    }
    Ok(format!("{}.{:02}", units / 100, units % 100))
}

/// A part of a line as it is sent: two digits after the dot, or as many as it has.
pub fn part(part: Decimal) -> String {
    match part.units(AMOUNT_PLACES) {
        Some(units) if units >= 0 => format!("{}.{:02}", units / 100, units % 100),
        _ => part.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_have_a_dot_and_two_digits() {
        for (number, text) in [
            ("0", "0.00"),
            ("12.5", "12.50"),
            ("1000", "1000.00"),
            ("1234567.89", "1234567.89"),
            ("0.05", "0.05"),
        ] {
            assert_eq!(amount("it", number.parse().unwrap()).unwrap(), text);
        }
        for number in ["0.015", "-1"] {
            assert!(amount("it", number.parse().unwrap()).is_err(), "{number}");
        }
        assert_eq!(part("3.560606".parse().unwrap()), "3.560606");
        assert_eq!(part("3.5".parse().unwrap()), "3.50");
    }

    proptest! {
        #[test]
        fn no_amount_can_be_taken_for_another(units in 0i64..=99_999_999_999_999_999) {
            let number = Decimal::from_units(i128::from(units), AMOUNT_PLACES).unwrap();
            let text = amount("it", number).unwrap();
            prop_assert_eq!(text.parse::<Decimal>().unwrap(), number);
            let (_, digits) = text.split_once('.').unwrap();
            prop_assert_eq!(digits.len(), 2);
            prop_assert!(text.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()));
        }
    }
}
