//! Stop and go: within a second nothing more is sent, while everything is still taken in; and
//! afterwards everything that waited is done.

use std::time::Duration;

use fondaco::{
    demo::{
        finish,
        stage::{Stage, StageOptions},
    },
    host::RunningHost,
};
use fondaco_model::EventBody;
use fondaco_shopsim::{
    LedgerEvent, WooShop,
    customer::{Customer, CustomerOptions},
    ledger::{LedgerEntry, Writer},
};
use fondaco_web::{
    admin::StopOrGo,
    views::{AuditEntryView, InstallView, StatusView, StopView},
};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, StatusCode};

use crate::scene::{self, until};

const TOKENS: [(&str, &str, &str); 2] = [
    ("anna", "agency-operator", "token-of-anna-who-works-for-bottega"),
    ("carla", "accountant", "token-of-carla-who-reads-bottega"),
];

/// How soon a stop takes effect.
const WITHIN: SignedDuration = SignedDuration::from_secs(1);

/// The demo's shops with enough of everything, and two people with tokens.
async fn stage() -> Stage {
    let mut options = StageOptions::kitchen(scene::plugins(), 7);
    for product in options.ranges.iter_mut().flatten() {
        product.stock = product.stock.map(|quantity| quantity * 10);
    }
    let stage = Stage::set(options).await.unwrap();
    let people = TOKENS.map(|(name, role, token)| (name, role, "bottega", token));
    scene::add_principals(&stage, &people);
    stage
}

