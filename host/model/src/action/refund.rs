//! Parting an amount of money so that the parts add up to it.

use crate::Decimal;

/// Why an amount cannot be parted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DivideError {
    /// There is nothing to part it by.
    #[error("{amount} cannot be parted: all shares are zero")]
    NoShares {
        /// The amount.
        amount: Decimal,
    },
    /// A share is below zero.
    #[error("{amount} cannot be parted: a share is negative")]
    NegativeShare {
        /// The amount.
        amount: Decimal,
    },
    /// It is finer than its parts may be, or larger than any amount is.
    #[error("{amount} has more than {places} digits after the dot, or is too large")]
    TooFine {
        /// The amount.
        amount: Decimal,
        /// The digits after the dot that parts have at most.
        places: u32,
    },
}

/// Parts an amount in proportion to the shares, each part with at most so many digits after the dot,
/// by largest remainder: every part is rounded towards zero, and what is left over goes, one unit of
/// the last digit each, to the parts that lost most; among equals to the earlier one. The parts add
/// up to the amount exactly, none has another sign than it, and none is a whole unit away from its
/// exact share.
///
/// # Errors
/// If the amount is finer than its parts may be, a share is negative, or all of them are zero and
/// the amount is not.
pub fn divide(
    amount: Decimal,
    shares: &[Decimal],
    places: u32,
) -> Result<Vec<Decimal>, DivideError> {
    let units = amount.units(places).ok_or(DivideError::TooFine { amount, places })?;
    if shares.iter().any(|share| *share < Decimal::ZERO) {
        return Err(DivideError::NegativeShare { amount });
    }
    if units == 0 {
        return Ok(vec![Decimal::ZERO; shares.len()]);
    }
    // In millionths every decimal is whole, and the products stay far below what fits.
    let weights: Option<Vec<i128>> = shares.iter().map(|share| share.millionths()).collect();
    let weights = weights.ok_or(DivideError::TooFine { amount, places })?;
    let whole: i128 = weights.iter().sum();
    if whole == 0 {
        return Err(DivideError::NoShares { amount });
    }
    let (sign, size) = (units.signum(), units.abs());
    let mut parts: Vec<i128> = weights.iter().map(|weight| size * weight / whole).collect();
    let left_over = size - parts.iter().sum::<i128>();
    let mut by_loss: Vec<usize> = (0..parts.len()).collect();
    let loss = |index: &usize| weights.get(*index).map_or(0, |weight| size * weight % whole);
    // Stable: of those that lost the same the earlier one comes first.
    by_loss.sort_by_key(|index| std::cmp::Reverse(loss(index)));
    for index in by_loss.into_iter().take(usize::try_from(left_over).unwrap_or(usize::MAX)) {
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
        }
    }
    let parts = parts.into_iter().map(|part| Decimal::from_units(sign * part, places));
    parts.collect::<Option<_>>().ok_or(DivideError::TooFine { amount, places })
}

/// Whether an amount is more than another by half a cent at least: shops that round by the subtotal
/// have parts of cents, and their lines come to a little more or less than what was paid.
#[must_use]
pub fn exceeds(amount: Decimal, other: Decimal) -> bool {
    let more = amount - other;
    more + more >= Decimal::from_units(1, 2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn parts(amount: &str, shares: &[&str]) -> Vec<String> {
        let shares: Vec<_> = shares.iter().map(|share| decimal(share)).collect();
        let parts = divide(decimal(amount), &shares, 2).unwrap();
        parts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_parts_are_the_largest_remainders() {
        assert_eq!(parts("11.75", &["1", "1", "1"]), ["3.92", "3.92", "3.91"]);
        assert_eq!(parts("6.00", &["4.92", "1.08"]), ["4.92", "1.08"]);
        assert_eq!(parts("3.00", &["4.92", "1.08"]), ["2.46", "0.54"]);
        assert_eq!(parts("0.01", &["4.92", "1.08"]), ["0.01", "0"]);
        assert_eq!(parts("-0.03", &["1", "0", "1"]), ["-0.02", "0", "-0.01"]);
        assert_eq!(parts("0", &["0", "0"]), ["0", "0"]);
        assert_eq!(parts("0", &[]), [""; 0]);
    }

    #[test]
    fn half_a_cent_is_more() {
        assert!(!exceeds(decimal("19.904"), decimal("19.90")));
        assert!(exceeds(decimal("19.905"), decimal("19.90")));
        assert!(!exceeds(decimal("1"), decimal("19.90")));
    }

    #[test]
    fn what_cannot_be_parted_is_said() {
        let amount = decimal("1");
        assert_eq!(divide(amount, &[], 2), Err(DivideError::NoShares { amount }));
        assert_eq!(divide(amount, &[Decimal::ZERO], 2), Err(DivideError::NoShares { amount }));
        let negative = [decimal("2"), decimal("-1")];
        assert_eq!(divide(amount, &negative, 2), Err(DivideError::NegativeShare { amount }));
        let amount = decimal("0.015");
        assert_eq!(
            divide(amount, &[Decimal::ONE], 2),
            Err(DivideError::TooFine { amount, places: 2 })
        );
    }

    proptest! {
        #[test]
        fn the_parts_add_up_and_none_is_a_unit_away(
            units in -99_999_999_999_999_999i64..=99_999_999_999_999_999,
            places in 0u32..=6,
            shares in prop::collection::vec(0i64..=9_999_999_999, 1..40),
        ) {
            let largest = 10i128.pow(15 + places) - 1;
            let units = i128::from(units).clamp(-largest, largest);
            let amount = Decimal::from_units(units, places).unwrap();
            let weights: Vec<_> =
                shares.iter().map(|share| Decimal::from_units(i128::from(*share), 6).unwrap()).collect();
            let whole: i128 = shares.iter().copied().map(i128::from).sum();
            let Ok(parts) = divide(amount, &weights, places) else {
                prop_assert!(whole == 0 && units != 0);
                return Ok(());
            };
            prop_assert_eq!(parts.iter().copied().sum::<Decimal>(), amount);
            for (part, share) in parts.iter().zip(&shares) {
                let part = part.units(places).unwrap();
                prop_assert!(part == 0 || part.signum() == units.signum());
                // |part - units × share / whole| < 1, without fractions.
                let away = part * whole - units * i128::from(*share);
                prop_assert!(whole == 0 || away.abs() < whole);
                prop_assert!(*share != 0 || part == 0);
            }
        }
    }
}
