//! What shops tell and keep to themselves: who their customers are, what they delete without a word,
//! that they may not tell any more, and that they do not answer.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fondaco::{demo::stage::Stage, host::RunningHost};
use fondaco_engine::{shops::ShopCallError, watch::Happening};
use fondaco_model::{
    Change, Entity, EntityKey, EventBody, InstallId, OrderChange, PersonKey, ShopId,
    care::CustomerChange,
};
use fondaco_shopsim::{Faults, WooShop};
use fondaco_store::{Act, Drift, ListedKind, NewAlert, Reconciliation, RunResult};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    scene::{self, client, until, until_quiet},
    workshop::Workshop,
};

fn milano() -> ShopId {
    ShopId::new("milano").unwrap()
}

/// Whether an alert is open under a key.
async fn is_alerted(host: &RunningHost, key: &str) -> bool {
    let open = host.store.alerts(&client(), true, 99).await.unwrap();
    open.iter().any(|alert| alert.alert.key == key)
}

fn act() -> Act {
    Act {
        principal: "anna".to_owned(),
        what: "reconcile".to_owned(),
        subject: "shop milano".to_owned(),
        detail: String::new(),
    }
}

/// Compares a shop with the mirror, and returns what was found.
async fn reconcile(host: &RunningHost, shop: &ShopId) -> Reconciliation {
    let mut watch = host.engine.watch();
    assert!(host.engine.reconcile(&client(), shop, act()).await.unwrap(), "it begins");
    loop {
        let happening = tokio::time::timeout(scene::PATIENCE, watch.recv()).await.unwrap();
        if let Ok(Happening::Reconciled { shop: whose, reconciliation, .. }) = happening
            && whose == *shop
        {
            return *reconciliation;
        }
    }
}

async fn entity(host: &RunningHost, key: &EntityKey) -> Option<Entity> {
    host.store.mirror(&client(), key).await.unwrap().map(|row| row.entity)
}

/// An order of long ago, as a shop would have it that the host has never heard of.
fn old_order(id: u64) -> Value {
    let captured = scene::sample("order_get.json");
    let mut captured: Value = serde_json::from_slice(&captured).unwrap();
    let mut order = captured["body"].take();
    order["id"] = json!(id);
    order["number"] = json!(id.to_string());
    for date in ["date_created", "date_modified", "date_paid", "date_completed"] {
        order[date] = json!("2020-01-01T01:00:00");
        order[format!("{date}_gmt")] = json!("2020-01-01T00:00:00");
    }
    order
}

/// What modules heard of an order.
async fn heard_of(host: &RunningHost, key: &EntityKey) -> Vec<OrderChange> {
    let events = host.store.events(&client(), 0, 10_000).await.unwrap();
    let mut heard = Vec::new();
    for event in events {
        if let EventBody::Changed { key: of, change: Change::Order(changes), .. } = event.body
            && of == *key
        {
            heard.extend(changes);
        }
    }
    heard
}

