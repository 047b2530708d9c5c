//! Two clients with the same module, the same keys and the same SKUs: whatever the one does, the
//! other's store is as if it were alone.
//!
//! The same steps are taken in one store that both clients share, and in two stores that each has
//! one of them. Every answer, and after every few steps everything that can be read, must be equal.
//! A new read of the trait goes into [`everything`]; [`every_read_is_compared`] finds one that is
//! missing there.

use std::collections::BTreeSet;

use fondaco_model::{
    ActionEnd, ClientId, InstallId, PersonKey, Timestamp,
    action::Shown,
    hear::BackfillRange,
    run::{StateReads, StateWrites},
};
use fondaco_store::{
    Act, ActionFilter, AuditStore as _, ControlStore as _, Counter, Erasure, Lease, ListedKind,
    Observed, PeopleStore as _, Reconciliation, ReconciliationStep, RunCommit, RunView, Scope,
    Settlement, ShopProgress, ShopStore as _, Stop, Store, Whom, sqlite::SqliteStore,
};
use proptest::{prelude::*, test_runner::Config};

use crate::{samples::*, sqlite::empty};

/// How many there are of each thing that the steps choose from.
const FEW: u64 = 2;
const CLIENTS: [&str; 2] = ["bianchi", "rossi"];
const SKU: &str = "MUG";

#[derive(Debug, Clone)]
enum Step {
    Lease,
    Accept {
        body: u8,
    },
    Bury {
        delivery: u64,
    },
    Observe {
        variant: u64,
        base: u64,
        available: i64,
        masks: bool,
    },
    Order {
        order: u64,
    },
    Progress {
        until: u64,
    },
    Tick {
        due: u64,
    },
    Run {
        install: u64,
        event: u64,
        key: u64,
        value: Option<u8>,
        read: u64,
        target: u64,
        refuse: bool,
    },
    Begin {
        action: u64,
    },
    Postpone {
        action: u64,
    },
    Settle {
        action: u64,
        base: u64,
    },
    Audit {
        what: u8,
    },
    Stop {
        install: u64,
    },
    Alert {
        key: u64,
    },
    Person {
        order: u64,
    },
    Forget,
    Silence {
        since: Option<u64>,
    },
    List {
        order: u64,
    },
    PutOff,
}

fn step() -> impl Strategy<Value = Step> {
    let observe = (0..FEW, 0..4_u64, 0..9_i64, any::<bool>());
    let run = (0..FEW, 1..9_u64, 0..FEW, any::<Option<u8>>(), 0..3_u64, 0..FEW, any::<bool>());
    prop_oneof![
        1 => Just(Step::Lease),
        2 => any::<u8>().prop_map(|body| Step::Accept { body }),
        1 => (1..5_u64).prop_map(|delivery| Step::Bury { delivery }),
        4 => observe.prop_map(|(variant, base, available, masks)| {
            Step::Observe { variant, base, available, masks }
        }),
        3 => (0..9_u64).prop_map(|order| Step::Order { order }),
        1 => (0..9_u64).prop_map(|until| Step::Progress { until }),
        1 => (0..5_u64).prop_map(|due| Step::Tick { due }),
        6 => run.prop_map(|(install, event, key, value, read, target, refuse)| {
            Step::Run { install, event, key, value, read, target, refuse }
        }),
        3 => (0..9_u64).prop_map(|action| Step::Begin { action }),
        1 => (0..9_u64).prop_map(|action| Step::Postpone { action }),
        2 => (0..9_u64, 0..3_u64).prop_map(|(action, base)| Step::Settle { action, base }),
        1 => any::<u8>().prop_map(|what| Step::Audit { what }),
        1 => (0..FEW).prop_map(|install| Step::Stop { install }),
        1 => (0..FEW).prop_map(|key| Step::Alert { key }),
        2 => (0..FEW).prop_map(|order| Step::Person { order }),
        1 => Just(Step::Forget),
        1 => any::<Option<u8>>().prop_map(|since| Step::Silence { since: since.map(u64::from) }),
        1 => (0..9_u64).prop_map(|order| Step::List { order }),
        1 => Just(Step::PutOff),
    ]
}

fn install_of(nth: u64) -> InstallId {
    install(&format!("install-{nth}"))
}

fn action_of(nth: u64) -> fondaco_model::ActionId {
    action_id(&format!("action-{nth}"))
}

/// One client in one store.
struct Side<'s> {
    store: &'s SqliteStore,
    lease: Lease,
    /// How many runs it has tried to commit; the next proposal has this number.
    runs: u64,
}

