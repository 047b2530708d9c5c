//! Somebody buys, is held in one place, and is forgotten.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use fondaco_model::{EntityKey, InstallId, ShopId};
use fondaco_store::RunView;
use serde_json::Value;

use crate::{
    doors::{post, sample_of},
    scene::{self, until},
    workshop::Workshop,
};

/// A guest's order, as a shop delivered it.
const ORDER: &str = "woocommerce-eur/webhook_order_created_fee.body";

/// What that order says of who placed it.
const NAMES: [&str; 5] = ["mario@example.test", "Mario", "Rossi", "Garibaldi", "051 1234567"];

/// The clerk, with these steps for each order.
fn clerk(fields: &str, steps: &str) -> String {
    format!(
        "[installs.clerk]\nplugin = \"clerk\"\nmode = \"live\"\ngrants = [\"people\"]\n\
         personal-fields = {fields}\n[installs.clerk.settings]\nsteps = {steps}\n"
    )
}

const ALL_FIELDS: &str = r#"["name", "email", "phone", "address", "company", "tax-codes"]"#;

/// The order's id.
fn order() -> String {
    let body: Value = serde_json::from_slice(&sample_of(ORDER)).unwrap();
    body["id"].to_string()
}

/// Every byte of the database's files.
fn on_disk(folder: &Path) -> Vec<u8> {
    let names = ["fondaco.db", "fondaco.db-wal"];
    names
        .iter()
        .flat_map(|name| std::fs::read(folder.join("data").join(name)).unwrap_or_default())
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn names_nobody(folder: &Path, when: &str) {
    let bytes = on_disk(folder);
    assert!(holds(&bytes, "audit_log"), "the looking does not work");
    for name in NAMES {
        assert!(!holds(&bytes, name), "{name} is on the disk {when}");
    }
}

/// A stage with a clerk who notes something about whoever placed the order, and two people with
/// tokens: an accountant of the client, and an operator of another one.
async fn stage() -> Workshop {
    let workshop = Workshop::set(&["clerk"]).await;
    let guest = format!("guest:{}", order());
    let steps = format!(r#"[["set-about", "taste", "likes blue", "milano", "{guest}"]]"#);
    workshop.install(&clerk(ALL_FIELDS, &steps));
    let folder = workshop.stage.folder();
    std::fs::write(folder.join("clients/bianchi.toml"), "name = \"Bianchi\"\nlanguage = \"it\"\n")
        .unwrap();
    for (name, role, client) in
        [("carla", "accountant", "bottega"), ("bruno", "agency-operator", "bianchi")]
    {
        std::fs::write(folder.join(name), token(name)).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o600))
            .unwrap();
        workshop.add_to_host(&format!(
            "[[principals]]\nname = \"{name}\"\nrole = \"{role}\"\nclients = [\"{client}\"]\n\
             token = {{ file = \"{name}\" }}\n"
        ));
    }
    workshop
}

fn token(name: &str) -> String {
    format!("token-of-{name}-who-has-one-for-this")
}

