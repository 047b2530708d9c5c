//! From the commerce model to the records of the contract, and back for what a module answers.
//!
//! What goes to a hook is borrowed from the model: its `…Parts` hold what the records need beside
//! it, numbers as text and lists of records, and nothing is copied. What goes back from a read is
//! moved. What is not known of an entity is nothing the contract has a word for, so such an entity
//! is not handed out.

pub mod ask;
pub mod care;
pub mod catalogue;
pub mod order;
pub mod person;
pub mod variant;

use fondaco_model::{Decimal, commerce::Money, decimal::DecimalText};

use crate::contract::interfaces::types::{MoneyParam, MoneyResult};

fn money<'a>(amount: &'a DecimalText, money: &'a Money) -> MoneyParam<'a> {
    MoneyParam { amount: amount.as_str(), currency: &money.currency }
}

fn owned_money(money: Money) -> MoneyResult {
    MoneyResult { amount: money.amount.into(), currency: money.currency }
}

fn texts(numbers: impl Iterator<Item = Decimal>) -> Vec<DecimalText> {
    numbers.map(DecimalText::of).collect()
}

#[cfg(test)]
mod tests;
