//! Shops with real quantities, and a host between them and the module.
//!
//! The host here keeps what the contract promises: events about one thing in order, and those about
//! others in any, a tick after all that came before it and before all that comes after it, a mirror that an older
//! observation never overwrites, no observation while a write is being sent, `known-until` only
//! when every order before has reached the module, one write per place at a time, a newer proposal
//! in the place of one that waits. Everything else comes as it likes.

use std::collections::VecDeque;

use crate::{
    rules::{
        Quantity, SharedSku,
        place::{End, Level, Policy},
        shared::Listing,
    },
    sync::{self, Host, OrderHeard, OutcomeHeard, StockHeard},
    tests::memory::{Memory, Shop, Variant},
};

mod host;
mod restore;

const SKU: &str = "MUG-BLU";
const VARIANT: &str = "7";
const BUFFERS: [i64; 3] = [0, 2, 0];
/// Any moment will do to begin at.
const START_MS: u64 = 1_800_000_000_000;
/// How far the shops' clocks are from the host's.
const SKEWS_MS: [i64; 3] = [0, 4_000, -4_000];
/// A delivery that was on its way longer than this is lost.
const DELAY_MS_MAX: u64 = 8_000;
const TICK_MS: u64 = 60_000;
const TICKS_TO_REST_MAX: usize = 200;

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Op {
    Sale {
        shop: usize,
        units: i64,
    },
    Cancel {
        shop: usize,
        order: usize,
    },
    EditOrder {
        shop: usize,
        order: usize,
        units: i64,
    },
    /// Somebody changes stock by hand.
    Edit {
        shop: usize,
        by: i64,
    },
    /// The host hears of one order that changed, as it is now.
    HearOrder {
        shop: usize,
    },
    /// The host reads every order that changed.
    PollOrders {
        shop: usize,
    },
    /// The host hears of the stock as it is now.
    HearStock {
        shop: usize,
    },
    /// The shop sends its stock as it is now; it arrives later, or not at all.
    DelayStock {
        shop: usize,
    },
    HearDelayedStock {
        shop: usize,
    },
    /// The host takes the waiting write up and looks at what the shop shows.
    Look {
        shop: usize,
    },
    /// The host writes.
    Write {
        shop: usize,
    },
    /// The host learns that it was written.
    Settle {
        shop: usize,
    },
    /// The host crashes while it sends, and cannot tell whether it was written.
    LoseTrack {
        shop: usize,
    },
    /// The platform will not do what waits.
    Fail {
        shop: usize,
    },
    /// The module handles one event: the first of those that may be handled, or one of the next.
    Run {
        ahead: usize,
    },
    RunAll,
    Tick,
    Wait {
        seconds: u64,
    },
    /// The host takes a backup.
    Backup,
    /// The host is lost, and its last backup is restored; something is sold before it works again.
    Restore {
        shop: usize,
        units: i64,
    },
}

#[derive(Debug, Clone)]
struct Order {
    taken: i64,
    placed_at: u64,
    updated_at: u64,
    heard: bool,
    changed: bool,
}

#[derive(Debug, Clone)]
struct Write {
    action: String,
    available: Quantity,
    decided_on: Quantity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Looked,
    Written,
}

#[derive(Debug, Clone, Default)]
struct SimulatedShop {
    real: i64,
    /// How often the real quantity was written, by whom ever.
    version: u64,
    orders: Vec<Order>,
    /// What the host last saw, and of which version.
    mirror: (i64, u64),
    delayed: Option<(i64, u64, u64)>,
    /// The last write, as the shop keeps a mark of it.
    mark: Option<String>,
    waiting: Option<Write>,
    sending: Option<(Write, Sent)>,
    masked: bool,
}

#[derive(Debug, Clone)]
enum Event {
    Tick,
    Order(OrderHeard),
    Stock(StockHeard),
    Outcome(OutcomeHeard),
    OrdersKnown(usize, u64),
}

