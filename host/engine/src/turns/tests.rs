use std::collections::BTreeSet;

use fondaco_model::{EntityKey, InstallId, Location, ShopId, TraceId};
use proptest::prelude::*;

use super::*;
use crate::route::place;

const NOW: Timestamp = Timestamp(1_000_000);

fn event(number: u64, body: EventBody) -> Event {
    let observed_at = NOW.plus_ms(number);
    Event {
        number,
        commit: 10 + number,
        observed_at,
        caused_by: None,
        trace: TraceId::of_random([0; 16]),
        body,
    }
}

fn key(id: &str) -> EntityKey {
    EntityKey::order(ShopId::new("milano").unwrap(), id)
}

fn changed(number: u64, id: &str, changes: &[OrderChange]) -> Event {
    let change = Change::Order(changes.iter().copied().collect());
    event(number, EventBody::Changed { key: key(id), sequence: number, change })
}

fn order(number: u64, id: &str) -> Event {
    changed(number, id, &[OrderChange::Other])
}

fn tick(number: u64) -> Event {
    let install = InstallId::new("kpi").unwrap();
    let body = EventBody::Tick { install, schedule: "daily".to_owned(), due_at: NOW };
    event(number, body)
}

/// Takes in an event that is delivered each.
fn take(turns: &mut Turns, event: Event) {
    let place = place(&event, false);
    turns.take(event, place, None, None);
}

/// Takes in an event of which only the last is delivered, this long after the first, in
/// milliseconds.
fn take_last(turns: &mut Turns, event: Event, wait: u64) {
    let place = place(&event, true);
    let due = event.observed_at.plus_ms(wait);
    turns.take(event, place, Some(due), None);
}

/// Begins all that may be; the numbers of the events.
fn begin(turns: &mut Turns, now: Timestamp) -> Vec<u64> {
    std::iter::from_fn(|| turns.begin(now)).map(|(_, turn)| turn.event.number).collect()
}

#[test]
fn one_thing_is_in_order_and_others_are_side_by_side() {
    let mut turns = Turns::after(0);
    for (number, id) in [(1, "a"), (2, "b"), (3, "a"), (4, "b"), (5, "c")] {
        take(&mut turns, order(number, id));
    }
    assert_eq!(begin(&mut turns, NOW), [1, 2, 5]);
    assert_eq!((turns.done_until(), turns.heard_commit()), (0, 10));
    turns.end(2);
    assert_eq!(begin(&mut turns, NOW), [4]);
    assert_eq!((turns.done_until(), turns.done_until_but_for(1)), (0, 2));
    turns.end(1);
    assert_eq!((turns.done_until(), turns.heard_commit()), (2, 12));
    assert_eq!(begin(&mut turns, NOW), [3]);
    for id in [3, 4, 5] {
        turns.end(id);
    }
    assert_eq!(turns.done_until(), 5);
}

#[test]
fn one_that_is_alone_waits_for_all_and_holds_up_all() {
    let mut turns = Turns::after(0);
    take(&mut turns, order(1, "a"));
    take(&mut turns, order(2, "a"));
    take(&mut turns, tick(3));
    assert!(!turns.has_room(), "what comes after it has to wait");
    assert_eq!(begin(&mut turns, NOW), [1]);
    turns.end(1);
    assert_eq!(begin(&mut turns, NOW), [2]);
    assert_eq!(begin(&mut turns, NOW), [0; 0]);
    turns.end(2);
    assert_eq!(begin(&mut turns, NOW), [3]);
    turns.end(3);
    assert!(turns.has_room());
}

#[test]
fn a_tick_does_not_wait_for_what_waits_for_its_time() {
    let mut turns = Turns::after(0);
    take_last(&mut turns, order(1, "a"), 5_000);
    take(&mut turns, tick(2));
    assert_eq!(begin(&mut turns, NOW), [2]);
    assert_eq!(turns.next_due(), None, "nothing begins beside it");
    assert_eq!(begin(&mut turns, NOW.plus_ms(6_000)), [0; 0]);
    assert_eq!(turns.heard_commit(), 10, "the order is not heard yet");
    turns.end(2);
    assert_eq!(begin(&mut turns, NOW.plus_ms(6_000)), [1]);
}

