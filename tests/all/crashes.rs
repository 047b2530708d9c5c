//! The host is killed, and goes on where it was.
//!
//! A [`Trial`] is a host on two shops that sell all the time, behind a network that loses, repeats
//! and reorders webhooks and cuts connections. The host is killed at instants that are drawn, and
//! dies at named points of its own work. In the end the shops must show what their orders left, and
//! the host's file must agree with the shops' ledgers ([`account`]).

pub mod account;

use std::{os::unix::process::ExitStatusExt as _, process::Stdio, time::Duration};

use account::Garbage;
use fondaco::demo::{
    finish,
    stage::{Stage, StageOptions, WEBHOOK_SECRET},
};
use fondaco_shopsim::{
    Faults, LedgerEvent, WooShop,
    customer::{Customer, CustomerOptions},
};
use fondaco_store::failpoint::{self, Failpoint};
use fondaco_web::views::StatusView;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{process::Child, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{admin, doors, scene, scene::until};

/// What each shop has more than the demo's, so that a long trial does not sell out.
const STOCK_FACTOR: i64 = 1_000;

/// How long a host lives at most before it is killed, once it works.
const LIFE_MAX: Duration = Duration::from_millis(1_500);

/// The signal by which a failpoint ends the process.
const SIGABRT: i32 = 6;

/// How long the shops may take to show the same once nobody buys any more. The module waits half a
/// minute for a shop's word before it looks itself.
const ALIGNED_WITHIN: Duration = Duration::from_secs(180);

/// The same after two hundred kills. Hosts that live for a second hardly get to what was
/// sold meanwhile, so nearly all of it is left to the last one.
const ALIGNED_WITHIN_LONG: Duration = Duration::from_secs(1_800);

/// What a host does once in its life, or so rarely that it dies the first time.
const RARE: [&str; 3] = ["take the lease of a client", "register an install", "raise a tick"];

/// What no host of a trial does: nobody asks for it.
const AT_SOMEBODYS_WISH: [&str; 1] = ["write the audit log"];

/// The network between the shops and the host.
pub fn faults() -> Faults {
    Faults {
        webhooks_lost: 0.1,
        webhooks_repeated: 0.1,
        webhooks_reordered: 0.3,
        cut_before: 0.03,
        cut_after: 0.03,
        late_effect: 0.05,
        // Shorter than the stage's longest request.
        effect_delay: Duration::from_millis(1_500),
        throttled: 0.02,
        broken: 0.02,
        ..Faults::default()
    }
}

/// Two shops with a customer, and a host that dies.
struct Trial {
    stage: Stage,
    random: StdRng,
    garbage: Garbage,
    buying: JoinHandle<()>,
    enough: CancellationToken,
}

impl Trial {
    /// Brings the shops into step, then lets the customer and the faults in.
    async fn begin(seed: u64) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut options = StageOptions::kitchen(scene::plugins(), seed);
        for product in options.ranges.iter_mut().flatten() {
            product.stock = product.stock.map(|quantity| quantity * STOCK_FACTOR);
        }
        let stage = Stage::set(options).await.unwrap();
        let mut host = serve(&stage, None);
        until("the shops are aligned", async || finish::agreed(&stage)).await;
        host.kill().await.unwrap();
        stage.shops().iter().for_each(|shop| shop.set_faults(faults()));
        let enough = CancellationToken::new();
        let options = CustomerOptions { orders_per_second: 20.0, cancel_share: 0.1 };
        let customer = Customer::new(stage.shops().to_vec(), seed, options);
        let buying = tokio::spawn({
            let enough = enough.clone();
            async move { customer.run(enough).await }
        });
        let random = StdRng::seed_from_u64(seed);
        Self { stage, random, garbage: Garbage::default(), buying, enough }
    }

    /// Kills a host at an instant: while it works, or sometimes while it starts.
    async fn kill(&mut self) {
        let mut host = serve(&self.stage, None);
        let works = self.random.random_bool(0.75);
        let life = LIFE_MAX.mul_f64(self.random.random());
        if works {
            until("the host is ready", async || is_ready(&self.stage).await).await;
        }
        tokio::time::sleep(life).await;
        host.kill().await.unwrap();
    }

    /// Lets a host die at a point.
    async fn die_at(&mut self, point: Failpoint) {
        let rare = RARE.iter().any(|doing| point.to_string().ends_with(doing));
        let times = if rare { 1 } else { self.random.random_range(1..=3) };
        let mut host = serve(&self.stage, Some(format!("{point}#{times}")));
        let (stage, garbage) = (&self.stage, &mut self.garbage);
        let died = tokio::time::timeout(scene::PATIENCE, async {
            loop {
                tokio::select! {
                    status = host.wait() => return status.unwrap(),
                    () = prod(stage, garbage) => {}
                }
            }
        });
        let status = died.await.unwrap_or_else(|_| panic!("no host came to the point {point}"));
        assert_eq!(status.signal(), Some(SIGABRT), "{point}: {status}");
    }

    /// Nobody buys any more and the network is well; the shops and the host's file must agree.
    async fn end(self, within: Duration) {
        self.enough.cancel();
        self.buying.await.unwrap();
        self.stage.shops().iter().for_each(|shop| shop.set_faults(Faults::default()));
        let mut host = serve(&self.stage, None);
        let settled = tokio::time::timeout(within, async {
            while !(finish::agreed(&self.stage) && nothing_waits(&self.stage).await) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        if settled.await.is_err() {
            finish::print_table(&self.stage);
            panic!("the shops do not show what the orders left; see the table");
        }
        stop(&mut host).await;
        for shop in self.stage.shops() {
            shop.quiet().await;
        }
        account::check(&self.stage, &self.garbage).await;
        let is_sale = |event: &LedgerEvent| matches!(event, LedgerEvent::Sold { .. });
        let ledger = self.stage.shops().iter().flat_map(WooShop::ledger);
        let sold = ledger.filter(|entry| is_sale(&entry.event)).count();
        assert!(sold > 50, "too little was sold for the kills to meet anything: {sold}");
        self.stage.strike().await;
    }
}

/// A host on the stage, in a process of its own, that dies at a point.
fn serve(stage: &Stage, failpoint: Option<String>) -> Child {
    let mut command = scene::fondaco();
    command.arg("serve").arg("--config").arg(stage.config_file());
    command.envs(failpoint.map(|failpoint| (failpoint::VARIABLE, failpoint)));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Asks a host to end, which it does well.
pub async fn stop(host: &mut Child) {
    let process = host.id().unwrap().to_string();
    let asked = std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap();
    assert!(asked.success());
    let ended = tokio::time::timeout(scene::PATIENCE, host.wait()).await.unwrap().unwrap();
    assert!(ended.success(), "{ended}");
}

/// Whether the host on the stage answers that it is ready.
async fn is_ready(stage: &Stage) -> bool {
    let address = format!("http://{}/readyz", stage.address());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(address).send().await.is_ok_and(|answer| answer.status().is_success())
}

/// Asks the host whether it is ready, and sends it something that is no order.
async fn prod(stage: &Stage, garbage: &mut Garbage) {
    tokio::time::sleep(Duration::from_millis(50)).await;
    if is_ready(stage).await {
        garbage.sent += 1;
        let body = b"no order".to_vec();
        let answer = doors::delivery(stage, "bottega/milano", WEBHOOK_SECRET, body).send().await;
        garbage.answered += u64::from(answer.is_ok_and(|answer| answer.status().is_success()));
    }
}

/// Whether the host has nothing to do.
pub async fn nothing_waits(stage: &Stage) -> bool {
    let Some((_, body)) = admin::try_get(stage, None, "/api/v1/status").await else {
        return false;
    };
    let Ok(StatusView { clients, .. }) = serde_json::from_str(&body) else {
        return false;
    };
    clients.iter().all(|client| {
        let behind: u64 = client.installs.iter().map(|install| install.behind).sum();
        client.deliveries_waiting == 0 && client.actions_open == 0 && behind == 0
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_killed_now_and_then_loses_nothing_and_does_nothing_twice() {
    let mut trial = Trial::begin(7).await;
    for _ in 0..10 {
        trial.kill().await;
    }
    for point in [
        Failpoint::AfterCommit("accept a delivery"),
        Failpoint::BeforeCommit("commit a run"),
        Failpoint::AfterCommit("begin an action"),
        Failpoint::BeforeSend,
        Failpoint::AfterSend,
        Failpoint::BeforeCommit("settle an action"),
    ] {
        trial.die_at(point).await;
    }
    trial.end(ALIGNED_WITHIN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn a_host_killed_two_hundred_times_and_at_each_point_loses_nothing() {
    let mut trial = Trial::begin(11).await;
    let needs_nobody = |point: &Failpoint| {
        let point = point.to_string();
        !AT_SOMEBODYS_WISH.iter().any(|doing| point.ends_with(doing))
    };
    let mut points = Failpoint::on_the_road().filter(needs_nobody);
    for _ in 0..200 {
        trial.kill().await;
        // The points come between the kills, so that each meets the work that the others left.
        if let Some(point) = points.next() {
            trial.die_at(point).await;
        }
    }
    assert_eq!(points.next(), None, "there are more points than kills");
    trial.end(ALIGNED_WITHIN_LONG).await;
}

#[tokio::test]
async fn a_host_that_is_asked_to_stop_ends_well_and_imports_once() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = scene::kitchen().await;
    for _ in 0..2 {
        let mut host = scene::serve(&stage);
        until("the host is ready", async || is_ready(&stage).await).await;
        stop(&mut host).await;
    }
    stage.strike().await;
}
