//! What is kept and how it survives: backups, a restore into quarantine, a database that cannot
//! take a delivery, a disk nearly full, a second host.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use fondaco::{
    demo::{
        finish,
        stage::{Stage, StageOptions},
    },
    host::{DATABASE_FILE, RunningHost},
};
use fondaco_model::InstallId;
use fondaco_shopsim::{
    LedgerEvent, SeenRequest, WooShop,
    customer::{Customer, CustomerOptions},
};
use fondaco_store::{Absence, Alert, Store as _, sqlite::SqliteStore};
use fondaco_web::views::{AuditEntryView, BackupView, StatusView};
use reqwest::{Client, Response, StatusCode};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    scene::{self, until, until_quiet},
    workshop::Workshop,
};

const ANNA: &str = "token-of-anna-who-works-for-bottega";

/// The demo's shops with enough of everything for a long test, and an operator of the client.
async fn stage() -> Stage {
    let mut options = StageOptions::kitchen(scene::plugins(), 7);
    for product in options.ranges.iter_mut().flatten() {
        product.stock = product.stock.map(|quantity| quantity * 10);
    }
    let stage = Stage::set(options).await.unwrap();
    let token = stage.folder().join("anna");
    std::fs::write(&token, ANNA).unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    append(
        &stage,
        "\n[[principals]]\nname = \"anna\"\nrole = \"agency-operator\"\n\
         clients = [\"bottega\"]\ntoken = { file = \"anna\" }\n",
    );
    stage
}

fn append(stage: &Stage, more: &str) {
    let config = std::fs::read_to_string(stage.config_file()).unwrap();
    std::fs::write(stage.config_file(), config + more).unwrap();
}