#[tokio::test]
async fn somebody_is_held_in_one_place_and_forgotten() {
    let workshop = stage().await;
    let stage = &workshop.stage;
    let host = scene::host(stage).await;
    let (store, client, folder) = (&host.store, scene::client(), stage.folder());
    let key = EntityKey::order(ShopId::new("milano").unwrap(), order());
    let clerk = InstallId::new("clerk").unwrap();
    let taste = async || {
        let view = RunView { client: client.clone(), commit: u64::MAX };
        store.state_get(&view, &clerk, "taste").await.unwrap().value
    };
    let body = sample_of(ORDER);
    assert_eq!(post(stage, "bottega/milano", body.clone()).await.status(), 200);
    let broken = body[..body.len() - 9].to_vec();
    assert_eq!(post(stage, "bottega/milano", broken).await.status(), 200);
    until("the clerk has noted something", async || taste().await.is_some()).await;
    until("the other is set aside", async || {
        store.dead_deliveries(&client, 9).await.unwrap().len() == 1
    })
    .await;
    names_nobody(folder, "while the host works");

    let of = |what: &'static str, by: [String; 2]| {
        let [flag, value] = by;
        async move {
            let words = ["privacy", what, "--client", "bottega", "--shop", "milano", &flag, &value];
            workshop_command(stage, &words, None).await
        }
    };
    let email = || ["--email".to_owned(), "Mario@example.test".to_owned()];
    let customer = || ["--customer".to_owned(), format!("guest:{}", order())];
    let (good, words) = of("export", email()).await;
    assert!(good, "{words}");
    let held: Value = serde_json::from_str(&words).unwrap();
    assert_eq!(held[0]["customer"], customer()[1]);
    let person = &held[0]["seen"][0]["person"];
    assert_eq!(person["name"], "Mario Rossi");
    assert_eq!(person["address"]["lines"][0], "Via Garibaldi 12");
    assert_eq!(held[0]["orders"][0]["id"], order());
    assert_eq!(held[0]["noted"][0]["value"], "likes blue");

    // Who only reads, or works for another client, gets nothing and forgets nobody.
    for what in ["export", "erase"] {
        for (name, told) in [("carla", "only reads"), ("bruno", "there is no client `bottega`")] {
            let id = &customer()[1];
            let words =
                ["privacy", what, "--client", "bottega", "--shop", "milano", "--customer", id];
            let (good, words) = workshop_command(stage, &words, Some(name)).await;
            assert!(!good && words.contains(told) && !words.contains("Mario"), "{name}: {words}");
        }
    }

    let (good, words) = of("erase", customer()).await;
    assert!(good && words.contains("dead delivery 2 named them"), "{words}");
    assert!(words.contains(&format!("stays: orders {}", order())), "{words}");
    for by in [email(), customer()] {
        let (good, words) = of("export", by).await;
        assert!(!good && words.contains("nobody like that"), "{words}");
    }
    assert_eq!(taste().await, None);
    assert!(store.dead_deliveries(&client, 9).await.unwrap().is_empty());
    let known = store.mirror(&client, &key).await.unwrap().unwrap().entity;
    assert!(known.as_order().unwrap().head.value().is_some(), "the figures stay");

    // The shop sends it again.
    post(stage, "bottega/milano", body).await;
    scene::until_quiet(&host).await;
    assert!(!of("export", email()).await.0);
    let log = store.audit_log(&client, None, 99).await.unwrap();
    let about_people = log.iter().filter(|entry| entry.act.subject.starts_with("customer"));
    let did: Vec<_> = about_people.map(|entry| (&*entry.act.what, &*entry.act.subject)).collect();
    let subject = format!("customer guest:{} on milano", order());
    assert_eq!(did, [("erase-person", &*subject), ("export-person", &*subject)]);
    host.stop().await;
    names_nobody(folder, "after the host");
    workshop.stage.strike().await;
}

async fn workshop_command(
    stage: &fondaco::demo::stage::Stage,
    words: &[&str],
    token_of: Option<&str>,
) -> (bool, String) {
    let mut command = scene::fondaco();
    command.args(words).arg("--config").arg(stage.config_file()).env_clear();
    if let Some(name) = token_of {
        command.env("FONDACO_TOKEN", token(name));
    }
    let (status, text) = crate::workshop::output(&mut command).await;
    (status.success(), text)
}

#[tokio::test]
async fn a_module_reads_who_bought_as_far_as_it_is_granted() {
    let workshop = Workshop::set(&["clerk"]).await;
    let steps =
        format!(r#"[["person-of", "milano", "{0}"], ["ships-to", "milano", "{0}"]]"#, order());
    workshop.install(&clerk(r#"["name"]"#, &steps));
    let check = workshop.command(&["check"]).await;
    assert!(!check.0.success() && check.1.contains("email"), "{}", check.1);
    workshop.install(&clerk(ALL_FIELDS, &steps));
    let host = scene::host(&workshop.stage).await;
    post(&workshop.stage, "bottega/milano", sample_of(ORDER)).await;
    let client = scene::client();
    let log = async || {
        let runs = host.store.runs(&client, None, 99).await.unwrap();
        runs.into_iter().flat_map(|run| run.log).collect::<Vec<_>>().join("\n")
    };
    until("the clerk has read", async || log().await.contains("Customer")).await;
    let told = log().await;
    for text in ["Mario Rossi", "mario@example.test", "Via Garibaldi 12", "Figli S.r.l."] {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    host.stop().await;
    workshop.stage.strike().await;
}
