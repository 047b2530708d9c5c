//! Backups of the host, and what it does when one was restored: it looks for what was under way,
//! asks every shop what has changed, and then lets the module hear of it.

use std::collections::{BTreeMap, VecDeque};

use super::{Event, Order, SimulatedShop, Told, World, Write};
use crate::{rules::Quantity, rules::place::End, sync};

/// How long after a restore a person releases the client.
const QUARANTINE_MS: u64 = 45_000;

/// What a backup holds: all that is the host's, and nothing that is the shops'.
#[derive(Debug, Clone)]
pub struct Backup {
    state: BTreeMap<String, String>,
    known_until: BTreeMap<String, u64>,
    events: VecDeque<Event>,
    shops: Vec<SimulatedShop>,
}

/// What a shop shows of a write.
enum Found {
    Done,
    NotDone,
    Neither,
}

impl SimulatedShop {
    fn look_for(&self, write: &Write) -> Found {
        match &self.mark {
            Some(mark) if *mark == write.action => Found::Done,
            Some(_) => Found::NotDone,
            None if Quantity::units(self.real) == write.decided_on => Found::NotDone,
            None => Found::Neither,
        }
    }
}

impl World {
    pub(super) fn back_up(&mut self) {
        self.backup = Some(Backup {
            state: self.memory.state.clone(),
            known_until: self.memory.known_until.clone(),
            events: self.events.clone(),
            shops: self.shops.clone(),
        });
    }

    pub(super) fn restore(&mut self, sold_on: usize, units: i64) {
        let Some(backup) = self.backup.clone() else {
            return;
        };
        self.memory.state = backup.state;
        self.memory.known_until = backup.known_until;
        self.events = backup.events;
        let restored_at = self.memory.now;
        for (shop, then) in backup.shops.into_iter().enumerate() {
            self.restore_shop(shop, then);
        }
        self.memory.now += QUARANTINE_MS / 2;
        for shop in 0..self.shops.len() {
            self.hear_stock(shop);
            self.poll_orders(shop);
        }
        self.sale(sold_on, units);
        self.memory.now += QUARANTINE_MS / 2;
        self.show_mirror();
        let heard = sync::on_restored(&mut self.memory, restored_at, None);
        assert_eq!(heard, Ok(None), "one SKU fits a page");
        let said = self.memory.log.drain(..).collect();
        self.tell(Told::Restored(said));
        self.take_proposals();
    }

    /// The host's part of a shop is what it was; what was under way then is looked for.
    fn restore_shop(&mut self, shop: usize, then: SimulatedShop) {
        let now = &mut self.shops[shop];
        for (index, order) in now.orders.iter_mut().enumerate() {
            let before: Option<&Order> = then.orders.get(index);
            let same = before.is_some_and(|before| before.updated_at == order.updated_at);
            order.heard = before.is_some_and(|before| before.heard);
            order.changed = !same || before.is_some_and(|before| before.changed);
        }
        (now.mirror, now.delayed, now.masked) = (then.mirror, None, false);
        (now.waiting, now.sending) = (then.waiting, None);
        let waited = now.waiting.is_some();
        if let Some((write, _)) = then.sending {
            match self.shops[shop].look_for(&write) {
                Found::Done => self.found_done(shop, &write),
                Found::Neither => self.ended(shop, &write.action, End::Unknown),
                // It goes back, unless a newer one waits, which takes its place.
                Found::NotDone => match &mut self.shops[shop].waiting {
                    Some(newer) => {
                        newer.decided_on = write.decided_on;
                        self.ended(shop, &write.action, End::Superseded);
                    }
                    None => self.shops[shop].waiting = Some(write),
                },
            }
        }
        if let Some(write) = self.shops[shop].waiting.clone().filter(|_| waited) {
            match self.shops[shop].look_for(&write) {
                Found::NotDone => return,
                Found::Done => self.found_done(shop, &write),
                Found::Neither => self.ended(shop, &write.action, End::Unknown),
            }
            self.shops[shop].waiting = None;
        }
    }

    /// What the look showed is taken in as the write's own doing, so the module does not hear it.
    fn found_done(&mut self, shop: usize, write: &Write) {
        let found = &mut self.shops[shop];
        found.mirror = (found.real, found.version);
        self.ended(shop, &write.action, End::Done);
    }
}