#[tokio::test]
async fn what_a_shop_deletes_or_has_without_a_word_is_found() {
    let stage = scene::kitchen().await;
    let shop = &stage.shops()[0];
    let host = scene::host(&stage).await;
    let order = |id: u64| EntityKey::order(milano(), id.to_string());
    let (kept, erased) =
        (shop.buy(&[("MUG-BLU", 1)]).unwrap().id, shop.buy(&[("PIA-24", 1)]).unwrap().id);
    until("both orders are known", async || {
        entity(&host, &order(kept)).await.is_some() && entity(&host, &order(erased)).await.is_some()
    })
    .await;
    until_quiet(&host).await;
    let grem = {
        let view = host.store.view(&client()).await.unwrap();
        let found = host.store.variants_by_sku(&view, "GREM").await.unwrap();
        found.into_iter().map(|(key, _)| key).find(|key| key.shop == milano()).unwrap()
    };
    assert!(shop.erase_order(erased) && shop.erase_product("GREM"));
    let unheard = shop.put_order(old_order(90_001), false).unwrap();

    let found = reconcile(&host, &milano()).await;
    let expected = BTreeMap::from([
        (ListedKind::Variant, Drift { gone: 1, ..Drift::default() }),
        (ListedKind::Customer, Drift::default()),
        (ListedKind::Order, Drift { gone: 1, missing: 1, outdated: 0 }),
    ]);
    assert_eq!(found.drift, expected);
    assert_eq!(found.compared, 7 + 2, "products that are left, and orders");
    let known = async |id: u64| {
        let entity = entity(&host, &order(id)).await.unwrap();
        entity.as_order().unwrap().head.clone()
    };
    assert!(known(erased).await.is_deleted());
    assert!(known(kept).await.value().is_some());
    assert!(known(unheard).await.value().is_some());
    let gone = entity(&host, &grem).await.unwrap();
    assert!(gone.as_variant().unwrap().content.is_deleted());
    // Modules hear of it as of any other change.
    assert!(heard_of(&host, &order(erased)).await.contains(&OrderChange::Deleted));
    assert!(heard_of(&host, &order(unheard)).await.contains(&OrderChange::Placed));
    assert!(is_alerted(&host, &NewAlert::drift_key(&milano())).await);
    let metrics = reqwest_text(&stage, "metrics").await;
    let counted = "fondaco_drift_total{client=\"bottega\",shop=\"milano\",kind=\"order\",\
                   found=\"gone\"} 1";
    assert!(metrics.contains(counted), "{metrics}");

    let again = reconcile(&host, &milano()).await;
    assert_eq!(again.drifted(), 0, "{again:?}");
    assert!(!is_alerted(&host, &NewAlert::drift_key(&milano())).await);
    let nowhere = ShopId::new("nowhere").unwrap();
    let asked = host.engine.reconcile(&client(), &nowhere, act()).await;
    assert!(matches!(asked, Err(ShopCallError::NoShop { .. })), "{asked:?}");
    host.stop().await;
    stage.strike().await;
}

