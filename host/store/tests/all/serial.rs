//! Runs side by side on the same state end as if they had been one after the other.
//!
//! Each run reads keys and ranges, of which many are absent, and writes values that follow from
//! all it read. The runs of an install go on at the same time, in tasks on several threads, and one
//! that met a conflict is done again. Afterwards they are played once more in the order of their
//! commits, on a map in memory: every read has to show the same, and so has what is left.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use fondaco_model::run::{StateRange, StateReads, StateWrites};
use fondaco_store::{
    CommitOutcome, Lease, RunCommit, RunView, Store, StoreError, sqlite::SqliteStore,
};
use proptest::{prelude::*, test_runner::Config};

use crate::{samples::*, sqlite::empty};

/// Runs at the same time.
const WORKERS: usize = 16;

/// Keys there can be: few, so that runs meet.
const KEYS: [&str; 6] = ["a/1", "a/2", "a/3", "b/1", "b/2", "c"];

#[derive(Debug, Clone)]
enum Step {
    Get(usize),
    /// Lists what begins with the first letter of a key, after it perhaps.
    List {
        key: usize,
        after: bool,
        limit: u32,
    },
    /// Writes what follows from all that was read before.
    Set(usize),
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS.len();
    prop_oneof![
        3 => key.clone().prop_map(Step::Get),
        2 => (key.clone(), any::<bool>(), 1..4_u32)
            .prop_map(|(key, after, limit)| Step::List { key, after, limit }),
        3 => key.clone().prop_map(Step::Set),
        1 => key.prop_map(Step::Delete),
    ]
}

/// What a run saw: for each read, the keys with their values.
type Seen = Vec<Vec<(String, String)>>;

/// What a program makes of a state, which is read through this.
trait State {
    async fn get(&mut self, key: &str) -> Option<String>;
    async fn list(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Vec<(String, String)>;
}

/// Runs a program; tells what it saw and what it writes.
async fn play(event: u64, program: &[Step], state: &mut impl State) -> (Seen, StateWrites) {
    let (mut seen, mut writes) = (Seen::new(), StateWrites::new());
    for step in program {
        match step {
            Step::Get(key) => {
                let key = KEYS[*key];
                let value = state.get(key).await;
                seen.push(value.map(|value| (key.to_owned(), value)).into_iter().collect());
            }
            Step::List { key, after, limit } => {
                let key = KEYS[*key];
                let after = Some(key).filter(|_| *after);
                seen.push(state.list(&key[..1], after, *limit).await);
            }
            Step::Set(key) => {
                let digest = seen.iter().flatten().fold(event, |digest, (key, value)| {
                    let bytes = key.bytes().chain(value.bytes());
                    bytes.fold(digest, |digest, byte| {
                        digest.wrapping_mul(31).wrapping_add(u64::from(byte))
                    })
                });
                writes.insert(KEYS[*key].to_owned(), Some(digest.to_string()));
            }
            Step::Delete(key) => drop(writes.insert(KEYS[*key].to_owned(), None)),
        }
    }
    (seen, writes)
}

/// The store's state as of a view, with what was read of it.
struct Stored<'s> {
    store: &'s SqliteStore,
    view: RunView,
    reads: StateReads,
}

impl State for Stored<'_> {
    async fn get(&mut self, key: &str) -> Option<String> {
        let install = install("stock-sync");
        let found = self.store.state_get(&self.view, &install, key).await.unwrap();
        self.reads.keys.insert(key.to_owned(), found.commit);
        found.value
    }

    async fn list(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Vec<(String, String)> {
        let install = install("stock-sync");
        let found = self.store.state_list(&self.view, &install, prefix, after, limit).await;
        let found = found.unwrap();
        let is_full = found.len() >= limit as usize;
        self.reads.ranges.push(StateRange {
            prefix: prefix.to_owned(),
            after: after.map(str::to_owned),
            until: found.last().map(|(key, _)| key.clone()).filter(|_| is_full),
            seen: found.iter().map(|(key, value)| (key.clone(), value.commit)).collect(),
        });
        found.into_iter().filter_map(|(key, value)| Some((key, value.value?))).collect()
    }
}

/// A state in memory.
#[derive(Default)]
struct Model(BTreeMap<String, String>);

