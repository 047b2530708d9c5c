//! A shop that breaks the connection, and does afterwards what it was asked for.

use std::{collections::BTreeMap, time::Duration};

use fondaco_model::{ActionEnd, ActionKind};
use fondaco_shopsim::{Faults, LedgerEvent, RequestFault, WooShop, Writer};
use fondaco_store::ActionFilter;

use crate::scene::{self, until};

/// Slow enough that a write is sent long after its action was begun: it is read first.
const LATENCY: Duration = Duration::from_millis(900);

/// A little shorter than the stage's longest request.
const EFFECT_DELAY: Duration = Duration::from_millis(1_900);

/// How often each SKU was written over the API.
fn writes(shop: &WooShop) -> BTreeMap<String, usize> {
    let mut writes = BTreeMap::new();
    for entry in shop.ledger() {
        if let LedgerEvent::StockWritten { sku, by: Writer::Api, .. } = entry.event {
            *writes.entry(sku).or_default() += 1;
        }
    }
    writes
}

#[tokio::test]
async fn an_effect_that_comes_late_is_waited_for_and_not_repeated() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    until("the shops are aligned", async || fondaco::demo::finish::agreed(&stage)).await;
    scene::until_quiet(&host).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    let (before, skus) = (writes(milano), milano.for_sale());
    let last = host.store.backlog(&scene::client()).await.unwrap().last_event;
    let late = Faults { late_effect: 1.0, effect_delay: EFFECT_DELAY, ..Faults::default() };
    milano.set_faults(late);
    milano.set_latency(LATENCY);
    for sku in skus.keys() {
        torino.buy(&[(sku, 1)]).unwrap();
    }
    until("each SKU is one less", async || fondaco::demo::finish::agreed(&stage)).await;
    milano.set_faults(Faults::default());
    milano.set_latency(Duration::ZERO);
    scene::until_quiet(&host).await;

    let longest = milano.ledger().into_iter().filter_map(|entry| match entry.event {
        LedgerEvent::RequestDisturbed { fault: RequestFault::LateEffect(late), .. } => Some(late),
        _ => None,
    });
    assert!(longest.max().unwrap() > LATENCY, "none was late enough to try it");
    for (sku, times) in writes(milano) {
        let before = before.get(&sku).copied().unwrap_or_default();
        assert_eq!(times - before, 1, "{sku}");
    }
    let all = ActionFilter { limit: u32::MAX, ..ActionFilter::default() };
    let actions = host.store.actions(&scene::client(), all).await.unwrap();
    let mut done = 0;
    for action in actions.iter().filter(|action| action.event > last) {
        if matches!(&action.kind, ActionKind::ChangeStock { shop, .. } if shop.as_str() == "milano")
        {
            assert_eq!(action.end, Some(ActionEnd::Done { ids: Vec::new() }), "{action:?}");
            done += 1;
        }
    }
    assert_eq!(done, skus.len());
    host.stop().await;
    stage.strike().await;
}