async fn reqwest_text(stage: &Stage, path: &str) -> String {
    let url = format!("http://{}/{path}", stage.address());
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_reconciliation_goes_on_where_the_host_left_it() {
    let stage = scene::kitchen().await;
    let shop = &stage.shops()[0];
    let host = scene::host(&stage).await;
    let orders = 450;
    for number in 0..orders {
        shop.put_order(old_order(90_000 + number), false).unwrap();
    }
    shop.set_latency(std::time::Duration::from_millis(10));
    assert!(host.engine.reconcile(&client(), &milano(), act()).await.unwrap(), "it begins");
    let standing =
        async |host: &RunningHost| host.engine.reconciliation(&client(), &milano()).await.unwrap();
    let mut begun = None;
    until("some pages of orders are compared", async || {
        begun = standing(&host).await.filter(|standing| standing.compared > 8);
        begun.is_some()
    })
    .await;
    let begun = begun.unwrap();
    assert_eq!(begun.ended_at, None, "it is under way");
    assert!(!host.engine.reconcile(&client(), &milano(), act()).await.unwrap(), "it is begun");
    host.stop().await;
    shop.set_latency(std::time::Duration::ZERO);
    let host = scene::host(&stage).await;
    let mut ended = None;
    until("it is complete", async || {
        ended = standing(&host).await.filter(|standing| standing.ended_at.is_some());
        ended.is_some()
    })
    .await;
    let ended = ended.unwrap();
    assert_eq!(ended.began_at, begun.began_at, "it is the same one");
    assert_eq!(ended.compared, 8 + orders, "nothing was compared twice");
    assert_eq!(ended.drift[&ListedKind::Order].missing, orders);
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn an_import_that_is_killed_goes_on_where_it_was() {
    let stage = scene::kitchen().await;
    let shop = &stage.shops()[0];
    let orders = 650;
    for number in 0..orders {
        shop.put_order(old_order(90_000 + number), false).unwrap();
    }
    shop.set_latency(std::time::Duration::from_millis(30));
    let mut killed = scene::serve(&stage);
    let database = stage.folder().join("data/fondaco.db");
    let cursor = || -> Option<String> {
        let database = rusqlite::Connection::open(&database).ok()?;
        let sql = "SELECT progress ->> '$.import_cursor' FROM shop_progress WHERE shop = 'milano'";
        database.query_row(sql, [], |row| row.get(0)).ok().flatten()
    };
    let read = |cursor: &str| -> Option<u64> {
        cursor.strip_prefix("orders:")?.split(':').next()?.parse().ok()
    };
    until("some pages of orders are imported", async || {
        cursor().as_deref().and_then(read).is_some_and(|read| read >= 200)
    })
    .await;
    killed.kill().await.unwrap();
    let before = cursor().as_deref().and_then(read).unwrap();
    assert!(before < orders, "it was killed in the middle");
    shop.set_latency(std::time::Duration::ZERO);
    let config = stage.config().unwrap();
    let host = scene::start(config).await;
    let mut watch = host.engine.watch();
    let mut done = 0;
    loop {
        match tokio::time::timeout(scene::PATIENCE, watch.recv()).await.unwrap() {
            Ok(Happening::Importing { shop, done: so_many, .. }) if shop == milano() => {
                done = so_many;
            }
            Ok(Happening::Imported { shop, .. }) if shop == milano() => break,
            _ => {}
        }
    }
    assert_eq!(done, orders - before, "only what was left");
    let first = EntityKey::order(milano(), "90000");
    assert!(entity(&host, &first).await.is_some());
    assert!(heard_of(&host, &first).await.is_empty(), "a first import tells nothing");
    host.stop().await;
    stage.strike().await;
}

fn silent() -> Faults {
    Faults { cut_before: 1.0, webhooks_lost: 1.0, ..Faults::default() }
}

#[tokio::test]
async fn a_silent_shop_is_told_of_and_the_others_keep_more_back() {
    let stage = scene::kitchen().await;
    let file = stage.folder().join("clients/bottega.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("poll-every", "silent-after = \"1s\"\npoll-every");
    std::fs::write(&file, text).unwrap();
    let (quiet, other) = (&stage.shops()[0], &stage.shops()[1]);
    let host = scene::host(&stage).await;
    until_quiet(&host).await;
    let shown = |shop: &WooShop| shop.quantity("MUG-BLU").unwrap();
    assert_eq!((shown(quiet), shown(other)), (140, 140));
    quiet.set_faults(silent());
    let key = NewAlert::silent_key(&milano());
    until("its people are told", async || is_alerted(&host, &key).await).await;
    until("the other shop keeps one more back", async || shown(other) == 139).await;
    assert_eq!(shown(quiet), 140, "nobody can change anything there");
    let status = host.engine.clients().find(|setup| setup.id == client()).unwrap();
    until("it is left alone", async || {
        status.shops[&milano()].platform.traffic().rests_for.is_some()
    })
    .await;
    quiet.set_faults(Faults::default());
    until("it is heard of again", async || !is_alerted(&host, &key).await).await;
    until("the other offers all again", async || shown(other) == 140).await;
    until_quiet(&host).await;
    assert_eq!((shown(quiet), shown(other)), (140, 140));
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn what_waits_for_a_shop_that_is_down_is_done_once_it_answers() {
    let stage = scene::kitchen().await;
    let (milano, torino) = (&stage.shops()[0], &stage.shops()[1]);
    let host = scene::host(&stage).await;
    until_quiet(&host).await;
    torino.set_faults(silent());
    milano.buy(&[("MUG-BLU", 2)]).unwrap();
    let mut waiting = Vec::new();
    until("the change of stock waits for the shop", async || {
        let filter =
            fondaco_store::ActionFilter { open_only: true, limit: 99, ..Default::default() };
        waiting = host.store.actions(&client(), filter).await.unwrap();
        waiting.iter().any(|action| {
            let reason = action.last_reason.as_deref().unwrap_or_default();
            action.next_try.is_some() && reason.contains("does not answer")
        })
    })
    .await;
    // The module is done with the order all the same.
    let runs = host.store.runs(&client(), None, 99).await.unwrap();
    assert!(runs.iter().all(|run| !matches!(run.result, RunResult::Failed { .. })));
    torino.set_faults(Faults::default());
    until("it is done", async || torino.quantity("MUG-BLU") == Some(138)).await;
    until_quiet(&host).await;
    host.stop().await;
    stage.strike().await;
}

/// Sends a shop's delivery to the host, signed as the shop would.
async fn deliver(stage: &Stage, topic: &str, body: Vec<u8>) -> u16 {
    let (_, secret) = fondaco::demo::stage::ENVIRONMENT
        .into_iter()
        .find(|(name, _)| *name == "DEMO_WEBHOOK_SECRET")
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&body);
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let url = format!("http://{}/hooks/bottega/milano", stage.address());
    let request = reqwest::Client::new().post(url).body(body);
    let request = request.header("content-type", "application/json");
    let request = request.header("x-wc-webhook-topic", topic);
    let request = request.header("x-wc-webhook-signature", signature);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_shop_that_may_not_tell_any_more_is_told_of_and_nothing_is_dead() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let key = NewAlert::denied_key(&milano());
    let body = scene::sample("webhook_owner_lost_rights.body");
    assert_eq!(deliver(&stage, "order.created", body).await, 200);
    until("its people are told", async || is_alerted(&host, &key).await).await;
    until("it is worked in", async || host.store.backlog(&client()).await.unwrap().deliveries == 0)
        .await;
    assert_eq!(host.store.backlog(&client()).await.unwrap().dead_deliveries, 0);
    // That something was deleted a shop tells with nobody's rights.
    assert_eq!(deliver(&stage, "order.deleted", b"{\"id\":77777}".to_vec()).await, 200);
    until("it is worked in", async || host.store.backlog(&client()).await.unwrap().deliveries == 0)
        .await;
    assert!(is_alerted(&host, &key).await);
    stage.shops()[0].buy(&[("MUG-BLU", 1)]).unwrap();
    until("it tells again", async || !is_alerted(&host, &key).await).await;
    host.stop().await;
    stage.strike().await;
}

/// What a module logged of a customer.
async fn logged(host: &RunningHost) -> Vec<String> {
    let clerk = InstallId::new("clerk").unwrap();
    let runs = host.store.runs(&client(), Some(&clerk), 99).await.unwrap();
    runs.into_iter().flat_map(|run| run.log).collect()
}

#[tokio::test]
async fn customers_are_imported_in_silence_and_heard_of_afterwards() {
    let workshop = Workshop::set(&["clerk"]).await;
    workshop.install(
        "[installs.clerk]\nplugin = \"clerk\"\nmode = \"live\"\ngrants = [\"people\"]\n\
         personal-fields = [\"name\", \"email\", \"phone\", \"address\", \"company\", \
         \"tax-codes\"]\n",
    );
    let stage = &workshop.stage;
    let shop = &stage.shops()[0];
    // Some time ago: of two changes within a second, which is all that the shop dates, the second is
    // not told from the first.
    shop.set_clock(SignedDuration::from_secs(-60));
    let before = shop.open_account("anna@example.test", "Anna", "Neri");
    shop.set_clock(SignedDuration::ZERO);
    let host = scene::host(stage).await;
    let person = async |id: u64| {
        let key = PersonKey::new(milano(), id.to_string());
        host.store.person(&client(), &key, None).await.unwrap()
    };
    assert_eq!(person(before).await.unwrap().name.as_deref(), Some("Anna Neri"), "imported");
    assert!(logged(&host).await.is_empty());
    // No poll tells of customers, so the webhooks have to be there.
    let setup = host.engine.clients().find(|setup| setup.id == client()).unwrap();
    until("the webhooks are there", async || {
        let webhooks = setup.shops[&milano()].platform.webhooks().await.unwrap();
        webhooks.iter().any(|webhook| webhook.topic == "customer.deleted")
    })
    .await;

    let new = shop.open_account("luca@example.test", "Luca", "Bo");
    let tells = async |words: &str| logged(&host).await.iter().any(|line| line.contains(words));
    until("the module heard of the new one", async || {
        tells(&format!("CustomerEvent {{ customer: \"{new}\"")).await
    })
    .await;
    assert!(tells("name: Some(\"Luca Bo\")").await, "{:?}", logged(&host).await);
    assert!(shop.change_account(before, "last_name", "Verdi"));
    until("it is known by the new name", async || {
        person(before).await.is_some_and(|person| person.name.as_deref() == Some("Anna Verdi"))
    })
    .await;
    assert!(shop.close_account(new));
    until("it is gone", async || person(new).await.is_none()).await;
    until("all of it is heard", async || logged(&host).await.len() == 6).await;
    let events = host.store.events(&client(), 0, 999).await.unwrap();
    let changes = events.iter().filter_map(|event| match &event.body {
        EventBody::Customer { customer, changes } => Some((customer.id.clone(), changes.clone())),
        _ => None,
    });
    let expected = [
        (new, CustomerChange::Created),
        (before, CustomerChange::Other),
        (new, CustomerChange::Deleted),
    ];
    let expected = expected.map(|(id, change)| (id.to_string(), [change].into()));
    assert_eq!(changes.collect::<Vec<_>>(), expected);
    // Whose account was closed without a word is found, too.
    shop.set_faults(Faults { webhooks_lost: 1.0, ..Faults::default() });
    assert!(shop.close_account(before));
    let found = reconcile(&host, &milano()).await;
    assert_eq!(found.drift[&ListedKind::Customer].gone, 1);
    assert_eq!(person(before).await, None);
    host.stop().await;
}
