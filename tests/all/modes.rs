//! Modes of an install: in shadow it touches nothing, a module that keeps failing is paused and
//! loses nothing, and what waits for one that stands still is bounded.

use std::collections::BTreeMap;

use fondaco::host::RunningHost;
use fondaco_model::{ActionEnd, InstallId, action::Severity};
use fondaco_store::{ActionFilter, Alert, Mode, NewAlert, RunRecord, RunResult, Scope};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    scene::{self, until},
    workshop::Workshop,
};

/// Runs that fail one after the other, the last of which pauses the module; as the host counts.
const FAILED_RUNS_MAX: usize = 5;

fn probe() -> InstallId {
    InstallId::new("probe").unwrap()
}

/// Installs `probe` in a mode, to do these steps on every event.
fn install(workshop: &Workshop, mode: &str, steps: &Value) {
    // What JSON writes of these steps is TOML too, except for what stands between braces.
    let steps = steps.to_string().replace("\":", "\"=");
    workshop.install(&format!(
        "[installs.probe]\nplugin = \"probe\"\n{mode}\n\
         grants = [\"alert\", \"catalogue\", \"change-stock\", \"http-get\", \"orders\", \"people\", \
         \"stock\"]\npersonal-fields = [\"name\", \"email\", \"phone\", \"address\", \"company\", \
         \"tax-codes\"]\n\
         http-hosts = [\"api.example.com\"]\n\n[installs.probe.settings]\nsteps = {steps}\n"
    ));
}

/// The runs of the module that were no passing by, oldest first.
async fn runs(host: &RunningHost) -> Vec<RunRecord> {
    let mut runs = host.store.runs(&scene::client(), Some(&probe()), 1_000).await.unwrap();
    runs.retain(|run| !matches!(run.result, RunResult::Skipped { .. }));
    runs.reverse();
    runs
}

async fn open_alerts(host: &RunningHost) -> Vec<Alert> {
    host.store.alerts(&scene::client(), true, 99).await.unwrap()
}

/// Requests that change something on the shops.
fn writes(workshop: &Workshop) -> usize {
    let requests = workshop.stage.shops().iter().flat_map(|shop| shop.requests());
    requests.filter(|request| request.method == "PUT").count()
}

/// Events that the module hears after one.
async fn heard(host: &RunningHost, after: u64) -> Vec<u64> {
    let events = host.store.events(&scene::client(), after, 1_000).await.unwrap();
    let hooks = ["on-order", "on-stock", "on-schedule", "on-outcome"];
    let heard =
        events.iter().filter(|event| event.body.hook().is_some_and(|it| hooks.contains(&it)));
    heard.map(|event| event.number).collect()
}

/// The last event that the module is done with.
async fn done_with(host: &RunningHost) -> u64 {
    host.store.install_progress(&scene::client(), &probe()).await.unwrap().unwrap().event
}

/// Sells something and waits until the module is done with all there is to hear.
async fn one_order(workshop: &Workshop, host: &RunningHost) {
    let before = runs(host).await.len();
    workshop.stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
    until("the module has run", async || runs(host).await.len() > before).await;
    until("it has caught up", async || heard(host, done_with(host).await).await.is_empty()).await;
}

#[tokio::test]
async fn in_shadow_nothing_is_sent_and_nothing_of_the_live_state_is_touched() {
    for (keep, heard_live) in [("discard", "Some(\"live\")"), ("keep", "Some(\"shadow\")")] {
        let workshop = Workshop::set(&["probe"]).await;
        let change = json!(["change", { "variant": "10", "available": "1", "decided-on": "140" }]);
        let live = |word: &str| json!([["get", "k"], ["set", "k", word]]);
        install(&workshop, "mode = \"live\"", &live("live"));
        let host = scene::host(&workshop.stage).await;
        one_order(&workshop, &host).await;
        host.stop().await;

        let shadow = json!([["get", "k"], ["set", "k", "shadow"], change, ["alert", {}]]);
        install(&workshop, "mode = \"shadow\"", &shadow);
        let host = scene::host(&workshop.stage).await;
        one_order(&workshop, &host).await;
        one_order(&workshop, &host).await;
        let mut tried = runs(&host).await;
        tried.retain(|run| run.shadow);
        let (first, others) = tried.split_first().unwrap();
        assert!(first.log[0].contains("Some(\"live\")"), "its fork begins as it was: {first:?}");
        for run in others {
            assert!(run.log[0].contains("Some(\"shadow\")"), "and is its own: {run:?}");
        }
        let all = ActionFilter { limit: 1_000, ..ActionFilter::default() };
        let actions = host.store.actions(&scene::client(), all).await.unwrap();
        assert!(actions.len() >= 4, "{actions:?}");
        let shadow = Some(ActionEnd::Shadow { objection: None });
        assert!(actions.iter().all(|action| action.end == shadow), "{actions:?}");
        assert_eq!(writes(&workshop), 0);
        let events = host.store.events(&scene::client(), 0, 1_000).await.unwrap();
        let outcomes = events.iter().filter(|event| event.body.hook() == Some("on-outcome"));
        assert_eq!(outcomes.count(), 0, "nobody is told an outcome");
        let mut command = scene::fondaco();
        command.args(["actions", "--client", "bottega", "--config"]);
        let listed = command.arg(workshop.stage.config_file()).output().await.unwrap();
        assert!(String::from_utf8(listed.stdout).unwrap().contains("  shadow "));
        host.stop().await;

        let mode = format!("mode = \"live\"\nshadow-state = \"{keep}\"");
        install(&workshop, &mode, &live("again"));
        let host = scene::host(&workshop.stage).await;
        one_order(&workshop, &host).await;
        let mut all = runs(&host).await;
        let last_tried = all.iter().rposition(|run| run.shadow).unwrap();
        let run = all.split_off(last_tried + 1).remove(0);
        assert!(run.log[0].contains(heard_live), "{keep}: {run:?}");
        let standing = host.store.install_standing(&scene::client(), &probe()).await.unwrap();
        assert_eq!(standing.unwrap().fork_since, None);
        let log = host.store.audit_log(&scene::client(), None, 99).await.unwrap();
        let modes: Vec<_> = log.iter().map(|entry| &*entry.act.detail).collect();
        assert_eq!(modes.len(), 3, "{modes:?}");
        host.stop().await;
        workshop.stage.strike().await;
    }
}

