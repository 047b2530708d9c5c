//! From snapshots to changes.
//!
//! [`observe`] joins a snapshot into what the mirror has of an entity, and says what is different.
//! An adapter never says that something changed: it says what it saw. So a delivery that is
//! repeated, late, lost and found again by a poll, or the echo of the host's own write, needs no
//! thought anywhere else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Aspect, Decimal, Entity, Location, Order, Snapshot, Variant,
    aspect::Joined,
    commerce::{OrderHead, OrderLine, StockLevel, VariantContent},
};

/// A difference between what was known and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// An order is new or different.
    Order(BTreeSet<OrderChange>),
    /// A variant is new or different, its stock apart.
    Variant(BTreeSet<VariantChange>),
    /// The stock of a variant in one place is different.
    Stock {
        /// The place.
        location: Location,
        /// What was available before; absent if it was not counted, or not known.
        before: Option<Decimal>,
    },
}

/// What is different about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderChange {
    /// It is new.
    Placed,
    /// It was paid.
    Paid,
    /// Its state is another.
    State,
    /// Its lines are others, or their quantities or amounts.
    Lines,
    /// What the platform took off its stock for it is different.
    Deductions,
    /// Money was given back.
    Refunds,
    /// It is gone.
    Deleted,
    /// Anything else about it: its head, its parcels, how its money moved.
    Other,
}

/// What is different about a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariantChange {
    /// It is new.
    Created,
    /// Its price is another, or what it is compared with.
    Price,
    /// Anything else about it.
    Content,
    /// It is gone.
    Deleted,
}

/// What joining a snapshot into the mirror came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// What the mirror has afterwards.
    pub entity: Entity,
    /// Whether that is another row than before, be it only by its versions.
    pub moved: bool,
    /// What is different.
    pub changes: Vec<Change>,
    /// Whether an aspect has the same version and other content than what is known, so that the
    /// entity must be read from the platform.
    pub needs_fetch: bool,
}

/// Joins a snapshot into what the mirror has of its entity, if it has anything.
#[must_use]
pub fn observe(known: Option<&Entity>, seen: &Snapshot) -> Observation {
    let kind = seen.entity.kind();
    let before = known.filter(|entity| entity.kind() == kind).cloned();
    let mut entity = before.clone().unwrap_or_else(|| Entity::unknown(kind));
    let mut join = Join::default();
    match (&mut entity, &seen.entity) {
        (Entity::Variant(variant), Entity::Variant(seen)) => join.variant(variant, seen),
        (Entity::Order(order), Entity::Order(told)) => join.order(order, told),
        (Entity::Variant(_) | Entity::Order(_), _) => {}
    }
    let moved = before.as_ref() != Some(&entity);
    Observation { entity, moved, changes: join.changes, needs_fetch: join.needs_fetch }
}

#[derive(Default)]
struct Join {
    changes: Vec<Change>,
    needs_fetch: bool,
}

impl Join {
    /// Joins one aspect; says whether it is different now.
    fn aspect<T: Clone + PartialEq>(&mut self, known: &mut Aspect<T>, seen: &Aspect<T>) -> bool {
        match known.join(seen) {
            Joined::Kept => false,
            Joined::Replaced => true,
            Joined::NeedsFetch => {
                self.needs_fetch = true;
                false
            }
        }
    }

    /// Joins what is kept by id; says whether any of it is different now.
    fn each<T: Clone + PartialEq>(
        &mut self,
        known: &mut BTreeMap<String, Aspect<T>>,
        seen: &BTreeMap<String, Aspect<T>>,
    ) -> bool {
        let mut different = false;
        for (id, seen) in seen {
            different |= self.aspect(known.entry(id.clone()).or_default(), seen);
        }
        different
    }

    fn variant(&mut self, known: &mut Variant, seen: &Variant) {
        let before = known.content.clone();
        if self.aspect(&mut known.content, &seen.content) {
            let changes = variant_changes(&before, &known.content);
            if !changes.is_empty() {
                self.changes.push(Change::Variant(changes));
            }
        }
        for (location, seen) in &seen.stock {
            let level = known.stock.entry(location.clone()).or_default();
            let before = level.value().and_then(|level: &StockLevel| level.available);
            let was_known = level.version().is_some();
            if self.aspect(level, seen) && was_known {
                self.changes.push(Change::Stock { location: location.clone(), before });
            }
        }
    }

    fn order(&mut self, known: &mut Order, seen: &Order) {
        let before = known.clone();
        let mut changes = BTreeSet::new();
        if self.aspect(&mut known.head, &seen.head) {
            changes.extend(head_changes(&before.head, &known.head));
        }
        if self.aspect(&mut known.lines, &seen.lines) && before.lines.version().is_some() {
            changes.extend(line_changes(&before.lines, &known.lines));
        }
        let refunded = self.each(&mut known.refunds, &seen.refunds);
        self.aspect(&mut known.refund_ids, &seen.refund_ids);
        if drop_refunds(known) || refunded {
            changes.insert(OrderChange::Refunds);
        }
        // That it was paid, or that money went back, tells of the money's movement too.
        let told = changes.contains(&OrderChange::Paid) || changes.contains(&OrderChange::Refunds);
        if self.aspect(&mut known.transactions, &seen.transactions)
            && before.transactions.value().is_some()
            && known.transactions.value().is_some()
            && !told
        {
            changes.insert(OrderChange::Other);
        }
        if self.each(&mut known.parcels, &seen.parcels) && before.head.value().is_some() {
            changes.insert(OrderChange::Other);
        }
        if !changes.is_empty() {
            self.changes.push(Change::Order(changes));
        }
    }
}

