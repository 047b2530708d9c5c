//! What modules hear besides changes, through a whole host: signals of each other, schedules that
//! follow the clock, what became of them and what was before them.

use fondaco::host::DATABASE_FILE;
use fondaco_engine::now;
use fondaco_model::{Event, EventBody, InstallId, Timestamp, schedule::Cron};
use fondaco_store::{RunRecord, RunResult, Store, sqlite};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    scene::{self, until},
    workshop::{Workshop, with_manifest},
};

/// An install of the relay; what it does on each kind of event, in settings that are TOML as well.
fn relay(name: &str, settings: &str) -> String {
    format!(
        "[installs.{name}]\nplugin = \"relay\"\nmode = \"live\"\ngrants = [\"alert\", \"signal\"]\n\
         signals = [\"ball\"]\n[installs.{name}.settings]\n{settings}\n"
    )
}

/// Steps that throw the ball.
fn throws(to: &str) -> String {
    let payload = json!({ "to": to }).to_string();
    json!([["send", "ball", payload]]).to_string()
}

fn id(install: &str) -> InstallId {
    InstallId::new(install).unwrap()
}

/// The runs of an install, oldest first.
async fn runs(store: &dyn Store, install: &str) -> Vec<RunRecord> {
    let mut runs = store.runs(&scene::client(), Some(&id(install)), 1_000).await.unwrap();
    runs.reverse();
    runs
}

/// What an install told in its runs, oldest first, without how much it matters.
async fn told(store: &dyn Store, install: &str) -> Vec<String> {
    let lines = runs(store, install).await.into_iter().flat_map(|run| run.log);
    lines.map(|line| line.strip_prefix("info: ").unwrap_or(&line).to_owned()).collect()
}

/// Why an event was passed by, if it was.
fn reason_of(result: &RunResult) -> Option<String> {
    match result {
        RunResult::Skipped { reason } => Some(reason.clone()),
        _ => None,
    }
}

async fn events(store: &dyn Store) -> Vec<Event> {
    store.events(&scene::client(), 0, 10_000).await.unwrap()
}

/// Waits until an install has told something.
async fn has_told(store: &dyn Store, install: &str, words: &str) {
    until(&format!("{install} has told `{words}`"), async || {
        told(store, install).await.iter().any(|line| line.contains(words))
    })
    .await;
}