async fn call(
    stage: &Stage,
    token: Option<&str>,
    path: &str,
    body: Option<serde_json::Value>,
) -> (StatusCode, String) {
    let socket = stage.folder().join("data/admin.sock");
    let http = Client::builder().unix_socket(socket).build().unwrap();
    let address = format!("http://fondaco{path}");
    let mut request = match body {
        Some(body) => http.post(address).json(&body),
        None => http.get(address),
    };
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn status(stage: &Stage) -> Option<StatusView> {
    let socket = stage.folder().join("data/admin.sock");
    let http = Client::builder().unix_socket(socket).build().unwrap();
    let answer = http.get("http://fondaco/api/v1/status").send().await.ok()?;
    serde_json::from_str(&answer.text().await.ok()?).ok()
}

async fn command(stage: &Stage, words: &[&str]) -> (bool, String) {
    let mut command = scene::fondaco();
    command.args(words).arg("--config").arg(stage.config_file()).env_clear();
    let output = command.output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn a_backup_is_taken_while_the_host_works_and_by_an_admin_alone() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let file = stage.folder().join("backup");
    let order = || Some(json!({ "file": file }));
    let (denied, words) = call(&stage, Some(ANNA), "/api/v1/backup", order()).await;
    assert_eq!(denied, StatusCode::FORBIDDEN, "{words}");
    assert!(!file.exists());
    let (granted, words) = call(&stage, None, "/api/v1/backup", order()).await;
    assert_eq!(granted, StatusCode::OK, "{words}");
    let backup: BackupView = serde_json::from_str(&words).unwrap();
    assert_eq!(backup.bytes, std::fs::metadata(&file).unwrap().len());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let (again, words) = call(&stage, None, "/api/v1/backup", order()).await;
    assert_eq!(again, StatusCode::CONFLICT, "{words}");
    let relative = Some(json!({ "file": "backup-2" }));
    let (refused, _) = call(&stage, None, "/api/v1/backup", relative).await;
    assert_eq!(refused, StatusCode::BAD_REQUEST);
    let (_, log) = call(&stage, None, "/api/v1/clients/bottega/audit", None).await;
    let log: Vec<AuditEntryView> = serde_json::from_str(&log).unwrap();
    assert_eq!(log.iter().filter(|entry| entry.what == "backup").count(), 1);
    assert!(log[0].principal.starts_with("local user"), "{log:?}");

    let (good, words) =
        command(&stage, &["backup", file.with_extension("2").to_str().unwrap()]).await;
    assert!(good && words.contains("bottega") && words.contains("KiB"), "{words}");
    // The host works with its database, so nothing is restored into it.
    let (good, words) = command(&stage, &["restore", file.to_str().unwrap(), "--replace"]).await;
    assert!(!good && words.contains("stop it"), "{words}");
    host.stop().await;
    stage.strike().await;
}

fn writes(stage: &Stage) -> usize {
    let requests = stage.shops().iter().flat_map(WooShop::requests);
    requests.filter(|request| request.method == "PUT" && request.path.contains("/products")).count()
}

fn sold(stage: &Stage) -> usize {
    let ledger = stage.shops().iter().flat_map(WooShop::ledger);
    ledger.filter(|entry| matches!(entry.event, LedgerEvent::Sold { .. })).count()
}

/// Every sale counts once, whether the lost host counted it or not: the shops show to the unit what
/// the orders left.
#[tokio::test]
async fn a_restored_host_looks_before_it_acts_and_repeats_nothing() {
    restore_in_mid_stream(0.0, |shown, left| shown == left).await;
}

/// An order that was placed and called off in the lost time is told as the one that it is now, so
/// what it did on the way may be taken for somebody's doing: it can only be too low.
#[tokio::test]
async fn a_restored_host_never_shows_more_than_the_orders_left() {
    restore_in_mid_stream(0.2, |shown, left| shown <= left).await;
}

async fn restore_in_mid_stream(cancel_share: f64, is_right: fn(i64, i64) -> bool) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = stage().await;
    let mut host = scene::serve(&stage);
    until("the shops are aligned", async || finish::agreed(&stage)).await;
    let enough = CancellationToken::new();
    let options = CustomerOptions { orders_per_second: 8.0, cancel_share };
    let customer = Customer::new(stage.shops().to_vec(), 3, options);
    let buying = tokio::spawn({
        let enough = enough.clone();
        async move { customer.run(enough).await }
    });

    // Taken in mid-stream; the host goes on, and is lost.
    until("something was sold", async || sold(&stage) > 15).await;
    let file = stage.folder().join("backup");
    let (good, words) = command(&stage, &["backup", file.to_str().unwrap()]).await;
    assert!(good, "{words}");
    let at_backup = (sold(&stage), writes(&stage));
    until("much more was sold and written", async || {
        sold(&stage) > at_backup.0 + 12 && writes(&stage) > at_backup.1 + 3
    })
    .await;
    enough.cancel();
    buying.await.unwrap();
    host.kill().await.unwrap();
    let (good, words) = command(&stage, &["restore", file.to_str().unwrap()]).await;
    assert!(!good && words.contains("--replace"), "{words}");
    let (good, words) = command(&stage, &["restore", file.to_str().unwrap(), "--replace"]).await;
    assert!(good && words.contains("quarantine"), "{words}");

    // It looks, and sends nothing, whatever it hears meanwhile.
    let written = writes(&stage);
    host = scene::serve(&stage);
    until_looked(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    let before = events(&stage).await;
    milano.buy(&[("MUG-BLU", 1)]).unwrap();
    until("the order is known", async || events(&stage).await > before).await;
    until("the shops were polled", async || polled(&stage).await).await;
    assert_eq!(writes(&stage), written, "a client in quarantine sends nothing");

    let release = ["quarantine", "release", "bottega"];
    let (good, words) = command(&stage, &release).await;
    assert!(good && words.contains("acts again"), "{words}");
    agree(&stage, is_right).await;
    // And it goes on as before.
    let quantity = milano.quantity("PIA-24").unwrap();
    torino.buy(&[("PIA-24", 1)]).unwrap();
    until("Milano has one less", async || milano.quantity("PIA-24") < Some(quantity)).await;
    agree(&stage, is_right).await;
    no_write_was_sent_twice(&stage);
    let (_, words) = command(&stage, &release).await;
    assert!(words.contains("was not in quarantine"), "{words}");
    host.kill().await.unwrap();
    stage.strike().await;
}

/// Waits until a restored host has looked for all that was under way.
pub async fn until_looked(stage: &Stage) {
    until("what was under way has been looked for", async || {
        let clients = status(stage).await.map(|status| status.clients).unwrap_or_default();
        clients
            .iter()
            .any(|client| client.quarantine.as_ref().is_some_and(|quarantine| quarantine.looked))
    })
    .await;
}

/// Waits until both shops show the same, and that is right beside what the orders left. Where a sale
/// fell into a write, the module looks again after half a minute.
async fn agree(stage: &Stage, is_right: fn(i64, i64) -> bool) {
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    let agreed = || {
        let (shown, left) = (milano.quantities(), finish::reference(stage));
        shown == torino.quantities()
            && shown.iter().all(|(sku, quantity)| is_right(*quantity, left[sku]))
    };
    let waited = tokio::time::timeout(scene::PATIENCE * 3, async {
        while !agreed() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let waited = waited.await;
    finish::print_table(stage);
    assert!(waited.is_ok(), "the shops do not agree, or show more than there is; see the table");
}

async fn events(stage: &Stage) -> u64 {
    let clients = status(stage).await.map(|status| status.clients).unwrap_or_default();
    clients.first().map_or(0, |client| client.events)
}

/// Every write bears the mark of its action, and so does what is sent again: none took effect twice.
fn no_write_was_sent_twice(stage: &Stage) {
    for shop in stage.shops() {
        let puts = shop.requests().into_iter().filter(|request| request.method == "PUT");
        let mark = |request: SeenRequest| Some(request.body["meta_data"][0]["value"].to_string());
        let mut marks: Vec<String> = puts.filter_map(mark).collect();
        let sent = marks.len();
        marks.sort();
        marks.dedup();
        assert!(sent > 0);
        assert_eq!(marks.len(), sent, "{}", shop.name());
    }
}

/// Whether all shops have been polled since the restore.
async fn polled(stage: &Stage) -> bool {
    let clients = status(stage).await.map(|status| status.clients).unwrap_or_default();
    clients.iter().all(|client| {
        let since = client.quarantine.as_ref().map_or(u64::MAX, |quarantine| quarantine.since);
        client.shops.iter().all(|shop| shop.orders_known_until.is_some_and(|until| until > since))
    }) && !clients.is_empty()
}

#[tokio::test]
async fn a_release_is_for_those_who_may_change_something() {
    let stage = stage().await;
    let token = stage.folder().join("carla");
    std::fs::write(&token, "token-of-carla-who-only-reads").unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    append(
        &stage,
        "\n[[principals]]\nname = \"carla\"\nrole = \"accountant\"\n\
         clients = [\"bottega\"]\ntoken = { file = \"carla\" }\n",
    );
    let host = scene::host(&stage).await;
    let path = "/api/v1/clients/bottega/quarantine/release";
    let as_carla = Some("token-of-carla-who-only-reads");
    assert_eq!(call(&stage, as_carla, path, Some(json!(null))).await.0, StatusCode::FORBIDDEN);
    let (granted, words) = call(&stage, Some(ANNA), path, Some(json!(null))).await;
    assert_eq!((granted, words.as_str()), (StatusCode::OK, "{\"released\":false}"));
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_delivery_that_the_database_cannot_take_is_spilled_and_not_lost() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    until_quiet(&host).await;
    let other =
        rusqlite::Connection::open(stage.folder().join("data").join(DATABASE_FILE)).unwrap();
    other.busy_timeout(scene::PATIENCE).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    milano.buy(&[("MUG-BLU", 2)]).unwrap();
    until("the delivery is beside the database", async || host.engine.spilled_bytes() > 0).await;
    other.execute_batch("ROLLBACK").unwrap();
    until("it was taken in", async || host.engine.spilled_bytes() == 0).await;
    let lost = |event: &LedgerEvent| matches!(event, LedgerEvent::WebhookLost { .. });
    assert!(!milano.ledger().iter().any(|entry| lost(&entry.event)), "it was answered 2xx");
    until("Torino has two less", async || torino.quantity("MUG-BLU") == Some(1398)).await;
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_disk_nearly_full_refuses_new_work_and_goes_on_when_there_is_room() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    until("the shops are aligned", async || finish::agreed(&stage)).await;
    until_quiet(&host).await;
    host.stop().await;
    // More than any disk has: as if there were no room.
    let config = std::fs::read_to_string(stage.config_file()).unwrap();
    let bounds = "folder = \"data\"\nalert-below-mib = 1048576\nrefuse-below-mib = 1048576";
    let short = config.replacen("folder = \"data\"", bounds, 1);
    std::fs::write(stage.config_file(), short).unwrap();
    let host = scene::host(&stage).await;
    let ready = http().get(format!("http://{}/readyz", stage.address())).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().await.unwrap().contains("make room"));
    let answer = post_captured(&stage).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "60");
    assert_eq!(status(&stage).await.unwrap().store.room, "short");
    let (written, runs) = (writes(&stage), last_run(&host).await);
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    milano.buy(&[("MUG-BLU", 2)]).unwrap();
    milano.quiet().await;
    assert_eq!((writes(&stage), last_run(&host).await), (written, runs), "nothing new is begun");
    assert_eq!(torino.quantity("MUG-BLU"), Some(1400));
    host.stop().await;

    // There is room: what was told in vain is found by asking.
    std::fs::write(stage.config_file(), config).unwrap();
    let host = scene::host(&stage).await;
    assert_eq!(status(&stage).await.unwrap().store.room, "enough");
    until("Torino has two less", async || torino.quantity("MUG-BLU") == Some(1398)).await;
    host.stop().await;
    stage.strike().await;
}

async fn last_run(host: &RunningHost) -> Option<u64> {
    let runs = host.store.runs(&scene::client(), None, 1).await.unwrap();
    runs.first().map(|run| run.number)
}

fn http() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn a_host_whose_lease_another_one_takes_stops_its_work_for_that_client() {
    let stage = stage().await;
    let host: RunningHost = scene::host(&stage).await;
    until_quiet(&host).await;
    let path = stage.folder().join("data").join(DATABASE_FILE);
    let second = SqliteStore::open(&path).unwrap();
    second.lease(&scene::client(), "a second host").await.unwrap();
    // The next thing it would write, a poll's progress for one, tells it.
    until("its work has ended", async || {
        let status = host.engine.status(&scene::client()).unwrap();
        status.ended.is_some_and(|ended| ended.contains("another host works for client `bottega`"))
    })
    .await;
    let address = format!("http://{}/readyz", stage.address());
    let ready = http().get(address).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().await.unwrap().contains("stop one of the two"));
    let answer = post_captured(&stage).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "it is the other one's to take");
    assert_eq!(host.engine.spilled_bytes(), 0);
    let written = writes(&stage);
    stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
    stage.shops()[0].quiet().await;
    assert_eq!(writes(&stage), written);
    host.stop().await;
    stage.strike().await;
}

