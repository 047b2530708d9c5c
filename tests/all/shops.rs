//! `fondaco shop`: shops are looked at, read again, brought into line, connected, and get other
//! credentials, each against shops that speak their own API.

use std::{
    os::unix::fs::PermissionsExt,
    process::{ExitStatus, Stdio},
};

use fondaco::demo::stage::{CLIENT, ENVIRONMENT, Stage, StageOptions, WEBHOOK_SECRET};
use fondaco_model::{ActionEnd, ShopId};
use fondaco_shopsim::{Faults, KeyRights, Product, WooShop, WooShopConfig};
use fondaco_store::ActionFilter;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::{
    doors::{delivery, of_site},
    scene::{self, until},
    workshop::{Workshop, output},
};

/// Runs the command with these words and the stage's host file.
async fn command(stage: &Stage, words: &[&str]) -> (ExitStatus, String) {
    let mut command = scene::fondaco();
    output(command.args(words).arg("--config").arg(stage.config_file())).await
}

async fn good(stage: &Stage, words: &[&str]) -> String {
    let (status, text) = command(stage, words).await;
    assert!(status.success(), "{words:?}: {text}");
    text
}

async fn bad(stage: &Stage, words: &[&str]) -> String {
    let (status, text) = command(stage, words).await;
    assert!(!status.success(), "{words:?}: {text}");
    text
}

async fn audited(host: &fondaco::host::RunningHost) -> Vec<String> {
    let log = host.store.audit_log(&scene::client(), None, 99).await.unwrap();
    log.into_iter().rev().map(|entry| entry.act.what).collect()
}

