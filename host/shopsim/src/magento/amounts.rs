//! What lines cost: prices include tax, and every row is rounded by itself.

use rust_decimal::{Decimal, RoundingStrategy};

/// Percent of tax that prices include.
pub(crate) const TAX_PERCENT: i64 = 22;
/// Percent that a coupon takes off.
const COUPON_PERCENT: i64 = 10;
/// What sending costs, tax included, in cents.
const SHIPPING_CENTS: i64 = 600;

/// To the cent, half a cent up.
pub(crate) fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// The tax within an amount.
pub(crate) fn tax_within(gross: Decimal) -> Decimal {
    cents(gross * Decimal::from(TAX_PERCENT) / Decimal::from(100 + TAX_PERCENT))
}

/// What sending costs, tax included.
pub(crate) fn shipping() -> Decimal {
    Decimal::new(SHIPPING_CENTS, 2)
}

/// What a row costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// Of one, tax included.
    pub price: Decimal,
    /// Of all, tax included, before the discount.
    pub gross: Decimal,
    /// What is taken off, tax included.
    pub discount: Decimal,
    /// The tax that goes with what is taken off.
    pub compensation: Decimal,
    /// The tax on what is left.
    pub tax: Decimal,
}

impl Row {
    pub(crate) fn of(price: Decimal, quantity: i64, coupon: bool) -> Self {
        let gross = cents(price * Decimal::from(quantity));
        let percent = if coupon { COUPON_PERCENT } else { 0 };
        let discount = cents(gross * Decimal::from(percent) / Decimal::from(100));
        let tax = tax_within(gross - discount);
        Self { price, gross, discount, compensation: tax_within(gross) - tax, tax }
    }

    /// What the customer pays for it.
    pub(crate) fn paid(&self) -> Decimal {
        self.gross - self.discount
    }

    /// Without tax, before the discount.
    pub(crate) fn net(&self) -> Decimal {
        self.gross - tax_within(self.gross)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As captured (`order_percent_row`): seven at 9.99 with a tenth off.
    #[test]
    fn a_row_is_what_the_real_shop_made_of_it() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        let row = Row::of(decimal("9.99"), 7, true);
        assert_eq!((row.gross, row.discount), (decimal("69.93"), decimal("6.99")));
        assert_eq!((row.tax, row.compensation), (decimal("11.35"), decimal("1.26")));
        assert_eq!((row.paid(), row.net()), (decimal("62.94"), decimal("57.32")));
    }
}
