//! What a module fetches, what it may not, and what is recorded of its runs.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, http::HeaderMap, routing::get};
use fondaco_model::{InstallId, http::HttpFailure, run::Resource};
use fondaco_sandbox::limits;
use fondaco_store::{RunRecord, Store as _, sqlite::SqliteStore};
use fondaco_web::views::RunView;
use serde_json::json;

use crate::{
    scene::{self, until},
    workshop::{Served, Workshop, with_manifest},
};

const SECRET: &str = "a-key-that-only-the-office-knows";

/// A server in the office, which keeps who asked and says it back.
struct Office {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Office {
    async fn open() -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let echo = async move |headers: HeaderMap| {
            let who = headers["authorization"].to_str().unwrap().to_owned();
            kept.lock().unwrap().push(who.clone());
            format!("hello, {who}")
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            axum::serve(listener, Router::new().route("/stock", get(echo))).await.unwrap();
        });
        Self { address, asked }
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/stock", self.address.port())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A client whose `probe` does these steps on every event, and may reach `localhost`.
async fn workshop(steps: &serde_json::Value) -> Workshop {
    let workshop = Workshop::set(&["probe"]).await;
    with_manifest(&scene::plugins().join("probe.wasm"), &workshop.plugin("probe"), |manifest| {
        manifest.replace("api.example.com", "localhost")
    });
    let secret_file = workshop.stage.folder().join("office-key");
    std::fs::write(&secret_file, SECRET).unwrap();
    let owner_alone = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(secret_file, owner_alone).unwrap();
    // What JSON writes of these steps is TOML too.
    workshop.install(&format!(
        "[installs.probe]\nplugin = \"probe\"\nmode = \"live\"\n\
         grants = [\"alert\", \"catalogue\", \"change-stock\", \"http-get\", \"orders\", \"people\", \
         \"stock\"]\npersonal-fields = [\"name\", \"email\", \"phone\", \"address\", \"company\", \
         \"tax-codes\"]\n\
         http-hosts = [\"localhost\"]\n\n\
         [installs.probe.settings]\nsteps = {steps}\n\n\
         [installs.probe.limits]\nfuel = 20_000_000\nwall-ms = 2500\nlog-bytes = 9_000\n\n\
         [installs.probe.secrets]\nkey = {{ file = \"office-key\", host = \"localhost\" }}\n"
    ));
    workshop
}

/// Lets a shop sell something, and waits for the run that hears of the order.
async fn run_of_an_order(workshop: &Workshop, host: &Served<'_>) -> RunView {
    workshop.stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
    let of_an_order = |run: &RunView| run.log.iter().any(|line| line.contains("OrderEvent"));
    let mut found = None;
    until("the module has heard of the order", async || {
        found = runs(host).await.into_iter().find(of_an_order);
        found.is_some()
    })
    .await;
    found.unwrap()
}

/// The client's runs, newest first, as the admin API tells them.
async fn runs(host: &Served<'_>) -> Vec<RunView> {
    let body = host.get("/api/v1/clients/bottega/runs?limit=1000").await;
    serde_json::from_str(&body).unwrap()
}

/// A run as it is kept.
async fn kept(workshop: &Workshop, run: &RunView) -> RunRecord {
    let store = SqliteStore::open(&workshop.stage.folder().join("data/fondaco.db")).unwrap();
    let runs = store.runs(&scene::client(), None, 1_000).await.unwrap();
    store.close().await;
    runs.into_iter().find(|kept| kept.number == run.number).unwrap()
}

/// The files below a folder that hold these bytes.
fn files_with(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files_with(&path, bytes));
        } else if path.is_file()
            && std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes)
        {
            found.push(path.strip_prefix(folder).unwrap().display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn a_module_reads_what_it_was_granted_and_never_sees_the_secret() {
    let (office, other) = (Office::open().await, Office::open().await);
    let url = office.url("localhost");
    let workshop = workshop(&json!([
        ["event"],
        ["http", url],
        ["http", other.url("localhost")],
        ["http", office.url("other.example")],
        ["http", office.url("127.0.0.1")],
    ]))
    .await;
    let log = "[log]\nformat = \"json\"\nfilter = \"trace\"";
    workshop.add_to_host(&format!("[egress]\nallow = [\"{}\"]\n\n{log}", office.address));
    let mut host = workshop.serve();
    host.ready().await;
    let run = run_of_an_order(&workshop, &host).await;
    let log = host.stop().await;

    assert_eq!((run.result.as_str(), &run.reason), ("done", &None));
    let asked = office.asked();
    assert!(!asked.is_empty() && asked.iter().all(|who| *who == format!("Bearer {SECRET}")));
    assert_eq!(other.asked(), [""; 0], "an address that is not opened hears nothing");
    let [_, answered, not_opened, other_name, address] = &*run.log else { panic!("{run:?}") };
    assert!(answered.contains("200 hello, Bearer {secret:key}"), "{answered}");
    assert!(not_opened.contains("Refused") && not_opened.contains("loopback"), "{not_opened}");
    assert!(other_name.contains("NotGranted"), "{other_name}");
    assert!(address.contains("Refused") && address.contains("not a name"), "{address}");

    let kept = kept(&workshop, &run).await;
    assert_eq!(kept.http.len(), 4, "{:?}", kept.http);
    let answer = kept.http[0].result.as_ref().unwrap();
    assert_eq!((answer.status, answer.url.as_str()), (200, url.as_str()));
    assert_eq!(answer.body, b"hello, Bearer {secret:key}");
    assert_eq!(kept.http[0].request.headers[0].1, "Bearer {secret:key}");
    assert!(matches!(kept.http[2].result, Err(HttpFailure::NotGranted { .. })), "{:?}", kept.http);

    assert!(log.contains("fondaco"), "there is a log to look into");
    let database = files_with(&workshop.stage.folder().join("data"), b"Bearer {secret:key}");
    assert!(!database.is_empty(), "the record's text can be found where it is kept");
    // The one place is where the agency put it.
    assert_eq!(files_with(workshop.stage.folder(), SECRET.as_bytes()), ["office-key"]);
    workshop.stage.strike().await;
}

#[tokio::test]
async fn every_run_tells_what_it_used_of_what_it_might() {
    let workshop = workshop(&json!([["event"], ["set", "seen", "one"]])).await;
    let mut host = workshop.serve();
    host.ready().await;
    run_of_an_order(&workshop, &host).await;
    let runs = runs(&host).await;
    let (_, words) = workshop.command(&["runs", "--client", "bottega"]).await;
    host.stop().await;
    assert!(runs.len() > 1 && words.contains("probe"), "{words}");
    for run in &runs {
        assert_eq!(run.result, "done", "{run:?}");
        assert_eq!(run.used.len(), Resource::ALL.len(), "{run:?}");
        for view in &run.used {
            assert!(view.used <= view.limit && view.limit > 0, "{view:?}");
        }
        for used in ["fuel", "wall-us", "memory-bytes", "instances", "host-calls"] {
            assert!(run.used_of(used) > 0, "{used}: {run:?}");
        }
        assert_eq!(run.used_of("state-bytes"), 7);
        let limit = |name: &str| run.used.iter().find(|view| view.resource == name).unwrap().limit;
        // What the client's file lowered, and what it left as it is.
        let wall_us = u64::try_from(Duration::from_millis(2_500).as_micros()).unwrap();
        assert_eq!((limit("fuel"), limit("wall-us")), (20_000_000, wall_us));
        assert_eq!((limit("log-bytes"), limit("proposals")), (9_000, limits::PROPOSALS_MAX as u64));
    }
    workshop.stage.strike().await;
}

#[tokio::test]
async fn a_failed_run_leaves_its_log_and_its_use() {
    for (step, reason) in [
        (json!(["trap"]), "unreachable"),
        (json!(["loop"]), "20000000"),
        (json!(["log-bytes", 20_000]), "9000"),
        (json!(["permanent", "no such SKU"]), "no such SKU"),
    ] {
        let workshop = workshop(&json!([["event"], ["set", "seen", "one"], step])).await;
        let mut host = workshop.serve();
        host.ready().await;
        let run = run_of_an_order(&workshop, &host).await;
        host.stop().await;
        assert_eq!(run.result, "failed", "{step}: {run:?}");
        let told = run.reason.as_deref().unwrap_or_default();
        assert!(told.contains(reason), "{step}: {told}");
        assert!(run.used_of("fuel") > 0 && run.used_of("host-calls") >= 2, "{step}: {run:?}");
        assert!(run.used.iter().all(|view| view.limit > 0), "{step}: {run:?}");
        assert_eq!(run.actions, Vec::<String>::new());
        let store = SqliteStore::open(&workshop.stage.folder().join("data/fondaco.db")).unwrap();
        let view = store.view(&scene::client()).await.unwrap();
        let install = InstallId::new("probe").unwrap();
        let state = store.state_get(&view, &install, "seen").await.unwrap();
        assert_eq!(state.value, None, "{step}: what a failed run wrote is not kept");
        store.close().await;
        workshop.stage.strike().await;
    }
}