impl<'s> Side<'s> {
    async fn new(store: &'s SqliteStore, client: &ClientId) -> Self {
        let lease = store.lease(client, "test").await.unwrap();
        for nth in 0..FEW {
            store.install(&lease, &install_of(nth)).await.unwrap();
        }
        Self { store, lease, runs: 0 }
    }

    /// Takes a step, and says in words what came of it.
    async fn take(&mut self, step: &Step) -> String {
        let (store, lease) = (self.store, &self.lease);
        match step {
            Step::Lease => {
                self.lease = store.lease(&lease.client, "again").await.unwrap();
                format!("{:?}", self.lease)
            }
            Step::Accept { body } => {
                words_of(store.accept(lease, delivery(&body.to_string())).await)
            }
            Step::Bury { delivery } => words_of(store.bury(lease, *delivery, "dead").await),
            Step::Observe { variant: id, base, available, masks } => {
                let id = id.to_string();
                let seen = variant(Some(SKU), *available);
                let changes = vec![stock_change(available - 1)];
                let observed = Observed {
                    delivery: Some(*base),
                    masked: masks.then(|| (target(&id), variant_key(&id))).into_iter().collect(),
                    ..rows(vec![row(variant_key(&id), *base, seen, changes)])
                };
                words_of(store.observe(lease, NOW, observed).await)
            }
            Step::Order { order: number } => {
                let number = number.to_string();
                let row = row(order_key(&number), 0, order(&number), vec![placed()]);
                words_of(store.observe(lease, NOW, rows(vec![row])).await)
            }
            Step::Progress { until } => {
                let known = Some(NOW.plus_ms(*until));
                let progress =
                    ShopProgress { orders_known_until: known, ..ShopProgress::default() };
                let progress = Some((shop("milano"), progress));
                let observed = Observed { progress, ..Observed::default() };
                words_of(store.observe(lease, NOW, observed).await)
            }
            Step::Tick { due } => {
                let tick = store.tick(lease, NOW, &install_of(0), "daily", NOW.plus_ms(*due)).await;
                words_of(tick)
            }
            Step::Run { .. } => self.run(step).await,
            Step::Begin { action } => {
                words_of(store.begin(lease, NOW, &action_of(*action), "{}").await)
            }
            Step::Postpone { action } => {
                let (action, until) = (action_of(*action), NOW.plus_ms(1));
                words_of(store.postpone(lease, NOW, &action, until, "busy").await)
            }
            Step::Settle { action, base } => {
                let end = ActionEnd::Done { ids: vec![action.to_string()] };
                let seen =
                    row(variant_key("0"), *base, variant(Some(SKU), 5), vec![stock_change(6)]);
                let action = action_of(*action);
                let settlement =
                    Settlement { action, end, at: NOW, shown: Shown::default(), rows: vec![seen] };
                words_of(store.settle(lease, settlement).await)
            }
            Step::Audit { .. }
            | Step::Stop { .. }
            | Step::Alert { .. }
            | Step::Person { .. }
            | Step::Forget => self.act(step).await,
            Step::Silence { .. } | Step::List { .. } | Step::PutOff => self.look(step).await,
        }
    }

    /// What is done at somebody's wish, or about somebody.
    async fn act(&self, step: &Step) -> String {
        let (store, lease) = (self.store, &self.lease);
        match step {
            Step::Audit { what } => {
                let act = Act {
                    principal: "anna".to_owned(),
                    what: what.to_string(),
                    subject: "shop milano".to_owned(),
                    detail: String::new(),
                };
                words_of(store.audit(lease, NOW, act).await)
            }
            Step::Stop { install } => {
                let scope = Scope::Install(install_of(*install));
                let (principal, reason) = ("anna".to_owned(), String::new());
                words_of(store.stop(lease, Stop { scope, at: NOW, principal, reason }).await)
            }
            Step::Alert { key } => {
                let alert = new_alert(&key.to_string(), Scope::Client);
                words_of(store.raise_alert(lease, NOW, alert).await)
            }
            Step::Person { order } => {
                let people = vec![seen("12", &order.to_string(), "anna@rossi.example", NOW)];
                let observed = Observed { people, ..Observed::default() };
                words_of(store.observe(lease, NOW, observed).await)
            }
            Step::Forget => {
                let (shop, whom) = (shop("milano"), Whom::Id("12".to_owned()));
                let erasure = Erasure { shop, whom, principal: "anna".to_owned() };
                words_of(store.erase(lease, NOW, erasure).await)
            }
            _ => String::new(),
        }
    }

