//! Actions of which nobody knows what became of them: after a restore, after their shop was taken out
//! of the client's file, and after too long.
//!
//! Each begins with a host that dies while it sends one, at a named point: what is in its database
//! then is the same each time.

use std::{os::unix::process::ExitStatusExt as _, process::Stdio};

use fondaco::{demo::stage::Stage, host::DATABASE_FILE, host::RunningHost};
use fondaco_engine::now;
use fondaco_model::{Action, ActionEnd, ActionId, ActionState};
use fondaco_shopsim::{Faults, LedgerEvent, WooShop, Writer};
use fondaco_store::{
    ActionFilter, KeepingStore as _, Store as _,
    failpoint::{self, Failpoint},
    sqlite::{self, SqliteStore},
};

use crate::scene::{self, until};

/// Both shops have the same of it at first, so Torino keeps no mark of an earlier write.
const SKU: &str = "MUG-BLU";

/// What there is of it at first.
const OPENING: i64 = 140;

/// What is sold on Milano while the host dies.
const SOLD: i64 = 2;

/// A stage, a host that died while it lowered Torino's stock, and what it left.
struct Left {
    stage: Stage,
    /// The action that was being sent.
    action: ActionId,
}

impl Left {
    /// Lets a host die at this point while it sends.
    async fn by_a_host_that_dies(point: Failpoint) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stage = scene::kitchen().await;
        let host = scene::host(&stage).await;
        until("the shops are aligned", async || fondaco::demo::finish::agreed(&stage)).await;
        scene::until_quiet(&host).await;
        host.stop().await;
        let mut command = scene::fondaco();
        command.arg("serve").arg("--config").arg(stage.config_file());
        command.env(failpoint::VARIABLE, format!("{point}#1"));
        let mut host = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        stage.shops()[0].buy(&[(SKU, SOLD)]).unwrap();
        let died = tokio::time::timeout(scene::PATIENCE, host.wait()).await.unwrap().unwrap();
        assert_eq!(died.signal(), Some(6), "{point}: {died}");
        let store = SqliteStore::open(&database(&stage)).unwrap();
        let sending = store.sending(&scene::client()).await.unwrap();
        let [sending] = &sending[..] else { panic!("{sending:?}") };
        assert_eq!(sending.action.kind.shop().map(|shop| shop.as_str()), Some("torino"));
        let left = Self { action: sending.action.id.clone(), stage };
        assert_eq!(left.torino().quantity(SKU), Some(left.sent_until(point)));
        left
    }

    fn torino(&self) -> &WooShop {
        &self.stage.shops()[1]
    }

    fn sent_until(&self, point: Failpoint) -> i64 {
        if point == Failpoint::AfterSend { OPENING - SOLD } else { OPENING }
    }

    /// Puts a backup of what the host left in the place of its database.
    async fn restored(self) -> Self {
        let file = self.stage.folder().join("backup");
        let database = database(&self.stage);
        SqliteStore::open(&database).unwrap().backup(&file, now()).await.unwrap();
        sqlite::restore(&file, &database, true, "a test", now()).unwrap();
        self
    }

    /// Changes the client's file.
    fn edit(&self, change: impl FnOnce(String) -> String) {
        let file = self.stage.folder().join("clients/bottega.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, change(text)).unwrap();
    }

    /// How often the host wrote Torino's stock of the SKU.
    fn writes(&self) -> usize {
        let ours = |event: &LedgerEvent| matches!(event, LedgerEvent::StockWritten { sku, by: Writer::Api, .. } if sku == SKU);
        self.torino().ledger().iter().filter(|entry| ours(&entry.event)).count()
    }

    async fn action(&self, host: &RunningHost) -> Action {
        host.store.action(&scene::client(), &self.action).await.unwrap().unwrap()
    }

    /// Waits until the action has ended; how it did.
    async fn end(&self, host: &RunningHost) -> ActionEnd {
        until("the action has ended", async || self.action(host).await.end.is_some()).await;
        self.action(host).await.end.unwrap()
    }

    async fn looked(&self, host: &RunningHost) {
        until("the client can be released", async || {
            host.engine.quarantine(&scene::client()).is_some_and(|standing| standing.looked)
        })
        .await;
    }

    /// Releases the client, and waits until both shops show what the orders left.
    async fn release(&self, host: &RunningHost) {
        host.engine.release(&scene::client(), "a test").await.unwrap();
        self.agree().await;
        scene::until_quiet(host).await;
    }

    async fn agree(&self) {
        until("the shops agree", async || fondaco::demo::finish::agreed(&self.stage)).await;
    }
}

fn database(stage: &Stage) -> std::path::PathBuf {
    stage.folder().join("data").join(DATABASE_FILE)
}

