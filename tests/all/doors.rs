//! The public door: what is let in, and what is told.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fondaco::demo::stage::{Stage, WEBHOOK_SECRET};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, RequestBuilder, Response};
use sha2::Sha256;

use crate::scene::{self, until};

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

fn http() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

/// A captured delivery of an order, as one of the stage's shops would send it, signed with a secret.
pub fn delivery(stage: &Stage, path: &str, secret: &str, body: Vec<u8>) -> RequestBuilder {
    let named = |shop: &&fondaco_shopsim::WooShop| path.ends_with(shop.name());
    let shop = stage.shops().iter().find(named).unwrap_or(&stage.shops()[0]);
    let site = shop.url().trim_end_matches('/').to_owned();
    let body = match String::from_utf8(body) {
        Ok(body) => of_site(&body, &site).into_bytes(),
        Err(error) => error.into_bytes(),
    };
    delivery_from(&site, stage, path, secret, body)
}

/// A captured body with the links of another site than it was captured from.
pub fn of_site(body: &str, site: &str) -> String {
    body.replace("http:\\/\\/127.0.0.1:8088", &site.replace('/', "\\/"))
}

/// A delivery of an order that a site sends, signed with a secret.
pub fn delivery_from(
    site: &str,
    stage: &Stage,
    path: &str,
    secret: &str,
    body: Vec<u8>,
) -> RequestBuilder {
    http()
        .post(format!("http://{}/hooks/{path}", stage.address()))
        .header("X-WC-Webhook-Topic", "order.updated")
        .header("X-WC-Webhook-Signature", signature(secret, &body))
        .header("X-WC-Webhook-Source", format!("{site}/"))
        .header("Content-Type", "application/json")
        .body(body)
}

/// Posts an order's delivery to a hook, signed as the shops sign.
pub async fn post(stage: &Stage, path: &str, body: Vec<u8>) -> Response {
    delivery(stage, path, WEBHOOK_SECRET, body).send().await.unwrap()
}

/// A captured file, by its folder and name.
pub fn sample_of(name: &str) -> Vec<u8> {
    scene::sample(&format!("../{name}"))
}

#[tokio::test]
async fn what_is_not_the_shops_is_refused() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let body = scene::sample("webhook_order_updated.body");
    let answers = [
        ("bottega/milano", "another secret", body.clone(), 401),
        ("bottega/roma", WEBHOOK_SECRET, body.clone(), 404),
        ("bianchi/milano", WEBHOOK_SECRET, body.clone(), 404),
        ("bottega/..%2Fmilano", WEBHOOK_SECRET, body.clone(), 404),
        ("bottega/milano", WEBHOOK_SECRET, vec![b'x'; 3 * 1024 * 1024], 413),
        ("bottega/milano", WEBHOOK_SECRET, body, 200),
    ];
    for (path, secret, body, expected) in answers {
        let answer = delivery(&stage, path, secret, body).send().await.unwrap();
        assert_eq!(answer.status(), expected, "{path}");
    }
    let unsigned = http()
        .post(format!("http://{}/hooks/bottega/milano", stage.address()))
        .header("X-WC-Webhook-Topic", "order.updated")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status(), 401);
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn a_ping_is_answered_and_kept_nowhere() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let ping = http()
        .post(format!("http://{}/hooks/bottega/milano", stage.address()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(scene::sample("webhook_ping.body"))
        .send()
        .await
        .unwrap();
    assert_eq!(ping.status(), 200);
    let dead = host.store.dead_deliveries(&scene::client(), 10).await.unwrap();
    assert!(dead.is_empty());
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_with_its_reason() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let answer = post(&stage, "bottega/milano", b"{\"id\": 17,".to_vec()).await;
    assert_eq!(answer.status(), 200, "it is the shop's, so it is accepted");
    until("it is set aside", async || {
        let dead = host.store.dead_deliveries(&scene::client(), 10).await.unwrap();
        dead.len() == 1 && dead[0].reason.contains("line 1") && dead[0].topic == "order.updated"
    })
    .await;
    // What could not even be shown to be the shop's leaves no trace.
    delivery(&stage, "bottega/milano", "another secret", b"{\"id\": 17,".to_vec())
        .send()
        .await
        .unwrap();
    assert_eq!(host.store.dead_deliveries(&scene::client(), 10).await.unwrap().len(), 1);
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn the_host_tells_how_it_is() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    scene::until_quiet(&host).await;
    delivery(&stage, "bottega/milano", "another secret", b"{}".to_vec()).send().await.unwrap();
    let get = async |path: &str| {
        let address = format!("http://{}/{path}", stage.address());
        let answer = http().get(address).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(get("healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(get("readyz").await, (200, "ready\n".to_owned()));
    let (status, metrics) = get("metrics").await;
    assert_eq!(status, 200);
    let refused = "fondaco_hook_requests_total{client=\"bottega\",result=\"unverified\"} 1";
    let of_install = "{client=\"bottega\",install=\"stock-sync\"";
    for line in [
        refused,
        "fondaco_waiting{client=\"bottega\",what=\"delivery\"}",
        &format!("fondaco_events_behind{of_install}}}"),
        &format!("fondaco_oldest_event_age_seconds{of_install}}}"),
        "fondaco_oldest_action_age_seconds{client=\"bottega\",shop=\"torino\"}",
        &format!("fondaco_run_fuel_count{of_install}}}"),
        &format!("fondaco_run_seconds_count{of_install}}}"),
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert_eq!(get("api/v1/status").await.0, 404, "the admin API is not behind the public door");
    host.stop().await;
    stage.strike().await;
}
