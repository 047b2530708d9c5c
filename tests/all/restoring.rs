//! Money and a restored backup: what the lost host sent back is not sent back again, and what it did
//! not is, once a person lets the client act.

use fondaco_shopsim::{Faults, LedgerEvent, WooShop};
use fondaco_web::views::ActionView;

use crate::{
    acting::{PRICE, buy, deputy},
    keeping::until_looked,
    scene::{self, until},
    workshop::{Served, Workshop},
};

/// Where the refund stood when the backup was taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Waiting,
    Sending,
}

async fn refund(host: &Served<'_>) -> Option<ActionView> {
    let body = host.get("/api/v1/clients/bottega/actions").await;
    let actions: Vec<ActionView> = serde_json::from_str(&body).unwrap();
    actions.into_iter().find(|action| action.kind == "change-returns")
}

async fn until_refund_is(host: &Served<'_>, state: &str) -> ActionView {
    until(&format!("the refund is {state}"), async || {
        refund(host).await.is_some_and(|action| action.state == state)
    })
    .await;
    refund(host).await.unwrap()
}

async fn good(workshop: &Workshop, words: &[&str]) {
    let (ended, said) = workshop.command(words).await;
    assert!(ended.success(), "{words:?}: {said}");
}

/// How often money was sent back.
fn sent_back(shop: &WooShop) -> usize {
    let sent =
        |event: &LedgerEvent| matches!(event, LedgerEvent::Refunded { money_moved: true, .. });
    shop.ledger().iter().filter(|entry| sent(&entry.event)).count()
}

/// Takes a backup with a refund on its way, loses the host that made it, and restores.
async fn restored(stood: At, lost_host_sent_it: bool) {
    let workshop = Workshop::set(&["deputy"]).await;
    workshop.install(&deputy(&format!(r#"[["refund", "original", "{PRICE}"]]"#)));
    let [milano, _] = workshop.stage.shops() else { panic!("two shops") };
    let mut host = workshop.serve();
    host.ready().await;
    let file = workshop.stage.folder().join("backup");
    let file = file.to_str().unwrap();
    if stood == At::Waiting {
        good(&workshop, &["stop", "bottega", "--shop", "milano"]).await;
        buy(milano);
        until_refund_is(&host, "waiting").await;
        good(&workshop, &["backup", file]).await;
        if lost_host_sent_it {
            good(&workshop, &["go", "bottega", "--shop", "milano"]).await;
        }
    } else {
        // Either the connection is cut after the effect, and nobody knows until the longest request has
        // been waited out; or the host is lost while it still looks what the shop shows.
        milano.set_faults(match lost_host_sent_it {
            true => Faults { cut_after: 1.0, ..Faults::default() },
            false => Faults { slow: 1.0, slowness: scene::PATIENCE, ..Faults::default() },
        });
        buy(milano);
        until_refund_is(&host, "sending").await;
        good(&workshop, &["backup", file]).await;
    }
    if lost_host_sent_it {
        until("the money was sent back", async || sent_back(milano) == 1).await;
    }
    host.kill().await;
    milano.set_faults(Faults::default());
    good(&workshop, &["restore", file, "--replace"]).await;

    let host = workshop.serve();
    until_looked(&workshop.stage).await;
    let found = refund(&host).await.unwrap();
    let stands = if lost_host_sent_it { "ended" } else { "waiting" };
    assert_eq!(found.state, stands, "{found:?}");
    good(&workshop, &["quarantine", "release", "bottega"]).await;
    if stood == At::Waiting {
        good(&workshop, &["go", "bottega", "--shop", "milano"]).await;
    }
    let ended = until_refund_is(&host, "ended").await;
    assert_eq!(ended.end.as_deref(), Some("done"), "{ended:?}");
    milano.quiet().await;
    assert_eq!(sent_back(milano), 1);
    host.stop().await;
    workshop.stage.strike().await;
}

#[tokio::test]
async fn a_refund_that_waited_and_was_sent_meanwhile_is_not_sent_again() {
    restored(At::Waiting, true).await;
}

#[tokio::test]
async fn a_refund_that_waited_and_was_not_sent_is_sent_once_after_the_release() {
    restored(At::Waiting, false).await;
}

#[tokio::test]
async fn a_refund_that_was_under_way_and_took_effect_is_not_sent_again() {
    restored(At::Sending, true).await;
}

#[tokio::test]
async fn a_refund_that_was_under_way_and_took_none_is_sent_once_after_the_release() {
    restored(At::Sending, false).await;
}