    /// What becomes of a shop.
    async fn look(&self, step: &Step) -> String {
        let (store, lease, milano) = (self.store, &self.lease, shop("milano"));
        match step {
            Step::Silence { since } => {
                words_of(store.note_silence(lease, &milano, since.map(Timestamp)).await)
            }
            Step::List { order } => {
                let listed = vec![(ListedKind::Order, order.to_string())];
                let reconciliation = Reconciliation { compared: *order, ..Default::default() };
                let step = Some(ReconciliationStep { shop: milano, reconciliation, listed });
                let observed = Observed { step, ..Observed::default() };
                words_of(store.observe(lease, NOW, observed).await)
            }
            Step::PutOff => {
                words_of(store.put_off(lease, &milano, NOW.plus_ms(5), "it is down").await)
            }
            _ => String::new(),
        }
    }

    async fn run(&mut self, step: &Step) -> String {
        let Step::Run { install, event, key, value, read, target, refuse } = step else {
            return String::new();
        };
        let proposal = change_stock(&format!("action-{}", self.runs), &target.to_string(), 1, 2);
        self.runs += 1;
        let (key, kept) = (format!("k{key}"), value.map(|value| value.to_string()));
        let refused = (proposal.clone(), "not granted".to_owned());
        let commit = RunCommit {
            reads: StateReads { keys: [(key.clone(), *read)].into(), ranges: Vec::new() },
            writes: StateWrites::from([(key, kept)]),
            proposals: if *refuse { Vec::new() } else { vec![proposal] },
            refused: if *refuse { vec![refused] } else { Vec::new() },
            log: vec![format!("{value:?}")],
            ..run(&install_of(*install), *event)
        };
        words_of(self.store.commit_run(&self.lease, NOW, commit).await)
    }
}

/// An answer in words. What begins a trace of its own has a random one.
fn words_of(answer: impl std::fmt::Debug) -> String {
    let words = format!("{answer:?}");
    let mut parts = words.split("TraceId([");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |words, part| words + "TraceId(" + part.split_once(']').unwrap().1)
}

/// Makes [`everything`], and the list of what it reads.
macro_rules! reads {
    ($store:ident, $client:ident, $view:ident: $($name:ident => $read:expr;)*) => {
        /// The trait's reads that are compared.
        const READS: &[&str] = &[$(stringify!($name)),*];

        /// All that a client can read, in words.
        async fn everything($store: &dyn Store, $client: &ClientId) -> Vec<(&'static str, String)> {
            let $view = &$store.view($client).await.unwrap();
            vec![$((stringify!($name), words_of($read.await.unwrap()))),*]
        }
    };
}

reads! { store, client, view:
    view => store.view(client);
    deliveries => store.deliveries(client, 0, 99);
    dead_deliveries => store.dead_deliveries(client, 99);
    mirror => store.mirror(client, &variant_key("0"));
    mirror => store.mirror(client, &variant_key("1"));
    mirror => store.mirror(client, &order_key("0"));
    entity => store.entity(view, &variant_key("0"));
    entity => store.entity(&early(view), &variant_key("0"));
    entity_at => store.entity_at(client, &variant_key("0"), 1);
    entity_at => store.entity_at(client, &variant_key("0"), 2);
    variants_by_sku => store.variants_by_sku(view, SKU);
    variants_by_sku => store.variants_by_sku(&early(view), SKU);
    skus => store.skus(view, None, 99);
    shop_progress => store.shop_progress(client, &shop("milano"));
    orders_known_until => store.orders_known_until(client, &shop("milano"), view.commit);
    last_tick => store.last_tick(client, &install_of(0), "daily");
    install_progress => store.install_progress(client, &install_of(0));
    install_progress => store.install_progress(client, &install_of(1));
    events => store.events(client, 0, 99);
    event => store.event(client, 1);
    state_get => store.state_get(view, &install_of(0), "k0");
    state_get => store.state_get(view, &install_of(1), "k0");
    state_get => store.state_get(&early(view), &install_of(0), "k0");
    state_list => store.state_list(view, &install_of(0), "", None, 99);
    state_list => store.state_list(view, &install_of(1), "k", Some("k0"), 99);
    ready => store.ready(client, NOW.plus_ms(9), 99);
    sending => store.sending(client);
    fences => store.fences(client);
    backlog => store.backlog(client);
    runs => store.runs(client, None, 99);
    runs => store.runs(client, Some(&install_of(0)), 99);
    actions => store.actions(client, ActionFilter { limit: 99, ..ActionFilter::default() });
    actions => store.actions(client, ActionFilter {
        open_only: true,
        install: Some(install_of(0)),
        limit: 99,
        ..ActionFilter::default()
    });
    actions => store.actions(client, ActionFilter {
        event: Some(1),
        limit: 99,
        ..ActionFilter::default()
    });
    action => store.action(client, &action_of(0));
    audit_log => store.audit_log(client, None, 99);
    run => store.run(client, &install_of(0), 1);
    run_times => store.run_times(client, &install_of(0), 99);
    counted => store.counted(client, &install_of(0), Counter::Actions, 0);
    last_deliveries => store.last_deliveries(client, &shop("milano"));
    oldest_actions => store.oldest_actions(client);
    trace => store.trace(client, trace(7), 99);
    install_standing => store.install_standing(client, &install_of(0));
    stops => store.stops(client);
    alerts => store.alerts(client, false, 99);
    lifecycle => store.lifecycle(client, &install_of(0));
    absences => store.absences(client);
    past_orders => store.past_orders(client, &all_history(view));
    person => store.person(client, &PersonKey::new(shop("milano"), "12"), None);
    held => store.held(client, &shop("milano"), &Whom::Id("12".to_owned()));
    quarantine => store.quarantine(client);
    reconciliation => store.reconciliation(client, &shop("milano"));
    unlisted => store.unlisted(client, &shop("milano"), ListedKind::Order, None, 99);
    unlisted => store.unlisted(client, &shop("milano"), ListedKind::Variant, None, 99);
    unlisted => store.unlisted(client, &shop("milano"), ListedKind::Customer, None, 99);
    silent_since => store.silent_since(client, &shop("milano"), view.commit);
}

