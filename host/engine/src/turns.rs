//! Turns: which events of an install may be handled now, side by side or one after the other.
//!
//! Events come in as they were raised. Those of one lane are handled in that order; those of
//! different lanes side by side; one that is alone waits for all before it and holds up all after
//! it. Of events that are heard as the last only, those about the same thing share a turn: it comes
//! when the first of them has waited long enough, so that a thing that never rests is heard of too.
//!
//! No I/O and no clock. What is here is made again from the store at each start.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use fondaco_model::{Change, Event, EventBody, OrderChange, Timestamp};

use crate::{
    limits,
    route::{Lane, Place},
};

/// What is handled as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The event; the last one of several, with what changed in all of them.
    pub event: Event,
    /// The earlier ones.
    pub coalesced: Vec<u64>,
    /// The cursor to go on with, if some pages of it are done.
    pub cursor: Option<String>,
}

/// Names a turn: its first event.
pub type TurnId = u64;

#[derive(Debug)]
struct Slot {
    turn: Turn,
    /// None: it is alone.
    lane: Option<Lane>,
    /// Until when it waits for further events about the same thing.
    due: Option<Timestamp>,
    begun: bool,
    /// The commit that raised its first event.
    first_commit: u64,
}

impl Slot {
    /// Whether a later event about the same thing can share it. One of which some pages are done
    /// is what it was when they were.
    const fn is_open(&self) -> bool {
        self.due.is_some() && !self.begun
    }
}

/// The events of an install that it is not done with, as far as they were read.
#[derive(Debug)]
pub struct Turns {
    /// The last event that was taken in.
    taken: u64,
    /// The event up to which the store knows that the install is done.
    written: u64,
    slots: BTreeMap<TurnId, Slot>,
    /// The turns of each lane in their order. All but the first wait for it.
    lanes: HashMap<Lane, VecDeque<TurnId>>,
    ready: BTreeSet<TurnId>,
    /// The first of their lanes, until they are due.
    waiting: BTreeSet<(Timestamp, TurnId)>,
    /// The one that is alone. It is always the last.
    alone: Option<TurnId>,
    running: usize,
}

impl Turns {
    /// No turns yet, after this event.
    pub fn after(event: u64) -> Self {
        Self {
            taken: event,
            written: event,
            slots: BTreeMap::new(),
            lanes: HashMap::new(),
            ready: BTreeSet::new(),
            waiting: BTreeSet::new(),
            alone: None,
            running: 0,
        }
    }

    /// Whether the next event can be taken in.
    pub fn has_room(&self) -> bool {
        self.alone.is_none() && !self.is_full()
    }

    fn is_full(&self) -> bool {
        let ahead = self.taken - self.done_until();
        self.slots.len() >= limits::TURNS_MAX || ahead >= limits::EVENTS_AHEAD_MAX
    }

    /// Takes in an event that there is nothing to do about.
    pub const fn pass_by(&mut self, event: u64) {
        self.taken = event;
    }

    /// Takes in an event. `due` is there if only the last about the same thing is delivered: until
    /// then further ones are waited for.
    pub fn take(
        &mut self,
        event: Event,
        place: Place,
        due: Option<Timestamp>,
        cursor: Option<String>,
    ) {
        self.taken = event.number;
        let id = event.number;
        let lane = match place {
            Place::Alone => None,
            Place::Lane(lane) => Some(lane),
        };
        let due = due.filter(|_| cursor.is_none());
        if let Some(lane) = &lane
            && (due.is_some() || cursor.is_some())
            && self.join(lane, &event, cursor.as_ref())
        {
            return;
        }
        let first_commit = event.commit;
        let turn = Turn { event, coalesced: Vec::new(), cursor };
        let slot = Slot { turn, lane: lane.clone(), due, begun: false, first_commit };
        self.slots.insert(id, slot);
        match lane {
            None => self.alone = Some(id),
            Some(lane) => {
                let turns = self.lanes.entry(lane).or_default();
                turns.push_back(id);
                if turns.len() == 1 {
                    self.comes_first(id);
                }
            }
        }
    }