impl State for Model {
    async fn get(&mut self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    async fn list(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Vec<(String, String)> {
        let entries = self.0.iter().filter(|(key, _)| {
            key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after)
        });
        let entries = entries.map(|(key, value)| (key.clone(), value.clone()));
        entries.take(limit as usize).collect()
    }
}

/// Runs a program until it is committed; tells what it saw then, and how often it was done again.
async fn run_until_committed(
    store: &SqliteStore,
    lease: &Lease,
    event: u64,
    program: &[Step],
) -> Result<(Seen, usize), StoreError> {
    let mut conflicts = 0;
    loop {
        let view = store.view(&lease.client).await?;
        let mut state = Stored { store, view, reads: StateReads::default() };
        let (seen, writes) = play(event, program, &mut state).await;
        let commit = RunCommit {
            reads: state.reads,
            writes,
            passed: 0,
            ..run(&install("stock-sync"), event)
        };
        match store.commit_run(lease, NOW, commit).await? {
            CommitOutcome::Committed { .. } => return Ok((seen, conflicts)),
            CommitOutcome::Conflict { .. } => conflicts += 1,
            CommitOutcome::AlreadyDone => panic!("event {event} is run by one task"),
        }
    }
}

/// Runs all programs side by side; tells what each saw, by its event, and how many conflicts there
/// were.
async fn run_all(
    store: &Arc<SqliteStore>,
    lease: &Lease,
    programs: &[Vec<Step>],
) -> (BTreeMap<u64, Seen>, usize) {
    let queue: VecDeque<_> = (1..).zip(programs.iter().cloned()).collect();
    let queue = Arc::new(Mutex::new(queue));
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let (store, lease, queue) = (Arc::clone(store), lease.clone(), Arc::clone(&queue));
            tokio::spawn(async move {
                let mut ran = Vec::new();
                loop {
                    let next = queue.lock().unwrap().pop_front();
                    let Some((event, program)) = next else { return ran };
                    let run = run_until_committed(&store, &lease, event, &program);
                    ran.push((event, run.await.unwrap()));
                }
            })
        })
        .collect();
    let (mut seen, mut conflicts) = (BTreeMap::new(), 0);
    for worker in workers {
        for (event, (saw, times)) in worker.await.unwrap() {
            seen.insert(event, saw);
            conflicts += times;
        }
    }
    (seen, conflicts)
}

/// Checks runs against the order of their commits.
async fn check(
    store: &SqliteStore,
    lease: &Lease,
    programs: &[Vec<Step>],
    seen: &BTreeMap<u64, Seen>,
) {
    let mut records = store.runs(&lease.client, None, u32::MAX).await.unwrap();
    records.reverse();
    assert_eq!(records.len(), programs.len());
    let mut model = Model::default();
    for record in records {
        let program = &programs[usize::try_from(record.event).unwrap() - 1];
        let (expected, writes) = play(record.event, program, &mut model).await;
        assert_eq!(seen[&record.event], expected, "run {} of {program:?}", record.number);
        for (key, value) in writes {
            match value {
                Some(value) => drop(model.0.insert(key, value)),
                None => drop(model.0.remove(&key)),
            }
        }
    }
    let view = store.view(&lease.client).await.unwrap();
    let left = store.state_list(&view, &install("stock-sync"), "", None, 99).await.unwrap();
    let left: BTreeMap<_, _> =
        left.into_iter().filter_map(|(key, value)| Some((key, value.value?))).collect();
    assert_eq!(left, model.0);
    let stands = store.install_progress(&lease.client, &install("stock-sync")).await.unwrap();
    let stands = stands.unwrap();
    assert_eq!((stands.event, stands.ahead.len()), (programs.len() as u64, 0));
}

proptest! {
    #![proptest_config(Config { cases: 12, ..Config::default() })]

    #[test]
    fn runs_side_by_side_end_as_if_one_after_the_other(
        programs in prop::collection::vec(prop::collection::vec(step(), 1..6), 200..300),
    ) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
        runtime.unwrap().block_on(async {
            let (_folder, store) = empty();
            let store = Arc::new(store);
            let (lease, _) = begin(&*store).await;
            let orders = (1..=programs.len()).map(|order| order.to_string());
            let orders = orders.map(|id| row(order_key(&id), 0, order(&id), vec![placed()]));
            observe(&*store, &lease, rows(orders.collect())).await;
            let (seen, conflicts) = run_all(&store, &lease, &programs).await;
            assert!(conflicts > 0, "no two runs met");
            check(&store, &lease, &programs, &seen).await;
        });
    }
}
