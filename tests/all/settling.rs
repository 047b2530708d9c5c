//! Traces from the delivery to the settled action, and what a person does about what came to nothing.

use std::os::unix::fs::PermissionsExt as _;

use fondaco::demo::stage::Stage;
use fondaco_web::views::{ActionView, DeadDeliveryView, story::TraceView};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::{
    doors::post,
    scene::{self, until},
    workshop::output,
};

/// Runs the command against the stage's host; tells whether it ended well, and what it said.
async fn command(stage: &Stage, words: &[&str]) -> (bool, String) {
    let mut command = scene::fondaco();
    command.args(words).args(["--client", "bottega", "--config"]).arg(stage.config_file());
    let (status, words) = output(&mut command).await;
    (status.success(), words)
}

/// What a command says with `--json`.
async fn listed<T: serde::de::DeserializeOwned>(stage: &Stage, words: &[&str]) -> T {
    let (good, json) = command(stage, &[words, &["--json"]].concat()).await;
    assert!(good, "{json}");
    serde_json::from_str(&json).unwrap()
}

/// A place of a text that comes after another.
fn after(text: &str, start: usize, words: &str) -> usize {
    let found = text[start..].find(words);
    start + found.unwrap_or_else(|| panic!("{words} does not come in\n{}", &text[start..]))
}

