//! After retention, whatever may still be read is as it was.

use std::collections::BTreeMap;

use fondaco_model::{Entity, EventBody, InstallId, Timestamp, run::StateWrites};
use fondaco_store::{
    CommitOutcome, Kept, Lease, Observed, RunCommit, RunView, ShopProgress, Store, limits,
};
use proptest::{prelude::*, test_runner::Config};

use crate::{conformance::keeping::forget_before, samples::*, sqlite::empty};

const VARIANTS: [&str; 3] = ["1", "2", "3"];
const SKUS: [&str; 2] = ["MUG", "TEE"];
const KEYS: [&str; 3] = ["a", "b", "c"];
const INSTALLS: [&str; 2] = ["quick", "slow"];

/// Between two steps, so that a moment that is noted lies between them.
const STEP_MS: u64 = 1000;

#[derive(Debug, Clone)]
enum Step {
    Observe {
        variant: usize,
        sku: Option<usize>,
        available: i64,
    },
    KnownUntil,
    /// An install handles its next event, if there is one, and writes a key.
    Run {
        install: usize,
        key: usize,
        value: Option<u8>,
    },
    Mark,
    /// Retention, as of a step that is past.
    Forget {
        back: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let observe = (0..VARIANTS.len(), prop::option::of(0..SKUS.len()), 0..4_i64);
    let run = (0..INSTALLS.len(), 0..KEYS.len(), any::<Option<u8>>());
    prop_oneof![
        5 => observe
            .prop_map(|(variant, sku, available)| Step::Observe { variant, sku, available }),
        1 => Just(Step::KnownUntil),
        6 => run.prop_map(|(install, key, value)| Step::Run { install, key, value }),
        3 => Just(Step::Mark),
        2 => (0..20_u64).prop_map(|back| Step::Forget { back }),
    ]
}

/// All that a run can read as of one commit.
#[derive(Debug, PartialEq)]
struct Seen {
    entities: Vec<Option<Entity>>,
    by_sku: Vec<usize>,
    skus: Vec<String>,
    known_until: Option<Timestamp>,
    states: BTreeMap<(String, String), (Option<String>, u64)>,
    lists: Vec<usize>,
}

struct World<'s> {
    store: &'s dyn Store,
    lease: Lease,
    installs: Vec<InstallId>,
    now: Timestamp,
    /// The moments that were noted, with the last commit then.
    marks: Vec<(Timestamp, u64)>,
}

