//! Random interleavings of writes, each sometimes made twice, against a model in memory.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_model::{
    ActionEnd, ActionState, EventBody, InstallId,
    event::Event,
    run::{StateReads, StateWrites},
};
use fondaco_store::{
    ActionFilter, CommitOutcome, Lease, ObserveOutcome, Observed, RunCommit, SettleOutcome, Store,
    StoreError,
};
use proptest::{prelude::*, test_runner::Config};

use crate::{samples::*, sqlite::empty};

/// How many there are of each thing that the steps choose from.
const FEW: usize = 3;
const KEY: &str = "k";

#[derive(Debug, Clone)]
enum Step {
    Accept,
    /// Observes a variant, perhaps on an old base, with a delivery if there is one.
    Observe {
        variant: usize,
        available: i64,
        stale: bool,
    },
    /// Runs one of the next events that an install has not done: reads and writes a key, and
    /// proposes a stock.
    Run {
        install: usize,
        ahead: usize,
        value: Option<u8>,
        stale: bool,
        target: Option<usize>,
    },
    Begin {
        action: usize,
    },
    Postpone {
        action: usize,
    },
    Settle {
        action: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let observe = (0..FEW, 0..4_i64, prop::bool::weighted(0.2));
    let next = (0..FEW, 0..FEW);
    let run = (next, any::<Option<u8>>(), prop::bool::weighted(0.2), prop::option::of(0..FEW));
    prop_oneof![
        2 => Just(Step::Accept),
        4 => observe
            .prop_map(|(variant, available, stale)| Step::Observe { variant, available, stale }),
        6 => run.prop_map(|((install, ahead), value, stale, target)| Step::Run {
            install,
            ahead,
            value,
            stale,
            target,
        }),
        3 => (0..20_usize).prop_map(|action| Step::Begin { action }),
        1 => (0..20_usize).prop_map(|action| Step::Postpone { action }),
        2 => (0..20_usize).prop_map(|action| Step::Settle { action }),
    ]
}

#[derive(Debug)]
struct ModelAction {
    target: usize,
    decided_on: i64,
    state: ActionState,
}

/// What should be in the store.
#[derive(Debug, Default)]
struct Model {
    accepted: u64,
    inbox: BTreeSet<u64>,
    commits: u64,
    events: u64,
    mirror: BTreeMap<usize, (u64, i64)>,
    cursors: [u64; FEW],
    /// Events beyond the cursor that are done.
    ahead: [BTreeSet<u64>; FEW],
    state: [(u64, Option<u8>); FEW],
    actions: Vec<ModelAction>,
}

impl Model {
    fn in_state(&self, target: usize, state: ActionState) -> Option<usize> {
        let mut actions = self.actions.iter();
        actions.position(|action| action.target == target && action.state == state)
    }

    fn open(&self) -> usize {
        self.actions.iter().filter(|action| action.state != ActionState::Ended).count()
    }
}

struct World<'s> {
    store: &'s dyn Store,
    lease: Lease,
    model: Model,
}

fn name(action: usize) -> String {
    format!("action-{action}")
}

fn install_of(nth: usize) -> InstallId {
    install(&format!("install-{nth}"))
}