#[tokio::test]
async fn a_module_that_keeps_failing_is_paused_and_goes_on_with_nothing_lost_or_doubled() {
    let workshop = Workshop::set(&["probe"]).await;
    install(&workshop, "mode = \"live\"", &json!([["permanent", "the ERP is gone"]]));
    let host = scene::host(&workshop.stage).await;
    let buy = |times: usize| {
        (0..times).for_each(|_| {
            workshop.stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
        });
    };
    buy(3);
    until("the module is paused", async || !open_alerts(&host).await.is_empty()).await;
    let failed = runs(&host).await;
    assert_eq!(failed.len(), FAILED_RUNS_MAX);
    let events: Vec<u64> = failed.iter().map(|run| run.event).collect();
    let (kept, set_aside) = events.split_last().unwrap();
    assert!(done_with(&host).await < *kept, "it stands before the event that it failed on last");
    let alert = open_alerts(&host).await.remove(0);
    assert_eq!(alert.alert.severity, Severity::Critical);
    assert_eq!(alert.alert.about, Scope::Install(probe()));
    assert!(alert.alert.title.it.contains("Sonda") && alert.alert.title.en.contains("Probe"));
    assert!(!alert.alert.text.en.contains("the ERP is gone"), "what it said is in its runs alone");
    assert!(alert.alert.text.it.contains("fondaco go bottega --install probe"));
    let stops = host.store.stops(&scene::client()).await.unwrap();
    assert_eq!((&stops[0].scope, &*stops[0].principal), (&Scope::Install(probe()), "fondaco"));

    // Let go on as it is, it fails once more, and nothing more is set aside.
    buy(2);
    let go = |forgive| fondaco_store::Go {
        scope: Scope::Install(probe()),
        at: fondaco_engine::now(),
        principal: "anna".to_owned(),
        reason: String::new(),
        forgive,
    };
    assert_eq!(host.engine.let_go_on(&scene::client(), go(false)).await.unwrap(), Some(true));
    until("it has failed again", async || runs(&host).await.len() > FAILED_RUNS_MAX).await;
    until("it is paused again", async || !open_alerts(&host).await.is_empty()).await;
    let again = runs(&host).await;
    assert_eq!(again.len(), FAILED_RUNS_MAX + 1);
    assert!(!set_aside.contains(&again[FAILED_RUNS_MAX].event));
    host.stop().await;

    // Repaired, it is still paused after the restart, and runs on everything that waited, in order.
    install(&workshop, "mode = \"live\"", &json!([["set", "k", "v"]]));
    let host = scene::host(&workshop.stage).await;
    buy(1);
    let last = heard(&host, 0).await.len();
    until("more waits", async || heard(&host, 0).await.len() > last).await;
    assert_eq!(runs(&host).await.len(), FAILED_RUNS_MAX + 1, "no run began");
    assert_eq!(host.engine.let_go_on(&scene::client(), go(false)).await.unwrap(), Some(true));
    assert!(open_alerts(&host).await.is_empty());
    let mut waited = heard(&host, 0).await;
    waited.retain(|event| !set_aside.contains(event));
    let newest = waited[waited.len() - 1];
    until("it has caught up", async || done_with(&host).await >= newest).await;
    let done = runs(&host).await.split_off(FAILED_RUNS_MAX + 1);
    assert!(done.iter().all(|run| run.result == RunResult::Done));
    let mut done: Vec<u64> = done.iter().map(|run| run.event).collect();
    done.retain(|event| *event <= newest);
    done.sort_unstable();
    assert_eq!(done, waited, "each once");
    host.stop().await;
    workshop.stage.strike().await;
}