impl World<'_> {
    async fn seen(&self, commit: u64) -> Seen {
        let view = RunView { client: self.lease.client.clone(), commit };
        let mut seen = Seen {
            entities: Vec::new(),
            by_sku: Vec::new(),
            skus: self.store.skus(&view, None, 9).await.unwrap(),
            known_until: self
                .store
                .orders_known_until(&view.client, &shop("milano"), commit)
                .await
                .unwrap(),
            states: BTreeMap::new(),
            lists: Vec::new(),
        };
        for variant in VARIANTS {
            seen.entities.push(self.store.entity(&view, &variant_key(variant)).await.unwrap());
        }
        for sku in SKUS {
            seen.by_sku.push(self.store.variants_by_sku(&view, sku).await.unwrap().len());
        }
        for install in &self.installs {
            for key in KEYS {
                let value = self.store.state_get(&view, install, key).await.unwrap();
                let name = (install.to_string(), key.to_owned());
                seen.states.insert(name, (value.value, value.commit));
            }
            let list = self.store.state_list(&view, install, "", None, 9).await.unwrap();
            seen.lists.push(list.len());
        }
        seen
    }

    /// What the events that an install has not passed are about, and until when the orders were
    /// complete just before each.
    async fn waiting(&self) -> Vec<(u64, Option<Entity>, Option<Timestamp>)> {
        let mut passed = u64::MAX;
        for install in &self.installs {
            let stands = self.store.install_progress(&self.lease.client, install).await.unwrap();
            passed = passed.min(stands.unwrap().event);
        }
        let mut waiting = Vec::new();
        for event in self.store.events(&self.lease.client, passed, 999).await.unwrap() {
            if let EventBody::Changed { key, sequence, .. } = &event.body {
                let client = &self.lease.client;
                let entity = self.store.entity_at(client, key, *sequence).await.unwrap();
                let before = event.commit - 1;
                let known =
                    self.store.orders_known_until(client, &shop("milano"), before).await.unwrap();
                waiting.push((event.number, entity, known));
            }
        }
        waiting
    }

    /// The last commit of a moment that retention goes by, if it was ever noted.
    fn marked(&self, before: Timestamp) -> Option<u64> {
        let old = self.marks.iter().filter(|(at, _)| *at <= before);
        old.map(|(_, commit)| *commit).next_back()
    }

    async fn take(&mut self, step: &Step) {
        self.now = self.now.plus_ms(STEP_MS);
        match step {
            Step::Observe { variant, sku, available } => {
                let key = variant_key(VARIANTS[*variant]);
                let current = self.store.mirror(&self.lease.client, &key).await.unwrap();
                let base = current.map_or(0, |row| row.sequence);
                let entity = crate::samples::variant(sku.map(|sku| SKUS[sku]), *available);
                let seen = row(key, base, entity, vec![stock_change(0)]);
                observe(self.store, &self.lease, rows(vec![seen])).await;
            }
            Step::KnownUntil => {
                let known = Some(self.now);
                let progress = ShopProgress { orders_known_until: known, ..Default::default() };
                let progress = Some((shop("milano"), progress));
                observe(self.store, &self.lease, Observed { progress, ..Observed::default() })
                    .await;
            }
            Step::Run { install, key, value } => self.run(*install, *key, *value).await,
            Step::Mark => {
                self.store.mark_commit(&self.lease, self.now).await.unwrap();
                let commit = self.store.view(&self.lease.client).await.unwrap().commit;
                self.marks.push((self.now, commit));
            }
            Step::Forget { back } => self.forget(*back).await,
        }
    }

    async fn run(&self, install: usize, key: usize, value: Option<u8>) {
        let install = &self.installs[install];
        let stands = self.store.install_progress(&self.lease.client, install).await.unwrap();
        let next = self.store.events(&self.lease.client, stands.unwrap().event, 1).await.unwrap();
        let Some(event) = next.first() else { return };
        let value = value.map(|value| value.to_string());
        let writes = StateWrites::from([(KEYS[key].to_owned(), value)]);
        let run = RunCommit { writes, ..run(install, event.number) };
        let outcome = self.store.commit_run(&self.lease, NOW, run).await.unwrap();
        assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    }

    async fn forget(&self, back: u64) {
        let last = self.store.view(&self.lease.client).await.unwrap().commit;
        let before = self.now.minus_ms(back * STEP_MS);
        // It is so much later that no run is under way any more.
        let at = self.now.plus_ms(limits::VIEW_HELD_MS_MAX);
        let marked = self.marked(before);
        let waiting = self.waiting().await;
        let mut views = Vec::new();
        for commit in marked.unwrap_or(0)..=last {
            views.push((commit, self.seen(commit).await));
        }
        let gone = forget_before(self.store, &self.lease, at, before, &Kept::ALL[..6]).await;
        assert!(marked.is_some() || gone == 0, "{gone} rows of nobody knows when");
        assert_eq!(self.waiting().await, waiting);
        for (commit, seen) in views {
            assert_eq!(self.seen(commit).await, seen, "as of commit {commit} of {last}");
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 40, failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_may_still_be_read_is_as_it_was(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (_keep, store) = empty();
            let lease = store.lease(&client("rossi"), "test").await.unwrap();
            let mut installs = Vec::new();
            for name in INSTALLS {
                let install = install(name);
                store.install(&lease, &install).await.unwrap();
                installs.push(install);
            }
            let mut world =
                World { store: &store, lease, installs, now: NOW, marks: Vec::new() };
            for step in &steps {
                world.take(step).await;
            }
            world.forget(0).await;
        });
    }
}
