//! What an order takes off stock, counted once.
//!
//! The platform tells per line what it has deducted *now*. What counts is the difference to what
//! was counted before, so an edit, a cancellation or a restocked refund counts by itself, a repeat
//! counts nothing, and a refund without restock counts nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Quantity;

/// What a line has deducted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Of which SKU.
    pub sku: String,
    /// Of which variant of the shop; absent where the shop does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How much; negative where the shop gave back more than it took.
    pub quantity: Quantity,
}

/// What was counted of an order: its lines with a SKU, by the line's id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CountedOrder {
    /// When the platform had last changed it, by the platform's clock.
    pub updated_at: u64,
    /// Its lines.
    pub lines: BTreeMap<String, Line>,
}

/// What an order takes off one SKU more than was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The SKU.
    pub sku: String,
    /// Of each variant that changed; absent where the shop does not say of which.
    pub variants: Vec<(Option<String>, Quantity)>,
}

impl Taken {
    /// In all.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.variants.iter().map(|(_, quantity)| *quantity).sum()
    }

    fn add(&mut self, variant: Option<&String>, quantity: Quantity) {
        match self.variants.iter_mut().find(|(known, _)| known.as_ref() == variant) {
            Some((_, sum)) => *sum += quantity,
            None => self.variants.push((variant.cloned(), quantity)),
        }
    }
}

/// The difference between what was counted of an order and what it has deducted now, by SKU. A
/// line that changed its SKU gives back to the old one and takes from the new one; a line that is
/// gone gives back.
#[must_use]
pub fn difference(before: &CountedOrder, now: &CountedOrder) -> Vec<Taken> {
    let gave_back = before.lines.values().map(|line| (line, -line.quantity));
    let took = now.lines.values().map(|line| (line, line.quantity));
    let mut all: Vec<Taken> = Vec::new();
    for (line, quantity) in gave_back.chain(took) {
        let index = all.iter().position(|taken| taken.sku == line.sku).unwrap_or_else(|| {
            all.push(Taken { sku: line.sku.clone(), variants: Vec::new() });
            all.len() - 1
        });
        all[index].add(line.variant.as_ref(), quantity);
    }
    for taken in &mut all {
        taken.variants.retain(|(_, quantity)| *quantity != Quantity::ZERO);
    }
    all.retain(|taken| !taken.variants.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(lines: &[(&str, &str, i64)]) -> CountedOrder {
        let lines = lines.iter().map(|(id, sku, quantity)| {
            let quantity = Quantity::units(*quantity);
            ((*id).to_owned(), Line { sku: (*sku).to_owned(), variant: None, quantity })
        });
        CountedOrder { updated_at: 0, lines: lines.collect() }
    }

    #[test]
    fn only_the_difference_counts() {
        type Lines<'a> = &'a [(&'a str, &'a str, i64)];
        let check = |before: Lines<'_>, now: Lines<'_>, expected: &[(&str, i64)]| {
            let taken = difference(&order(before), &order(now));
            let taken: Vec<_> =
                taken.iter().map(|taken| (taken.sku.as_str(), taken.quantity())).collect();
            let expected: Vec<_> =
                expected.iter().map(|(sku, units)| (*sku, Quantity::units(*units))).collect();
            assert_eq!(taken, expected, "{before:?} to {now:?}");
        };
        check(&[], &[("1", "MUG", 2)], &[("MUG", 2)]);
        check(&[("1", "MUG", 2)], &[("1", "MUG", 2)], &[]);
        check(&[("1", "MUG", 2)], &[("1", "MUG", 5)], &[("MUG", 3)]);
        check(&[("1", "MUG", 2)], &[("1", "MUG", 0)], &[("MUG", -2)]);
        check(&[("1", "MUG", 2)], &[], &[("MUG", -2)]);
        check(&[("1", "MUG", 2)], &[("1", "CUP", 2)], &[("MUG", -2), ("CUP", 2)]);
        check(&[], &[("1", "MUG", 2), ("2", "MUG", 1)], &[("MUG", 3)]);
        check(&[("1", "MUG", 0)], &[("1", "MUG", -1)], &[("MUG", -1)]);
    }

    #[test]
    fn a_line_that_changed_its_variant_moves_the_deduction() {
        let line = |variant: &str| {
            let variant = Some(variant.to_owned());
            let line = Line { sku: "MUG".to_owned(), variant, quantity: Quantity::units(1) };
            CountedOrder { updated_at: 0, lines: BTreeMap::from([("1".to_owned(), line)]) }
        };
        let taken = difference(&line("7"), &line("8"));
        let moved = |variant: &str, units| (Some(variant.to_owned()), Quantity::units(units));
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].variants, [moved("7", -1), moved("8", 1)]);
        assert_eq!(taken[0].quantity(), Quantity::ZERO);
    }
}