#[tokio::test]
async fn a_shop_is_looked_at_and_its_webhooks_are_made_anew() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let milano = &stage.shops()[0];
    let webhooks = ["shop", "webhooks", CLIENT, "milano"];
    let listed = async || {
        let text = good(&stage, &[&webhooks[..], &["--json"]].concat()).await;
        serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
    };
    until("the webhooks are there", async || {
        command(&stage, &webhooks).await.0.success() && listed().await.len() == 9
    })
    .await;
    let checked = good(&stage, &["shop", "check", CLIENT]).await;
    for words in ["milano\n", "torino\n", "9 active", "WooCommerce 10.5.0", "EUR", "Europe/Rome"] {
        assert!(checked.contains(words), "{words}: {checked}");
    }
    // Over plain http to this machine: worth a look, and no failure.
    assert!(checked.contains("attention  https"), "{checked}");
    let json = good(&stage, &["shop", "check", CLIENT, "milano", "--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json[0]["shop"], json[0]["items"].as_array().unwrap().len()),
        (&json!("milano"), 12)
    );

    // What the host heard is told of ours.
    milano.buy(&[("MUG-BLU", 1)]).unwrap();
    until("a delivery has come", async || {
        listed().await.iter().any(|webhook| webhook["last_delivery_at"].is_u64())
    })
    .await;

    let ids = async || {
        let all = listed().await;
        all.iter().map(|webhook| webhook["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = ids().await;
    let repaired = good(&stage, &[&webhooks[..], &["--repair"]].concat()).await;
    assert!(repaired.contains("nothing had to be made"), "{repaired}");
    assert_eq!(ids().await, before);
    let renewed = good(&stage, &[&webhooks[..], &["--repair", "--all"]].concat()).await;
    assert_eq!(renewed.matches("it was active").count(), 9, "{renewed}");
    let after = ids().await;
    assert!(
        after.len() == 9 && after.iter().all(|id| !before.contains(id)),
        "{before:?} {after:?}"
    );
    assert_eq!(audited(&host).await.iter().filter(|what| *what == "repair-webhooks").count(), 2);

    let words = bad(&stage, &["shop", "check", CLIENT, "roma"]).await;
    assert!(words.contains("has no shop `roma`"), "{words}");
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_key_that_only_reads_is_found_out_without_a_write() {
    let stage = scene::kitchen().await;
    stage.shops()[0].add_reading_key("ck_reads", "cs_reads");
    let files = [("key", "ck_reads"), ("secret", "cs_reads")];
    let file = stage.folder().join("clients/bottega.toml");
    let mut text = std::fs::read_to_string(&file).unwrap();
    for (key, value) in files {
        let path = stage.folder().join(key);
        std::fs::write(&path, value).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let from = format!("{key} = {{ env = \"DEMO_{}\" }}", key.to_uppercase());
        text = text.replacen(&from, &format!("{key} = {{ file = \"{key}\" }}"), 1);
    }
    std::fs::write(&file, text).unwrap();
    let host = scene::host(&stage).await;
    let (status, checked) = command(&stage, &["shop", "check", CLIENT, "milano"]).await;
    assert!(!status.success());
    assert!(checked.contains("wrong      write"), "{checked}");
    assert!(checked.contains("WooCommerce → Settings → Advanced → REST API"), "{checked}");
    assert!(checked.contains("good       read"), "{checked}");
    assert!(!checked.contains("cs_reads"), "{checked}");
    let torino = &stage.shops()[1];
    let check = ["shop", "check", CLIENT, "torino"];
    assert!(command(&stage, &check).await.0.success());
    torino.set_clock(SignedDuration::from_secs(600));
    assert!(bad(&stage, &check).await.contains("wrong      clock"));
    torino.set_clock(SignedDuration::ZERO);
    torino.set_home("https://elsewhere.example");
    let moved = bad(&stage, &check).await;
    assert!(moved.contains("wrong      site") && moved.contains("https://elsewhere.example"));
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_shop_is_read_again_and_what_is_different_is_repaired() {
    let options = StageOptions { webhooks: false, ..StageOptions::kitchen(scene::plugins(), 7) };
    let stage = Stage::set(options).await.unwrap();
    // Nothing is heard of it by a poll either.
    let file = stage.folder().join("clients/bottega.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("poll-every = \"2s\"", "poll-every = \"24h\"")).unwrap();
    let host = scene::host(&stage).await;
    scene::until_quiet(&host).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    let sync = ["shop", "sync", CLIENT, "milano"];
    let first = good(&stage, &sync).await;
    assert!(first.contains("things were compared"), "{first}");

    milano.buy(&[("MUG-BLU", 2)]).unwrap();
    let again = good(&stage, &[&sync[..], &["--json"]].concat()).await;
    let again: Value = serde_json::from_str(&again).unwrap();
    assert!(again["compared"].as_u64().unwrap() >= 9 && !again["ended_at"].is_null(), "{again}");
    until("modules heard of it", async || torino.quantity("MUG-BLU") == Some(138)).await;
    let last = good(&stage, &sync).await;
    assert!(last.contains("nothing was different"), "{last}");
    // The first may have met the one that every shop is compared with after its import.
    assert!(audited(&host).await.iter().filter(|what| *what == "sync").count() >= 2);
    host.stop().await;
    stage.strike().await;
}

/// A stage whose shops differ: nobody keeps them in step.
async fn apart() -> Workshop {
    let workshop = Workshop::set(&[]).await;
    workshop.install("");
    workshop
}

#[tokio::test]
async fn shops_are_brought_into_line_by_the_choice_of_somebody_who_saw_the_difference() {
    let workshop = apart().await;
    let stage = &workshop.stage;
    let tokens = [
        ("anna", "agency-operator", CLIENT, "token-of-anna-the-operator"),
        ("rossi", "merchant-owner", CLIENT, "token-of-rossi-the-owner"),
    ];
    scene::add_principals(stage, &tokens);
    let host = scene::host(stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    let align = ["shop", "align", CLIENT];
    let listing = async || {
        let text = good(stage, &[&align[..], &["--json"]].concat()).await;
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let seen = listing().await;
    let skus: Vec<_> = seen["rows"].as_array().unwrap().iter().map(|row| &row["sku"]).collect();
    assert_eq!(skus, ["GREM", "PIA-19"]);
    assert_eq!(seen["skus"], 8);
    let digest = seen["digest"].as_str().unwrap().to_owned();
    let table = good(stage, &align).await;
    assert!(table.contains("2 of 8 SKUs differ") && table.contains(&digest), "{table}");
    let csv = good(stage, &[&align[..], &["--csv"]].concat()).await;
    assert_eq!(csv.lines().count(), 5, "{csv}");

    // Two of eight are more than a tenth: that waits for somebody who may approve it.
    let chosen = ["--right", "milano", "--choice", &digest];
    let [anna, rossi] = tokens.map(|(.., token)| ["--token", token]);
    let choose = [&align[..], &chosen[..]].concat();
    let approve = [&choose[..], &["--approve"]].concat();
    let early = bad(stage, &[&approve[..], &rossi[..]].concat()).await;
    assert!(early.contains("choose first"), "{early}");
    let waits = bad(stage, &[&choose[..], &anna[..]].concat()).await;
    assert!(waits.contains("2 of 8 SKUs") && waits.contains("--approve"), "{waits}");
    let denied = bad(stage, &[&approve[..], &anna[..]].concat()).await;
    assert!(denied.contains("agency-operator does not"), "{denied}");
    assert_eq!([torino.quantity("PIA-19"), torino.quantity("GREM")], [Some(84), Some(80)]);

    // One of the two moves on before it is approved: that one is left out.
    torino.buy(&[("GREM", 1)]).unwrap();
    until("the sale is in the mirror", async || {
        let seen = listing().await;
        seen["rows"].as_array().unwrap().iter().any(|row| row.to_string().contains("\"79\""))
    })
    .await;
    let done = good(stage, &[&approve[..], &rossi[..]].concat()).await;
    assert!(done.contains("1 writes") && done.contains("grem is left out"), "{done}");
    until("Torino has what Milano has", async || torino.quantity("PIA-19") == Some(90)).await;
    scene::until_quiet(&host).await;
    assert_eq!((torino.quantity("GREM"), milano.quantity("PIA-19")), (Some(79), Some(90)));
    let filter = ActionFilter { limit: 9, ..ActionFilter::default() };
    let actions = host.store.actions(&scene::client(), filter).await.unwrap();
    let [action] = &*actions else { panic!("{actions:?}") };
    assert_eq!(action.install.as_str(), "align");
    assert_eq!(action.end, Some(ActionEnd::Done { ids: Vec::new() }));
    assert!(
        action.terms.explanation.it.contains("Milano")
            && action.terms.explanation.it.contains("rossi")
    );
    let log = host.store.audit_log(&scene::client(), None, 9).await.unwrap();
    let acts: Vec<_> =
        log.iter().rev().map(|entry| (&*entry.act.principal, &*entry.act.what)).collect();
    assert_eq!(acts, [("anna", "align"), ("rossi", "approve-align")]);
    assert!(log.iter().all(|entry| entry.act.subject.contains(&digest)));

    let unknown = [&align[..], &["--right", "milano", "--choice", "0123"]].concat();
    let words = bad(stage, &unknown).await;
    assert!(words.contains("look again"), "{words}");
    let seen = listing().await["digest"].as_str().unwrap().to_owned();
    let words = bad(stage, &[&align[..], &["--right", "roma", "--choice", &seen]].concat()).await;
    assert!(words.contains("`roma` is not one of"), "{words}");
    host.stop().await;
    workshop.stage.strike().await;
}

#[tokio::test]
async fn a_write_of_a_choice_is_never_made_over_what_the_shop_shows_by_then() {
    let workshop = apart().await;
    let stage = &workshop.stage;
    // What is sold on Torino is not heard of in time.
    let file = workshop.client_file();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("poll-every = \"2s\"", "poll-every = \"24h\"")).unwrap();
    let host = scene::host(stage).await;
    let torino = &stage.shops()[1];
    let shop = ShopId::new("torino").unwrap();
    until("the first poll is through, and the next one is far", async || {
        let progress = host.store.shop_progress(&scene::client(), &shop).await.unwrap();
        progress.orders_known_until > Some(progress.connected_at)
    })
    .await;
    scene::until_quiet(&host).await;
    torino.set_faults(Faults { webhooks_lost: 1.0, ..Faults::default() });
    torino.buy(&[("GREM", 1)]).unwrap();
    let (_, text) = command(stage, &["shop", "align", CLIENT, "--json"]).await;
    let seen: Value = serde_json::from_str(&text).unwrap();
    let digest = seen["digest"].as_str().unwrap();
    let choose = ["shop", "align", CLIENT, "--right", "milano", "--choice", digest];
    bad(stage, &choose).await;
    good(stage, &[&choose[..], &["--approve"]].concat()).await;
    until("Torino has what Milano has", async || torino.quantity("PIA-19") == Some(90)).await;
    scene::until_quiet(&host).await;
    assert_eq!(torino.quantity("GREM"), Some(79), "it was decided on 80");
    let ended = Some("stale".to_owned());
    let filter = ActionFilter { ended, limit: 9, ..ActionFilter::default() };
    assert_eq!(host.store.actions(&scene::client(), filter).await.unwrap().len(), 1);
    host.stop().await;
    workshop.stage.strike().await;
}

/// A shop that no file names yet.
async fn new_shop() -> WooShop {
    WooShop::start(WooShopConfig {
        name: "roma".to_owned(),
        consumer_key: "ck_roma".to_owned(),
        consumer_secret: "cs_roma".to_owned(),
        currency: "EUR".to_owned(),
        products: vec![Product {
            sku: Some("MUG-BLU".to_owned()),
            title: "Tazza blu".to_owned(),
            price: "12.90".to_owned(),
            stock: Some(5),
            ..Product::default()
        }],
        seed: 3,
        clock_ahead: SignedDuration::ZERO,
        port: None,
        webhooks: true,
        faults: Faults::default(),
    })
    .await
    .unwrap()
}

/// Connects a shop whose key is handed in by standard input.
async fn connect(stage: &Stage, shop: &str, url: &str, lines: &str) -> (ExitStatus, String) {
    let mut command = scene::fondaco();
    command.args(["shop", "connect", CLIENT, shop, "--environment", "production", "--url", url]);
    command.arg("--credentials-stdin").arg("--config").arg(stage.config_file());
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8(text).unwrap())
}

fn secrets(stage: &Stage) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(stage.folder().join("secrets")) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_shop_is_connected_and_its_secrets_are_nowhere_but_in_their_files() {
    let stage = scene::kitchen().await;
    let shop = new_shop().await;
    let file = stage.folder().join("clients/bottega.toml");
    let before = format!("# Our best client.\n{}", std::fs::read_to_string(&file).unwrap());
    std::fs::write(&file, &before).unwrap();

    // Nothing is written of a shop that cannot be worked with.
    shop.add_reading_key("ck_reads", "cs_reads");
    for (lines, words) in [
        ("ck_wrong\ncs_wrong\n", "wrong      read"),
        ("ck_reads\ncs_reads\n", "wrong      write"),
        ("ck_roma\n", "its secret"),
    ] {
        let (status, text) = connect(&stage, "roma", &shop.url(), lines).await;
        assert!(!status.success() && text.contains(words), "{text}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
        assert_eq!(secrets(&stage), [""; 0]);
    }
    let (status, text) = connect(&stage, "milano", &shop.url(), "ck_roma\ncs_roma\n").await;
    assert!(!status.success() && text.contains("has a shop `milano` already"), "{text}");
    // A second name for a shop that is there is a mistake: it is taken back.
    let url = stage.shops()[0].url();
    let [(_, key), (_, secret), ..] = ENVIRONMENT;
    let (status, text) = connect(&stage, "roma", &url, &format!("{key}\n{secret}\n")).await;
    assert!(!status.success() && text.contains("is left as it was"), "{text}");
    assert_eq!(
        (std::fs::read_to_string(&file).unwrap(), secrets(&stage)),
        (before.clone(), vec![])
    );

    let (status, text) = connect(&stage, "roma", &shop.url(), "ck_roma\ncs_roma\n").await;
    assert!(status.success(), "{text}");
    assert!(text.contains("fondaco serve") && !text.contains("cs_roma"), "{text}");
    let after = std::fs::read_to_string(&file).unwrap();
    assert!(after.starts_with(&before) || after.contains("# Our best client."), "{after}");
    assert!(!after.contains("cs_roma") && !after.contains("ck_roma"), "{after}");
    assert_eq!(
        secrets(&stage),
        ["bottega-roma-key", "bottega-roma-secret", "bottega-roma-webhooks"]
    );
    for name in secrets(&stage) {
        let facts = std::fs::metadata(stage.folder().join("secrets").join(name)).unwrap();
        assert_eq!(facts.permissions().mode() & 0o777, 0o600);
    }
    let host = scene::host(&stage).await;
    until("everything is there", async || {
        command(&stage, &["shop", "check", CLIENT, "roma"]).await.0.success()
    })
    .await;
    host.stop().await;
    shop.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_shop_hands_its_key_over_itself() {
    let stage = scene::kitchen().await;
    let shop = new_shop().await;
    let mut command = scene::fondaco();
    command.args(["shop", "connect", CLIENT, "roma", "--environment", "staging", "--url"]);
    command.arg(shop.url()).arg("--authorize").arg("--config").arg(stage.config_file());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Ok(address) = reqwest::Url::parse(line.trim()) {
            break address;
        }
    };
    assert!(
        address
            .as_str()
            .starts_with(&format!("{}/wc-auth/v1/authorize?", shop.url().trim_end_matches('/')))
    );
    let asked = |name: &str| {
        let mut pairs = address.query_pairs();
        pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    let http = reqwest::Client::builder().no_proxy();
    let http = http.redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let hand_over = async |url: &str, user: &str, may: &str| {
        let body = json!({
            "key_id": 1, "user_id": user, "consumer_key": "ck_forged",
            "consumer_secret": "cs_forged", "key_permissions": may,
        });
        http.post(url).json(&body).send().await.unwrap().status().as_u16()
    };
    let (callback, user) = (asked("callback_url"), asked("user_id"));
    assert_eq!(hand_over(&format!("{callback}0"), &user, "read_write").await, 403);
    assert_eq!(hand_over(&callback, "somebody", "read_write").await, 403);
    assert_eq!(hand_over(&callback, &user, "read").await, 400);
    // The manager agrees on the shop's own page, and the shop makes a key and sends it.
    let page = http.get(address).send().await.unwrap().text().await.unwrap();
    let (_, link) = page.split_once("wc-auth-approve\" href=\"").unwrap();
    let link = link.split_once('"').unwrap().0.replace("&amp;", "&");
    let agreed = http.get(format!("{}{link}", shop.url().trim_end_matches('/'))).send().await;
    let agreed = agreed.unwrap();
    assert_eq!(agreed.status(), 302, "{}", agreed.text().await.unwrap());
    let ended = child.wait().await.unwrap();
    assert!(ended.success(), "{ended}");
    let text = std::fs::read_to_string(stage.folder().join("clients/bottega.toml")).unwrap();
    let key = std::fs::read_to_string(stage.folder().join("secrets/bottega-roma-key")).unwrap();
    assert!(key.starts_with("ck_") && !["ck_roma\n", "ck_forged\n"].contains(&&*key));
    assert!(text.contains("[shops.roma]") && text.contains("environment = \"staging\""), "{text}");
    shop.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn credentials_are_changed_without_a_gap() {
    let workshop = apart().await;
    let stage = &workshop.stage;
    let milano = &stage.shops()[0];
    let mut served = workshop.serve();
    served.ready().await;
    let rotate = ["shop", "rotate", CLIENT, "milano"];
    let file = workshop.client_file();
    let text = || std::fs::read_to_string(&file).unwrap();

    // The webhook secret: both are good until a new webhook delivers.
    let words = bad(stage, &[&rotate[..], &["--webhook-secret", "--wait", "0s"]].concat()).await;
    assert!(words.contains("9 webhooks are signed with the new secret"), "{words}");
    assert!(words.contains("the old secret is kept as well"), "{words}");
    assert!(text().contains("previous-webhook-secret = { env = \"DEMO_WEBHOOK_SECRET\" }"));
    let late = || {
        let body = String::from_utf8(scene::sample("webhook_order_updated.body")).unwrap();
        let body = of_site(&body, milano.url().trim_end_matches('/')).into_bytes();
        delivery(stage, "bottega/milano", WEBHOOK_SECRET, body)
    };
    assert_eq!(late().send().await.unwrap().status(), 200, "signed before, delivered after");
    let words = bad(stage, &[&rotate[..], &["--webhook-secret"]].concat()).await;
    assert!(words.contains("is not finished"), "{words}");
    milano.buy(&[("MUG-BLU", 1)]).unwrap();
    let words = good(stage, &[&rotate[..], &["--finish"]].concat()).await;
    assert!(words.contains("the old secret is dropped"), "{words}");
    assert!(!text().contains("previous-webhook-secret"), "{}", text());
    assert_eq!(late().send().await.unwrap().status(), 401);

    // The API key: one that is no good changes nothing, a good one is used at once.
    let change = async |lines: &str| {
        let mut command = scene::fondaco();
        command.args([&rotate[..], &["--key", "--credentials-stdin", "--config"]].concat());
        command.arg(stage.config_file()).stdin(Stdio::piped());
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        (output.status, String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    milano.add_reading_key("ck_reads", "cs_reads");
    let before = text();
    let (status, words) = change("ck_reads\ncs_reads\n").await;
    assert!(!status.success() && words.contains("nothing was written"), "{words}");
    assert_eq!(text(), before);
    milano.add_key("ck_second", "cs_second");
    let (status, words) = change("ck_second\ncs_second\n").await;
    assert!(status.success() && words.contains("delete the old ones there"), "{words}");
    assert!(!words.contains("cs_second") && !text().contains("cs_second"));
    assert!(milano.set_rights(ENVIRONMENT[0].1, KeyRights::Lost));
    let checked = good(stage, &["shop", "check", CLIENT, "milano"]).await;
    assert!(checked.contains("good       write"), "{checked}");
    let log = served.stop().await;
    for secret in ["cs_second", "ck_second", "cs_reads"] {
        assert!(!log.contains(secret), "{secret}");
    }
    workshop.stage.strike().await;
}