impl World<'_> {
    async fn take(&mut self, step: &Step) {
        match step {
            Step::Accept => {
                let number = self.store.accept(&self.lease, delivery("x")).await.unwrap();
                self.model.accepted += 1;
                assert_eq!(number, self.model.accepted);
                self.model.inbox.insert(number);
            }
            Step::Observe { variant, available, stale } => {
                self.observe(*variant, *available, *stale).await;
            }
            Step::Run { install, ahead, value, stale, target } => {
                let cursor = self.model.cursors[*install];
                let undone = |event: &u64| !self.model.ahead[*install].contains(event);
                let event = (cursor + 1..).filter(undone).nth(*ahead).unwrap();
                self.run((*install, event), *value, *stale, *target).await;
            }
            Step::Begin { action } => self.begin(*action).await,
            Step::Postpone { action } => self.postpone(*action).await,
            Step::Settle { action } => self.settle(*action).await,
        }
    }

    async fn observe(&mut self, id: usize, available: i64, stale: bool) {
        let (sequence, shown) = self.model.mirror.get(&id).copied().unwrap_or((0, -1));
        let base = if stale { sequence + 1 } else { sequence };
        let entity = variant(Some("MUG"), available);
        let seen = row(variant_key(&id.to_string()), base, entity, vec![stock_change(shown)]);
        let delivery = self.model.inbox.first().copied();
        let observed = Observed { delivery, ..rows(vec![seen]) };
        match self.store.observe(&self.lease, NOW, observed).await.unwrap() {
            ObserveOutcome::Moved => assert!(stale),
            ObserveOutcome::Applied(events) => {
                assert!(!stale);
                delivery.map(|number| self.model.inbox.remove(&number));
                let differs = available != shown;
                assert_eq!(events.len(), usize::from(differs));
                if differs {
                    self.model.mirror.insert(id, (sequence + 1, available));
                    self.model.events += 1;
                    self.model.commits += 1;
                }
            }
        }
    }

    async fn run(
        &mut self,
        (nth, event): (usize, u64),
        value: Option<u8>,
        stale: bool,
        target: Option<usize>,
    ) {
        let read = if stale { 9_999 } else { self.read_of(nth) };
        let action = self.model.actions.len();
        let own_decision = 100 + i64::try_from(action).unwrap();
        let propose =
            |target: usize| change_stock(&name(action), &target.to_string(), 1, own_decision);
        let run = RunCommit {
            reads: StateReads { keys: [(KEY.to_owned(), read)].into(), ranges: Vec::new() },
            writes: StateWrites::from([(KEY.to_owned(), value.map(|value| value.to_string()))]),
            proposals: target.map(propose).into_iter().collect(),
            passed: self.model.cursors[nth],
            ..run(&install_of(nth), event)
        };
        match self.store.commit_run(&self.lease, NOW, run.clone()).await {
            Err(StoreError::Missing { .. }) => assert!(event > self.model.events),
            Ok(CommitOutcome::Conflict { key }) => {
                assert!(stale && event <= self.model.events);
                assert_eq!(key, KEY);
            }
            Ok(CommitOutcome::Committed { .. }) => {
                assert!(!stale && event <= self.model.events);
                self.model.commits += 1;
                self.did(nth, event);
                self.model.state[nth] = (self.model.commits, value);
                if let Some(target) = target {
                    self.proposed(target, own_decision);
                }
                let again = self.store.commit_run(&self.lease, NOW, run).await.unwrap();
                assert_eq!(again, CommitOutcome::AlreadyDone);
            }
            other => panic!("{other:?}"),
        }
    }

    fn did(&mut self, nth: usize, event: u64) {
        let (cursor, ahead) = (&mut self.model.cursors[nth], &mut self.model.ahead[nth]);
        ahead.insert(event);
        while ahead.remove(&(*cursor + 1)) {
            *cursor += 1;
        }
    }

    fn read_of(&self, nth: usize) -> u64 {
        match self.model.state[nth] {
            (commit, Some(_)) => commit,
            (_, None) => 0,
        }
    }

    fn proposed(&mut self, target: usize, mut decided_on: i64) {
        if let Some(older) = self.model.in_state(target, ActionState::Waiting) {
            decided_on = self.model.actions[older].decided_on;
            self.model.actions[older].state = ActionState::Ended;
            self.model.events += 1;
        }
        let state = ActionState::Waiting;
        self.model.actions.push(ModelAction { target, decided_on, state });
    }

    async fn begin(&mut self, nth: usize) {
        let begun = self.store.begin(&self.lease, NOW, &action_id(&name(nth)), "{}").await.unwrap();
        let Some(action) = self.model.actions.get(nth) else {
            return assert!(!begun);
        };
        let fenced = self.model.in_state(action.target, ActionState::Sending).is_some();
        assert_eq!(begun, action.state == ActionState::Waiting && !fenced);
        if begun {
            self.model.actions[nth].state = ActionState::Sending;
        }
    }

    async fn postpone(&mut self, nth: usize) {
        let id = action_id(&name(nth));
        let postponed = self.store.postpone(&self.lease, NOW, &id, NOW, "busy").await;
        let Some(action) = self.model.actions.get(nth) else {
            assert!(matches!(postponed, Err(StoreError::Missing { .. })));
            return;
        };
        postponed.unwrap();
        let (target, decided_on) = (action.target, action.decided_on);
        if action.state != ActionState::Sending {
            return;
        }
        match self.model.in_state(target, ActionState::Waiting) {
            None => self.model.actions[nth].state = ActionState::Waiting,
            Some(newer) => {
                self.model.actions[newer].decided_on = decided_on;
                self.model.actions[nth].state = ActionState::Ended;
                self.model.events += 1;
                self.model.commits += 1;
            }
        }
    }

    async fn settle(&mut self, nth: usize) {
        let settlement = settlement(&name(nth), done(), Vec::new());
        let settled = self.store.settle(&self.lease, settlement).await;
        let Some(action) = self.model.actions.get_mut(nth) else {
            assert!(matches!(settled, Err(StoreError::Missing { .. })));
            return;
        };
        match settled.unwrap() {
            SettleOutcome::AlreadyDone => assert_eq!(action.state, ActionState::Ended),
            SettleOutcome::Moved => panic!("nothing was observed"),
            SettleOutcome::Settled { events, .. } => {
                assert_ne!(action.state, ActionState::Ended);
                assert_eq!(events.len(), 1);
                action.state = ActionState::Ended;
                self.model.events += 1;
                self.model.commits += 1;
            }
        }
    }

    /// Compares everything that is counted.
    async fn compare(&self) {
        let client = &self.lease.client;
        let backlog = self.store.backlog(client).await.unwrap();
        assert_eq!(backlog.last_event, self.model.events);
        assert_eq!(backlog.deliveries, self.model.inbox.len() as u64);
        assert_eq!(backlog.actions, self.model.open() as u64);
        assert_eq!(self.store.view(client).await.unwrap().commit, self.model.commits);
        for (nth, cursor) in self.model.cursors.iter().enumerate() {
            let stands = self.store.install_progress(client, &install_of(nth)).await.unwrap();
            let stands = stands.unwrap();
            assert_eq!(stands.event, *cursor);
            assert!(stands.ahead.keys().eq(&self.model.ahead[nth]));
        }
    }

    /// Compares all that is kept.
    async fn compare_all(&self) {
        let client = &self.lease.client;
        let events = self.store.events(client, 0, u32::MAX).await.unwrap();
        let numbers: Vec<_> = events.iter().map(|event| event.number).collect();
        assert_eq!(numbers, (1..=self.model.events).collect::<Vec<_>>());
        assert!(events.is_sorted_by_key(|event: &Event| event.commit));
        let view = self.store.view(client).await.unwrap();
        for (nth, (commit, value)) in self.model.state.iter().enumerate() {
            let stored = self.store.state_get(&view, &install_of(nth), KEY).await.unwrap();
            assert_eq!(stored.value, value.map(|value| value.to_string()));
            assert_eq!(stored.commit, if value.is_some() { *commit } else { 0 });
        }
        for (id, (sequence, available)) in &self.model.mirror {
            let key = variant_key(&id.to_string());
            let row = self.store.mirror(client, &key).await.unwrap().unwrap();
            assert_eq!((row.sequence, row.entity), (*sequence, variant(Some("MUG"), *available)));
        }
        let all = ActionFilter { limit: u32::MAX, ..ActionFilter::default() };
        let mut actions = self.store.actions(client, all).await.unwrap();
        actions.reverse();
        assert_eq!(actions.len(), self.model.actions.len());
        for (nth, (action, expected)) in actions.iter().zip(&self.model.actions).enumerate() {
            assert_eq!((action.id.as_str(), action.state), (name(nth).as_str(), expected.state));
            assert_eq!(decided_on(&action.kind), decimal(expected.decided_on), "{expected:?}");
            // Every action is told of exactly once, when it has ended.
            let told = events.iter().filter_map(outcome).filter(|(id, _)| *id == name(nth));
            assert_eq!(told.count(), usize::from(expected.state == ActionState::Ended));
            let superseded = action.end == Some(ActionEnd::Superseded);
            assert!(action.end.is_none() || superseded || action.end == Some(done()));
        }
        let ticks = |event: &Event| matches!(event.body, EventBody::Tick { .. });
        assert!(!events.iter().any(ticks));
    }
}

proptest! {
    #![proptest_config(Config { cases: 32, ..Config::default() })]

    #[test]
    fn any_interleaving_ends_as_the_model_says(
        steps in prop::collection::vec((step(), prop::bool::weighted(0.2)), 1..50),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, store) = empty();
            let lease = store.lease(&client("rossi"), "test").await.unwrap();
            for nth in 0..FEW {
                store.install(&lease, &install_of(nth)).await.unwrap();
            }
            let mut world = World { store: &store, lease, model: Model::default() };
            for (step, new_lease) in &steps {
                if *new_lease {
                    let client = world.lease.client.clone();
                    world.lease = store.lease(&client, "again").await.unwrap();
                }
                world.take(step).await;
                world.compare().await;
            }
            world.compare_all().await;
        });
    }
}