#[tokio::test]
async fn the_road_of_an_order_is_told_under_one_id() {
    let stage = scene::kitchen().await;
    // No poll may hear of the order before its delivery does.
    let client_file = stage.folder().join("clients/bottega.toml");
    let client = std::fs::read_to_string(&client_file).unwrap();
    std::fs::write(client_file, client.replace("poll-every = \"2s\"", "poll-every = \"1h\""))
        .unwrap();
    let host = scene::host(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    until("the shops are aligned", async || torino.quantities() == milano.quantities()).await;
    scene::until_quiet(&host).await;

    torino.buy(&[("MUG-BLU", 2)]).unwrap();
    until("Milano has two less", async || milano.quantity("MUG-BLU") == Some(138)).await;
    scene::until_quiet(&host).await;

    let actions: Vec<ActionView> = listed(&stage, &["actions"]).await;
    let action = actions.iter().find(|action| action.what.ends_with("on milano: 140 → 138"));
    let action = action.unwrap_or_else(|| panic!("{actions:?}"));
    assert_eq!(action.shown_before.as_deref(), Some("140"));
    assert_eq!(action.shown_after.as_deref(), Some("138"));

    let (good, story) = command(&stage, &["trace", &action.trace]).await;
    assert!(good, "{story}");
    let mut place = after(&story, 0, "order.");
    for step in [
        "from torino, worked in after",
        "placed",
        "of stock-sync on event",
        "proposed by stock-sync: stock of variant",
        &format!("action {} of stock-sync ended: done", action.id),
    ] {
        place = after(&story, place, step);
    }
    let trace: TraceView = listed(&stage, &["trace", &action.trace]).await;
    assert!(trace.steps.is_sorted_by_key(|step| step.at), "{trace:?}");
    // The other shop shows it with the same id; the effect on Milano is told there too.
    assert!(trace.actions.iter().all(|other| other.trace == action.trace));

    let run = trace.steps.iter().find(|step| step.kind == "run").unwrap();
    let (good, story) = command(&stage, &["runs", "show", "stock-sync", &run.which]).await;
    assert!(good, "{story}");
    let mut place = 0;
    for told in [
        &format!("run {} of stock-sync: done", run.which),
        "event",
        &format!("trace {}", action.trace),
        "fuel",
        "read",
        "wrote",
        "proposed",
        "done: stock of variant",
    ] {
        place = after(&story, place, told);
    }

    let (good, words) = command(&stage, &["trace", &"a".repeat(32)]).await;
    assert!(!good && words.contains("nothing under trace"), "{words}");
    let (good, words) = command(&stage, &["trace", "nonsense"]).await;
    assert!(!good && words.contains("32 hexadecimal digits"), "{words}");
    let (good, words) = command(&stage, &["runs", "show", "stock-sync", "999999"]).await;
    assert!(!good && words.contains("has no run 999999"), "{words}");
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_dead_delivery_is_retried_and_discarded() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    assert_eq!(post(&stage, "bottega/milano", b"{".to_vec()).await.status(), 200);
    let dead = async || -> Vec<DeadDeliveryView> { listed(&stage, &["deliveries", "list"]).await };
    until("it is set aside", async || dead().await.len() == 1).await;
    let first = dead().await.remove(0);
    let number = first.number.to_string();

    let (good, words) = command(&stage, &["deliveries", "retry", &number]).await;
    assert!(good && words.contains("1 back in the inbox"), "{words}");
    until("it is set aside again", async || {
        dead().await.first().is_some_and(|delivery| delivery.number > first.number)
    })
    .await;
    let second = dead().await.remove(0);
    assert_eq!((&second.trace, second.received_at), (&first.trace, first.received_at));
    let (good, words) = command(&stage, &["deliveries", "retry", &number]).await;
    assert!(!good && words.contains(&format!("has no dead delivery {number}")), "{words}");

    let (good, words) = command(&stage, &["deliveries", "discard", "--shop", "milano"]).await;
    assert!(!good && words.contains("say why"), "{words}");
    let (good, words) = command(&stage, &["deliveries", "discard", "--because", "x"]).await;
    assert!(!good && words.contains("say which ones"), "{words}");
    let discard = ["deliveries", "discard", "--shop", "torino", "--because", "a test's"];
    let (good, words) = command(&stage, &discard).await;
    assert!(good && words.contains("0 discarded"), "{words}");
    let discard = ["deliveries", "discard", "--shop", "milano", "--because", "a test's"];
    let (good, words) = command(&stage, &discard).await;
    assert!(good && words.contains("1 discarded"), "{words}");
    assert!(dead().await.is_empty());

    let (_, log) = command(&stage, &["audit"]).await;
    assert!(log.contains("discard delivery of shop milano: a test's"), "{log}");
    assert!(log.contains(&format!("retry delivery {number}")), "{log}");
    assert!(!log.contains("torino"), "what did nothing is not told: {log}");
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn an_action_that_waits_is_discarded_and_retried() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    until("the shops are aligned", async || torino.quantities() == milano.quantities()).await;
    scene::until_quiet(&host).await;
    torino.clone().stop().await;
    milano.buy(&[("MUG-BLU", 1)]).unwrap();
    let open = async || -> Vec<ActionView> { listed(&stage, &["actions", "--open"]).await };
    until("the action was tried in vain", async || {
        open().await.iter().any(|action| action.last_reason.is_some())
    })
    .await;
    let action = open().await.remove(0);
    assert!(action.next_try_at.is_some(), "{action:?}");
    let (_, words) = command(&stage, &["actions", "--open"]).await;
    assert!(words.contains("tried") && words.contains("again at"), "{words}");

    // It may be on its way just now; then it is left alone, and waits again in a moment.
    until("it is discarded", async || {
        let discard = ["actions", "discard", "--shop", "torino", "--because", "Torino is closed"];
        command(&stage, &discard).await.1.contains("1 discarded")
    })
    .await;
    let ended: Vec<ActionView> = listed(&stage, &["actions", "--ended", "refused"]).await;
    assert_eq!(ended[0].id, action.id);
    assert_eq!(ended[0].detail.as_deref(), Some("discarded by a person: Torino is closed"));

    let (good, words) = command(&stage, &["actions", "retry", &action.id]).await;
    assert!(good && words.contains("1 tried again"), "{words}");
    assert_eq!(open().await[0].id, action.id, "under the same id");
    let (good, words) = command(&stage, &["actions", "retry", &action.id]).await;
    assert!(!good && words.contains("it has not ended"), "{words}");
    let settle = ["actions", "settle", &action.id, "--as", "done", "--because", "I looked"];
    let (good, words) = command(&stage, &settle).await;
    assert!(!good && words.contains("does not stand as unknown"), "{words}");
    let (good, words) = command(&stage, &["actions", "--ended", "fine"]).await;
    assert!(!good && words.contains("no action ends as `fine`"), "{words}");

    let (_, log) = command(&stage, &["audit"]).await;
    assert!(log.contains("discard action of shop torino: Torino is closed"), "{log}");
    assert!(log.contains(&format!("retry action {}", action.id)), "{log}");
    host.stop().await;
}

#[tokio::test]
async fn who_only_reads_retries_and_discards_nothing() {
    const TOKENS: [(&str, &str, &str); 3] = [
        ("anna", "agency-operator", "bottega"),
        ("carla", "accountant", "bottega"),
        ("bruno", "agency-operator", "bianchi"),
    ];
    let stage = scene::kitchen().await;
    let folder = stage.folder();
    std::fs::write(folder.join("clients/bianchi.toml"), "name = \"Bianchi\"\nlanguage = \"it\"\n")
        .unwrap();
    let mut config = std::fs::read_to_string(stage.config_file()).unwrap();
    for (name, role, client) in TOKENS {
        let file = folder.join(name);
        std::fs::write(&file, token_of(name)).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        config.push_str(&format!(
            "\n[[principals]]\nname = \"{name}\"\nrole = \"{role}\"\nclients = [\"{client}\"]\n\
             token = {{ file = \"{name}\" }}\n"
        ));
    }
    std::fs::write(stage.config_file(), config).unwrap();
    let host = scene::host(&stage).await;

    let redo = json!({ "all": true, "because": "a test" });
    let decided = json!({ "end": "done", "because": "a test" });
    for (path, body, granted) in [
        ("dead-deliveries/retry", &redo, 200),
        ("dead-deliveries/discard", &redo, 200),
        ("actions/retry", &redo, 200),
        ("actions/discard", &redo, 200),
        ("actions/0123/decide", &decided, 404),
    ] {
        let ask = async |name: &str| ask(&stage, name, path, body).await;
        assert_eq!(ask("anna").await.0, granted, "{path}");
        let (denied, words) = ask("carla").await;
        assert_eq!(denied, 403, "{path}");
        assert!(words.contains("accountant only reads"), "{words}");
        assert_eq!(ask("bruno").await.0, 404, "{path}");
    }
    for (body, told) in [
        (json!({ "because": "x" }), "say which ones"),
        (json!({ "all": true, "from": 1, "because": "x" }), "either which ones or `all`"),
        (json!({ "from": 9, "to": 1, "because": "x" }), "smaller one first"),
        (json!({ "install": "stock-sync", "because": "x" }), "not of an install"),
        (json!({ "one": "x", "because": "x" }), "no delivery's number"),
        (json!({ "shop": "Not A Name", "because": "x" }), "is not a name"),
        (json!({ "all": true, "because": "x".repeat(501) }), "at most 500 bytes"),
        (json!({ "all": true }), "say why"),
    ] {
        let (status, words) = ask(&stage, "anna", "dead-deliveries/discard", &body).await;
        assert!(status == 400 && words.contains(told), "{status}: {words}");
    }
    let unknown = json!({ "every": true });
    let (status, words) = ask(&stage, "anna", "actions/retry", &unknown).await;
    assert!(status == 422 && words.contains("every"), "{status}: {words}");
    host.stop().await;
    stage.strike().await;
}

fn token_of(name: &str) -> String {
    format!("a-token-for-the-tests-of-{name}")
}

async fn ask(stage: &Stage, name: &str, path: &str, body: &Value) -> (StatusCode, String) {
    let socket = stage.folder().join("data/admin.sock");
    let http = Client::builder().unix_socket(socket).build().unwrap();
    let address = format!("http://fondaco/api/v1/clients/bottega/{path}");
    let answer = http.post(address).bearer_auth(token_of(name)).json(body).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}