#[tokio::test]
async fn two_modules_that_answer_each_other_come_to_an_end() {
    let workshop = Workshop::set(&["relay"]).await;
    let answers = format!("signal = {}", throws("you"));
    let begins = format!("tick = {}\n{answers}", throws("you"));
    workshop.install(&(relay("one", &begins) + &relay("two", &answers)));
    let host = scene::host(&workshop.stage).await;
    let store = &*host.store;
    has_told(store, "one", "the last of 8 in a row; the chain ends here").await;

    let signals = events(store).await.into_iter().filter_map(|event| match event.body {
        EventBody::Signal { sender, signal } => Some((sender.to_string(), signal.hops)),
        _ => None,
    });
    let expected = (1..=8).map(|hops| (["two", "one"][hops % 2].to_owned(), hops as u32));
    assert_eq!(signals.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    for (install, sender) in [("one", "two"), ("two", "one")] {
        let told = told(store, install).await;
        let heard = told.iter().filter(|line| line.starts_with("signal ball of"));
        let of_the_other = format!("signal ball of {sender} {{\"to\":\"you\"}}");
        let heard: Vec<_> = heard.collect();
        assert_eq!(heard, [&of_the_other; 4], "each once, and not its own");
    }
    host.stop().await;
    workshop.stage.strike().await;
}

#[tokio::test]
async fn a_signal_is_heard_where_it_is_granted_and_fits() {
    let workshop = Workshop::set(&["relay"]).await;
    let begins = format!("tick = {}", throws("somebody far away"));
    workshop.install(&(relay("one", &begins) + &relay("two", "")));
    let (checked, words) = workshop.command(&["check"]).await;
    assert!(checked.success(), "{words}");
    let host = scene::host(&workshop.stage).await;
    let store = &*host.store;
    until("a signal is passed by", async || {
        runs(store, "two").await.iter().any(|run| reason_of(&run.result).is_some())
    })
    .await;
    let run = runs(store, "two").await.into_iter().find_map(|run| reason_of(&run.result));
    let reason = run.unwrap();
    assert!(
        reason.starts_with(
            "the signal `ball` of `one` was passed by, as its schema here says: at `/to`:"
        ),
        "{reason}"
    );
    host.stop().await;

    let denied = relay("two", "").replace("signals = [\"ball\"]\n", "");
    workshop.install(&(relay("one", "") + &denied));
    let (checked, words) = workshop.command(&["check"]).await;
    assert_eq!(checked.code(), Some(1), "{words}");
    assert!(words.contains("installs.two") && words.contains("`ball`"), "{words}");
    workshop.stage.strike().await;
}

#[tokio::test]
async fn a_new_install_learns_from_history_before_it_goes_live() {
    const ORDERS: usize = 25;
    let workshop = Workshop::set(&["relay"]).await;
    let [milano, _] = workshop.stage.shops() else { panic!("two shops") };
    for _ in 0..ORDERS {
        milano.buy(&[("MUG-BLU", 1)]).unwrap();
    }
    let steps = json!([["count", "steps"], ["once-again", "page"], ["alert"]]);
    workshop.install(&relay("one", &format!("lifecycle = {steps}")));
    let host = scene::host(&workshop.stage).await;
    let store = &*host.store;
    has_told(store, "one", "tick tick due").await;
    let all = told(store, "one").await;
    let heard: Vec<&str> = all.iter().filter_map(|line| line.strip_prefix("lifecycle ")).collect();
    // Every step was called twice, since it asked for it the first time.
    let steps: Vec<&str> = heard.iter().step_by(2).copied().collect();
    assert_eq!(steps, heard.iter().skip(1).step_by(2).copied().collect::<Vec<_>>());
    let [installed, first, second, torino, live] = *steps else { panic!("{steps:?}") };
    assert_eq!((installed, live), ("LifecycleEvent::Installed", "LifecycleEvent::Live"));
    assert_eq!(torino, "backfill torino  last true");
    let numbers = |page: &str, last: &str| -> Vec<u64> {
        let page = page.strip_prefix("backfill milano ").unwrap().strip_suffix(last).unwrap();
        page.split(',').map(|number| number.parse().unwrap()).collect()
    };
    let (first, second) = (numbers(first, " last false"), numbers(second, " last true"));
    assert_eq!((first.len(), second.len()), (20, 5));
    let mut each = [first, second].concat();
    assert!(each.is_sorted(), "oldest first: {each:?}");
    each.dedup();
    assert_eq!(each.len(), ORDERS);

    // What is proposed while history is heard is refused, at all other times it is taken.
    let refused = all.iter().filter(|line| line.contains("history can only be learnt from"));
    assert_eq!(refused.count(), 3);
    let alerts = all.iter().filter(|line| line.starts_with("alert Ok("));
    assert_eq!(alerts.count(), 2, "{all:#?}");
    let view = store.view(&scene::client()).await.unwrap();
    let steps = store.state_get(&view, &id("one"), "steps").await.unwrap();
    assert_eq!(steps.value.as_deref(), Some("10"), "state is written");
    let ticks = all.iter().position(|line| line.starts_with("tick")).unwrap();
    let last_step = all.iter().rposition(|line| line.starts_with("lifecycle")).unwrap();
    assert!(last_step < ticks, "nothing comes before it: {all:#?}");
    host.stop().await;
    workshop.stage.strike().await;
}

#[tokio::test]
async fn an_install_hears_what_became_of_it_once() {
    let workshop = Workshop::set(&["relay"]).await;
    let start = async |expected: &[&str]| {
        let host = scene::host(&workshop.stage).await;
        let store = &*host.store;
        let heard = async || -> Vec<String> {
            let told = told(store, "one").await;
            let steps = told.iter().filter_map(|line| line.strip_prefix("lifecycle "));
            steps.filter(|step| !step.starts_with("backfill")).map(str::to_owned).collect()
        };
        let expected: Vec<_> =
            expected.iter().map(|step| format!("LifecycleEvent::{step}")).collect();
        until("it has heard what became of it", async || heard().await.len() >= expected.len())
            .await;
        // An order that comes now is heard after all that.
        let before = told(store, "one").await.len();
        workshop.stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
        until("it hears of an order", async || {
            told(store, "one").await.iter().skip(before).any(|line| line.starts_with("order "))
        })
        .await;
        assert_eq!(heard().await, expected);
        host.stop().await;
    };
    let mut all = vec!["Installed", "Live"];
    workshop.install(&relay("one", ""));
    start(&all).await;
    start(&all).await;

    let plugin = workshop.plugin("relay");
    with_manifest(&scene::plugins().join("relay.wasm"), &plugin, |manifest| {
        let manifest = manifest.replace("version = \"0.1.0\"", "version = \"0.2.0\"");
        manifest.replace("state-schema = 1", "state-schema = 2")
    });
    workshop.install(&relay("one", "signal = [[\"count\", \"signals\"]]"));
    all.extend(["Upgraded((\"0.1.0\", 1))", "SettingsChanged"]);
    start(&all).await;
    start(&all).await;

    let on = std::fs::read_to_string(workshop.client_file()).unwrap();
    std::fs::write(workshop.client_file(), on.replace("\"live\"", "\"off\"")).unwrap();
    scene::host(&workshop.stage).await.stop().await;
    std::fs::write(workshop.client_file(), on).unwrap();
    all.push("Live");
    start(&all).await;
    workshop.stage.strike().await;
}

#[tokio::test]
async fn a_restored_install_hears_of_it_once_and_ahead_of_what_happened_since() {
    let workshop = Workshop::set(&["relay"]).await;
    let off = relay("off", "").replace("\"live\"", "\"off\"");
    let throws = format!("lifecycle = {}", json!([["alert"]]));
    workshop.install(&(relay("one", &throws) + &relay("later", "") + &off));
    let host = scene::host(&workshop.stage).await;
    has_told(&*host.store, "one", "LifecycleEvent::Live").await;
    has_told(&*host.store, "later", "LifecycleEvent::Live").await;
    scene::until_quiet(&host).await;
    let file = workshop.stage.folder().join("backup");
    host.store.backup(&file, now()).await.unwrap();
    host.stop().await;
    let database = workshop.stage.folder().join("data").join(DATABASE_FILE);
    sqlite::restore(&file, &database, true, "a test", now()).unwrap();
    workshop.stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
    // One of them is off while it is restored.
    workshop.install(
        &(relay("one", &throws) + &relay("later", "").replace("\"live\"", "\"off\"") + &off),
    );

    let host = scene::host(&workshop.stage).await;
    let store = &*host.store;
    let before = told(store, "one").await.len();
    until("the client can be released", async || {
        host.engine.quarantine(&scene::client()).is_some_and(|standing| standing.looked)
    })
    .await;
    assert_eq!(told(store, "one").await.len(), before, "nothing is heard in quarantine");
    host.engine.release(&scene::client(), "a test").await.unwrap();
    until("it hears of the order", async || {
        told(store, "one").await.iter().skip(before).any(|line| line.starts_with("order "))
    })
    .await;
    let since = told(store, "one").await.split_off(before);
    assert!(since[0].starts_with("lifecycle LifecycleEvent::Restored(Restoration"), "{since:#?}");
    assert!(since[1].starts_with("alert Ok("), "it may propose: {since:#?}");
    scene::until_quiet(&host).await;
    host.stop().await;

    // Told once; whoever is on again later hears it then.
    workshop.install(&(relay("one", &throws) + &relay("later", "") + &off));
    let host = scene::host(&workshop.stage).await;
    let store = &*host.store;
    has_told(store, "later", "LifecycleEvent::Restored").await;
    scene::until_quiet(&host).await;
    let heard = async |install| -> Vec<String> {
        let told = told(store, install).await;
        let steps = told.iter().filter_map(|line| line.strip_prefix("lifecycle LifecycleEvent::"));
        let steps = steps.filter_map(|step| step.split('(').next());
        steps.map(str::to_owned).collect()
    };
    assert_eq!(heard("one").await, ["Installed", "Live", "Restored"]);
    assert_eq!(heard("later").await, ["Installed", "Live", "Restored", "Live"]);
    assert_eq!(heard("off").await, Vec::<String>::new());
    host.stop().await;
    workshop.stage.strike().await;
}

#[tokio::test]
async fn an_install_hears_only_of_the_shops_it_is_for() {
    let workshop = Workshop::set(&["relay"]).await;
    let install = relay("one", "").replace("mode = ", "shops = [\"torino\"]\nmode = ");
    workshop.install(&install);
    let host = scene::host(&workshop.stage).await;
    let store = &*host.store;
    has_told(store, "one", "backfill torino").await;
    let [milano, torino] = workshop.stage.shops() else { panic!("two shops") };
    milano.buy(&[("MUG-BLU", 1)]).unwrap();
    until("the order in Milano is known", async || {
        let events = events(store).await;
        events.iter().any(|event| event.body.hook() == Some("on-order"))
    })
    .await;
    torino.buy(&[("MUG-BLU", 1)]).unwrap();
    has_told(store, "one", "on torino").await;
    let told = told(store, "one").await;
    assert!(!told.iter().any(|line| line.contains("milano")), "{told:#?}");
    host.stop().await;
    workshop.stage.strike().await;
}

/// The moments at which the ticks of an install were due.
async fn due(store: &dyn Store, install: &str) -> Vec<u64> {
    let told = told(store, install).await;
    let due = told.iter().filter_map(|line| line.strip_prefix("tick tick due "));
    due.map(|due| due.parse().unwrap()).collect()
}

#[tokio::test]
async fn ticks_that_were_missed_come_by_the_clock_of_the_shops() {
    let workshop = Workshop::set(&["relay"]).await;
    let client = std::fs::read_to_string(workshop.client_file()).unwrap();
    let client = format!("time-zone = \"Europe/Rome\"\n{client}");
    let schedule = |name: &str| {
        format!("{}[installs.{name}.schedules]\ntick = \"0 6 * * *\"\n", relay(name, ""))
    };
    // Each of the ticks is a module's own wish, so the second one is of another module.
    let missed = |words: &str| {
        with_manifest(
            &scene::plugins().join("relay.wasm"),
            &workshop.plugin("relay"),
            |manifest| manifest.replace("every = \"1h\"", &format!("every = \"1h\"\n{words}")),
        );
    };
    let cron: Cron = "0 6 * * *".parse().unwrap();
    let rome = TimeZone::get("Europe/Rome").unwrap();
    for (name, words, made_up) in
        [("one", "", 1), ("all", "missed = \"all\"", 3), ("none", "missed = \"none\"", 0)]
    {
        missed(words);
        std::fs::write(workshop.client_file(), format!("{client}{}", schedule(name))).unwrap();
        let host = scene::host(&workshop.stage).await;
        has_told(&*host.store, name, "LifecycleEvent::Live").await;
        assert!(due(&*host.store, name).await.is_empty(), "it counts from now");
        host.stop().await;

        // As if the host had been stopped since three ticks ago.
        let mut expected: Vec<u64> = Vec::new();
        let mut moment = now();
        for _ in 0..4 {
            let tick = cron.until(&rome, moment).unwrap();
            expected.insert(0, tick.0);
            moment = Timestamp(tick.0 - 1);
        }
        let last = expected.remove(0);
        let database = workshop.stage.folder().join("data/fondaco.db");
        let database = rusqlite::Connection::open(database).unwrap();
        let set = "UPDATE ticks SET due_at = ?1 WHERE install = ?2";
        assert_eq!(database.execute(set, rusqlite::params![last, name]).unwrap(), 1);
        drop(database);

        let host = scene::host(&workshop.stage).await;
        workshop.stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
        has_told(&*host.store, name, "order ").await;
        until("they have come", async || due(&*host.store, name).await.len() >= made_up).await;
        assert_eq!(due(&*host.store, name).await, expected[3 - made_up..], "{name}");
        host.stop().await;
    }
    workshop.stage.strike().await;
}