/// Takes away the refunds that are not among those there are: somebody deleted them, or the payment
/// service would not send the money after all. Says whether there were any.
fn drop_refunds(order: &mut Order) -> bool {
    let Aspect::Known { version, value: there } = &order.refund_ids else {
        return false;
    };
    let mut dropped = false;
    for (id, refund) in &mut order.refunds {
        // One that is newer than the list is not on it yet.
        let told = refund.version().is_some_and(|since| since.compare(version).is_le());
        if told && !there.contains(id) {
            dropped |= refund.value().is_some();
            // Also of one that is gone already: it is gone as of the newest list, in whatever order
            // the lists came.
            *refund = Aspect::deleted(*version);
        }
    }
    dropped
}

fn variant_changes(
    before: &Aspect<VariantContent>,
    after: &Aspect<VariantContent>,
) -> BTreeSet<VariantChange> {
    let change = match (before.value(), after.value()) {
        (None, Some(_)) => VariantChange::Created,
        (Some(_), None) => VariantChange::Deleted,
        (Some(before), Some(after)) => {
            let mut changes = BTreeSet::new();
            if (before.price, before.compare_at) != (after.price, after.compare_at) {
                changes.insert(VariantChange::Price);
            }
            let (price, compare_at) = (after.price, after.compare_at);
            if (VariantContent { price, compare_at, ..before.clone() }) != *after {
                changes.insert(VariantChange::Content);
            }
            return changes;
        }
        (None, None) => return BTreeSet::new(),
    };
    BTreeSet::from([change])
}

fn head_changes(before: &Aspect<OrderHead>, after: &Aspect<OrderHead>) -> BTreeSet<OrderChange> {
    let (before, after) = match (before.value(), after.value()) {
        (None, Some(after)) => {
            let paid = after.paid_at.map(|_| OrderChange::Paid);
            return paid.into_iter().chain([OrderChange::Placed]).collect();
        }
        (Some(_), None) => return BTreeSet::from([OrderChange::Deleted]),
        (None, None) => return BTreeSet::new(),
        (Some(before), Some(after)) => (before, after),
    };
    let mut changes = BTreeSet::new();
    if before.paid_at.is_none() && after.paid_at.is_some() {
        changes.insert(OrderChange::Paid);
    }
    if before.state != after.state {
        changes.insert(OrderChange::State);
    }
    let mut told = OrderHead { paid_at: after.paid_at, state: after.state, ..before.clone() };
    if told.total_tax.is_same_amount(after.total_tax) {
        told.total_tax = after.total_tax;
    }
    for (told, after) in told.charges.iter_mut().zip(&after.charges) {
        if told.net.is_same_amount(after.net) && told.tax.is_same_amount(after.tax) {
            (told.net, told.tax) = (after.net, after.tax);
        }
    }
    if told != *after {
        changes.insert(OrderChange::Other);
    }
    changes
}

/// Whether a line is the same but for what the platform took off its stock. A delivery may tell the
/// amounts of an order with fewer digits than a reading of it.
fn is_same_line(before: &OrderLine, after: &OrderLine) -> bool {
    let amounts = |line: &OrderLine| [line.net, line.tax, line.discount];
    let mut pairs = amounts(before).into_iter().zip(amounts(after));
    let [net, tax, discount] = amounts(after);
    let deductions = after.deductions.clone();
    let told = OrderLine { net, tax, discount, deductions, ..before.clone() };
    pairs.all(|(before, after)| before.is_same_amount(after)) && told == *after
}

fn line_changes(
    before: &Aspect<Vec<OrderLine>>,
    after: &Aspect<Vec<OrderLine>>,
) -> BTreeSet<OrderChange> {
    let (Some(before), Some(after)) = (before.value(), after.value()) else {
        // The head tells that the order is gone or back.
        return BTreeSet::new();
    };
    let deductions = |lines: &[OrderLine]| -> BTreeMap<String, BTreeMap<Location, Decimal>> {
        lines.iter().map(|line| (line.id.clone(), line.deductions.clone())).collect()
    };
    let mut changes = BTreeSet::new();
    if deductions(before) != deductions(after) {
        changes.insert(OrderChange::Deductions);
    }
    let same = |(before, after)| is_same_line(before, after);
    if before.len() != after.len() || !before.iter().zip(after).all(same) {
        changes.insert(OrderChange::Lines);
    }
    changes
}

#[cfg(test)]
mod tests;