#[test]
fn the_last_tells_what_changed_in_all_of_them_when_the_first_is_due() {
    let mut turns = Turns::after(0);
    take_last(&mut turns, changed(1, "a", &[OrderChange::Placed]), 5_000);
    take_last(&mut turns, order(2, "b"), 5_000);
    take_last(&mut turns, changed(3, "a", &[OrderChange::Paid]), 5_000);
    assert_eq!(turns.next_due(), Some(NOW.plus_ms(5_001)));
    assert_eq!(begin(&mut turns, NOW.plus_ms(5_000)), [0; 0]);
    let (id, turn) = turns.begin(NOW.plus_ms(5_001)).unwrap();
    assert_eq!((id, &turn.coalesced), (1, &vec![1]));
    assert_eq!(turn.event, changed(3, "a", &[OrderChange::Placed, OrderChange::Paid]));
    // What comes now is not part of what is being told.
    take_last(&mut turns, order(4, "a"), 5_000);
    assert_eq!(begin(&mut turns, NOW.plus_ms(9_000)), [2]);
    turns.end(id);
    assert_eq!(turns.done_until(), 1, "the other thing is being told");
    assert_eq!(begin(&mut turns, NOW.plus_ms(9_000)), [4]);
}

#[test]
fn whether_an_order_is_gone_is_for_the_last_to_tell() {
    let mut turns = Turns::after(0);
    take_last(&mut turns, changed(1, "a", &[OrderChange::Deleted]), 1);
    take_last(&mut turns, changed(2, "a", &[OrderChange::State]), 1);
    let (_, turn) = turns.begin(NOW.plus_ms(10)).unwrap();
    assert_eq!(turn.event, changed(2, "a", &[OrderChange::State]));
}

#[test]
fn stock_is_told_from_what_it_was_before_the_first() {
    let level = |number, place: &str, before: u64| {
        let (location, before) = (Location::new(place), before.to_string().parse().ok());
        let change = Change::Stock { location, before };
        event(number, EventBody::Changed { key: key("a"), sequence: number, change })
    };
    let mut turns = Turns::after(0);
    take_last(&mut turns, level(1, "here", 10), 1);
    take_last(&mut turns, level(2, "there", 7), 1);
    take_last(&mut turns, level(3, "here", 8), 1);
    let told: Vec<_> = std::iter::from_fn(|| turns.begin(NOW.plus_ms(10))).collect();
    let told: Vec<_> = told.into_iter().map(|(_, turn)| turn.event.body).collect();
    assert_eq!(told, [level(3, "here", 10).body, level(2, "there", 7).body]);
}

#[test]
fn a_turn_whose_pages_were_begun_takes_in_no_more() {
    // As after a restart: 1 and 2 were told together, and a page of that is done.
    let mut turns = Turns::after(0);
    let again = |turns: &mut Turns, event: Event, cursor: Option<&str>| {
        let (place, due) = (place(&event, true), event.observed_at.plus_ms(5_000));
        turns.take(event, place, Some(due), cursor.map(str::to_owned));
    };
    again(&mut turns, order(1, "a"), None);
    again(&mut turns, order(2, "a"), Some("p2"));
    again(&mut turns, order(3, "a"), None);
    let (id, turn) = turns.begin(NOW).unwrap();
    assert_eq!(
        (turn.event.number, turn.coalesced, turn.cursor.as_deref()),
        (2, vec![1], Some("p2"))
    );
    assert_eq!(begin(&mut turns, NOW), [0; 0]);
    turns.end(id);
    assert_eq!((turns.done_until(), turns.next_due()), (2, Some(NOW.plus_ms(5_003))));
}

#[test]
fn when_there_is_no_room_what_waits_is_heard_before_its_time() {
    let mut turns = Turns::after(0);
    take_last(&mut turns, order(1, "a"), 3_600_000);
    turns.pass_by(limits::EVENTS_AHEAD_MAX - 1);
    assert_eq!(begin(&mut turns, NOW), [0; 0]);
    turns.pass_by(limits::EVENTS_AHEAD_MAX);
    assert!(!turns.has_room());
    assert_eq!(begin(&mut turns, NOW), [1]);
    turns.end(1);
    assert!(turns.has_room());
}