impl Event {
    /// What it is in order with: its shop, and which of the shop's things it is about.
    fn lane(&self) -> Option<(String, String)> {
        match self {
            Self::Order(heard) => Some((heard.shop.clone(), heard.id.clone())),
            Self::Stock(heard) => Some((heard.shop.clone(), SKU.to_owned())),
            Self::Outcome(heard) => {
                heard.key.split_once('/').map(|(shop, sku)| (shop.to_owned(), sku.to_owned()))
            }
            Self::Tick | Self::OrdersKnown(..) => None,
        }
    }
}

/// The shops, the host, and the module.
#[derive(Debug)]
pub struct World {
    memory: Memory,
    shops: Vec<SimulatedShop>,
    events: VecDeque<Event>,
    /// What the hub should be: what the source showed at first, less what was sold anywhere, with
    /// what was changed by hand.
    pub truth: i64,
    backup: Option<restore::Backup>,
    story: Vec<(u64, Vec<i64>, i64, Told)>,
}

/// A line of the story; put into words only when somebody asks.
#[derive(Debug)]
enum Told {
    Did(Op),
    Ran(Event, Vec<String>),
    Proposed(String),
    Restored(Vec<String>),
}

impl std::fmt::Display for Told {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Did(op) => write!(formatter, "{op:?}"),
            Self::Ran(event, said) => write!(formatter, "  ran {event:?} {said:?}"),
            Self::Restored(said) => write!(formatter, "  restored {said:?}"),
            Self::Proposed(words) => write!(formatter, "  proposed {words}"),
        }
    }
}

fn id(shop: usize) -> String {
    format!("shop-{shop}")
}

fn index(shop: &str) -> usize {
    shop.trim_start_matches("shop-").parse().unwrap()
}

fn level(units: i64) -> Level {
    Level { location: None, policy: Policy::Tracked, available: Quantity::units(units) }
}

fn whole(quantity: Quantity) -> i64 {
    quantity.to_string().parse().unwrap()
}

