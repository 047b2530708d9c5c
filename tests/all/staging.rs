//! Staging shops and copies of shops: what happens on them reaches no production shop.

use fondaco::demo::stage::{ENVIRONMENT, Stage, WEBHOOK_SECRET};
use fondaco_model::{Entity, EntityKey, ShopId};
use fondaco_shopsim::{Faults, Product, WooShop, WooShopConfig};
use fondaco_store::Scope;

use crate::{
    doors::{delivery, delivery_from, of_site},
    scene::{self, until},
    workshop::output,
};

/// Where the copy of a shop has itself.
const COPY: &str = "https://staging.rossi.example";

async fn command(stage: &Stage, words: &[&str]) -> String {
    let mut command = scene::fondaco();
    let (status, text) = output(command.args(words).arg("--config").arg(stage.config_file())).await;
    assert!(status.success(), "{words:?}: {text}");
    text
}

#[tokio::test]
async fn what_a_copy_of_a_shop_sends_is_kept_apart_and_never_observed() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    scene::until_quiet(&host).await;
    let before = host.store.backlog(&scene::client()).await.unwrap().last_event;
    let captured = String::from_utf8(scene::sample("webhook_order_updated.body")).unwrap();
    let send = async |site: &str, body: String| {
        let body = body.into_bytes();
        let request = delivery_from(site, &stage, "bottega/milano", WEBHOOK_SECRET, body);
        assert_eq!(request.send().await.unwrap().status(), 200);
    };
    // The whole copy; then one whose address stands in the signed links alone.
    send(COPY, of_site(&captured, COPY)).await;
    send(stage.shops()[0].url().trim_end_matches('/'), of_site(&captured, COPY)).await;
    let dead = host.store.dead_deliveries(&scene::client(), 9).await.unwrap();
    assert_eq!(dead.len(), 2);
    for dead in &dead {
        assert_eq!(dead.site.as_deref(), Some("staging.rossi.example"));
    }
    let alerts = host.store.alerts(&scene::client(), true, 9).await.unwrap();
    let [alert] = &*alerts else { panic!("one alert, however many deliveries: {alerts:?}") };
    assert_eq!(alert.alert.about, Scope::Shop(ShopId::new("milano").unwrap()));
    for text in [&alert.alert.text.en, &alert.alert.text.it] {
        assert!(text.contains("staging.rossi.example"), "{text}");
    }

    let listed = command(&stage, &["deliveries", "list", "--client", "bottega"]).await;
    assert_eq!(listed.matches("order.updated from milano, kept apart").count(), 2, "{listed}");
    let all = ["deliveries", "retry", "--all", "--client", "bottega"];
    let retried = command(&stage, &all).await;
    assert!(retried.starts_with("0 back in the inbox") && retried.contains("discard it"));

    // The same from the shop itself is heard, and was not before.
    let order = EntityKey::order(ShopId::new("milano").unwrap(), "17");
    let known = async || host.store.mirror(&scene::client(), &order).await.unwrap();
    assert_eq!(known().await, None);
    assert_eq!(host.store.backlog(&scene::client()).await.unwrap().last_event, before);
    let body = scene::sample("webhook_order_updated.body");
    let request = delivery(&stage, "bottega/milano", WEBHOOK_SECRET, body);
    assert_eq!(request.send().await.unwrap().status(), 200);
    until("the shop's own is observed", async || known().await.is_some()).await;

    // A copy that was made of the shop tells of what is bought on it, with the shop's own webhooks.
    let milano = &stage.shops()[0];
    milano.quiet().await;
    let copy = milano.staging_copy("copy").await.unwrap();
    let own = copy.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    copy.buy(&[("MUG-BLU", 5)]).unwrap();
    until("the copy was heard, apart", async || {
        let dead = host.store.dead_deliveries(&scene::client(), 99).await.unwrap();
        dead.iter().any(|dead| dead.site.as_ref() == Some(&own))
    })
    .await;
    copy.quiet().await;
    scene::until_quiet(&host).await;
    let quantities = [0, 1].map(|shop: usize| stage.shops()[shop].quantity("MUG-BLU"));
    assert_eq!(quantities, [Some(140); 2], "it is bought on no real shop");
    copy.stop().await;

    command(
        &stage,
        &["deliveries", "discard", "--all", "--because", "seen", "--client", "bottega"],
    )
    .await;
    assert!(host.store.dead_deliveries(&scene::client(), 9).await.unwrap().is_empty());
    host.stop().await;
    stage.strike().await;
}

/// A copy of the kitchen that Milano sells, with other quantities.
async fn copy_of_milano(quantity: i64) -> WooShop {
    let [(_, key), (_, secret), ..] = ENVIRONMENT;
    let product = |sku: &str| Product {
        sku: Some(sku.to_owned()),
        title: sku.to_owned(),
        price: "12.90".to_owned(),
        stock: Some(quantity),
        ..Product::default()
    };
    WooShop::start(WooShopConfig {
        name: "prova".to_owned(),
        consumer_key: key.to_owned(),
        consumer_secret: secret.to_owned(),
        currency: "EUR".to_owned(),
        products: ["MUG-BLU", "MUG-ROS"].map(product).into(),
        seed: 11,
        clock_ahead: jiff::SignedDuration::ZERO,
        port: None,
        webhooks: true,
        faults: Faults::default(),
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_staging_shop_never_joins_the_stock_of_production() {
    let stage = scene::kitchen().await;
    let copy = copy_of_milano(7).await;
    let file = stage.folder().join("clients/bottega.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let section = format!(
        "\n[shops.prova]\nname = \"Prova\"\nplatform = \"woocommerce\"\nurl = \"{}\"\n\
         environment = \"staging\"\nkey = {{ env = \"DEMO_KEY\" }}\n\
         secret = {{ env = \"DEMO_SECRET\" }}\n\
         webhook-secret = {{ env = \"DEMO_WEBHOOK_SECRET\" }}\npoll-every = \"2s\"\n",
        copy.url()
    );
    std::fs::write(&file, text + &section).unwrap();
    let host = scene::host(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };

    copy.buy(&[("MUG-BLU", 3)]).unwrap();
    let heard = async || {
        let view = host.store.view(&scene::client()).await.unwrap();
        let known = host.store.variants_by_sku(&view, "MUG-BLU").await.unwrap();
        let of_copy = known.into_iter().find(|(key, _)| key.shop.as_str() == "prova");
        of_copy.and_then(|(_, variant)| quantity(&variant))
    };
    until("the sale on the copy is in the mirror", async || heard().await == Some(4)).await;
    scene::until_quiet(&host).await;
    assert_eq!([milano, torino].map(|shop| shop.quantity("MUG-BLU")), [Some(140); 2]);

    milano.buy(&[("MUG-BLU", 2)]).unwrap();
    until("Torino has two less", async || torino.quantity("MUG-BLU") == Some(138)).await;
    scene::until_quiet(&host).await;
    assert_eq!(copy.quantity("MUG-BLU"), Some(4), "nothing is written to it");
    let written = copy.requests().into_iter().filter(|request| request.method == "PUT");
    assert_eq!(written.count(), 0);
    host.stop().await;
    copy.stop().await;
    stage.strike().await;
}

fn quantity(entity: &Entity) -> Option<i64> {
    let level = entity.as_variant()?.stock.values().next()?.value()?;
    level.available?.to_whole()
}