    /// Lets an event share the last turn of its lane, if that one still can be. With a cursor, its
    /// pages were begun as the last of that turn, which thereby is closed.
    fn join(&mut self, lane: &Lane, event: &Event, cursor: Option<&String>) -> bool {
        let last = self.lanes.get(lane).and_then(|turns| turns.back().copied());
        let Some(id) = last else { return false };
        let Some(slot) = self.slots.get_mut(&id).filter(|slot| slot.is_open()) else {
            return false;
        };
        let earlier = std::mem::replace(&mut slot.turn.event, event.clone());
        slot.turn.coalesced.push(earlier.number);
        take_changes(&mut slot.turn.event.body, earlier.body);
        if let Some(cursor) = cursor {
            slot.turn.cursor = Some(cursor.clone());
            if let Some(due) = slot.due.take()
                && self.waiting.remove(&(due, id))
            {
                self.ready.insert(id);
            }
        }
        true
    }

    /// A turn is the first of its lane now.
    fn comes_first(&mut self, id: TurnId) {
        match self.slots.get(&id).and_then(|slot| slot.due) {
            Some(due) => self.waiting.insert((due, id)),
            None => self.ready.insert(id),
        };
    }

    /// The turn to handle now, if there is one; the earliest of those that may be.
    pub fn begin(&mut self, now: Timestamp) -> Option<(TurnId, Turn)> {
        while let Some((due, id)) = self.waiting.first().copied().filter(|(due, _)| *due <= now) {
            self.waiting.remove(&(due, id));
            self.ready.insert(id);
        }
        if self.alone_has_begun() {
            return None;
        }
        let nothing_else = || self.alone.filter(|_| self.running == 0);
        // Better heard early than that it stops everything.
        let before_its_time = || {
            let earliest = self.waiting.iter().min_by_key(|(_, id)| *id);
            earliest.map(|(_, id)| *id).filter(|_| self.is_full())
        };
        let first = self.ready.first().copied();
        let id = first.or_else(nothing_else).or_else(before_its_time)?;
        let slot = self.slots.get_mut(&id)?;
        slot.begun = true;
        self.ready.remove(&id);
        if let Some(due) = slot.due {
            self.waiting.remove(&(due, id));
        }
        self.running += 1;
        Some((id, slot.turn.clone()))
    }

    /// When the next turn that waits for its time can begin.
    pub fn next_due(&self) -> Option<Timestamp> {
        let first = self.waiting.first().filter(|_| !self.alone_has_begun());
        first.map(|(due, _)| *due)
    }

    fn alone_has_begun(&self) -> bool {
        self.alone.and_then(|id| self.slots.get(&id)).is_some_and(|slot| slot.begun)
    }

    /// A turn that was begun is done, and that is on disk.
    pub fn end(&mut self, id: TurnId) {
        let Some(slot) = self.slots.remove(&id) else { return };
        self.running -= 1;
        let Some(lane) = slot.lane else {
            self.alone = None;
            return;
        };
        let Some(turns) = self.lanes.get_mut(&lane) else { return };
        turns.pop_front();
        match turns.front().copied() {
            Some(next) => self.comes_first(next),
            None => drop(self.lanes.remove(&lane)),
        }
    }

    /// The event up to which the install is done with all.
    pub fn done_until(&self) -> u64 {
        self.slots.keys().next().map_or(self.taken, |first| first - 1)
    }

    /// The event up to which the install is done with all, one turn aside.
    pub fn done_until_but_for(&self, id: TurnId) -> u64 {
        let first = self.slots.keys().find(|other| **other != id);
        first.map_or(self.taken, |first| first - 1)
    }

    /// The last commit all of whose events the module has heard, as long as a turn is not done.
    /// What came in one commit is heard one by one, so the commit of an event that is not done may
    /// hold others that are not heard yet.
    pub fn heard_commit(&self) -> u64 {
        self.slots.values().next().map_or(0, |slot| slot.first_commit.saturating_sub(1))
    }

    /// The store has been told that the install is done up to this event.
    pub fn wrote(&mut self, event: u64) {
        self.written = self.written.max(event);
    }

    /// How many events the install is done with that the store may not know of.
    pub fn unwritten(&self) -> u64 {
        self.done_until().saturating_sub(self.written)
    }
}

/// Adds to an event what changed in an earlier one about the same thing.
fn take_changes(later: &mut EventBody, earlier: EventBody) {
    let (EventBody::Changed { change: later, .. }, EventBody::Changed { change: earlier, .. }) =
        (later, earlier)
    else {
        return;
    };
    match (later, earlier) {
        (Change::Order(later), Change::Order(earlier)) => {
            // Whether it is gone is for the last to tell.
            later.extend(earlier.into_iter().filter(|change| *change != OrderChange::Deleted));
        }
        (Change::Variant(later), Change::Variant(earlier)) => later.extend(earlier),
        (Change::Stock { before, .. }, Change::Stock { before: at_first, .. }) => {
            *before = at_first;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
