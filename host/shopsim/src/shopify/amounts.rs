//! What lines cost: the shop's prices include tax, and every line is rounded by itself.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

/// Percent of tax that prices include.
const TAX_PERCENT: i64 = 22;
/// What sending costs, tax included, in cents.
const SHIPPING_CENTS: i64 = 600;

/// To the cent, half a cent up.
pub(crate) fn cents(amount: Decimal) -> Decimal {
    let mut amount = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    amount.rescale(2);
    amount
}

/// The tax within an amount.
pub(crate) fn tax_within(gross: Decimal) -> Decimal {
    cents(gross * Decimal::from(TAX_PERCENT) / Decimal::from(100 + TAX_PERCENT))
}

/// What sending costs, tax included.
pub(crate) fn shipping() -> Decimal {
    Decimal::new(SHIPPING_CENTS, 2)
}

/// An amount as the API has it, in the shop's currency and the customer's, which are the same here.
pub(crate) fn money_set(amount: Decimal) -> Value {
    let money = money(amount);
    json!({ "shopMoney": money, "presentmentMoney": money })
}

/// An amount with its currency.
pub(crate) fn money(amount: Decimal) -> Value {
    json!({ "amount": cents(amount).to_string(), "currencyCode": super::CURRENCY })
}
