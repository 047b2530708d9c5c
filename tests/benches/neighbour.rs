//! `sandbox.neighbour-p99-ratio`: how long a well-behaved client's calls take, at their 99th
//! percentile, while four other clients' modules do everything a module must not, against without
//! them. One sandbox, and the threads are set up as the engine does it.
//!
//! The neighbour calls one after the other; each call hears of an order of twenty lines and writes a
//! value of its state. The hostile ones are started again and again, two of each client at a time.
//! Phases with and without them take turns; the ratio is that of the medians over the phases.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fondaco_engine::limits::guest_threads;
use fondaco_model::ClientId;
use fondaco_sandbox::{Grants, Module, Sandbox, SandboxConfig};
use tokio::{runtime, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    Bound, Figure,
    fixture::{component, host, order_call},
    median,
};

/// Phases of each kind.
const PHASES: usize = 5;
/// How long each is.
const PHASE: Duration = Duration::from_secs(3);
/// How long the hostile modules are at it before a phase begins, and may take to be gone.
const LEAD: Duration = Duration::from_millis(200);
/// Hostile clients.
const CLIENTS: usize = 4;
/// Runs of each of them at the same time.
const CLIENT_RUNS: usize = 2;
/// What they do: each of them one thing, all the time, so that all of it happens at once.
const ATTACKS: [&str; 7] =
    ["loop", "memory", "log-flood", "state-flood", "proposal-flood", "recursion", "trap"];
/// The ratio that must not be passed.
const BOUND: f64 = 1.5;

pub fn ratio() -> Figure {
    let sandbox = Sandbox::new(SandboxConfig::default()).unwrap();
    let good = sandbox.load(&component("probe"), &Grants::all()).unwrap();
    let hostile = sandbox.load(&component("hostile"), &Grants::all()).unwrap();
    let guests = runtime::Builder::new_multi_thread()
        .worker_threads(guest_threads())
        .enable_all()
        .build()
        .unwrap();
    let clients = runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut alone, mut beside, mut attacks, mut calls) = (Vec::new(), Vec::new(), 0, 0);
    clients.block_on(async {
        phase(&good, guests.handle()).await;
        for _ in 0..PHASES {
            alone.push(percentile_99(phase(&good, guests.handle()).await));
            let attackers = Attackers::start(&hostile, guests.handle());
            tokio::time::sleep(LEAD).await;
            let times = phase(&good, guests.handle()).await;
            attacks += attackers.stop().await;
            calls += times.len();
            beside.push(percentile_99(times));
        }
    });
    let (alone, beside) = (median(alone), median(beside));
    Figure {
        value: beside / alone,
        unit: "ratio",
        bound: Bound::AtMost(BOUND),
        detail: format!(
            "p99 {beside:.0} µs beside {attacks} attacks, {alone:.0} µs alone; {calls} calls"
        ),
    }
}

/// The times of the neighbour's calls, in microseconds.
async fn phase(module: &Module, guests: &runtime::Handle) -> Vec<f64> {
    let module = module.clone();
    let client = ClientId::new("good").unwrap();
    let settings = Arc::from(r#"{"steps": [["set", "stock/SKU-0001", "12"]]}"#);
    let host = host();
    let guests = guests.clone();
    let calls = async move {
        let mut times = Vec::new();
        let phase = Instant::now();
        while phase.elapsed() < PHASE {
            let call = order_call(&client, &settings);
            let (module, host) = (module.clone(), Arc::clone(&host));
            let began = Instant::now();
            let ran = guests.spawn(async move { module.call(call, host).await }).await;
            times.push(began.elapsed().as_secs_f64() * 1e6);
            assert_eq!(ran.unwrap().unwrap().writes.len(), 1);
        }
        times
    };
    // The calling task is on a worker's thread too, as the engine's tasks are.
    tokio::spawn(calls).await.unwrap()
}

/// Modules that do what they must not, until they are stopped.
struct Attackers {
    stop: CancellationToken,
    tasks: JoinSet<usize>,
}

impl Attackers {
    fn start(module: &Module, guests: &runtime::Handle) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS * CLIENT_RUNS {
            let client = ClientId::new(format!("hostile-{}", number % CLIENTS)).unwrap();
            let (module, guests, stop) = (module.clone(), guests.clone(), stop.clone());
            let name = ATTACKS[number % ATTACKS.len()];
            tasks.spawn(attack(module, client, name, guests, stop));
        }
        Self { stop, tasks }
    }

    /// Ends them; says how many runs there were.
    async fn stop(self) -> usize {
        self.stop.cancel();
        let runs = self.tasks.join_all().await.into_iter().sum();
        // Those on the threads for slow runs end at their next tick.
        tokio::time::sleep(LEAD).await;
        runs
    }
}

async fn attack(
    module: Module,
    client: ClientId,
    name: &str,
    guests: runtime::Handle,
    stop: CancellationToken,
) -> usize {
    let host = host();
    let settings = Arc::from(format!(r#"{{"attack": "{name}"}}"#));
    let mut runs = 0;
    loop {
        let (module, host) = (module.clone(), Arc::clone(&host));
        let call = order_call(&client, &settings);
        let mut run = guests.spawn(async move { module.call(call, host).await });
        tokio::select! {
            ended = &mut run => assert!(ended.unwrap().is_err()),
            () = stop.cancelled() => {
                run.abort();
                // Its thread is free before anything else is measured.
                drop(run.await);
                break;
            }
        }
        runs += 1;
    }
    runs
}

fn percentile_99(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}
