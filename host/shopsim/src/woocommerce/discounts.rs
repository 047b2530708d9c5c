//! How coupons are spread over the lines of a cart, in whole cents of the entered prices.
//!
//! Every coupon looks at the full price, and takes no more than what others left. What rounding
//! leaves over goes cent by cent to the lines with the highest price of a unit, as many cents to a
//! line as it has units.

use std::cmp::Reverse;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

/// A line of a cart as a coupon sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Discountable {
    /// Entered price of all its units, in cents.
    pub cents: i64,
    pub quantity: i64,
    /// Whether the coupon is for it.
    pub applies: bool,
}

/// What a coupon takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discount {
    Percent(Decimal),
    /// Cents off the cart.
    Cart(i64),
    /// Cents off each unit.
    Unit(i64),
}

/// The cents that a coupon takes off each line, of which `taken` are off already.
pub(crate) fn spread(discount: Discount, lines: &[Discountable], taken: &[i64]) -> Vec<i64> {
    let mut order: Vec<usize> = (0..lines.len()).filter(|index| lines[*index].applies).collect();
    order.sort_by_key(|index| Reverse(unit_cents(&lines[*index])));
    let mut spread = Spread { lines, taken, off: vec![0; lines.len()] };
    match discount {
        Discount::Percent(percent) => spread.percent(&order, percent),
        Discount::Cart(cents) => spread.cart(&order, cents),
        Discount::Unit(cents) => spread.units(&order, cents),
    }
    spread.off
}

/// Price of a unit in hundredths of a cent, to compare units of lines by.
fn unit_cents(line: &Discountable) -> i64 {
    line.cents.saturating_mul(100) / line.quantity.max(1)
}

struct Spread<'l> {
    lines: &'l [Discountable],
    taken: &'l [i64],
    off: Vec<i64>,
}

impl Spread<'_> {
    fn left(&self, index: usize) -> i64 {
        self.lines[index].cents - self.taken[index] - self.off[index]
    }

    fn total(&self) -> i64 {
        self.off.iter().sum()
    }

    fn percent(&mut self, order: &[usize], percent: Decimal) {
        let share = |cents: i64| Decimal::from(cents) * percent / Decimal::ONE_HUNDRED;
        for index in order {
            let wanted = share(self.lines[*index].cents).floor().to_i64().unwrap_or(0);
            self.off[*index] += wanted.min(self.left(*index));
        }
        let all: i64 = order.iter().map(|index| self.lines[*index].cents).sum();
        // A half cent goes down.
        let half = RoundingStrategy::MidpointTowardZero;
        let wanted = share(all).round_dp_with_strategy(0, half).to_i64().unwrap_or(0);
        self.remainder(order, wanted - self.total());
    }

    fn units(&mut self, order: &[usize], cents: i64) {
        for index in order {
            let wanted = cents.saturating_mul(self.lines[*index].quantity);
            self.off[*index] += wanted.min(self.left(*index));
        }
    }

    /// The same to each unit, again with what that leaves, and the last cents one by one.
    fn cart(&mut self, order: &[usize], cents: i64) {
        let priced: Vec<usize> =
            order.iter().copied().filter(|index| self.lines[*index].cents > 0).collect();
        let units: i64 = priced.iter().map(|index| self.lines[*index].quantity).sum();
        let mut rest = cents;
        while units > 0 && rest / units > 0 {
            let before = self.total();
            self.units(&priced, rest / units);
            let gone = self.total() - before;
            if gone == 0 {
                return;
            }
            rest -= gone;
        }
        self.remainder(&priced, rest);
    }

    /// A cent for each unit, line by line, until these are gone.
    fn remainder(&mut self, order: &[usize], mut cents: i64) {
        for index in order {
            let off = cents.min(self.lines[*index].quantity).min(self.left(*index)).max(0);
            self.off[*index] += off;
            cents -= off;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(unit: i64, quantity: i64) -> Discountable {
        Discountable { cents: unit * quantity, quantity, applies: true }
    }

    /// Worked out from the captured carts.
    #[test]
    fn leftover_cents_go_to_the_dearest_units() {
        let percent = [line(999, 7), line(91, 1), line(213, 1), line(335, 1), line(435, 3)];
        let off = spread(Discount::Percent(Decimal::TEN), &percent, &[0; 5]);
        assert_eq!(off, [701, 9, 21, 33, 130]);
        let cart = [line(999, 3), line(435, 2), line(1290, 1)];
        assert_eq!(spread(Discount::Cart(500), &cart, &[0; 3]), [250, 166, 84]);
    }

    #[test]
    fn nothing_becomes_cheaper_than_nothing() {
        let lines = [line(100, 1), line(200, 2)];
        assert_eq!(spread(Discount::Cart(10_000), &lines, &[40, 0]), [60, 400]);
        assert_eq!(spread(Discount::Unit(150), &lines, &[0, 0]), [100, 300]);
        let other = Discountable { applies: false, ..line(100, 1) };
        assert_eq!(spread(Discount::Percent(Decimal::TEN), &[other], &[0]), [0]);
    }

    proptest! {
        #[test]
        fn a_cart_gets_no_more_than_it_costs_and_all_but_some_cents_of_the_rest(
            lines in prop::collection::vec((1_i64..5000, 1_i64..9), 1..6),
            cents in 0_i64..40_000,
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(unit, units)| line(unit, units)).collect();
            let off = spread(Discount::Cart(cents), &lines, &vec![0; lines.len()]);
            let all: i64 = lines.iter().map(|line| line.cents).sum();
            let units: i64 = lines.iter().map(|line| line.quantity).sum();
            let (given, most) = (off.iter().sum::<i64>(), cents.min(all));
            // The last cents go to lines by their units, and a line that is free takes none.
            prop_assert!((most - units..=most).contains(&given));
            prop_assert!(off.iter().zip(&lines).all(|(off, line)| (0..=line.cents).contains(off)));
        }
    }
}
