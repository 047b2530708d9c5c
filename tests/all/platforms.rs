//! One module, unchanged, over shops of several platforms.

use std::process::Stdio;

use fondaco::demo::{
    finish,
    stage::{CLIENT, Stage, StageOptions},
};
use fondaco_model::{EntityKey, ShopId};
use fondaco_shopsim::App;
use fondaco_store::Whom;
use tokio::io::AsyncWriteExt as _;

use crate::{
    crashes,
    scene::{self, until, until_quiet},
};

async fn stage() -> Stage {
    let kitchen = StageOptions::kitchen(scene::plugins(), 7);
    Stage::set(kitchen.on_every_platform()).await.unwrap()
}

#[tokio::test]
async fn what_any_shop_sells_or_takes_back_all_others_show() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    until("the shops show the same at first", async || finish::agreed(&stage)).await;
    for shop in stage.all() {
        let order = shop.buy(&[("MOKA-3", 3), ("GREM", 1)]).unwrap();
        until("all have as many less", async || finish::agreed(&stage)).await;
        assert!(shop.cancel(order.id), "{}", shop.name());
        until("all have them back", async || finish::agreed(&stage)).await;
    }
    until_quiet(&host).await;
    assert!(finish::agreed(&stage));
    host.stop().await;
    stage.strike().await;
}

/// No date of Magento's moves with it, and no order tells of it: it is found by comparing lists.
#[tokio::test]
async fn what_a_merchant_counts_on_magento_reaches_the_others() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    until("the shops show the same at first", async || finish::agreed(&stage)).await;
    until_quiet(&host).await;
    let magento = stage.magento().unwrap();
    assert!(magento.set_quantity("TOV-LIN", 31));
    until("the others follow", async || {
        stage.all().iter().all(|shop| shop.quantity("TOV-LIN") == Some(31))
    })
    .await;
    host.stop().await;
    stage.strike().await;
}

/// What is sent lies there no longer, and can be sold as little as before.
#[tokio::test]
async fn a_shipment_on_magento_moves_no_stock_anywhere() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    until("the shops show the same at first", async || finish::agreed(&stage)).await;
    let magento = stage.magento().unwrap();
    let order = magento.buy(&[("BIC-6", 2)]).unwrap();
    until("all have two less", async || finish::agreed(&stage)).await;
    until_quiet(&host).await;
    let events = host.store.backlog(&scene::client()).await.unwrap().last_event;
    assert!(magento.ship(order.id));
    let key = EntityKey::variant(ShopId::new(magento.name()).unwrap(), "BIC-6");
    until("the host has seen it", async || {
        let row = host.store.mirror(&scene::client(), &key).await.unwrap().unwrap();
        let variant = row.entity.as_variant().unwrap();
        let level = variant.stock.values().next().unwrap().value().unwrap();
        level.on_hand == Some(magento.on_hand("BIC-6").into())
    })
    .await;
    until_quiet(&host).await;
    assert!(finish::agreed(&stage));
    let after = host.store.events(&scene::client(), events, 100).await.unwrap();
    let orders = after.iter().filter(|event| event.body.hook() == Some("on-order"));
    assert!(orders.count() >= 1, "that it was sent is told");
    host.stop().await;
    stage.strike().await;
}

/// What Shopify passes on of somebody's wishes about their data is done to what is held here.
#[tokio::test]
async fn who_is_to_be_forgotten_on_shopify_is_forgotten_here() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let shopify = stage.shopify().unwrap();
    let shop = ShopId::new(shopify.name()).unwrap();
    until("the host hears of it", async || shopify.subscriptions().len() == 15).await;
    let anna = shopify.open_account("anna@example.test", "Anna", "Verdi");
    let bruno = shopify.open_account("bruno@example.test", "Bruno", "Neri");
    let held = async |customer: u64| {
        let whom = Whom::Id(customer.to_string());
        host.store.held(&scene::client(), &shop, &whom).await.unwrap().len()
    };
    until("both are held", async || held(anna).await == 1 && held(bruno).await == 1).await;
    shopify.request_data(anna);
    let key = format!("data-request/{shop}/{anna}");
    until("people are told what she asks", async || {
        let alerts = host.store.alerts(&scene::client(), true, 99).await.unwrap();
        let told = alerts.iter().find(|alert| alert.alert.key == key);
        told.is_some_and(|alert| !format!("{alert:?}").contains("anna@"))
    })
    .await;
    shopify.redact_customer(anna);
    until("she is forgotten", async || held(anna).await == 0).await;
    assert_eq!(held(bruno).await, 1);
    shopify.redact_shop();
    until("everybody is forgotten", async || held(bruno).await == 0).await;
    host.stop().await;
    stage.strike().await;
}

/// A token and the secret that deliveries are signed with change together; what was signed with the
/// secret before is taken until the next change.
#[tokio::test]
async fn a_shopify_apps_credentials_are_changed_without_a_gap() {
    let stage = stage().await;
    let mut host = scene::serve(&stage);
    until("the shops show the same at first", async || finish::agreed(&stage)).await;
    let shopify = stage.shopify().unwrap();
    let file = stage.folder().join(format!("clients/{CLIENT}.toml"));
    let line = |key: &str| {
        let text = std::fs::read_to_string(&file).unwrap();
        let line = text.lines().find(|line| line.starts_with(&format!("{key} = ")));
        line.map(str::to_owned)
    };
    let change = async |token: &str, client_secret: &str| {
        let [token, client_secret] = [token, client_secret].map(str::to_owned);
        let lines = format!("{token}\n{client_secret}\n");
        shopify.set_app(App { token, client_secret, ..App::default() });
        let mut command = scene::fondaco();
        command.args(["shop", "rotate", CLIENT, shopify.name(), "--key", "--credentials-stdin"]);
        command.arg("--config").arg(stage.config_file()).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        let words = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{words}");
        assert!(!words.contains("the second secret"), "{words}");
        line("client-secret").unwrap()
    };
    let second = change("shpat_second", "the second secret").await;
    let previous = "previous-client-secret = { env = \"DEMO_SHOPIFY_CLIENT_SECRET\" }";
    assert_eq!(line("previous-client-secret").as_deref(), Some(previous));
    shopify.buy(&[("MOKA-3", 1)]).unwrap();
    until("it is spoken to and heard", async || finish::agreed(&stage)).await;
    let third = change("shpat_third", "the third secret").await;
    assert_ne!(second, third);
    assert_eq!(line("previous-client-secret"), Some(format!("previous-{second}")));
    let names = std::fs::read_dir(stage.folder().join("secrets")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains("client-secret")).count(), 2);
    crashes::stop(&mut host).await;
    stage.strike().await;
}