impl World {
    /// Shops that show these quantities, and a module that was just installed.
    pub fn new(start: &[i64]) -> Self {
        let buffers: Vec<String> = BUFFERS
            .iter()
            .enumerate()
            .map(|(shop, buffer)| format!(r#""{}":{buffer}"#, id(shop)))
            .collect();
        let mut memory = Memory {
            now: START_MS,
            settings: format!(r#"{{"source":"shop-0","buffers":{{{}}}}}"#, buffers.join(",")),
            ..Memory::default()
        };
        let mut shops = Vec::new();
        for (shop, units) in start.iter().enumerate() {
            memory.shops.insert(id(shop), Shop { name: id(shop), production: true });
            let listing =
                Listing { shop: id(shop), variant: VARIANT.to_owned(), level: Some(level(*units)) };
            memory.variants.push(Variant { sku: SKU.to_owned(), listing });
            let mirror = (*units, 0);
            shops.push(SimulatedShop { real: *units, mirror, ..SimulatedShop::default() });
        }
        let events = VecDeque::from([Event::Tick]);
        Self { memory, shops, events, truth: start[0], backup: None, story: Vec::new() }
    }

    /// What happened, for a failed assertion.
    pub fn story(&self) -> String {
        let line = |(now, reals, truth, told): &(u64, Vec<i64>, i64, Told)| {
            format!("{:>6}s {reals:?} truth {truth} | {told}", (now - START_MS) / 1_000)
        };
        self.story.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn tell(&mut self, told: Told) {
        let reals = self.shops.iter().map(|shop| shop.real).collect();
        self.story.push((self.memory.now, reals, self.truth, told));
    }

    /// The hub as the module has it.
    pub fn hub(&self) -> i64 {
        whole(self.shared().hub)
    }

    fn shared(&self) -> SharedSku {
        serde_json::from_str(&self.memory.state[&format!("sku/{SKU}")]).unwrap()
    }

    /// Every shop shows the hub less its buffer, and never less than nothing.
    pub fn assert_in_step(&self) {
        let hub = self.hub();
        for (shop, simulated) in self.shops.iter().enumerate() {
            let target = (hub - BUFFERS[shop]).max(0);
            assert_eq!(simulated.real, target, "shop {shop}, hub {hub}\n{}", self.story());
        }
    }

    /// Lets everything be heard, done and judged.
    pub fn come_to_rest(&mut self) {
        for _ in 0..TICKS_TO_REST_MAX {
            for shop in 0..self.shops.len() {
                self.perform(&Op::PollOrders { shop });
                self.perform(&Op::HearStock { shop });
            }
            self.perform(&Op::RunAll);
            self.send_everything();
            let quiet = self.memory.list("open/", None, 1).is_empty();
            let idle = |shop: &SimulatedShop| shop.waiting.is_none() && shop.sending.is_none();
            if quiet && self.events.is_empty() && self.shops.iter().all(idle) {
                return;
            }
            self.memory.now += TICK_MS;
            self.events.push_back(Event::Tick);
        }
        panic!("it never comes to rest: {:#?}\n{}", self.shared(), self.story());
    }

    fn send_everything(&mut self) {
        let busy = |shop: &SimulatedShop| shop.waiting.is_some() || shop.sending.is_some();
        while self.shops.iter().any(busy) {
            for shop in 0..self.shops.len() {
                self.perform(&Op::Settle { shop });
                self.perform(&Op::Look { shop });
                self.perform(&Op::Write { shop });
                self.perform(&Op::Settle { shop });
            }
            self.perform(&Op::RunAll);
        }
    }

    /// Lets something happen; what cannot happen now does not.
    pub fn perform(&mut self, op: &Op) {
        self.memory.now += 300;
        self.tell(Told::Did(op.clone()));
        match *op {
            Op::Sale { shop, units } => self.sale(shop, units),
            Op::Cancel { shop, order } => self.edit_order(shop, order, 0),
            Op::EditOrder { shop, order, units } => self.edit_order(shop, order, units),
            Op::Edit { shop, by } => self.edit(shop, by),
            Op::HearOrder { shop } => {
                let changed = self.shops[shop].orders.iter().position(|order| order.changed);
                if let Some(order) = changed {
                    self.hear_order(shop, order);
                }
            }
            Op::PollOrders { shop } => self.poll_orders(shop),
            Op::HearStock { shop } => self.hear_stock(shop),
            Op::DelayStock { shop } => {
                let now = self.memory.now;
                let shop = &mut self.shops[shop];
                shop.delayed = Some((shop.real, shop.version, now));
            }
            Op::HearDelayedStock { shop } => {
                if let Some((units, version, sent_at)) = self.shops[shop].delayed.take()
                    && self.memory.now - sent_at <= DELAY_MS_MAX
                {
                    self.observe(shop, units, version);
                }
            }
            Op::Look { shop } => self.look(shop),
            Op::Write { shop } => self.write(shop),
            Op::Settle { shop } => self.settle(shop),
            Op::LoseTrack { shop } => {
                if let Some((write, _)) = self.shops[shop].sending.take() {
                    self.ended(shop, &write.action, End::Unknown);
                    self.unmask(shop);
                }
            }
            Op::Fail { shop } => {
                if let Some(write) = self.shops[shop].waiting.take() {
                    self.ended(shop, &write.action, End::Failed);
                }
            }
            Op::Run { ahead } => self.run(ahead),
            Op::RunAll => {
                while !self.events.is_empty() {
                    // Any order will do.
                    self.run(usize::try_from(self.memory.now / 7).unwrap());
                }
            }
            Op::Tick => self.events.push_back(Event::Tick),
            Op::Wait { seconds } => self.memory.now += seconds * 1_000,
            Op::Backup => self.back_up(),
            Op::Restore { shop, units } => self.restore(shop, units),
        }
    }

    fn shop_time(&self, shop: usize) -> u64 {
        // The shops' clocks tell whole seconds.
        self.memory.now.saturating_add_signed(SKEWS_MS[shop]) / 1_000 * 1_000
    }

    fn sale(&mut self, shop: usize, units: i64) {
        let now = self.shop_time(shop);
        let simulated = &mut self.shops[shop];
        if simulated.real < units {
            return;
        }
        simulated.real -= units;
        simulated.version += 1;
        self.truth -= units;
        simulated.orders.push(Order {
            taken: units,
            placed_at: now,
            updated_at: now,
            heard: false,
            changed: true,
        });
    }

    fn edit_order(&mut self, shop: usize, order: usize, units: i64) {
        let now = self.shop_time(shop);
        let simulated = &mut self.shops[shop];
        let Some(order) = simulated.orders.get_mut(order) else {
            return;
        };
        let more = units - order.taken;
        // Of an order that changes twice before it is heard, only the sum is ever known.
        if order.changed || more == 0 || simulated.real < more {
            return;
        }
        (order.taken, order.updated_at, order.changed) = (units, now, true);
        simulated.real -= more;
        simulated.version += 1;
        self.truth -= more;
    }

    fn edit(&mut self, shop: usize, by: i64) {
        let simulated = &mut self.shops[shop];
        if by != 0 && simulated.real + by >= 0 {
            simulated.real += by;
            simulated.version += 1;
            self.truth += by;
        }
    }

    /// Which events may be handled now, by their places among those that wait.
    fn may_be_handled(&self) -> Vec<usize> {
        let mut next = Vec::new();
        for (index, event) in self.events.iter().enumerate() {
            let before = || self.events.iter().take(index);
            match event {
                Event::Tick if index == 0 => return vec![0],
                Event::Tick => break,
                Event::OrdersKnown(..) if index == 0 => next.push(index),
                // It is no event: the orders are known so far once all before are handled.
                Event::OrdersKnown(..) => {}
                _ if before().any(|before| before.lane() == event.lane()) => {}
                _ => next.push(index),
            }
        }
        next
    }

    fn run(&mut self, ahead: usize) {
        let next = self.may_be_handled();
        let Some(index) = ahead.checked_rem(next.len()).map(|nth| next[nth]) else {
            return;
        };
        let Some(event) = self.events.remove(index) else {
            return;
        };
        self.memory.now += 1;
        self.show_mirror();
        let memory = &mut self.memory;
        match &event {
            Event::Tick => {
                let mut cursor = None;
                loop {
                    cursor = sync::on_tick(memory, cursor.as_deref()).unwrap();
                    if cursor.is_none() {
                        break;
                    }
                }
            }
            Event::Order(heard) => assert_eq!(sync::on_order(memory, heard, None), Ok(None)),
            Event::Stock(heard) => sync::on_stock(memory, heard).unwrap(),
            Event::Outcome(heard) => sync::on_outcome(memory, heard).unwrap(),
            Event::OrdersKnown(shop, until) => {
                memory.known_until.insert(id(*shop), *until);
            }
        }
        let said: Vec<String> = self.memory.log.drain(..).collect();
        self.tell(Told::Ran(event, said));
        self.take_proposals();
    }

    fn show_mirror(&mut self) {
        for shop in 0..self.shops.len() {
            let (units, _) = self.shops[shop].mirror;
            self.memory.see(&id(shop), VARIANT, Quantity::units(units));
        }
    }

    fn take_proposals(&mut self) {
        for proposed in std::mem::take(&mut self.memory.changes) {
            self.tell(Told::Proposed(proposed.explanation.en));
            let shop = index(&proposed.shop);
            let mut write = Write {
                action: proposed.id,
                available: proposed.change.available,
                decided_on: proposed.change.decided_on,
            };
            if let Some(older) = self.shops[shop].waiting.take() {
                write.decided_on = older.decided_on;
                self.ended(shop, &older.action, End::Superseded);
            }
            self.shops[shop].waiting = Some(write);
        }
    }
}