/// What there is in a random run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order(u8),
    Last(u8),
    Tick,
    NotHeard,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Take(Kind),
    Begin,
    End(usize),
    Wait,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        4 => (0..3_u8).prop_map(Kind::Order),
        4 => (0..3_u8).prop_map(Kind::Last),
        1 => Just(Kind::Tick),
        1 => Just(Kind::NotHeard),
    ];
    prop_oneof![
        6 => kind.prop_map(Step::Take),
        6 => Just(Step::Begin),
        6 => (0..9_usize).prop_map(Step::End),
        3 => Just(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

/// What a store would hold, and all that was raised.
struct World {
    turns: Turns,
    now: Timestamp,
    raised: Vec<Kind>,
    read: usize,
    done: BTreeSet<u64>,
    handled: Vec<u64>,
    under_way: Vec<(TurnId, Turn)>,
}

impl World {
    fn kind(&self, number: u64) -> Kind {
        self.raised[usize::try_from(number).unwrap() - 1]
    }

    fn take_in(&mut self) {
        while self.read < self.raised.len() && self.turns.has_room() {
            self.read += 1;
            let number = self.read as u64;
            match self.kind(number) {
                _ if self.done.contains(&number) => self.turns.pass_by(number),
                Kind::NotHeard => self.turns.pass_by(number),
                Kind::Tick => take(&mut self.turns, tick(number)),
                Kind::Order(id) => take(&mut self.turns, order(number, &format!("order-{id}"))),
                Kind::Last(id) => {
                    take_last(&mut self.turns, order(number, &format!("last-{id}")), 40);
                }
            }
        }
    }

    fn begin(&mut self) {
        let Some((id, turn)) = self.turns.begin(self.now) else { return };
        let number = turn.event.number;
        let kind = self.kind(number);
        assert!(!self.done.contains(&number), "{number} was done");
        for (_, other) in &self.under_way {
            assert!(kind != Kind::Tick && self.kind(other.event.number) != Kind::Tick);
            assert_ne!(self.kind(other.event.number), kind, "two of one lane");
        }
        for earlier in (1..number).filter(|earlier| !self.done.contains(earlier)) {
            let other = self.kind(earlier);
            let in_order = match kind {
                Kind::Tick => matches!(other, Kind::NotHeard | Kind::Last(_)),
                Kind::Last(_) => other != kind || turn.coalesced.contains(&earlier),
                _ => other != kind,
            };
            assert!(in_order && other != Kind::Tick, "{number} before {earlier}");
        }
        self.under_way.push((id, turn));
    }

    fn end(&mut self, nth: usize) {
        if nth >= self.under_way.len() {
            return;
        }
        let (id, turn) = self.under_way.remove(nth);
        self.check();
        for number in turn.coalesced.iter().chain([&turn.event.number]) {
            assert!(self.done.insert(*number), "{number} was done twice");
            self.handled.push(*number);
        }
        self.turns.end(id);
    }

    /// What is said to be done is done.
    fn check(&self) {
        let is_done =
            |number: &u64| self.done.contains(number) || self.kind(*number) == Kind::NotHeard;
        assert!((1..=self.turns.done_until()).all(|number| is_done(&number)));
        for (id, turn) in &self.under_way {
            let own: Vec<_> = turn.coalesced.iter().chain([&turn.event.number]).collect();
            let until = self.turns.done_until_but_for(*id);
            assert!((1..=until).all(|number| is_done(&number) || own.contains(&&number)));
        }
        // `order` says 10 more than the event's number.
        let heard = self.turns.heard_commit().saturating_sub(10);
        assert!((1..=heard).all(|number| is_done(&number)));
    }

    /// Forgets all but what the store has.
    fn restart(&mut self) {
        let cursor = self.turns.done_until();
        self.under_way.clear();
        self.turns = Turns::after(cursor);
        self.read = usize::try_from(cursor).unwrap();
    }
}

proptest! {
    #[test]
    fn every_event_is_handled_once_and_in_its_order(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World {
            turns: Turns::after(0),
            now: NOW,
            raised: Vec::new(),
            read: 0,
            done: BTreeSet::new(),
            handled: Vec::new(),
            under_way: Vec::new(),
        };
        for step in steps {
            match step {
                Step::Take(kind) => world.raised.push(kind),
                Step::Begin => world.begin(),
                Step::End(nth) => world.end(nth),
                Step::Wait => world.now = world.now.plus_ms(20),
                Step::Restart => world.restart(),
            }
            world.take_in();
            world.check();
        }
        world.now = world.now.plus_ms(1_000);
        let heard = world.raised.iter().filter(|kind| **kind != Kind::NotHeard).count();
        while world.handled.len() < heard {
            let before = (world.handled.len(), world.under_way.len());
            world.begin();
            if before == (world.handled.len(), world.under_way.len()) {
                prop_assert!(!world.under_way.is_empty(), "nothing goes on");
                world.end(0);
            }
            world.take_in();
        }
        prop_assert_eq!(world.turns.done_until(), world.raised.len() as u64);
    }
}