/// Posts a captured delivery as the shop would.
async fn post_captured(stage: &Stage) -> Response {
    let body = scene::sample("webhook_order_updated.body");
    crate::doors::post(stage, "bottega/milano", body).await
}

/// What happened this much earlier than it did, as if nobody had looked since.
const A_QUARTER_AGO_MS: u64 = 91 * 24 * 3_600_000;

/// Moves into the past since when an install is absent, and when which commit was the last.
fn let_time_pass(stage: &Stage) {
    let database = stage.folder().join("data").join(DATABASE_FILE);
    let database = rusqlite::Connection::open(database).unwrap();
    for change in [
        "UPDATE installs SET absent_since = absent_since - ?1",
        "UPDATE commit_marks SET at = at - ?1",
    ] {
        database.execute(change, [A_QUARTER_AGO_MS]).unwrap();
    }
}

async fn alerts_under(host: &RunningHost, key: &str) -> Vec<Alert> {
    let mut alerts = host.store.alerts(&scene::client(), false, 99).await.unwrap();
    alerts.retain(|alert| alert.alert.key == key);
    alerts
}

#[tokio::test]
async fn what_an_install_has_not_heard_is_not_kept_for_ever_once_it_is_out_of_the_file() {
    let workshop = Workshop::set(&["relay"]).await;
    let [milano, _] = workshop.stage.shops() else { panic!("two shops") };
    let relay = |name: &str| {
        format!(
            "[installs.{name}]\nplugin = \"relay\"\nmode = \"live\"\n\
             grants = [\"alert\", \"signal\"]\nsignals = [\"ball\"]\n"
        )
    };
    let (stays, both) = (relay("stays"), relay("stays") + &relay("goes"));
    let goes = InstallId::new("goes").unwrap();
    let run = async |installs: &str, sold: i64| {
        workshop.install(installs);
        let host = scene::host(&workshop.stage).await;
        let before = host.store.backlog(&scene::client()).await.unwrap().last_event;
        if sold > 0 {
            milano.buy(&[("MUG-BLU", sold)]).unwrap();
            until("the order is known", async || {
                host.store.backlog(&scene::client()).await.unwrap().last_event > before
            })
            .await;
        }
        until_quiet(&host).await;
        host
    };
    run(&both, 0).await.stop().await;
    run(&stays, 1).await.stop().await;
    // That there was a commit after the order is noted when a host begins.
    let host = run(&stays, 0).await;
    let [absence] = &host.store.absences(&scene::client()).await.unwrap()[..] else {
        panic!("one")
    };
    assert_eq!((&absence.install, absence.missed_from), (&goes, None));
    let last = host.store.backlog(&scene::client()).await.unwrap().last_event;
    assert!(absence.event < last, "it has not heard of the order");
    host.stop().await;

    let_time_pass(&workshop.stage);
    let host = run(&stays, 0).await;
    let missed = async || {
        let absences = host.store.absences(&scene::client()).await.unwrap();
        absences.first().and_then(Absence::missed)
    };
    until("it has missed the order", async || missed().await.is_some()).await;
    let missed = missed().await.unwrap();
    let told = alerts_under(&host, "absent/goes").await;
    assert!(told.len() == 1 && told[0].resolved_at.is_none(), "{told:?}");
    let text = &told[0].alert.text;
    assert!(text.en.contains("for 30 days") && text.it.contains("per 30 giorni"), "{text:?}");
    let kept = host.store.events(&scene::client(), 0, 1).await.unwrap();
    let forgotten = kept.iter().all(|event| event.number > *missed.end());
    assert!(forgotten, "what nobody waits for is forgotten");
    host.stop().await;

    let host = run(&both, 2).await;
    assert!(host.store.absences(&scene::client()).await.unwrap().is_empty());
    assert!(alerts_under(&host, "absent/goes").await[0].resolved_at.is_some());
    let [told] = &alerts_under(&host, "missed/goes").await[..] else { panic!("one") };
    let words = format!("The events {} to {} are forgotten", missed.start(), missed.end());
    assert!(told.resolved_at.is_none() && told.alert.text.en.contains(&words), "{told:?}");
    let runs = host.store.runs(&scene::client(), Some(&goes), 99).await.unwrap();
    assert!(runs.iter().all(|run| !missed.contains(&run.event)), "{missed:?}");
    let mut heard = runs.iter().flat_map(|run| &run.log);
    assert!(heard.any(|line| line.contains("order ")), "it goes on with what is kept");
    host.stop().await;
    workshop.stage.strike().await;
}