async fn send(stage: &Stage, token: &str, verb: &str, what: &StopOrGo) -> (StatusCode, String) {
    let socket = stage.folder().join("data/admin.sock");
    let http = Client::builder().unix_socket(socket).build().unwrap();
    let path = format!("http://fondaco/api/v1/clients/bottega/{verb}");
    let body = serde_json::to_string(what).unwrap();
    let request = http.post(path).header("content-type", "application/json").body(body);
    let answer = request.bearer_auth(token).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn get<T: serde::de::DeserializeOwned>(stage: &Stage, path: &str) -> T {
    let socket = stage.folder().join("data/admin.sock");
    let http = Client::builder().unix_socket(socket).build().unwrap();
    let answer = http.get(format!("http://fondaco/api/v1/{path}")).send().await.unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

fn shop(name: &str) -> StopOrGo {
    StopOrGo { shop: Some(name.to_owned()), ..StopOrGo::default() }
}

fn install(name: &str) -> StopOrGo {
    StopOrGo { install: Some(name.to_owned()), ..StopOrGo::default() }
}

/// What a shop did after a moment.
fn since(shop: &WooShop, moment: Timestamp) -> Vec<LedgerEvent> {
    let entries = shop.ledger().into_iter().filter(|entry: &LedgerEntry| entry.at > moment);
    entries.map(|entry| entry.event).collect()
}

fn writes(events: &[LedgerEvent]) -> usize {
    let is_write =
        |event: &&LedgerEvent| matches!(event, LedgerEvent::StockWritten { by: Writer::Api, .. });
    events.iter().filter(is_write).count()
}

/// Deliveries that were taken, and that were not.
fn deliveries(events: &[LedgerEvent]) -> (usize, usize) {
    let taken = |event: &&LedgerEvent| matches!(event, LedgerEvent::WebhookSent { status, .. } if (200..300).contains(status));
    let sent = |event: &&LedgerEvent| {
        matches!(event, LedgerEvent::WebhookSent { .. } | LedgerEvent::WebhookLost { .. })
    };
    let taken = events.iter().filter(taken).count();
    (taken, events.iter().filter(sent).count() - taken)
}

/// Orders that were heard of after an event.
async fn orders_after(host: &RunningHost, event: u64) -> usize {
    let events = host.store.events(&scene::client(), event, 10_000).await.unwrap();
    let is_order = |body: &EventBody| body.hook() == Some("on-order");
    events.iter().filter(|event| is_order(&event.body)).count()
}

/// Customers buy until this is dropped or ended.
struct Buying {
    enough: tokio_util::sync::CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Buying {
    fn begin(stage: &Stage) -> Self {
        let enough = tokio_util::sync::CancellationToken::new();
        let options = CustomerOptions { orders_per_second: 10.0, cancel_share: 0.1 };
        let customer = Customer::new(stage.shops().to_vec(), 3, options);
        let until = enough.clone();
        Self { enough, task: tokio::spawn(async move { customer.run(until).await }) }
    }

    async fn end(self) {
        self.enough.cancel();
        self.task.await.unwrap();
    }
}

#[tokio::test]
async fn a_stopped_client_sends_nothing_takes_in_everything_and_does_it_afterwards() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let [(_, _, anna), _] = TOKENS;
    until("the shops are aligned", async || finish::agreed(&stage)).await;
    let buying = Buying::begin(&stage);
    let all_writes =
        || stage.shops().iter().map(|shop| writes(&since(shop, Timestamp::MIN))).sum::<usize>();
    let before = all_writes();
    until("stock is written", async || all_writes() > before + 5).await;

    let what = StopOrGo { reason: "stock count".to_owned(), ..StopOrGo::default() };
    let asked_at = Timestamp::now();
    assert_eq!(send(&stage, anna, "stop", &what).await.0, 200);
    let effective = asked_at.saturating_add(WITHIN).unwrap();
    let last = host.store.backlog(&scene::client()).await.unwrap().last_event;
    // Under load for as long as thirty orders take, nothing is sent, and all is taken in.
    until("thirty more orders are in the mirror", async || orders_after(&host, last).await >= 30)
        .await;
    for shop in stage.shops() {
        let events = since(shop, effective);
        assert_eq!(writes(&events), 0, "{} was written to", shop.name());
        let (taken, lost) = deliveries(&events);
        assert!(taken > 0 && lost == 0, "{}: {taken} taken, {lost} lost", shop.name());
    }
    let runs = async || host.store.runs(&scene::client(), None, 1).await.unwrap().remove(0).number;
    let last_run = runs().await;
    let status: StatusView = get(&stage, "status").await;
    let client = &status.clients[0];
    let StopView { scope, principal, reason, at } = &client.stops[0];
    assert_eq!((&**scope, &**principal, &**reason), ("client", "anna", "stock count"));
    assert!(*at >= u64::try_from(asked_at.as_millisecond()).unwrap());
    assert_eq!(client.installs[0].mode, "paused");
    assert!(client.installs[0].behind > 0);

    // It is stopped after a restart as well.
    host.stop().await;
    let host = scene::host(&stage).await;
    buying.end().await;
    for shop in stage.shops() {
        shop.quiet().await;
        assert_eq!(writes(&since(shop, effective)), 0, "{} was written to", shop.name());
    }
    let newest = host.store.runs(&scene::client(), None, 1).await.unwrap().remove(0).number;
    assert_eq!(newest, last_run, "no run began");

    let (status, words) = send(&stage, anna, "go", &StopOrGo::default()).await;
    assert_eq!((status, &*words), (StatusCode::OK, "[]"));
    assert!(finish::until_agreed(&host, &stage).await.unwrap(), "everything that waited is done");
    let log: Vec<AuditEntryView> = get(&stage, "clients/bottega/audit").await;
    let acts = log.iter().map(|entry| (&*entry.principal, &*entry.what, &*entry.subject));
    let acts: Vec<_> = acts.filter(|(_, what, _)| ["stop", "go"].contains(what)).collect();
    assert_eq!(acts, [("anna", "go", "client"), ("anna", "stop", "client")]);
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_stopped_shop_is_not_written_to_while_the_module_goes_on() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let [(_, _, anna), _] = TOKENS;
    until("the shops are aligned", async || finish::agreed(&stage)).await;
    scene::until_quiet(&host).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    assert_eq!(send(&stage, anna, "stop", &shop("milano")).await.0, 200);
    let stopped_at = Timestamp::now();
    torino.buy(&[("MUG-BLU", 2)]).unwrap();
    milano.buy(&[("MUG-ROS", 3)]).unwrap();
    until("Torino is written to", async || torino.quantity("MUG-ROS") == Some(1_197)).await;
    until("the action for Milano waits", async || {
        host.store.backlog(&scene::client()).await.unwrap().actions == 1
    })
    .await;
    assert_eq!(writes(&since(milano, stopped_at)), 0);
    let status: StatusView = get(&stage, "status").await;
    assert_eq!(status.clients[0].installs[0].mode, "live");

    assert_eq!(send(&stage, anna, "go", &shop("milano")).await.0, 200);
    until("Milano is written to", async || milano.quantity("MUG-BLU") == Some(1_398)).await;
    assert!(finish::until_agreed(&host, &stage).await.unwrap());
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_stopped_install_waits_and_goes_on_in_order() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let [(_, _, anna), _] = TOKENS;
    until("the shops are aligned", async || finish::agreed(&stage)).await;
    scene::until_quiet(&host).await;
    assert_eq!(send(&stage, anna, "stop", &install("stock-sync")).await.0, 200);
    let stopped_at = Timestamp::now();
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    for _ in 0..3 {
        torino.buy(&[("MUG-BLU", 1)]).unwrap();
        milano.buy(&[("MUG-BLU", 1)]).unwrap();
    }
    let standing = async || -> InstallView {
        let status: StatusView = get(&stage, "status").await;
        status.clients[0].installs[0].clone()
    };
    until("the orders wait", async || standing().await.behind >= 6).await;
    assert_eq!(standing().await.mode, "paused");
    for shop in stage.shops() {
        assert_eq!(writes(&since(shop, stopped_at)), 0);
    }
    assert_eq!(send(&stage, anna, "go", &install("stock-sync")).await.0, 200);
    assert!(finish::until_agreed(&host, &stage).await.unwrap());
    assert_eq!(milano.quantity("MUG-BLU"), Some(1_394));
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn an_accountant_stops_nothing_and_what_does_not_exist_is_told() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let [(_, _, anna), (_, _, carla)] = TOKENS;
    let (all, nothing) = (StopOrGo::default(), Vec::<StopView>::new());
    for verb in ["stop", "go"] {
        let (status, words) = send(&stage, carla, verb, &all).await;
        assert_eq!(status, 403, "{words}");
        assert!(words.contains("carla") && words.contains("accountant"), "{words}");
    }
    let stops: StatusView = get(&stage, "status").await;
    assert_eq!(stops.clients[0].stops, nothing);

    let (status, words) = send(&stage, anna, "go", &all).await;
    assert_eq!(status, 409, "{words}");
    for (what, told) in [(shop("roma"), "no shop `roma`"), (install("crm"), "no install `crm`")] {
        let (status, words) = send(&stage, anna, "stop", &what).await;
        assert!(status == 404 && words.contains(told), "{status} {words}");
    }
    let both = StopOrGo { shop: Some("milano".to_owned()), ..install("stock-sync") };
    assert_eq!(send(&stage, anna, "stop", &both).await.0, 400);
    let long = StopOrGo { reason: "x".repeat(2_000), ..all.clone() };
    assert_eq!(send(&stage, anna, "stop", &long).await.0, 400);

    assert_eq!(send(&stage, anna, "stop", &all).await.0, 200);
    assert_eq!(send(&stage, carla, "go", &all).await.0, 403);
    assert_eq!(send(&stage, anna, "stop", &all).await.0, 200, "once more changes nothing");
    let stops: StatusView = get(&stage, "status").await;
    assert_eq!(stops.clients[0].stops.len(), 1);
    host.stop().await;
    stage.strike().await;
}

/// The command, as its users call it.
#[tokio::test]
async fn the_command_stops_and_lets_go_on() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let ask = async |words: &[&str]| {
        let mut command = scene::fondaco();
        command.args(words).arg("--config").arg(stage.config_file()).env_clear();
        let output = tokio::time::timeout(Duration::from_secs(30), command.output()).await;
        let output = output.unwrap().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let (good, words) = ask(&["stop", "bottega", "--shop", "milano", "--reason", "counting"]).await;
    assert!(good && words.contains("shop milano is stopped by local user "), "{words}");
    assert!(words.trim_end().ends_with(": counting"), "{words}");
    let (good, words) = ask(&["status"]).await;
    assert!(good && words.contains("! shop milano is stopped by local user "), "{words}");
    let (good, words) = ask(&["go", "bottega", "--shop", "milano"]).await;
    assert!(good && words.contains("nothing of bottega is stopped"), "{words}");
    let (good, words) = ask(&["go", "bottega", "--shop", "milano"]).await;
    assert!(!good && words.contains("is not stopped"), "{words}");
    let (good, words) = ask(&["stop", "bottega", "--shop", "a", "--install", "b"]).await;
    assert!(!good, "{words}");
    let (good, words) = ask(&["alerts", "--client", "bottega"]).await;
    assert!(good && words.is_empty(), "{words}");
    let (good, words) = ask(&["alerts", "--client", "bottega", "--resolve", "disk"]).await;
    assert!(!good && words.contains("no open alert `disk`"), "{words}");
    host.stop().await;
    stage.strike().await;
}