#[tokio::test]
async fn with_failures_forgiven_an_event_that_cannot_be_digested_is_set_aside() {
    let workshop = Workshop::set(&["probe"]).await;
    install(&workshop, "mode = \"live\"", &json!([["trap"]]));
    let host = scene::host(&workshop.stage).await;
    for _ in 0..3 {
        workshop.stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
    }
    until("the module is paused", async || !open_alerts(&host).await.is_empty()).await;
    let kept = runs(&host).await.remove(FAILED_RUNS_MAX - 1).event;
    let go = fondaco_store::Go {
        scope: Scope::Install(probe()),
        at: fondaco_engine::now(),
        principal: "anna".to_owned(),
        reason: String::new(),
        forgive: true,
    };
    host.engine.let_go_on(&scene::client(), go).await.unwrap();
    until("it is past the event", async || done_with(&host).await >= kept).await;
    host.stop().await;
    workshop.stage.strike().await;
}

/// Adds events that nobody hears to the store of a host that is not running.
fn add_events(workshop: &Workshop, count: u64) {
    let mut database = Connection::open(workshop.stage.folder().join("data/fondaco.db")).unwrap();
    let transaction = database.transaction().unwrap();
    let last: u64 = transaction
        .query_row("SELECT last_event FROM clients WHERE client = 'bottega'", [], |row| row.get(0))
        .unwrap();
    transaction
        .execute(
            "WITH RECURSIVE added (number) AS (
                 SELECT ?1 + 1 UNION ALL SELECT number + 1 FROM added WHERE number < ?1 + ?2
             )
             INSERT INTO events (client, number, commit_number, event)
             SELECT 'bottega', added.number, commit_number,
                 json_set(event, '$.number', added.number)
             FROM added, (SELECT commit_number, event FROM events
                 WHERE client = 'bottega' AND json_extract(event, '$.body.what') = 'changed'
                 ORDER BY number DESC LIMIT 1)",
            [last, count],
        )
        .unwrap();
    transaction.execute("UPDATE clients SET last_event = last_event + ?1", [count]).unwrap();
    transaction.commit().unwrap();
}

async fn alerts_by_key(host: &RunningHost) -> BTreeMap<String, Severity> {
    let open = open_alerts(host).await.into_iter();
    open.map(|alert| (alert.alert.key, alert.alert.severity)).collect()
}

#[tokio::test]
async fn what_waits_for_a_paused_module_is_bounded_and_told() {
    let workshop = Workshop::set(&["probe"]).await;
    install(&workshop, "mode = \"live\"", &json!([]));
    let host = scene::host(&workshop.stage).await;
    one_order(&workshop, &host).await;
    let stood = done_with(&host).await;
    host.stop().await;

    install(&workshop, "mode = \"paused\"", &json!([]));
    add_events(&workshop, 10_000);
    let host = scene::host(&workshop.stage).await;
    until("people are told", async || !open_alerts(&host).await.is_empty()).await;
    let (backlog, passed) = (NewAlert::backlog_key(&probe()), NewAlert::passed_by_key(&probe()));
    assert_eq!(alerts_by_key(&host).await, [(backlog.clone(), Severity::Warning)].into());
    assert_eq!(done_with(&host).await, stood, "its cursor stands still");
    host.stop().await;

    add_events(&workshop, 1_000_000);
    let host = scene::host(&workshop.stage).await;
    until("the oldest pass by", async || done_with(&host).await > stood).await;
    let last = host.store.backlog(&scene::client()).await.unwrap().last_event;
    assert!(last - done_with(&host).await <= 1_000_000);
    assert!(done_with(&host).await < last, "the newest still wait");
    let both = [(backlog, Severity::Warning), (passed.clone(), Severity::Critical)];
    assert_eq!(alerts_by_key(&host).await, both.into());
    let standing = host.store.install_standing(&scene::client(), &probe()).await.unwrap().unwrap();
    assert_eq!(standing.mode, Some(Mode::Paused));
    host.stop().await;

    // When it no longer stands still the one that told of waiting is gone; a person has to see to the other.
    install(&workshop, "mode = \"off\"", &json!([]));
    let host = scene::host(&workshop.stage).await;
    assert_eq!(alerts_by_key(&host).await, [(passed.clone(), Severity::Critical)].into());
    let resolved = host.engine.resolve_alert(&scene::client(), &passed, "anna").await.unwrap();
    assert_eq!(resolved, Some(true));
    assert!(open_alerts(&host).await.is_empty());
    host.stop().await;
    workshop.stage.strike().await;
}