fn unknown_because(end: &ActionEnd) -> &str {
    match end {
        ActionEnd::Unknown { detail } => detail,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_action_that_took_effect_before_the_restore_is_done_and_not_sent_again() {
    let left = Left::by_a_host_that_dies(Failpoint::AfterSend).await.restored().await;
    let host = scene::host(&left.stage).await;
    assert_eq!(left.end(&host).await, ActionEnd::Done { ids: Vec::new() });
    left.looked(&host).await;
    left.release(&host).await;
    assert_eq!(left.writes(), 1);
    host.stop().await;
    left.stage.strike().await;
}

#[tokio::test]
async fn an_action_without_effect_waits_until_the_release_and_its_write_is_made_once() {
    let left = Left::by_a_host_that_dies(Failpoint::BeforeSend).await.restored().await;
    let host = scene::host(&left.stage).await;
    left.looked(&host).await;
    let action = left.action(&host).await;
    assert_eq!(action.state, ActionState::Waiting);
    assert_eq!(action.last_reason.as_deref(), Some("the restored host finds it not done"));
    assert_eq!(left.writes(), 0, "nothing is sent in quarantine");
    left.release(&host).await;
    assert_eq!(left.writes(), 1);
    host.stop().await;
    left.stage.strike().await;
}

#[tokio::test]
async fn where_the_shop_shows_neither_a_person_decides_and_nothing_is_oversold() {
    const FOUND: i64 = 131;
    let left = Left::by_a_host_that_dies(Failpoint::BeforeSend).await.restored().await;
    assert!(left.torino().set_quantity(SKU, FOUND));
    let host = scene::host(&left.stage).await;
    let end = left.end(&host).await;
    let detail = unknown_because(&end);
    assert!(detail.contains("the shop shows 131 now, neither 140 nor 138"), "{detail}");
    left.looked(&host).await;
    host.engine.release(&scene::client(), "a test").await.unwrap();
    // Torino may not know yet of the two that were sold on Milano: 131 may stand for 129.
    let certain = FOUND - SOLD;
    until("both show what is certain", async || {
        left.stage.shops().iter().all(|shop| shop.quantity(SKU) == Some(certain))
    })
    .await;
    let actions = actions(&host).await;
    let told =
        actions.iter().filter(|action| action.terms.key.as_deref() == Some("restored/MUG-BLU"));
    assert_eq!(told.count(), 1, "people are told to count");
    host.stop().await;
    left.stage.strike().await;
}

async fn actions(host: &RunningHost) -> Vec<Action> {
    let all = ActionFilter { limit: u32::MAX, ..ActionFilter::default() };
    host.store.actions(&scene::client(), all).await.unwrap()
}

#[tokio::test]
async fn where_the_shop_refuses_to_be_looked_at_a_person_decides() {
    let left = Left::by_a_host_that_dies(Failpoint::AfterSend).await.restored().await;
    std::fs::write(left.stage.folder().join("wrong"), "ck_no_key_of_this_shop").unwrap();
    left.edit(|text| {
        let (milano, torino) = text.split_once("[shops.torino]").unwrap();
        let torino = torino.replacen("{ env = \"DEMO_KEY\" }", "{ file = \"wrong\" }", 1);
        format!("{milano}[shops.torino]{torino}")
    });
    let host = scene::host(&left.stage).await;
    let end = left.end(&host).await;
    let detail = unknown_because(&end);
    assert!(detail.starts_with("the shop did not let its effect be looked for: "), "{detail}");
    let standing = host.engine.quarantine(&scene::client()).unwrap();
    assert!(!standing.looked, "a shop that tells nothing keeps its client in quarantine");
    host.stop().await;
    left.stage.strike().await;
}

/// Takes Torino out of the client's file.
fn without_torino(text: String) -> String {
    let (milano, torino) = text.split_once("\n[shops.torino]").unwrap();
    let (_, installs) = torino.split_once("\n[installs.").unwrap();
    format!("{milano}\n[installs.{installs}")
}

#[tokio::test]
async fn an_action_whose_shop_was_taken_out_of_the_file_is_a_persons_to_decide() {
    for restore in [false, true] {
        let mut left = Left::by_a_host_that_dies(Failpoint::AfterSend).await;
        if restore {
            left = left.restored().await;
        }
        left.edit(without_torino);
        let host = scene::host(&left.stage).await;
        let end = left.end(&host).await;
        assert_eq!(
            unknown_because(&end),
            "its shop was taken out of the client's file while it was being sent"
        );
        if restore {
            left.looked(&host).await;
        }
        host.stop().await;
        left.stage.strike().await;
    }
}

/// Has Torino given up after a second instead of three days.
fn impatient(text: String) -> String {
    let (milano, torino) = text.split_once("[shops.torino]\n").unwrap();
    format!("{milano}[shops.torino]\ngive-up-after = \"1s\"\n{torino}")
}

#[tokio::test]
async fn an_effect_that_cannot_be_looked_for_as_long_as_it_is_tried_is_a_persons_to_decide() {
    let left = Left::by_a_host_that_dies(Failpoint::AfterSend).await;
    left.edit(impatient);
    left.torino().set_faults(Faults { broken: 1.0, ..Faults::default() });
    let host = scene::host(&left.stage).await;
    let end = left.end(&host).await;
    let detail = unknown_because(&end);
    assert!(detail.starts_with("its effect could not be looked for: "), "{detail}");
    // The module finds out by itself what the shop shows.
    left.torino().set_faults(Faults::default());
    left.agree().await;
    assert_eq!(left.writes(), 1);
    host.stop().await;
    left.stage.strike().await;
}

#[tokio::test]
async fn an_action_that_cannot_be_sent_as_long_as_it_is_tried_is_given_up() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    until("the shops are aligned", async || fondaco::demo::finish::agreed(&stage)).await;
    scene::until_quiet(&host).await;
    host.stop().await;
    let file = stage.folder().join("clients/bottega.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, impatient(text)).unwrap();
    let host = scene::host(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    torino.set_faults(Faults { broken: 1.0, ..Faults::default() });
    milano.buy(&[(SKU, SOLD)]).unwrap();
    let failed = async || -> Option<String> {
        let reason = |action: Action| match action.end {
            Some(ActionEnd::Failed { reason }) => Some(reason),
            _ => None,
        };
        actions(&host).await.into_iter().find_map(reason)
    };
    until("the action is given up", async || failed().await.is_some()).await;
    let reason = failed().await.unwrap();
    assert!(reason.starts_with("given up after 1 second: "), "{reason}");
    assert_eq!(torino.quantity(SKU), Some(OPENING), "it had no effect");
    host.stop().await;
    stage.strike().await;
}