/// All there was as of a view.
fn all_history(view: &RunView) -> BackfillRange {
    let shop = shop("milano");
    BackfillRange { shop, as_of: view.commit, after: None, until: None, last: true }
}

/// A view of the client's first commit.
fn early(view: &RunView) -> RunView {
    RunView { client: view.client.clone(), commit: view.commit.min(1) }
}

/// Each client's world, and the same one together with the other's.
struct Pair<'s> {
    together: Side<'s>,
    alone: Side<'s>,
}

impl Pair<'_> {
    async fn compare(&self) {
        let client = &self.alone.lease.client;
        let alone = everything(self.alone.store, client).await;
        assert_eq!(everything(self.together.store, client).await, alone, "of {client}");
    }
}

proptest! {
    #![proptest_config(Config { cases: 32, ..Config::default() })]

    #[test]
    fn a_client_is_as_if_it_were_alone(
        steps in prop::collection::vec((any::<bool>(), step()), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_shared_folder, shared) = empty();
            let [(_one_folder, one), (_other_folder, other)] = [empty(), empty()];
            let mut pairs = Vec::new();
            for (name, alone) in CLIENTS.iter().zip([&one, &other]) {
                let together = Side::new(&shared, &client(name)).await;
                pairs.push(Pair { together, alone: Side::new(alone, &client(name)).await });
            }
            for (nth, (second, step)) in steps.iter().enumerate() {
                let pair = &mut pairs[usize::from(*second)];
                let (together, alone) = (pair.together.take(step).await, pair.alone.take(step).await);
                assert_eq!(together, alone, "step {nth}, {step:?}");
                if nth % 8 == 7 {
                    // What the one did is nothing to the other.
                    pairs[0].compare().await;
                    pairs[1].compare().await;
                }
            }
            pairs[0].compare().await;
            pairs[1].compare().await;
        });
    }
}

/// Those that read nothing of a client.
const OF_NO_CLIENT: [&str; 3] = ["lease", "check_writable", "backup"];

#[test]
fn every_read_is_compared() {
    let sources = [
        include_str!("../../src/lib.rs"),
        include_str!("../../src/audit.rs"),
        include_str!("../../src/backup.rs"),
        include_str!("../../src/control.rs"),
        include_str!("../../src/lifecycle.rs"),
        include_str!("../../src/people.rs"),
        include_str!("../../src/redo.rs"),
        include_str!("../../src/shops.rs"),
        include_str!("../../src/telling.rs"),
    ];
    let mut reads = BTreeSet::new();
    for source in sources {
        let (_, from_trait) = source.split_once("#[async_trait]\npub trait ").unwrap();
        let (of_trait, _) = from_trait.split_once("\n}\n").unwrap();
        for method in of_trait.split("async fn ").skip(1) {
            let (name, rest) = method.split_once('(').unwrap();
            let (parameters, _) = rest.split_once("->").unwrap();
            if !parameters.contains("&Lease") && !OF_NO_CLIENT.contains(&name) {
                reads.insert(name);
            }
        }
    }
    assert!(reads.len() > 20, "{reads:?}");
    let compared: BTreeSet<_> = READS.iter().copied().collect();
    assert_eq!(compared, reads, "the left ones are compared, the right ones are in the trait");
}
