//! What the host does: hears orders and stock, and carries out what was proposed.

use std::collections::BTreeMap;

use super::{Event, SKU, Sent, SimulatedShop, VARIANT, World, id, level, whole};
use crate::{
    rules::{
        Quantity,
        orders::{CountedOrder, Line},
        place::End,
    },
    sync::{OrderHeard, OutcomeHeard, StockHeard},
};

impl World {
    pub(super) fn hear_order(&mut self, shop: usize, order: usize) {
        let known = &mut self.shops[shop].orders[order];
        let line = Line {
            sku: SKU.to_owned(),
            variant: Some(VARIANT.to_owned()),
            quantity: Quantity::units(known.taken),
        };
        let heard = OrderHeard {
            shop: id(shop),
            id: order.to_string(),
            number: order.to_string(),
            placed_at: known.placed_at,
            placed: !known.heard,
            deleted: false,
            now: CountedOrder {
                updated_at: known.updated_at,
                lines: BTreeMap::from([("1".to_owned(), line)]),
            },
        };
        (known.heard, known.changed) = (true, false);
        self.events.push_back(Event::Order(heard));
    }

    pub(super) fn poll_orders(&mut self, shop: usize) {
        for order in 0..self.shops[shop].orders.len() {
            if self.shops[shop].orders[order].changed {
                self.hear_order(shop, order);
            }
        }
        self.events.push_back(Event::OrdersKnown(shop, self.memory.now));
    }

    pub(super) fn hear_stock(&mut self, shop: usize) {
        let SimulatedShop { real, version, .. } = self.shops[shop];
        self.observe(shop, real, version);
    }

    pub(super) fn observe(&mut self, shop: usize, units: i64, version: u64) {
        let simulated = &mut self.shops[shop];
        if simulated.sending.is_some() {
            simulated.masked = true;
            return;
        }
        let (before, known) = simulated.mirror;
        if version <= known {
            return;
        }
        simulated.mirror = (units, version);
        if units != before {
            self.events.push_back(Event::Stock(StockHeard {
                shop: id(shop),
                variant: VARIANT.to_owned(),
                sku: SKU.to_owned(),
                level: Some(level(units)),
                observed_at: self.memory.now,
            }));
        }
    }

    pub(super) fn unmask(&mut self, shop: usize) {
        if std::mem::take(&mut self.shops[shop].masked) {
            self.hear_stock(shop);
        }
    }

    pub(super) fn look(&mut self, shop: usize) {
        let simulated = &mut self.shops[shop];
        if simulated.sending.is_some() {
            return;
        }
        let Some(write) = simulated.waiting.take() else {
            return;
        };
        let found = Quantity::units(simulated.real);
        if found == write.decided_on {
            simulated.sending = Some((write, Sent::Looked));
        } else {
            self.hear_stock(shop);
            self.ended(shop, &write.action, End::Stale(found));
        }
    }

    pub(super) fn write(&mut self, shop: usize) {
        let simulated = &mut self.shops[shop];
        if let Some((write, sent @ Sent::Looked)) = &mut simulated.sending {
            *sent = Sent::Written;
            simulated.real = whole(write.available);
            simulated.version += 1;
            simulated.mark = Some(write.action.clone());
            // The platform's answer shows what was written; the host takes it in when it settles.
            simulated.mirror = (simulated.real, simulated.version);
        }
    }

    pub(super) fn settle(&mut self, shop: usize) {
        if let Some((write, Sent::Written)) = self.shops[shop].sending.clone() {
            self.shops[shop].sending = None;
            self.ended(shop, &write.action, End::Done);
            self.unmask(shop);
        }
    }

    pub(super) fn ended(&mut self, shop: usize, action: &str, end: End) {
        self.events.push_back(Event::Outcome(OutcomeHeard {
            action: action.to_owned(),
            key: format!("{}/{SKU}", id(shop)),
            end,
            at: self.memory.now,
        }));
    }
}
